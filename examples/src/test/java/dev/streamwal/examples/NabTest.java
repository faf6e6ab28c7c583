package dev.streamwal.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.streamwal.DeletedSegment;
import dev.streamwal.DeletedSegment.Reason;
import dev.streamwal.StreamWal;
import dev.streamwal.SweepResult;
import dev.streamwal.WalOptions;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.StreamInfo;
import dev.streamwal.reader.WalReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real series, from the Numenta Anomaly Benchmark: imported and read back; written as nano-wal files and read back; and kept for 30 days
 * under their own clock.
 * What is to be found is taken from the files by the plainest code there is, not by the example's reader.
 */
class NabTest {
    private static final Duration RETENTION = Duration.ofDays(30);

    private static Path data;
    private static Map<String, List<Row>> files;

    @TempDir
    Path root;

    private record Row(long timestampMillis, String value) {}

    /** A day of a stream, in whose segment there are this many rows. */
    private record Day(String stream, Instant start, int rows) {
        Instant expiration() {
            return start.plus(1, ChronoUnit.DAYS).plus(RETENTION);
        }

        Expired expired() {
            return new Expired(stream, expiration());
        }
    }

    private record Expired(String stream, Instant expiration) {}

    private record StreamRow(String stream, Row row) {}

    @BeforeAll
    static void readTheFiles() throws IOException {
        String directory = System.getProperty("nab.dir", "");
        if (directory.isEmpty()) {
            System.out.println("SKIPPED: no NAB data");
        }
        assumeTrue(!directory.isEmpty(), "no NAB data");
        data = Path.of(directory);
        files = new TreeMap<>();
        for (Path file : csvFiles()) {
            String path = data.relativize(file).toString().replace('\\', '/');
            files.put(path.substring(0, path.length() - ".csv".length()), rows(file));
        }
    }

    @Test
    void theFiles_areAsTheyAreSaidToBe() throws IOException {
        int withoutNewline = 0;
        for (Path file : csvFiles()) {
            withoutNewline += Files.readString(file).endsWith("\n") ? 0 : 1;
        }
        List<String> late = new ArrayList<>();
        int repeated = 0;
        for (Map.Entry<String, List<Row>> file : files.entrySet()) {
            for (int i = 1; i < file.getValue().size(); i++) {
                long step = file.getValue().get(i).timestampMillis - file.getValue().get(i - 1).timestampMillis;
                repeated += step == 0 ? 1 : 0;
                if (step < 0) {
                    late.add(file.getKey());
                }
            }
        }

        assertThat(files).hasSize(31);
        assertThat(files.values().stream().mapToInt(List::size).sum()).isEqualTo(152_965);
        assertThat(withoutNewline).isEqualTo(7);
        assertThat(late).containsExactly("realKnownCause/machine_temperature_system_failure");
        assertThat(repeated).isEqualTo(35);
    }

    @Test
    void csvImport_everyRowIsReadBack() {
        Output output = new Output();

        assertThat(CsvImport.commandLine(output.stream).execute("--verify", root.toString(), data.toString())).isZero();

        assertThat(output.toString())
                .containsPattern("files +31, 152,965 rows, the newest of " + newest())
                .containsPattern("verified +152,965 rows .*: 0 are not as in their file");
        try (WalReader reader = WalReader.open(root)) {
            assertThat(reader.keys()).isEqualTo(files.keySet());
            Map<EntryRef, Row> byRef = new HashMap<>();
            files.forEach((key, rows) -> byRef.putAll(everyRow(reader, key, rows, NabTest::row)));
            files.forEach((key, rows) -> newestRows(reader, key, rows));
            files.forEach((key, rows) -> aDay(reader, key, rows));
            randomRefs(reader, byRef, NabTest::row);
        }
    }

