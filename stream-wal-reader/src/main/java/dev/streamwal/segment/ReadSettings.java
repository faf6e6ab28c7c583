package dev.streamwal.segment;

import java.time.InstantSource;

/**
 * Settings for reading a log. The public options check the values.
 *
 * @param maxBatchBytes that the records of one batch take together
 * @param maxOpenFiles that stay open
 * @param mergeGapBytes largest gap between two records that is read too, to save a second read
 * @param scanBufferBytes that a scan reads at a time, at most
 * @param mappedReads whether sealed files are mapped
 * @param directScans whether scans read sealed files past the page cache
 * @param clock gives the time of a consumer's commits
 */
public record ReadSettings(long maxBatchBytes, int maxOpenFiles, int mergeGapBytes, int scanBufferBytes, boolean mappedReads,
        boolean directScans, InstantSource clock) {}
