package dev.streamwal.recovery;

import dev.streamwal.recovery.TailEvidence.Behind;
import dev.streamwal.recovery.TailEvidence.Left;
import dev.streamwal.recovery.TailEvidence.Stop;

/**
 * Maps evidence to a decision. A test goes through all combinations.
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

    private RecoveryTable() {}

    /** The decision at the place where a walk over a segment's records stopped. */
    public static RecoveryDecision decide(TailEvidence evidence, DamagePolicy policy) {
        if (evidence.atKnownEnd()) {
            // behind it stands a footer that was being written
            return RecoveryDecision.KEEP;
        }
        if (evidence.stop() == Stop.TOO_NEW) {
            return RecoveryDecision.REFUSE_TOO_NEW;
        }
        if (isDamage(evidence)) {
            return ofDamage(evidence, policy);
        }
        if (isHole(evidence)) {
            return RecoveryDecision.PAD_HOLE;
        }
        if (evidence.stop() == Stop.INVALID || isDataBehind(evidence)) {
            return RecoveryDecision.CUT_TORN_TAIL;
        }
        return isShort(evidence) ? RecoveryDecision.KEEP_WHAT_IS_LEFT : RecoveryDecision.KEEP;
    }

    private static RecoveryDecision ofDamage(TailEvidence evidence, DamagePolicy policy) {
        if (policy == DamagePolicy.STOP_AT_FIRST_ERROR) {
            return RecoveryDecision.REFUSE_CORRUPT;
        }
        if (evidence.behind() == Behind.DATA) {
            return RecoveryDecision.SKIP_DAMAGE;
        }
        return evidence.stop() == Stop.END ? RecoveryDecision.KEEP_WHAT_IS_LEFT : RecoveryDecision.PAD_DAMAGED_END;
    }

    /** The decision at a place where a segment doesn't continue the one before. */
    public static RecoveryDecision decide(ChainEvidence evidence, DamagePolicy policy) {
        if (!evidence.durable()) {
            return RecoveryDecision.SET_ASIDE_BEHIND;
        }
        if (policy == DamagePolicy.STOP_AT_FIRST_ERROR) {
            return RecoveryDecision.REFUSE_CORRUPT;
        }
        return evidence.broken() == ChainEvidence.Broken.UNREADABLE ? RecoveryDecision.SKIP_UNREADABLE : RecoveryDecision.GO_ON_BEHIND_GAP;
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
        return evidence.belowFrontier() || (evidence.left() == Left.CLOSED && (isDataBehind(evidence) || evidence.markBehind()));
    }

    /** Whether records are gone that processes may have seen: not promised to survive, but to be reported. */
    private static boolean isShort(TailEvidence evidence) {
        return evidence.left() == Left.IN_THIS_BOOT && evidence.markBehind();
    }
}
