package dev.streamwal.events;

import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;
import org.jspecify.annotations.Nullable;

/** An append waited for something else than its own flush. */
@Name("dev.streamwal.AppendStall")
@Label("Append Stall")
@Description("An append waited for something else than its own flush")
@Threshold("1 ms")
@StackTrace
public final class AppendStallEvent extends TimedEvent {

    @Label("Cause")
    @Nullable String cause;

    @Label("Stream")
    @Description("Key of the stream; null if the wait is for something that the whole log shares")
    @Nullable String stream;

    /** The wait is over. */
    public void waited(String newCause, @Nullable String newStream) {
        end();
        if (shouldCommit()) {
            cause = newCause;
            stream = newStream;
            commit();
        }
    }
}
