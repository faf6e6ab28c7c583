package dev.streamwal.commit;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A stream, as the committer sees it. */
public interface CommitStream {

    /** How far it is durable. */
    CommitCursor cursor();

    /** The segment that is appended to; null if there is none. Takes no lock. */
    @Nullable CommitSegment activeSegment();

    /** Where the records appended so far end. */
    long appendedEnd();

    /** The open segments without a footer, oldest first; none if the stream was not used. Holds the rotation lock for a moment. */
    List<? extends CommitSegment> openSegments();

    /** The segments without a footer, oldest first; those before them are durable. Holds the rotation lock for a moment. */
    List<? extends CommitSegment> unfinishedSegments() throws IOException;
}
