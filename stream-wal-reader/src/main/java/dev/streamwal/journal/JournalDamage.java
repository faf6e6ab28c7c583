package dev.streamwal.journal;

import java.nio.file.Path;

/**
 * A damaged place in the journal: a block that is missing before others, or may be, or a whole block with invalid entries.
 *
 * @param offset in the file
 * @param length bytes, to the next block that is whole, or to the end of the file
 * @param what what is wrong, and the values
 */
public record JournalDamage(Path file, long offset, long length, String what) {}
