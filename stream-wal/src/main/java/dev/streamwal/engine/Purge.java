package dev.streamwal.engine;

import dev.streamwal.append.DeletionLog;
import dev.streamwal.append.StreamLog;
import dev.streamwal.error.WalException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.FirstFailure;
import dev.streamwal.packing.PackStore;
import dev.streamwal.packing.PackedRemoval;
import dev.streamwal.packing.StreamRemovals;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/** Deletes the beginnings of streams, up to a time. One use; for one thread, which holds a lock of {@link PackStore} while no sweep runs. */
public final class Purge {

    private final StreamRemovals removals;
    private final PackedRemoval packed;
    private final FirstFailure refused = new FirstFailure();
    private final long beforeMillis;
    private final List<StreamLog> next = new ArrayList<>();

    /**
     * A purge of windows that end at or before a time.
     *
     * @param each receives every deleted segment, with the key of its stream
     */
    public Purge(PackStore packs, DeletionLog deletions, long beforeMillis, CallFailures failures, BiConsumer<StreamKey, StreamLog.Deleted> each) {
        this.removals = new StreamRemovals(packs, deletions, each, (stream, why) -> refused.add(failures.ofStream("purge", why, stream)));
        this.packed = new PackedRemoval(packs, true, each);
        this.beforeMillis = beforeMillis;
    }

    /** Purges one stream, now or later. A failure that concerns only this stream is kept for {@link #finish}. */
    public void purge(StreamLog stream) throws IOException {
        next.add(stream);
        if (next.size() == StreamRemovals.MAX_STREAMS) {
            purgeNext();
        }
    }

    private void purgeNext() throws IOException {
        removals.purge(next, beforeMillis, packed);
        next.clear();
    }

    /**
     * Deletes what is left of these streams; what is in packs, by one change.
     *
     * @throws WalException the first failure that concerned one stream; others are suppressed
     */
    public void finish() throws IOException {
        purgeNext();
        packed.finish();
        refused.throwIfAny();
    }
}