    /** A file a day, as nano-wal 1.0 writes them; a file's name can't have the slash of a series'. */
    @Test
    void nanoWalFiles_everyRowIsReadBack() throws IOException {
        for (Map.Entry<String, List<Row>> file : files.entrySet()) {
            for (Day day : days(file.getKey(), file.getValue())) {
                Files.write(nanoWalFile(day), header(day));
            }
            Iterator<Row> rows = file.getValue().iterator();
            for (Day day : days(file.getKey(), file.getValue())) {
                ByteArrayOutputStream records = new ByteArrayOutputStream();
                for (int i = 0; i < day.rows; i++) {
                    records.writeBytes(record(rows.next()));
                }
                Files.write(nanoWalFile(day), records.toByteArray(), StandardOpenOption.APPEND);
            }
        }

        try (WalReader reader = WalReader.openNanoWal(root)) {
            assertThat(reader.keys()).hasSize(31);
            Map<EntryRef, Row> byRef = new HashMap<>();
            files.forEach((series, rows) -> {
                String key = nanoWalPrefix(series);
                byRef.putAll(everyRow(reader, key, rows, NabTest::nanoWalRow));
                assertThat(read(reader.scanLast(key, 100), NabTest::nanoWalRow)).isEqualTo(rows.subList(rows.size() - 100, rows.size()));
                assertThat(nanoWalRow(reader.latest(key).orElseThrow())).isEqualTo(rows.get(rows.size() - 1));
            });
            randomRefs(reader, byRef, NabTest::nanoWalRow);
        }
    }

    private static String nanoWalPrefix(String series) {
        return series.replace('/', '.');
    }

    private Path nanoWalFile(Day day) {
        return root.resolve(nanoWalPrefix(day.stream) + suffix(day.expiration()));
    }

