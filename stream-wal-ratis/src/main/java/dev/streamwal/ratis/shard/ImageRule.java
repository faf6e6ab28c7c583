package dev.streamwal.ratis.shard;

/**
 * When an image of a shard is due: after so many entries, so many bytes of records, or so much replicated time since the one before. Each of them is
 * counted in {@link ShardState}, so all replicas make their images at the same entries.
 *
 * @param entries of the Raft log
 * @param bytes of records, as they stand in the log; at most {@link #MAX_BYTES}
 * @param millis by the replicated clock; no longer than the shortest window of a stream: {@link Shard} says why
 */
public record ImageRule(long entries, long bytes, long millis) {

    /** Far from the span between two beginnings of a log: {@link ShardState}. */
    public static final long MAX_BYTES = 8L << 30;
}
