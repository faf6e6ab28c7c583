package dev.streamwal.bench;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStats;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
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
import java.util.Objects;
import java.util.Random;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * A gateway's month, by a driven clock: how many files there are, how often each byte was written, what a record takes on the disk, and what questions
 * read, counted by the reader; and again where one percent of the records is late by up to the retention. Writes
 * {@code <results>/<date>-<machine>-month.md}; {@code bench/run month} calls it. Takes ten minutes.
 *
 * <pre>
 *   bench/run month [--quick] [--out folder]
 * </pre>
 */
public final class GatewayMonth {

    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");
    private static final Duration STEP = Duration.ofMinutes(10);
    private static final Duration RETENTION = Duration.ofDays(30);
    private static final Duration DAY = Duration.ofDays(1);
    private static final Duration HOUR = Duration.ofHours(1);
    private static final int KEYS = 20_000;
    private static final int SITES = 100;
    /** So many keys are silent behind the first day. */
    private static final int SILENT = 1_000;
    private static final int DAYS = 30;
    private static final int QUICK_DAYS = 3;
    /** One record in so many is late in the second month. */
    private static final int LATE = 100;
    /** Of the default window: a real one leaves six hours for what is done here at once. */
    private static final Duration WINDOW = Duration.ofHours(6);

    private final RunOptions options;
    private final int days;
    private final Path root = BenchFolder.fresh("month");
    private final List<String> lines = new ArrayList<>();
    private final double[] values = new double[KEYS];
    private volatile long nowMillis;
    private @Nullable EntryRef kept;

    private GatewayMonth(RunOptions options) {
        this.options = options;
        this.days = options.quick() ? QUICK_DAYS : DAYS;
    }

    public static void main(String[] args) throws IOException {
        BenchFolder.deleteLeftovers();
        try {
            new GatewayMonth(RunOptions.of(args, 1)).run();
        } finally {
            BenchFolder.deleteLeftovers();
        }
    }

    private void run() throws IOException {
        Machine machine = Machine.describe(Files.createDirectories(BenchFolder.root()));
        lines.addAll(machine.heading(", a gateway's month", options.quick()));
        lines.add(String.format(Locale.ROOT, """
                %,d keys with a reading of 8 bytes each ten minutes for %d days by a driven clock; %,d other keys have readings on the first day only. Kept for %d days, options by default, so windows of six hours; \
                packed, merged and swept when each is over. What questions read is counted by a reader that has just been opened: calls of the system, tables and catalogue included.""",
                KEYS, days, SILENT, RETENTION.toDays()));
        month("All in time", false);
        month("One record in a hundred late by up to the retention, with a timestamp drawn at random", true);
        options.write(machine, "month", lines);
    }

    private static String key(int i) {
        return "site-" + i % SITES + "/meter-" + i / SITES;
    }

    private static String silent(int i) {
        return "silent/meter-" + i;
    }

    // ---------------------------------------------------------------- filling

    private void month(String name, boolean isLate) throws IOException {
        BenchFolder.delete(root);
        nowMillis = BEGIN.toEpochMilli();
        Random random = new Random(1);
        WalOptions settings = WalOptions.builder().retention(RETENTION).sweepInterval(Duration.ZERO).clock(() -> Instant.ofEpochMilli(nowMillis)).build();
        long records = 0;
        long mostFiles = 0;
        long steps = Duration.ofDays(days).dividedBy(STEP);
        long stepsADay = DAY.dividedBy(STEP);
        long stepsAWindow = WINDOW.dividedBy(STEP);
        try (StreamWal wal = StreamWal.open(root, settings)) {
            for (long step = 0; step < steps; step++) {
                nowMillis = BEGIN.plus(STEP.multipliedBy(step)).toEpochMilli();
                records += readings(wal, random, isLate);
                for (int i = 0; step < stepsADay && i < SILENT; i++) {
                    EntryRef last = wal.stream(silent(i)).append(nowMillis, new byte[8]);
                    kept = step == stepsADay / 2 ? last : kept;
                    records++;
                }
                if (step % stepsAWindow == stepsAWindow - 1) {
                    nowMillis = BEGIN.plus(STEP.multipliedBy(step + 1)).toEpochMilli();
                    int unused = wal.pack() + wal.sweep().deletedSegments();
                    mostFiles = Math.max(mostFiles, BenchFolder.files(root));
                }
            }
            WalStats stats = wal.stats();
            lines.addAll(List.of("", "**" + name + "**", "", "| | |", "|---|--:|"));
            lines.add(String.format(Locale.ROOT, "| records | %,d |", records));
            lines.add(String.format(Locale.ROOT, "| most files, looked at behind each window | %,d |", mostFiles));
            lines.add(String.format(Locale.ROOT, "| files at the end | %,d |", BenchFolder.files(root)));
            lines.add(String.format(Locale.ROOT, "| written for each byte appended | %.2f |", stats.writeAmplification()));
            lines.add(String.format(Locale.ROOT, "| bytes a record on the disk, everything included | %.2f |", BenchFolder.bytes(root, "") / (double) records));
            questions();
        }
    }

