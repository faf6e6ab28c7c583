package dev.streamwal.reading;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.Durability;
import dev.streamwal.Segments;
import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStream;
import dev.streamwal.WriteBatch;
import dev.streamwal.WriteEntry;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.StreamInfo;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A range of time of a stream whose records aren't packed yet. In a shared segment they stand between those of others: where they stand in the order of their
 * times, or nearly so, those outside the range aren't read. In a segment of the stream's own, what was read once is known. Whatever the order, and whatever is
 * known, those within the range are handed out.
 */
class RangeOfUnpackedTest {

    private static final long START = Instant.parse("2026-03-01T12:00:00Z").toEpochMilli();
    private static final int KEYS = 20;
    private static final int RECORDS = 500;
    private static final int CONTENT_BYTES = 200;
    private static final int ROUNDS = 100;
    private static final String MIDDLE = "the record in the middle";
    /** Later than all records. */
    private static final long FAR = 5_000;

    @TempDir
    Path root;

    private record Known(EntryRef ref, long timestampMillis) {}

    private int maxContentBytes;
    /** Records that aren't the last ones of their batches. */
    private final Set<EntryRef> withinBatches = new HashSet<>();

    private StreamWal open() {
        return StreamWal.open(root, WalOptions.builder().clock(() -> Instant.ofEpochMilli(START + 10_000)).window(Duration.ofHours(1))
                .retention(Duration.ofDays(1)).segmentBytes(4 << 20).sweepInterval(Duration.ZERO).durability(Durability.BUFFERED)
                .streams("*", StreamOptions.builder().segments(Segments.SHARED).build()).build());
    }

    private static Instant at(long millis) {
        return Instant.ofEpochMilli(START + millis);
    }

    private static void appendInTurn(StreamWal wal, IntUnaryOperator times) {
        for (int i = 0; i < RECORDS; i++) {
            for (int key = 0; key < KEYS; key++) {
                byte[] content = Arrays.copyOf(key == 0 && i == RECORDS / 2 ? MIDDLE.getBytes(ISO_8859_1) : new byte[0], CONTENT_BYTES);
                long unused = wal.stream("k" + key).append(START + times.applyAsInt(i), content).position();
            }
        }
    }

    private static List<Long> read(EntryCursor cursor) {
        List<Long> millis = new ArrayList<>();
        while (cursor.next()) {
            millis.add(cursor.timestampMillis() - START);
        }
        return millis;
    }

    private static List<Long> from(long first, long end) {
        return Stream.iterate(first, millis -> millis < end, millis -> millis + 1).toList();
    }

    @Test
    void scan_ofARange_readsLittleElse() {
        try (StreamWal wal = open(); WalReader reader = WalReader.open(root)) {
            appendInTurn(wal, i -> i);
            try (EntryCursor walksAll = reader.scan("k0", at(0), at(1))) {
                assertThat(read(walksAll)).containsExactly(0L);
            }
            for (int[] range : new int[][] {{RECORDS - 10, RECORDS}, {RECORDS - 10, 9_000}, {0, 10}, {200, 210}, {300, 300}, {RECORDS, 9_000}}) {
                long before = reader.readBytes();
                try (EntryCursor cursor = reader.scan("k0", at(range[0]), at(range[1]))) {
                    assertThat(read(cursor)).isEqualTo(from(range[0], Math.min(RECORDS, range[1])));
                }
                // the ten, those that are looked at to find them, and what the listing reads; all would be 150 KB
                assertThat(reader.readBytes() - before).as("from %s to %s", range[0], range[1]).isLessThan((10 + 2 * 9 + 20) * 300L);
            }
        }
    }

    @Test
    void scan_ofARangeWhereRecordsAreALittleLate_readsLittleElse() {
        int late = 7;
        // 7, 0, 1, …, 6, 15, 8, …: each eighth comes first
        IntUnaryOperator times = i -> i % (late + 1) == 0 ? i + late : i - 1;
        try (StreamWal wal = open(); WalReader reader = WalReader.open(root)) {
            appendInTurn(wal, times);
            try (EntryCursor walksAll = reader.scan("k0", at(0), at(1))) {
                assertThat(read(walksAll)).containsExactly(0L);
            }
            for (int[] range : new int[][] {{RECORDS - 10, 9_000}, {0, 10}, {200, 210}, {203, 204}, {300, 300}}) {
                List<Long> expected = IntStream.range(0, RECORDS).map(times).filter(time -> time >= range[0] && time < range[1]).asLongStream().boxed()
                        .toList();
                long before = reader.readBytes();
                try (EntryCursor cursor = reader.scan("k0", at(range[0]), at(range[1]))) {
                    assertThat(read(cursor)).isEqualTo(expected);
                }
                // besides, twice what may be late at either end
                assertThat(reader.readBytes() - before).as("from %s to %s", range[0], range[1]).isLessThan((10 + 4 * late + 2 * 9 + 20) * 300L);
            }
        }
    }

