package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.engine.Environment;
import dev.streamwal.engine.Storages;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalFailedException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.manifest.ManifestFile;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.StreamInfo;
import dev.streamwal.reader.WalReader;
import dev.streamwal.recovery.CutRedo;
import dev.streamwal.recovery.RedoResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@link WalStream#truncateAfter} cuts and leaves, what readers find before and after, and what may come between or go wrong. */
abstract class TruncationContract extends LogContract {

    /** Some 60 records of a kilobyte fill a segment. */
    private static final int LARGE = 1_000;

    private final Operations operations = new Operations();

    TruncationContract(LogHome home) {
        super(home);
    }

    private StreamWal openRecorded() {
        StreamWal wal = closing(StreamWal.open(root, options().build(),
                new Environment(THIS_BOOT, operations.storages(home.storage()), new SecureRandom()::nextLong, true)));
        wal.deletions(operations.deletions());
        return wal;
    }

    /** What a stream looks like when it is cut. */
    enum Shape {
        /** One segment, never mapped. */
        QUIET,
        /** One segment, mapped where there are mappings. */
        BUSY,
        /** Several segments, of which all but the last have a footer. */
        SEALED,
        /** Several segments, none with a footer. */
        WITHOUT_FOOTERS,
        /** As sealed, and the log was opened again. */
        REOPENED,
        /** As sealed, and the last one has a footer too. */
        IDLE
    }

    private record Filled(StreamWal wal, List<Written> written) {}

    private Filled fill(Shape shape) {
        StreamWal wal = openRecorded();
        WalStream stream = wal.stream("s");
        return switch (shape) {
            case QUIET -> new Filled(wal, appendSome(stream, 9));
            case BUSY -> new Filled(wal, appendSome(stream, MANY));
            case SEALED -> {
                List<Written> written = appendSome(stream, 150, LARGE);
                awaitSealed(2);
                yield new Filled(wal, written);
            }
            case WITHOUT_FOOTERS -> {
                expectFailures();
                // not of a file that is being created
                operations.before = operation -> {
                    if (operation.startsWith("truncate ") && !operation.contains(".tmp ")) {
                        throw new IOException("injected: " + operation);
                    }
                };
                List<Written> written = appendSome(stream, 150, LARGE);
                await("the sealer has given up", () -> heard().failures.size() >= 2);
                operations.before = operation -> {};
                yield new Filled(wal, written);
            }
            case REOPENED -> {
                List<Written> written = appendSome(stream, 150, LARGE);
                wal.close();
                yield new Filled(openRecorded(), written);
            }
            case IDLE -> {
                List<Written> written = appendSome(stream, 150, LARGE);
                clock.advance(WINDOW);
                wal.sweep();
                wal.sweep();
                awaitSealed(3);
                yield new Filled(wal, written);
            }
        };
    }

    private static void assertAll(WalReader reader, List<Written> records, EntryBatch.Status status) {
        try (EntryBatch batch = reader.readBatch(Written.refs(records))) {
            for (int i = 0; i < batch.size(); i++) {
                assertThat(batch.status(i)).as(records.get(i).ref().toString()).isEqualTo(status);
            }
        }
    }

    private void assertAllNow(StreamWal wal, List<Written> records, EntryBatch.Status status) {
        try (WalReader within = wal.reader(); WalReader without = WalReader.open(root)) {
            assertAll(within, records, status);
            assertAll(without, records, status);
        }
    }

    /** The records come, and are cut off, while the scan stands before them: it can't have read them ahead. */
    @ParameterizedTest
    @CsvSource({"OWN, false", "SHARED, false", "SHARED, true"})
    void truncateAfter_whatAScanHasNotComeTo_isGoneForItToo(Segments segments, boolean isPacked) {
        StreamWal wal = open(options().streams("*", StreamOptions.builder().segments(segments).build()));
        WalStream stream = wal.stream("s");
        EntryRef kept = stream.append(bytes("kept"));
        try (WalReader within = wal.reader(); WalReader without = WalReader.open(root);
                EntryCursor here = within.scan("s"); EntryCursor there = without.scan("s")) {
            assertThat(here.next()).isTrue();
            assertThat(there.next()).isTrue();
            stream.append(bytes("cut"));
            stream.append(bytes("cut, too"));
            if (isPacked) {
                clock.advance(WINDOW.multipliedBy(2));
                assertThat(wal.pack()).isEqualTo(1);
            }
            stream.truncateAfter(kept);
            assertThat(here.next()).as("within the process").isFalse();
            assertThat(there.next()).as("in another one").isFalse();
        }
    }

