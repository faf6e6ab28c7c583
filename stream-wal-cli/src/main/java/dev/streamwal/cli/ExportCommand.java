package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import dev.streamwal.cli.ingest.ExportedCsv;
import dev.streamwal.cli.ingest.LineProtocolText;
import dev.streamwal.error.WalIOException;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.Base64;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Writes records for other programs. */
@Command(
        name = "export",
        description = {
            "Writes records to standard output, for other programs: as CSV, JSON lines, or InfluxDB's line protocol.",
            "import reads CSV and JSON back, headers and binary content included. CSV has a header line: key, position, size, timestamp, header, content, "
                    + "encoding; the last is utf-8, or base64 where header or content isn't UTF-8.",
            "In line protocol, records that were imported from it are written unchanged; otherwise the key is the measurement, and the content the field "
                    + "value, a number or a string. Headers are left out. Records that aren't text, have several lines, or have a time before 1677-09-21 or "
                    + "after 2262-04-11, are left out; the first " + ExportCommand.MAX_COMPLAINTS + " are reported, and all are counted.",
            "With --as, contents of that type are written decoded, and CSV leaves out headers that aren't text; import reads them back as text. Without --as, "
                    + "import makes the same records again."
        })
final class ExportCommand extends RecordsCommand {

    /** So many of the records that are left out are reported; the others are only counted. */
    static final int MAX_COMPLAINTS = 10;
    /** Numbers of 64 bits that line protocol doesn't have. */
    private static final Pattern NO_NUMBER = Pattern.compile("NaN|-?Infinity");