    /** A shared segment has records of many windows if many windows are imported at once. */
    @Test
    void scan_ofARangeOfOneOfManyWindows_readsLittleElse() {
        int windows = 200;
        long window = Duration.ofMinutes(1).toMillis();
        WalOptions options = WalOptions.builder().clock(() -> at(windows * window)).window(Duration.ofMillis(window)).retention(Duration.ofDays(1))
                .sweepInterval(Duration.ZERO).streams("*", StreamOptions.builder().segments(Segments.SHARED).build()).build();
        try (StreamWal wal = StreamWal.open(root, options); WalReader reader = WalReader.open(root)) {
            for (int i = 0; i < windows; i++) {
                for (int key = 0; key < KEYS; key++) {
                    // one in ten comes two windows late, and goes to the window of the one before
                    long unused = wal.stream("k" + key).append(START + (i % 10 == 8 ? i - 2 : i) * window, new byte[CONTENT_BYTES]).position();
                }
            }
            try (EntryCursor walksAll = reader.scan("k0", at(0), at(1))) {
                assertThat(read(walksAll)).containsExactly(0L);
            }
            for (int i : new int[] {0, 6, 8, 100, 106, windows - 1}) {
                long calls = reader.readCalls();
                try (EntryCursor cursor = reader.scan("k0", at(i * window), at((i + 1) * window))) {
                    assertThat(read(cursor)).isEqualTo(i % 10 == 6 ? List.of(i * window, i * window) : i % 10 == 8 ? List.of() : List.of(i * window));
                }
                assertThat(reader.readCalls() - calls).as("window %s", i).isLessThan(40);
            }
        }
    }

    /** A late record comes while the range is read, behind the records that are left out. */
    @Test
    void scan_ofARange_hasWhatComesMeanwhile() {
        try (StreamWal wal = open(); WalReader reader = WalReader.open(root)) {
            appendInTurn(wal, i -> i);
            try (EntryCursor cursor = reader.scan("k0", at(100), at(103))) {
                assertThat(cursor.next()).isTrue();
                long unused = wal.stream("k0").append(START + 101, new byte[CONTENT_BYTES]).position();
                assertThat(read(cursor)).containsExactly(101L, 102L, 101L);
                unused = wal.stream("k0").append(START + 900, new byte[CONTENT_BYTES]).position();
                assertThat(cursor.next()).isFalse();
                unused = wal.stream("k0").append(START + 102, new byte[CONTENT_BYTES]).position();
                assertThat(read(cursor)).containsExactly(102L);
            }
            try (EntryCursor cursor = reader.scan("k0", at(100), at(103))) {
                assertThat(read(cursor)).containsExactly(100L, 101L, 102L, 101L, 102L);
            }
        }
    }

