package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.commit.JournalSizes;
import dev.streamwal.engine.Environment;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.Positions;
import dev.streamwal.format.PositionsLayout;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A log that is opened again: after it was closed, after its machine was restarted, and after its writer was killed. */
abstract class ReopenContract extends LogContract {

    ReopenContract(LogHome home) {
        super(home);
    }

    // ---------------------------------------------------------------- after close

    @ParameterizedTest
    @ValueSource(ints = {1, 15, 16, 17, MANY, 1_000})
    void reopen_afterClose_goesOnWhereItEndedInANewSegment(int before) {
        StreamWal wal = open();
        List<Written> written = appendSome(wal.stream("s"), before);
        wal.close();
        int segments = segmentsOf("s").size();
        StreamWal again = open();
        written.addAll(appendSome(again.stream("s"), 2));
        assertContiguous(written);
        assertThat(segmentsOf("s")).hasSize(segments + 1);
        assertThat(heard().recovered).isEmpty();
        assertHoldsEverywhere(again, "s", written);
    }

    @Test
    void reopen_manyTimes_everythingIsThereEachTime() {
        List<Written> written = new ArrayList<>();
        for (int round = 0; round < 12; round++) {
            StreamWal wal = open();
            written.addAll(appendSome(wal.stream("s"), round * 7 % 40, 200));
            if (round % 3 == 0) {
                clock.advance(WINDOW);
            }
            wal.close();
        }
        assertContiguous(written);
        assertHoldsEverywhere(open(), "s", written);
        assertThat(heard().recovered).isEmpty();
    }

    @Test
    void reopen_emptyLog_isEmpty() {
        open().close();
        assertThat(reader().keys()).isEmpty();
        StreamWal again = open();
        assertThat(again.keys()).isEmpty();
        assertThat(again.stats()).isEqualTo(new WalStats(new WalStats.Fields(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, false)));
    }

    @Test
    void close_whateverTheStreamsWere_leavesNoPreparedSpaceAndNoTemporaryFiles() throws IOException {
        StreamWal wal = open();
        appendSome(wal.stream("small"), 3);
        appendSome(wal.stream("larger"), MANY);
        appendSome(wal.stream("nearly full"), 60, 1_000);
        wal.close();
        try (Stream<Path> files = Files.walk(root)) {
            assertThat(files.filter(Files::isRegularFile).map(file -> root.relativize(file).toString()).toList())
                    .allMatch(name -> name.equals("LOCK") || name.equals("positions") || name.equals("writer")
                            || name.equals("streams")
                            || name.matches("segments/[^/]+/[0-9a-f]{16}_[0-9]+\\.seg"));
        }
        for (String key : List.of("small", "larger", "nearly full")) {
            long end = readerEnd(key);
            assertThat(Files.size(segmentsOf(key).get(0))).as(key).isLessThanOrEqualTo(Math.max(4_096, end + 200));
        }
    }

    private long readerEnd(String key) {
        try (WalReader reader = WalReader.open(root)) {
            return reader.describe(key).orElseThrow().endPosition();
        }
    }

    @Test
    void close_withSegmentsBeingSealed_theyHaveTheirFootersAfterwards() {
        StreamWal wal = open();
        List<Written> written = appendSome(wal.stream("s"), 1_000, 1_000);
        int sealed = segmentsOf("s").size() - 1;
        wal.close();
        assertThat(heard().sealed).hasSize(sealed);
        assertThat(heard().sealed).extracting(SealedSegment::path).isEqualTo(segmentsOf("s").subList(0, sealed));
        assertHoldsEverywhere(open(), "s", written);
    }

    @Test
    void reader_opensBeforeTheWriterAndStaysAfterIt_seesEverything() {
        StreamWal wal = open();
        WalReader before = reader();
        WalReader within = readerOf(wal);
        assertThat(before.keys()).isEmpty();
        List<Written> written = appendSome(wal.stream("s"), MANY);
        Written.assertHolds(before, "s", written);
        wal.close();
        Written.assertHolds(before, "s", written);
        Written.assertHolds(within, "s", written);
        StreamWal again = open();
        written.addAll(appendSome(again.stream("s"), MANY));
        Written.assertHolds(before, "s", written);
        Written.assertHolds(within, "s", written);
    }

