package dev.streamwal.bench;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStats;
import dev.streamwal.WalStream;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.ToLongFunction;
import org.HdrHistogram.Histogram;

/**
 * A month of telemetry of ten thousand keys, under a clock that is driven, with a tier: what stays on the disk, what reading asks of the bucket, counted,
 * and what appends take while the bucket is away. Writes {@code <results>/<date>-<machine>-tier.md}; {@code bench/run tier} calls it.
 *
 * <pre>
 *   bench/run tier [--quick] [--out folder]
 * </pre>
 */
public final class TieredMonth {

    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");
    private static final Duration STEP = Duration.ofMinutes(5);
    private static final int KEYS = 10_000;
    private static final int SITES = 100;
    private static final int DAYS = 30;
    private static final int QUICK_DAYS = 3;
    private static final Duration RETENTION = Duration.ofDays(60);
    private static final Duration OUTAGE = Duration.ofSeconds(60);
    private static final Duration QUICK_OUTAGE = Duration.ofSeconds(3);
    private static final int PACE = 20_000;

    private final RunOptions options;
    private final int days;
    private final Path root = BenchFolder.fresh("tier");
    private final CountedBucket bucket;
    private final Path bucketDirectory;
    private final List<String> lines = new ArrayList<>();
    private final Random random = new Random(1);
    private final double[] values = new double[KEYS];
    private volatile long nowMillis = BEGIN.toEpochMilli();

    private TieredMonth(RunOptions options) throws IOException {
        this.options = options;
        this.days = options.quick() ? QUICK_DAYS : DAYS;
        this.bucketDirectory = Files.createDirectories(BenchFolder.fresh("tier-bucket"));
        this.bucket = new CountedBucket(bucketDirectory);
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        BenchFolder.deleteLeftovers();
        try {
            new TieredMonth(RunOptions.of(args, 1)).run();
        } finally {
            BenchFolder.deleteLeftovers();
        }
    }

    private static String key(int i) {
        return "site-" + i % SITES + "/meter-" + i / SITES;
    }

    private WalOptions.Builder walOptions() {
        return WalOptions.builder().window(Duration.ofHours(6)).retention(RETENTION).ownSegments(0).segmentBytes(4 << 20).clock(() -> Instant.ofEpochMilli(nowMillis))
                .tier(bucket.folder()).tierAfter(Duration.ofDays(1));
    }

    private void run() throws IOException, InterruptedException {
        lines.addAll(Machine.describe(Files.createDirectories(BenchFolder.root())).heading(", a month with a tier", options.quick()));
        fill();
        reads();
        outage();
        options.write(Machine.describe(BenchFolder.root()), "tier", lines);
    }

    // ---------------------------------------------------------------- a month

    private void fill() throws IOException {
        long records = 0;
        try (StreamWal wal = StreamWal.open(root, walOptions().sweepInterval(Duration.ZERO).build())) {
            Duration rest = Duration.ofDays(days);
            for (long step = 0; !rest.isZero(); step++, rest = rest.minus(STEP)) {
                nowMillis = BEGIN.plus(STEP.multipliedBy(step)).toEpochMilli();
                records += readings(wal);
                if (step % 72 == 71) {
                    nowMillis = BEGIN.plus(STEP.multipliedBy(step + 1)).toEpochMilli();
                    int unused = wal.pack() + wal.moveToTier();
                }
            }
            int unused = wal.pack() + wal.moveToTier();
            WalStats stats = wal.stats();
            lines.add(String.format(Locale.ROOT, "%,d keys with a reading of 8 bytes each five minutes for %d days, %,d records; windows of six hours, `tierAfter` a day.",
                    KEYS, days, records));
            lines.add("");
            lines.add("| | |");
            lines.add("|---|--:|");
            lines.add(row("packs in the bucket", stats.tieredPacks()));
            lines.add(row("bytes in the bucket", BenchFolder.bytes(bucketDirectory, "")));
            lines.add(row("bytes on the disk", BenchFolder.bytes(root, "")));
            lines.add(row("of these tables of packs in the bucket", BenchFolder.bytes(root, ".table")));
            lines.add(row("of these packs", BenchFolder.bytes(root, ".pack")));
            CountedBucket.Counts all = bucket.counts();
            lines.add(row("requests to write", all.puts()));
            lines.add(row("bytes written", all.writtenBytes()));
            lines.add(row("requests to read, which is reading back", all.gets()));
            lines.add(row("bytes read back", all.readBytes()));
            lines.add(row("listings", all.lists()));
            lines.add(row("deletions", all.deletes()));
            lines.add("");
        }
    }

    private long readings(StreamWal wal) {
        for (int i = 0; i < KEYS; i++) {
            values[i] += random.nextGaussian();
            wal.stream(key(i)).append(nowMillis, ByteBuffer.allocate(8).putDouble(0, Math.round(values[i] * 10) / 10.0).array());
        }
        return KEYS;
    }

    private static String row(String what, long count) {
        return String.format(Locale.ROOT, "| %s | %,d |", what, count);
    }

    // ---------------------------------------------------------------- reading