    /** Each opening carries out again what the journal has. */
    @Test
    void open_theJournalHasACutAndAPackIsDamaged_takesAppends() throws IOException {
        WalOptions.Builder options = options().durability(Durability.IMMEDIATE)
                .streams("*", StreamOptions.builder().segments(Segments.SHARED).build());
        try (StreamWal wal = open(options)) {
            WalStream stream = wal.stream("s");
            EntryRef kept = stream.append(bytes("kept"));
            stream.append(bytes("cut"));
            stream.truncateAfter(kept);
            clock.advance(WINDOW.multipliedBy(2));
            assertThat(wal.pack()).isEqualTo(1);
        }
        Path pack = PackFiles.pack(root, ManifestFile.read(root).packsInOrder().get(0).number());
        byte[] bytes = Files.readAllBytes(pack);
        bytes[bytes.length - 1] ^= 1;
        Files.write(pack, bytes);
        // what knows the keys without the pack
        Files.deleteIfExists(PackFiles.keys(root));
        expectFailures();

        for (int i = 1; i <= 3; i++) {
            try (StreamWal wal = open(options)) {
                wal.stream("t").append(bytes("appended"));
                assertThat(ManifestFile.read(root).voidRanges()).as("of the shared segment and of the pack, opening " + i).hasSize(2);
            }
        }
    }

    /** What is written down has to be done, by each opening until it is: so nothing is that can't be. */
    @ParameterizedTest
    @EnumSource(Compression.class)
    void truncateAfter_aRecordBehindDamageInAPack_refusesAndChangesNothing(Compression compression) throws IOException {
        WalOptions.Builder options = options().durability(Durability.IMMEDIATE).compression(compression)
                .streams("*", StreamOptions.builder().segments(Segments.SHARED).build());
        List<Written> written;
        try (StreamWal wal = open(options)) {
            written = appendSome(wal.stream("s"), 30, 10_000);
            clock.advance(WINDOW.multipliedBy(2));
            assertThat(wal.pack()).isEqualTo(1);
        }
        Path pack = PackFiles.pack(root, ManifestFile.read(root).packsInOrder().get(0).number());
        byte[] bytes = Files.readAllBytes(pack);
        bytes[bytes.length / 2] ^= 1;
        Files.write(pack, bytes);
        expectFailures();

        try (StreamWal wal = open(options)) {
            assertThatThrownBy(() -> wal.stream("s").truncateAfter(refOf(written, 28))).isInstanceOf(CorruptSegmentException.class)
                    .hasMessageContaining("can't cut the stream").hasMessageContaining("stream=s").hasMessageContaining("file=" + pack);
            assertAllNow(wal, written.subList(29, 30), EntryBatch.Status.FOUND);
            assertThat(appendSome(wal.stream("s"), 1)).hasSize(1);
        }
        StreamWal again = open(options);
        again.stream("s").truncateAfter(refOf(written, 5));
        assertHoldsNow(again, "s", joined(written.subList(0, 6), appendSome(again.stream("s"), 2)));
    }

    /** What stays in the segment isn't written anew where nothing of it goes. */
    @Test
    void truncateAfter_theLastRecordOfADamagedSegmentInAPack_cutsWhatIsBehind() throws IOException {
        WalOptions.Builder options = options().durability(Durability.IMMEDIATE).compression(Compression.NONE)
                .streams("*", StreamOptions.builder().segments(Segments.SHARED).build());
        List<Written> written;
        try (StreamWal wal = open(options)) {
            written = appendSome(wal.stream("s"), 9);
            clock.advance(WINDOW.multipliedBy(2));
            assertThat(wal.pack()).isEqualTo(1);
        }
        Path pack = PackFiles.pack(root, ManifestFile.read(root).packsInOrder().get(0).number());
        byte[] bytes = Files.readAllBytes(pack);
        bytes[100] ^= 1;
        Files.write(pack, bytes);
        expectFailures();

        StreamWal wal = open(options);
        List<Written> more = appendSome(wal.stream("s"), 3);
        wal.stream("s").truncateAfter(refOf(written, 8));
        assertAllNow(wal, more, EntryBatch.Status.NOT_FOUND);
        assertAllNow(wal, written.subList(8, 9), EntryBatch.Status.FOUND);
    }

    /** In every way, by time too. */
    private void assertHolds(WalReader reader, List<Written> expected) {
        Written.assertHolds(reader, "s", expected);
        Instant from = Instant.ofEpochMilli(NOW);
        assertThat(Written.drain(reader.scan("s", from, clock.instant().plusMillis(1)))).as("scan by time").isEqualTo(expected);
        StreamInfo info = reader.describe("s").orElseThrow();
        assertThat(info.endPosition()).isEqualTo(expected.get(expected.size() - 1).ref().end());
    }

    private List<WalReader> readers(StreamWal wal) {
        return List.of(readerOf(wal), reader());
    }

    // ---------------------------------------------------------------- what is cut and what stays