    private int readings(StreamWal wal, Random random, boolean isLate) {
        for (int i = 0; i < KEYS; i++) {
            values[i] += random.nextGaussian();
            long timestamp = isLate && random.nextInt(LATE) == 0 ? nowMillis - (long) (random.nextDouble() * Math.min(RETENTION.toMillis() - HOUR.toMillis(), nowMillis - BEGIN.toEpochMilli())) : nowMillis;
            EntryRef unused = wal.stream(key(i)).append(timestamp, ByteBuffer.allocate(8).putDouble(0, Math.round(values[i] * 10) / 10.0).array());
        }
        return KEYS;
    }

    // ---------------------------------------------------------------- reading

    private void questions() {
        lines.addAll(List.of("", "| | records | calls | kB read | ms |", "|---|--:|--:|--:|--:|"));
        Instant noon = BEGIN.plus(Duration.ofDays(days / 2)).plus(Duration.ofHours(12));
        String key = key(7_777);
        ask("one key, all " + days + " days", reader -> drain(reader.scan(key)));
        ask("one key's hour", reader -> drain(reader.scan(key, noon, noon.plus(HOUR))));
        ask("… and the hour behind it, by the same reader", reader -> drain(reader.scan(key, noon, noon.plus(HOUR))), reader -> drain(reader.scan(key, noon.plus(HOUR), noon.plus(HOUR).plus(HOUR))));
        ask("an hour of the 200 keys of a prefix, merged", reader -> drain(reader.scanMerged(Keys.prefix("site-3/"), noon, noon.plus(HOUR))));
        ask("the latest record of one key", reader -> reader.latest(key).isPresent() ? 1 : 0);
        List<String> silent = new ArrayList<>();
        for (int i = 0; i < SILENT; i++) {
            silent.add(silent(i));
        }
        ask(String.format(Locale.ROOT, "the latest records of the %,d silent keys", SILENT), reader -> reader.latest(silent).size());
        ask("a record by its reference", reader -> {
            try (EntryBatch batch = reader.readBatch(List.of(Objects.requireNonNull(kept)))) {
                return batch.size();
            }
        });
        ask("all keys", reader -> reader.keys().size());
    }

    private void ask(String what, ToLongFunction<WalReader> question) {
        ask(what, reader -> 0, question);
    }

    /** @param before is asked first, and isn't counted */
    private void ask(String what, ToLongFunction<WalReader> before, ToLongFunction<WalReader> question) {
        try (WalReader reader = WalReader.open(root)) {
            long unused = before.applyAsLong(reader);
            long calls = reader.readCalls();
            long bytes = reader.readBytes();
            long began = System.nanoTime();
            long records = question.applyAsLong(reader);
            double millis = (System.nanoTime() - began) / 1e6;
            lines.add(String.format(Locale.ROOT, "| %s | %,d | %,d | %,d | %,.1f |", what, records, reader.readCalls() - calls, (reader.readBytes() - bytes) >> 10, millis));
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
}
