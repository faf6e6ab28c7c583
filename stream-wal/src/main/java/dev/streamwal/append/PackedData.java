package dev.streamwal.append;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.FileStep;
import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** What streams have in packs, as far as appends and cuts need it. Thread-safe. */
public interface PackedData {

    /** No stream has any. */
    PackedData NONE = new PackedData() {
        @Override
        public Newest newest(StreamKey key) {
            return new Newest(Optional.empty(), true);
        }

        @Override
        public Optional<Held> holding(StreamKey key, long position) {
            return Optional.empty();
        }

        @Override
        public void cut(StreamKey key, long from, long to) {}
    };

    /**
     * The end of a stream's newest segment in a pack.
     *
     * @param position behind its last record
     * @param windowStartMillis where its window begins, or a time within it; the stream continues in no earlier window
     */
    record End(long position, long windowStartMillis) {}

    /**
     * What packs say of a stream's end.
     *
     * @param end empty if they have nothing of the stream, as far as they can be read
     * @param isWhole false if a pack that may have more of the stream can't be read
     */
    record Newest(Optional<End> end, boolean isWhole) {}

    /** A segment in a pack, to be read. */
    interface Held extends AutoCloseable {

        SegmentHeader header();

        SegmentBytes bytes();

        Path file();

        /**
         * Throws if a {@link PackedData#cut} at a position could not keep what stands before it.
         *
         * @throws dev.streamwal.error.CorruptSegmentException if what stands there is damaged
         */
        default void checkCut(long from) throws IOException {}

        @Override
        void close();
    }

    /** The packed segment that contains a position; empty if the stream has none. */
    Optional<Held> holding(StreamKey key, long position) throws IOException;

    /** Where the stream's newest segment ends. */
    Newest newest(StreamKey key) throws IOException;

    /**
     * Cuts off what the stream has at positions {@code [from, to)}; durably, and as a whole or not at all. Calling it again for what is cut
     * off changes nothing.
     *
     * @param from behind a record
     */
    void cut(StreamKey key, long from, long to) throws IOException;

    /**
     * Runs what completes a cut while no segment is copied: a copy that was begun before would have what is cut off, and count.
     *
     * @throws IOException if segments are being copied now; it doesn't wait, because the caller may hold locks of the stream
     */
    default void whileNothingIsCopied(StreamKey key, FileStep cutting) throws IOException {
        cutting.run();
    }

    /**
     * Where the stream's data ended before the first of what it has in packs and shared segments between two positions; the second if it has nothing there.
     */
    default long endBefore(StreamKey key, long base, long end) throws IOException {
        return end;
    }

    /** The stream has no cut that is still to be completed. */
    default void cutDone(StreamKey key) {}

    /**
     * Carries out the cuts that an opening has left in segments of the stream's own. Called before these are brought in order.
     *
     * @return whether there were any: then what was listed of the stream's own segments isn't true any more
     * @throws IOException where that isn't possible now
     */
    default boolean finishOwnCuts(StreamKey key) throws IOException {
        return false;
    }
}