    @ParameterizedTest
    @EnumSource(Shape.class)
    void truncateAfter_aRecordInTheMiddle_cutsWhatIsBehindForEveryReader(Shape shape) {
        Filled filled = fill(shape);
        StreamWal wal = filled.wal();
        WalStream stream = wal.stream("s");
        List<Written> written = filled.written();
        List<WalReader> before = readers(wal);
        before.forEach(reader -> assertHolds(reader, written));

        int count = written.size() / 3;
        List<Written> kept = new ArrayList<>(written.subList(0, count));
        List<Written> cut = written.subList(count, written.size());
        stream.truncateAfter(kept.get(count - 1).ref());

        assertThat(stream.endPosition()).isEqualTo(kept.get(count - 1).ref().end());
        assertThat(segmentsOf("s")).hasSize(1);
        before.forEach(reader -> assertAll(reader, cut, EntryBatch.Status.NOT_FOUND));
        before.forEach(reader -> assertHolds(reader, kept));
        readers(wal).forEach(reader -> assertHolds(reader, kept));
        assertAllNow(wal, cut, EntryBatch.Status.NOT_FOUND);

        List<Written> more = appendSome(stream, MANY);
        assertThat(more.get(0).ref().position()).isGreaterThanOrEqualTo(written.get(written.size() - 1).ref().end());
        assertContiguous(more);
        kept.addAll(more);
        before.forEach(reader -> assertAll(reader, cut, EntryBatch.Status.NOT_FOUND));
        before.forEach(reader -> assertHolds(reader, kept));
        assertHoldsEverywhere(wal, "s", kept);
        StreamWal again = open();
        assertAllNow(again, cut, EntryBatch.Status.NOT_FOUND);
        kept.addAll(appendSome(again.stream("s"), 3));
        assertHoldsNow(again, "s", kept);
    }

    @ParameterizedTest
    @EnumSource(Shape.class)
    void truncateAfter_theFirstRecord_leavesThatOne(Shape shape) {
        Filled filled = fill(shape);
        filled.wal().stream("s").truncateAfter(filled.written().get(0).ref());
        List<Written> kept = new ArrayList<>(filled.written().subList(0, 1));
        readers(filled.wal()).forEach(reader -> assertHolds(reader, kept));
        assertAllNow(filled.wal(), filled.written().subList(1, filled.written().size()), EntryBatch.Status.NOT_FOUND);
        kept.addAll(appendSome(filled.wal().stream("s"), 2));
        assertHoldsEverywhere(filled.wal(), "s", kept);
    }

    /** Nothing says where to go on but what is on the disk. */
    @ParameterizedTest
    @EnumSource(Shape.class)
    void append_afterACutAndReopening_neverGetsAPositionAgain(Shape shape) {
        Filled filled = fill(shape);
        List<Written> written = filled.written();
        List<Written> kept = new ArrayList<>(written.subList(0, 5));
        filled.wal().stream("s").truncateAfter(kept.get(4).ref());
        filled.wal().close();
        StreamWal again = open();
        assertThat(again.stream("s").endPosition()).isEqualTo(kept.get(4).ref().end());
        List<Written> more = appendSome(again.stream("s"), 3);
        assertThat(more.get(0).ref().position()).isGreaterThanOrEqualTo(written.get(written.size() - 1).ref().end());
        assertAllNow(again, written.subList(5, written.size()), EntryBatch.Status.NOT_FOUND);
        assertHoldsEverywhere(again, "s", joined(kept, more));
    }

    @ParameterizedTest
    @EnumSource(Shape.class)
    void truncateAfter_whereNothingIsBehind_doesNothing(Shape shape) {
        Filled filled = fill(shape);
        List<Written> written = new ArrayList<>(filled.written());
        operations.all.clear();
        filled.wal().stream("s").truncateAfter(written.get(written.size() - 1).ref());
        assertThat(operations.of("truncated", "truncate", "delete", "replace")).isEmpty();
        long end = written.get(written.size() - 1).ref().end();
        written.addAll(appendSome(filled.wal().stream("s"), 1));
        assertThat(written.get(written.size() - 1).ref().position()).isEqualTo(end);
        assertHoldsEverywhere(filled.wal(), "s", written);
    }

    @ParameterizedTest
    @EnumSource(value = Shape.class, names = {"SEALED", "WITHOUT_FOOTERS", "IDLE"})
    void truncateAfter_theLastRecordOfASegment_deletesTheOnesBehind(Shape shape) {
        Filled filled = fill(shape);
        List<Written> written = filled.written();
        long secondBase = SegmentNames.baseOf(segmentsOf("s").get(1));
        List<Written> kept = new ArrayList<>(written.stream().filter(one -> one.ref().position() < secondBase).toList());
        assertThat(kept.get(kept.size() - 1).ref().end()).isEqualTo(secondBase);
        List<WalReader> before = readers(filled.wal());
        before.forEach(reader -> assertHolds(reader, written));
        filled.wal().stream("s").truncateAfter(kept.get(kept.size() - 1).ref());
        before.forEach(reader -> assertAll(reader, written.subList(kept.size(), written.size()), EntryBatch.Status.NOT_FOUND));
        before.forEach(reader -> assertHolds(reader, kept));
        assertThat(heard().swept).extracting(DeletedSegment::reason).hasSize(2).containsOnly(DeletedSegment.Reason.TRUNCATED);
        filled.wal().close();
        StreamWal again = open();
        kept.addAll(appendSome(again.stream("s"), 2));
        assertThat(kept.get(kept.size() - 1).ref().position()).isGreaterThan(written.get(written.size() - 1).ref().end());
        assertHoldsEverywhere(again, "s", kept);
    }

