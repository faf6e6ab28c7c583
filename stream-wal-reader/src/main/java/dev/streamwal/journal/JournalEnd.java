package dev.streamwal.journal;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * How a journal ends, and where it goes on.
 *
 * @param nextSequence of the block that is written next
 * @param last the last block that is whole; empty where there is none that is needed
 * @param next right behind it, where the next block goes if it fits; else it goes to the start of a file that is free
 * @param files all that there are, by number
 * @param blocks that were gone through
 * @param bytes of these blocks
 * @param damages that were passed over; with {@link Ending#CORRUPT}, the one at which the scan ended is the last
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
        /** Damage, behind which the journal goes on. */
        CORRUPT
    }

    /** Of a byte in a file. */
    public record Place(Path file, long offset) {}

    public JournalEnd {
        files = List.copyOf(files);
        damages = List.copyOf(damages);
    }
}
