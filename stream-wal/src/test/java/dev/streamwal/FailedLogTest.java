package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.WalException;
import dev.streamwal.error.WalFailedException;
import dev.streamwal.format.Positions;
import dev.streamwal.journal.FrontierFile;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.simulation.Call;
import dev.streamwal.simulation.FaultPlan;
import dev.streamwal.simulation.PowerLoss;
import dev.streamwal.simulation.SimulatedDisk;
import dev.streamwal.storage.PositionsWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** After a force that failed the log acknowledges nothing, whoever forced what; it is read, closed, and opened again. */
class FailedLogTest extends DurabilityOnSimulatedDisk {

    private static final String JOURNAL = "commit/.*journal$";
    private static final String SEGMENT = "\\.seg$";

    FailedLogTest() {
        super(new SimulatedDisk());
    }

    private void failForceOf(String pattern) {
        disk.failing(FaultPlan.nthOf(Call.FORCE, pattern, 1, FaultPlan.Failure.IO_ERROR));
    }

    private void assertFailed(StreamWal wal) {
        WalStream stream = wal.stream("other");
        assertThatThrownBy(() -> stream.append(WriteEntry.of(new byte[9]), Durability.IMMEDIATE)).isInstanceOf(WalFailedException.class)
                .hasMessageContaining("close the log and open it again");
        assertThatThrownBy(() -> stream.append(WriteEntry.of(new byte[9]), Durability.PERIODIC)).isInstanceOf(WalFailedException.class);
        assertThatThrownBy(() -> stream.appendAsync(WriteEntry.of(new byte[9]))).isInstanceOf(WalFailedException.class);
        assertThatThrownBy(() -> wal.appendAsync(new WriteBatch().add("other", WriteEntry.of(new byte[9])))).isInstanceOf(WalFailedException.class);
        assertThatThrownBy(() -> wal.append(new WriteBatch().add("other", WriteEntry.of(new byte[9])), Durability.IMMEDIATE))
                .isInstanceOf(WalFailedException.class);
        assertThat(read(wal, "other")).as("refused before it was appended").isEmpty();
        assertThatThrownBy(() -> stream.append(WriteEntry.of(new byte[9]), Durability.BUFFERED)).isInstanceOf(WalFailedException.class);
        assertThatThrownBy(() -> stream.append(new byte[9])).isInstanceOf(WalFailedException.class);
        assertThatThrownBy(() -> stream.appendIfEndIs(stream.endPosition(), WriteEntry.of(new byte[9]))).isInstanceOf(WalFailedException.class);
        assertThatThrownBy(() -> stream.appendBatch(List.of(WriteEntry.of(new byte[9]), WriteEntry.of(new byte[9]))))
                .isInstanceOf(WalFailedException.class);
        assertThatThrownBy(() -> wal.append(new WriteBatch().add("other", WriteEntry.of(new byte[9])))).isInstanceOf(WalFailedException.class);
        assertThat(read(wal, "other")).as("refused before it was appended").isEmpty();
        assertThatThrownBy(wal::sync).isInstanceOf(WalFailedException.class);
        assertThatThrownBy(() -> wal.syncAsync().get()).isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(WalFailedException.class);
        assertThat(events.failures.stream().map(Events.Failure::task)).contains("commit");
    }

    /** What was not acknowledged may be there; all else is. */
    private void assertRecovers(StreamWal failed) throws Exception {
        assertThatThrownBy(failed::close).isInstanceOf(WalFailedException.class);
        failed.close();
        Positions left = PositionsWriter.load(root(), () -> true).current();
        assertThat(left.isClosed(left.incarnation())).as("whoever opens the log next trusts nothing that the page cache holds").isFalse();
        try (StreamWal wal = open()) {
            acknowledged.forEach((key, records) -> assertThat(read(wal, key)).as(key).startsWith(records.toArray(Written[]::new)));
            append(wal, "goes on", 10, Durability.IMMEDIATE);
        }
    }

    @Test
    void journalForce_fails_failsTheLogForGood() throws Exception {
        StreamWal wal = open();
        appendDurably(wal, "a", 50);
        long durable = wal.stream("a").durablePosition();
        failForceOf(JOURNAL);
        assertThatThrownBy(() -> append(wal, "a", 50, Durability.IMMEDIATE)).isInstanceOf(WalFailedException.class)
                .hasMessageContaining("Input/output error");
        assertThat(wal.stream("a").durablePosition()).isEqualTo(durable);
        assertFailed(wal);
        assertRecovers(wal);
    }

