package dev.streamwal.recovery;

import dev.streamwal.recovery.TailEvidence.Stop;
import java.util.List;
import java.util.function.Predicate;

/**
 * Evidence to decision. Exactly one row matches every combination; a test goes through them all.
 *
 * <p>In a segment of the current incarnation everything that was written is there, since the machine stayed up: so a zero commit word with
 * data behind it is a slot whose writer was killed, and anything else that doesn't verify with data behind it is damage. In one of an older
 * incarnation the kernel may have written pages back in any order: there the data ends at the first thing that doesn't verify.
 */
public final class RecoveryTable {

    private record Row(RecoveryDecision decision, Predicate<TailEvidence> when) {}

    private static final List<Row> ROWS = List.of(
            new Row(RecoveryDecision.REFUSE_TOO_NEW, e -> e.stop() == Stop.TOO_NEW && !e.atKnownEnd()),
            // what stands behind a known end is a footer that was being written
            new Row(RecoveryDecision.KEEP, TailEvidence::atKnownEnd),
            new Row(RecoveryDecision.KEEP, e -> inside(e) && isQuiet(e) && !e.dataBehind() && !isMarkBroken(e)),
            new Row(RecoveryDecision.PAD_HOLE,
                    e -> inside(e) && e.stop() == Stop.EMPTY && e.dataBehind() && e.sameIncarnation()),
            // what a killed process had reserved has its space: somebody has cut the file
            new Row(RecoveryDecision.REFUSE_CORRUPT,
                    e -> inside(e) && e.stop() == Stop.END && e.dataBehind() && e.sameIncarnation()),
            new Row(RecoveryDecision.CUT_TORN_TAIL,
                    e -> inside(e) && e.stop() == Stop.INVALID && !e.dataBehind() && !isMarkBroken(e)),
            // a record that was published isn't there, or isn't what it was
            new Row(RecoveryDecision.REFUSE_CORRUPT, e -> inside(e) && isQuiet(e) && !e.dataBehind() && isMarkBroken(e)),
            new Row(RecoveryDecision.REFUSE_CORRUPT,
                    e -> inside(e) && e.stop() == Stop.INVALID && (e.dataBehind() ? e.sameIncarnation() : isMarkBroken(e))),
            new Row(RecoveryDecision.CUT_TORN_TAIL, e -> inside(e) && e.dataBehind() && !e.sameIncarnation()));

    private static boolean inside(TailEvidence evidence) {
        return !evidence.atKnownEnd() && evidence.stop() != Stop.TOO_NEW;
    }

    private static boolean isQuiet(TailEvidence evidence) {
        return evidence.stop() == Stop.END || evidence.stop() == Stop.EMPTY;
    }

    /** After a restart of the machine the mark may have reached the disk before the record it points to. */
    private static boolean isMarkBroken(TailEvidence evidence) {
        return evidence.markBehind() && evidence.sameIncarnation();
    }

    private RecoveryTable() {}

    public static RecoveryDecision decide(TailEvidence evidence) {
        List<Row> matching = matching(evidence);
        if (matching.size() != 1) {
            throw new IllegalStateException("recovery's table has one row for everything: rows=" + matching.size() + ", evidence="
                    + evidence);
        }
        return matching.get(0).decision();
    }

    private static List<Row> matching(TailEvidence evidence) {
        return ROWS.stream().filter(row -> row.when().test(evidence)).toList();
    }
}
