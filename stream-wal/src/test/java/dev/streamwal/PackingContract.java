package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.format.PositionsLayout;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.journal.JournalFiles;
import dev.streamwal.manifest.ManifestFile;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.VerifyReport;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of small segments that are packed: they are read, swept, purged, deleted and cut as if they had their files. */
abstract class PackingContract extends LogContract {

    private static final int STREAMS = 12;
    private static final StreamOptions OWN = StreamOptions.builder().segments(Segments.OWN).build();

    PackingContract(LogHome home) {
        super(home);
    }

    private WalOptions.Builder packing() {
        return options().ownSegments(0).streams("*", OWN);
    }

    private static String key(int stream) {
        return "meter/" + stream;
    }

    /** Each stream gets some records in each window; the clock ends in the last one. By stream, in order. */
    private Map<String, List<Written>> appendWindows(StreamWal wal, int windows) {
        Map<String, List<Written>> written = new LinkedHashMap<>();
        for (int window = 0; window < windows; window++) {
            if (window > 0) {
                clock.advance(WINDOW);
            }
            for (int stream = 0; stream < STREAMS; stream++) {
                written.computeIfAbsent(key(stream), key -> new ArrayList<>()).addAll(appendSome(wal.stream(key(stream)), 1 + (stream + window) % 4));
            }
        }
        return written;
    }

    /** Sealing happens in the background. */
    private void packAll(StreamWal wal, int segments) {
        awaitSealed(segments);
        assertThat(wal.pack()).isEqualTo(segments);
        assertThat(wal.pack()).isZero();
    }

    private List<Path> packs() {
        return files(PackFiles.directory(root), ".pack");
    }

    private List<Path> segments() {
        return files(root.resolve("segments"), ".seg");
    }

    private static List<Path> files(Path folder, String suffix) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(file -> file.toString().endsWith(suffix)).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void pack_windowsThatAreOver_areInOneFileEachAndReadInEveryWay() {
        Map<String, List<Written>> written;
        try (StreamWal wal = open(packing())) {
            written = appendWindows(wal, 4);
            packAll(wal, 3 * STREAMS);

            assertThat(packs()).hasSize(3);
            assertThat(segments()).hasSize(STREAMS);
            assertThat(wal.stats().packs()).isEqualTo(3);
            assertThat(wal.stats().segments()).isEqualTo(4 * STREAMS);
            assertAllHold(wal, written);
            assertThat(heard().packed).hasSize(3).allSatisfy(packed -> assertThat(packed.segments()).isEqualTo(STREAMS));
        }
        try (StreamWal wal = open(packing())) {
            assertAllHold(wal, written);
            written.forEach((key, records) -> records.addAll(appendSome(wal.stream(key), 2)));
            assertAllHold(wal, written);
        }
    }

    @Test
    void pack_anOlderSegmentHasLostItsFooter_isPackedWithTheOthers() throws IOException {
        Map<String, List<Written>> written;
        try (StreamWal wal = open(packing())) {
            written = appendWindows(wal, 4);
            awaitSealed(3 * STREAMS);
        }
        loseFooter(segments().get(0));
        try (StreamWal wal = open(packing())) {
            assertThat(wal.pack()).isEqualTo(3 * STREAMS);
            assertThat(segments()).hasSize(STREAMS);
            assertAllHold(wal, written);
        }
    }

    @Test
    void open_positionsMissingAndAllInPacks_refusedBeforeAPositionIsGivenTwice() throws IOException {
        try (StreamWal wal = open(options().ownSegments(0))) {
            appendSome(wal.stream("s"), 3);
            clock.advance(WINDOW.multipliedBy(2));
            assertThat(wal.pack()).isPositive();
        }
        assertThat(segments()).isEmpty();
        Path positions = root.resolve(PositionsLayout.FILE_NAME);
        Files.delete(positions);
        assertThatThrownBy(() -> open(options())).isInstanceOf(CorruptSegmentException.class).hasMessageContaining("file=" + positions);
    }

    /** After the log was opened again the streams go on in other segments, which have late records only. */
    @Test
    void latestByTimestamp_lateRecordsBehindAPack_isTheOneInThePack() {
        Map<String, List<Written>> written;
        try (StreamWal wal = open(packing())) {
            written = appendWindows(wal, 4);
        }
        clock.advance(WINDOW);
        try (StreamWal wal = open(packing())) {
            long lateMillis = NOW + WINDOW.toMillis();
            written.forEach((key, records) -> records.add(Written.of(wal.stream(key).append(lateMillis, bytes("late")), lateMillis, bytes("late"))));
            await("what stands before the late records is in packs", () -> {
                int unused = wal.pack();
                return segments().size() == STREAMS;
            });
            assertAllHold(wal, written);
            try (WalReader reader = WalReader.open(root)) {
                assertThat(reader.latestByTimestamp(key(0)).orElseThrow().timestampMillis()).isEqualTo(NOW + 3 * WINDOW.toMillis());
                assertThat(reader.latest(key(0)).orElseThrow().timestampMillis()).isEqualTo(lateMillis);
            }
        }
    }

