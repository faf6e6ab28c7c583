package dev.streamwal.cli;

import dev.streamwal.cli.ingest.CsvLayout;
import dev.streamwal.cli.ingest.CsvRows;
import dev.streamwal.cli.ingest.DoubtfulTime;
import dev.streamwal.cli.ingest.EpochUnit;
import dev.streamwal.cli.ingest.JsonRows;
import dev.streamwal.cli.ingest.LineProtocolRows;
import dev.streamwal.cli.ingest.LineRows;
import dev.streamwal.cli.ingest.NanoWalRows;
import dev.streamwal.cli.ingest.RowContent;
import dev.streamwal.cli.ingest.Rows;
import dev.streamwal.cli.ingest.TimeFormat;
import dev.streamwal.io.LeftOpen;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options for how {@code import} reads its files. */
final class ImportSource {

    @Option(names = "--format", paramLabel = "FORMAT",
            description = "${COMPLETION-CANDIDATES} (default: by the file's name, .csv, .lp, .influx, .jsonl, .ndjson or .log; a"
            + " directory: nano-wal). csv and json that export wrote become the same records again. json is one object per line:"
            + " its members are like CSV's columns, and the content is the line. lines is any text, one record per line."
            + " influx is InfluxDB's line protocol: the key is the measurement with its tags, sorted."
            + " nano-wal is a directory of nano-wal 1.0 files: keys are their prefixes, headers and contents the records'.")
    private @Nullable ImportFormat format;

    @Option(names = "--content", paramLabel = "CONTENT", defaultValue = "text",
            description = "What a record's content is: text, for CSV the fields that are neither"
            + " key nor time, for line protocol the fields as written; or json, an object of the same.")
    private RowContent content = RowContent.TEXT;

    @Option(names = "--key", paramLabel = "KEY", description = "CSV, JSON, lines: the key of all rows (default: the file's name without"
            + " .csv, .jsonl, .ndjson or .log).")
    private @Nullable String key;

    @Option(names = "--key-column", paramLabel = "COLUMN", description = "CSV, JSON: the column of the row's key. Columns are named as in"
            + " the first row; with --no-header, by their numbers from 1 on.")
    private @Nullable String keyColumn;

    @Option(names = "--time-column", paramLabel = "COLUMN", defaultValue = "timestamp",
            description = "CSV, JSON: the column of the row's time (default: ${DEFAULT-VALUE}).")
    private String timeColumn = "timestamp";

    @Option(names = "--time-format", paramLabel = "FORMAT", defaultValue = "iso",
            description = "CSV, JSON, lines: " + TimeFormat.SYNTAX + " (default: ${DEFAULT-VALUE}).")
    private String timeFormat = "iso";

    @Option(names = "--zone", paramLabel = "ZONE", defaultValue = "UTC",
            description = "CSV, JSON, lines: the zone of times without one (default: ${DEFAULT-VALUE}).")
    private String zone = "UTC";

    @Option(names = "--doubtful-time", paramLabel = "CHOICE", defaultValue = "bad",
            description = "CSV: local times that are two instants, as clocks are put back, or none, as they are put forward: bad, the row is a"
                + " bad row; earlier or later, that one of the two instants by the offsets before and after (default: ${DEFAULT-VALUE}).")
    private DoubtfulTime doubtfulTime = DoubtfulTime.BAD;

    @Option(names = "--value-column", paramLabel = "COLUMN", description = "CSV, JSON: the column that alone is the content, unchanged.")
    private @Nullable String valueColumn;

    @Option(names = "--separator", paramLabel = "CHARACTER", defaultValue = ",", description = "CSV: the character between fields (default: a comma).")
    private String separator = ",";

    @Option(names = "--no-header", description = "CSV: the first row has no names.")
    private boolean headless;

    @Option(names = "--line-time", description = "lines: each line begins with its time; a line without one has that of the line before. Without it: the time"
            + " of the import.")
    private boolean lineTime;

    @Option(names = "--precision", paramLabel = "UNIT", defaultValue = "ns",
            description = "Line protocol: the timestamps' unit, ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private EpochUnit precision = EpochUnit.NS;

    @Option(names = "--nano-retention", paramLabel = "DURATION", description = "nano-wal: how long the files were kept after their"
            + " windows. nano-wal has no timestamps: records get the last millisecond of their file's window, its expiration"
            + " less this. Without it: the time of the import.")
    private @Nullable Duration nanoRetention;

    /** @throws UsageException if the format is unknown */
    ImportFormat formatOf(Path file) {
        return Optional.ofNullable(format).or(() -> ImportFormat.of(file)).orElseThrow(() -> new UsageException(
                "the file's name doesn't say its format: file=" + file + "; give --format"));
    }

    /**
     * Before anything is read.
     *
     * @throws UsageException if options don't go together, or aren't what they are to be
     * @throws IllegalArgumentException if a time's format or zone is none
     */
    void check() {
        if (key != null && keyColumn != null) {
            throw new UsageException("give --key or --key-column, not both: key=" + key + ", column=" + keyColumn);
        }
        if (separator.length() != 1) {
            throw new UsageException("--separator is not a single character: separator='" + separator + "'");
        }
        CsvLayout unused = layout();
    }

    /** Whether it is {@code -}. */
    static boolean isStandardInput(Path file) {
        return file.toString().equals("-");
    }

    /**
     * Opens a file's rows; the caller closes them.
     *
     * @param standardInput of the process
     */
    Rows open(Path file, ImportFormat fileFormat, InputStream standardInput) throws IOException {
        if (fileFormat == ImportFormat.NANO_WAL) {
            return NanoWalRows.open(file, Optional.ofNullable(nanoRetention));
        }
        CsvLayout layout = layout();
        InputStream input = isStandardInput(file) ? standardInput : Files.newInputStream(file);
        try {
            return switch (fileFormat) {
                case INFLUX -> new LineProtocolRows(input, file.toString(), precision, content);
                case JSON -> new JsonRows(input, file.toString(), layout, fixedKey(file));
                case LINES -> new LineRows(input, file.toString(), fixedKey(file), lineTime ? Optional.of(layout.timeFormat()) : Optional.empty());
                default -> new CsvRows(input, file.toString(), layout, fixedKey(file));
            };
        } catch (IOException | RuntimeException e) {
            LeftOpen.close(input, e);
            throw e;
        }
    }

    /** The number of bytes to read; 0 if unknown. */
    static long bytes(Path file) throws IOException {
        return isStandardInput(file) ? 0 : Files.isDirectory(file) ? NanoWalRows.bytes(file) : Files.size(file);
    }

    private CsvLayout layout() {
        try {
            return new CsvLayout(!headless, separator.charAt(0), timeColumn, TimeFormat.of(timeFormat, ZoneId.of(zone), doubtfulTime),
                    Optional.ofNullable(keyColumn), Optional.ofNullable(valueColumn), content);
        } catch (DateTimeException e) {
            throw new IllegalArgumentException("unknown time zone: zone=" + zone + "; give a name like Europe/Berlin, or an offset like +02:00", e);
        }
    }

    /** Empty if there is neither an option nor a file name for it. */
    private String fixedKey(Path file) {
        return key != null ? key : isStandardInput(file) ? "" : ImportFormat.baseName(file);
    }
}
