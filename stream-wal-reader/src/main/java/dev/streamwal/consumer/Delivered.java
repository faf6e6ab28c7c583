package dev.streamwal.consumer;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.HashMap;
import java.util.Map;

/**
 * The end of the last delivered record of each stream with uncommitted deliveries. A delivery makes no garbage, except the first one of a stream
 * after its commit. Thread-safe.
 */
public final class Delivered {

    /** The deliveries of one stream. */
    private static final class Reached {
        private final String key;
        private long end;
        private boolean isUncommitted;

        Reached(String key) {
            this.key = key;
        }
    }

    /** No stream has an empty key. */
    private static final Reached NOTHING = new Reached("");

    @GuardedBy("this")
    private final Map<String, Reached> byKey = new HashMap<>();
    /** The stream of the last delivery. Most records come from the same stream as the one before. */
    @GuardedBy("this")
    private Reached last = NOTHING;

    /** @param position where the delivered record ends */
    public synchronized void is(String key, long position) {
        if (!last.key.equals(key)) {
            last = byKey.computeIfAbsent(key, Reached::new);
        }
        last.end = position;
        last.isUncommitted = true;
    }

    /** Whether the position is at or before the end of the last delivered record. If so, it can be committed without a look at the stream's end. */
    public synchronized boolean reaches(String key, long position) {
        Reached reached = byKey.get(key);
        return reached != null && position <= reached.end;
    }

    /** Whether a record of the stream was delivered after the stream's commit. */
    public synchronized boolean isAny(String key) {
        return byKey.containsKey(key);
    }

    /** By key, the end of the last delivered record, for the streams with deliveries since their last commit. */
    public synchronized Map<String, Long> uncommitted() {
        Map<String, Long> ends = new HashMap<>();
        byKey.forEach((key, reached) -> {
            if (reached.isUncommitted) {
                ends.put(key, reached.end);
            }
        });
        return ends;
    }

    /** Called after a commit of the stream at any position. From now on only later deliveries count as uncommitted. */
    public synchronized void isCommitted(String key, long position) {
        Reached reached = byKey.get(key);
        if (reached == null) {
            return;
        }
        reached.isUncommitted = false;
        if (position >= reached.end) {
            // streams come and go, and must not stay in memory
            byKey.remove(key);
            last = NOTHING;
        }
    }

    /** Called for a new tail, which delivers everything after the last commits again. */
    public synchronized void beginsAgain() {
        byKey.clear();
        last = NOTHING;
    }
}
