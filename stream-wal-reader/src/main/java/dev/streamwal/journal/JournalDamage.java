package dev.streamwal.journal;

import java.nio.file.Path;

/**
 * A place in the journal that is not what it was, and what was written after it is there.
 *
 * @param offset in the file
 * @param length bytes, to the next block that is whole, or to the end of the file
 * @param what the rule that is broken, and the values
 */
public record JournalDamage(Path file, long offset, long length, String what) {}
