package dev.streamwal;

import java.nio.file.Path;
import java.time.Instant;

/**
 * Small segments that were copied into one file, a pack, and have no files of their own any more. Immutable.
 *
 * @param path the pack
 * @param windowStart of the segments' window
 * @param windowEnd of the segments' window
 * @param expiration from when on they may be deleted
 * @param segments how many
 * @param records in them
 * @param bytes of the pack
 * @param bytesBefore of the segments' files
 */
public record PackedSegments(
        Path path, Instant windowStart, Instant windowEnd, Instant expiration, long segments, long records, long bytes, long bytesBefore) {}
