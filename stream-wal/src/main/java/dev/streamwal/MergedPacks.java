package dev.streamwal;

import java.nio.file.Path;
import java.time.Instant;

/**
 * Packs of one window that have become one. Immutable.
 *
 * @param path the pack that they are now
 * @param windowStart of the window
 * @param windowEnd of the window
 * @param packs how many they were
 * @param segments in it
 * @param bytes of the pack
 * @param bytesBefore of those that it was made of
 */
public record MergedPacks(Path path, Instant windowStart, Instant windowEnd, int packs, long segments, long bytes, long bytesBefore) {}
