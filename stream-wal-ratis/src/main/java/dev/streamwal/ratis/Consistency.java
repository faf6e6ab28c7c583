package dev.streamwal.ratis;

/**
 * What a read of a replicated log may miss.
 *
 * @since 1.0
 */
public enum Consistency {
    /** Nothing that was acknowledged before the read began. It takes a round between the leader and a majority of the replicas. */
    LINEARIZABLE,
    /** What the replica that answers hasn't heard of yet: the answer is what was once true. Any replica that runs answers, also without a leader. */
    STALE
}
