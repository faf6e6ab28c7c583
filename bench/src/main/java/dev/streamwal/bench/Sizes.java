package dev.streamwal.bench;

import dev.streamwal.Compression;
import dev.streamwal.Segments;
import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The space of a sensor's reading on the disk, and the time to read it: all series of the Numenta Anomaly Benchmark, in the order of their times,
 * values as text; one stream each, in segments of their own and in packs, as they are and by column. Writes
 * {@code <results>/<date>-<machine>-sizes.md}; {@code bench/run sizes} calls it.
 *
 * <pre>
 *   NAB_DIR=folder with CSV files bench/run sizes [--quick] [--out folder]
 * </pre>
 */
public final class Sizes {

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT);
    private static final Duration RETENTION = Duration.ofDays(3650);
    private static final int PACKED_EVERY = 20_000;
    private static final long PATIENCE_SECONDS = 60;
    private static final int BATCH = 100;
    private static final int ROUNDS = 7;
    private static final int BATCHES = 300;

    private record Reading(String key, long millis, byte[] value) {}

    /** How the streams are kept. */
    private enum Kept {
        OWN("segments of their own", Segments.OWN, Compression.NONE),
        AS_THEY_ARE("packs, as they are", Segments.SHARED, Compression.NONE),
        BY_COLUMN("packs, by column", Segments.SHARED, Compression.COLUMNS);

        private final String title;
        private final Segments segments;
        private final Compression compression;

        Kept(String title, Segments segments, Compression compression) {
            this.title = title;
            this.segments = segments;
            this.compression = compression;
        }
    }

    private final List<Reading> readings = new ArrayList<>();
    private final List<String> keys = new ArrayList<>();
    private long nowMillis;

    private Sizes(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(each -> each.toString().endsWith(".csv")).sorted().toList()) {
                add(file);
            }
        }
        readings.sort(Comparator.comparingLong(Reading::millis));
    }

    private void add(Path file) throws IOException {
        String key = String.valueOf(file.getFileName()).replace(".csv", "");
        keys.add(key);
        List<String> lines = Files.readAllLines(file);
        for (String line : lines.subList(1, lines.size())) {
            String[] fields = line.split(",", 3);
            long millis = LocalDateTime.parse(fields[0].substring(0, 19), TIME).toInstant(ZoneOffset.UTC).toEpochMilli();
            readings.add(new Reading(key, millis, fields[1].getBytes(StandardCharsets.UTF_8)));
        }
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        RunOptions options = RunOptions.of(args, 1);
        String folder = System.getProperty("nab.dir");
        if (folder == null) {
            throw new IllegalArgumentException("no folder with the benchmark's CSV files: set NAB_DIR");
        }
        Files.createDirectories(BenchFolder.root());
        BenchFolder.deleteLeftovers();
        Sizes sizes = new Sizes(Path.of(folder));
        List<String> lines = new ArrayList<>(Machine.describe(BenchFolder.root()).heading(", sizes", options.quick()));
        lines.add(String.format(Locale.ROOT, """
                %,d readings of %d series, %.1f bytes each, values as text. Bytes a record: all files of segments and packs, their headers, tables and footers \
                included. Reading, with all of it in the page cache: a scan of each stream; a batch of %d refs that stand side by side; a batch of one ref, at \
                random. Medians of %d rounds.""", sizes.readings.size(), sizes.keys.size(),
                sizes.readings.stream().mapToInt(each -> each.value().length).average().orElse(0), BATCH, ROUNDS));
        lines.addAll(List.of("", "| window | kept in | files | bytes a record | scan, ns a record | batch, ns a ref | one ref, µs |", "|---|---|--:|--:|--:|--:|--:|"));
        for (Duration window : options.quick() ? List.of(Duration.ofDays(7)) : List.of(Duration.ofDays(7), Duration.ofDays(1), Duration.ofHours(6))) {
            for (Kept kept : Kept.values()) {
                Path root = BenchFolder.fresh("sizes");
                sizes.write(root, window, kept);
                lines.add(sizes.row(root, window, kept));
                BenchFolder.delete(root);
            }
        }
        options.write(Machine.describe(BenchFolder.root()), "sizes", lines);
    }

    private void write(Path root, Duration window, Kept kept) throws InterruptedException {
        nowMillis = readings.get(0).millis();
        WalOptions options = WalOptions.builder().clock(() -> Instant.ofEpochMilli(nowMillis)).window(window).retention(RETENTION).segmentBytes(4 << 20)
                .compression(kept.compression).ownSegments(kept == Kept.OWN ? 1_000_000 : 0).sweepInterval(Duration.ZERO)
                .streams("*", StreamOptions.builder().segments(kept.segments).build()).build();
        try (StreamWal wal = StreamWal.open(root, options)) {
            int count = 0;
            for (Reading each : readings) {
                nowMillis = Math.max(nowMillis, each.millis());
                EntryRef unused = wal.stream(each.key()).append(each.millis(), each.value());
                if (++count % PACKED_EVERY == 0) {
                    int unusedToo = wal.pack();
                }
            }
            nowMillis += 3 * window.toMillis();
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
            // sealing happens in the background
            while (kept != Kept.OWN && (wal.pack() > 0 || wal.stats().sharedBytes() > 0) && System.nanoTime() < deadline) {
                TimeUnit.MILLISECONDS.sleep(10);
            }
        }
    }

    private String row(Path root, Duration window, Kept kept) throws IOException {
        long files = 0;
        long bytes = 0;
        try (Stream<Path> all = Files.walk(root)) {
            for (Path file : all.filter(each -> each.toString().endsWith(".seg") || each.toString().endsWith(".pack")).toList()) {
                files++;
                bytes += Files.size(file);
            }
        }
        double scan;
        double batch;
        double single;
        try (WalReader reader = WalReader.open(root)) {
            List<List<EntryRef>> refs = refs(reader);
            scan = median(() -> scan(reader));
            batch = median(() -> batches(reader, refs, BATCH));
            single = median(() -> batches(reader, refs, 1));
        }
        return String.format(Locale.ROOT, "| %s | %s | %,d | %.2f | %.0f | %.0f | %.1f |", window.toString().substring(1).replace("T", ""), kept.title, files,
                (double) bytes / readings.size(), scan, batch, single / 1e3);
    }

    private List<List<EntryRef>> refs(WalReader reader) {
        List<List<EntryRef>> refs = new ArrayList<>();
        for (String key : keys) {
            List<EntryRef> ofKey = new ArrayList<>();
            try (EntryCursor cursor = reader.scan(key)) {
                while (cursor.next()) {
                    ofKey.add(cursor.ref());
                }
            }
            refs.add(ofKey);
        }
        return refs;
    }

    private interface Measured {
        /** Returns nanoseconds per item. */
        double run();
    }

    private static double median(Measured measured) {
        double[] rounds = new double[ROUNDS];
        for (int i = 0; i < ROUNDS; i++) {
            rounds[i] = measured.run();
        }
        Arrays.sort(rounds);
        return rounds[ROUNDS / 2];
    }

    private double scan(WalReader reader) {
        long start = System.nanoTime();
        long records = 0;
        long bytes = 0;
        for (String key : keys) {
            try (EntryCursor cursor = reader.scan(key)) {
                while (cursor.next()) {
                    records++;
                    bytes += cursor.content().readableBytes();
                }
            }
        }
        if (records != readings.size() || bytes == 0) {
            throw new IllegalStateException("scan did not find all appended records: records=" + records + ", appended=" + readings.size());
        }
        return (double) (System.nanoTime() - start) / records;
    }

    private static double batches(WalReader reader, List<List<EntryRef>> refs, int size) {
        Random random = new Random(size);
        long start = System.nanoTime();
        long bytes = 0;
        for (int i = 0; i < BATCHES; i++) {
            List<EntryRef> ofKey = refs.get(random.nextInt(refs.size()));
            int from = random.nextInt(ofKey.size() - size);
            try (EntryBatch batch = reader.readBatch(ofKey.subList(from, from + size))) {
                Entry last = batch.get(size - 1);
                bytes += last.content().readableBytes();
            }
        }
        if (bytes == 0) {
            throw new IllegalStateException("records were read without content");
        }
        return (double) (System.nanoTime() - start) / BATCHES / size;
    }
}
