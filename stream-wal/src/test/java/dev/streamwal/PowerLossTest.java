package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.commit.Deletion;
import dev.streamwal.error.WalIOException;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.FileForce;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.simulation.Call;
import dev.streamwal.simulation.FaultPlan;
import dev.streamwal.simulation.PowerLoss;
import dev.streamwal.simulation.SimulatedDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What was acknowledged as durable is there after the power was lost, and with it all that the disk had not been forced to write. */
class PowerLossTest extends DurabilityOnSimulatedDisk {

    PowerLossTest() {
        super(new SimulatedDisk());
    }

    @AfterEach
    void nothingFailed() {
        assertThat(events.failures).isEmpty();
    }

    @Test
    void append_immediate_isThereWithAllThatTheStreamHadBefore() {
        StreamWal wal = open();
        for (int i = 0; i < 3; i++) {
            acknowledge("a", append(wal, "a", 50, Durability.BUFFERED));
            append(wal, "never forced", 50, Durability.BUFFERED);
        }
        appendDurably(wal, "a", 50);
        losePower();
        try (StreamWal after = open()) {
            assertAllThere(after);
            assertThat(read(after, "never forced")).isEmpty();
        }
    }

    @Test
    void append_immediate_isThereAcrossSegmentsThatWereNeverForced() {
        StreamWal wal = open();
        for (int window = 0; window < 3; window++) {
            acknowledge("a", append(wal, "a", 50, Durability.BUFFERED));
            clock.advance(WINDOW);
        }
        appendDurably(wal, "a", 50);
        assertSurvivesPowerLoss();
    }

    @Test
    void append_immediate_isThereBehindSegmentsThatWereSealed() {
        StreamWal wal = open();
        for (int window = 0; window < 3; window++) {
            acknowledge("a", append(wal, "a", 50, Durability.BUFFERED));
            clock.advance(WINDOW);
            wal.runBackground();
        }
        appendDurably(wal, "a", 50);
        assertSurvivesPowerLoss();
    }

    @Test
    void journalFile_usedAgain_mentionsAgainWhatItMentionedBefore() throws Exception {
        StreamWal wal = open();
        appendDurably(wal, "cold", 50);
        // goes through all files, of which the first is then written again
        long files = 0;
        for (int i = 0; i < 40; i++) {
            appendDurably(wal, "busy", 2_000);
            files = Math.max(files, journalFiles().size());
        }
        assertThat(files).isBetween(2L, 4L);
        for (int i = 0; i < 30; i++) {
            appendDurably(wal, "cold", 50);
            appendDurably(wal, "busy", 1_000);
        }
        assertSurvivesPowerLoss();
    }

    @Test
    void append_moreThanAStreamMayHaveInABlock_forcesTheSegment() {
        StreamWal wal = open();
        appendDurably(wal, "a", 10);
        long before = wal.stats().flushes();
        appendDurably(wal, "a", SMALL_JOURNAL.maxStreamBytes());
        assertThat(wal.stats().flushes() - before).as("the segment, its directory, the streams', the root, the journal").isEqualTo(5);
        assertThat(wal.stream("a").durablePosition()).isEqualTo(wal.stream("a").endPosition());
        assertSurvivesPowerLoss();
    }

    @Test
    void append_largerThanTheRestOfTheFile_goesToTheNextOne() throws Exception {
        StreamWal wal = open();
        appendDurably(wal, "a", 1_000);
        while (journalFiles().size() < 2) {
            appendDurably(wal, "a", 1_000);
        }
        for (int i = 0; i < 20; i++) {
            appendDurably(wal, "a", 3_900);
        }
        assertSurvivesPowerLoss();
    }

    @Test
    void writeBatch_ofManyStreams_isThereByOneFlush() {
        StreamWal wal = open();
        appendDurably(wal, "s0", 10);
        WriteBatch batch = new WriteBatch();
        for (int i = 0; i < 30; i++) {
            batch.add("s" + i, WriteEntry.of(LogContract.bytes(20, i)));
        }
        long before = wal.stats().flushes();
        var refs = wal.append(batch, Durability.IMMEDIATE);
        assertThat(wal.stats().flushes() - before).isEqualTo(1);
        for (int i = 0; i < 30; i++) {
            acknowledge("s" + i, Written.of(refs.get(i), clock.millis(), LogContract.bytes(20, i)));
        }
        assertSurvivesPowerLoss();
    }