    @Test
    void journalWrite_fails_failsTheLogForGood() throws Exception {
        StreamWal wal = open();
        appendDurably(wal, "a", 50);
        disk.failing(FaultPlan.nthOf(Call.WRITE, JOURNAL, 1, FaultPlan.Failure.SHORT_WRITE_THEN_IO_ERROR));
        assertThatThrownBy(() -> append(wal, "a", 50, Durability.IMMEDIATE)).isInstanceOf(WalFailedException.class);
        assertFailed(wal);
        assertRecovers(wal);
    }

    @Test
    void journalForce_fails_failsAllThatWaits() throws Exception {
        StreamWal wal = open();
        appendDurably(wal, "a", 50);
        List<CompletableFuture<?>> waiting = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            waiting.add(wal.stream("s" + i).appendAsync(WriteEntry.of(new byte[10])));
        }
        waiting.add(wal.appendAsync(new WriteBatch().add("s0", WriteEntry.of(new byte[10])).add("t", WriteEntry.of(new byte[10]))));
        failForceOf(JOURNAL);
        wal.runBackground();
        for (CompletableFuture<?> future : waiting) {
            assertThatThrownBy(future::get).hasCauseInstanceOf(WalFailedException.class);
        }
        assertFailed(wal);
        assertRecovers(wal);
    }

    @Test
    void segmentForce_failsWhenItIsSealed_failsTheLogAndLeavesNoFooter() throws Exception {
        StreamWal wal = open();
        appendDurably(wal, "a", 50);
        clock.advance(WINDOW);
        appendDurably(wal, "a", 50);
        failForceOf(SEGMENT);
        wal.runBackground();
        wal.sweep();
        wal.runBackground();
        assertThat(events.sealed).isEmpty();
        assertFailed(wal);
        assertRecovers(wal);
    }

    @Test
    void segmentForce_failsInARound_failsTheLog() throws Exception {
        StreamWal wal = open();
        appendDurably(wal, "a", 50);
        failForceOf(SEGMENT);
        assertThatThrownBy(() -> append(wal, "a", SMALL_JOURNAL.maxStreamBytes(), Durability.IMMEDIATE))
                .isInstanceOf(WalFailedException.class);
        assertFailed(wal);
        assertRecovers(wal);
    }

    /** Else the next attempt would force nothing, and be taken for done: with the power, the directory would be as it was. */
    @ParameterizedTest
    @ValueSource(strings = {"truncate", "purge", "delete"})
    void directoryForce_failsInADeletion_failsTheLog(String how) throws Exception {
        StreamWal wal = open();
        for (int i = 0; i < 4; i++) {
            appendDurably(wal, "a", 50);
        }
        appendDurably(wal, "kept", 50);
        clock.advance(WINDOW);
        appendDurably(wal, "a", 50);
        List<Written> records = acknowledged.get("a");
        EntryRef last = records.get(1).ref();
        ThrowingCallable deletion = () -> {
            switch (how) {
                case "truncate" -> wal.stream("a").truncateAfter(last);
                case "purge" -> wal.purge(Keys.key("a"), clock.instant());
                default -> wal.delete("a");
            }
        };
        disk.failing(FaultPlan.nthOf(Call.FORCE_DIRECTORY, "segments", 1, FaultPlan.Failure.IO_ERROR));
        assertThatThrownBy(deletion).isInstanceOf(WalFailedException.class).hasStackTraceContaining("Input/output error");
        if (how.equals("truncate")) {
            assertThatThrownBy(deletion).as("nobody goes on with it").isInstanceOf(WalFailedException.class);
        }
        assertFailed(wal);
        switch (how) {
            case "truncate" -> records.subList(2, 5).clear();
            case "purge" -> records.subList(0, 4).clear();
            default -> records.clear();
        }
        assertRecovers(wal);
        losePower();
        try (StreamWal after = open()) {
            assertAllThere(after);
        }
    }

    @Test
    void segmentForce_failsOfWhatStandsBeforeARecord_itsAppendSaysThatTheLogFailed() throws Exception {
        StreamWal wal = open(options().ownSegments(0));
        append(wal, "a", 50, Durability.BUFFERED);
        failForceOf(SEGMENT);
        // too large to share a segment
        assertThatThrownBy(() -> append(wal, "a", SEGMENT_BYTES / 2, Durability.BUFFERED)).isInstanceOf(WalFailedException.class)
                .satisfies(e -> assertThat(((WalException) e).key()).isEqualTo("a"));
        assertFailed(wal);
        assertRecovers(wal);
    }

    @Test
    void segmentForce_failsInACheckpoint_failsTheLogAndKeepsTheJournal() {
        StreamWal wal = open();
        appendDurably(wal, "cold", 50);
        failForceOf(SEGMENT);
        assertThatThrownBy(() -> {
            for (int i = 0; i < 100; i++) {
                appendDurably(wal, "busy", 2_000);
            }
        }).isInstanceOf(WalFailedException.class);
        assertFailed(wal);
        losePower();
        try (StreamWal after = open()) {
            acknowledged.forEach((key, records) -> assertThat(read(after, key)).as(key).startsWith(records.toArray(Written[]::new)));
        }
    }

    @Test
    void segmentForce_failsInABackgroundCheckpoint_losesNothingWithThePower() {
        StreamWal wal = open();
        appendDurably(wal, "cold", 50);
        for (int i = 0; i < 12; i++) {
            appendDurably(wal, "busy", 2_000);
        }
        failForceOf(SEGMENT);
        wal.runBackground();
        assertThat(disk.failures()).hasSize(1);
        // the kernel has forgotten: the next force says that all is well
        wal.runBackground();
        assertFailed(wal);
        losePower();
        try (StreamWal after = open()) {
            assertAllThere(after);
        }
    }

    /**
     * The page cache takes the segment for written, and its force would do nothing: unless the journal's bytes are written again, the
     * checkpoint that frees the journal loses them.
     */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void segmentForce_failsAndTheLogIsOpenedAgainInTheSameBoot_writesAllThatTheJournalHas(boolean isClosed) {
        StreamWal failed = open();
        appendDurably(failed, "cold", 2_000);
        for (int i = 0; i < 12; i++) {
            appendDurably(failed, "busy", 2_000);
        }
        failForceOf(SEGMENT);
        failed.runBackground();
        assertThat(disk.failures()).hasSize(1);
        if (isClosed) {
            assertThatThrownBy(failed::close).isInstanceOf(WalFailedException.class);
        } else {
            disk.kill();
        }
        StreamWal wal = open();
        for (int i = 0; i < 50; i++) {
            appendDurably(wal, "other", 2_000);
            wal.runBackground();
        }
        losePower();
        try (StreamWal after = open()) {
            assertAllThere(after);
        }
    }

    @Test
    void checkpoint_cannotReadWhereAStreamBegins_isDoneByTheNextOne() throws Exception {
        StreamWal first = open();
        append(first, "a", 50, Durability.IMMEDIATE);
        clock.advance(WINDOW);
        Written kept = append(first, "a", 50, Durability.BUFFERED);
        assertThat(first.purge(Keys.key("a"), clock.instant()).deletedSegments()).isEqualTo(1);
        disk = PowerLoss.losingNothing(disk);
        restart();
        StreamWal wal = open();
        disk.failing(FaultPlan.nthOf(Call.READ, "segments/a/.*seg$", 1, FaultPlan.Failure.IO_ERROR));
        for (int i = 0; disk.failures().isEmpty(); i++) {
            assertThat(i).as("appends until the journal that was found is given back").isLessThan(50);
            appendDurably(wal, "busy", 2_000);
            wal.runBackground();
        }
        wal.runBackground();
        assertThat(FrontierFile.load(root()).orElseThrow().segments()).extracting(segment -> segment.key().text()).contains("a");
        disk = PowerLoss.losingNothing(disk);
        restart();
        StreamWal after = open();
        assertThat(read(after, "a")).containsExactly(kept);
        assertAllThere(after);
    }

    @Test
    void frontier_cannotBeWrittenAtClose_isToldAndTheLogCanBeOpenedAgain() {
        StreamWal wal = open();
        appendDurably(wal, "a", 50);
        disk.failing(FaultPlan.nthOf(Call.WRITE, "frontier", 1, FaultPlan.Failure.DISK_FULL));
        wal.close();
        assertThat(events.failures).hasSize(1);
        assertSurvivesPowerLoss();
    }
}
