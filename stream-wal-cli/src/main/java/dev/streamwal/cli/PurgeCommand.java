package dev.streamwal.cli;

import dev.streamwal.StreamWal;
import dev.streamwal.SweepResult;
import dev.streamwal.reader.Keys;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Deletes old segments, expired or not. */
@Command(
        name = "purge",
        description = "Deletes the oldest segments of streams, expired or not, as long as they are sealed and"
            + " their windows end at or before a time.",
        footer = {
            "%nThe segment that a stream appends to stays, however old it is.",
            LogOptions.OPENING,
            "%nA dry run only reads, also while a program writes the log."})
final class PurgeCommand extends WritingCommand {

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "KEY", description = "Streams: keys, or patterns in which * is"
            + " any run of characters, / included, and ? one character.")
    private List<String> patterns = List.of();

    @Option(names = "--before", required = true, paramLabel = "TIME", description = "Delete segments whose windows end at or before this time: "
            + TimeArgument.SYNTAX + ".")
    private Instant before = Instant.MIN;

    @Option(names = "--dry-run", description = "Show what would be deleted, and delete nothing.")
    private boolean dryRun;

    private int segments;
    private long bytes;

    PurgeCommand(CommandContext context) {
        super(context);
    }

    @Override
    String inTheWritingProgram() {
        return "while a program writes the log, it deletes, by StreamWal.purge";
    }

    @Override
    Exit run(CommandOutput out) throws IOException {
        checkIsLog();
        if (dryRun) {
            try (LogSegments segments = LogSegments.of(root())) {
                SegmentInventory inventory = new SegmentInventory(root(), segments);
                return purge(out, key -> rehearse(key, inventory));
            }
        }
        try (StreamWal wal = openLog()) {
            return purge(out, key -> Purged.of(wal.purge(Keys.key(key), before)));
        }
    }

    /** Purges one stream. */
    private interface Purge {
        Purged of(String key) throws IOException;
    }

    /** What was deleted of a stream, and how many segments are left. */
    private record Purged(int segments, long bytes, int left) {
        static Purged of(SweepResult result) {
            return new Purged(result.deletedSegments(), result.bytesReclaimed(), result.liveSegments());
        }
    }

    private Exit purge(CommandOutput out, Purge purge) throws IOException {
        KeySelection selection = selection(patterns);
        TextTable table = new TextTable(out, "KEY", ">SEGMENTS", ">SIZE", ">LEFT");
        for (String key : selection.keys()) {
            Purged result = purge.of(key);
            segments += result.segments();
            bytes += result.bytes();
            if (result.segments() > 0) {
                show(key, result, out, table);
            }
        }
        end(out, table);
        return complainOfMissing(selection);
    }

    private Purged rehearse(String key, SegmentInventory inventory) throws IOException {
        List<SegmentInventory.Found> all = inventory.segments(key);
        List<SegmentInventory.Found> over = inventory.over(all, before);
        return new Purged(over.size(), over.stream().mapToLong(SegmentInventory.Found::bytes).sum(), all.size() - over.size());
    }

    private static void show(String key, Purged result, CommandOutput out, TextTable table) {
        if (out.isJson()) {
            out.json(json -> {
                json.writeStringField("type", "stream");
                json.writeStringField("key", key);
                json.writeNumberField("segments", result.segments());
                json.writeNumberField("bytes", result.bytes());
                json.writeNumberField("segmentsLeft", result.left());
            });
        } else {
            table.row(key, Figures.count(result.segments()), Figures.bytes(result.bytes()), Figures.count(result.left()));
        }
    }

    private void end(CommandOutput out, TextTable table) {
        if (!out.isJson() && segments > 0) {
            table.print();
        }
        out.item(() -> (dryRun ? "would delete " : "deleted ") + Figures.number(segments, "segment") + ", " + Figures.bytes(bytes),
                json -> {
            json.writeStringField("type", "summary");
            json.writeBooleanField("dryRun", dryRun);
            json.writeNumberField("segments", segments);
            json.writeNumberField("bytes", bytes);
        });
    }
}
