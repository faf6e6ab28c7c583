package dev.streamwal.append;

import dev.streamwal.format.StreamKey;
import java.io.IOException;
import java.util.List;

/**
 * Records deletions durably before a file is touched, so that the next opening after a crash completes them. Thread-safe.
 */
public interface DeletionLog {

    /** Limit of one call: with the longest keys, so many streams fill a block of one MiB. */
    int MAX_STREAMS = 1_000;

    /** Records nothing: for a log without a journal. */
    DeletionLog NONE = new DeletionLog() {
        @Override
        public Kept deletedBelow(List<DeletedBelow> streams) {
            return () -> {};
        }

        @Override
        public Kept truncated(StreamKey key, long from, long to) {
            return () -> {};
        }
    };

    /**
     * All of a stream's segments that begin below a position are deleted. This stays true, since no position is given twice.
     *
     * @param position below it begins nothing of the stream that stays, now or later
     */
    record DeletedBelow(StreamKey key, long position) {}

    /**
     * A record of deletions, which must be kept until this is closed, since files may still exist until then. If it is never closed, because
     * the log was closed or a file could not be cut, the next opening of the log completes the deletions.
     */
    interface Kept extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Returns when the deletions are recorded durably. The caller holds no lock.
     *
     * @param streams at most {@link #MAX_STREAMS}
     */
    Kept deletedBelow(List<DeletedBelow> streams) throws IOException;

    /** Records earlier deletions for which there was no room, if there is now. */
    default void writeOutstanding() throws IOException {}

    /** Like {@link #deletedBelow}: everything at positions {@code [from, to)} is cut; the stream continues at or above {@code to}. */
    Kept truncated(StreamKey key, long from, long to) throws IOException;
}
