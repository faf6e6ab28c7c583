package dev.streamwal.recovery;

/**
 * What is known about a place where a segment doesn't go on from the one before. The facts, and nothing of what follows from them.
 *
 * @param broken what is wrong
 * @param durable whether a footer, the durable frontier, or a writer that closed the log says that what is wrong here, or what stands
 *     behind it, was durable
 */
public record ChainEvidence(Broken broken, boolean durable) {

    /** What is wrong. */
    public enum Broken {
        /** The oldest segment that is there isn't the stream's first, and nobody deleted what stood before it. */
        NO_BEGINNING,
        /** The segment before ends somewhere else than this one says. */
        GAP,
        /** The segment has no valid header. */
        UNREADABLE
    }
}
