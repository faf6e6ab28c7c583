package dev.streamwal;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.manifest.ManifestFile;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import dev.streamwal.retention.StreamPolicy;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Streams that share segments are written and read as if each had its own. */
abstract class SharedContract extends LogContract {

    private static final Duration SHORT_WINDOW = Duration.ofSeconds(1);
    private static final int STREAMS = 12;
    private static final Duration LONG = Duration.ofSeconds(30);

    SharedContract(LogHome home) {
        super(home);
    }

    WalOptions.Builder sharing() {
        return options().ownSegments(0);
    }

    private static String key(int stream) {
        return "meter/" + stream;
    }

    private Map<String, List<Written>> append(StreamWal wal, int rounds) {
        Map<String, List<Written>> written = new LinkedHashMap<>();
        append(wal, rounds, written);
        return written;
    }

    private void append(StreamWal wal, int rounds, Map<String, List<Written>> written) {
        for (int round = 0; round < rounds; round++) {
            appendRound(wal, round, written);
            clock.advance(WINDOW.dividedBy(3));
        }
    }

    private void appendRound(StreamWal wal, int round, Map<String, List<Written>> written) {
        for (int stream = 0; stream < STREAMS; stream++) {
            written.computeIfAbsent(key(stream), key -> new ArrayList<>()).addAll(appendSome(wal.stream(key(stream)), 1 + (stream + round) % 4));
        }
    }

    /** 256 windows in a retention would be as many packs. */
    @Test
    void pack_windowsThatAreShortBesideTheRetention_areFewPacks() {
        Duration retention = WINDOW.multipliedBy(256);
        // what is merged with later windows stays with them
        long latest = retention.plus(retention.dividedBy(64).multipliedBy(3).dividedBy(2)).toMillis();
        int windows = 380;
        List<Long> appended = new ArrayList<>();
        try (StreamWal wal = open(sharing().window(WINDOW).retention(retention))) {
            for (int i = 0; i < windows; i++) {
                appended.add(clock.millis());
                for (int stream = 0; stream < STREAMS; stream++) {
                    EntryRef unused = wal.stream(key(stream)).append(clock.millis(), ("in window " + i).getBytes(ISO_8859_1));
                }
                clock.advance(WINDOW);
                if (i % 10 == 0) {
                    int packed = wal.pack();
                    SweepResult swept = wal.sweep();
                    assertThat(swept.failedSegments()).isZero();
                    assertThat(wal.stats().packs()).isLessThan(150);
                }
            }
            packAll(wal);
            SweepResult swept = wal.sweep();
            assertThat(swept.failedSegments()).isZero();
            assertThat(wal.stats().packs()).isLessThan(120);
        }
        try (StreamWal wal = open(sharing().window(WINDOW).retention(retention)); WalReader reader = wal.reader()) {
            for (int stream = 0; stream < STREAMS; stream++) {
                List<Long> found = timestamps(reader.scan(key(stream)));
                assertThat(found).isEqualTo(appended.subList(windows - found.size(), windows));
                assertThat(found.get(0)).isBetween(clock.millis() - latest - 2 * WINDOW.toMillis(), clock.millis() - retention.toMillis());
                List<Long> some = appended.subList(windows - 100, windows - 90);
                assertThat(timestamps(reader.scan(key(stream), Instant.ofEpochMilli(some.get(0)), Instant.ofEpochMilli(some.get(9) + 1)))).isEqualTo(some);
                assertThat(timestamps(reader.scanLast(key(stream), 30))).isEqualTo(appended.subList(windows - 30, windows));
                EntryRef late = wal.stream(key(stream)).append(appended.get(windows - 200), "late".getBytes(ISO_8859_1));
                assertThat(timestamps(reader.scanFrom(key(stream), late.position()))).containsExactly(appended.get(windows - 200));
            }
        }
    }

    private static List<Long> timestamps(EntryCursor cursor) {
        List<Long> found = new ArrayList<>();
        try (cursor) {
            while (cursor.next()) {
                found.add(cursor.timestampMillis());
            }
        }
        return found;
    }

    @Test
    void append_toManyStreams_readInEveryWay() {
        try (StreamWal wal = open(sharing())) {
            Map<String, List<Written>> written = append(wal, 7);
            assertThat(wal.stats().segments()).isPositive();
            assertAllHold(wal, written);
        }
    }

    @Test
    void describeAndLatest_ofManyStreams_readNoMoreThanTheirLastRecords() {
        int streams = 500;
        try (StreamWal wal = open(sharing())) {
            for (int i = 0; i < 4 * streams; i++) {
                EntryRef unused = wal.stream("many/" + i % streams).append(new byte[8]);
            }
            try (WalReader reader = WalReader.open(root)) {
                List<String> keys = List.copyOf(reader.keys());
                assertThat(keys).hasSize(streams);
                long before = reader.readCalls();
                assertThat(reader.describe(keys)).hasSize(streams);
                assertThat(reader.readCalls() - before).as("reads for describing them").isLessThan(20);
                before = reader.readCalls();
                assertThat(reader.latest(keys)).hasSize(streams);
                assertThat(reader.readCalls() - before).as("reads for their last records").isLessThan(streams + 20);
            }
        }
    }

