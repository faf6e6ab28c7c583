package dev.streamwal.segment;

import java.time.InstantSource;

/**
 * How a log is read. The public options check the values.
 *
 * @param maxBatchBytes that the records of one batch take together
 * @param maxOpenFiles that stay open
 * @param mergeGapBytes between two records that are read rather than a second read made
 * @param scanBufferBytes that a scan reads at a time, at most
 * @param mappedReads whether sealed files are mapped
 * @param clock says when a consumer commits
 */
public record ReadSettings(long maxBatchBytes, int maxOpenFiles, int mergeGapBytes, int scanBufferBytes, boolean mappedReads,
        InstantSource clock) {}
