package dev.streamwal;

import java.nio.file.Path;
import java.time.Instant;

/**
 * Packs that have become one: of a window, or of several windows where they are short beside the retention. Immutable.
 *
 * @param path the pack that they are now
 * @param windowStart of the first window
 * @param windowEnd of the last window, or of the time for which packs are merged
 * @param packs how many they were
 * @param segments in it
 * @param bytes of the pack
 * @param bytesBefore of those that it was made of
 */
public record MergedPacks(Path path, Instant windowStart, Instant windowEnd, int packs, long segments, long bytes, long bytesBefore) {}
