package dev.streamwal;

import java.nio.file.Path;
import java.time.Instant;

/**
 * A segment that nothing is appended to any more, and that has its footer. Immutable.
 *
 * @param path its file
 * @param stream the key
 * @param firstPosition stream position of its first record
 * @param endPosition stream position where its last record ends
 * @param expiration from when on it may be deleted
 * @param bytes of the file
 */
public record SealedSegment(
        Path path, String stream, long firstPosition, long endPosition, Instant expiration, long bytes) {}