    @Test
    void appendAsync_completed_isThere() {
        StreamWal wal = open();
        List<CompletableFuture<?>> futures = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            String key = "s" + i % 3;
            byte[] content = LogContract.bytes(100, i);
            futures.add(wal.stream(key).appendAsync(WriteEntry.of(content))
                    .thenAccept(ref -> acknowledge(key, Written.of(ref, clock.millis(), content))));
        }
        assertThat(futures).noneMatch(CompletableFuture::isDone);
        wal.runBackground();
        assertThat(futures).allMatch(CompletableFuture::isDone);
        assertSurvivesPowerLoss();
    }

    @Test
    void appendAsync_batchCompleted_isThereByOneFlush() {
        StreamWal wal = open();
        appendDurably(wal, "s0", 10);
        WriteBatch batch = new WriteBatch();
        for (int i = 0; i < 30; i++) {
            batch.add("s" + i % 10, WriteEntry.of(LogContract.bytes(20, i)));
        }
        long before = wal.stats().flushes();
        CompletableFuture<List<EntryRef>> future = wal.appendAsync(batch);
        assertThat(future).isNotDone();
        wal.runBackground();
        assertThat(wal.stats().flushes() - before).isEqualTo(1);
        List<EntryRef> refs = future.join();
        for (int i = 0; i < 30; i++) {
            acknowledge("s" + i % 10, Written.of(refs.get(i), clock.millis(), LogContract.bytes(20, i)));
        }
        assertSurvivesPowerLoss();
    }

    @Test
    void append_periodic_isThereWhenTheIntervalIsOver() {
        StreamWal wal = open();
        for (int i = 0; i < 20; i++) {
            acknowledge("s" + i, append(wal, "s" + i, 50, Durability.PERIODIC));
        }
        long before = wal.stats().flushes();
        wal.runBackground();
        assertThat(wal.stats().flushes() - before).as("one for all streams").isEqualTo(1);
        assertSurvivesPowerLoss();
    }

    @Test
    void sync_ofFewStreams_isThereWithoutAJournal() {
        StreamWal wal = open();
        for (int i = 0; i < 3; i++) {
            acknowledge("s" + i, append(wal, "s" + i, 50, Durability.BUFFERED));
        }
        wal.sync();
        assertThat(root().resolve("commit")).doesNotExist();
        assertSurvivesPowerLoss();
    }

    /** Every read of a segment that the journal doesn't name would fail. */
    @Test
    void open_readsNoSegmentThatTheJournalDoesNotName() {
        StreamWal wal = open();
        for (int i = 0; i < 8; i++) {
            acknowledge("other " + i, append(wal, "other " + i, 50, Durability.BUFFERED));
        }
        wal.sync();
        appendDurably(wal, "named", 50);
        losePower();
        disk.failing(new FaultPlan(0, EnumSet.of(Call.READ), "segments/other.*seg$", 1, Integer.MAX_VALUE, FaultPlan.Failure.IO_ERROR));
        StreamWal after = open();
        assertThat(disk.failures()).isEmpty();
        assertThat(read(after, "named")).isEqualTo(acknowledged.get("named"));
        assertThatThrownBy(() -> after.stream("other 1").endPosition()).as("the plan is alive").isInstanceOf(WalIOException.class);
        disk.failing(FaultPlan.NONE);
        assertAllThere(after);
    }

    /** Whether the disk was taken away and brought back meanwhile nobody knows: what the journal has is compared, and nothing else read. */
    @Test
    void open_behindAKilledProcess_readsNoSegmentThatTheJournalDoesNotName() {
        StreamWal killed = open();
        appendDurably(killed, "named", 50);
        acknowledge("other", append(killed, "other", 50, Durability.BUFFERED));
        disk.kill();
        disk.failing(new FaultPlan(0, EnumSet.of(Call.READ), "other.*seg$", 1, Integer.MAX_VALUE, FaultPlan.Failure.IO_ERROR));
        StreamWal wal = open();
        assertThat(disk.failures()).isEmpty();
        disk.failing(FaultPlan.NONE);
        assertAllThere(wal);
    }

    /** A disk that was taken away and brought back. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void open_theCacheIsLostAndTheMachineWasNotRestarted_whatTheJournalHasIsThere(boolean closed) {
        for (int i = 0; i < 30; i++) {
            StreamWal wal = open();
            appendDurably(wal, "a", 50);
            Written buffered = append(wal, "b", 50, Durability.BUFFERED);
            appendDurably(wal, "c" + i, 50);
            if (closed) {
                wal.close();
                acknowledge("b", buffered);
            }
            loseCache();
        }
        assertSurvivesPowerLoss();
    }

    @Test
    void close_makesEverythingDurable() {
        for (int streams : new int[] {1, 30}) {
            try (StreamWal wal = open()) {
                for (int i = 0; i < streams; i++) {
                    acknowledge("s" + i, append(wal, "s" + i, 50, Durability.BUFFERED));
                }
            }
            losePower();
        }
        assertSurvivesPowerLoss();
    }

    /** Recovery deletes a name without pages, and is killed before that is durable: the name comes back before the segment that was begun without it. */
    @Test
    void append_durable_whereADeletedNameComesBack_isThere() throws IOException {
        append(open(), "a", 50, Durability.BUFFERED);
        Path folder = root().resolve("segments").resolve("a");
        for (Path named = folder; !named.equals(root().getParent()); named = named.getParent()) {
            DirectoryForce.force(named);
        }
        losePower();
        disk.failing(FaultPlan.nthOf(Call.FORCE_DIRECTORY, "segments/a$", 1, FaultPlan.Failure.IO_ERROR));
        StreamWal killed = open();
        assertThatThrownBy(() -> appendDurably(killed, "a", 50)).isInstanceOf(WalIOException.class);
        assertThat(disk.failures()).hasSize(1);
        disk.kill();
        appendDurably(open(), "a", 50);
        assertSurvivesPowerLoss();
    }

    /** Recovery sets a segment aside behind a lost one, and is killed before that is durable: it comes back before the segment that was begun without it. */
    @Test
    void append_durable_whereASegmentComesBackThatWasSetAside_isThere() throws IOException {
        StreamWal wal = open();
        Path folder = root().resolve("segments").resolve("a");
        acknowledge("a", append(wal, "a", 50, Durability.BUFFERED));
        for (int window = 0; window < 3; window++) {
            clock.advance(WINDOW);
            append(wal, "a", 50, Durability.BUFFERED);
        }
        List<Path> segments = segmentsIn(folder);
        assertThat(segments).hasSize(4);
        Files.delete(segments.get(1));
        for (Path left : segmentsIn(folder)) {
            FileForce.force(left);
        }
        for (Path named = folder; !named.equals(root().getParent()); named = named.getParent()) {
            DirectoryForce.force(named);
        }
        losePower();
        disk.failing(FaultPlan.nthOf(Call.FORCE_DIRECTORY, "quarantine$", 2, FaultPlan.Failure.IO_ERROR));
        StreamWal killed = open();
        assertThatThrownBy(() -> appendDurably(killed, "a", 50)).isInstanceOf(WalIOException.class);
        assertThat(disk.failures()).hasSize(1);
        disk.kill();
        appendDurably(open(), "a", 50);
        losePower();
        assertThat(segmentsIn(root().resolve("segments").resolve("a"))).as("what was to be set aside is there again").hasSize(2);
        assertSurvivesPowerLoss();
    }

    /** Killed while it makes the journal: its names are there for the next process, which appends to it, and not durable yet. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void append_durable_behindAKillWithinMakingTheJournal_isThere(int forces) {
        StreamWal killed = open();
        disk.failing(new FaultPlan(0, EnumSet.of(Call.FORCE_DIRECTORY, Call.DELETE), "/commit", forces, Integer.MAX_VALUE, FaultPlan.Failure.IO_ERROR));
        assertThatThrownBy(() -> appendDurably(killed, "a", 50)).isInstanceOf(WalIOException.class);
        disk.kill();
        disk.failing(FaultPlan.NONE);
        appendDurably(open(), "a", 50);
        assertSurvivesPowerLoss();
    }

    private static List<Path> segmentsIn(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".seg")).sorted().toList();
        }
    }

    /** As the documents of {@link StreamWal#close()} say. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void close_afterAKilledWriter_makesDurableWhatWasBroughtInOrder(boolean recovered) {
        StreamWal killed = open();
        acknowledge("a", append(killed, "a", 50, Durability.BUFFERED));
        disk.kill();
        try (StreamWal wal = open()) {
            if (recovered) {
                RecoveryReport unused = wal.recoverAll(progress -> {});
            }
        }
        losePower();
        try (StreamWal wal = open()) {
            assertThat(read(wal, "a")).hasSize(recovered ? 1 : 0);
        }
    }

    @Test
    void append_durableAfterReopening_includesWhatTheKilledWriterHadNotForced() {
        StreamWal killed = open();
        acknowledge("a", append(killed, "a", 50, Durability.BUFFERED));
        acknowledge("b", append(killed, "b", 50, Durability.BUFFERED));
        appendDurably(killed, "c", 50);
        disk.kill();
        StreamWal wal = open();
        appendDurably(wal, "a", 50);
        wal.stream("b").sync();
        appendDurably(wal, "c", 50);
        assertSurvivesPowerLoss();
    }

    @Test
    void append_durableInAnInheritedJournal_isThereWithWhatTheKilledWriterJournalled() {
        for (int writer = 0; writer < 6; writer++) {
            StreamWal wal = open();
            appendDurably(wal, "own " + writer, 500);
            for (int i = 0; i < 8; i++) {
                appendDurably(wal, "shared " + i % 2, 700);
            }
            disk.kill();
        }
        assertSurvivesPowerLoss();
    }

    @Test
    void sweep_isNotUndoneByTheJournal() {
        StreamWal wal = open();
        for (int i = 0; i < 4; i++) {
            append(wal, "a", 50, Durability.IMMEDIATE);
        }
        clock.advance(WINDOW);
        for (int i = 0; i < 4; i++) {
            appendDurably(wal, "a", 50);
        }
        wal.runBackground();
        assertThat(wal.sweep(Instant.ofEpochMilli(LogContract.NOW).plus(WINDOW).plus(Duration.ofHours(1))).deletedSegments()).isOne();
        assertSurvivesPowerLoss();
    }

    @Test
    void deletion_underWay_keepsItsFileFromBeingUsedAgain() throws Exception {
        StreamWal wal = open();
        appendDurably(wal, "a", 50);
        Deletion.Kept kept = wal.deletions().deletedBelow(List.of(new Deletion.Below(wal.stream("gone").log().key(), 8)));
        byte[] held = Files.readAllBytes(journalFiles().get(0));
        int end = lastUsed(held);
        boolean full = false;
        for (int i = 0; i < 100 && !full; i++) {
            try {
                appendDurably(wal, "a", 2_000);
            } catch (WalIOException e) {
                assertThat(e).hasStackTraceContaining("deletions that it holds are still being carried out");
                // appended, and not acknowledged: the next one includes it
                List<Written> all = read(wal, "a");
                acknowledge("a", all.get(all.size() - 1));
                full = true;
            }
        }
        assertThat(full).isTrue();
        assertThat(journalFiles()).hasSize(4);
        assertThat(Arrays.copyOf(Files.readAllBytes(journalFiles().get(0)), end)).isEqualTo(Arrays.copyOf(held, end));
        kept.close();
        for (int i = 0; i < 40; i++) {
            appendDurably(wal, "a", 2_000);
        }
        assertSurvivesPowerLoss();
    }

    /** Its oldest segment goes, of which the journal says so; then the journal's files are all used again. */
    private void sweepAndForgetIt(StreamWal wal, boolean killed) {
        clock.advance(RETENTION);
        assertThat(wal.sweep().deletedSegments()).isOne();
        StreamWal writer = wal;
        if (killed) {
            disk.kill();
            writer = open();
        }
        for (int i = 0; i < 60; i++) {
            appendDurably(writer, "busy", 2_000);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void sweep_whenTheJournalHasForgottenIt_isNotUndone(boolean killed) {
        StreamWal wal = open();
        Written swept = append(wal, "a", 50, Durability.IMMEDIATE);
        clock.advance(WINDOW);
        append(wal, "a", 50, Durability.BUFFERED);
        wal.runBackground();
        sweepAndForgetIt(wal, killed);
        assertSurvivesPowerLoss();
        try (StreamWal after = open()) {
            assertThat(read(after, "a")).doesNotContain(swept);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void sweep_whenTheJournalHasForgottenIt_leavesAStreamThatIsNotTakenForALostOne(boolean killed) {
        StreamWal wal = open();
        append(wal, "a", 50, Durability.BUFFERED);
        clock.advance(WINDOW);
        acknowledge("a", append(wal, "a", 50, Durability.BUFFERED));
        wal.runBackground();
        sweepAndForgetIt(wal, killed);
        // the kernel had written it, though nobody had asked
        disk = PowerLoss.losingNothing(disk);
        restart();
        try (StreamWal after = open()) {
            assertAllThere(after);
        }
    }

    private static int lastUsed(byte[] file) {
        int end = file.length;
        while (file[end - 1] == 0) {
            end--;
        }
        return end;
    }
}
