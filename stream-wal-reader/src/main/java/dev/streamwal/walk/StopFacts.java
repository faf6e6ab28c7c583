package dev.streamwal.walk;

import java.io.IOException;

/**
 * The facts about a place where a segment's scan has stopped, without conclusions. {@link StopVerdict} asks for them in the order in which it needs them, and
 * only for those it needs, because most cost a look at the disk.
 */
interface StopFacts {

    /** What is at the place. */
    enum Place {
        /** Nothing: a zero commit word, or the end of the file. */
        QUIET,
        /** Bytes that don't verify. */
        INVALID,
        /** A record that verifies and needs a newer version. */
        TOO_NEW
    }

    /** Where the place is, relative to an end of the data. */
    enum Side {
        /** The end isn't known. */
        UNKNOWN,
        BEFORE,
        AT,
        BEHIND
    }

    Place place();

    /** Relative to the end by the footer; {@code UNKNOWN} if the segment has none. */
    Side ofFooter() throws IOException;

    /**
     * Relative to the end of the space that this process has reserved; {@code UNKNOWN} if it doesn't write the stream. Asked before the
     * successor.
     */
    Side ofReserved() throws IOException;

    /** Whether the stream goes on in another segment. */
    boolean hasSuccessor() throws IOException;

    /** Relative to the end by the successor's header; {@code UNKNOWN} also if the two aren't neighbours. */
    Side ofSuccessor() throws IOException;

    /** Whether the writer in this process has finished the segment, so that no slot of it will be published any more. */
    boolean isFinished() throws IOException;

    /** Whether the file ends before the end by the successor's header. */
    boolean isCutShort() throws IOException;

    /** Whether the header's mark shows that a record was published there, or, for a quiet place, that it isn't the end. */
    boolean isMarked() throws IOException;

    /** Whether a later record verifies, or may verify. */
    boolean hasValidBehind() throws IOException;
}
