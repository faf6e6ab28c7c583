/** What the library tells the JDK's Flight Recorder. Each event costs a test of a flag while nothing is recorded. */
@NullMarked
package dev.streamwal.events;

import org.jspecify.annotations.NullMarked;
