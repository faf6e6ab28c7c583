package dev.streamwal.ratis;

import dev.streamwal.reader.EntryRef;

/**
 * A record that was read from a replica.
 *
 * @param ref its place, the same on all replicas
 * @param timestampMillis as given by the writer, or stamped by the leader: epoch milliseconds
 * @param header the record's header, empty where it has none; the caller's own
 * @param content the record's content; the caller's own
 * @since 1.0
 */
@SuppressWarnings("ArrayRecordComponent")
public record ReplicatedRecord(EntryRef ref, long timestampMillis, byte[] header, byte[] content) {}
