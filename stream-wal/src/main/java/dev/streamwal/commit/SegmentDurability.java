package dev.streamwal.commit;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;

/** What segments have to do with how far they are durable, when they are not being committed. Thread-safe. */
public interface SegmentDurability {

    /** Of streams that nothing is committed for. */
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

    /** A segment that was there already has been opened: it is told how far it is known to be durable. */
    void opened(CommitSegment segment);

    /** A segment's file, or the directory that names it, could not be forced: what was written may be lost, and nobody would say so again. */
    void forceFailed(Path file, IOException cause);

    /**
     * Asked after a force that succeeded, before anything follows from it: had another one of the same file failed, it would have meant
     * nothing.
     *
     * @throws FlushFailedException where one has failed, of whatever file
     */
    void checkForced() throws FlushFailedException;

    /** Returns when streams are durable as far as said. Under no lock. */
    void await(Collection<CommitTarget> targets) throws IOException;
}
