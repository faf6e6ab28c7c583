package dev.streamwal.journal;

import dev.streamwal.journal.JournalBlockLayout.Prefix;
import java.io.IOException;
import java.nio.file.Path;

/** Looks for whole blocks if the expected one is missing. */
final class JournalSearch {

    /**
     * A search computes a checksum at each prefix of this journal whose sequence is high enough. Such prefixes don't occur by chance: if this many
     * bytes had to be checked, they were forged, and the search is given up.
     */
    static final long CHECKSUM_BYTES = 256L << 20;

    private final JournalReader reader;
    private final long journalId;
    private final long end;
    private boolean gaveUp;
    private long foundSequence;

    JournalSearch(JournalReader reader, long journalId) {
        this.reader = reader;
        this.journalId = journalId;
        this.end = reader.checksummed() + CHECKSUM_BYTES;
    }

    /**
     * The first block from an offset on whose sequence is at least {@code leastSequence}.
     *
     * @return its offset; -1 if there is none, or the search was given up
     */
    long find(Path file, long from, long leastSequence) throws IOException {
        reader.open(file);
        for (long at = reader.findPrefix(from); at >= 0 && isLeft(); at = reader.findPrefix(at + 1)) {
            Prefix prefix = reader.prefixAt(at);
            if (prefix != null && prefix.journalId() == journalId && prefix.sequence() >= leastSequence
                    && reader.blockAt(at, prefix) != null) {
                foundSequence = prefix.sequence();
                return at;
            }
        }
        return -1;
    }

    private boolean isLeft() {
        gaveUp |= reader.checksummed() > end;
        return !gaveUp;
    }

    /** Sequence of the block found last. */
    long foundSequence() {
        return foundSequence;
    }

    /** Whether there may be a block that was not found. */
    boolean gaveUp() {
        return gaveUp;
    }
}
