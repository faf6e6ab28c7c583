package dev.streamwal.engine;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.append.DeletionLog;
import dev.streamwal.append.StreamLog;
import dev.streamwal.error.WalException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.FirstFailure;
import dev.streamwal.packing.PackStore;
import dev.streamwal.packing.Packer;
import dev.streamwal.packing.StreamRemovals;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Deletes streams, with the forces of one for many: those that one call names, and those that several threads want deleted at the same time. One thread
 * leads: it deletes what all threads want that are waiting. Thread-safe.
 */
public final class StreamDeletions {

    private static final String TASK = "delete the stream";

    private final PackStore packs;
    private final Packer packer;
    private final Supplier<DeletionLog> deletions;
    private final CallFailures failures;
    private final Told told;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition ended = lock.newCondition();
    @GuardedBy("lock")
    private final Set<Wanted> waiting = new LinkedHashSet<>();
    @GuardedBy("lock")
    private boolean isLed;

    /** Is told of deletions, with no locks held. */
    public interface Told {

        /** A stream was deleted, or there was none. */
        void streamDeleted(String key);

        /** Segments of a stream were deleted. */
        void segmentsDeleted(String key, List<StreamLog.Deleted> gone);
    }

    /** What a caller wants; written by the thread that deletes it. */
    private static final class Wanted {

        final StreamLog stream;
        final List<StreamLog.Deleted> gone = new ArrayList<>();
        boolean isAny;
        @Nullable WalException refused;
        /** Set last. */
        volatile boolean isDone;

        Wanted(StreamLog stream) {
            this.stream = stream;
        }
    }

    /** @param deletions records them */
    public StreamDeletions(PackStore packs, Packer packer, Supplier<DeletionLog> deletions, CallFailures failures, Told told) {
        this.packs = packs;
        this.packer = packer;
        this.deletions = deletions;
        this.failures = failures;
        this.told = told;
    }

    /**
     * Deletes a stream, perhaps together with others.
     *
     * @return whether there was one
     */
    public boolean delete(StreamLog stream) {
        Wanted wanted = new Wanted(stream);
        try {
            int most = packer.makeRoomForDeletion();
            if (packs.isDeletedByCaller()) {
                // the thread that deletes for others may be waiting for packing, and that for the end of this callback
                carryOut(List.of(wanted));
            } else {
                deleteWithOthers(wanted, most);
            }
        } catch (IOException e) {
            throw failures.notDone(TASK, e, stream.directory(), stream.key().text());
        } finally {
            tell(wanted);
        }
        if (wanted.refused != null) {
            throw wanted.refused;
        }
        return wanted.isAny;
    }

    private void deleteWithOthers(Wanted wanted, int most) throws IOException {
        Collection<Wanted> together = awaitOrLead(wanted, most);
        if (!together.isEmpty()) {
            try {
                carryOut(together);
            } finally {
                end();
            }
        }
    }

    /** @return what to delete; empty if another thread has done it */
    private Collection<Wanted> awaitOrLead(Wanted wanted, int most) {
        lock.lock();
        try {
            boolean unused = waiting.add(wanted);
            while (isLed && !wanted.isDone) {
                ended.awaitUninterruptibly();
            }
            if (wanted.isDone) {
                return List.of();
            }
            isLed = true;
            return takeWithOthers(wanted, most);
        } finally {
            lock.unlock();
        }
    }

    /** If all fails, each of the others does it itself. */
    @GuardedBy("lock")
    private Collection<Wanted> takeWithOthers(Wanted wanted, int most) {
        Map<StreamKey, Wanted> together = new LinkedHashMap<>();
        together.put(wanted.stream.key(), wanted);
        for (Iterator<Wanted> all = waiting.iterator(); all.hasNext() && together.size() < most; ) {
            Wanted next = all.next();
            if (together.putIfAbsent(next.stream.key(), next) == null) {
                all.remove();
            }
        }
        boolean unused = waiting.remove(wanted);
        return together.values();
    }

    private void end() {
        lock.lock();
        try {
            isLed = false;
            ended.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Deletes streams, a few at a time. One that can't be deleted doesn't keep the others.
     *
     * @return how many there were
     * @throws WalException the first failure that concerned one stream, when the others are deleted; their failures are suppressed
     */
    public int delete(Iterator<StreamLog> streams) {
        int count = 0;
        FirstFailure refused = new FirstFailure();
        while (streams.hasNext()) {
            List<Wanted> some = new ArrayList<>();
            try {
                for (int most = packer.makeRoomForDeletion(); streams.hasNext() && some.size() < most; ) {
                    some.add(new Wanted(streams.next()));
                }
                carryOut(some);
            } catch (IOException e) {
                throw failures.notDone("delete streams", e, packs.root(), null);
            } finally {
                some.forEach(this::tell);
            }
            for (Wanted wanted : some) {
                count += wanted.isAny ? 1 : 0;
                if (wanted.refused != null) {
                    refused.add(wanted.refused);
                }
            }
        }
        refused.throwIfAny();
        return count;
    }

    private void carryOut(Collection<Wanted> some) throws IOException {
        Map<StreamKey, Wanted> byKey = new LinkedHashMap<>();
        some.forEach(wanted -> byKey.put(wanted.stream.key(), wanted));
        StreamRemovals removals = new StreamRemovals(packs, deletions.get(), (key, gone) -> of(byKey, key).gone.add(gone),
                (stream, why) -> of(byKey, stream.key()).refused = failures.ofStream(TASK, why, stream));
        packs.whileDeleting(() -> {
            Set<StreamKey> any = removals.delete(byKey.values().stream().map(wanted -> wanted.stream).toList());
            byKey.forEach((key, wanted) -> {
                wanted.isAny = any.contains(key);
                wanted.isDone = true;
            });
        });
    }

    private static Wanted of(Map<StreamKey, Wanted> byKey, StreamKey key) {
        return Objects.requireNonNull(byKey.get(key), key::text);
    }

    private void tell(Wanted wanted) {
        String key = wanted.stream.key().text();
        if (wanted.isDone && wanted.refused == null) {
            told.streamDeleted(key);
        }
        told.segmentsDeleted(key, wanted.gone);
    }
}