    private void reads() {
        lines.add("Reading, each by a new reader. A request is a range of 256 KiB, up to four in a row at once, or a pack's checksums.");
        lines.add("");
        lines.add("| | records | requests | bytes read of the bucket | ms |");
        lines.add("|---|--:|--:|--:|--:|");
        Instant noon = BEGIN.plus(Duration.ofDays(1)).plus(Duration.ofHours(12));
        Instant day = BEGIN.plus(Duration.ofDays(1));
        String key = key(7);
        ToLongFunction<WalReader> hour = reader -> drain(reader.scan(key, noon, noon.plus(Duration.ofHours(1))));
        ToLongFunction<WalReader> prefix = reader -> drain(reader.scanMerged(Keys.prefix("site-3/"), day, day.plus(Duration.ofDays(1))));
        for (boolean isAlone : new boolean[] {false, true}) {
            String from = isAlone ? "; the bucket alone" : "";
            read("one key's hour" + from, isAlone, hour);
            read("… and the same again, by the same reader" + from, isAlone, reader -> hour.applyAsLong(reader) == 0 ? 0 : -1, hour);
            read("a day of the 100 keys of a prefix, merged" + from, isAlone, prefix);
            read("the latest record of one key" + from, isAlone, reader -> reader.latest(key).isPresent() ? 1 : 0);
            read("the latest records of all keys" + from, isAlone, reader -> reader.latest(Keys.all()).size());
            read("all keys" + from, isAlone, reader -> reader.keys().size());
            read("one key's month" + from, isAlone, reader -> drain(reader.scan(key)));
        }
        lines.add("");
    }

    private void read(String what, boolean isAlone, ToLongFunction<WalReader> question) {
        read(what, isAlone, reader -> 0, question);
    }

    private void read(String what, boolean isAlone, ToLongFunction<WalReader> before, ToLongFunction<WalReader> question) {
        CountedBucket.Counts start = bucket.counts();
        try (WalReader reader = isAlone ? WalReader.openTier(bucket.folder())
                : WalReader.open(root, ReaderOptions.builder().tier(bucket.folder()).build())) {
            if (before.applyAsLong(reader) != 0) {
                start = bucket.counts();
            }
            long began = System.nanoTime();
            long records = question.applyAsLong(reader);
            long nanos = System.nanoTime() - began;
            CountedBucket.Counts asked = bucket.counts().since(start);
            lines.add(String.format(Locale.ROOT, "| %s | %,d | %,d | %,d | %,.1f |", what, records, asked.gets() + asked.lists(), asked.readBytes(), nanos / 1e6));
        }
    }

    private static long drain(EntryCursor cursor) {
        long records = 0;
        try (cursor) {
            while (cursor.next()) {
                records++;
            }
        }
        return records;
    }

    // ---------------------------------------------------------------- without the bucket

    private void outage() throws InterruptedException {
        Duration outage = options.quick() ? QUICK_OUTAGE : OUTAGE;
        lines.add(String.format(Locale.ROOT, "Appends by one thread at %,d /s, while the clock runs 3,600 times as fast, so that a window is over each 6 s, and packs are due; from when each was"
                + " due to when it returned. The bucket fails at each call while it is away.", PACE));
        lines.add("");
        lines.add("| | s | appends | p50, µs | p99, µs | max, ms | packs moved | requests that failed |");
        lines.add("|---|--:|--:|--:|--:|--:|--:|--:|");
        try (StreamWal wal = StreamWal.open(root, walOptions().sweepInterval(Duration.ofSeconds(1)).build())) {
            load(wal, "with the bucket", outage.dividedBy(2), false);
            load(wal, "without it", outage, true);
            load(wal, "with it again", outage, false);
            lines.add("");
            lines.add("Health at the end: " + wal.health().state() + ".");
        }
    }

    private void load(StreamWal wal, String what, Duration time, boolean isAway) throws InterruptedException {
        bucket.away(isAway);
        CountedBucket.Counts before = bucket.counts();
        int tieredBefore = wal.stats().tieredPacks();
        Histogram late = new Histogram(Duration.ofMinutes(5).toNanos(), 3);
        long beganMillis = nowMillis;
        long began = System.nanoTime();
        List<WalStream> streams = new ArrayList<>();
        for (int i = 0; i < KEYS; i++) {
            streams.add(wal.stream(key(i)));
        }
        long appends = time.toNanos() / (1_000_000_000L / PACE);
        byte[] content = new byte[8];
        for (long i = 0; i < appends; i++) {
            long due = began + i * (1_000_000_000L / PACE);
            while (System.nanoTime() - due < 0) {
                Thread.onSpinWait();
            }
            nowMillis = beganMillis + (due - began) * 3_600 / 1_000_000;
            random.nextBytes(content);
            streams.get((int) (i % KEYS)).append(nowMillis, content);
            late.recordValue(System.nanoTime() - due);
        }
        CountedBucket.Counts asked = bucket.counts().since(before);
        long failed = isAway ? asked.lists() + asked.gets() + asked.puts() : 0;
        lines.add(String.format(Locale.ROOT, "| %s | %d | %,d | %.1f | %.1f | %.1f | %d | %d |", what, time.toSeconds(), appends, late.getValueAtPercentile(50) / 1e3,
                late.getValueAtPercentile(99) / 1e3, late.getMaxValue() / 1e6, wal.stats().tieredPacks() - tieredBefore, failed));
    }
}