    /** As few as the options let have files of their own. */
    @Test
    void pack_fewSegments_keepTheirFiles() {
        StreamWal wal = open(options().ownSegments(STREAMS));
        appendWindows(wal, 3);
        wal.sync();

        assertThat(wal.pack()).isZero();

        assertThat(packs()).isEmpty();
        assertThat(segments()).hasSize(3 * STREAMS);
    }

    @Test
    void scan_byTimeAndBackwards_findsWhatIsPacked() {
        StreamWal wal = open(packing());
        Map<String, List<Written>> written = appendWindows(wal, 4);
        packAll(wal, 3 * STREAMS);
        Instant from = Instant.ofEpochMilli(NOW).plus(WINDOW);
        Instant to = from.plus(WINDOW);

        try (WalReader reader = WalReader.open(root)) {
            written.forEach((key, records) -> {
                List<Written> inWindow = records.stream()
                        .filter(record -> record.timestampMillis() >= from.toEpochMilli() && record.timestampMillis() < to.toEpochMilli()).toList();
                assertThat(Written.drain(reader.scan(key, from, to))).isEqualTo(inWindow);
                assertThat(Written.drain(reader.scanLast(key, records.size() - 1))).isEqualTo(records.subList(1, records.size()));
            });
            assertThat(Written.drain(reader.scanMerged(Keys.prefix("meter/"), from, to))).hasSize((int) written.values().stream().flatMap(List::stream)
                    .filter(record -> record.timestampMillis() >= from.toEpochMilli() && record.timestampMillis() < to.toEpochMilli()).count());
        }
    }

    /** Whoever was in the middle of a stream when its files went is told nothing, and misses nothing. */
    @Test
    void pack_underReadersThatAreInTheMiddle_nothingIsMissed() throws InterruptedException {
        StreamWal wal = open(packing());
        Map<String, List<Written>> written = appendWindows(wal, 5);
        List<Written> expected = written.get(key(3));
        for (WalReader reader : List.of(readerOf(wal), reader())) {
            try (EntryCursor cursor = reader.scan(key(3)); EntryTail tail = reader.follow(key(3), ReadFrom.first());
                    EntryBatch before = reader.readBatch(Written.refs(expected))) {
                assertThat(before.size()).isEqualTo(expected.size());
                assertThat(cursor.next()).isTrue();
                List<Written> found = new ArrayList<>(List.of(Written.of(cursor)));
                wal.pack();
                found.addAll(Written.drain(cursor));
                assertThat(found).isEqualTo(expected);
                List<Written> followed = new ArrayList<>();
                while (followed.size() < expected.size() && tail.next(Duration.ofSeconds(10))) {
                    followed.add(Written.of(tail));
                }
                assertThat(followed).isEqualTo(expected);
                try (EntryBatch after = reader.readBatch(Written.refs(expected))) {
                    for (int i = 0; i < after.size(); i++) {
                        assertThat(after.status(i)).isEqualTo(EntryBatch.Status.FOUND);
                    }
                }
            }
        }
    }

    @Test
    void sweep_packThatHasExpired_goesAsAWhole() {
        StreamWal wal = open(packing());
        Map<String, List<Written>> written = appendWindows(wal, 4);
        packAll(wal, 3 * STREAMS);
        long secondExpires = NOW + 2 * WINDOW.toMillis() + RETENTION.toMillis();

        SweepResult result = wal.sweep(Instant.ofEpochMilli(secondExpires));

        assertThat(result.deletedSegments()).isEqualTo(2 * STREAMS);
        assertThat(result.bytesReclaimed()).isPositive();
        assertThat(packs()).hasSize(1);
        written.forEach((key, records) -> {
            List<Written> left = records.stream().filter(record -> record.timestampMillis() >= NOW + 2 * WINDOW.toMillis()).toList();
            assertHoldsNow(wal, key, left);
            try (WalReader reader = WalReader.open(root); EntryBatch batch = reader.readBatch(List.of(records.get(0).ref()))) {
                assertThatThrownBy(() -> batch.get(0)).isInstanceOf(EntryExpiredException.class);
            }
        });
        assertThat(heard().swept).hasSize(2 * STREAMS);
        clock.advance(RETENTION.plus(WINDOW.multipliedBy(3)));
        wal.sweep();
        wal.sweep();
        assertThat(packs()).isEmpty();
        assertThat(wal.keys()).isEmpty();
    }

    @Test
    void sweep_totalBytes_takesTheOldestPacksFirst() {
        StreamWal wal = open(packing().maxTotalBytes(1));
        Map<String, List<Written>> written = appendWindows(wal, 3);
        packAll(wal, 2 * STREAMS);

        wal.sweep();

        assertThat(packs()).isEmpty();
        written.forEach((key, records) -> assertHoldsNow(wal, key,
                records.stream().filter(record -> record.timestampMillis() >= NOW + 2 * WINDOW.toMillis()).toList()));
    }