    List<Path> files(String folder, String suffix) {
        Path directory = root.resolve(folder);
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> all = Files.walk(directory)) {
            return all.filter(file -> file.toString().endsWith(suffix)).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Until all is in packs but what was appended last. */
    private void packAll(StreamWal wal) {
        packAll(wal, WINDOW);
    }

    /** @param later at least the log's shortest window */
    private void packAll(StreamWal wal, Duration later) {
        clock.advance(later);
        // sealing happens in the background
        await("all is in packs", () -> {
            int unused = wal.pack();
            return files("segments", ".seg").isEmpty();
        });
    }

    @Test
    void purge_manyStreams_whetherTheyArePackedOrNot() {
        Map<String, List<Written>> written;
        List<String> purged = List.of(key(1), key(10), key(11));
        try (StreamWal wal = open(sharing())) {
            written = append(wal, 6);
            purge(wal, Keys.glob("meter/1*"), purged, NOW + WINDOW.toMillis(), written);
            packAll(wal);
            assertAllHold(wal, written);
            long edits = edits();
            SweepResult result = purge(wal, Keys.of(purged), purged, NOW + 2 * WINDOW.toMillis(), written);
            assertThat(result.deletedSegments()).isEqualTo(purged.size());
            assertThat(edits()).isEqualTo(edits + 1);
        }
        assertGoesOn(written, 3);
    }

    private SweepResult purge(StreamWal wal, Keys keys, List<String> purged, long beforeMillis, Map<String, List<Written>> written) {
        SweepResult result = wal.purge(keys, Instant.ofEpochMilli(beforeMillis));
        purged.forEach(key -> written.get(key).removeIf(record -> record.timestampMillis() < beforeMillis));
        written.values().removeIf(List::isEmpty);
        assertAllHold(wal, written);
        return result;
    }

    private long edits() {
        try {
            return ManifestFile.read(root).edits();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** When the log is opened again, and when all is packed. */
    private void assertGoesOn(Map<String, List<Written>> written, int rounds) {
        try (StreamWal wal = open(sharing())) {
            assertAllHold(wal, written);
            append(wal, rounds, written);
            packAll(wal);
            assertAllHold(wal, written);
        }
    }

    @Test
    void pack_allIsInOneFileAWindow() {
        Map<String, List<Written>> written;
        try (StreamWal wal = open(sharing())) {
            written = append(wal, 7);
            // in the background space is prepared, maybe between the two sums
            await("all that the log has to be in shared segments", () -> {
                WalStats stats = wal.stats();
                return stats.sharedBytes() > 0 && stats.sharedBytes() == stats.bytes();
            });
            packAll(wal);
            assertThat(wal.stats().sharedBytes()).isZero();
            assertThat(wal.stats().packedBytes()).isPositive().isEqualTo(wal.stats().bytes());
            assertThat(files("packs", ".pack")).hasSize(3);
            assertThat(wal.stats().packWrittenBytes()).isGreaterThanOrEqualTo(wal.stats().packedBytes());
            assertThat(wal.stats().writeAmplification())
                    .isEqualTo(1 + (double) wal.stats().packWrittenBytes() / wal.stats().appendedBytes());
            assertAllHold(wal, written);
            append(wal, 3, written);
            assertAllHold(wal, written);
        }
        assertGoesOn(written, 3);
    }

    /** As small as they may be, so that there are several in each window. */
    private WalOptions.Builder manySegments() {
        return sharing().segmentBytes(StreamPolicy.MIN_SEGMENT_BYTES).maxRecordBytes(1_000);
    }

    /** So that a window has several packs. */
    private WalOptions.Builder packedBeforeWindowsAreOver() {
        return manySegments().streams("none/*", StreamOptions.builder().window(SHORT_WINDOW).build());
    }

    /** However rarely the log sweeps: nothing waits for that which can be packed. */
    @Test
    void append_segmentsFillUp_arePackedAtOnce() {
        try (StreamWal wal = open(manySegments().sweepInterval(Duration.ofDays(1)))) {
            Map<String, List<Written>> written = append(wal, 2);
            await("shared segments to be packed", () -> !heard().packed.isEmpty());
            append(wal, 2, written);
            assertAllHold(wal, written);
            assertThat(heard().failures).isEmpty();
        }
    }

    /** What a stream has in them stands together there, as one segment. */
    @Test
    void pack_manySharedSegments_arePackedTogether() {
        try (StreamWal wal = open(manySegments().ownSegments(0).sweepInterval(Duration.ZERO))) {
            Map<String, List<Written>> written = append(wal, 9);
            long shared = wal.stats().sharedSegments();
            assertThat(shared).isGreaterThan(3);
            packAll(wal);
            assertThat(heard().packed).hasSize(3);
            assertThat(wal.stats().packedSegments()).isEqualTo(3 * STREAMS);
            assertAllHold(wal, written);
        }
    }

    /**
     * A packed segment ends where it is full, in the middle of what a stream has in one of the shared segments. Whoever began to read before, by a
     * list of the shared segments, finds all the same, and each record once.
     */
    @Test
    void pack_whatAStreamHasInASharedSegmentIsDivided_whoeverBeganBeforeReadsAll() {
        try (StreamWal wal = open(sharing().segmentBytes(512 << 10).maxRecordBytes(4_000).sweepInterval(Duration.ZERO));
                WalReader within = wal.reader(); WalReader without = WalReader.open(root); BegunReads begun = new BegunReads()) {
            Map<String, List<Written>> written = new LinkedHashMap<>();
            for (int i = 0; i < 60; i++) {
                for (String key : List.of("a", "b")) {
                    written.computeIfAbsent(key, unused -> new ArrayList<>()).addAll(appendSome(wal.stream(key), 10, 3_800 - i));
                }
                Runnable readOn = i % 3 != 0 ? () -> {} : begun.followToTheEnd(i % 2 == 0 ? within : without, written);
                // so many that the tail gives back the files of those that were there before
                for (int other = 0; other < 100; other++) {
                    written.computeIfAbsent("other/" + other, unused -> new ArrayList<>()).addAll(appendSome(wal.stream("other/" + other), 1));
                }
                readOn.run();
            }
            List<Written> ofA = written.get("a");
            int all = ofA.size();
            long bytes = ofA.get(all - 1).ref().end() - ofA.get(0).ref().position();
            assertThat(bytes).as("bytes of a stream, more than two packed segments have").isGreaterThan(2L << 20);
            for (WalReader reader : List.of(within, without)) {
                for (int count = 1; count < all; count += 97) {
                    begun.begin(reader, count, ofA);
                }
                begun.beginMerged(reader, written);
            }
            packAll(wal);
            assertThat(wal.stats().packedSegments()).as("packed segments of two streams").isGreaterThan(4);
            begun.assertGoOn();
            for (WalReader reader : List.of(within, without)) {
                written.forEach((key, records) -> Written.assertHolds(reader, key, records));
            }
        }
    }

    private List<Written> appendBatch(WalStream stream, int count) {
        List<byte[]> contents = IntStream.range(0, count).mapToObj(i -> ("member " + i).getBytes(ISO_8859_1)).toList();
        List<EntryRef> refs = stream.appendBatch(contents.stream().map(WriteEntry::of).toList());
        return IntStream.range(0, count).mapToObj(i -> Written.of(refs.get(i), clock.millis(), contents.get(i))).toList();
    }

    /** Packing takes all that the shared stream has, which is no deletion: nobody can have lost records of a key that is new. */
    @Test
    void consumer_keysComeAfterAllWasPacked_nothingIsTold() throws InterruptedException {
        try (StreamWal wal = open(sharing().sweepInterval(Duration.ZERO)); WalReader reader = WalReader.open(root);
                WalConsumer within = wal.reader().consumer("within", Keys.all()); WalConsumer without = reader.consumer("without", Keys.all())) {
            for (int window = 0; window < 5; window++) {
                List<EntryRef> refs = new ArrayList<>();
                for (int i = 0; i < 10; i++) {
                    refs.addAll(appendSome(wal.stream("new/" + window + "/" + i), 2).stream().map(Written::ref).toList());
                }
                assertThat(refs.get(0).position()).as("where new streams begin").isZero();
                for (WalConsumer consumer : List.of(within, without)) {
                    assertThat(delivered(consumer, refs.size())).containsExactlyInAnyOrderElementsOf(refs);
                    consumer.commitDelivered();
                    assertThat(consumer.lost()).isEmpty();
                    assertThat(consumer.possiblyLost()).isEmpty();
                }
                packAll(wal);
                assertThat(wal.stats().sharedSegments()).isZero();
            }
        }
    }

    private static List<EntryRef> delivered(WalConsumer consumer, int count) throws InterruptedException {
        List<EntryRef> refs = new ArrayList<>();
        EntryTail entries = consumer.entries();
        while (refs.size() < count && entries.next(LONG)) {
            refs.add(entries.ref());
        }
        return refs;
    }

    /** More records than are looked up, or copied, together; some in batches, some streams with one record and some with many. */
    @Test
    void pack_manyStreams_areAllThere() {
        Map<String, List<Written>> written = new LinkedHashMap<>();
        try (StreamWal wal = open(sharing().segmentBytes(64 << 10).maxRecordBytes(1_000).sweepInterval(Duration.ZERO))) {
            for (int i = 0; i < 3_000; i++) {
                String key = key(i % 7 == 0 ? 1 : i % 500);
                List<Written> some = i % 11 == 0 ? appendBatch(wal.stream(key), 1 + i % 5) : appendSome(wal.stream(key), 1);
                written.computeIfAbsent(key, unused -> new ArrayList<>()).addAll(some);
            }
            assertThat(wal.stats().sharedSegments()).isGreaterThan(3);
            packAll(wal);
            assertThat(heard().packed).hasSize(1);
            assertAllHold(wal, written);
        }
        assertGoesOn(written, 1);
    }

    @Test
    void pack_manySharedSegmentsOfAWindow_becomeOnePack() {
        Map<String, List<Written>> written = new LinkedHashMap<>();
        try (StreamWal wal = open(packedBeforeWindowsAreOver())) {
            for (int i = 0; i < 9; i++) {
                appendRound(wal, i, written);
                packAll(wal, i % 3 == 2 ? WINDOW : SHORT_WINDOW);
            }
            await("packs to be reported", () -> heard().packed.size() > 3 * 2);
            clock.advance(WINDOW.multipliedBy(2));

            assertThat(wal.pack()).isZero();

            assertThat(files("packs", ".pack")).hasSize(3);
            assertThat(heard().merged).isNotEmpty().allSatisfy(merged -> {
                assertThat(merged.packs()).isGreaterThan(1);
                assertThat(merged.segments()).isGreaterThanOrEqualTo(STREAMS);
                assertThat(merged.bytes()).isPositive();
                assertThat(merged.bytesBefore()).isGreaterThan(merged.bytes());
            });
            assertThat(heard().failures).isEmpty();
            assertAllHold(wal, written);
            assertThat(wal.delete(key(3))).isTrue();
            written.remove(key(3));
            List<Written> cut = written.get(key(5));
            wal.stream(key(5)).truncateAfter(cut.get(cut.size() / 2).ref());
            cut.subList(cut.size() / 2 + 1, cut.size()).clear();
            assertAllHold(wal, written);
        }
        try (StreamWal wal = open(manySegments())) {
            assertAllHold(wal, written);
            append(wal, 6, written);
            packAll(wal);
            clock.advance(WINDOW.multipliedBy(2));
            int unused = wal.pack();
            assertAllHold(wal, written);
        }
    }

    /** What doesn't verify isn't carried on; it stays where it is, and who reads it is told. */
    @Test
    void pack_oneOfThePacksIsDamaged_theOthersBecomeOne() throws IOException {
        expectFailures();
        StreamWal wal = open(packedBeforeWindowsAreOver());
        Map<String, List<Written>> written = new LinkedHashMap<>();
        for (int i = 0; i < 12; i++) {
            appendRound(wal, i, written);
            if (i % 4 == 3) {
                packAll(wal, SHORT_WINDOW);
            }
        }
        List<Path> before = files("packs", ".pack");
        assertThat(before).hasSizeGreaterThan(2);
        Path damaged = before.get(1);
        flipByte(damaged, 200);
        clock.advance(WINDOW.multipliedBy(2));

        for (int i = 0; i < 3; i++) {
            int unused = wal.pack();
        }

        assertThat(files("packs", ".pack")).hasSize(2).contains(damaged);
        assertThat(heard().failures).hasSize(1).allSatisfy(failure -> assertThat(failure.task()).isEqualTo("merge"));
        try (WalReader reader = wal.reader()) {
            assertThat(written.keySet().stream().filter(key -> reader.verify(key).damage().isEmpty()).count()).isEqualTo(STREAMS - 1);
        }
    }

    @Test
    void sweep_theCallbackThrowsAtAPackedSegment_endsTheSweep() {
        try (StreamWal wal = open(sharing().sweepInterval(Duration.ZERO))) {
            Map<String, List<Written>> unused = append(wal, 1);
            packAll(wal);
            clock.advance(WINDOW.plus(RETENTION).multipliedBy(2));
            AtomicInteger told = new AtomicInteger();
            assertThatThrownBy(() -> {
                SweepResult swept = wal.sweep(clock.instant(), each -> {
                    told.incrementAndGet();
                    throw new IllegalArgumentException("no more");
                });
            }).isInstanceOf(IllegalArgumentException.class).hasMessage("no more");
            assertThat(told).hasValue(1);
            assertThat(wal.stats().packs()).isZero();
            assertThat(files("packs", ".pack")).isEmpty();
            assertThat(heard().failures).isEmpty();
        }
    }

    /** What is packed in vain must not fill the disk. */
    @Test
    void pack_noPlaceForACopyOfADamagedSegment_leavesNoPacksAndCopiesItOnce() throws IOException {
        expectFailures();
        WalOptions.Builder options = sharing().sweepInterval(Duration.ZERO);
        Map<String, List<Written>> written;
        try (StreamWal wal = open(options)) {
            written = append(wal, 1);
        }
        assertThat(files("segments", ".seg")).hasSize(1);
        Path damaged = files("segments", ".seg").get(0);
        clock.advance(WINDOW.multipliedBy(2));
        try (StreamWal wal = open(options)) {
            flipByte(damaged, (int) Files.size(damaged) / 2);
            Path quarantine = Files.createFile(root.resolve("quarantine"));
            for (int i = 0; i < 3; i++) {
                assertThat(wal.pack()).isZero();
                assertThat(files("packs", ".pack")).isEmpty();
            }
            await("failures are reported", () -> !heard().failures.isEmpty());
            assertThat(heard().failures).allSatisfy(failure -> assertThat(failure.task()).isEqualTo("pack shared segments"));
            Files.delete(quarantine);
            assertThat(wal.pack()).isGreaterThanOrEqualTo(STREAMS - 1);
            assertThat(files("quarantine", ".aside")).hasSize(1);
            try (WalReader reader = wal.reader()) {
                List<String> hit = written.keySet().stream().filter(key -> !reader.verify(key).damage().isEmpty()).toList();
                assertThat(hit).hasSize(1);
                written.keySet().removeAll(hit);
                written.forEach((key, all) -> assertThat(timestamps(reader.scan(key))).as(key).hasSameSizeAs(all));
            }
        }
    }

    private static void flipByte(Path file, int offset) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[offset] ^= 1;
        Files.write(file, bytes);
    }

    @Test
    void delete_isGoneAndMayComeAgain() {
        Map<String, List<Written>> written;
        try (StreamWal wal = open(sharing())) {
            written = append(wal, 2);
            for (int i = 0; i < 3; i++) {
                if (i == 1) {
                    packAll(wal);
                }
                String key = key(i);
                assertThat(wal.delete(key)).isTrue();
                assertThat(wal.delete(key)).isFalse();
                assertThat(written.remove(key)).isNotEmpty();
                assertAllHold(wal, written);
                if (i > 0) {
                    written.put(key, appendSome(wal.stream(key), 3));
                    assertAllHold(wal, written);
                }
            }
        }
        assertGoesOn(written, 1);
    }

    /** Behind a deletion it begins where no record was, and says so before it shares again as behind that. */
    @Test
    void appendIfEndIs_streamThatHasGoneAndTheEndThatItTells_appends() {
        try (StreamWal wal = open(sharing())) {
            appendWhereItEndsBehindADeletion(wal, "s");
            packAll(wal);
            appendWhereItEndsBehindADeletion(wal, "s");
        }
    }

    private static void appendWhereItEndsBehindADeletion(StreamWal wal, String key) {
        WalStream stream = wal.stream(key);
        long before = stream.append(new byte[7]).end();
        assertThat(wal.delete(key)).isTrue();
        long end = stream.endPosition();
        assertThat(end).isGreaterThan(before);
        assertThat(stream.appendIfEndIs(before, WriteEntry.of(new byte[1]))).isEmpty();
        assertThat(stream.endPosition()).isEqualTo(end);
        EntryRef ref = stream.appendIfEndIs(end, WriteEntry.of(new byte[1])).orElseThrow();
        assertThat(ref.position()).isEqualTo(end);
        assertThat(stream.endPosition()).isEqualTo(ref.end());
    }

    @Test
    void truncateAfter_cutsThere() {
        Map<String, List<Written>> written;
        try (StreamWal wal = open(sharing())) {
            written = append(wal, 5);
            for (int i = 0; i < 4; i++) {
                if (i == 2) {
                    packAll(wal);
                }
                List<Written> records = written.get(key(i));
                Written last = records.get(records.size() - 3);
                wal.stream(key(i)).truncateAfter(last.ref());
                records.subList(records.size() - 2, records.size()).clear();
                assertAllHold(wal, written);
                records.addAll(appendSome(wal.stream(key(i)), 4));
                assertAllHold(wal, written);
            }
        }
        assertGoesOn(written, 1);
    }

    @Test
    void truncateAfter_nobodyHoldsTheStream_goesOnBehindWhatIsLeft() {
        try (StreamWal wal = open(sharing())) {
            appendSome(wal.stream("another"), 2);
        }
        try (StreamWal wal = open(sharing())) {
            List<Written> all = appendSome(wal.stream("s"), 2);
            packAll(wal);
            all.addAll(appendSome(wal.stream("s"), 3));
            cutLast(wal, "s", all);
            while (files("segments", ".seg").size() == 1) {
                appendSome(wal.stream("another"), 2);
            }
            // the last round of commits holds what it made durable
            cutLast(wal, "another", appendSome(wal.stream("another"), 2));
            System.gc();
            all.addAll(appendSome(wal.stream("s"), 1));
            assertHoldsNow(wal, "s", all);
        }
    }

    private static void cutLast(StreamWal wal, String key, List<Written> records) {
        records.remove(records.size() - 1);
        wal.stream(key).truncateAfter(records.get(records.size() - 1).ref());
    }

    @Test
    void truncateAfter_whatIsPackedStandsBehindWhatIsShared_bothAreCut() {
        try (StreamWal wal = open(sharing())) {
            // the window is over then, and the shared segment isn't a window old
            clock.advance(WINDOW.dividedBy(2));
            List<Written> all = appendSome(wal.stream("s"), 2);
            // too large to share
            List<Written> cut = appendSome(wal.stream("s"), 1, 20_000);
            clock.advance(WINDOW.dividedBy(2));
            cut.addAll(appendSome(wal.stream("s"), 1));
            await("one segment is in a pack", () -> wal.pack() == 1);
            assertThat(files("segments", ".seg")).hasSize(2);

            wal.stream("s").truncateAfter(all.remove(0).ref());

            assertThat(cut).hasSize(2);
            try (WalReader within = wal.reader(); WalReader without = WalReader.open(root)) {
                for (WalReader reader : List.of(within, without)) {
                    try (EntryCursor cursor = reader.scan("s")) {
                        assertThat(Written.drain(cursor)).hasSize(1);
                    }
                }
            }
        }
    }

    @Test
    void sweep_theLastOwnSegmentOfAStreamThatIsNotUsedYet_laterWindowsComeBehindWhatIsShared() {
        StreamOptions own = StreamOptions.builder().segments(Segments.OWN).build();
        try (StreamWal wal = open(sharing().streams("s", own))) {
            appendSome(wal.stream("s"), 1);
        }
        clock.advance(RETENTION);
        List<Written> left;
        try (StreamWal wal = open(sharing())) {
            left = appendSome(wal.stream("s"), 2);
        }
        clock.advance(WINDOW.multipliedBy(2));
        try (StreamWal wal = open(sharing().streams("s", own))) {
            assertThat(wal.sweep().deletedSegments()).isEqualTo(1);
            long late = clock.millis() - WINDOW.toMillis() * 4;
            byte[] content = {1};
            left.add(Written.of(wal.stream("s").append(late, content), late, content));
            clock.advance(WINDOW);
            left.addAll(appendSome(wal.stream("s"), 1));
            await("all is in packs but the last one", () -> {
                int unused = wal.pack();
                return files("segments", ".seg").size() == 1;
            });
            // when the late one's own window has expired: it is in the last one that the stream has had
            clock.advance(WINDOW.multipliedBy(3));
            wal.sweep(clock.instant());
            assertHoldsNow(wal, "s", left);
        }
    }

    /** A stream loses its beginning first, also where that is in a shared segment that isn't packed yet. */
    @Test
    void sweep_whatIsPackedStandsBehindWhatIsShared_staysUntilThatHasGone() {
        try (StreamWal wal = open(sharing())) {
            // what is late by the retention expires in half a window
            clock.advance(WINDOW.dividedBy(2));
            long late = clock.millis() - RETENTION.toMillis();
            List<Written> all = new ArrayList<>();
            // too large to share: the second one
            for (int bytes : List.of(10, 20_000)) {
                byte[] content = bytes(bytes, all.size());
                all.add(Written.of(wal.stream("s").append(late, content), late, content));
            }
            all.addAll(appendSome(wal.stream("s"), 1));
            await("one segment is in a pack", () -> wal.pack() == 1);
            clock.advance(WINDOW.dividedBy(2));
            assertThat(wal.sweep().deletedSegments()).isZero();
            try (EntryCursor cursor = wal.reader().scan("s")) {
                assertThat(Written.drain(cursor)).isEqualTo(all);
            }
            clock.advance(WINDOW.multipliedBy(2));
            // what is shared is packed first, once it is sealed, and goes with what stands behind it
            AtomicInteger gone = new AtomicInteger();
            await("both have gone", () -> gone.addAndGet(wal.sweep().deletedSegments()) == 2);
        }
    }

    @Test
    void sweep_whatHasExpired_goes() {
        try (StreamWal wal = open(sharing())) {
            Map<String, List<Written>> written = append(wal, 2);
            packAll(wal);
            clock.advance(RETENTION.plus(WINDOW.multipliedBy(2)));
            Map<String, List<Written>> later = append(wal, 1);
            assertThat(wal.sweep().deletedSegments()).isPositive();
            assertThat(written).hasSize(STREAMS);
            assertAllHold(wal, later);
            assertThat(files("packs", ".pack")).isEmpty();
        }
    }

    @Test
    void sweep_theClockHasGoneOnSinceTheLast_packsWhatIsSharedFirst() {
        try (StreamWal wal = open(sharing())) {
            assertThat(append(wal, 1)).hasSize(STREAMS);
            clock.advance(RETENTION.plus(WINDOW.multipliedBy(2)));
            assertThat(wal.sweep().deletedSegments()).isEqualTo(STREAMS);
            assertThat(wal.keys()).isEmpty();
        }
    }

    @Test
    void sweep_allOfAStream_itsPositionsAreNotGivenAgain() {
        List<Written> before;
        try (StreamWal wal = open(sharing())) {
            before = append(wal, 2).get(key(0));
            clock.advance(RETENTION.plus(WINDOW.multipliedBy(2)));
            wal.sweep(clock.instant());
            assertThat(wal.keys()).isEmpty();
            assertGoneBefore(wal, before);
        }
        try (StreamWal wal = open(sharing())) {
            assertGoneBefore(wal, before);
        }
    }

    @Test
    void sweep_packedOwnAndPackedAgain_goesInOrder() {
        StreamOptions own = StreamOptions.builder().segments(Segments.OWN).build();
        Written last = null;
        for (int i = 0; i < 3; i++) {
            try (StreamWal wal = open(i % 2 == 0 ? sharing() : sharing().streams("s", own))) {
                appendSome(wal.stream("s"), 2);
                clock.advance(WINDOW);
                last = appendSome(wal.stream("s"), 1).get(0);
                wal.pack();
            }
        }
        clock.advance(RETENTION.plus(WINDOW.multipliedBy(2)));
        List<Long> gone = new ArrayList<>();
        try (StreamWal wal = open(sharing())) {
            int deleted = wal.sweep(clock.instant(), segment -> gone.add(segment.position())).deletedSegments();
            assertThat(wal.keys()).isEmpty();
            assertThat(gone).hasSize(deleted);
        }
        assertThat(gone).isSorted().hasSizeGreaterThanOrEqualTo(4);
        assertThat(gone.get(gone.size() - 1)).isLessThanOrEqualTo(last.ref().position());
    }

    private void assertGoneBefore(StreamWal wal, List<Written> before) {
        Written last = before.get(before.size() - 1);
        List<Written> later = appendSome(wal.stream(key(0)), 20);
        assertThat(later.get(0).ref().position()).isGreaterThanOrEqualTo(last.ref().position() + last.ref().size());
        try (WalReader within = wal.reader(); WalReader without = WalReader.open(root)) {
            for (WalReader reader : List.of(within, without)) {
                try (EntryBatch batch = reader.readBatch(before.stream().map(Written::ref).toList())) {
                    for (int i = 0; i < batch.size(); i++) {
                        assertThat(batch.status(i)).isEqualTo(EntryBatch.Status.EXPIRED);
                    }
                }
            }
        }
        before.addAll(later);
        clock.advance(RETENTION.plus(WINDOW.multipliedBy(2)));
        wal.sweep(clock.instant());
        assertThat(wal.keys()).isEmpty();
    }

    @Test
    void checkpoint_ofWhatWasDeletedAndCut_hasWhatIsLeft() {
        Path copy = home.place("copy");
        Map<String, List<Written>> written;
        try (StreamWal wal = open(sharing())) {
            written = append(wal, 3);
            wal.delete(key(0));
            written.remove(key(0));
            List<Written> records = written.get(key(1));
            wal.stream(key(1)).truncateAfter(records.get(2).ref());
            records.subList(3, records.size()).clear();
            wal.checkpoint(copy);
        }
        try (WalReader reader = WalReader.open(copy)) {
            assertThat(reader.keys()).containsExactlyElementsOf(new TreeSet<>(written.keySet()));
            written.forEach((key, records) -> Written.assertHolds(reader, key, records));
        }
    }

    @Test
    void latestByTimestamp_lateRecords_isTheGreatestAlsoOncePacked() {
        try (StreamWal wal = open(sharing())) {
            Map<String, List<Written>> written = append(wal, 4);
            for (int i = 0; i < 2; i++) {
                long lateMillis = NOW + i;
                written.forEach((key, records) -> records.add(Written.of(wal.stream(key).append(lateMillis, bytes("late")), lateMillis, bytes("late"))));
                try (WalReader reader = WalReader.open(root)) {
                    written.forEach((key, records) -> Written.assertHolds(reader, key, records));
                    assertThat(reader.latestByTimestamp(key(0)).orElseThrow().timestampMillis()).isGreaterThan(lateMillis);
                }
                clock.advance(WINDOW);
                packAll(wal);
            }
            try (WalReader reader = WalReader.open(root)) {
                written.forEach((key, records) -> Written.assertHolds(reader, key, records));
            }
        }
    }

    @Test
    void follow_intoTheNextWindow_isDelivered() throws Exception {
        try (StreamWal wal = open(sharing()); WalReader without = WalReader.open(root)) {
            Map<String, List<Written>> written = append(wal, 1);
            try (EntryTail tail = without.follow(key(0), ReadFrom.first())) {
                for (Written each : written.get(key(0))) {
                    assertThat(tail.next(LONG)).isTrue();
                    assertThat(tail.ref()).isEqualTo(each.ref());
                }
                for (int i = 0; i < 3; i++) {
                    assertThat(tail.next(Duration.ZERO)).isFalse();
                    clock.advance(WINDOW);
                    Written next = appendSome(wal.stream(key(0)), 1).get(0);
                    assertThat(tail.next(LONG)).isTrue();
                    assertThat(tail.ref()).isEqualTo(next.ref());
                }
            }
        }
    }

    /** As in a process that was killed, or in one whose thread is stopped there. */
    @Test
    void read_behindASlotThatIsNotPublished_nothingIsLeftOutBetween() throws IOException {
        List<Written> all = new ArrayList<>();
        try (StreamWal wal = open(sharing())) {
            while (files("segments", ".seg").size() < 3) {
                all.addAll(appendSome(wal.stream("b"), 10));
            }
        }
        List<Path> segments = files("segments", ".seg").stream().sorted().toList();
        byte[] first = Files.readAllBytes(segments.get(0));
        long end = header(Files.readAllBytes(segments.get(1))).previousEnd();
        first = Arrays.copyOf(first, (int) header(first).offsetOf(end));
        int slot = new String(first, ISO_8859_1).indexOf("NANORC", first.length / 2);
        Arrays.fill(first, slot, slot + Long.BYTES, (byte) 0);
        Files.write(segments.get(0), first);
        try (WalReader reader = WalReader.open(root); EntryCursor cursor = reader.scan("b")) {
            List<Written> shown = Written.drain(cursor);
            assertThat(shown).hasSizeBetween(1, all.size() - 1).isEqualTo(all.subList(0, shown.size()));
        }
    }

    /** Readers see nothing behind a slot that a killed writer has left. What the next writer finds there may have expired by then. */
    @Test
    void follow_whatStandsBehindAnUnpublishedSlotExpiresUnseen_theGapIsTold() throws Exception {
        assertToldOfWhatStoodBehindASlot(sharing());
    }

    /** There is no shared segment then that says where the one before ended. */
    @Test
    void follow_whatStandsBehindASlotExpiresUnseenAndTheStreamOwnsItsNextSegment_theGapIsTold() throws Exception {
        assertToldOfWhatStoodBehindASlot(sharing().streams("a", StreamOptions.builder().segments(Segments.OWN).build()));
    }

    private void assertToldOfWhatStoodBehindASlot(WalOptions.Builder later) throws Exception {
        List<Written> a = new ArrayList<>();
        byte[] whenKilled;
        try (StreamWal wal = open(sharing())) {
            a.addAll(appendSome(wal.stream("a"), 2));
            appendSome(wal.stream("b"), 1);
            a.addAll(appendSome(wal.stream("a"), 2));
            whenKilled = Files.readAllBytes(files("segments", ".seg").get(0));
        }
        int slot = -1;
        for (int i = 0; i < 3; i++) {
            slot = new String(whenKilled, ISO_8859_1).indexOf("NANORC", slot + 1);
        }
        Arrays.fill(whenKilled, slot, slot + Long.BYTES, (byte) 0);
        Files.write(files("segments", ".seg").get(0), whenKilled);
        forgetThatItWasClosed();
        try (WalReader reader = WalReader.open(root); EntryTail one = reader.follow("a", ReadFrom.first());
                EntryTail many = reader.follow(Keys.all(), ReadFrom.first())) {
            for (EntryTail tail : List.of(one, many)) {
                assertNext(tail, a.get(0));
                assertNext(tail, a.get(1));
                assertThat(tail.next(Duration.ZERO)).isFalse();
            }
            Written next = againWhenAllHasExpired(later, Set.of("a")).get("a");
            for (EntryTail tail : List.of(one, many)) {
                assertThatThrownBy(() -> tail.next(LONG)).isInstanceOfSatisfying(EntryExpiredException.class, told -> {
                    assertThat(told.from()).isEqualTo(a.get(1).ref().end());
                    assertThat(told.to()).isEqualTo(next.ref().position());
                    assertThat(told.isCertain()).isFalse();
                });
                assertNext(tail, next);
            }
        }
    }

    /** More streams have records than are read at a time. Those of the others expire, and these streams come again, before it is their turn. */
    @Test
    void follow_whatHasArrivedExpiresBeforeItsTurn_theGapIsTold() throws Exception {
        Set<String> keys = IntStream.range(0, 100).mapToObj(i -> "s" + i).collect(Collectors.toSet());
        Files.createDirectories(root);
        try (WalReader reader = WalReader.open(root); EntryTail tail = reader.follow(Keys.all(), ReadFrom.first())) {
            Map<String, Written> read;
            Map<String, Written> second;
            try (StreamWal wal = open(sharing())) {
                read = appendToEach(wal, keys);
                for (int i = 0; i < keys.size(); i++) {
                    assertThat(tail.next(LONG)).isTrue();
                }
                assertThat(tail.next(Duration.ZERO)).isFalse();
                second = appendToEach(wal, keys);
            }
            // stands on one, and has a record of some others at hand
            assertThat(tail.next(LONG)).isTrue();
            assertThat(tail.ref()).isEqualTo(second.remove(tail.key()).ref());
            Map<String, Written> third = againWhenAllHasExpired(keys);
            int told = 0;
            while (!third.isEmpty()) {
                try {
                    assertThat(tail.next(LONG)).isTrue();
                    Written expected = second.containsKey(tail.key()) ? second.remove(tail.key()) : third.remove(tail.key());
                    assertThat(tail.ref()).isEqualTo(expected.ref());
                } catch (EntryExpiredException expired) {
                    String key = String.valueOf(expired.key());
                    Written gone = second.remove(key);
                    if (gone == null) {
                        // it was read, and whether another came isn't known
                        assertThat(expired.isCertain()).as(expired.getMessage()).isFalse();
                        continue;
                    }
                    assertThat(expired.from()).isEqualTo(read.get(key).ref().end());
                    assertThat(expired.to()).isBetween(gone.ref().end(), third.get(key).ref().position());
                    told++;
                }
            }
            assertThat(second).isEmpty();
            assertThat(told).isPositive();
        }
    }

    private Map<String, Written> appendToEach(StreamWal wal, Set<String> keys) {
        Map<String, Written> appended = new HashMap<>();
        keys.forEach(key -> appended.put(key, appendSome(wal.stream(key), 1).get(0)));
        return appended;
    }

    /** The follower sees the record come while it stands on the one before, and has it not read when all of the stream expires. */
    @Test
    void follow_whatArrivedWhileItStoodOnARecordExpires_theGapIsTold() throws Exception {
        assertToldOfWhatCameWhileItStoodOnARecord(true);
    }

    /** As above, but the record has come and expired when the follower looks. */
    @Test
    void follow_whatCameUnseenWhileItStoodOnARecordExpires_theGapIsTold() throws Exception {
        assertToldOfWhatCameWhileItStoodOnARecord(false);
    }

    private void assertToldOfWhatCameWhileItStoodOnARecord(boolean isSeenToCome) throws InterruptedException {
        Map<String, Written> first;
        try (StreamWal wal = open(sharing())) {
            first = appendToEach(wal, Set.of("a", "b"));
        }
        try (StreamWal wal = open(sharing())) {
            packAll(wal);
        }
        try (WalReader reader = WalReader.open(root); EntryTail tail = reader.follow(Keys.all(), ReadFrom.first())) {
            assertThat(tail.next(LONG)).isTrue();
            String other = tail.key().equals("a") ? "b" : "a";
            Written unseen;
            try (StreamWal wal = open(sharing())) {
                unseen = appendToEach(wal, Set.of(other)).get(other);
            }
            if (isSeenToCome) {
                // so that the next call looks for what has come
                Thread.sleep(50);
                assertNext(tail, first.get(other));
            }
            clock.advance(RETENTION.plus(WINDOW.multipliedBy(2)));
            Written last;
            try (StreamWal wal = open(sharing())) {
                packAll(wal);
                SweepResult swept = wal.sweep();
                assertThat(swept.failedSegments()).isZero();
                if (!isSeenToCome) {
                    Thread.sleep(50);
                    assertNext(tail, first.get(other));
                }
                assertThat(tail.next(Duration.ZERO)).isFalse();
                last = appendToEach(wal, Set.of(other)).get(other);
            }
            assertThatThrownBy(() -> tail.next(LONG)).isInstanceOfSatisfying(EntryExpiredException.class, told -> {
                assertThat(told.from()).isEqualTo(first.get(other).ref().end());
                assertThat(told.to()).isBetween(unseen.ref().end(), last.ref().position());
            });
            assertNext(tail, last);
        }
    }

    /** Between two looks of the follower, when it knows that the stream is gone, the stream comes again, expires again, and comes a third time. */
    @Test
    void follow_aStreamThatHasGoneComesAndExpiresUnseen_theGapIsTold() throws Exception {
        Written first;
        try (StreamWal wal = open(sharing())) {
            first = appendSome(wal.stream("a"), 1).get(0);
        }
        try (StreamWal wal = open(sharing())) {
            packAll(wal);
        }
        try (WalReader reader = WalReader.open(root); EntryTail one = reader.follow("a", ReadFrom.first());
                EntryTail many = reader.follow(Keys.all(), ReadFrom.first())) {
            List<EntryTail> tails = List.of(one, many);
            for (EntryTail tail : tails) {
                assertNext(tail, first);
                assertThat(tail.next(Duration.ZERO)).isFalse();
            }
            Written other = againWhenAllHasExpired(Set.of("b")).get("b");
            assertNext(many, other);
            for (EntryTail tail : tails) {
                assertThat(tail.next(Duration.ofMillis(300))).isFalse();
            }
            Written unseen = againWhenAllHasExpired(Set.of("a")).get("a");
            Written last = againWhenAllHasExpired(Set.of("a")).get("a");
            for (EntryTail tail : tails) {
                assertThatThrownBy(() -> tail.next(LONG)).isInstanceOfSatisfying(EntryExpiredException.class, told -> {
                    assertThat(told.from()).isEqualTo(first.ref().end());
                    assertThat(told.to()).isBetween(unseen.ref().end(), last.ref().position());
                });
                assertNext(tail, last);
            }
        }
    }

    @Test
    void follow_allThatWasReadExpires_nothingIsToldWhenTheStreamComesAgain() throws Exception {
        List<Written> a;
        try (StreamWal wal = open(sharing())) {
            a = appendSome(wal.stream("a"), 2);
        }
        try (WalReader reader = WalReader.open(root); EntryTail one = reader.follow("a", ReadFrom.first());
                EntryTail many = reader.follow(Keys.all(), ReadFrom.first())) {
            for (EntryTail tail : List.of(one, many)) {
                assertNext(tail, a.get(0));
                assertNext(tail, a.get(1));
                assertThat(tail.next(Duration.ZERO)).isFalse();
            }
            Written next = againWhenAllHasExpired(Set.of("a")).get("a");
            assertNext(one, next);
            assertNext(many, next);
        }
    }

    private Map<String, Written> againWhenAllHasExpired(Set<String> keys) {
        return againWhenAllHasExpired(sharing(), keys);
    }

    private Map<String, Written> againWhenAllHasExpired(WalOptions.Builder options, Set<String> keys) {
        clock.advance(RETENTION.plus(WINDOW.multipliedBy(2)));
        try (StreamWal wal = open(options)) {
            packAll(wal);
            SweepResult swept = wal.sweep();
            assertThat(swept.failedSegments()).isZero();
            assertAreAll(wal, Set.of());
            return appendToEach(wal, keys);
        }
    }

    /** No later segment tells that the last look hadn't seen all of the one that has gone. */
    @Test
    void follow_manyStreamsOfWhichRecordsArePackedUnseenAndNothingComesAfter_theyAreDelivered() throws Exception {
        try (StreamWal wal = open(sharing())) {
            List<Written> seen = appendSome(wal.stream(key(0)), 1);
            try (WalReader reader = WalReader.open(root); EntryTail tail = reader.follow(Keys.prefix("meter/"), ReadFrom.first())) {
                assertNext(tail, seen.get(0));
                assertThat(tail.next()).isFalse();
                List<Written> unseen = appendSome(wal.stream(key(0)), 1);
                packAll(wal);
                assertNext(tail, unseen.get(0));
            }
        }
    }

    private static void assertNext(EntryTail tail, Written written) throws InterruptedException {
        assertThat(tail.next(LONG)).isTrue();
        assertThat(tail.ref()).isEqualTo(written.ref());
    }

    private static SegmentHeader header(byte[] segment) throws IOException {
        try {
            return SegmentHeaderLayout.decode(ByteBuffer.wrap(segment).order(ByteOrder.LITTLE_ENDIAN), segment.length);
        } catch (FormatException e) {
            throw new IOException(e);
        }
    }

    @Test
    void append_whatBlocksWhileItIsCopied_holdsUpNobody() throws Exception {
        try (StreamWal wal = open(sharing()); WalReader without = WalReader.open(root)) {
            List<Written> b = appendSome(wal.stream("b"), 30);
            List<Written> a = appendSome(wal.stream("a"), 1);
            HeldByteBuf held = new HeldByteBuf(bytes("held"));
            CompletableFuture<EntryRef> appended = CompletableFuture.supplyAsync(
                    () -> wal.stream("a").append(NOW, Unpooled.EMPTY_BUFFER, held));
            held.awaitReached();
            b.addAll(appendSome(wal.stream("b"), 3));
            a.addAll(appendSome(wal.stream("a"), 3));
            for (WalReader reader : List.of(wal.reader(), without)) {
                Written.assertHolds(reader, "a", a);
                Written.assertHolds(reader, "b", b);
            }
            held.letGo();
            a.add(Written.of(appended.get(), NOW, bytes("held")));
            assertHoldsNow(wal, "a", a);
        }
    }

    @Test
    void records_tooLargeToShare_areInSegmentsOfTheirOwn() {
        Map<String, List<Written>> written = new LinkedHashMap<>();
        try (StreamWal wal = open(sharing())) {
            for (int i = 0; i < 3; i++) {
                List<Written> records = written.computeIfAbsent("k", key -> new ArrayList<>());
                records.addAll(appendSome(wal.stream("k"), 2));
                records.addAll(appendSome(wal.stream("k"), 1, 20_000));
                assertAllHold(wal, written);
            }
        }
        try (StreamWal wal = open(sharing())) {
            assertAllHold(wal, written);
            append(wal, 1, written);
            assertAllHold(wal, written);
        }
    }

    @Test
    void reopen_goesOnWhereItWas() {
        Map<String, List<Written>> written;
        try (StreamWal wal = open(sharing())) {
            written = append(wal, 4);
        }
        for (int i = 0; i < 3; i++) {
            try (StreamWal wal = open(sharing())) {
                assertAreAll(wal, written.keySet());
                append(wal, 2, written);
                assertAllHold(wal, written);
            }
        }
    }

    @Test
    void reopen_afterCutsAndDeletions_eachStreamGoesOnBehindWhatItHas() {
        Map<String, List<Written>> written;
        Map<String, Long> ends = new LinkedHashMap<>();
        try (StreamWal wal = open(sharing())) {
            written = append(wal, 2);
            packAll(wal);
            append(wal, 4, written);
            cutLast(wal, key(0), written.get(key(0)));
            for (int packed = (int) written.get(key(1)).stream().filter(each -> each.timestampMillis() < NOW + WINDOW.toMillis()).count(); written.get(key(1)).size() > packed;) {
                cutLast(wal, key(1), written.get(key(1)));
            }
            List<Written> cutAndAppended = written.get(key(2));
            cutLast(wal, key(2), cutAndAppended);
            cutAndAppended.addAll(appendSome(wal.stream(key(2)), 2));
            cutLast(wal, key(2), cutAndAppended);
            for (int i = 3; i < 6; i++) {
                assertThat(wal.delete(key(i))).isTrue();
                List<Written> unused = written.remove(key(i));
            }
            written.put(key(4), appendSome(wal.stream(key(4)), 3));
            written.put(key(5), appendSome(wal.stream(key(5)), 3));
            cutLast(wal, key(5), written.get(key(5)));
            written.keySet().forEach(key -> ends.put(key, wal.stream(key).endPosition()));
        }
        try (StreamWal wal = open(sharing())) {
            assertAreAll(wal, written.keySet());
            for (String key : written.keySet()) {
                assertThat(wal.stream(key).endPosition()).as(key).isEqualTo(ends.get(key));
            }
            assertAllHold(wal, written);
        }
        assertGoesOn(written, 2);
    }
}
