package dev.streamwal.journal;

import java.nio.file.Path;

/**
 * A file of the journal, as a scan has found it.
 *
 * @param length of the file
 * @param firstSequence of the blocks that are needed; 0 if the file has none, and is free
 * @param lastSequence of the blocks that are needed; 0 if the file has none
 * @param hasBadSector whether the disk couldn't read a part of it: nothing more is to be written to it, because that would fail, too
 */
public record JournalFile(Path path, long length, long firstSequence, long lastSequence, boolean hasBadSector) {

    /** Whether it has blocks that are needed. */
    public boolean isLive() {
        return firstSequence != 0;
    }
}
