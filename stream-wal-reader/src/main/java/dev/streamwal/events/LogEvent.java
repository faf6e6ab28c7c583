package dev.streamwal.events;

import java.nio.file.Path;
import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** What all events share. */
@Category("stream-wal")
@StackTrace(false)
public abstract class LogEvent extends Event {

    LogEvent() {}

    static @Nullable String text(@Nullable Path file) {
        return file == null ? null : file.toString();
    }
}
