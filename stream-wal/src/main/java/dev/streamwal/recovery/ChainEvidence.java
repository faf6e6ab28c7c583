package dev.streamwal.recovery;

/**
 * What is known about a place where a segment doesn't go on from the one before. The facts, and nothing of what follows from them.
 *
 * @param broken what is wrong
 * @param sameIncarnation whether the machine has not been restarted since the segment was created
 * @param durable whether a footer, or the durable frontier, says that what is wrong here, or what stands behind it, was durable
 */
public record ChainEvidence(Broken broken, boolean sameIncarnation, boolean durable) {

    /** What is wrong. */
    public enum Broken {
        /** The oldest segment that is there isn't the stream's first, and nobody deleted what stood before it. */
        NO_BEGINNING,
        /** The segment before ends somewhere else than this one says. */
        GAP,
        /** The segment has no valid header. */
        UNREADABLE
    }

    /** Whether what is missing can't be what a crash left: it is damage. */
    boolean mustBeThere() {
        return sameIncarnation || durable;
    }
}
