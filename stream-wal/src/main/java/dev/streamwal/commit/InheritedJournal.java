package dev.streamwal.commit;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The journal that an earlier writer left, after it was carried out.
 *
 * @param frontier as it was found
 * @param segments that its blocks speak of, and that are still there
 * @param nextSequence of the block that comes next
 * @param nextFileNumber that no file has
 * @param current where that block goes; null where the journal's next block begins a file
 * @param full files with blocks that are still needed, oldest first, but for {@code current}
 * @param free the other files
 */
public record InheritedJournal(
        Frontier frontier, List<Segment> segments, long nextSequence, int nextFileNumber, @Nullable Part current, List<Part> full,
        List<Part> free) {

    /**
     * A segment of which the journal holds something.
     *
     * @param end how far it is durable with the journal
     */
    public record Segment(Path path, FrontierSegment end) {}

    /**
     * A file of the journal.
     *
     * @param end offset behind the last block
     * @param lastSequence of the last block; 0 where there is none
     */
    public record Part(Path path, int length, int end, long lastSequence) {}
}
