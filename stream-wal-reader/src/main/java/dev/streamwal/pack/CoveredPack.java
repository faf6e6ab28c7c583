package dev.streamwal.pack;

/**
 * A pack whose keys the catalogue of keys has: its number, and what else tells it from one that got the same number in a log that was put back.
 *
 * @param bytes of its file
 * @param segments in it
 */
public record CoveredPack(long number, long bytes, long segments) {}
