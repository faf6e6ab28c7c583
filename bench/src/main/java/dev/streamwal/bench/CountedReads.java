package dev.streamwal.bench;

import dev.streamwal.StreamWal;
import dev.streamwal.SweepResult;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStream;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToIntFunction;

/**
 * What is read of a log to answer small questions: a minute of a day, the last few records, the last record of 1,000 keys. Counts read calls and
 * bytes in the reader. Writes {@code <results>/<date>-<machine>-reads.md}; {@code bench/run reads} calls it.
 *
 * <pre>
 *   bench/run reads [--quick] [--out folder]
 * </pre>
 */
public final class CountedReads {

    private static final String KEY = "bench/day";
    private static final Instant MIDNIGHT = Instant.ofEpochMilli(RecordedLog.START_MILLIS);
    private static final Duration DAY = Duration.ofDays(1);
    private static final Duration SEGMENT = Duration.ofHours(1);
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final Instant NOON = MIDNIGHT.plus(Duration.ofHours(12));
    private static final int CONTENT_BYTES = 1_000;
    private static final int KEYS = 1_000;
    private static final int RECORDS_A_KEY = 100;
    private static final int FEW = 10;
    private static final int MANY = 1_000;
    private static final int QUICK_DIVISOR = 10;

    private final RunOptions options;
    private final List<String> rows = new ArrayList<>();

    private CountedReads(RunOptions options) {
        this.options = options;
    }

    public static void main(String[] args) throws IOException {
        CountedReads run = new CountedReads(RunOptions.of(args, 1));
        BenchFolder.deleteLeftovers();
        try {
            run.day();
            run.manyKeys();
            run.write();
        } finally {
            BenchFolder.deleteLeftovers();
        }
    }

    private static StreamWal open(Path root) {
        return StreamWal.open(root, WalOptions.builder()
                .window(SEGMENT)
                .retention(Duration.ofDays(36_500))
                .clock(InstantSource.fixed(MIDNIGHT.plus(DAY)))
                .build());
    }

    // ---------------------------------------------------------------- one stream, for a day

    private void day() {
        Path root = BenchFolder.fresh("reads");
        long seconds = DAY.toSeconds() / (options.quick() ? QUICK_DIVISOR : 1);
        long gapMillis = DAY.toMillis() / seconds;
        try (StreamWal wal = open(root)) {
            WalStream stream = wal.stream(KEY);
            for (long i = 0; i < seconds; i++) {
                stream.append(MIDNIGHT.toEpochMilli() + i * gapMillis, new byte[CONTENT_BYTES]);
            }
        }
        minutes(root, "the last hour's segment isn't sealed yet");
        seal(root, List.of(KEY));
        minutes(root, "all are sealed");
        newReader(root, "the day, by `scan`", each -> drain(each.scan(KEY)));
        for (int records : new int[] {FEW, MANY}) {
            newReader(root, String.format(Locale.ROOT, "the last %,d records, by `scanLast`", records),
                    each -> drain(each.scanLast(KEY, records)));
        }
        BenchFolder.delete(root);
    }

    /**
     * Seals all segments: a day later all windows are over. A segment without a new record between two sweeps is idle, but only segments that were
     * appended to since the log was opened are checked.
     */
    private static void seal(Path root, List<String> keys) {
        try (StreamWal wal = open(root)) {
            keys.forEach(key -> wal.stream(key).append(MIDNIGHT.plus(DAY).toEpochMilli() - 1, new byte[CONTENT_BYTES]));
            for (int i = 0; i < 2; i++) {
                SweepResult swept = wal.sweep(MIDNIGHT.plus(DAY).plus(DAY));
                if (swept.deletedSegments() > 0) {
                    throw new IllegalStateException("segments have expired: " + swept);
                }
            }
        }
    }

    private void minutes(Path root, String when) {
        try (WalReader reader = WalReader.open(root)) {
            count(reader, "a minute at noon, by `scan`; " + when, each -> minute(each, NOON));
            count(reader, "… and the minute after it, by the same reader", each -> minute(each, NOON.plus(MINUTE)));
        }
    }

    private void newReader(Path root, String what, ToIntFunction<WalReader> read) {
        try (WalReader reader = WalReader.open(root)) {
            count(reader, what, read);
        }
    }

    private static int minute(WalReader reader, Instant from) {
        return drain(reader.scan(KEY, from, from.plus(MINUTE)));
    }

    private static int drain(EntryCursor cursor) {
        int records = 0;
        try (cursor) {
            while (cursor.next()) {
                records++;
            }
        }
        return records;
    }

    // ---------------------------------------------------------------- many streams

    private void manyKeys() {
        Path root = BenchFolder.fresh("reads");
        List<String> keys = new ArrayList<>();
        try (StreamWal wal = open(root)) {
            for (int i = 0; i < KEYS; i++) {
                keys.add("bench/" + i);
                fill(wal.stream(keys.get(i)));
            }
            latest(root, keys, "beside the writer");
        }
        seal(root, keys);
        latest(root, keys, "all are sealed");
        BenchFolder.delete(root);
    }

    private static void fill(WalStream stream) {
        for (int i = 0; i < RECORDS_A_KEY; i++) {
            stream.append(MIDNIGHT.toEpochMilli() + i, new byte[CONTENT_BYTES]);
        }
    }

    private void latest(Path root, List<String> keys, String when) {
        try (WalReader reader = WalReader.open(root)) {
            String what = String.format(Locale.ROOT, "the last record of %,d keys, by `latest`; %s", KEYS, when);
            count(reader, what, each -> each.latest(keys).size());
            count(reader, "… and again, by the same reader", each -> each.latest(keys).size());
        }
    }

    // ---------------------------------------------------------------- counting

    private void count(WalReader reader, String what, ToIntFunction<WalReader> read) {
        long calls = reader.readCalls();
        long bytes = reader.readBytes();
        int records = read.applyAsInt(reader);
        rows.add(String.format(Locale.ROOT, "| %s | %,d | %,d | %,d | %,d |", what, records, (long) records * (32 + CONTENT_BYTES),
                reader.readCalls() - calls, reader.readBytes() - bytes));
    }

    private void write() throws IOException {
        Machine machine = Machine.describe(Path.of("."));
        List<String> lines = machine.heading(", reads", options.quick());
        lines.add(String.format(Locale.ROOT, """
                What is read to answer, counted by the reader: calls and bytes, of headers and footers too. Records of %,d bytes. A day of \
                one stream is a record a second in %d segments; each of the %,d keys has %,d records. The readers have just been opened, \
                but for those of the rows that begin with "…". A segment that isn't sealed has no index yet, and may hold records that are \
                late: the first scan by time reads all of it. Beside the writer, what `latest` reads at first depends on how far behind its \
                marks are just then.""", CONTENT_BYTES, DAY.dividedBy(SEGMENT), KEYS, RECORDS_A_KEY));
        lines.addAll(List.of("", "| | records | their bytes | read calls | bytes read |", "|---|--:|--:|--:|--:|"));
        lines.addAll(rows);
        options.write(machine, "reads", lines);
    }
}