    @Test
    void scan_ofARangeOfAnOwnSegment_readsTheRestOfItOnlyOnce() {
        int records = 2_000;
        int content = 1_000;
        try (StreamWal wal = StreamWal.open(root, WalOptions.builder().clock(() -> Instant.ofEpochMilli(START + 10_000)).window(Duration.ofHours(1))
                .retention(Duration.ofDays(1)).segmentBytes(8 << 20).sweepInterval(Duration.ZERO)
                .streams("*", StreamOptions.builder().segments(Segments.OWN).build()).build()); WalReader reader = WalReader.open(root)) {
            for (int i = 0; i < records; i++) {
                long unused = wal.stream("k").append(START + i, new byte[content]).position();
            }
            try (EntryCursor readsAll = reader.scan("k", at(100), at(102))) {
                assertThat(read(readsAll)).containsExactly(100L, 101L);
            }
            for (int[] range : new int[][] {{records - 10, records}, {records - 10, 9_000}, {0, 10}, {700, 710}, {300, 300}, {records, 9_000}}) {
                long before = reader.readBytes();
                try (EntryCursor cursor = reader.scan("k", at(range[0]), at(range[1]))) {
                    assertThat(read(cursor)).isEqualTo(from(range[0], Math.min(records, range[1])));
                }
                // two blocks, and what is read of their neighbours; all would be 2 MB
                assertThat(reader.readBytes() - before).as("from %s to %s", range[0], range[1]).isLessThan(300_000);
            }
            // what came since is read once, too
            for (int i = records; i < 2 * records; i++) {
                long unused = wal.stream("k").append(START + i, new byte[content]).position();
            }
            for (int time = 0; time < 2; time++) {
                long before = reader.readBytes();
                try (EntryCursor cursor = reader.scan("k", at(records + 10), at(records + 12))) {
                    assertThat(read(cursor)).containsExactly(records + 10L, records + 11L);
                }
                assertThat(reader.readBytes() - before).as("time %s", time).isLessThan(time == 0 ? 4_000_000 : 300_000);
            }
            EntryRef last = reader.latest("k").orElseThrow().ref();
            long before = reader.readBytes();
            try (EntryCursor cursor = reader.scanFrom("k", last.position())) {
                assertThat(cursor.next()).isTrue();
            }
            assertThat(reader.readBytes() - before).as("for the last by its position").isLessThan(300_000);
            before = reader.readBytes();
            assertThat(reader.latestByTimestamp("k").orElseThrow().timestampMillis()).isEqualTo(START + 2L * records - 1);
            assertThat(reader.readBytes() - before).as("for the latest").isLessThan(600_000);
            before = reader.readBytes();
            StreamInfo all = reader.describe("k").orElseThrow();
            assertThat(all.endPosition()).isEqualTo(last.end());
            assertThat(all.dataBytes()).isEqualTo(last.end() - all.firstPosition());
            assertThat(all.smallestTimestampMillis()).hasValue(START);
            assertThat(all.largestTimestampMillis()).hasValue(START + 2L * records - 1);
            assertThat(reader.readBytes() - before).as("for the extent").isLessThan(600_000);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SHARED", "OWN"})
    void scan_ofAnyRangeOfAnyRecords_hasThoseInTheRange(Segments kind) {
        // a block of an own segment has a few of its records, too
        maxContentBytes = kind == Segments.OWN ? 8_000 : 60;
        Random random = new Random(7);
        for (int round = 0; round < ROUNDS; round++) {
            Path own = root.resolve("r" + round);
            List<Known> known = new ArrayList<>();
            try (StreamWal wal = StreamWal.open(own, WalOptions.builder().clock(() -> Instant.ofEpochMilli(START + 10_000)).window(Duration.ofHours(1))
                    .retention(Duration.ofDays(1)).segmentBytes(kind == Segments.OWN ? 512 << 10 : 16 << 10).sweepInterval(Duration.ZERO)
                    .streams("*", StreamOptions.builder().segments(kind).build()).build()); WalReader reader = WalReader.open(own)) {
                int lateOneIn = 1 + random.nextInt(200);
                for (int step = 0; step < 12; step++) {
                    append(wal, known, random, lateOneIn, step * 20L);
                    long from = random.nextInt(260);
                    long to = random.nextInt(4) == 0 ? FAR : from + random.nextInt(100);
                    try (EntryCursor cursor = reader.scan("k", at(from), to == FAR ? Instant.MAX : at(to))) {
                        assertInRange(cursor, known, wal, random, lateOneIn, from, to, step * 20L);
                    }
                    assertGreatest(reader, known);
                    assertExtent(reader, known);
                    if (random.nextInt(6) == 0 && !known.isEmpty()) {
                        cut(wal, known, random);
                        assertExtent(reader, known);
                        assertGreatest(reader, known);
                    }
                }
            }
        }
    }

    private static void assertGreatest(WalReader reader, List<Known> known) {
        Optional<EntryRef> greatest = known.stream().max(Comparator.comparingLong(Known::timestampMillis).thenComparing(each -> each.ref().position()))
                .map(Known::ref);
        assertThat(reader.latestByTimestamp("k").map(Entry::ref)).isEqualTo(greatest);
    }

    private static void assertExtent(WalReader reader, List<Known> known) {
        if (!known.isEmpty()) {
            StreamInfo all = reader.describe("k").orElseThrow();
            assertThat(all.endPosition()).isEqualTo(known.get(known.size() - 1).ref().end());
            assertThat(all.smallestTimestampMillis()).hasValue(START + known.stream().mapToLong(Known::timestampMillis).min().orElseThrow());
            assertThat(all.largestTimestampMillis()).hasValue(START + known.stream().mapToLong(Known::timestampMillis).max().orElseThrow());
        }
    }

    /** Reads a part, has more appended, and reads the rest. */
    private void assertInRange(EntryCursor cursor, List<Known> known, StreamWal wal, Random random, int lateOneIn, long from, long to, long now) {
        List<Known> found = new ArrayList<>();
        for (int left = random.nextInt(30); left > 0 && cursor.next(); left--) {
            found.add(new Known(cursor.ref(), cursor.timestampMillis() - START));
        }
        append(wal, known, random, lateOneIn, now + 10);
        while (cursor.next()) {
            found.add(new Known(cursor.ref(), cursor.timestampMillis() - START));
        }
        assertThat(found).isEqualTo(known.stream().filter(each -> each.timestampMillis() >= from && each.timestampMillis() < to).toList());
    }

    private void append(StreamWal wal, List<Known> known, Random random, int lateOneIn, long now) {
        WalStream stream = wal.stream("k");
        for (int i = random.nextInt(40); i > 0; i--) {
            long millis = now + random.nextInt(3);
            if (random.nextInt(lateOneIn) == 0) {
                millis = lateOneIn % 2 == 0 ? Math.max(0, now - random.nextInt(30)) : random.nextInt(260);
            } else if (!known.isEmpty() && lateOneIn > 1) {
                millis = Math.max(millis, known.get(known.size() - 1).timestampMillis());
            }
            if (random.nextInt(200) == 0) {
                WriteEntry entry = WriteEntry.of(new byte[9], START + millis);
                List<EntryRef> refs = wal.append(new WriteBatch().add("k", entry).add("other", entry).add("k", entry));
                withinBatches.add(refs.get(0));
                known.add(new Known(refs.get(0), millis));
                known.add(new Known(refs.get(2), millis));
            } else {
                known.add(new Known(stream.append(START + millis, new byte[random.nextInt(maxContentBytes)]), millis));
            }
            long unused = wal.stream("other").append(new byte[random.nextInt(60)]).position();
        }
    }

    private void cut(StreamWal wal, List<Known> known, Random random) {
        int last = random.nextInt(known.size());
        if (withinBatches.contains(known.get(last).ref())) {
            return;
        }
        wal.stream("k").truncateAfter(known.get(last).ref());
        known.subList(last + 1, known.size()).clear();
    }

    /** Bytes that changed after the segment was walked: the times that they say are not believed. */
    @Test
    void scan_ofARange_bytesHaveChanged_hasAllOthers() throws IOException {
        try (StreamWal wal = open(); WalReader reader = WalReader.open(root)) {
            appendInTurn(wal, i -> i);
            try (EntryCursor walksAll = reader.scan("k0", at(0), at(1))) {
                assertThat(read(walksAll)).containsExactly(0L);
            }
            Path file = sharedSegment();
            int content = new String(Files.readAllBytes(file), ISO_8859_1).indexOf(MIDDLE);
            assertThat(content).isPositive();
            // the first record that is looked at: its prefix, its slot, its content
            for (int offset = content - 100; offset < content + CONTENT_BYTES; offset++) {
                for (int bit : new int[] {1, 0x80}) {
                    flip(file, offset, bit);
                    List<Long> found = readPastDamage(reader, 200, 300);
                    flip(file, offset, bit);
                    List<Long> missing = new ArrayList<>(from(200, 300));
                    missing.removeAll(found);
                    assertThat(missing).as("missing with bit %s of offset %s changed", bit, offset - content).hasSizeLessThanOrEqualTo(1);
                    assertThat(found).hasSize(100 - missing.size()).isSorted();
                }
            }
        }
    }

    private static List<Long> readPastDamage(WalReader reader, long from, long to) {
        List<Long> found = new ArrayList<>();
        try (EntryCursor cursor = reader.scan("k0", at(from), at(to))) {
            while (true) {
                try {
                    if (!cursor.next()) {
                        return found;
                    }
                    found.add(cursor.timestampMillis() - START);
                } catch (CorruptSegmentException e) {
                    continue;
                }
            }
        }
    }

    private Path sharedSegment() throws IOException {
        try (Stream<Path> files = Files.walk(root.resolve("segments"))) {
            return files.filter(file -> file.toString().endsWith(".seg")).sorted().findFirst().orElseThrow();
        }
    }

    private static void flip(Path file, long offset, int bit) throws IOException {
        try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
            bytes.seek(offset);
            int old = bytes.read();
            bytes.seek(offset);
            bytes.write(old ^ bit);
        }
    }
}
