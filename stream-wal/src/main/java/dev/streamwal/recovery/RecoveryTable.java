package dev.streamwal.recovery;

import dev.streamwal.recovery.TailEvidence.Behind;
import dev.streamwal.recovery.TailEvidence.Left;
import dev.streamwal.recovery.TailEvidence.Stop;
import java.util.List;
import java.util.function.Predicate;

/**
 * Maps evidence to a decision. Exactly one row matches each combination; a test goes through them all.
 *
 * <p>Below the durable frontier, and in a segment whose writer closed the log, everything has to be there, whatever happened: what is missing, or
 * doesn't verify, is damage.
 *
 * <p>Anywhere else the data ends at the first thing that doesn't verify. Nothing behind it was promised to survive, and missing pages can't be ruled
 * out, because a disk may lose its page cache while the machine stays up. What stands behind is set aside, and can be appended again from there. One
 * case differs from a lost page: a zero commit word with a record behind it, if the machine has stayed up, or if the disk wrote both together, is the
 * slot of an append that was killed. It becomes padding, and the data continues behind it.
 */
public final class RecoveryTable {

    private record Case<E>(E evidence, DamagePolicy policy) {

        boolean skips() {
            return policy == DamagePolicy.SKIP_BAD_RECORDS;
        }
    }

    private record Row<E>(RecoveryDecision decision, Predicate<Case<E>> when) {}

    private static final List<Row<TailEvidence>> TAIL_ROWS = List.of(
            new Row<>(RecoveryDecision.REFUSE_TOO_NEW, c -> isTooNew(c.evidence()) && !c.evidence().atKnownEnd()),
            // behind a known end stands a footer that was being written
            new Row<>(RecoveryDecision.KEEP, c -> c.evidence().atKnownEnd()),
            new Row<>(RecoveryDecision.KEEP, c -> isHarmless(c) && isEnd(c.evidence()) && !isShort(c.evidence())),
            new Row<>(RecoveryDecision.PAD_HOLE, c -> isHarmless(c) && isHole(c.evidence())),
            new Row<>(RecoveryDecision.CUT_TORN_TAIL,
                    c -> isHarmless(c) && !isHole(c.evidence()) && !isEnd(c.evidence())),
            new Row<>(RecoveryDecision.REFUSE_CORRUPT, c -> isInside(c) && isDamage(c.evidence()) && !c.skips()),
            new Row<>(RecoveryDecision.SKIP_DAMAGE,
                    c -> isInside(c) && isDamage(c.evidence()) && c.skips() && c.evidence().behind() == Behind.DATA),
            new Row<>(RecoveryDecision.PAD_DAMAGED_END,
                    c -> isInside(c) && isDamage(c.evidence()) && c.skips() && c.evidence().behind() != Behind.DATA
                            && c.evidence().stop() != Stop.END),
            new Row<>(RecoveryDecision.KEEP_WHAT_IS_LEFT,
                    c -> (isHarmless(c) && isEnd(c.evidence()) && isShort(c.evidence()))
                            || (isInside(c) && isDamage(c.evidence()) && c.skips() && c.evidence().behind() != Behind.DATA
                                    && c.evidence().stop() == Stop.END)));

    private static final List<Row<ChainEvidence>> CHAIN_ROWS = List.of(
            new Row<>(RecoveryDecision.SET_ASIDE_BEHIND, c -> !c.evidence().durable()),
            new Row<>(RecoveryDecision.REFUSE_CORRUPT, c -> c.evidence().durable() && !c.skips()),
            new Row<>(RecoveryDecision.SKIP_UNREADABLE, c -> c.evidence().durable() && c.skips() && isUnreadable(c)),
            new Row<>(RecoveryDecision.GO_ON_BEHIND_GAP, c -> c.evidence().durable() && c.skips() && !isUnreadable(c)));

    private RecoveryTable() {}

    /** The decision at the place where a walk over a segment's records stopped. */
    public static RecoveryDecision decide(TailEvidence evidence, DamagePolicy policy) {
        return decide(TAIL_ROWS, new Case<>(evidence, policy));
    }

    /** The decision at a place where a segment doesn't continue the one before. */
    public static RecoveryDecision decide(ChainEvidence evidence, DamagePolicy policy) {
        return decide(CHAIN_ROWS, new Case<>(evidence, policy));
    }

    private static <E> RecoveryDecision decide(List<Row<E>> rows, Case<E> given) {
        List<Row<E>> matching = rows.stream().filter(row -> row.when().test(given)).toList();
        if (matching.size() != 1) {
            throw new IllegalStateException("not exactly one row of recovery's table matches: rows=" + matching.size() + ", case=" + given);
        }
        return matching.get(0).decision();
    }

    private static boolean isUnreadable(Case<ChainEvidence> given) {
        return given.evidence().broken() == ChainEvidence.Broken.UNREADABLE;
    }

    private static boolean isTooNew(TailEvidence evidence) {
        return evidence.stop() == Stop.TOO_NEW;
    }

    private static boolean isInside(Case<TailEvidence> given) {
        return !given.evidence().atKnownEnd() && !isTooNew(given.evidence());
    }

    private static boolean isHarmless(Case<TailEvidence> given) {
        return isInside(given) && !isDamage(given.evidence());
    }

    private static boolean isEnd(TailEvidence evidence) {
        return (evidence.stop() == Stop.END || evidence.stop() == Stop.EMPTY) && !isDataBehind(evidence);
    }

    private static boolean isDataBehind(TailEvidence evidence) {
        return evidence.behind() != Behind.NOTHING;
    }

    /** The slot of a killed append, not a lost page. */
    private static boolean isHole(TailEvidence evidence) {
        return evidence.stop() == Stop.EMPTY && evidence.behind() == Behind.DATA
                && (evidence.left() == Left.IN_THIS_BOOT || evidence.inOneSector());
    }

    /** Whether there must have been a record here that is missing or changed. */
    private static boolean isDamage(TailEvidence evidence) {
        return evidence.belowFrontier()
                || (evidence.left() == Left.CLOSED && (isDataBehind(evidence) || evidence.markBehind()));
    }

    /** Whether records are gone that processes may have seen: not promised to survive, but to be reported. */
    private static boolean isShort(TailEvidence evidence) {
        return evidence.left() == Left.IN_THIS_BOOT && evidence.markBehind();
    }
}
