package dev.streamwal.pack;

/**
 * Enough of a pack to read the blocks of its table by their places, without having read its header and its end.
 *
 * @param tableOffset where the table's blocks begin in the pack's file
 * @param indexOffset where they end
 */
public record PackFacts(PackHeader header, long tableOffset, long indexOffset) {}
