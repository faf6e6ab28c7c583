package dev.streamwal.recovery;

/**
 * What is known about the place where the walk over a segment's records stopped. The facts, and nothing of what follows from them.
 *
 * @param stop what stands there
 * @param atKnownEnd whether it is where a successor says that the data ends
 * @param dataBehind whether there is data behind it: a record that verifies, or a known end that lies further on; also where the search for
 *     such a record was given up, so that there may be
 * @param markBehind whether the header's mark, which is raised after a record was published there, is at or behind it
 * @param sameIncarnation whether the machine has not been restarted since the segment was created, so that what was written is there
 */
public record TailEvidence(Stop stop, boolean atKnownEnd, boolean dataBehind, boolean markBehind, boolean sameIncarnation) {

    /** What stands where the walk stopped. */
    public enum Stop {
        /** The end of the file, or too little of it for a record. */
        END,
        /** A zero commit word, where it could be told whether there is data behind it. */
        EMPTY,
        /** Something that doesn't verify, or of which too little could be found out. */
        INVALID,
        /** A record that verifies and needs a newer version. */
        TOO_NEW
    }
}
