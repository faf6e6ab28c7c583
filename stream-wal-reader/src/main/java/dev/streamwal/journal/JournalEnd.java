package dev.streamwal.journal;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * How a journal ends, and where its next block goes.
 *
 * @param nextSequence of the block that is written next
 * @param last the last whole block; empty if no whole block is needed
 * @param next the place right behind the last block: the next block goes there if it fits, else to the start of a free file
 * @param files all files, by number
 * @param blocks that were gone through
 * @param bytes of these blocks
 */
public record JournalEnd(long nextSequence, Optional<Block> last, Optional<Place> next, List<JournalFile> files, long blocks, long bytes) {

    /** Place of a byte in a file. */
    public record Place(Path file, long offset) {}

    /** Place of a block. */
    public record Block(Path file, long offset, int bytes) {}

    public JournalEnd {
        files = List.copyOf(files);
    }
}
