package dev.streamwal.recovery;

import dev.streamwal.format.StreamKey;
import dev.streamwal.journal.DurableFrontier;
import dev.streamwal.journal.Frontier;
import dev.streamwal.journal.JournalDamage;
import dev.streamwal.journal.JournalEnd;
import java.util.List;
import java.util.Optional;

/**
 * What the commit journal said when the log was opened, and what was done about it.
 *
 * @param frontier empty if the log has no journal, or continues without it
 * @param end where the journal continues; empty if {@code frontier} is
 * @param durable what is durable of the unfinished segments, and what is deleted or cut
 * @param segments that the journal had bytes of
 * @param cuts of streams, for each in the journal's order
 * @param withoutRoom those of them that a full disk kept from being carried out in segments of the streams' own
 * @param damages that were skipped. While there are any, the journal should be checkpointed as soon as possible, past all of it: until then every
 *     opening finds them again
 */
public record RedoResult(
        Optional<Frontier> frontier, Optional<JournalEnd> end, DurableFrontier durable, List<RedoneSegment> segments, List<Cut> cuts,
        List<Cut> withoutRoom, List<JournalDamage> damages) {

    /** Everything that a stream had at positions {@code [from, to)} was cut off. */
    public record Cut(StreamKey key, long from, long to) {}

    public RedoResult {
        cuts = List.copyOf(cuts);
        withoutRoom = List.copyOf(withoutRoom);
        segments = List.copyOf(segments);
        damages = List.copyOf(damages);
    }

    /** Without a journal. */
    static RedoResult none(List<JournalDamage> damages) {
        return new RedoResult(Optional.empty(), Optional.empty(), new DurableFrontier(List.of()), List.of(), List.of(), List.of(), damages);
    }

    /** Bytes that were written to segments. */
    public long bytes() {
        return segments.stream().mapToLong(RedoneSegment::bytes).sum();
    }

    /** Records that were written to segments. */
    public long records() {
        return segments.stream().mapToLong(RedoneSegment::records).sum();
    }
}