    @Test
    void truncateAfter_severalTimes_cutsFurtherAndWhatCameAfter() {
        Filled filled = fill(Shape.SEALED);
        WalStream stream = filled.wal().stream("s");
        List<Written> written = filled.written();
        List<Written> cut = new ArrayList<>(written.subList(20, written.size()));
        stream.truncateAfter(refOf(written, 99));
        stream.truncateAfter(refOf(written, 59));
        List<Written> second = appendSome(stream, 100, LARGE);
        stream.truncateAfter(second.get(70).ref());
        stream.truncateAfter(refOf(written, 19));
        cut.addAll(second);
        List<Written> third = appendSome(stream, MANY);
        stream.truncateAfter(third.get(4).ref());
        cut.addAll(third.subList(5, third.size()));
        List<Written> kept = joined(written.subList(0, 20), third.subList(0, 5));
        assertAllNow(filled.wal(), cut, EntryBatch.Status.NOT_FOUND);
        assertHoldsEverywhere(filled.wal(), "s", kept);
    }

    private static EntryRef refOf(List<Written> records, int index) {
        return records.get(index).ref();
    }

    @Test
    void truncateAfter_thenWhatFollowsIsSwept_refsToWhatWasCutHaveExpired() {
        Filled filled = fill(Shape.SEALED);
        StreamWal wal = filled.wal();
        List<Written> cut = filled.written().subList(10, filled.written().size());
        wal.stream("s").truncateAfter(refOf(filled.written(), 9));
        appendSome(wal.stream("s"), 3);
        clock.set(NOW + WINDOW.plus(RETENTION).toMillis());
        assertThat(wal.sweep().deletedSegments()).isEqualTo(2);
        assertAllNow(wal, filled.written(), EntryBatch.Status.EXPIRED);
        assertAllNow(wal, cut, EntryBatch.Status.EXPIRED);
        List<Written> fresh = appendSome(wal.stream("s"), 1);
        assertAllNow(wal, filled.written(), EntryBatch.Status.EXPIRED);
        assertHoldsEverywhere(wal, "s", fresh);
    }

    @Test
    void truncateAfter_aRecordOfAnEarlierWindow_streamMayGoOnInThatWindow() {
        StreamWal wal = openRecorded();
        WalStream stream = wal.stream("s");
        List<Written> first = appendSome(stream, 3);
        clock.advance(WINDOW);
        appendSome(stream, 3);
        stream.truncateAfter(first.get(1).ref());
        byte[] content = bytes("late");
        Written late = Written.of(stream.append(NOW + 1, content), NOW + 1, content);
        Instant windowEnd = Instant.ofEpochMilli(NOW).plus(WINDOW);
        assertThat(Written.drain(readerOf(wal).scan("s", Instant.ofEpochMilli(NOW), windowEnd)))
                .isEqualTo(joined(first.subList(0, 2), List.of(late)));
        assertThat(segmentsOf("s")).extracting(SegmentNames::expirationOf).containsOnly(windowEnd.plus(RETENTION).toEpochMilli());
        assertHoldsEverywhere(wal, "s", joined(first.subList(0, 2), List.of(late)));
    }

