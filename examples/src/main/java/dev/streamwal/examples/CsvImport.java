package dev.streamwal.examples;

import static dev.streamwal.examples.Summary.perSecond;
import static dev.streamwal.examples.Summary.seconds;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStats;
import dev.streamwal.WalStream;
import dev.streamwal.error.WalException;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Imports history: CSV files of timestamps and values, one stream each. */
@Command(
        name = "csv-import",
        mixinStandardHelpOptions = true,
        description = "Appends the rows of CSV files (timestamp,value) to the streams of a log, named by the files' "
                + "paths. Importing a file again appends its rows again.")
public final class CsvImport implements Callable<Integer> {
    /** The log's current time: it decides what is too far in the future, and what has expired. */
    enum ClockChoice { NEWEST_ROW, SYSTEM }

    /** The totals of all files, known before anything is written. */
    private record Survey(long rows, Instant newest) {}

    @Parameters(index = "0", paramLabel = "LOG", description = "The log's directory; created if there is none.")
    private Path root = Path.of("");

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "CSV", description = "CSV files, or folders of them.")
    private List<Path> sources = List.of();

    @Option(names = "--verify", description = "Read everything back and compare it with the files, row by row.")
    private boolean verify;

    @Option(names = "--window", description = "Time that a segment covers (default: ${DEFAULT-VALUE}, a day).")
    private Duration window = Duration.ofDays(1);

    @Option(names = "--retention", description = "Time that a segment is kept (default: ${DEFAULT-VALUE}, 100 years).")
    private Duration retention = Duration.ofDays(36_525);

    @Option(names = "--clock", description = "The log's clock: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private ClockChoice clock = ClockChoice.NEWEST_ROW;

    private static final int DIFFERENCES_SHOWN = 10;

    private final Summary summary;

    CsvImport(PrintStream out) {
        summary = new Summary(out);
    }

    public static void main(String[] args) {
        int exitCode = commandLine(System.out).execute(args);
        if (exitCode != 0) {
            System.exit(exitCode);
        }
    }

    static CommandLine commandLine(PrintStream out) {
        return new CommandLine(new CsvImport(out))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((failure, command, arguments) -> {
                    if (isExplained(failure)) {
                        command.getErr().println(failure.getMessage());
                        return CommandLine.ExitCode.SOFTWARE;
                    }
                    throw failure;
                });
    }

    /** A stack trace would say no more than the message does. */
    private static boolean isExplained(Exception failure) {
        return failure instanceof BadCsvException
                || failure instanceof WalException
                || failure instanceof FileSystemException;
    }

    @Override
    public Integer call() throws IOException {
        List<CsvSeries> all = find(sources);
        Survey survey = survey(all);
        summary.line("files", "%,d, %,d rows, the newest of %s", all.size(), survey.rows, survey.newest);
        try (StreamWal wal = StreamWal.open(root, options(survey.newest))) {
            Map<CsvSeries, Long> starts = importAll(wal, all, survey.rows);
            describe(wal);
            boolean good = !verify || verifyAll(wal, starts, survey.rows);
            return good ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
        }
    }

    private static List<CsvSeries> find(List<Path> sources) throws IOException {
        Map<String, CsvSeries> byKey = new LinkedHashMap<>();
        for (Path source : sources) {
            for (CsvSeries series : CsvSeries.find(source)) {
                CsvSeries other = byKey.putIfAbsent(series.key(), series);
                if (other != null) {
                    String reason = "both are stream " + series.key();
                    throw new FileSystemException(series.file().toString(), other.file().toString(), reason);
                }
            }
        }
        return List.copyOf(byKey.values());
    }

    /** Reads every row once, so that a bad one is found before anything is written. */
    private static Survey survey(List<CsvSeries> all) throws IOException {
        long rows = 0;
        long newest = Long.MIN_VALUE;
        for (CsvSeries series : all) {
            try (CsvRows read = series.rows()) {
                for (; read.hasNext(); rows++) {
                    newest = Math.max(newest, read.next().timestampMillis());
                }
            }
        }
        return new Survey(rows, rows == 0 ? Instant.EPOCH : Instant.ofEpochMilli(newest));
    }

    private WalOptions options(Instant newest) {
        InstantSource now = clock == ClockChoice.SYSTEM ? InstantSource.system() : InstantSource.fixed(newest);
        return WalOptions.builder().window(window).retention(retention).clock(now).build();
    }

    /** Returns where each series begins in its stream, which may have held records before. */
    private Map<CsvSeries, Long> importAll(StreamWal wal, List<CsvSeries> all, long rows) throws IOException {
        Map<CsvSeries, Long> starts = new LinkedHashMap<>();
        long start = System.nanoTime();
        try (Progress progress = new Progress("importing", rows)) {
            for (CsvSeries series : all) {
                WalStream stream = wal.stream(series.key());
                starts.put(series, stream.endPosition());
                append(series, stream, progress);
            }
        }
        long nanos = System.nanoTime() - start;
        summary.line("appended", "%,d rows in %.2f s, %,.0f a second", rows, seconds(nanos), perSecond(rows, nanos));
        return starts;
    }

    /** Not as a batch: that is atomic, so it would be in one segment, whatever windows its rows belong to. */
    private static void append(CsvSeries series, WalStream stream, Progress progress) throws IOException {
        try (CsvRows rows = series.rows()) {
            while (rows.hasNext()) {
                CsvRow row = rows.next();
                stream.append(row.timestampMillis(), row.value().getBytes(UTF_8));
                progress.step();
            }
        }
    }

    private void describe(StreamWal wal) {
        WalStats stats = wal.stats();
        summary.line("log", "%s: %,d streams, %,d segments, %,d bytes",
                root, wal.keys().size(), stats.segments(), stats.bytes());
    }

    private boolean verifyAll(StreamWal wal, Map<CsvSeries, Long> starts, long rows) throws IOException {
        long start = System.nanoTime();
        List<String> differences = new ArrayList<>();
        try (WalReader reader = wal.reader(); Progress progress = new Progress("verifying", rows)) {
            for (Map.Entry<CsvSeries, Long> series : starts.entrySet()) {
                differences.addAll(differences(reader, series.getKey(), series.getValue(), progress));
            }
        }
        long nanos = System.nanoTime() - start;
        summary.line("verified", "%,d rows in %.2f s, %,.0f a second: %,d are not as in their file",
                rows, seconds(nanos), perSecond(rows, nanos), differences.size());
        differences.stream().limit(DIFFERENCES_SHOWN).forEach(difference -> summary.line("", "%s", difference));
        return differences.isEmpty();
    }

    /** Differences between the file's rows and the stream's records from this position on; empty if there are none. */
    static List<String> differences(WalReader reader, CsvSeries series, long position, Progress progress)
            throws IOException {
        List<String> differences = new ArrayList<>();
        try (CsvRows rows = series.rows(); EntryCursor cursor = reader.scanFrom(series.key(), position)) {
            while (rows.hasNext()) {
                CsvRow row = rows.next();
                String expected = text(row.timestampMillis(), row.value());
                String found = cursor.next()
                        ? text(cursor.timestampMillis(), cursor.content().toString(UTF_8))
                        : "nothing";
                if (!found.equals(expected)) {
                    differences.add(String.format(Locale.ROOT, "file=%s, line=%d, row=%s, record=%s", series.file(), row.line(), expected, found));
                }
                progress.step();
            }
            if (cursor.next()) {
                differences.add("file=%s ends, stream goes on: record=%s".formatted(series.file(), cursor.ref()));
            }
        }
        return differences;
    }

    private static String text(long timestampMillis, String value) {
        return Instant.ofEpochMilli(timestampMillis) + "," + value;
    }
}
