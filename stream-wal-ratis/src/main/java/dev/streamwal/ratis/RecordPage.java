package dev.streamwal.ratis;

import java.util.List;

/**
 * Some records of a stream, one after the other.
 *
 * @param records in order; none where the stream has no more right now
 * @param nextPosition where the next page begins
 * @since 1.0
 */
public record RecordPage(List<ReplicatedRecord> records, long nextPosition) {}
