/** What the library tells the JDK's Flight Recorder. While nothing was ever recorded, an event costs a test of a flag: see {@link FlightRecording}. */
@NullMarked
package dev.streamwal.events;

import org.jspecify.annotations.NullMarked;
