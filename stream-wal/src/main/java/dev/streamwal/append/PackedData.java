package dev.streamwal.append;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** What streams have in packs, as far as those that append to them and cut them ask. Thread-safe. */
public interface PackedData {

    /** No stream has any. */
    PackedData NONE = new PackedData() {
        @Override
        public Optional<End> end(StreamKey key) {
            return Optional.empty();
        }

        @Override
        public Optional<Held> holding(StreamKey key, long position) {
            return Optional.empty();
        }

        @Override
        public void cut(StreamKey key, long from, long to) {}
    };

    /**
     * The end of the newest segment that a stream has in a pack.
     *
     * @param position behind its last record
     * @param windowStartMillis where its window begins, or a time in that, by which the stream goes on in no window before
     */
    record End(long position, long windowStartMillis) {}

    /** A segment in a pack, to be read. */
    interface Held extends AutoCloseable {

        SegmentHeader header();

        SegmentBytes bytes();

        Path file();

        @Override
        void close();
    }

    /** The segment in a pack with a position; empty where the stream has none. */
    Optional<Held> holding(StreamKey key, long position) throws IOException;

    /** Empty where the stream has none. */
    Optional<End> end(StreamKey key) throws IOException;

    /**
     * Cuts off what the stream has at positions {@code [from, to)}; durably, and as a whole or not at all. What is cut off already stays so.
     *
     * @param from behind a record
     */
    void cut(StreamKey key, long from, long to) throws IOException;
}