    /** Of a window's three packs two small ones have become one, which has the highest number and the oldest records. */
    @Test
    void sweep_totalBytesWithinAWindow_takesWhatIsOldestFirst() {
        List<Written> written = new ArrayList<>();
        long bytes;
        try (StreamWal wal = open(options().ownSegments(0).compression(Compression.NONE))) {
            for (int records : new int[] {2, 2, 100}) {
                written.addAll(appendSome(wal.stream(key(0)), records, 500));
                // packs what is in shared segments, in the middle of a window as well
                Object unused = wal.erase(Keys.key("none"), Instant.EPOCH, Instant.EPOCH.plusMillis(1));
            }
            assertThat(packs()).hasSize(3);
            clock.advance(WINDOW.multipliedBy(2));
            int unused = wal.pack();
            assertThat(packs()).hasSize(2);
            bytes = wal.stats().bytes();
        }
        try (StreamWal wal = open(options().ownSegments(0).compression(Compression.NONE).maxTotalBytes(bytes - 1))) {
            wal.sweep();
            assertThat(packs()).hasSize(1);
            assertHoldsNow(wal, key(0), written.subList(4, written.size()));
        }
    }

    /** Packs that a shortened retention of some streams makes due stay for the others: they count, and go as the oldest. */
    @Test
    void sweep_totalBytesBehindAnAppliedRetention_takesWhatIsOldestFirst() {
        Duration longRetention = WINDOW.multipliedBy(400);
        try (StreamWal wal = open(options().ownSegments(0).retention(longRetention).window(WINDOW).compression(Compression.NONE))) {
            for (int i = 0; i < 6; i++) {
                appendSome(wal.stream(key(0)), 10, 500);
                clock.advance(WINDOW);
            }
            clock.advance(WINDOW.multipliedBy(40));
            int unused = wal.pack();
            assertThat(packs()).hasSizeGreaterThanOrEqualTo(1);
        }
        int before = packs().size();
        long bytes;
        try (StreamWal wal = open(options().ownSegments(0).retention(WINDOW).window(WINDOW).compression(Compression.NONE))) {
            bytes = wal.stats().bytes();
            assertThat(wal.applyRetention(Keys.key("none")).deletedSegments()).isZero();
            assertThat(packs()).hasSize(before);
        }
        try (StreamWal wal = open(options().ownSegments(0).retention(WINDOW).window(WINDOW).compression(Compression.NONE).maxTotalBytes(bytes - 1))) {
            // until the next sweep all of them count as going
            assertThat(wal.applyRetention(Keys.key("none")).deletedSegments()).isZero();
            assertThat(wal.sweep().deletedSegments()).isPositive();
            assertThat(packs()).hasSizeLessThan(before);
        }
    }

    /** What goes by a shortened retention makes room: nothing else goes in its place, however old it is. */
    @Test
    void sweep_whatIsDueByAnAppliedRetentionIsEnough_theLimitOfAllBytesTakesNothing() {
        Duration longRetention = WINDOW.multipliedBy(400);
        List<Written> kept = new ArrayList<>();
        try (StreamWal wal = open(options().ownSegments(0).retention(longRetention).window(WINDOW).compression(Compression.NONE))) {
            for (int i = 0; i < 3; i++) {
                kept.addAll(appendSome(wal.stream("audit"), 10, 500));
                clock.advance(WINDOW);
            }
            // in other packs
            clock.advance(WINDOW.multipliedBy(40));
            for (int i = 0; i < 6; i++) {
                appendSome(wal.stream("debug"), 10, 500);
                clock.advance(WINDOW);
            }
            clock.advance(WINDOW.multipliedBy(40));
            int unused = wal.pack();
        }
        try (StreamWal wal = open(options().ownSegments(0).retention(longRetention).window(WINDOW).compression(Compression.NONE)
                .streams("debug", StreamOptions.builder().retention(WINDOW).build()).maxTotalBytes(30_000))) {
            assertThat(wal.stats().bytes()).isGreaterThan(40_000);
            assertThat(wal.applyRetention(Keys.all()).deletedSegments()).isPositive();
            assertThat(wal.stats().bytes()).isLessThan(30_000);
            assertThat(Written.drain(wal.reader().scan("debug"))).isEmpty();
            assertHoldsNow(wal, "audit", kept);
        }
    }

    /** A consumer that hasn't come keeps its streams, and not the others in the same pack. */
    @Test
    void sweep_heldForAConsumer_isCarriedOver() {
        StreamWal wal = open(options().ownSegments(0)
                .streams(key(2), StreamOptions.builder().segments(Segments.OWN).retainFor("slow", 1 << 30, Duration.ofDays(30)).build())
                .streams("*", OWN));
        Map<String, List<Written>> written = appendWindows(wal, 3);
        packAll(wal, 2 * STREAMS);
        try (WalReader reader = WalReader.open(root); WalConsumer consumer = reader.consumer("slow", Keys.key(key(2)))) {
            consumer.commit(key(2), written.get(key(2)).get(0).ref().end());
        }
        clock.advance(RETENTION.plus(WINDOW.multipliedBy(3)));

        SweepResult result = wal.sweep();

        assertThat(result.heldSegments()).isEqualTo(3);
        assertThat(wal.stats().packs()).isEqualTo(2);
        assertHoldsNow(wal, key(2), written.get(key(2)));
        wal.sweep();
        assertThat(wal.keys()).containsExactly(key(2));
        try (WalReader reader = WalReader.open(root)) {
            assertThat(Written.drain(reader.scan(key(3)))).isEmpty();
        }
    }

