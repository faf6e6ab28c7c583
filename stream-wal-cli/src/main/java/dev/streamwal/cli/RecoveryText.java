package dev.streamwal.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.streamwal.RecoveryReport;
import dev.streamwal.RecoveryReport.Finding;
import dev.streamwal.RecoveryReport.StreamFindings;
import dev.streamwal.RecoveryReport.Sums;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** A recovery's report, as text or JSON. */
final class RecoveryText {

    private final CommandOutput out;
    private final Function<Path, String> shortened;

    /** @param shortened how files are named in text */
    RecoveryText(CommandOutput out, Function<Path, String> shortened) {
        this.out = out;
        this.shortened = shortened;
    }

    void stream(StreamFindings stream) {
        if (out.isJson()) {
            out.json(json -> write(json, stream));
            return;
        }
        out.line(stream.key() + ": " + describe(stream.sums()));
        stream.findings().forEach(finding -> out.line("  " + describe(finding)));
        if (stream.findingsLeftOut() > 0) {
            out.line("  and " + Figures.count(stream.findingsLeftOut()) + " more");
        }
        stream.refusal().ifPresent(why -> out.line("  REFUSED: " + why));
    }

    private String describe(Finding finding) {
        return shortened.apply(finding.file()) + ", offset " + Figures.count(finding.offset()) + ", "
                + Figures.number(finding.length(), "byte") + ": " + finding.decision()
                + finding.setAside().map(copy -> "; set aside as " + shortened.apply(copy)).orElse("");
    }

    void summary(RecoveryReport report, boolean dryRun, long bytesRead) {
        out.item(() -> describe(report, dryRun, bytesRead), json -> {
            json.writeStringField("type", "summary");
            json.writeBooleanField("dryRun", dryRun);
            json.writeNumberField("streamsInOrder", report.recoveredStreams());
            json.writeNumberField("streamsRefused", report.refusedStreams());
            json.writeBooleanField("isComplete", report.isComplete());
            json.writeNumberField("bytesRead", bytesRead);
            write(json, report.totals());
        });
    }

    private static String describe(RecoveryReport report, boolean dryRun, long bytesRead) {
        return (dryRun ? "would have " : "") + Figures.number(report.recoveredStreams(), "stream") + " in order, "
                + Figures.count(report.refusedStreams()) + " refused; read " + Figures.bytes(bytesRead) + ", "
                + describe(report.totals())
                + (report.isComplete() ? "" : "; streams beyond the first " + Figures.count(RecoveryReport.MAX_STREAMS)
                        + " are not listed");
    }

    private static String describe(Sums sums) {
        List<String> parts = new ArrayList<>();
        parts.add("kept " + Figures.number(sums.recordsKept(), "record") + " (" + Figures.bytes(sums.bytesKept()) + ")");
        add(parts, "redone from the journal", sums.bytesRedone());
        add(parts, "cut", sums.bytesCut());
        add(parts, "skipped", sums.bytesSkipped());
        add(parts, "missing", sums.bytesMissing());
        add(parts, "set aside", sums.bytesSetAside());
        return String.join(", ", parts);
    }

    private static void add(List<String> parts, String what, long bytes) {
        if (bytes > 0) {
            parts.add(what + ' ' + Figures.bytes(bytes));
        }
    }

    private static void write(JsonGenerator json, StreamFindings stream) throws IOException {
        json.writeStringField("type", "stream");
        json.writeStringField("key", stream.key());
        write(json, stream.sums());
        json.writeArrayFieldStart("findings");
        for (Finding finding : stream.findings()) {
            json.writeStartObject();
            json.writeStringField("file", finding.file().toString());
            json.writeNumberField("offset", finding.offset());
            json.writeNumberField("length", finding.length());
            json.writeStringField("decision", finding.decision());
            json.writeStringField("setAside", finding.setAside().map(Path::toString).orElse(null));
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeNumberField("findingsLeftOut", stream.findingsLeftOut());
        json.writeStringField("refusal", stream.refusal().orElse(null));
    }

    private static void write(JsonGenerator json, Sums sums) throws IOException {
        json.writeNumberField("recordsKept", sums.recordsKept());
        json.writeNumberField("bytesKept", sums.bytesKept());
        json.writeNumberField("recordsRedone", sums.recordsRedone());
        json.writeNumberField("bytesRedone", sums.bytesRedone());
        json.writeNumberField("bytesCut", sums.bytesCut());
        json.writeNumberField("bytesSkipped", sums.bytesSkipped());
        json.writeNumberField("bytesMissing", sums.bytesMissing());
        json.writeNumberField("bytesSetAside", sums.bytesSetAside());
    }
}
