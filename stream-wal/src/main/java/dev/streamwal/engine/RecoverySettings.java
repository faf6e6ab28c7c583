package dev.streamwal.engine;

import dev.streamwal.recovery.DamagePolicy;
import dev.streamwal.recovery.JournalledDurability;
import dev.streamwal.recovery.KnownDurable;
import dev.streamwal.recovery.Quarantine;
import dev.streamwal.recovery.RedoResult;
import dev.streamwal.recovery.StreamRecovery;
import dev.streamwal.storage.PositionsFile;
import dev.streamwal.storage.SegmentStorage;
import java.nio.file.Path;

/**
 * By what a log's streams are recovered.
 *
 * @param known what the journal knows
 * @param policy for damage
 * @param lastCloseWasClean whether the last writer closed the log in order, so that there is nothing to repair
 * @param withThreads whether the log may have threads of its own for it
 * @param quarantineBytes what is set aside, at most
 */
public record RecoverySettings(
        KnownDurable known, DamagePolicy policy, boolean lastCloseWasClean, boolean withThreads, long quarantineBytes) {

    /** Without a journal. */
    public static final RecoverySettings DEFAULT =
            new RecoverySettings(KnownDurable.NOTHING, DamagePolicy.STOP_AT_FIRST_ERROR, true, true, Quarantine.MAX_BYTES);

    /**
     * By what the journal said when the log was opened. There is none as long as nothing was deleted, but for a full disk; only of one that
     * was lost nobody knows what it said.
     */
    public static RecoverySettings after(RedoResult redo, PositionsFile.Opened opened, DamagePolicy policy, boolean withThreads) {
        boolean isKnown = redo.frontier().isPresent() || redo.damages().isEmpty();
        KnownDurable known = isKnown ? new JournalledDurability(redo.durable()) : KnownDurable.NOTHING;
        return new RecoverySettings(known, policy, opened.wasClosed(), withThreads, Quarantine.MAX_BYTES);
    }

    public StreamRecovery recovery(SegmentStorage storage, Path root, PositionsFile.Opened opened, StreamRecovery.Listener listener) {
        return new StreamRecovery(storage, new Quarantine(storage, root, quarantineBytes),
                new StreamRecovery.Terms(opened, known, policy, false), listener);
    }

    public RecoverySettings with(KnownDurable otherKnown) {
        return new RecoverySettings(otherKnown, policy, lastCloseWasClean, withThreads, quarantineBytes);
    }

    public RecoverySettings with(DamagePolicy otherPolicy) {
        return new RecoverySettings(known, otherPolicy, lastCloseWasClean, withThreads, quarantineBytes);
    }
}
