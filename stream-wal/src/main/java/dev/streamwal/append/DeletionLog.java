package dev.streamwal.append;

import dev.streamwal.format.StreamKey;
import java.io.IOException;
import java.util.List;

/**
 * Where what is to be deleted is written down durably before a file is touched, so that whoever opens the log after a crash deletes it
 * again, all of it. Thread-safe.
 */
public interface DeletionLog {

    /** Of one call: with the longest keys they are a block of one MiB. */
    int MAX_STREAMS = 1_000;

    /** Writes nothing down: for a log that has no journal. */
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
     * All of a stream's segments that begin below a position are deleted. No position is given twice, so that stays true.
     *
     * @param position nothing of the stream that is to stay begins below it, or will
     */
    record DeletedBelow(StreamKey key, long position) {}

    /**
     * What was written down, which must not be given up before this is closed: until then not every file is gone. One that is never closed,
     * because the log was closed or a file could not be cut, is left to whoever opens the log.
     */
    interface Kept extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Returns when it is durable. The caller holds no lock.
     *
     * @param streams at most {@link #MAX_STREAMS}
     */
    Kept deletedBelow(List<DeletedBelow> streams) throws IOException;

    /** Writes down what was deleted when there was no room to do so before, if there is now. */
    default void writeOutstanding() throws IOException {}

    /** As {@link #deletedBelow}: everything at positions {@code [from, to)} is cut; the stream goes on at or above {@code to}. */
    Kept truncated(StreamKey key, long from, long to) throws IOException;
}