    /** A consumer commits the end of the last record that it is delivered, and what was erased behind it isn't delivered. */
    @Test
    void sweep_committedUpToWhatWasErased_isHeldNoLonger() {
        StreamWal wal = open(options().ownSegments(0).streams("*",
                StreamOptions.builder().segments(Segments.OWN).retainFor("slow", 1 << 30, Duration.ofDays(30)).build()));
        List<Written> first = appendSome(wal.stream(key(2)), 3);
        clock.advance(WINDOW.multipliedBy(2));
        List<Written> second = appendSome(wal.stream(key(2)), 3);
        clock.advance(WINDOW.multipliedBy(2));
        List<Written> third = appendSome(wal.stream(key(2)), 1);
        packAll(wal, 2);
        assertThat(wal.erase(Keys.key(key(2)), Instant.ofEpochMilli(second.get(0).timestampMillis()),
                Instant.ofEpochMilli(third.get(0).timestampMillis())).records()).isEqualTo(3);
        try (WalReader reader = WalReader.open(root); WalConsumer consumer = reader.consumer("slow", Keys.key(key(2)))) {
            consumer.commit(key(2), first.get(2).ref().end());
        }
        clock.advance(RETENTION.plus(WINDOW.multipliedBy(3)));

        SweepResult result = wal.sweep();

        assertThat(result.heldSegments()).as("the third").isEqualTo(1);
        assertThat(wal.stats().packs()).isZero();
        assertHoldsNow(wal, key(2), third);
    }

    @Test
    void purge_someWindows_aloneOfThatStream() {
        Map<String, List<Written>> written;
        try (StreamWal wal = open(packing())) {
            written = appendWindows(wal, 4);
            packAll(wal, 3 * STREAMS);
            Instant before = Instant.ofEpochMilli(NOW).plus(WINDOW.multipliedBy(2));

            SweepResult result = wal.purge(Keys.key(key(5)), before);

            assertThat(result.deletedSegments()).isEqualTo(2);
            assertThat(result.liveSegments()).isEqualTo(2);
            written.get(key(5)).removeIf(record -> record.timestampMillis() < before.toEpochMilli());
            assertAllHold(wal, written);
        }
        try (StreamWal wal = open(packing())) {
            assertAllHold(wal, written);
        }
    }

    @Test
    void purge_manyStreams_isOneChangeOfTheManifest() throws IOException {
        Map<String, List<Written>> written;
        try (StreamWal wal = open(packing())) {
            written = appendWindows(wal, 4);
            packAll(wal, 3 * STREAMS);
            Instant before = Instant.ofEpochMilli(NOW).plus(WINDOW.multipliedBy(2));
            long edits = ManifestFile.read(root).edits();

            SweepResult result = wal.purge(Keys.glob("meter/1*"), before);

            assertThat(ManifestFile.read(root).edits()).isEqualTo(edits + 1);
            List<String> purged = List.of(key(1), key(10), key(11));
            assertThat(result.deletedSegments()).isEqualTo(2 * purged.size());
            assertThat(result.liveSegments()).isEqualTo(2 * purged.size());
            assertThat(heard().swept).extracting(DeletedSegment::key).hasSameElementsAs(purged).hasSize(2 * purged.size());
            assertThat(result.bytesReclaimed()).isEqualTo(heard().swept.stream().mapToLong(DeletedSegment::bytes).sum()).isPositive();
            purged.forEach(key -> written.get(key).removeIf(record -> record.timestampMillis() < before.toEpochMilli()));
            assertAllHold(wal, written);
            assertThat(wal.purge(Keys.all(), Instant.MIN).deletedSegments()).isZero();
            assertThat(ManifestFile.read(root).edits()).as("nothing to do").isEqualTo(edits + 1);
        }
        try (StreamWal wal = open(packing())) {
            assertAllHold(wal, written);
        }
    }

    @Test
    void delete_stream_isGoneAndMayComeAgain() {
        Map<String, List<Written>> written;
        long end;
        try (StreamWal wal = open(packing())) {
            written = appendWindows(wal, 4);
            packAll(wal, 3 * STREAMS);

            assertThat(wal.delete(key(7))).isTrue();

            assertThat(wal.delete(key(7))).isFalse();
            List<Written> gone = written.remove(key(7));
            end = gone.get(gone.size() - 1).ref().end();
            assertAllHold(wal, written);
            written.put(key(7), appendSome(wal.stream(key(7)), 3));
            assertThat(written.get(key(7)).get(0).ref().position()).isGreaterThanOrEqualTo(end);
            assertAllHold(wal, written);
        }
        try (StreamWal wal = open(packing())) {
            assertAllHold(wal, written);
        }
    }

