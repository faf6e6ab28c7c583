package dev.streamwal.walk;

import java.io.IOException;

/**
 * What is known about the place where a segment's scan has stopped, and nothing of what follows from it. Facts are asked for only where
 * something depends on them, as most cost a look at the disk, in the order that {@link StopVerdict} needs.
 */
interface StopFacts {

    /** What stands there. */
    enum Place {
        /** Nothing: a zero commit word, or the end of the file. */
        QUIET,
        /** Something that doesn't verify. */
        INVALID,
        /** A record that verifies and needs a newer version. */
        TOO_NEW
    }

    /** Where the place lies, seen from something that is said to be the end. */
    enum Side {
        /** Nobody says. */
        UNKNOWN,
        BEFORE,
        AT,
        BEHIND
    }

    Place place();

    /** By the footer; {@code UNKNOWN} where the segment has none. */
    Side ofFooter() throws IOException;

    /** By the end of what this process has reserved; {@code UNKNOWN} where it doesn't write the stream. Asked before the successor. */
    Side ofReserved() throws IOException;

    /** Whether the stream goes on in another segment. */
    boolean hasSuccessor() throws IOException;

    /** By what the successor says of the data before it; {@code UNKNOWN} also where the two aren't neighbours. */
    Side ofSuccessor() throws IOException;

    /** Whether the writer in this process has finished the segment: nothing of it is still to be published. */
    boolean isFinished() throws IOException;

    /** Whether the file is shorter than its successor says. */
    boolean isCutShort() throws IOException;

    /** Whether the header's mark says that something was published there, or, of a quiet place, that it isn't the end. */
    boolean isMarked() throws IOException;

    /** Whether a record verifies further on, or may. */
    boolean hasValidBehind() throws IOException;
}
