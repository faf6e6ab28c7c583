package dev.streamwal.journal;

import java.nio.file.Path;

/**
 * A damaged place in the journal: it isn't the journal's end, because blocks that were written after it exist, or may exist.
 *
 * @param offset in the file
 * @param length bytes, to the next block that is whole, or to the end of the file
 * @param what what is wrong, and the values
 */
public record JournalDamage(Path file, long offset, long length, String what) {}
