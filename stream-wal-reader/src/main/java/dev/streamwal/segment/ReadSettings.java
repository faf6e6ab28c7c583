package dev.streamwal.segment;

import dev.streamwal.io.ProgramClock;
import java.nio.file.Path;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * Settings for reading a log. The public options check the values.
 *
 * @param maxBatchBytes that the records of one batch take together
 * @param maxOpenFiles that stay open
 * @param mergeGapBytes largest gap between two records that is read too, to save a second read
 * @param scanBufferBytes that a scan reads at a time, at most
 * @param blockCacheBytes memory for unpacked blocks of packs
 * @param mappedReads whether sealed files are mapped
 * @param directScans whether scans read sealed files past the page cache
 * @param clock gives the time of a consumer's commits
 * @param tier where the log's tier is; null for the place that its manifest names
 * @param tierCacheBytes of memory for what was read from the tier
 */
public record ReadSettings(long maxBatchBytes, int maxOpenFiles, int mergeGapBytes, int scanBufferBytes, long blockCacheBytes, boolean mappedReads,
        boolean directScans, InstantSource clock, @Nullable Path tier, long tierCacheBytes) {

    /** Memory for what was read from the tier, unless another number is set. */
    public static final long TIER_CACHE_BYTES = 32 << 20;

    public ReadSettings {
        clock = new ProgramClock(clock);
    }

    /** Without direct scans, and with the tier at the place that the manifest names. */
    public ReadSettings(long maxBatchBytes, int maxOpenFiles, int mergeGapBytes, int scanBufferBytes, long blockCacheBytes, boolean mappedReads,
            InstantSource clock) {
        this(maxBatchBytes, maxOpenFiles, mergeGapBytes, scanBufferBytes, blockCacheBytes, mappedReads, false, clock, null, TIER_CACHE_BYTES);
    }
}
