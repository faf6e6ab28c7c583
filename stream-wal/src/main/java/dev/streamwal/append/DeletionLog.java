package dev.streamwal.append;

import dev.streamwal.commit.Deletion;
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
        public Deletion.Kept deletedBelow(List<Deletion.Below> streams) {
            return () -> {};
        }

        @Override
        public Deletion.Kept truncated(StreamKey key, long from, long to) {
            return () -> {};
        }
    };

    /**
     * Returns when the deletions are recorded durably. The caller holds no lock.
     *
     * @param streams at most {@link #MAX_STREAMS}
     */
    Deletion.Kept deletedBelow(List<Deletion.Below> streams) throws IOException;

    /** Records earlier deletions for which there was no room, if there is now. */
    default void writeOutstanding() throws IOException {}

    /** Like {@link #deletedBelow}: everything at positions {@code [from, to)} is cut; the stream continues at or above {@code to}. */
    Deletion.Kept truncated(StreamKey key, long from, long to) throws IOException;
}
