package dev.streamwal.recovery;

/**
 * What is known about a place where a segment doesn't continue the one before. Facts only, no conclusions.
 *
 * @param broken what is wrong
 * @param durable whether a footer, the durable frontier, or a writer that closed the log proves that the broken place, or what stands behind it, was
 *     durable
 */
public record ChainEvidence(Broken broken, boolean durable) {

    /** What is wrong. */
    public enum Broken {
        /** The oldest existing segment isn't the stream's first, and what stood before it wasn't deleted on purpose. */
        NO_BEGINNING,
        /** The segment before ends elsewhere than this one says. */
        GAP,
        /** The segment has no valid header. */
        UNREADABLE
    }
}