    /** As errors.md says to answer it. */
    @Test
    void delete_streamThatRecoveryRefuses_isGoneAndMayComeAgain() throws IOException {
        WalOptions.Builder stopping = packing().recoveryPolicy(RecoveryPolicy.STOP_AT_FIRST_ERROR);
        String key = key(2);
        Map<String, List<Written>> written;
        try (StreamWal wal = open(stopping)) {
            written = appendWindows(wal, 3);
            packAll(wal, 2 * STREAMS);
            written.get(key).addAll(appendSome(wal.stream(key), 3));
        }
        List<Path> own = segmentsOf(key);
        assertThat(own).hasSize(1);
        List<Written> inIt = written.get(key).subList(written.get(key).size() - 4, written.get(key).size());
        byte[] bytes = Files.readAllBytes(own.get(0));
        bytes[SegmentHeaderLayout.headerLength(key.length()) + (int) (inIt.get(1).ref().position() - inIt.get(0).ref().position()) + 40] ^= 0x55;
        Files.write(own.get(0), bytes);
        loseJournal(); // which would make it whole again
        List<Written> again;
        try (StreamWal wal = open(stopping)) {
            assertThatThrownBy(() -> wal.stream(key).append(bytes("x"))).isInstanceOf(CorruptSegmentException.class);
            assertThat(wal.delete(key)).isTrue();
            written.remove(key);
            assertAllHold(wal, written);
            assertThat(wal.keys()).doesNotContain(key);
            again = appendSome(wal.stream(key), 2);
            assertHoldsNow(wal, key, again);
        }
        try (StreamWal wal = open(stopping)) {
            assertHoldsNow(wal, key, again);
            written.put(key, joined(again, appendSome(wal.stream(key), 1)));
            assertAllHold(wal, written);
        }
    }

    @Test
    void delete_streamOfWhichAnOlderHeaderIsDamaged_isGone() throws IOException {
        String key = key(2);
        Map<String, List<Written>> written;
        try (StreamWal wal = open(packing())) {
            written = appendWindows(wal, 2);
            packAll(wal, STREAMS);
            clock.advance(WINDOW);
            written.forEach((each, records) -> records.addAll(appendSome(wal.stream(each), 1)));
            awaitSealed(2 * STREAMS);
        }
        List<Path> own = segmentsOf(key);
        assertThat(own).hasSize(2);
        byte[] bytes = Files.readAllBytes(own.get(0));
        bytes[SegmentHeaderLayout.FIXED_BYTES] ^= 0x55;
        Files.write(own.get(0), bytes);
        try (StreamWal wal = open(packing())) {
            assertThat(wal.delete(key)).isTrue();
            written.remove(key);
            assertAllHold(wal, written);
            assertThat(wal.keys()).doesNotContain(key);
            assertThat(segmentsOf(key)).isEmpty();
        }
    }

    /** A pack of which little counts gives the rest back. */
    @Test
    void pack_mostOfAPackIsDeleted_itsSpaceComesBack() {
        StreamWal wal = open(packing());
        Map<String, List<Written>> written = appendWindows(wal, 2);
        packAll(wal, STREAMS);
        Path before = packs().get(0);
        for (int stream = 0; stream < STREAMS - 1; stream++) {
            assertThat(wal.delete(key(stream))).isTrue();
            written.remove(key(stream));
        }

        assertThat(wal.pack()).isZero();

        assertThat(packs()).hasSize(1).doesNotContain(before);
        assertAllHold(wal, written);
        assertThat(wal.delete(key(STREAMS - 1))).isTrue();
        assertThat(wal.pack()).isZero();
        assertThat(packs()).isEmpty();
    }

    @Test
    void truncateAfter_recordInAPack_cutsThere() {
        Map<String, List<Written>> written;
        try (StreamWal wal = open(packing())) {
            written = appendWindows(wal, 4);
            packAll(wal, 3 * STREAMS);
            for (int stream = 0; stream < STREAMS; stream++) {
                List<Written> records = written.get(key(stream));
                int last = (stream * 3) % records.size();

                wal.stream(key(stream)).truncateAfter(records.get(last).ref());

                records.subList(last + 1, records.size()).clear();
                if (stream % 2 == 0) {
                    records.addAll(appendSome(wal.stream(key(stream)), 2));
                }
            }
            assertAllHold(wal, written);
            clock.advance(WINDOW);
            written.forEach((key, records) -> records.addAll(appendSome(wal.stream(key), 1)));
            wal.sync();
            wal.pack();
            assertAllHold(wal, written);
        }
        try (StreamWal wal = open(packing())) {
            wal.pack();
            assertAllHold(wal, written);
        }
    }

