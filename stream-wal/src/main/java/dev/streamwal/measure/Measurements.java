package dev.streamwal.measure;

/** Receives how long things took. Any thread calls it, with locks held; implementations never throw, and take no lock. */
public interface Measurements {

    /** An append has waited. */
    default void stallTook(StallCause cause, long nanos) {}

    /** Something was forced to the disk. */
    default void flushTook(FlushCause cause, long nanos) {}

    /** Packs were written, by one step of a task, and count. */
    default void packingTook(PackTask task, int packs, long nanos) {}

    /** A sweep has ended. */
    default void sweepTook(int heldSegments, long nanos) {}

    /** A stream was recovered or refused, or the commit journal was redone. */
    default void recoveryTook(long nanos) {}
}
