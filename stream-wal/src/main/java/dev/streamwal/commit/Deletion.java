package dev.streamwal.commit;

import dev.streamwal.format.StreamKey;

/** What is deleted, once the journal says so. */
public sealed interface Deletion {

    StreamKey key();

    /**
     * All of a stream's segments that begin below a position. This stays true, since no position is given twice.
     *
     * @param position no segment of the stream that stays begins below it, now or later
     */
    record Below(StreamKey key, long position) implements Deletion {}

    /** What stands at the positions {@code [from, to)}. */
    record Cut(StreamKey key, long from, long to) implements Deletion {}

    /**
     * A record of deletions, which must be kept until this is closed, since files may still exist until then. If it is never closed, because
     * the log was closed or a file could not be cut, the next opening of the log completes the deletions.
     */
    interface Kept extends AutoCloseable {
        @Override
        void close();
    }
}
