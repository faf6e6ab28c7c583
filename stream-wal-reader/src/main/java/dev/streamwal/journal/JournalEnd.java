package dev.streamwal.journal;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * How a journal ends, and where its next block goes.
 *
 * @param nextSequence of the block that is written next
 * @param last the last whole block; empty where no whole block is needed
 * @param next right behind it: the next block goes there if it fits, else to the start of a free file
 * @param files all files, by number
 * @param blocks that were gone through
 * @param bytes of these blocks
 * @param damages that the scan passed; with {@link Ending#CORRUPT}, the last is the one at which the scan ended
 */
public record JournalEnd(
        Ending ending, long nextSequence, Optional<Place> last, Optional<Place> next, List<JournalFile> files, long blocks, long bytes,
        List<JournalDamage> damages) {

    /** What stands behind the last block. */
    public enum Ending {
        /** Nothing of this journal. */
        CLEAN,
        /** The beginning of a block that was never completed. */
        TORN,
        /** Damage with further blocks of the journal behind it. */
        CORRUPT
    }

    /** Place of a byte in a file. */
    public record Place(Path file, long offset) {}

    public JournalEnd {
        files = List.copyOf(files);
        damages = List.copyOf(damages);
    }
}
