package dev.streamwal.commit;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;

/** What segments tell and ask about their durability outside of commits. Thread-safe. */
public interface SegmentDurability {

    /** For streams that aren't committed. */
    SegmentDurability NONE = new SegmentDurability() {
        @Override
        public void opened(CommitSegment segment) {}

        @Override
        public void forceFailed(Path file, IOException cause) {}

        @Override
        public void checkForced() {}

        @Override
        public void await(Collection<CommitTarget> targets) {}
    };

    /** An existing segment was opened: tells it how far it is known to be durable. */
    void opened(CommitSegment segment);

    /** Forcing a segment's file, or the directory that names it, failed: what was written may be lost, and a second force would not reveal that. */
    void forceFailed(Path file, IOException cause);

    /**
     * Called after a successful force, before anything relies on it: if another force of the same file had failed before, the success would
     * mean nothing.
     *
     * @throws FlushFailedException if a force of any file has failed
     */
    void checkForced() throws FlushFailedException;

    /** Returns when the streams are durable up to their targets. To be called without locks. */
    void await(Collection<CommitTarget> targets) throws IOException;
}