    // ---------------------------------------------------------------- after a restart of the machine

    @ParameterizedTest
    @ValueSource(ints = {3, MANY})
    void reopen_anotherBoot_goesOnInANewSegmentAtPositionsNeverGiven(int before) {
        StreamWal wal = open();
        List<Written> written = appendSome(wal.stream("s"), before);
        List<Written> idle = appendSome(wal.stream("idle"), before);
        long end = wal.stream("s").endPosition();
        wal.close();
        forgetThatItWasClosed();

        StreamWal next = open(options(), NEXT_BOOT);
        assertHoldsNow(next, "idle", idle);
        assertThat(next.stream("s").endPosition()).isEqualTo(end);
        List<Written> more = appendSome(next.stream("s"), before);
        assertThat(more.get(0).ref().position()).isGreaterThan(end);
        assertContiguous(more);
        assertThat(segmentsOf("s")).hasSize(2);
        Path first = segmentsOf("s").get(0);
        await("the old segment is sealed", () -> heard().sealed.stream().anyMatch(sealed -> sealed.path().equals(first)));
        written.addAll(more);
        assertHoldsNow(next, "s", written);
        for (long between : new long[] {end, more.get(0).ref().position() - 40}) {
            assertStatus(next, new EntryRef("s", between, 40), EntryBatch.Status.NOT_FOUND);
        }
        // from the old end on, what comes next is what was appended next
        assertThat(Written.drain(readerOf(next).scanFrom("s", end))).isEqualTo(more);
        next.close();
        StreamWal same = open(options(), NEXT_BOOT);
        List<Written> evenMore = appendSome(same.stream("s"), 2);
        assertThat(evenMore.get(0).ref().position()).isEqualTo(more.get(before - 1).ref().end());
        written.addAll(evenMore);
        assertHoldsNow(same, "s", written);
        assertHoldsNow(same, "idle", idle);
        assertThat(heard().recovered).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void reopen_bootUnknown_goesOnWhereItWasClosedElseAtPositionsNeverGiven(boolean closed) {
        List<Written> written = new ArrayList<>();
        for (int round = 0; round < 4; round++) {
            StreamWal wal = open(options(), Optional::empty);
            List<Written> some = appendSome(wal.stream("s"), 2);
            if (!written.isEmpty()) {
                long end = written.get(written.size() - 1).ref().end();
                assertThat(some.get(0).ref().position() > end).isEqualTo(!closed);
                assertThat(some.get(0).ref().position()).isGreaterThanOrEqualTo(end);
            }
            written.addAll(some);
            wal.close();
            if (!closed) {
                forgetThatItWasClosed();
            }
        }
        assertThat(segmentsOf("s")).hasSize(4);
        StreamWal wal = open(options(), Optional::empty);
        assertHoldsNow(wal, "s", written);
    }

    @Test
    void reopen_streamUsedInNoneOfTheOpeningsThatAreKnown_goesOnAtPositionsNeverGiven() {
        List<EntryRef> last = new ArrayList<>();
        for (int opening = 0; opening < Positions.CLOSED_KNOWN + 2; opening++) {
            try (StreamWal wal = open()) {
                last.add(wal.stream("s" + opening).append(bytes("x")));
            }
        }
        StreamWal wal = open();
        for (int opening = 0; opening < last.size(); opening++) {
            boolean isUsed = last.size() - opening < Positions.CLOSED_KNOWN;
            assertThat(wal.stream("s" + opening).append(bytes("x")).position() == last.get(opening).end()).as("opening " + opening)
                    .isEqualTo(isUsed);
        }
    }

    /** A stream whose beginning has expired, whose last segment was closed long ago, and then the machine is started anew. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void reopen_streamUsedInNoneOfTheOpeningsThatAreKnown_andAnotherBoot_hasAllThatIsLeftOfIt(boolean fails) {
        List<Written> kept;
        WalOptions options = options().build();
        Environment machine = Environment.ofThisMachine(options.storage().kind());
        JournalSizes journal = new JournalSizes(512 << 10, 512 << 10, 1 << 20, 64 << 10, 32 << 10);
        Environment small = new Environment(THIS_BOOT, machine.storages(), machine.salts(), true, journal);
        try (StreamWal wal = closing(StreamWal.open(root, options, small))) {
            EntryRef unused = wal.stream("d").append(WriteEntry.of(new byte[9]), Durability.IMMEDIATE);
            appendSome(wal.stream("s"), 3);
            clock.advance(WINDOW);
            kept = appendSome(wal.stream("s"), 3);
            await("the first segment is sealed", () -> !heard().sealed.isEmpty());
            clock.advance(RETENTION);
            assertThat(wal.sweep(clock.instant()).deletedSegments()).isPositive();
            assertThat(segmentsOf("s")).hasSize(1);
            // the journal forgets the deletion
            for (int i = 0; i < 400; i++) {
                unused = wal.stream("d").append(WriteEntry.of(new byte[10_000]), Durability.IMMEDIATE);
            }
            wal.runBackground();
        }
        for (int opening = 0; opening < Positions.CLOSED_KNOWN + 6; opening++) {
            if (fails) {
                assertThatThrownBy(() -> StreamWal.open(root, options, small.withRecovery(settings -> {
                    throw new IllegalStateException("as where the keys are missing");
                }))).isInstanceOf(IllegalStateException.class);
            } else {
                StreamWal.open(root, options, small).close();
            }
        }
        StreamWal wal = closing(StreamWal.open(root, options, small.withBootId(NEXT_BOOT)));
        assertHoldsNow(wal, "s", kept);
        RecoveryReport report = wal.recoverAll(progress -> { });
        assertThat(report.refusedStreams()).isZero();
        assertThat(heard().recovered).isEmpty();
        // who has read all of it isn't told of a loss either
        long end = kept.get(kept.size() - 1).ref().end();
        List<Written> more = appendSome(wal.stream("s"), 2);
        assertThat(Written.drain(readerOf(wal).scanFrom("s", end))).isEqualTo(more);
        kept.addAll(more);
        assertHoldsNow(wal, "s", kept);
    }

    @Test
    void appendIfEndIs_anotherBoot_takesTheOldEndAndGivesTheNewPosition() {
        StreamWal wal = open();
        appendSome(wal.stream("s"), 3);
        long end = wal.stream("s").endPosition();
        wal.close();
        forgetThatItWasClosed();
        StreamWal next = open(options(), NEXT_BOOT);
        assertThat(next.stream("s").appendIfEndIs(end - 8, WriteEntry.of(bytes("x")))).isEmpty();
        EntryRef appended = next.stream("s").appendIfEndIs(end, WriteEntry.of(bytes("x"))).orElseThrow();
        assertThat(appended.position()).isGreaterThan(end);
        assertThat(next.stream("s").appendIfEndIs(end, WriteEntry.of(bytes("x")))).isEmpty();
    }

    // ---------------------------------------------------------------- after a kill

    /** As what a killed writer leaves: not closed, and the end of the newest segment is what it was in the middle of. */
    private Path killedWith(List<Written> written, int records, byte[] tail) throws IOException {
        StreamWal wal = open();
        written.addAll(appendSome(wal.stream("s"), records));
        wal.close();
        forgetThatItWasClosed();
        Path file = segmentsOf("s").get(0);
        Files.write(file, tail, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
        return file;
    }

    /** The file's bytes up to the end of its records. */
    private long cutBehindRecords(Path file, List<Written> written) throws IOException {
        long end = headerLength() + written.get(written.size() - 1).ref().end();
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(whole, (int) end));
        return end;
    }

    private static int headerLength() {
        return 104;
    }

    @Test
    void open_afterACloseThatCameBeforeAllWasInOrder_bringsTheRestInOrderInTheBackground() throws IOException {
        List<Written> written = new ArrayList<>();
        Path file = killedWith(written, 5, new byte[0]);
        long end = cutBehindRecords(file, written);
        Environment machine = Environment.ofThisMachine(home.storage().kind());
        for (int opening = 0; opening < 2; opening++) {
            StreamWal.open(root, options().build(), new Environment(THIS_BOOT, machine.storages(), machine.salts(), false)).close();
            assertThat(file).as("nothing was done in the background").hasSize(end);
        }
        StreamWal wal = open();
        await("the stream is in order", () -> wal.recoveryReport().recoveredStreams() == 1);
        await("its segment has a footer", () -> heard().sealed.size() == 1);
        assertHoldsEverywhere(wal, "s", written);
        assertThat(Files.size(file)).isGreaterThan(end);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8, 31, 32, 4_000})
    void reopen_zerosBehindTheRecords_areCutAndNothingIsReported(int zeros) throws IOException {
        List<Written> written = new ArrayList<>();
        killedWith(written, 5, new byte[zeros]);
        try (WalReader reader = WalReader.open(root)) {
            Written.assertHolds(reader, "s", written);
        }
        StreamWal wal = open();
        written.addAll(appendSome(wal.stream("s"), 2));
        assertThat(heard().recovered).isEmpty();
        assertHoldsEverywhere(wal, "s", written);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 8, 20, 31, 32, 33, 80})
    void reopen_halfARecordAtTheEnd_isSetAsideAndTheStreamGoesOn(int cut) throws IOException {
        StreamWal wal = open();
        List<Written> written = appendSome(wal.stream("s"), 6);
        wal.close();
        forgetThatItWasClosed();
        Path file = segmentsOf("s").get(0);
        cutBehindRecords(file, written);
        Written last = written.remove(5);
        byte[] whole = Files.readAllBytes(file);
        // the mark points to the last record only after that was written: give it back
        byte[] torn = Arrays.copyOf(whole, whole.length - cut);
        Arrays.fill(torn, 92, 96, (byte) 0);
        Files.write(file, torn);
        try (WalReader reader = WalReader.open(root)) {
            Written.assertHolds(reader, "s", written);
        }

        StreamWal again = open();
        List<Written> more = appendSome(again.stream("s"), 2);
        assertThat(more.get(0).ref().position()).isGreaterThanOrEqualTo(last.ref().end());
        written.addAll(more);
        int left = last.ref().size() - cut;
        if (left >= 32) {
            assertThat(heard().recovered).hasSize(1);
            RecoveryReport.StreamFindings told = heard().recovered.get(0);
            assertThat(told.key()).isEqualTo("s");
            assertThat(Events.last(told).file()).isEqualTo(file);
            assertThat(told.sums().recordsKept()).isEqualTo(5);
            assertThat(told.sums().bytesCut()).isEqualTo(left);
            Path aside = Events.last(told).setAside().orElseThrow();
            assertThat(aside.getParent()).isEqualTo(root.resolve("quarantine"));
            assertThat(Files.readAllBytes(aside)).isEqualTo(Arrays.copyOfRange(torn, torn.length - left, torn.length));
        }
        assertHoldsEverywhere(again, "s", written);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void reopen_aSlotThatWasReservedAndNotPublished_becomesPadding(boolean first) throws IOException {
        StreamWal wal = open();
        List<Written> written = appendSome(wal.stream("s"), 6);
        wal.close();
        forgetThatItWasClosed();
        Path file = segmentsOf("s").get(0);
        Written hole = written.remove(first ? 0 : 3);
        byte[] whole = Files.readAllBytes(file);
        int at = (int) (headerLength() + hole.ref().position());
        // the content may be there already, the commit word isn't
        Arrays.fill(whole, at, at + 8, (byte) 0);
        Files.write(file, whole);
        StreamWal again = open();
        written.addAll(appendSome(again.stream("s"), 2));
        assertThat(heard().recovered).hasSize(1);
        assertThat(Events.last(heard().recovered.get(0)).decision()).contains("padding");
        assertThat(heard().recovered.get(0).sums().recordsKept()).isEqualTo(5);
        assertStatus(again, hole.ref(), EntryBatch.Status.NOT_FOUND);
        assertHoldsEverywhere(again, "s", written);
        assertThat(heard().recovered).as("recovery finds nothing to do the second time").hasSize(1);
    }

    @Test
    void reopen_aBatchThatWasNotPublished_isGoneAltogether() throws IOException {
        StreamWal wal = open();
        List<Written> written = appendSome(wal.stream("s"), 3);
        List<EntryRef> batch = wal.stream("s").appendBatch(List.of(
                WriteEntry.of(bytes("one")), WriteEntry.of(bytes("two")), WriteEntry.of(bytes("three"))));
        List<Written> behind = appendSome(wal.stream("s"), 2);
        wal.close();
        forgetThatItWasClosed();
        Path file = segmentsOf("s").get(0);
        byte[] whole = Files.readAllBytes(file);
        int at = (int) (headerLength() + batch.get(0).position()) - 40;
        Arrays.fill(whole, at, at + 8, (byte) 0);
        Files.write(file, whole);
        StreamWal again = open();
        written.addAll(behind);
        written.addAll(appendSome(again.stream("s"), 2));
        for (EntryRef ref : batch) {
            assertStatus(again, ref, EntryBatch.Status.NOT_FOUND);
        }
        assertHoldsEverywhere(again, "s", written);
    }

    private void assertStatus(StreamWal wal, EntryRef ref, EntryBatch.Status status) {
        try (WalReader within = wal.reader(); WalReader without = WalReader.open(root)) {
            for (WalReader reader : List.of(within, without)) {
                try (EntryBatch batch = reader.readBatch(List.of(ref))) {
                    assertThat(batch.status(0)).as(ref.toString()).isEqualTo(status);
                }
            }
        }
    }

    @Test
    void reopen_damageInTheMiddle_isRefusedWhereItWasClosedElseTheRestIsSetAside() throws IOException {
        StreamWal wal = open();
        List<Written> written = appendSome(wal.stream("s"), 10);
        wal.close();
        Path file = segmentsOf("s").get(0);
        byte[] whole = Files.readAllBytes(file);
        int at = (int) (headerLength() + written.get(4).ref().position());
        Arrays.fill(whole, at + 40, at + 60, (byte) 0);
        Files.write(file, whole);

        // of a log that was closed it is damage
        try (StreamWal same = open()) {
            assertThatThrownBy(() -> same.stream("s").append(bytes("x")))
                    .isInstanceOf(CorruptSegmentException.class)
                    .hasMessageContaining("stream=s").hasMessageContaining("file=" + file).hasMessageContaining("offset=" + at);
        }
        assertThat(Files.readAllBytes(file)).as("nothing was changed").isEqualTo(whole);

        forgetThatItWasClosed();
        StreamWal next = open(options(), NEXT_BOOT);
        List<Written> kept = new ArrayList<>(written.subList(0, 4));
        kept.addAll(appendSome(next.stream("s"), 2));
        assertThat(kept.get(4).ref().position()).isGreaterThan(written.get(9).ref().position());
        assertThat(heard().recovered).hasSize(1);
        Path aside = Events.last(heard().recovered.get(0)).setAside().orElseThrow();
        assertThat(Files.readAllBytes(aside)).isEqualTo(Arrays.copyOfRange(whole, at, whole.length));
        for (Written gone : written.subList(4, 10)) {
            assertStatus(next, gone.ref(), EntryBatch.Status.NOT_FOUND);
        }
        assertHoldsNow(next, "s", kept);
    }

    @Test
    void reopen_temporaryFilesOfAKilledWriter_areDeleted() throws IOException {
        StreamWal wal = open();
        List<Written> written = appendSome(wal.stream("s"), 3);
        wal.close();
        forgetThatItWasClosed();
        Path left = Files.write(root.resolve("segments/s/.0123456789abcdef.seg.tmp"), new byte[100]);
        StreamWal again = open();
        written.addAll(appendSome(again.stream("s"), 1));
        assertThat(left).doesNotExist();
        assertHoldsEverywhere(again, "s", written);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void reopen_footersOfTheNewestSegmentsMissing_theyAreWrittenAgain(int missing) throws IOException {
        StreamWal wal = open();
        List<Written> written = new ArrayList<>();
        for (int w = 0; w < 4; w++) {
            written.addAll(appendSome(wal.stream("s"), 5));
            clock.advance(WINDOW);
        }
        wal.close();
        List<Path> files = segmentsOf("s");
        for (int i = 3 - missing; i < 3; i++) {
            byte[] whole = Files.readAllBytes(files.get(i));
            int end = headerLength() + (int) (written.get(i * 5 + 4).ref().end() - written.get(i * 5).ref().position());
            Files.write(files.get(i), Arrays.copyOf(whole, end));
        }
        try (WalReader reader = WalReader.open(root)) {
            Written.assertHolds(reader, "s", written);
        }
        heard().sealed.clear();
        StreamWal again = open();
        written.addAll(appendSome(again.stream("s"), 1));
        awaitSealed(missing + 1);
        assertThat(heard().sealed).extracting(SealedSegment::path).isEqualTo(files.subList(3 - missing, 4));
        assertContiguous(written);
        assertHoldsEverywhere(again, "s", written);
    }

    @Test
    void reopen_emptySegmentLeft_isReplacedOrGoneOnWith() throws IOException {
        StreamWal wal = open();
        List<Written> written = appendSome(wal.stream("s"), 3);
        wal.close();
        forgetThatItWasClosed();
        // killed between naming the second segment and its first record
        clock.advance(WINDOW);
        StreamWal second = open();
        Written lost = appendSome(second.stream("s"), 1).get(0);
        second.close();
        forgetThatItWasClosed();
        Path file = segmentsOf("s").get(1);
        byte[] empty = Arrays.copyOf(Files.readAllBytes(file), headerLength());
        Arrays.fill(empty, 92, 96, (byte) 0);
        Files.write(file, empty);
        StreamWal third = open();
        assertThat(third.stream("s").endPosition()).isEqualTo(written.get(2).ref().end());
        clock.advance(WINDOW);
        List<Written> more = appendSome(third.stream("s"), 2);
        assertThat(more.get(0).ref().position()).isGreaterThanOrEqualTo(lost.ref().end());
        assertThat(file).doesNotExist();
        assertContiguous(more);
        written.addAll(more);
        assertHoldsEverywhere(third, "s", written);
    }

    // ---------------------------------------------------------------- the file positions

    @Test
    void reopen_oneSlotOfPositionsDamaged_theOtherIsEnough() throws IOException {
        StreamWal wal = open();
        List<Written> gone = appendSome(wal.stream("s"), 3);
        clock.advance(WINDOW.plus(RETENTION));
        wal.sweep();
        wal.close();
        forgetThatItWasClosed();
        Path positions = root.resolve(PositionsLayout.FILE_NAME);
        byte[] whole = Files.readAllBytes(positions);
        for (int slot = 0; slot < PositionsLayout.SLOTS; slot++) {
            byte[] damaged = whole.clone();
            int start = slot * PositionsLayout.SLOT_BYTES;
            Arrays.fill(damaged, start, start + PositionsLayout.USED_BYTES, (byte) 0x55);
            Files.write(positions, damaged);
            try (StreamWal again = open()) {
                assertThat(again.stream("s").endPosition()).isGreaterThanOrEqualTo(gone.get(2).ref().end());
                assertStatus(again, gone.get(0).ref(), EntryBatch.Status.EXPIRED);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"damaged", "empty", "missing"})
    void reopen_positionsUnreadableAndSegmentsThere_refusedBeforeAPositionIsGivenTwice(String how) throws IOException {
        StreamWal wal = open();
        List<Written> written = appendSome(wal.stream("s"), 3);
        wal.close();
        forgetThatItWasClosed();
        Path positions = root.resolve(PositionsLayout.FILE_NAME);
        byte[] whole = Files.readAllBytes(positions);
        switch (how) {
            case "damaged" -> Files.write(positions, new byte[whole.length]);
            case "empty" -> Files.write(positions, new byte[0]);
            default -> Files.delete(positions);
        }
        assertThatThrownBy(this::open).isInstanceOf(CorruptSegmentException.class)
                .hasMessageContaining("positions").hasMessageContaining("file=" + positions);
        Written.assertHolds(reader(), "s", written);
        // the failed attempt has left nothing behind
        Files.write(positions, whole);
        written.addAll(appendSome(open().stream("s"), 1));
        Written.assertHolds(reader(), "s", written);
    }

    // ---------------------------------------------------------------- checkpoints

    @Test
    void checkpoint_liveLog_opensAsALogOfItsOwn() throws IOException {
        StreamWal wal = open();
        List<Written> busy = appendSome(wal.stream("busy"), 300, 1_000);
        List<Written> cold = appendSome(wal.stream("cold"), 3);
        List<Written> gone = appendSome(wal.stream("gone"), 3);
        wal.delete("gone");
        awaitSealed(4);
        Path copy = home.place("copies/1");
        wal.checkpoint(copy);
        List<Written> later = appendSome(wal.stream("busy"), 100, 1_000);

        try (WalReader reader = WalReader.open(copy)) {
            assertThat(reader.keys()).containsExactly("busy", "cold");
            Written.assertHolds(reader, "busy", busy);
            Written.assertHolds(reader, "cold", cold);
            try (EntryBatch batch = reader.readBatch(Written.refs(gone))) {
                assertThat(batch.status(0)).isEqualTo(EntryBatch.Status.EXPIRED);
            }
        }
        if (home.isOfMachine()) {
            Path first = segmentsOf("busy").get(0);
            assertThat(Files.isSameFile(first, copy.resolve(root.relativize(first)))).as("complete segments are linked").isTrue();
        }
        // each goes its own way
        try (StreamWal other = StreamWal.open(copy, options().build(),
                Environment.ofThisMachine(options().build().storage().kind()).withBootId(THIS_BOOT))) {
            List<Written> ofCopy = joined(busy, appendSome(other.stream("busy"), 100, 1_000));
            try (WalReader reader = other.reader()) {
                Written.assertHolds(reader, "busy", ofCopy);
            }
            clock.advance(WINDOW.plus(RETENTION));
            other.sweep();
            assertThat(other.keys()).isEmpty();
        }
        assertHoldsNow(wal, "cold", cold);
        assertHoldsEverywhere(wal, "busy", joined(busy, later));
    }

    @Test
    void checkpoint_originalIsSweptAndDeleted_copyStays() throws IOException {
        StreamWal wal = open();
        List<Written> written = appendSome(wal.stream("s"), 300, 1_000);
        awaitSealed(4);
        Path copy = home.place("copy");
        wal.checkpoint(copy);
        wal.delete("s");
        wal.close();
        forgetThatItWasClosed();
        LogHome.deleteTree(root);
        try (WalReader reader = WalReader.open(copy)) {
            Written.assertHolds(reader, "s", written);
        }
    }

    @Test
    void checkpoint_afterReopeningAndUntouched_holdsEverything() {
        StreamWal wal = open();
        List<Written> written = appendSome(wal.stream("s"), MANY);
        wal.close();
        forgetThatItWasClosed();
        StreamWal again = open();
        again.checkpoint(home.place("copy"));
        try (WalReader reader = WalReader.open(home.place("copy"))) {
            Written.assertHolds(reader, "s", written);
        }
    }

    @Test
    void checkpoint_whileThreadsAppend_holdsAPrefixOfEachStream() throws Exception {
        StreamWal wal = open();
        List<List<Written>> written = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 2; t++) {
            List<Written> mine = new ArrayList<>();
            written.add(mine);
            WalStream stream = wal.stream("s" + t);
            threads.add(new Thread(() -> mine.addAll(appendSome(stream, 4_000)), "test-appender"));
        }
        threads.forEach(Thread::start);
        int copies = 0;
        do {
            wal.checkpoint(home.place("copy" + copies++));
        } while (copies < 5 && threads.stream().anyMatch(Thread::isAlive));
        for (Thread thread : threads) {
            thread.join();
        }
        for (int c = 0; c < copies; c++) {
            try (WalReader reader = WalReader.open(home.place("copy" + c))) {
                for (int t = 0; t < 2; t++) {
                    List<Written> found = Written.drain(reader.scan("s" + t));
                    assertThat(found).isEqualTo(written.get(t).subList(0, found.size()));
                    assertThat(reader.verify("s" + t).damage()).isEmpty();
                }
            }
        }
    }

    @Test
    void checkpoint_targetNotEmpty_refusedAndNothingIsTouched() throws IOException {
        StreamWal wal = open();
        appendSome(wal.stream("s"), 3);
        Path target = Files.createDirectories(home.place("copy"));
        Path mine = Files.write(target.resolve("mine"), bytes("mine"));
        assertThatThrownBy(() -> wal.checkpoint(target)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("target=" + target);
        try (Stream<Path> files = Files.list(target)) {
            assertThat(files).containsExactly(mine);
        }
        assertThatThrownBy(() -> wal.checkpoint(root)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> wal.checkpoint(mine)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("checkpoint target is a file: target=" + mine);
    }

    @Test
    void constants_ofTheseTests_areTheFormats() {
        assertThat(headerLength()).isEqualTo(98 + 1 + 7 & -8);
        assertThat(RecordLayout.PREFIX_BYTES).isEqualTo(32);
        assertThat(Duration.ofMillis(NOW).toMillis() % WINDOW.toMillis()).isZero();
    }
}
