package dev.streamwal.measure;

import dev.streamwal.events.AppendStallEvent;
import dev.streamwal.events.FlightRecording;
import dev.streamwal.format.StreamKey;
import org.jspecify.annotations.Nullable;

/** A wait of an append, from its beginning. */
public final class Stall {

    private final @Nullable AppendStallEvent event = FlightRecording.isOn() ? new AppendStallEvent() : null;
    private final long begun = System.nanoTime();

    /**
     * The wait is over.
     *
     * @param stream null if it was for something that the whole log shares
     */
    public void end(StallCause cause, @Nullable StreamKey stream, Measurements measured) {
        measured.stallTook(cause, System.nanoTime() - begun);
        if (event != null) {
            event.waited(Tag.of(cause), stream == null ? null : stream.text());
        }
    }
}
