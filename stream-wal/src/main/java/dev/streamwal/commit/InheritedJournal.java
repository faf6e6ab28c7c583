package dev.streamwal.commit;

import dev.streamwal.journal.DurableFrontier;
import dev.streamwal.journal.Frontier;
import dev.streamwal.journal.JournalEnd;
import dev.streamwal.journal.JournalFile;
import dev.streamwal.journal.JournalFiles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The journal of an earlier writer, after its content was redone.
 *
 * @param frontier as it was found
 * @param durable what is durable of the segments that frontier and journal name
 * @param nextSequence of the next block
 * @param nextFileNumber that no file has
 * @param current the file for the next block; null if the next block begins a file
 * @param full files with blocks that are still needed, oldest first, without {@code current}
 * @param free the other files
 */
public record InheritedJournal(
        Frontier frontier, DurableFrontier durable, long nextSequence, int nextFileNumber, @Nullable Part current, List<Part> full,
        List<Part> free) {

    /**
     * A file of the journal.
     *
     * @param end offset behind the last block
     * @param lastSequence of the last block that is needed; 0 if there is none
     * @param hasBadSector whether it takes no more blocks, and is deleted when it isn't needed
     */
    public record Part(Path path, int length, int end, long lastSequence, boolean hasBadSector) {}

    /** From the result of a scan. */
    public static InheritedJournal of(Frontier frontier, DurableFrontier durable, JournalEnd end) {
        Optional<JournalEnd.Place> next = end.next();
        Part current = null;
        List<JournalFile> live = new ArrayList<>();
        List<Part> free = new ArrayList<>();
        int nextNumber = 0;
        for (JournalFile file : end.files()) {
            OptionalInt number = JournalFiles.number(file.path());
            nextNumber = Math.max(nextNumber, number.orElse(-1) + 1);
            // a block that reaches into a page with a bad sector can't be written, because the rest of the page would have to be read
            if (next.isPresent() && next.get().file().equals(file.path()) && !file.hasBadSector()) {
                current = part(file, (int) next.get().offset());
            } else if (file.isLive()) {
                live.add(file);
            } else {
                free.add(part(file, 0));
            }
        }
        live.sort(Comparator.comparingLong(JournalFile::firstSequence));
        List<Part> full = live.stream().map(file -> part(file, (int) file.length())).toList();
        return new InheritedJournal(frontier, durable, end.nextSequence(), nextNumber, current, full, free);
    }

    private static Part part(JournalFile file, int end) {
        return new Part(file.path(), (int) Math.min(Integer.MAX_VALUE, file.length()), end, file.lastSequence(), file.hasBadSector());
    }
}
