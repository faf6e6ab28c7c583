package dev.streamwal.consumer;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import org.jspecify.annotations.Nullable;

/** The record that a consumer was delivered last: who commits it, as most do, needn't look whether it is there. Thread-safe. */
public final class LastDelivered {

    @GuardedBy("this")
    private @Nullable String key;
    @GuardedBy("this")
    private long end;

    /** @param position where the record ends */
    public synchronized void is(String stream, long position) {
        key = stream;
        end = position;
    }

    /** Whether the position isn't behind that record. */
    public synchronized boolean reaches(String stream, long position) {
        return stream.equals(key) && position <= end;
    }
}
