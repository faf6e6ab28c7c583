package dev.streamwal.measure;

import dev.streamwal.events.FlightRecording;
import dev.streamwal.events.FlushEvent;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A flush, from its beginning. */
public final class Flush {

    private final @Nullable FlushEvent event = FlightRecording.isOn() ? new FlushEvent() : null;
    private final long begun = System.nanoTime();

    /** The disk has answered. A flush that fails isn't reported here: it ends the log's work. */
    public void end(FlushCause cause, Path file, long bytes, Measurements measured) {
        measured.flushTook(cause, System.nanoTime() - begun);
        if (event != null) {
            event.flushed(Tag.of(cause), file, bytes);
        }
    }
}