    @Test
    void checkpoint_hasThePacks() throws IOException {
        StreamWal wal = open(packing());
        Map<String, List<Written>> written = appendWindows(wal, 4);
        packAll(wal, 3 * STREAMS);
        wal.delete(key(1));
        written.remove(key(1));
        Path copy = root.resolveSibling("copy");

        wal.checkpoint(copy);

        wal.delete(key(2));
        assertThat(files(copy, ".seg")).hasSize(STREAMS - 1);
        try (WalReader reader = WalReader.open(copy)) {
            assertThat(reader.keys()).containsExactlyElementsOf(new TreeSet<>(written.keySet()));
            written.forEach((key, records) -> Written.assertHolds(reader, key, records));
        }
        try (StreamWal again = StreamWal.open(copy, packing().build())) {
            assertAllHoldIn(copy, again, written);
            again.delete(key(3));
        }
        assertHoldsNow(wal, key(3), written.get(key(3)));
    }

    private static void assertAllHoldIn(Path root, StreamWal wal, Map<String, List<Written>> expected) {
        try (WalReader within = wal.reader(); WalReader without = WalReader.open(root)) {
            expected.forEach((key, records) -> {
                Written.assertHolds(within, key, records);
                Written.assertHolds(without, key, records);
            });
        }
    }

