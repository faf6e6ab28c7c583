package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.cli.ingest.BadRowException;
import dev.streamwal.cli.ingest.NanoWalRows;
import dev.streamwal.cli.ingest.Row;
import dev.streamwal.cli.ingest.Rows;
import dev.streamwal.error.HeaderTooLargeException;
import dev.streamwal.error.RecordTooLargeException;
import dev.streamwal.error.TimestampOutOfRangeException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.IoFailure;
import dev.streamwal.reader.WalReader;
import dev.streamwal.retention.SizeRules;
import dev.streamwal.retention.StreamPolicy;
import dev.streamwal.retention.TimeRules;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Appends the rows of files. */
@Command(
        name = "import",
        description = "Appends the rows of CSV files, JSON lines, plain lines, files in InfluxDB's line protocol, the records of nano-wal files, and"
                + " the output of export.",
        footer = {
            "%nTimes in a log have milliseconds. Finer times are truncated, and counted; --keep-time keeps the text. A point without a"
                + " timestamp gets the time of the import. Rows that are too old for the retention, or too far in the future, are"
                + " bad rows.",
            "%nAn import that fails, or is interrupted, removes what it has appended. Importing a file again appends its rows again. After an import that was"
                + " killed, --resume continues where it ended.",
            "%nWindow, retention and segment size apply to segments that are created now. A row that is older than the stream's newest"
                + " window goes into that one's segment, and expires with it.",
            LogOptions.OPENING + " A log that doesn't exist is created."})
final class ImportCommand extends LogCommand {

