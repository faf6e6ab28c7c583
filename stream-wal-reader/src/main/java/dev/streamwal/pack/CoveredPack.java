package dev.streamwal.pack;

/**
 * A pack whose keys are in the catalogue of keys: its number, and the facts that distinguish it from a pack that got the same number after the log
 * was restored from a copy.
 *
 * @param bytes of its file
 * @param segments in it
 */
public record CoveredPack(long number, long bytes, long segments) {}