    /** A process that ends behind the manifest and before the files are deleted leaves both; the next pass deletes the files. */
    @Test
    void pack_cutShortBeforeTheFilesWent_nothingIsThereTwice() throws IOException {
        Map<String, List<Written>> written;
        Path kept = root.resolveSibling("kept");
        try (StreamWal wal = open(packing())) {
            written = appendWindows(wal, 3);
            wal.sync();
            awaitSealed(2 * STREAMS);
            Files.createDirectories(kept);
            for (Path segment : segments()) {
                Path folder = Files.createDirectories(kept.resolve(segment.getParent().getFileName().toString()));
                Files.copy(segment, folder.resolve(segment.getFileName().toString()));
            }
            packAll(wal, 2 * STREAMS);
        }
        try (Stream<Path> files = Files.walk(kept)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path name = root.resolve("segments").resolve(kept.relativize(file).toString());
                if (!Files.exists(name)) {
                    Files.copy(file, name);
                }
            }
        }
        try (StreamWal wal = open(packing())) {
            assertAllHold(wal, written);
            assertThat(wal.pack()).isZero();
            assertThat(segments()).hasSize(STREAMS);
            assertAllHold(wal, written);
        }
    }

    /** A stream whose only file was never forced, and is lost, goes on behind what is in packs, and nothing is said to be lost. */
    @Test
    void open_theNewestFileIsLost_goesOnBehindThePack() throws IOException {
        Map<String, List<Written>> written;
        try (StreamWal wal = open(packing())) {
            written = appendWindows(wal, 2);
            packAll(wal, STREAMS);
        }
        forgetThatItWasClosed();
        // as if it had never been forced: closing the log has made it durable in the journal
        for (Path file : files(JournalFiles.directory(root), "")) {
            if (!Files.isDirectory(file)) {
                Files.delete(file);
            }
        }
        Path lost = segments().get(0);
        String key = lost.getParent().getFileName().toString().replace("%2f", "/");
        Files.delete(lost);
        written.get(key).removeIf(record -> record.timestampMillis() >= NOW + WINDOW.toMillis());
        try (StreamWal wal = open(packing(), NEXT_BOOT)) {
            assertAllHold(wal, written);
            written.get(key).addAll(appendSome(wal.stream(key), 2));
            assertAllHold(wal, written);
        }
    }

    @Test
    void read_damagedTable_isToldOnceAndTheOthersAreRead() throws IOException {
        StreamWal wal = open(packing());
        Map<String, List<Written>> written = appendWindows(wal, 3);
        packAll(wal, 2 * STREAMS);
        wal.close();
        Path damaged = packs().get(1);
        try (FileChannel channel = FileChannel.open(damaged, StandardOpenOption.WRITE)) {
            int unused = channel.write(ByteBuffer.allocate(8), channel.size() - 400);
        }
        try (WalReader reader = WalReader.open(root)) {
            written.forEach((key, records) -> {
                List<Written> readable = records.stream().filter(
                        record -> record.timestampMillis() < NOW + WINDOW.toMillis() || record.timestampMillis() >= NOW + 2 * WINDOW.toMillis()).toList();
                assertThat(reader.verify(key).damage()).hasSize(1).allSatisfy(damage -> assertThat(damage.file()).isEqualTo(damaged));
                assertThat(reader.latest(key).map(Written::of)).contains(readable.get(readable.size() - 1));
                try (EntryBatch batch = reader.readBatch(Written.refs(readable))) {
                    for (int i = 0; i < batch.size(); i++) {
                        assertThat(batch.status(i)).isEqualTo(EntryBatch.Status.FOUND);
                    }
                }
            });
        }
    }

    /** The table has the segment's end, too, and the footer is only needed for finding times faster. */
    @Test
    void read_damagedFooterOfAPackedSegment_losesNoRecordAndIsToldByVerify() throws IOException {
        StreamWal wal = open(packing().segmentBytes(1 << 20));
        List<Written> written = appendSome(wal.stream("s"), 400, 500);
        clock.advance(WINDOW);
        written.addAll(appendSome(wal.stream("s"), 1));
        packAll(wal, 1);
        wal.close();
        Path pack = packs().get(0);
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(pack)).order(ByteOrder.LITTLE_ENDIAN);
        int footer = 0;
        while (!RecordLayout.isCommitWord(bytes.getLong(footer)) || bytes.getInt(footer + RecordLayout.FLAGS) != RecordLayout.FOOTER) {
            footer++;
        }
        bytes.put(footer + RecordLayout.PREFIX_BYTES, (byte) ~bytes.get(footer + RecordLayout.PREFIX_BYTES));
        Files.write(pack, bytes.array());
        try (WalReader reader = WalReader.open(root)) {
            assertThat(Written.drain(reader.scan("s"))).isEqualTo(written);
            assertThat(Written.drain(reader.scan("s", Instant.ofEpochMilli(NOW), Instant.ofEpochMilli(NOW + 1)))).isEqualTo(written.subList(0, 400));
            assertThat(Written.drain(reader.scanBackward("s", Long.MAX_VALUE))).hasSize(401);
            assertThat(reader.latestByTimestamp("s").map(Written::of)).contains(written.get(400));
            try (EntryBatch batch = reader.readBatch(Written.refs(written))) {
                assertThat(batch.found()).hasSize(401);
            }
            VerifyReport report = reader.verify("s");
            assertThat(report.records()).isEqualTo(401);
            assertThat(report.damage()).hasSize(1).allSatisfy(damage -> assertThat(damage.file()).isEqualTo(pack));
        }
    }

    /** What has expired of a stream was in no pack that is newer than what the stream begins with now. */
    @Test
    void read_damagedTableAndTheBeginningsExpired_isToldOfStreamsThatHadRecordsInItAlone() throws IOException {
        StreamWal wal = open(packing());
        List<Written> quiet = new ArrayList<>(appendSome(wal.stream("quiet"), 2));
        Map<String, List<Written>> written = appendWindows(wal, 2);
        quiet.addAll(appendSome(wal.stream("quiet"), 2));
        for (int window = 2; window < 4; window++) {
            clock.advance(WINDOW);
            written.forEach((key, records) -> records.addAll(appendSome(wal.stream(key), 2)));
        }
        quiet.addAll(appendSome(wal.stream("quiet"), 2));
        packAll(wal, 3 * STREAMS + 2);
        clock.advance(RETENTION.minus(WINDOW.multipliedBy(2)));
        wal.sweep();
        wal.close();
        Path damaged = packs().get(1);
        try (FileChannel channel = FileChannel.open(damaged, StandardOpenOption.WRITE)) {
            int unused = channel.write(ByteBuffer.allocate(8), channel.size() - 400);
        }
        try (WalReader reader = WalReader.open(root)) {
            assertThat(reader.verify("quiet").damage()).isEmpty();
            assertThat(reader.describe("quiet").orElseThrow().firstPosition()).isEqualTo(quiet.get(2).ref().position());
            assertThat(reader.latestByTimestamp("quiet").map(Written::of)).contains(quiet.get(5));
            assertThat(Written.drain(reader.scan("quiet"))).isEqualTo(quiet.subList(2, 6));
            try (EntryBatch batch = reader.readBatch(Written.refs(quiet))) {
                assertThat(IntStream.range(0, 6).mapToObj(batch::status)).containsExactly(EntryBatch.Status.EXPIRED, EntryBatch.Status.EXPIRED,
                        EntryBatch.Status.FOUND, EntryBatch.Status.FOUND, EntryBatch.Status.FOUND, EntryBatch.Status.FOUND);
            }
            written.forEach((key, records) -> {
                assertThat(reader.verify(key).damage()).hasSize(1).allSatisfy(damage -> assertThat(damage.file()).isEqualTo(damaged));
                assertThat(reader.describe(key).orElseThrow().firstPosition()).isPositive();
                try (EntryBatch batch = reader.readBatch(List.of(records.get(0).ref(), records.get(records.size() - 3).ref()))) {
                    assertThat(batch.status(0)).isEqualTo(EntryBatch.Status.EXPIRED);
                    assertThat(batch.status(1)).isEqualTo(EntryBatch.Status.CORRUPT);
                }
            });
        }
    }

    /** The records of two windows are in packs, of which one is damaged, its header or its table. */
    private Path damagedPack(long offset, int bytes, Map<String, List<Written>> written) throws IOException {
        try (StreamWal wal = open(packing())) {
            written.putAll(appendWindows(wal, 3));
            packAll(wal, 2 * STREAMS);
        }
        Path damaged = packs().get(1);
        try (FileChannel channel = FileChannel.open(damaged, StandardOpenOption.WRITE)) {
            int unused = channel.write(ByteBuffer.allocate(bytes), offset < 0 ? channel.size() + offset : offset);
        }
        return damaged;
    }

    /** Where the streams end isn't known: the newest of their segments may be in it. */
    @ParameterizedTest
    @ValueSource(longs = {-400, 0})
    void append_packIsDamaged_goesOnAboveAllPositions(long offset) throws IOException {
        Map<String, List<Written>> written = new LinkedHashMap<>();
        Path damaged = damagedPack(offset, 16, written);
        try (StreamWal wal = open(packing())) {
            for (int i = 0; i < STREAMS; i++) {
                List<Written> before = written.get(key(i));
                long highest = before.get(before.size() - 1).ref().position();
                EntryRef ref = wal.stream(key(i)).append(bytes("behind"));
                assertThat(ref.position()).isGreaterThan(highest);
                assertThat(wal.reader().find(ref)).isPresent();
            }
            assertThat(wal.stream("new").append(bytes("first")).position()).isPositive();
        }
        try (WalReader reader = WalReader.open(root)) {
            written.forEach((key, records) -> {
                assertThat(reader.verify(key).damage()).as(key).anySatisfy(damage -> assertThat(damage.file()).isEqualTo(damaged));
                assertThat(reader.latest(key)).map(entry -> entry.content().toString(StandardCharsets.UTF_8)).contains("behind");
                // who had read all that there was is told of no loss
                try (EntryTail tail = reader.follow(key, ReadFrom.position(records.get(records.size() - 1).ref().end()))) {
                    assertThat(tail.next()).isTrue();
                    assertThat(tail.content().toString(StandardCharsets.UTF_8)).isEqualTo("behind");
                }
            });
        }
    }

    @ParameterizedTest
    @CsvSource({"-400, true", "0, true", "-400, false", "0, false"})
    void delete_packIsDamaged_deletesTheStream(long offset, boolean owns) throws IOException {
        // packing and merging tell of the damage
        expectFailures();
        Map<String, List<Written>> written = new LinkedHashMap<>();
        Path damaged = damagedPack(offset, 16, written);
        try (StreamWal wal = open(owns ? packing() : options().ownSegments(0))) {
            assertThat(wal.delete(key(0))).isTrue();
            assertThat(wal.reader().latest(key(0))).isEmpty();
            assertThat(wal.reader().verify(key(0)).damage()).isEmpty();
            assertThat(wal.reader().verify(key(1)).damage()).anySatisfy(damage -> assertThat(damage.file()).isEqualTo(damaged));
            EntryRef again = wal.stream(key(0)).append(bytes("again"));
            assertThat(wal.reader().latest(key(0)).orElseThrow().ref()).isEqualTo(again);
            clock.advance(WINDOW.multipliedBy(2));
            int unused = wal.pack();
            assertThat(wal.reader().latest(key(0)).orElseThrow().ref()).isEqualTo(again);
        }
        try (WalReader reader = WalReader.open(root)) {
            assertThat(reader.verify(key(0)).damage()).isEmpty();
            assertThat(reader.latest(key(0))).map(entry -> entry.content().toString(StandardCharsets.UTF_8)).contains("again");
        }
    }

    /** Of the streams whose frames are stored compressed, in one block each. */
    @Test
    void read_damagedBlock_isToldAtEachRecordOfItAndTheOthersAreRead() throws IOException {
        Map<String, List<Written>> written;
        try (StreamWal wal = open(packing())) {
            written = new LinkedHashMap<>();
            for (int stream = 0; stream < STREAMS; stream++) {
                written.put(key(stream), appendSome(wal.stream(key(stream)), 40));
            }
            clock.advance(WINDOW);
            for (int stream = 0; stream < STREAMS; stream++) {
                appendSome(wal.stream(key(stream)), 1);
            }
            packAll(wal, STREAMS);
        }
        Path damaged = packs().get(0);
        try (FileChannel channel = FileChannel.open(damaged, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            // in the first block, behind the pack's header
            ByteBuffer one = ByteBuffer.allocate(1);
            assertThat(channel.read(one, 120)).isOne();
            one.put(0, (byte) (one.get(0) ^ 4));
            int unused = channel.write(one.flip(), 120);
        }
        int lost = 0;
        try (WalReader reader = WalReader.open(root)) {
            for (Map.Entry<String, List<Written>> each : written.entrySet()) {
                boolean isDamaged = !reader.verify(each.getKey()).damage().isEmpty();
                lost += isDamaged ? 1 : 0;
                for (Written record : each.getValue()) {
                    if (isDamaged) {
                        assertThatThrownBy(() -> reader.find(record.ref())).as("%s", record.ref()).isInstanceOfSatisfying(
                                CorruptSegmentException.class, e -> assertThat(e.file()).isEqualTo(damaged));
                    } else {
                        assertThat(reader.find(record.ref()).map(Written::of)).contains(record);
                    }
                }
            }
        }
        assertThat(lost).isOne();
    }
}
