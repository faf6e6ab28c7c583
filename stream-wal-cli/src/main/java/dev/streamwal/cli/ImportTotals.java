package dev.streamwal.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.streamwal.cli.ingest.RowTime;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;

/** Counts what an import does, and tells it. */
final class ImportTotals {

    private final Set<String> streams = new HashSet<>();
    private long records;
    /** Of headers and contents. */
    private long bytes;
    private long badRows;
    private long present;
    /** Times that were more precise than milliseconds. */
    private long timesCut;
    /** Local times that stood for two instants, or for none, and for which one instant was chosen. */
    private long doubtfulTimes;
    private long timesMissing;
    private long smallestMillis = Long.MAX_VALUE;
    private long largestMillis = Long.MIN_VALUE;

    void record(String key, RowTime time, int recordBytes) {
        streams.add(key);
        records++;
        bytes += recordBytes;
        timesCut += time.exact() ? 0 : 1;
        doubtfulTimes += time.doubtful() ? 1 : 0;
        timesMissing += time.missing() ? 1 : 0;
        time.millis().ifPresent(millis -> {
            smallestMillis = Math.min(smallestMillis, millis);
            largestMillis = Math.max(largestMillis, millis);
        });
    }

    void badRow() {
        badRows++;
    }

    /** Counts a row that an earlier import has appended. */
    void presentRow() {
        present++;
    }

    long badRows() {
        return badRows;
    }

    /** Lines without a time of their own. */
    long timesMissing() {
        return timesMissing;
    }

    /**
     * Shows them.
     *
     * @param dryRun whether nothing was imported
     * @param keepTime whether the records' headers have the times as they were written
     */
    void show(boolean dryRun, boolean keepTime, CommandOutput out) {
        if (out.isJson()) {
            out.json(json -> write(dryRun, json));
            return;
        }
        out.line((dryRun ? "would import " : "imported ") + Figures.number(records, "record") + ", " + Figures.bytes(bytes) + ", into "
                + Figures.number(streams.size(), "stream"));
        if (hasTimes()) {
            out.line("times from " + Figures.time(smallestMillis) + " to " + Figures.time(largestMillis));
        }
        line(present, "left out ", "row", ", there already", out);
        line(badRows, "left out ", "bad row", "", out);
        line(doubtfulTimes, "chose an instant for ", "local time", " with two, or none", out);
        line(timesCut, "cut ", "time", " to milliseconds" + (keepTime ? "; whole in the records' headers" : ""), out);
    }

    private static void line(long count, String before, String noun, String behind, CommandOutput out) {
        if (count > 0) {
            out.line(before + Figures.number(count, noun) + behind);
        }
    }

    private void write(boolean dryRun, JsonGenerator json) throws IOException {
        json.writeBooleanField("dryRun", dryRun);
        json.writeNumberField("records", records);
        json.writeNumberField("streams", streams.size());
        json.writeNumberField("bytes", bytes);
        if (hasTimes()) {
            JsonTime.write(json, "from", smallestMillis);
            JsonTime.write(json, "to", largestMillis);
        }
        json.writeNumberField("badRows", badRows);
        json.writeNumberField("alreadyThere", present);
        json.writeNumberField("timesCut", timesCut);
        json.writeNumberField("doubtfulTimes", doubtfulTimes);
    }

    private boolean hasTimes() {
        return smallestMillis <= largestMillis;
    }
}
