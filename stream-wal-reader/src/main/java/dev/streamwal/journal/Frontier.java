package dev.streamwal.journal;

import java.util.List;

/**
 * The beginning of the commit journal, and the segments that are durable without it.
 *
 * @param journalId of the journal whose blocks count
 * @param firstSequence blocks with lower sequences are not needed any more
 * @param segments those without a footer that are durable, at least in part, without the journal
 */
public record Frontier(long journalId, long firstSequence, List<FrontierSegment> segments) {

    public Frontier {
        if (firstSequence < JournalBlockLayout.FIRST_SEQUENCE) {
            throw new IllegalArgumentException("first sequence is below " + JournalBlockLayout.FIRST_SEQUENCE + ": firstSequence=" + firstSequence);
        }
        segments = List.copyOf(segments);
    }
}
