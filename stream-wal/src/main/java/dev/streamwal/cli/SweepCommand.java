package dev.streamwal.cli;

import dev.streamwal.DeletedSegment;
import dev.streamwal.StreamWal;
import dev.streamwal.SweepResult;
import dev.streamwal.retention.ExpiryPlan;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Deletes what has expired. */
@Command(
        name = "sweep",
        description = "Deletes the segments that have expired, as the writing program does once a minute.",
        footer = {
            "%nBy their expiration alone, which was fixed when they were created: limits of bytes are the writing program's options.",
            LogOptions.OPENING,
            "%nA dry run reads the files' names, and can be done while a program writes the log."})
final class SweepCommand extends WritingCommand {

    @Option(names = "--now", paramLabel = "TIME", description = "In place of the clock: " + TimeArgument.SYNTAX)
    private @Nullable Instant now;

    @Option(names = "--dry-run", description = "Show what would be deleted, and delete nothing.")
    private boolean dryRun;

    SweepCommand(CommandContext context) {
        super(context);
    }

    @Override
    Exit run(CommandOutput out) throws IOException {
        Instant time = now == null ? context().clock().instant() : now;
        List<DeletedSegment> gone = new ArrayList<>();
        int failed = 0;
        try {
            failed = dryRun ? rehearse(time, gone) : sweep(time, gone);
        } finally {
            show(gone, failed, out);
        }
        return failed == 0 ? Exit.OK : Exit.FINDINGS;
    }

    private int sweep(Instant time, List<DeletedSegment> gone) throws IOException {
        try (StreamWal wal = openLog()) {
            SweepResult result = wal.sweep(time, gone::add);
            wal.stats().lastFailure().ifPresent(this::complain);
            return result.failedSegments();
        }
    }

    private int rehearse(Instant time, List<DeletedSegment> gone) throws IOException {
        checkIsLog();
        SegmentInventory inventory = new SegmentInventory(root());
        for (ExpiryPlan.Deletion deletion : inventory.expired(time)) {
            gone.add(new DeletedSegment(inventory.fileOf(deletion), deletion.key(),
                    Instant.ofEpochMilli(deletion.segment().expirationMillis()), deletion.segment().bytes(), DeletedSegment.Reason.EXPIRED));
        }
        return 0;
    }

    /** By key, and of a stream in the order in which they went. */
    private void show(List<DeletedSegment> gone, int failed, CommandOutput out) {
        gone.sort(Comparator.comparing(DeletedSegment::stream));
        TextTable table = new TextTable(out, "KEY", "SEGMENT", ">SIZE", "EXPIRED", "WHY");
        gone.forEach(segment -> show(segment, out, table));
        if (!out.isJson() && !gone.isEmpty()) {
            table.print();
        }
        long bytes = gone.stream().mapToLong(DeletedSegment::bytes).sum();
        out.item(() -> (dryRun ? "would delete " : "deleted ") + Figures.number(gone.size(), "segment") + ", " + Figures.bytes(bytes)
                + (failed == 0 ? "" : "; failed: " + Figures.count(failed)), json -> {
            json.writeStringField("type", "summary");
            json.writeBooleanField("dryRun", dryRun);
            json.writeNumberField("segments", gone.size());
            json.writeNumberField("bytes", bytes);
            json.writeNumberField("failed", failed);
        });
    }

    private static void show(DeletedSegment segment, CommandOutput out, TextTable table) {
        if (out.isJson()) {
            out.json(json -> {
                json.writeStringField("type", "segment");
                json.writeStringField("key", segment.stream());
                json.writeStringField("file", segment.path().toString());
                json.writeNumberField("bytes", segment.bytes());
                JsonTime.write(json, "expiration", segment.expiration().toEpochMilli());
                json.writeStringField("reason", segment.reason().name());
            });
        } else {
            table.row(segment.stream(), segment.path().getFileName().toString(), Figures.bytes(segment.bytes()),
                    Figures.time(segment.expiration().toEpochMilli()), segment.reason().name());
        }
    }
}
