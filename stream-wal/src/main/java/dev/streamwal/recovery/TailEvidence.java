package dev.streamwal.recovery;

/**
 * What is known about the place where the walk over a segment's records stopped. Facts only, no conclusions.
 *
 * @param stop what stands there
 * @param atKnownEnd whether a successor says that the data ends there
 * @param behind what is known of what stands behind it
 * @param markBehind whether the header's mark, which is raised after a record was published there, is at or behind it
 * @param left how the writer of the segment left it
 * @param inOneSector whether the place and the first record behind it begin in one sector of the disk, so that the disk wrote both together
 * @param belowFrontier whether it lies below the durable frontier: what stood here was acknowledged to survive power loss
 */
public record TailEvidence(
        Stop stop, boolean atKnownEnd, Behind behind, boolean markBehind, Left left, boolean inOneSector, boolean belowFrontier) {

    /** What stands where the walk stopped. */
    public enum Stop {
        /** The end of the file, or too little of it for a record. */
        END,
        /** A zero commit word, and it is known whether there is data behind it. */
        EMPTY,
        /** Something that doesn't verify, or about which too little is known. */
        INVALID,
        /** A record that verifies and needs a newer version. */
        TOO_NEW
    }

    /** What stands behind the place. */
    public enum Behind {
        /** No record that verifies, and no known end. */
        NOTHING,
        /** The search for a record was given up: there may be one. */
        PERHAPS,
        /** A record that verifies, or a known end that lies further on. */
        DATA
    }

    /** How the writer of a segment left it. */
    public enum Left {
        /** The writer closed the log, with all of it durable. */
        CLOSED,
        /** The writer didn't close the log, and the machine is up since: all written bytes are there, unless the disk was removed meanwhile. */
        IN_THIS_BOOT,
        /** The writer didn't close the log, and the machine was, or may have been, restarted: any page may be missing. */
        EARLIER
    }
}
