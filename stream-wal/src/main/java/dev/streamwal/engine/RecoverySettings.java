package dev.streamwal.engine;

import dev.streamwal.recovery.DamagePolicy;
import dev.streamwal.recovery.JournalledDurability;
import dev.streamwal.recovery.KnownDurable;
import dev.streamwal.recovery.Quarantine;
import dev.streamwal.recovery.RedoResult;
import dev.streamwal.recovery.StreamRecovery;
import dev.streamwal.storage.PositionsWriter;
import dev.streamwal.storage.SegmentStorage;
import java.nio.file.Path;

/**
 * How a log's streams are recovered.
 *
 * @param known what the journal knows to be durable
 * @param policy for damage
 * @param isAllInOrder whether each writer before closed the log in order, as far as that is known, so that there is nothing to repair. The last one's
 *     close is not enough: it leaves streams as they are that it neither used nor had recovered in the background
 * @param withThreads whether recovery may use threads of its own
 * @param quarantineBytes limit of what is set aside
 */
public record RecoverySettings(
        KnownDurable known, DamagePolicy policy, boolean isAllInOrder, boolean withThreads, long quarantineBytes) {

    /**
     * By the journal's content when the log was opened. If there is no journal, nothing was deleted, unless the disk was full; so that is known
     * too. Only if a journal was lost is it unknown what it said.
     */
    public static RecoverySettings after(RedoResult redo, PositionsWriter.Opened opened, DamagePolicy policy, boolean withThreads) {
        boolean isKnown = redo.frontier().isPresent() || redo.damages().isEmpty();
        KnownDurable known = isKnown ? new JournalledDurability(redo.durable()) : KnownDurable.NOTHING;
        return new RecoverySettings(known, policy, opened.wereAllClosed(), withThreads, Quarantine.MAX_BYTES);
    }

    public StreamRecovery recovery(SegmentStorage storage, Path root, PositionsWriter.Opened opened, StreamRecovery.Listener listener) {
        return new StreamRecovery(storage, new Quarantine(storage, root, quarantineBytes),
                new StreamRecovery.Terms(opened, known, policy), listener);
    }

    public RecoverySettings with(KnownDurable otherKnown) {
        return new RecoverySettings(otherKnown, policy, isAllInOrder, withThreads, quarantineBytes);
    }
}
