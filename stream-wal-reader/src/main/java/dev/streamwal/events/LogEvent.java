package dev.streamwal.events;

import java.nio.file.Path;
import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/**
 * What all events share. An event that takes time is created, and {@link #begin begun}, before the work; the method that ends the event sets its
 * fields and commits it, if it is recorded.
 */
@Category("stream-wal")
@StackTrace(false)
public abstract class LogEvent extends Event {

    LogEvent() {}

    static @Nullable String text(@Nullable Path file) {
        return file == null ? null : file.toString();
    }
}
