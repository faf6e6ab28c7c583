package dev.streamwal.engine;

import dev.streamwal.append.StreamLog;
import dev.streamwal.commit.FlushFailedException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalFailedException;
import dev.streamwal.error.WalLockedException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.FirstFailure;
import dev.streamwal.packing.PackStore;
import dev.streamwal.packing.PackedPurge;
import java.io.IOException;
import java.util.function.BiConsumer;

/** Deletes the beginnings of streams, up to a time. One use; for one thread, which holds a lock of {@link PackStore} while no sweep runs. */
public final class Purge {

    private final CallFailures failures;
    private final PackedPurge packed;
    private final FirstFailure refused = new FirstFailure();

    /**
     * A purge of windows that end at or before a time.
     *
     * @param each receives every deleted segment, with the key of its stream
     */
    public Purge(PackStore packs, long beforeMillis, CallFailures failures, BiConsumer<StreamKey, StreamLog.Deleted> each) {
        this.failures = failures;
        this.packed = new PackedPurge(packs, beforeMillis, each);
    }

    /** Purges one stream. A failure that concerns only this stream is kept for {@link #finish}. */
    public void purge(StreamLog stream) throws IOException {
        try {
            packed.purge(stream);
        } catch (WalFailedException | WalClosedException | WalLockedException | FlushFailedException e) {
            throw e;
        } catch (WalException e) {
            refused.add(e);
        } catch (IOException e) {
            refused.add(failures.notDone("purge", e, stream.directory(), stream.key().text()));
        }
    }

    /**
     * Deletes what is left of these streams in packs, by one change.
     *
     * @throws WalException the first failure that concerned one stream; others are suppressed
     */
    public void finish() throws IOException {
        packed.finish();
        refused.throwIfAny();
    }
}