    @Option(names = "--format", paramLabel = "FORMAT", defaultValue = "csv",
            description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}); --json is the same as --format json.")
    private ExportFormat format = ExportFormat.CSV;

    @Option(names = "--as", paramLabel = "TYPE",
            description = "How to decode contents: ${COMPLETION-CANDIDATES}. f64 is numbers of 64 bits, f64le the same with the lowest byte first, as samples"
                    + " are written. A single number is a number in line protocol, and hex is a string there. Contents of another type are written as"
                    + " without --as.")
    private @Nullable ContentType type;

    private long leftOut;

    @Mixin
    private final TimeRangeOptions range = new TimeRangeOptions();

    ExportCommand(CommandContext context) {
        super(context);
    }

    @Override
    Exit read(WalReader reader, LogSegments segments, KeySelection selection, CommandOutput out) throws IOException {
        TolerantScan scan = new TolerantScan(this::leaveOut);
        if (out.isJson() || format == ExportFormat.JSON) {
            export(reader, segments, selection, scan, new EntryWriter(out, EntryFormat.JSON, Optional.ofNullable(type))::write);
        } else if (format == ExportFormat.INFLUX) {
            export(reader, segments, selection, scan, entry -> writePoint(entry, out));
        } else {
            try (CsvWriter csv = CsvWriter.builder().lineDelimiter(LineDelimiter.LF).build(out.asStream(), UTF_8)) {
                csv.writeRecord(ExportedCsv.COLUMNS);
                export(reader, segments, selection, scan, entry -> write(entry, csv));
            }
        }
        if (leftOut > MAX_COMPLAINTS) {
            complain("left out " + Figures.number(leftOut, "record") + " in all");
        }
        return leftOut == 0 ? Exit.OK : Exit.FINDINGS;
    }

    private void writePoint(ShownEntry entry, CommandOutput out) {
        if (!LineProtocolText.hasTime(entry.timestampMillis())) {
            leaveOut("line protocol has no time like " + Figures.time(entry.timestampMillis()) + ", whose nanoseconds exceed 64 bits", entry,
                    "--format csv or --format json writes it");
            return;
        }
        Optional<String> typed = typed(entry.content());
        String key = entry.ref().key();
        if (typed.isEmpty() && !isText(entry.content())) {
            leaveOut(type == null ? "its content isn't text" : "its content is neither text nor of the type of --as", entry,
                    "--as f64 or --as f64le writes numbers of 64 bits, --as hex any content");
            return;
        }
        String text = typed.orElseGet(() -> entry.content().toString(UTF_8));
        if (typed.isPresent() && type != ContentType.UTF8 && NO_NUMBER.matcher(text).matches()) {
            leaveOut("line protocol has no number that is " + text, entry, "--format csv or --format json writes it");
            return;
        }
        Optional<String> line = type == ContentType.HEX ? LineProtocolText.ofString(key, text, entry.timestampMillis())
                : LineProtocolText.of(key, text, entry.timestampMillis());
        if (line.isPresent()) {
            out.bytes((line.get() + '\n').getBytes(UTF_8));
        } else if (isLines(key)) {
            leaveOut("its key has several lines", entry, "--format csv or --format json writes it");
        } else if (isLines(text)) {
            leaveOut("its content has several lines", entry, "--as hex, --format csv or --format json writes it");
        } else {
            leaveOut("line protocol can't have its key or content", entry, "--format csv or --format json writes it");
        }
    }

    /** UTF-8 without the character 0: text doesn't have it, and numbers that happen to be UTF-8 do. */
    private static boolean isText(ByteBuf content) {
        return ByteBufUtil.isText(content, UTF_8) && content.indexOf(content.readerIndex(), content.writerIndex(), (byte) 0) < 0;
    }

    private static boolean isLines(String text) {
        return text.indexOf('\n') >= 0 || text.indexOf('\r') >= 0;
    }

    private void leaveOut(String reason, ShownEntry entry, String advice) {
        leftOut++;
        if (leftOut <= MAX_COMPLAINTS) {
            complain("left out, " + reason + ": ref=" + entry.ref() + "; " + advice);
        }
    }

    private Optional<String> typed(ByteBuf content) {
        return type == null ? Optional.empty() : type.text(content);
    }

    private void export(WalReader reader, LogSegments segments, KeySelection selection, TolerantScan scan, Consumer<ShownEntry> sink) {
        try (Progress progress = progress("exporting", showsProgress() ? fileBytes(segments, selection) : 0, "B")) {
            for (String key : selection.keys()) {
                long shown = 0;
                try (EntryCursor cursor = range.scan(reader, key)) {
                    while (scan.next(cursor)) {
                        sink.accept(ShownEntry.of(cursor));
                        progress.step(cursor.size());
                        shown += cursor.size();
                    }
                } catch (WalIOException e) {
                    leaveOut(e);
                }
                if (showsProgress()) {
                    // headers, footers, records out of the range, and prepared space
                    progress.step(Math.max(0, fileBytes(segments, key) - shown));
                }
            }
        }
    }

    private static long fileBytes(LogSegments segments, KeySelection selection) {
        long bytes = 0;
        for (String key : selection.keys()) {
            bytes += fileBytes(segments, key);
        }
        return bytes;
    }

    private static long fileBytes(LogSegments segments, String key) {
        try {
            return segments.bytes(key);
        } catch (IOException e) {
            return 0; // it is told where the records are read
        }
    }

    private void write(ShownEntry entry, CsvWriter csv) {
        Optional<String> typed = typed(entry.content());
        ByteBuf content = typed.map(shown -> Unpooled.wrappedBuffer(shown.getBytes(UTF_8))).orElse(entry.content());
        // for example a tag that says the bytes are a sample: that isn't true of the text, and a header in Base64 would have the content written in
        // Base64, too
        ByteBuf header = typed.isPresent() && !ByteBufUtil.isText(entry.header(), UTF_8) ? Unpooled.EMPTY_BUFFER : entry.header();
        boolean text = ByteBufUtil.isText(header, UTF_8) && ByteBufUtil.isText(content, UTF_8);
        csv.writeRecord(
                entry.ref().key(), Long.toString(entry.ref().position()), Integer.toString(entry.ref().size()),
                Figures.time(entry.timestampMillis()),
                encoded(header, text), encoded(content, text), text ? ExportedCsv.TEXT : ExportedCsv.BINARY);
    }

    private static String encoded(ByteBuf bytes, boolean text) {
        return text ? bytes.toString(UTF_8) : Base64.getEncoder().encodeToString(ByteBufUtil.getBytes(bytes));
    }
}