    @Test
    void appendIfEndIs_afterACut_comparesWithTheRecordsEnd() {
        StreamWal wal = openRecorded();
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, 5);
        long before = stream.endPosition();
        stream.truncateAfter(refOf(written, 2));
        WriteEntry entry = WriteEntry.of(bytes("new"));
        assertThat(stream.appendIfEndIs(before, entry)).isEmpty();
        Optional<EntryRef> appended = stream.appendIfEndIs(written.get(2).ref().end(), entry);
        assertThat(appended.orElseThrow().position()).isGreaterThanOrEqualTo(before);
        assertThat(stream.appendIfEndIs(written.get(2).ref().end(), entry)).isEmpty();
    }

    @Test
    void truncateAfter_afterARestartOfTheMachine_cutsAsEver() {
        StreamWal wal = openRecorded();
        List<Written> written = appendSome(wal.stream("s"), MANY);
        wal.close();
        StreamWal again = open(options(), NEXT_BOOT);
        List<Written> fresh = appendSome(again.stream("s"), 3);
        again.stream("s").truncateAfter(written.get(9).ref());
        assertAllNow(again, joined(written.subList(10, MANY), fresh), EntryBatch.Status.NOT_FOUND);
        List<Written> more = appendSome(again.stream("s"), 1);
        assertHoldsNow(again, "s", joined(written.subList(0, 10), more));
    }

    // ---------------------------------------------------------------- wrong refs

    @ParameterizedTest
    @EnumSource(value = Shape.class, names = {"QUIET", "BUSY", "SEALED"})
    void truncateAfter_whatIsNoRecord_saysSoAndCutsNothing(Shape shape) {
        Filled filled = fill(shape);
        WalStream stream = filled.wal().stream("s");
        EntryRef ref = refOf(filled.written(), 4);
        operations.all.clear();
        assertThatThrownBy(() -> stream.truncateAfter(new EntryRef("t", ref.position(), ref.size())))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("stream=s").hasMessageContaining("ref=t@");
        for (EntryRef wrong : List.of(new EntryRef("s", ref.position() + 8, ref.size()),
                new EntryRef("s", ref.position(), ref.size() + 8),
                new EntryRef("s", stream.endPosition(), ref.size()),
                new EntryRef("s", 1L << 50, ref.size()))) {
            assertThatThrownBy(() -> stream.truncateAfter(wrong)).as(wrong.toString()).isInstanceOf(EntryNotFoundException.class)
                    .hasMessageContaining("ref=" + wrong);
        }
        assertThat(operations.of("truncated", "truncate", "delete", "replace")).isEmpty();
        List<Written> written = new ArrayList<>(filled.written());
        written.addAll(appendSome(stream, 1));
        assertContiguous(written);
        assertHoldsEverywhere(filled.wal(), "s", written);
    }

    @Test
    void truncateAfter_aRecordThatHasExpired_saysSo() {
        StreamWal wal = openRecorded();
        List<Written> gone = appendSome(wal.stream("s"), 3);
        clock.set(NOW + WINDOW.plus(RETENTION).toMillis());
        List<Written> fresh = appendSome(wal.stream("s"), 3);
        wal.sweep();
        assertThatThrownBy(() -> wal.stream("s").truncateAfter(gone.get(1).ref())).isInstanceOf(EntryExpiredException.class);
        assertHoldsEverywhere(wal, "s", fresh);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, MANY})
    void truncateAfter_aBatch_isCutWholeOrNotAtAll(int before) {
        StreamWal wal = openRecorded();
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, before + 1);
        List<EntryRef> first = stream.appendBatch(List.of(entry(1), entry(2), entry(3)));
        List<EntryRef> second = stream.appendBatch(List.of(entry(4), entry(5)));
        operations.all.clear();
        for (EntryRef member : List.of(first.get(0), first.get(1), second.get(0))) {
            assertThatThrownBy(() -> stream.truncateAfter(member)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("batch").hasMessageContaining("ref=" + member);
        }
        assertThat(operations.of("truncated")).isEmpty();
        stream.truncateAfter(first.get(2));
        try (EntryBatch found = readerOf(wal).readBatch(joined(first, second))) {
            assertThat(found.found()).extracting(Entry::ref).isEqualTo(first);
        }
        assertThat(readerOf(wal).verify("s").records()).isEqualTo(before + 4);
        assertThat(readerOf(wal).verify("s").damage()).isEmpty();
        stream.truncateAfter(written.get(before).ref());
        assertHoldsEverywhere(wal, "s", written);
    }

    private static WriteEntry entry(int seed) {
        return WriteEntry.of(bytes(30, seed));
    }

    // ---------------------------------------------------------------- readers in the middle

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void cursor_inTheMiddleOfWhatIsCut_goesOnWithWhatIsAppended(boolean within) {
        Filled filled = fill(Shape.SEALED);
        WalStream stream = filled.wal().stream("s");
        WalReader reader = closing(within ? filled.wal().reader() : WalReader.open(root));
        EntryCursor inFirst = closing(reader.scan("s"));
        EntryCursor inSecond = closing(reader.scanFrom("s", refOf(filled.written(), 80).position()));
        EntryCursor atEnd = closing(reader.scanFrom("s", stream.endPosition()));
        assertThat(inFirst.next()).isTrue();
        assertThat(inSecond.next()).isTrue();
        assertThat(atEnd.next()).isFalse();
        stream.truncateAfter(refOf(filled.written(), 9));
        List<Written> afterwards = new ArrayList<>();
        while (inFirst.next()) {
            afterwards.add(Written.of(inFirst));
        }
        assertThat(afterwards).as("what it had read ahead, in order").isEqualTo(filled.written().subList(1, 1 + afterwards.size()));
        assertThat(afterwards.size()).isGreaterThanOrEqualTo(9);
        while (inSecond.next()) {
            assertThat(filled.written()).contains(Written.of(inSecond));
        }
        assertThat(atEnd.next()).isFalse();
        List<Written> more = appendSome(stream, 3);
        for (EntryCursor cursor : List.of(inFirst, inSecond, atEnd)) {
            List<Written> found = new ArrayList<>();
            while (cursor.next()) {
                found.add(Written.of(cursor));
            }
            assertThat(found).isEqualTo(more);
        }
    }

    @Test
    void scanFrom_aPositionThatWasCut_findsNoRecordThere() {
        Filled filled = fill(Shape.SEALED);
        WalReader reader = reader();
        assertHolds(reader, filled.written());
        filled.wal().stream("s").truncateAfter(refOf(filled.written(), 9));
        assertThatThrownBy(() -> reader.scanFrom("s", refOf(filled.written(), 20).position()).next())
                .isInstanceOf(EntryNotFoundException.class);
        assertThat(Written.drain(reader.scanFrom("s", refOf(filled.written(), 9).end()))).isEmpty();
        List<Written> more = appendSome(filled.wal().stream("s"), 2);
        assertThat(Written.drain(reader.scanFrom("s", refOf(filled.written(), 9).end()))).isEqualTo(more);
    }

    // ---------------------------------------------------------------- the order of it

    @Test
    void truncateAfter_aSealedStream_writesDownBeforeItTouchesAFile() {
        Filled filled = fill(Shape.SEALED);
        List<Path> files = segmentsOf("s");
        EntryRef last = refOf(filled.written(), 9);
        operations.all.clear();
        filled.wal().stream("s").truncateAfter(last);
        List<String> done = operations.of("truncated", "delete", "truncate", "write", "force", "replace", "forceDirectory").stream()
                // what was prepared for the next segment has no name yet
                .filter(one -> !one.startsWith("delete .")).toList();
        String[] first = done.get(0).split(" ");
        assertThat(List.of(first).subList(0, 3)).containsExactly("truncated", "s", "" + last.end());
        assertThat(Long.parseLong(first[3])).isGreaterThanOrEqualTo(filled.written().get(149).ref().end());
        assertThat(done.get(1)).isEqualTo("delete " + files.get(2).getFileName());
        assertThat(done.get(2)).isEqualTo("delete " + files.get(1).getFileName());
        assertThat(done.get(done.size() - 1)).isEqualTo("forceDirectory s");
        String cut = files.get(0).getFileName().toString();
        long end = last.end() + headerLength();
        if (isCutInPlace()) {
            assertThat(done.subList(3, done.size() - 1)).containsExactly("write " + cut + " 92", "write " + cut + " 24",
                    "truncate " + cut + " " + end, "force " + cut, "write " + cut + " " + end, "force " + cut);
        } else {
            assertThat(done.get(done.size() - 2)).isEqualTo("replace " + cut);
            assertThat(done.get(done.size() - 3)).startsWith("force .");
        }
        assertThat(operations.kept).hasValue(0);
    }

    private static long headerLength() {
        return SegmentHeaderLayout.headerLength(1);
    }

    private boolean isCutInPlace() {
        return home.isOfMachine();
    }

    @Test
    void truncateAfter_whileItIsWrittenDown_holdsNoLockAndAppendsWait() throws Exception {
        Filled filled = fill(Shape.BUSY);
        StreamWal wal = filled.wal();
        List<Written> more = Collections.synchronizedList(new ArrayList<>());
        List<Thread> appenders = new ArrayList<>();
        AtomicReference<Long> endMeanwhile = new AtomicReference<>();
        operations.before = operation -> {
            if (operation.startsWith("truncated")) {
                Thread appender = new Thread(() -> more.addAll(appendSome(wal.stream("s"), 1)), "test-appender");
                appenders.add(appender);
                appender.start();
                await("it waits", () -> appender.getState() == Thread.State.WAITING);
                Thread other = new Thread(() -> {
                    wal.stats();
                    endMeanwhile.set(wal.stream("s").endPosition());
                }, "test-other");
                other.start();
                await("nobody else does", () -> !other.isAlive());
            }
        };
        wal.stream("s").truncateAfter(refOf(filled.written(), 9));
        appenders.get(0).join(300_000);
        assertThat(more).hasSize(1);
        assertThat(endMeanwhile.get()).isEqualTo(filled.written().get(MANY - 1).ref().end());
        assertThat(more.get(0).ref().position()).isGreaterThanOrEqualTo(filled.written().get(MANY - 1).ref().end());
        assertHoldsEverywhere(wal, "s", joined(filled.written().subList(0, 10), more));
    }

    // ---------------------------------------------------------------- what comes between

    @Test
    void truncateAfter_whileThreadsAppend_leavesAPrefixAndWhatCameLater() throws Exception {
        StreamWal wal = openRecorded();
        WalStream stream = wal.stream("s");
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<List<Written>> all = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        // an appender asks for a cut after so many records and doesn't wait for it: so there are as many cuts, whoever is the faster
        int between = 50;
        int cuts = 60;
        List<Semaphore> asked = List.of(new Semaphore(0), new Semaphore(0));
        for (Semaphore ask : asked) {
            List<Written> mine = Collections.synchronizedList(new ArrayList<>());
            all.add(mine);
            threads.add(new Thread(() -> {
                try {
                    for (int i = 1; i <= cuts * between; i++) {
                        mine.addAll(appendSome(stream, 1));
                        if (i % between == 0) {
                            ask.release();
                        }
                    }
                } catch (Throwable e) {
                    failure.set(e);
                    ask.release(cuts);
                }
            }, "test-appender"));
        }
        threads.forEach(Thread::start);
        int made = 0;
        for (int i = 0; i < 2 * cuts && failure.get() == null; i++) {
            asked.get(i % 2).acquire();
            List<Written> mine = all.get(i % 2);
            try {
                stream.truncateAfter(mine.get(mine.size() - 5).ref());
                made++;
            } catch (EntryNotFoundException e) {
                // cut off by the cut before
            }
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failure.get()).isNull();
        assertThat(made).as("the first of them finds its record").isPositive();
        Map<Long, Written> byPosition = new HashMap<>();
        all.forEach(mine -> mine.forEach(one -> assertThat(byPosition.put(one.ref().position(), one)).as("given once").isNull()));
        List<Written> left = Written.drain(readerOf(wal).scan("s"));
        left.forEach(one -> assertThat(byPosition.get(one.ref().position())).isEqualTo(one));
        List<Written> gone = byPosition.values().stream().filter(one -> !left.contains(one)).toList();
        assertAllNow(wal, gone, EntryBatch.Status.NOT_FOUND);
        assertHoldsEverywhere(wal, "s", left);
    }

    @ParameterizedTest
    @ValueSource(strings = {"sweep", "purge", "delete"})
    void truncateAfter_whileTheStreamIsDeleted_deletesAll(String how) {
        Filled filled = fill(Shape.SEALED);
        StreamWal wal = filled.wal();
        Instant late = Instant.ofEpochMilli(NOW).plus(WINDOW).plus(RETENTION);
        operations.before = operation -> {
            if (operation.startsWith("truncated")) {
                switch (how) {
                    case "sweep" -> wal.sweep(late);
                    case "purge" -> wal.purge(Keys.key("s"), late);
                    default -> wal.delete("s");
                }
            }
        };
        wal.stream("s").truncateAfter(refOf(filled.written(), 9));
        operations.before = operation -> {};
        assertThat(segmentsOf("s")).isEmpty();
        assertThat(wal.keys()).isEmpty();
        assertThat(operations.kept).hasValue(0);
        assertAllNow(wal, filled.written(), EntryBatch.Status.EXPIRED);
        assertHoldsEverywhere(wal, "s", appendSome(wal.stream("s"), 3));
    }

    @Test
    void close_whileACutIsWrittenDown_leavesItToWhoeverOpensTheLog() throws IOException {
        Filled filled = fill(Shape.SEALED);
        StreamWal wal = filled.wal();
        List<Path> files = segmentsOf("s");
        operations.before = operation -> {
            if (operation.startsWith("truncated")) {
                wal.close();
            }
        };
        assertThatThrownBy(() -> wal.stream("s").truncateAfter(refOf(filled.written(), 9))).isInstanceOf(WalClosedException.class);
        assertThat(segmentsOf("s")).isEqualTo(files);
        assertThat(operations.kept).as("not given up").hasValue(1);
        operations.before = operation -> {};
        redo();
        List<Written> kept = new ArrayList<>(filled.written().subList(0, 10));
        StreamWal again = open();
        kept.addAll(appendSome(again.stream("s"), 2));
        assertAllNow(again, filled.written().subList(10, 150), EntryBatch.Status.NOT_FOUND);
        assertHoldsEverywhere(again, "s", kept);
    }

    /** As whoever opens the log does with what was written down; twice, which gives the same. */
    private void redo() throws IOException {
        assertThat(operations.of("truncated")).hasSize(1);
        redoOnce();
        List<Path> files = segmentsOf("s");
        byte[] once = Files.readAllBytes(files.get(0));
        redoOnce();
        assertThat(segmentsOf("s")).isEqualTo(files).hasSize(1);
        assertThat(Files.readAllBytes(files.get(0))).isEqualTo(once);
    }

    private void redoOnce() throws IOException {
        String[] words = operations.of("truncated").get(0).split(" ");
        new CutRedo(new Storages(home.storage().kind()).of(root), new StreamDirectory(root, new ChannelCache(1)))
                .carryOut(new RedoResult.Cut(StreamKey.of("s"), Long.parseLong(words[2]), Long.parseLong(words[3])));
    }

    // ---------------------------------------------------------------- checkpoints

    @ParameterizedTest
    @ValueSource(ints = {9, 70, 149})
    void truncateAfter_segmentsThatACheckpointHolds_leavesTheCheckpointWhole(int lastKept) throws IOException {
        Filled filled = fill(Shape.IDLE);
        StreamWal wal = filled.wal();
        Path copy = home.place("checkpoint");
        wal.checkpoint(copy);
        List<Path> copied = segmentsIn(copy.resolve("segments/s"));
        List<byte[]> before = new ArrayList<>();
        for (Path file : copied) {
            before.add(Files.readAllBytes(file));
        }
        List<WalReader> readers = readers(wal);
        readers.forEach(reader -> assertHolds(reader, filled.written()));
        wal.stream("s").truncateAfter(refOf(filled.written(), lastKept));
        List<Written> kept = filled.written().subList(0, lastKept + 1);
        readers.forEach(reader -> assertHolds(reader, kept));
        readers.forEach(reader -> assertAll(reader, filled.written().subList(lastKept + 1, 150), EntryBatch.Status.NOT_FOUND));
        assertThat(segmentsIn(copy.resolve("segments/s"))).isEqualTo(copied);
        for (int i = 0; i < copied.size(); i++) {
            assertThat(Files.readAllBytes(copied.get(i))).isEqualTo(before.get(i));
        }
        try (WalReader ofCopy = WalReader.open(copy)) {
            Written.assertHolds(ofCopy, "s", filled.written());
        }
        assertHoldsEverywhere(wal, "s", joined(kept, appendSome(wal.stream("s"), 2)));
    }

    // ---------------------------------------------------------------- what goes wrong

    @ParameterizedTest
    @EnumSource(Shape.class)
    void truncateAfter_thatCantBeWrittenDown_cutsNothing(Shape shape) {
        Filled filled = fill(shape);
        expectFailures();
        operations.failAt("truncated");
        EntryRef last = refOf(filled.written(), 4);
        assertThatThrownBy(() -> filled.wal().stream("s").truncateAfter(last)).isInstanceOf(WalIOException.class)
                .hasMessageContaining("injected: truncated").hasMessageContaining("stream=s");
        operations.before = operation -> {};
        List<Written> written = new ArrayList<>(filled.written());
        assertThat(filled.wal().stream("s").endPosition()).isEqualTo(written.get(written.size() - 1).ref().end());
        written.addAll(appendSome(filled.wal().stream("s"), 3));
        assertContiguous(written);
        readers(filled.wal()).forEach(reader -> assertHolds(reader, written));
        filled.wal().stream("s").truncateAfter(last);
        assertHoldsEverywhere(filled.wal(), "s", written.subList(0, 5));
    }

    /**
     * Every operation on a file fails once; then somebody goes on: an append, a sweep, another cut, or whoever opens the log. After a force that failed
     * that is whoever opens it, as the next force would succeed, whatever the first one has lost.
     */
    @ParameterizedTest
    @EnumSource(value = Shape.class, names = {"BUSY", "SEALED", "WITHOUT_FOOTERS"})
    void truncateAfter_whoseNthOperationFails_isDoneByWhoeverComesNext(Shape shape) throws IOException {
        expectFailures();
        List<String> all = List.of("append", "sweep", "truncate", "reopen");
        boolean failed = true;
        for (int n = 0; failed; n++) {
            failed = false;
            // in the build one of them at each operation, in turn
            for (String next : Scale.isShortened() ? List.of(all.get((n + shape.ordinal()) % all.size())) : all) {
                failed |= failAtAndGoOn(shape, n, next);
            }
            assertThat(n).as("it ends").isLessThan(30);
        }
    }

    /** @return false where it has fewer operations */
    private boolean failAtAndGoOn(Shape shape, int n, String next) throws IOException {
        Filled filled = fill(shape);
        StreamWal wal = filled.wal();
        EntryRef last = refOf(filled.written(), 9);
        int[] left = {n + 1};
        operations.all.clear();
        Thread here = Thread.currentThread();
        AtomicReference<String> failing = new AtomicReference<>("");
        operations.before = operation -> {
            if (Thread.currentThread().equals(here) && !operation.startsWith("truncated") && --left[0] == 0) {
                failing.set(operation);
                throw new IOException("injected at " + n + ": " + operation);
            }
        };
        boolean failed = false;
        try {
            wal.stream("s").truncateAfter(last);
        } catch (WalException e) {
            failed = true;
            assertThat(e).hasStackTraceContaining("injected at " + n);
            assertThat(operations.kept).as("not given up").hasValue(1);
        }
        operations.before = operation -> {};
        // a copy that isn't known to be durable is thrown away
        boolean isOver = failed && failing.get().startsWith("force") && !failing.get().contains(".tmp");
        List<Written> expected = new ArrayList<>(filled.written().subList(0, 10));
        if (isOver) {
            assertGoesOnNoMore(wal, last);
        }
        switch (isOver ? "reopen" : next) {
            case "append" -> expected.addAll(appendSome(wal.stream("s"), 1));
            case "sweep" -> wal.sweep();
            case "truncate" -> wal.stream("s").truncateAfter(last);
            default -> {
                wal.close();
                redo();
            }
        }
        boolean isReopened = isOver || next.equals("reopen");
        StreamWal now = isReopened ? openRecorded() : wal;
        if (!isReopened) {
            assertThat(operations.kept).hasValue(0);
        }
        assertThat(now.stream("s").endPosition()).isEqualTo(expected.get(expected.size() - 1).ref().end());
        expected.addAll(appendSome(now.stream("s"), 2));
        long gone = filled.written().get(filled.written().size() - 1).ref().end();
        assertThat(expected.get(10).ref().position()).isGreaterThanOrEqualTo(gone);
        assertAllNow(now, filled.written().subList(10, filled.written().size()), EntryBatch.Status.NOT_FOUND);
        assertHoldsEverywhere(now, "s", expected);
        assertThat(segmentsIn(root.resolve("segments/s"))).hasSize(2);
        LogHome.deleteTree(root);
        operations.kept.set(0);
        operations.all.clear();
        events.sealed.clear();
        events.failures.clear();
        return failed;
    }

    private void assertGoesOnNoMore(StreamWal wal, EntryRef last) {
        assertThat(wal.health().state()).isEqualTo(WalHealth.State.FAILED);
        assertThatThrownBy(() -> appendSome(wal.stream("s"), 1)).isInstanceOf(WalFailedException.class);
        assertThatThrownBy(() -> wal.stream("s").truncateAfter(last)).isInstanceOf(WalFailedException.class);
        wal.sweep();
        assertThatThrownBy(wal::close).isInstanceOf(WalFailedException.class);
        assertThat(operations.kept).as("left to whoever opens the log").hasValue(1);
    }
}
