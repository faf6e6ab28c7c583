package dev.streamwal.engine;

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
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;

/** Deletes streams, some at a time, with the forces of one. Thread-safe. */
public final class StreamDeletions {

    private static final String TASK = "delete the stream";

    private final PackStore packs;
    private final Packer packer;
    private final Supplier<DeletionLog> deletions;
    private final CallFailures failures;
    private final Told told;

    /** Is told of deletions, with no locks held. */
    public interface Told {

        /** A stream was deleted, or there was none. */
        void streamDeleted(String key);

        /** Segments of a stream were deleted. */
        void segmentsDeleted(String key, List<StreamLog.Deleted> gone);
    }

    /** Streams that are deleted together, and what became of them. One thread. */
    private static final class Portion {

        private final Map<StreamKey, StreamLog> streams = new LinkedHashMap<>();
        private final Map<StreamKey, List<StreamLog.Deleted>> gone = new LinkedHashMap<>();
        private final Set<StreamKey> refused = new HashSet<>();
        private boolean isDone;

        void add(StreamLog stream) {
            streams.put(stream.key(), stream);
            gone.put(stream.key(), new ArrayList<>());
        }

        void gone(StreamKey key, StreamLog.Deleted segment) {
            Objects.requireNonNull(gone.get(key), key::text).add(segment);
        }

        void tell(Told told) {
            gone.forEach((key, segments) -> {
                if (isDone && !refused.contains(key)) {
                    told.streamDeleted(key.text());
                }
                told.segmentsDeleted(key.text(), segments);
            });
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
     * Deletes streams. One that can't be deleted doesn't keep the others.
     *
     * @return how many there were
     * @throws WalException the first failure that concerned one stream, when the others are deleted; their failures are suppressed
     */
    public int delete(Iterator<StreamLog> streams) {
        int count = 0;
        FirstFailure refused = new FirstFailure();
        while (streams.hasNext()) {
            Portion portion = new Portion();
            for (int most = packer.makeRoomForDeletion(); streams.hasNext() && portion.streams.size() < most; ) {
                portion.add(streams.next());
            }
            try {
                count += delete(portion, refused);
            } catch (IOException e) {
                throw notDone(portion, e);
            } finally {
                portion.tell(told);
            }
        }
        refused.throwIfAny();
        return count;
    }

    private int delete(Portion portion, FirstFailure refused) throws IOException {
        StreamRemovals removals = new StreamRemovals(packs, deletions.get(), portion::gone, (stream, why) -> {
            portion.refused.add(stream.key());
            refused.add(failures.ofStream(TASK, why, stream));
        });
        int[] count = {0};
        packs.whileDeleting(() -> count[0] = removals.delete(List.copyOf(portion.streams.values())).size());
        portion.isDone = true;
        return count[0];
    }

    private WalException notDone(Portion portion, IOException failure) {
        if (portion.streams.size() > 1) {
            return failures.notDone("delete streams", failure, packs.root(), null);
        }
        StreamLog stream = portion.streams.values().iterator().next();
        return failures.notDone(TASK, failure, stream.directory(), stream.key().text());
    }
}
