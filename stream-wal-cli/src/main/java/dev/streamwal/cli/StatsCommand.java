package dev.streamwal.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.streamwal.error.WalException;
import dev.streamwal.io.IoFailure;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.OptionalLong;
import picocli.CommandLine.Command;

/** Summarizes a log. */
@Command(
        name = "stats",
        description = {
            "Summarizes streams: sizes, how full segments get, records over time.",
            "The size of the files is that of all segments and packs in the log's directory; single streams have none.",
            "Of sealed segments it only reads the footers; within their blocks of 64 KiB, it assumes records to be spread evenly."
        })
final class StatsCommand extends StreamsCommand {

    StatsCommand(CommandContext context) {
        super(context);
    }

    @Override
    Exit read(WalReader reader, LogSegments segments, KeySelection selection, CommandOutput out) throws IOException {
        if (isNanoWal()) {
            throw new IllegalArgumentException("nano-wal files have no windows and times that stats could sum up; use ls for their sizes");
        }
        LogFigures figures = new LogFigures(reader, segments, this::leaveOut);
        forEach(selection, "reading", figures::add);
        // a stream's part of a pack or of a shared segment isn't a file
        OptionalLong fileBytes = selection.isAll() && isOfLog() ? fileBytes() : OptionalLong.empty();
        if (out.isJson()) {
            out.json(json -> write(figures, fileBytes, json));
        } else {
            show(figures, fileBytes, out);
        }
        return figures.damaged() == 0 ? Exit.OK : Exit.FINDINGS;
    }

    /** Empty if a folder can't be read. */
    private OptionalLong fileBytes() {
        try {
            return OptionalLong.of(LogFileSizes.sum(root()));
        } catch (IOException e) {
            leaveOut(IoFailure.of("adding up the sizes of files", e, root(), null, WalException.NO_POSITION));
            return OptionalLong.empty();
        }
    }

    private static void show(LogFigures figures, OptionalLong fileBytes, CommandOutput out) {
        TextTable table = new TextTable(out, "", "");
        table.row("streams", Figures.count(figures.streams()));
        table.row("segments", Figures.count(figures.segments()) + ", " + Figures.count(figures.sealed()) + " of them sealed"
                + (figures.unreadable() == 0 ? "" : ", " + Figures.count(figures.unreadable()) + " unreadable"));
        if (fileBytes.isPresent()) {
            table.row("files", Figures.bytes(fileBytes.getAsLong()));
        }
        table.row("records", Figures.count(figures.records()) + ", " + Figures.bytes(figures.dataBytes())
                + (figures.records() == 0 ? "" : ", " + Figures.bytes(Math.round((double) figures.dataBytes() / figures.records()))
                        + " each"));
        if (figures.longestWindowMillis() > 0) {
            table.row("windows", windows(figures));
        }
        RecordsOverTime overTime = figures.overTime();
        if (!overTime.isEmpty()) {
            table.row("time", Figures.time(overTime.first()) + " to " + Figures.time(overTime.last()));
            table.row("rate", rate(figures));
        }
        table.print();
        if (!overTime.isEmpty()) {
            out.line("");
            out.line(overTime.sparkline());
            out.line("records, a column for " + Figures.duration(overTime.widthMillis()) + ", at most "
                    + Figures.count(Arrays.stream(overTime.columns()).max().orElse(0)));
        }
    }

    private static String windows(LogFigures figures) {
        String shortest = Figures.duration(figures.shortestWindowMillis());
        String longest = Figures.duration(figures.longestWindowMillis());
        String lengths = shortest.equals(longest) ? shortest : shortest + " to " + longest;
        return figures.sealed() == 0
                ? lengths
                : lengths + "; sealed segments use " + String.format(Locale.ROOT, "%.2f", figures.fill() * 100) + " % of their capacity";
    }

    private static String rate(LogFigures figures) {
        long millis = figures.overTime().last() - figures.overTime().first();
        return millis == 0 ? "-" : Figures.rate(figures.records() * 1_000.0 / millis);
    }

    private static void write(LogFigures figures, OptionalLong fileBytes, JsonGenerator json) throws IOException {
        json.writeNumberField("streams", figures.streams());
        json.writeNumberField("segments", figures.segments());
        json.writeNumberField("sealedSegments", figures.sealed());
        json.writeNumberField("unreadableSegments", figures.unreadable());
        if (fileBytes.isPresent()) {
            json.writeNumberField("fileBytes", fileBytes.getAsLong());
        }
        json.writeNumberField("dataBytes", figures.dataBytes());
        json.writeNumberField("records", figures.records());
        if (figures.longestWindowMillis() > 0) {
            json.writeNumberField("shortestWindowMillis", figures.shortestWindowMillis());
            json.writeNumberField("longestWindowMillis", figures.longestWindowMillis());
        }
        if (figures.sealed() > 0) {
            json.writeNumberField("sealedFill", figures.fill());
        }
        RecordsOverTime overTime = figures.overTime();
        if (!overTime.isEmpty()) {
            JsonTime.write(json, "from", overTime.first());
            JsonTime.write(json, "to", overTime.last());
            json.writeObjectFieldStart("recordsOverTime");
            JsonTime.write(json, "start", overTime.startMillis());
            json.writeNumberField("columnMillis", overTime.widthMillis());
            json.writeFieldName("columns");
            json.writeArray(overTime.columns(), 0, overTime.columns().length);
            json.writeEndObject();
        }
    }
}
