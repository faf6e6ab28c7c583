package dev.streamwal.commit;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A stream, as whoever commits sees it. */
public interface CommitStream {

    /** How far it is durable. */
    CommitCursor cursor();

    /** The segment that is appended to; null where there is none. Takes no lock. */
    @Nullable CommitSegment activeSegment();

    /** Where what was appended so far ends. */
    long appendedEnd();

    /** The segments without a footer that are open, oldest first; none where nobody has used the stream. Holds the rotation lock for a moment. */
    List<? extends CommitSegment> openSegments();

    /** The segments without a footer, oldest first; those before them are durable. Holds the rotation lock for a moment. */
    List<? extends CommitSegment> unfinishedSegments() throws IOException;
}
