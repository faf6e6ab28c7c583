package dev.streamwal.reader;

import dev.streamwal.encryption.LogKeys;
import dev.streamwal.format.KeyScope;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.lookup.ScanBegin;
import dev.streamwal.segment.TimeRange;
import dev.streamwal.walk.RecordWalk;
import dev.streamwal.walk.TailWalk;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What a {@link WalReader} reads: streams of records, in any format of files. The arguments have been checked already, and the exceptions are those
 * of the reader's methods. Thread-safe; its walks and batches are not.
 */
interface ReadableLog extends AutoCloseable {

    NavigableSet<String> keys(KeyScope scope);

    Optional<StreamInfo> describe(String key);

    /** By key, in the order asked, without the streams that don't exist. */
    default Map<String, StreamInfo> describe(Collection<String> keys) {
        return onEach(keys, this::describe);
    }

    EntryBatch readBatch(EntryRef[] refs);

    /** The record at the greatest position, on the heap. */
    Optional<Entry> latest(String key);

    /** The record with the greatest timestamp, on the heap; of several the one at the greatest position. */
    Optional<Entry> latestByTimestamp(String key);

    /** By key, in the order asked, without the streams that have no record. */
    default Map<String, Entry> latest(Collection<String> keys) {
        return onEach(keys, this::latest);
    }

    /** The operation's result for each key, in the keys' order; keys without a result are left out. */
    static <T> Map<String, T> onEach(Collection<String> keys, Function<String, Optional<T>> operation) {
        Map<String, T> results = new LinkedHashMap<>();
        for (String key : keys) {
            Optional<T> result = operation.apply(key);
            if (result.isPresent()) {
                results.put(key, result.get());
            }
        }
        return results;
    }

    /** One record, on the heap; empty if it has expired or isn't there. */
    default Optional<Entry> find(EntryRef ref) {
        try (EntryBatch batch = readBatch(new EntryRef[] {ref})) {
            return switch (batch.status(0)) {
                case FOUND, CORRUPT -> Optional.of(HeapEntry.copyOf(batch.get(0)));
                case EXPIRED, NOT_FOUND -> Optional.empty();
            };
        }
    }

    RecordWalk scan(String key, TimeRange range);

    RecordWalk scanFrom(String key, long position);

    /** Walks from the first of the {@code count} newest records on. It may continue after them. */
    RecordWalk scanLast(String key, int count);

    TailWalk follow(String key, ScanBegin begin);

    /**
     * Several streams.
     *
     * @param scope which ones
     * @param from where to begin, by key; a stream without an entry begins with its first record
     */
    TailWalk followAll(KeyScope scope, Map<String, ScanBegin> from);

    /** The records that end at or before the position, newest first; all records if it is {@link Long#MAX_VALUE}. */
    RecordWalk scanBackward(String key, long position);

    /** Merges several streams by timestamp. It asks for the keys when it begins, and each time it has come to its end. */
    RecordWalk scanMerged(Supplier<? extends Collection<String>> keys, TimeRange range);

    VerifyReport verify(String key);

    /** The keys that decrypt its records. */
    LogKeys sessionKeys();

    /** The log's consumers. */
    default Consumers consumers() {
        throw new UnsupportedOperationException("no consumers in a directory of nano-wal files: it is only read, and never written to");
    }

    /** Copies the log into a directory that is empty, or doesn't exist yet. */
    default void checkpoint(Path target) {
        throw new UnsupportedOperationException("no checkpoint of a directory of nano-wal files: copy the directory");
    }

    /** Its open files, which count what is read. */
    ChannelCache channels();

    @Override
    void close();
}
