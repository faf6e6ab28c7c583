/** What the library tells the JDK's Flight Recorder. While nothing is recorded, an event costs a test of a flag, and two looks at the clock if it takes time. */
@NullMarked
package dev.streamwal.events;

import org.jspecify.annotations.NullMarked;
