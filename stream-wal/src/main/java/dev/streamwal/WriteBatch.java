package dev.streamwal;

import dev.streamwal.format.MessageText;
import dev.streamwal.format.StreamKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Records for many streams, to be appended with one call. Atomic per stream, not across streams. Readers, and a log that is opened after a
 * crash, have all records that one batch adds to a stream, in the order in which they were added, or none. Of two streams, even two that
 * share segments, one may have its records and the other not. A batch with {@link Durability#IMMEDIATE} survives power loss as a whole once
 * the append has returned.
 *
 * <p>A batch can be appended again, and reused after {@link #clear()}. Not thread-safe: no thread may change it while it is being appended.
 *
 * @since 1.0
 */
public final class WriteBatch {

    /** The default limit of {@code readBatch}, so that records appended together can be read together. */
    public static final int MAX_ENTRIES = 65_536;

    private final Map<String, StreamEntries> streams = new LinkedHashMap<>();
    private int size;

    /** An empty batch. */
    public WriteBatch() {}

    /**
     * Adds a record. Its buffers are not copied: they are read when the batch is appended.
     *
     * @param key of the stream, 1 to 1,024 bytes of UTF-8
     * @param entry the record
     * @return this
     * @throws IllegalArgumentException if {@code key} isn't a valid key
     * @throws IllegalStateException if the batch has {@link #MAX_ENTRIES} records already
     * @throws NullPointerException if one of them is null
     */
    public WriteBatch add(String key, WriteEntry entry) {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(entry, "entry");
        if (size == MAX_ENTRIES) {
            throw new IllegalStateException("batch is full: records=" + MAX_ENTRIES + ", stream=" + MessageText.of(key)
                    + "; append it, clear it, then add the next");
        }
        streams.computeIfAbsent(key, text -> new StreamEntries(StreamKey.of(text))).add(entry, size);
        size++;
        return this;
    }

    /** {@return how many records, of all streams together, were added since the batch was made or cleared} */
    public int size() {
        return size;
    }

    /** Empties the batch and drops its references to what was added. */
    public void clear() {
        streams.clear();
        size = 0;
    }

    /** The records by stream, in the order in which the streams were first added. */
    Collection<StreamEntries> streams() {
        return Collections.unmodifiableCollection(streams.values());
    }

    /** One stream's records of a batch. */
    static final class StreamEntries {

        private final StreamKey key;
        private final List<WriteEntry> entries = new ArrayList<>();
        private final List<Integer> indexes = new ArrayList<>();

        StreamEntries(StreamKey key) {
            this.key = key;
        }

        private void add(WriteEntry entry, int index) {
            entries.add(entry);
            indexes.add(index);
        }

        StreamKey key() {
            return key;
        }

        /** In the order in which they were added. */
        List<WriteEntry> entries() {
            return Collections.unmodifiableList(entries);
        }

        /**
         * Index of the {@code i}-th of {@link #entries()} in the whole batch, and of its ref in the list that the append returns.
         */
        int indexInBatch(int i) {
            return indexes.get(i);
        }
    }
}
