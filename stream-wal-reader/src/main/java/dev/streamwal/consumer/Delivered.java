package dev.streamwal.consumer;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.HashMap;
import java.util.Map;

/**
 * How far a consumer was delivered each stream of which it hasn't committed everything. A delivery makes no garbage, but for the first of a
 * stream since it was committed. Thread-safe.
 */
public final class Delivered {

    /** Of one stream. */
    private static final class Reached {
        private final String key;
        private long end;
        private boolean isUncommitted;

        Reached(String key) {
            this.key = key;
        }
    }

    /** No key is empty. */
    private static final Reached NOTHING = new Reached("");

    @GuardedBy("this")
    private final Map<String, Reached> byKey = new HashMap<>();
    /** Most records come from the stream of the one before. */
    @GuardedBy("this")
    private Reached last = NOTHING;

    /** @param position where the record ends that was delivered */
    public synchronized void is(String key, long position) {
        if (!last.key.equals(key)) {
            last = byKey.computeIfAbsent(key, Reached::new);
        }
        last.end = position;
        last.isUncommitted = true;
    }

    /** Whether the position is known not to be behind a record that was delivered: a committer of that needn't look whether it is there. */
    public synchronized boolean reaches(String key, long position) {
        Reached reached = byKey.get(key);
        return reached != null && position <= reached.end;
    }

    /** By key, where the record ends that was delivered last, of the streams of which some were since their last commit. */
    public synchronized Map<String, Long> uncommitted() {
        Map<String, Long> ends = new HashMap<>();
        byKey.forEach((key, reached) -> {
            if (reached.isUncommitted) {
                ends.put(key, reached.end);
            }
        });
        return ends;
    }

    /** The stream was committed, wherever: only what is delivered from now on is to be. */
    public synchronized void isCommitted(String key, long position) {
        Reached reached = byKey.get(key);
        if (reached == null) {
            return;
        }
        reached.isUncommitted = false;
        if (position >= reached.end) {
            // streams come and go
            byKey.remove(key);
            last = NOTHING;
        }
    }

    /** Everything behind the last commits will be delivered again. */
    public synchronized void beginsAgain() {
        byKey.clear();
        last = NOTHING;
    }
}
