package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import dev.streamwal.cli.ingest.ExportedCsv;
import dev.streamwal.cli.ingest.LineProtocolText;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.io.IOException;
import java.util.Base64;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Writes records for other programs. */
@Command(
        name = "export",
        description = {
            "Writes records to standard output, for other programs: as CSV, JSON lines, or InfluxDB's line protocol.",
            "import reads CSV and JSON back, headers and binary content included. CSV has a header line: key, position, size, timestamp, header, content, encoding; the last is utf-8, or base64 where header "
                    + "or content isn't UTF-8.",
            "In line protocol, records that were imported from it are written unchanged; otherwise the key is the measurement, and the content the field "
                    + "value, a number or a string. Headers are left out. Records that aren't text, or have several lines, are left out and reported."
        })
final class ExportCommand extends StreamsCommand {

    /** How records are written. */
    private interface Sink {
        void write(ShownEntry entry);
    }

    @Option(names = "--format", paramLabel = "FORMAT", defaultValue = "csv",
            description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}); --json is the same as --format json.")
    private ExportFormat format = ExportFormat.CSV;

    private boolean complete = true;

    @Mixin
    private final TimeRangeOptions range = new TimeRangeOptions();

    @Mixin
    private final KeysOption keys = new KeysOption();

    ExportCommand(CommandContext context) {
        super(context);
    }

    @Override
    KeysOption keys() {
        return keys;
    }

    @Override
    Exit read(WalReader reader, LogSegments segments, KeySelection selection, CommandOutput out) throws IOException {
        TolerantScan scan = new TolerantScan(this::complain);
        if (out.isJson() || format == ExportFormat.JSON) {
            export(reader, segments, selection, scan, new EntryWriter(out, EntryFormat.JSON, Optional.empty())::write);
        } else if (format == ExportFormat.INFLUX) {
            export(reader, segments, selection, scan, entry -> writePoint(entry, out));
        } else {
            try (CsvWriter csv = CsvWriter.builder().lineDelimiter(LineDelimiter.LF).build(out.asStream(), UTF_8)) {
                csv.writeRecord(ExportedCsv.COLUMNS);
                export(reader, segments, selection, scan, entry -> write(entry, csv));
            }
        }
        return complete ? scan.exit() : Exit.FINDINGS;
    }

    private void writePoint(ShownEntry entry, CommandOutput out) {
        Optional<String> line = ByteBufUtil.isText(entry.content(), UTF_8)
                ? LineProtocolText.of(entry.ref().key(), entry.content().toString(UTF_8), entry.timestampMillis()) : Optional.empty();
        if (line.isPresent()) {
            out.bytes((line.get() + '\n').getBytes(UTF_8));
        } else {
            complete = false;
            complain("left out, cannot be written in line protocol: " + entry.ref());
        }
    }

    private void export(WalReader reader, LogSegments segments, KeySelection selection, TolerantScan scan, Sink sink) throws IOException {
        try (Progress progress = progress("exporting", fileBytes(segments, selection), "B")) {
            for (String key : selection.keys()) {
                long shown = 0;
                try (EntryCursor cursor = range.scan(reader, key)) {
                    while (scan.next(cursor)) {
                        sink.write(ShownEntry.of(cursor));
                        progress.step(cursor.size());
                        shown += cursor.size();
                    }
                }
                // headers, footers, records out of the range, and prepared space
                progress.step(Math.max(0, segments.bytes(key) - shown));
            }
        }
    }

    private static void write(ShownEntry entry, CsvWriter csv) {
        boolean text = ByteBufUtil.isText(entry.header(), UTF_8) && ByteBufUtil.isText(entry.content(), UTF_8);
        csv.writeRecord(
                entry.ref().key(), Long.toString(entry.ref().position()), Integer.toString(entry.ref().size()),
                Figures.time(entry.timestampMillis()),
                encoded(entry.header(), text), encoded(entry.content(), text), text ? ExportedCsv.TEXT : ExportedCsv.BINARY);
    }

    private static String encoded(ByteBuf bytes, boolean text) {
        return text ? bytes.toString(UTF_8) : Base64.getEncoder().encodeToString(ByteBufUtil.getBytes(bytes));
    }
}
