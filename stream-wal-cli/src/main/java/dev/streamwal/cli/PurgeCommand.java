package dev.streamwal.cli;

import dev.streamwal.StreamWal;
import dev.streamwal.SweepResult;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Deletes what is old, expired or not. */
@Command(
        name = "purge",
        description = "Deletes the beginning of streams, expired or not: their oldest segments, as long as they are sealed and"
            + " their windows end at or before a time.",
        footer = {
            "%nThe segment that a stream is appended to stays, however old it is.",
            LogOptions.OPENING,
            "%nA dry run reads, and can be done while a program writes the log."})
final class PurgeCommand extends WritingCommand {

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "KEY", description = "Which streams: keys, or patterns, in which * is"
            + " any run of characters, / included, and ? one character.")
    private List<String> patterns = List.of();

    @Option(names = "--before", required = true, paramLabel = "TIME", description = "Where windows end that go, at the latest: "
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
    Exit run(CommandOutput out) throws IOException {
        checkIsLog();
        if (dryRun) {
            try (LogSegments segments = LogSegments.of(root())) {
                SegmentInventory inventory = new SegmentInventory(root(), segments);
                return purge(out, key -> rehearse(key, inventory));
            }
        }
        try (StreamWal wal = openLog()) {
            return purge(out, key -> wal.purge(key, before));
        }
    }

    /** Of one stream. */
    private interface Purge {
        SweepResult of(String key) throws IOException;
    }

    private Exit purge(CommandOutput out, Purge purge) throws IOException {
        KeySelection selection;
        try (WalReader reader = WalReader.open(root()); LogSegments segments = LogSegments.of(root())) {
            selection = KeySelection.of(segments, reader, patterns);
        }
        TextTable table = new TextTable(out, "KEY", ">SEGMENTS", ">SIZE", ">LEFT");
        for (String key : selection.keys()) {
            SweepResult result = purge.of(key);
            segments += result.deletedSegments();
            bytes += result.bytesReclaimed();
            if (result.deletedSegments() > 0) {
                show(key, result, out, table);
            }
        }
        end(out, table);
        return complainOfMissing(selection);
    }

    private SweepResult rehearse(String key, SegmentInventory inventory) throws IOException {
        List<SegmentInventory.Found> all = inventory.segments(key);
        List<SegmentInventory.Found> over = inventory.over(all, before);
        return new SweepResult(over.size(), 0, all.size() - over.size(), over.stream().mapToLong(SegmentInventory.Found::bytes).sum());
    }

    private static void show(String key, SweepResult result, CommandOutput out, TextTable table) {
        if (out.isJson()) {
            out.json(json -> {
                json.writeStringField("type", "stream");
                json.writeStringField("key", key);
                json.writeNumberField("segments", result.deletedSegments());
                json.writeNumberField("bytes", result.bytesReclaimed());
                json.writeNumberField("segmentsLeft", result.liveSegments());
            });
        } else {
            table.row(key, Figures.count(result.deletedSegments()), Figures.bytes(result.bytesReclaimed()),
                    Figures.count(result.liveSegments()));
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