    /** Bad rows that are reported; the others are only counted. */
    private static final int MAX_COMPLAINTS = 10;
    /** Rows between two updates of the progress. */
    private static final int ROWS_A_STEP = 1_000;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "FILE", description = "Files to read, in this order; - is standard input,"
            + " and needs --format.")
    private List<Path> files = List.of();

    @ArgGroup(exclusive = false)
    private ImportSource source = new ImportSource();

    @Option(names = "--keep-time", description = "Put the time, as the file writes it, into the record's header.")
    private boolean keepTime;

    @Option(names = "--skip-bad", description = "Leave bad rows out; report the first " + MAX_COMPLAINTS + ", count all, and end with exit"
            + " code 1. Without it, the first bad row ends the import, which leaves nothing in the log.")
    private boolean skipBad;

    @Option(names = "--resume", description = "Leave out each stream's rows up to the one that is the stream's newest record, if there"
            + " is such a row, with the rows before it the records before that. Where rows repeat so that several are, and the stream has other"
            + " records, too, nothing is imported. The files are read twice.")
    private boolean resume;

    @Option(names = "--dry-run", description = "Read and check everything, and write nothing.")
    private boolean dryRun;

    @Option(names = "--window", paramLabel = "DURATION",
            description = "Time covered by one segment, " + DurationArgument.SYNTAX + " (default: about a hundredth of the retention).")
    private @Nullable Duration window;

    @Option(names = "--retention", paramLabel = "DURATION", description = "How long a segment is kept after its window (default: 7d).")
    private @Nullable Duration retention;

    @Option(names = "--segment-bytes", paramLabel = "BYTES", description = "Capacity of a segment (default: 67108864).")
    private @Nullable Integer segmentBytes;

    @Option(names = "--not-encrypted", description = "Append records that are not encrypted, though the log encrypts its records, or --keys is given.")
    private boolean notEncrypted;

    private final ImportTotals totals = new ImportTotals();

    @Mixin
    private final KeysOption keys = new KeysOption();

    @Mixin
    private final TierOption tier = new TierOption();

    ImportCommand(CommandContext context) {
        super(context);
    }

    /** Takes the rows. */
    private interface Target {
        void append(Row row, byte[] header);
    }

    /** Handles each file's rows, in order. */
    private interface RowTask {
        void with(Row row, Path file) throws IOException;
    }

    @Override
    Exit run(CommandOutput out) throws IOException {
        WalOptions options = options();
        checkFiles();
        if (!notEncrypted) {
            keys.checkAppends(root());
        }
        if (dryRun) {
            importInto(checks(options), present(options));
        } else {
            importInto(options);
        }
        report(out);
        return totals.badRows() == 0 ? Exit.OK : Exit.FINDINGS;
    }

    /** Imports all of it, or nothing. */
    private void importInto(WalOptions options) throws IOException {
        try (WholeImport whole = WholeImport.into(root(), options, this::complain)) {
            importInto((row, header) -> whole.append(row.key(), wal -> append(wal, row, header)), present(options));
            whole.keep();
            // nobody knows how far it is, but that it goes on
            try (Progress packing = progress("packing", 1, "log")) {
                whole.pack();
                packing.step(1);
            }
        }
    }

    private WalOptions options() {
        // of streams with segments of their own each window would be a file, and be forced
        WalOptions.Builder options = tier.with(LogOptions.of(context().clock())).ownSegments(0);
        keys.keys().ifPresent(options::encryption);
        if (notEncrypted) {
            options.streams("*", StreamOptions.builder().encrypted(false).build());
        }
        if (window != null) {
            options.window(window);
        }
        if (retention != null) {
            options.retention(retention);
        }
        if (segmentBytes != null) {
            options.segmentBytes(segmentBytes);
        }
        return options.build();
    }

    /** Checks that are possible before anything is written. */
    private void checkFiles() throws IOException {
        source.check();
        for (Path file : files) {
            if (source.formatOf(file) == ImportFormat.NANO_WAL) {
                checkDirectory(file);
            } else if (ImportSource.isStandardInput(file)) {
                checkReadOnce("standard input");
            } else {
                checkFile(file);
            }
        }
    }

    private static void checkDirectory(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            throw new RefusedException("no such directory of nano-wal files: file=" + directory + "; check its path");
        }
        if (NanoWalRows.isNone(directory)) {
            throw new RefusedException("directory has no nano-wal files: file=" + directory + "; name the files in it if they are others");
        }
    }

    /** A pipe is read like a file, once. */
    private void checkFile(Path file) throws RefusedException {
        if (!Files.exists(file)) {
            throw new RefusedException("no such file: file=" + file + "; check its path");
        }
        if (Files.isDirectory(file)) {
            throw new RefusedException("directory in place of a file: file=" + file
                    + "; name the files in it, or give --format nano-wal if they are nano-wal's");
        }
        if (!Files.isRegularFile(file)) {
            checkReadOnce("what is no regular file: file=" + file);
        }
    }

    private void checkReadOnce(String input) {
        if (resume) {
            throw new UsageException("--resume reads the files twice, and can't read " + input);
        }
    }

    // ---------------------------------------------------------------- reading

    private @Nullable ImportedRows present(WalOptions options) throws IOException {
        if (!resume || !Files.isDirectory(root())) {
            return null;
        }
        try (WalReader reader = WalReader.open(root(), tier.reading(keys))) {
            ImportedRows present = new ImportedRows(reader);
            Target checks = checks(options);
            each("comparing", (row, file) -> {
                byte[] header = header(row);
                if (isKey(row.key())) {
                    present.look(row, header, isTaken(row, header, checks));
                }
            }, problem -> {});
            present.end(root());
            return present;
        }
    }

    private static boolean isKey(String key) {
        try {
            StreamKey.check(key);
            return true;
        } catch (IllegalArgumentException noKey) {
            return false;
        }
    }

    private static boolean isTaken(Row row, byte[] header, Target checks) {
        try {
            checks.append(row, header);
            return row.time().millis().isPresent();
        } catch (TimestampOutOfRangeException | RecordTooLargeException | HeaderTooLargeException refused) {
            return false;
        }
    }

    private void importInto(Target target, @Nullable ImportedRows present) throws IOException {
        each("importing", (row, file) -> {
            if (present != null && present.hasNext(row.key())) {
                totals.presentRow();
            } else {
                importRow(row, file, target);
            }
        }, this::bad);
    }

    private void importRow(Row row, Path file, Target target) throws BadRowException {
        byte[] header = header(row);
        if (row.key().isEmpty()) {
            throw new BadRowException("row without a key", file.toString(), row.place(), "--key gives all rows one");
        }
        if (resume && row.time().millis().isEmpty()) {
            throw new BadRowException("row without a time", file.toString(), row.place(), "--resume needs one in each row");
        }
        try {
            target.append(row, header);
        } catch (TimestampOutOfRangeException | RecordTooLargeException | HeaderTooLargeException | IllegalArgumentException e) {
            throw new BadRowException(file.toString(), row.place(), e);
        }
        totals.record(row.key(), row.time(), header.length + row.content().length);
    }

    private byte[] header(Row row) {
        return keepTime && !row.time().text().isEmpty() ? row.time().text().getBytes(UTF_8) : row.header();
    }

    /** Handles a bad row. */
    private interface BadRowTask {
        void with(BadRowException problem) throws IOException;
    }

    private void each(String task, RowTask rows, BadRowTask bad) throws IOException {
        long bytes = 0;
        for (Path file : files) {
            bytes += ImportSource.bytes(file);
        }
        try (Progress progress = progress(task, bytes, "B")) {
            for (Path file : files) {
                eachOf(file, rows, bad, progress);
            }
        }
    }

    private void eachOf(Path file, RowTask rows, BadRowTask bad, Progress progress) throws IOException {
        long told = 0;
        try (Rows opened = reading(file, () -> source.open(file, source.formatOf(file), context().in()))) {
            boolean more = true;
            for (long count = 1; more; count++) {
                more = next(opened, file, rows, bad);
                if (!more || count % ROWS_A_STEP == 0) {
                    progress.step(opened.bytesRead() - told);
                    told = opened.bytesRead();
                }
            }
        } catch (BadRowException e) {
            bad.with(e);
        }
    }

    private static boolean next(Rows opened, Path file, RowTask rows, BadRowTask bad) throws IOException {
        try {
            Row row = reading(file, opened::next);
            if (row != null) {
                rows.with(row, file);
            }
            return row != null;
        } catch (BadRowException e) {
            bad.with(e);
            return true;
        }
    }

    /** Reads something of a file. */
    private interface Reading<T extends @Nullable Object> {
        T read() throws IOException;
    }

    /** The system doesn't say which file it is that it can't read on, only which one it can't open. */
    private static <T extends @Nullable Object> T reading(Path file, Reading<T> reading) throws IOException {
        try {
            return reading.read();
        } catch (BadRowException | RefusedException | FileSystemException e) {
            throw e;
        } catch (IOException e) {
            throw new RefusedException("file can't be read: " + IoFailure.fault(e) + ", file=" + file + "; nothing was imported", e);
        }
    }

    // ---------------------------------------------------------------- writing

    private static long append(StreamWal wal, Row row, byte[] header) {
        return wal.stream(row.key()).append(row.time().millis().orElse(WriteEntry.NOW), header, row.content()).position();
    }

    /** Checks a row as an append would. */
    private Target checks(WalOptions options) {
        StreamPolicy policy = new StreamPolicy(options.window().toMillis(), options.retention().toMillis(), options.segmentBytes(),
                options.maxRecordBytes(), Long.MAX_VALUE);
        TimeRules times = new TimeRules(policy, options.maxClockSkew().toMillis());
        return (row, header) -> {
            StreamKey.check(row.key());
            SizeRules.check(header.length, row.content().length, policy.maxRecordBytes(), row.key());
            long now = options.clock().millis();
            times.check(row.time().millis().orElse(now), now, row.key());
        };
    }

    private void bad(BadRowException problem) throws IOException {
        if (!skipBad) {
            throw new RefusedException(problem.getMessage() + "; nothing was imported; " + advice(problem), problem);
        }
        totals.badRow();
        if (totals.badRows() <= MAX_COMPLAINTS) {
            complain("bad row: " + problem.getMessage());
        }
    }

    private static String advice(BadRowException problem) {
        if (problem.isOfFile()) {
            return "correct the file, or name the columns that it has";
        }
        String other = "--skip-bad leaves bad rows out";
        if (problem.getCause() instanceof DateTimeException) {
            return "--time-format says how times are written, for line protocol --precision; " + other;
        }
        return (problem.getCause() instanceof TimestampOutOfRangeException ? "a longer --retention takes older rows; " : "") + other;
    }

    private void report(CommandOutput out) {
        if (totals.timesMissing() > 0) {
            complain("no time at the beginning of " + Figures.number(totals.timesMissing(), "line")
                    + ": it is that of the line before, or, where there is none, that of the import");
        }
        totals.show(dryRun, keepTime, out);
    }
}
