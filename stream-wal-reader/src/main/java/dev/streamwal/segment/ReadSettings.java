package dev.streamwal.segment;

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
 * @param clock gives the time of a consumer's commits
 * @param tier where the log's tier is; null for where its manifest says that it is
 * @param tierCacheBytes of memory for what was read from the tier
 */
public record ReadSettings(long maxBatchBytes, int maxOpenFiles, int mergeGapBytes, int scanBufferBytes, long blockCacheBytes, boolean mappedReads,
        InstantSource clock, @Nullable Path tier, long tierCacheBytes) {

    /** Memory for what was read from the tier, where nobody says another number. */
    public static final long TIER_CACHE_BYTES = 32 << 20;

    /** With a tier where the manifest says that it is. */
    public ReadSettings(long maxBatchBytes, int maxOpenFiles, int mergeGapBytes, int scanBufferBytes, long blockCacheBytes, boolean mappedReads,
            InstantSource clock) {
        this(maxBatchBytes, maxOpenFiles, mergeGapBytes, scanBufferBytes, blockCacheBytes, mappedReads, clock, null, TIER_CACHE_BYTES);
    }
}