    private static byte[] header(Day day) {
        return ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN)
                .put("NANO-LOG".getBytes(UTF_8)).putLong(day.expiration().toEpochMilli()).array();
    }

    /** The header has what the format lacks. */
    private static byte[] record(Row row) {
        byte[] content = row.value.getBytes(UTF_8);
        return ByteBuffer.allocate(16 + Long.BYTES + content.length).order(ByteOrder.LITTLE_ENDIAN)
                .put("NANORC".getBytes(UTF_8)).putShort((short) Long.BYTES).putLong(content.length)
                .putLong(row.timestampMillis).put(content).array();
    }

    private static Row nanoWalRow(Entry entry) {
        return new Row(entry.header().getLongLE(0), entry.content().toString(UTF_8));
    }

    @Test
    void sweep_onceAtTheEnd_deletesWhatTheFilesSay() throws IOException {
        sweepAndCheck(false);
    }

    @Test
    void sweep_everyDay_deletesWhatTheFilesSay() throws IOException {
        sweepAndCheck(true);
    }

    private static Map<EntryRef, Row> everyRow(WalReader reader, String key, List<Row> rows, Function<Entry, Row> asRow) {
        Map<EntryRef, Row> byRef = new HashMap<>();
        List<Row> read = new ArrayList<>();
        try (EntryCursor cursor = reader.scan(key)) {
            while (cursor.next()) {
                read.add(asRow.apply(cursor.copy()));
                byRef.put(cursor.ref(), read.get(read.size() - 1));
            }
        }
        assertThat(read).isEqualTo(rows);
        assertThat(byRef).hasSize(rows.size());
        assertThat(reader.verify(key).damage()).isEmpty();
        assertThat(reader.verify(key).records()).isEqualTo(rows.size());
        return byRef;
    }

    private static void newestRows(WalReader reader, String key, List<Row> rows) {
        assertThat(read(reader.scanLast(key, 100))).isEqualTo(rows.subList(rows.size() - 100, rows.size()));
        assertThat(row(reader.latest(key).orElseThrow())).isEqualTo(rows.get(rows.size() - 1));
    }

    /** The day of the middle row; for one series that is also the day with a late one. */
    private static void aDay(WalReader reader, String key, List<Row> rows) {
        Instant from = Instant.ofEpochMilli(rows.get(rows.size() / 2).timestampMillis).truncatedTo(ChronoUnit.DAYS);
        for (Instant start : List.of(from, Instant.parse("2014-01-07T00:00:00Z"))) {
            Instant end = start.plus(1, ChronoUnit.DAYS);
            assertThat(read(reader.scan(key, start, end))).isEqualTo(rows.stream()
                    .filter(row -> row.timestampMillis >= start.toEpochMilli())
                    .filter(row -> row.timestampMillis < end.toEpochMilli())
                    .toList());
        }
    }

    private static void randomRefs(WalReader reader, Map<EntryRef, Row> byRef, Function<Entry, Row> asRow) {
        long seed = System.nanoTime();
        System.out.println("NabTest: seed=" + seed);
        List<EntryRef> refs = new ArrayList<>(byRef.keySet());
        Collections.sort(refs);
        Collections.shuffle(refs, new Random(seed));
        refs = refs.subList(0, 10_000);
        try (EntryBatch batch = reader.readBatch(refs)) {
            assertThat(batch.size()).isEqualTo(refs.size());
            for (int i = 0; i < refs.size(); i++) {
                Entry entry = batch.get(i);
                assertThat(entry.ref()).isEqualTo(refs.get(i));
                assertThat(asRow.apply(entry)).isEqualTo(byRef.get(refs.get(i)));
            }
        }
    }

    private void sweepAndCheck(boolean everyDay) throws IOException {
        Map<String, List<Day>> days = new TreeMap<>();
        files.forEach((key, rows) -> days.put(key, days(key, rows)));
        ManualClock clock = new ManualClock(Instant.EPOCH);
        WalOptions options = WalOptions.builder()
                .window(Duration.ofDays(1))
                .retention(RETENTION)
                .clock(clock)
                .sweepInterval(Duration.ZERO)
                .build();
        Set<Expired> deleted = new HashSet<>();
        try (StreamWal wal = StreamWal.open(root, options)) {
            inOrderOfTime(next -> {
                Instant now = Instant.ofEpochMilli(next.row.timestampMillis);
                boolean newDay = now.truncatedTo(ChronoUnit.DAYS).isAfter(clock.instant().truncatedTo(ChronoUnit.DAYS));
                clock.set(now);
                if (everyDay && newDay) {
                    sweep(wal, now, days, deleted);
                }
                wal.stream(next.stream).append(next.row.timestampMillis, next.row.value.getBytes(UTF_8));
            });
            sweep(wal, newest(), days, deleted);
            assertThat(deleted).hasSizeGreaterThan(500);
            whatIsLeft(wal, days);
        }
    }

    /** Deleted is what has expired by now and wasn't deleted before: nothing else, and nothing twice. */
    private void sweep(StreamWal wal, Instant now, Map<String, List<Day>> days, Set<Expired> deleted) {
        Set<Expired> expected = new HashSet<>();
        days.values().stream()
                .flatMap(List::stream)
                .filter(day -> !day.expiration().isAfter(now))
                .forEach(day -> expected.add(day.expired()));
        expected.removeAll(deleted);

        List<DeletedSegment> swept = new ArrayList<>();
        SweepResult result = wal.sweep(now, swept::add);

        assertThat(swept.stream().map(segment -> new Expired(segment.key(), segment.expiration())))
                .as("swept at %s", now)
                .containsExactlyInAnyOrderElementsOf(expected);
        assertThat(swept).allSatisfy(segment -> {
            assertThat(segment.reason()).isEqualTo(Reason.EXPIRED);
            assertThat(segment.path()).startsWithRaw(root).doesNotExist();
            assertThat(segment.path().toString()).endsWith(suffix(segment.expiration()));
        });
        assertThat(result.deletedSegments()).isEqualTo(expected.size());
        assertThat(result.failedSegments()).isZero();
        assertThat(result.bytesReclaimed()).isEqualTo(swept.stream().mapToLong(DeletedSegment::bytes).sum());
        deleted.addAll(expected);
    }

    /** In the directory, in what the log says of itself, and in what can be read: the days that haven't expired. */
    private void whatIsLeft(StreamWal wal, Map<String, List<Day>> days) throws IOException {
        List<String> expirations = new ArrayList<>();
        try (WalReader reader = wal.reader()) {
            for (Map.Entry<String, List<Row>> file : files.entrySet()) {
                String key = file.getKey();
                List<Day> live = days.get(key).stream().filter(day -> day.expiration().isAfter(newest())).toList();
                live.forEach(day -> expirations.add(suffix(day.expiration())));
                List<Row> rows = file.getValue();
                int liveRows = live.stream().mapToInt(Day::rows).sum();
                assertThat(reader.describe(key).map(StreamInfo::segments).orElse(0)).as(key).isEqualTo(live.size());
                assertThat(read(reader.scan(key))).isEqualTo(rows.subList(rows.size() - liveRows, rows.size()));
            }
        }
        assertThat(wal.stats().segments()).isEqualTo(expirations.size());
        try (Stream<Path> segments = Files.walk(root.resolve("segments"))) {
            assertThat(segments.map(Path::toString).filter(path -> path.endsWith(".seg")))
                    .extracting(path -> path.substring(path.lastIndexOf('_')))
                    .containsExactlyInAnyOrderElementsOf(expirations);
        }
    }

    /** How a segment's file name ends. */
    private static String suffix(Instant expiration) {
        return "_" + expiration.toEpochMilli() + ".seg";
    }

    /** The days whose segments a series makes. A late row stays in the current one: windows never go backwards. */
    private static List<Day> days(String key, List<Row> rows) {
        List<Day> days = new ArrayList<>();
        for (Row row : rows) {
            Instant start = Instant.ofEpochMilli(row.timestampMillis).truncatedTo(ChronoUnit.DAYS);
            Day last = days.isEmpty() ? null : days.get(days.size() - 1);
            if (last == null || start.isAfter(last.start)) {
                days.add(new Day(key, start, 1));
            } else {
                days.set(days.size() - 1, new Day(key, last.start, last.rows + 1));
            }
        }
        return days;
    }

    /** All files merged by timestamp; each keeps its own order, also where it steps back. */
    private static void inOrderOfTime(Consumer<StreamRow> consumer) {
        record Head(StreamRow row, Iterator<Row> rest) {}
        Comparator<Head> byTime = Comparator.comparingLong(head -> head.row.row.timestampMillis);
        PriorityQueue<Head> heads = new PriorityQueue<>(byTime.thenComparing(head -> head.row.stream));
        files.forEach((key, rows) -> {
            Iterator<Row> iterator = rows.iterator();
            heads.add(new Head(new StreamRow(key, iterator.next()), iterator));
        });
        while (!heads.isEmpty()) {
            Head head = heads.remove();
            consumer.accept(head.row);
            if (head.rest.hasNext()) {
                heads.add(new Head(new StreamRow(head.row.stream, head.rest.next()), head.rest));
            }
        }
    }

    private static Instant newest() {
        Stream<Row> rows = files.values().stream().flatMap(List::stream);
        return Instant.ofEpochMilli(rows.mapToLong(Row::timestampMillis).max().orElseThrow());
    }

    private static List<Path> csvFiles() throws IOException {
        try (Stream<Path> walk = Files.walk(data)) {
            return walk.filter(file -> file.toString().endsWith(".csv")).sorted().toList();
        }
    }

    private static List<Row> rows(Path file) throws IOException {
        List<Row> rows = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            if (!line.equals("timestamp,value")) {
                int comma = line.indexOf(',');
                LocalDateTime time = LocalDateTime.parse(line.substring(0, comma).replace(' ', 'T'));
                rows.add(new Row(time.toEpochSecond(ZoneOffset.UTC) * 1_000, line.substring(comma + 1)));
            }
        }
        return rows;
    }

    private static List<Row> read(EntryCursor cursor) {
        return read(cursor, NabTest::row);
    }

    private static List<Row> read(EntryCursor cursor, Function<Entry, Row> asRow) {
        List<Row> rows = new ArrayList<>();
        try (cursor) {
            while (cursor.next()) {
                rows.add(asRow.apply(cursor.copy()));
            }
        }
        return rows;
    }

    private static Row row(Entry entry) {
        return new Row(entry.timestampMillis(), entry.content().toString(UTF_8));
    }
}
