package dev.streamwal.cli;

import dev.streamwal.DeletedSegment;
import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.SweepResult;
import dev.streamwal.WalOptions;
import dev.streamwal.consumer.DeclaredConsumers;
import dev.streamwal.reader.WalReader;
import dev.streamwal.retention.ExpiryPlan;
import dev.streamwal.retention.HeldBack;
import dev.streamwal.retention.TimeRules;
import dev.streamwal.storage.WriterFile;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Deletes expired segments. */
@Command(
        name = "sweep",
        description = "Deletes the segments that have expired, as the writing program does once a minute.",
        footer = {
            "%nBy their expiration alone, which was fixed when they were created: limits of bytes are the writing program's"
                + " options. So are the"
                + " limits within which it keeps segments for consumers: this command keeps everything that a consumer hasn't committed, and"
                + " all segments while a consumer that the program keeps them for has never been opened.",
            LogOptions.OPENING,
            "%nA dry run only reads the files' names, also while a program writes the log."})
final class SweepCommand extends WritingCommand {

    @Option(names = "--now", paramLabel = "TIME", description = "Time to use instead of the clock: " + TimeArgument.SYNTAX + ".")
    private @Nullable Instant now;

    @Option(names = "--ignore-consumers", description = "Also delete what consumers haven't committed; they are told what they have lost.")
    private boolean ignoringConsumers;

    @Option(names = "--believe-clock", description = "Delete even if the time is more than 100 days ahead of when the log was last"
            + " open: the clock is right, and the log has stood still.")
    private boolean believing;

    @Option(names = "--dry-run", description = "Show what would be deleted, and delete nothing.")
    private boolean dryRun;

    SweepCommand(CommandContext context) {
        super(context);
    }

    @Override
    String inTheWritingProgram() {
        return "while a program writes the log, it sweeps every minute by itself, and at once by StreamWal.sweep";
    }

    @Override
    Exit run(CommandOutput out) throws IOException {
        Instant time = now == null ? context().clock().instant() : now;
        checkIsLog();
        int doubtful = believing ? 0 : doubtful(time);
        if (doubtful > 0) {
            complain("the time is more than 100 days ahead of when the log was last open, which would delete "
                    + Figures.number(doubtful, "segment") + ": time=" + Figures.time(TimeRules.millis(time)) + ", lastOpen="
                    + Figures.time(WriterFile.knownMillis(root()).orElse(0)) + "; nothing was deleted. If the time is right, use"
                    + " --believe-clock");
            return Exit.FINDINGS;
        }
        List<Gone> gone = new ArrayList<>();
        Outcome outcome;
        try {
            outcome = dryRun ? rehearse(time, gone) : sweep(time, gone);
        } catch (IOException | RuntimeException e) {
            if (!gone.isEmpty()) {
                show(gone, Outcome.NONE, out);
            }
            throw e;
        }
        show(gone, outcome, out);
        return outcome.failed() == 0 ? Exit.OK : Exit.FINDINGS;
    }

    /** A segment that was, or would be, deleted. */
    private record Gone(Path path, String key, Instant expiration, long bytes, DeletedSegment.Reason reason) {
        static Gone of(DeletedSegment segment) {
            return new Gone(segment.path(), segment.key(), segment.expiration(), segment.bytes(), segment.reason());
        }
    }

    /**
     * Segments that were not deleted.
     *
     * @param held segments, for consumers
     * @param heldBytes of their files
     */
    private record Outcome(int failed, int held, long heldBytes) {
        static final Outcome NONE = new Outcome(0, 0, 0);
    }

    private int doubtful(Instant time) throws IOException {
        try (LogSegments segments = LogSegments.of(root())) {
            return new SegmentInventory(root(), segments).doubtful(time);
        }
    }

    private Outcome sweep(Instant time, List<Gone> gone) throws IOException {
        try (StreamWal wal = openLog(holding(consumers()))) {
            SweepResult unused = wal.sweep(time, segment -> gone.add(Gone.of(segment)));
            // the first pass recovers streams, to know whether consumers are at their ends; the second pass seals the newest segments
            SweepResult result = wal.sweep(time, segment -> gone.add(Gone.of(segment)));
            wal.health().cause().ifPresent(cause -> complain(cause.toString()));
            return new Outcome(result.failedSegments(), result.heldSegments(), result.heldBytes());
        }
    }

    /** Also those that were declared and have no cursor: they count as having committed nothing. */
    private Collection<String> consumers() throws IOException {
        if (ignoringConsumers) {
            return List.of();
        }
        try (WalReader reader = WalReader.open(root())) {
            NavigableSet<String> consumers = reader.consumers();
            consumers.addAll(DeclaredConsumers.absent(root()));
            return consumers;
        }
    }

    /** For which consumers, and how long, the writing program keeps segments is unknown. */
    private WalOptions.Builder holding(Collection<String> consumers) {
        WalOptions.Builder options = LogOptions.of(context().clock());
        if (believing) {
            // the next writer finds that the clock was trusted
            options.maxClockAdvance(SegmentInventory.ANY_TIME);
        }
        if (!consumers.isEmpty()) {
            StreamOptions.Builder held = StreamOptions.builder();
            consumers.forEach(consumer -> held.retainFor(consumer, Long.MAX_VALUE, SegmentInventory.ANY_TIME));
            options.streams("*", held.build());
        }
        return options;
    }

    private Outcome rehearse(Instant time, List<Gone> gone) throws IOException {
        try (LogSegments segments = LogSegments.of(root())) {
            SegmentInventory inventory = new SegmentInventory(root(), segments);
            HeldBack.Outcome outcome = inventory.expired(time, consumers());
            for (ExpiryPlan.Deletion deletion : outcome.deletions()) {
                gone.add(new Gone(inventory.fileOf(deletion), deletion.key(), Instant.ofEpochMilli(deletion.segment().expirationMillis()),
                        deletion.segment().bytes(), DeletedSegment.Reason.EXPIRED));
            }
            return new Outcome(0, outcome.segments(), outcome.bytes());
        }
    }

    /** By key, and within a stream in the order of deletion. */
    private void show(List<Gone> gone, Outcome rest, CommandOutput out) {
        gone.sort(Comparator.comparing(Gone::key));
        TextTable table = new TextTable(out, "KEY", "SEGMENT", ">SIZE", "EXPIRED", "WHY");
        gone.forEach(segment -> show(segment, out, table));
        if (!gone.isEmpty()) {
            table.print();
        }
        long bytes = gone.stream().mapToLong(Gone::bytes).sum();
        out.item(() -> (dryRun ? "would delete " : "deleted ") + Figures.number(gone.size(), "segment") + ", " + Figures.bytes(bytes)
                + (rest.held() == 0 ? "" : "; kept for consumers: " + Figures.number(rest.held(), "segment") + ", "
                        + Figures.bytes(rest.heldBytes()))
                + (rest.failed() == 0 ? "" : "; failed: " + Figures.count(rest.failed())), json -> {
            json.writeStringField("type", "summary");
            json.writeBooleanField("dryRun", dryRun);
            json.writeNumberField("segments", gone.size());
            json.writeNumberField("bytes", bytes);
            json.writeNumberField("heldSegments", rest.held());
            json.writeNumberField("heldBytes", rest.heldBytes());
            json.writeNumberField("failed", rest.failed());
        });
    }

    private static void show(Gone segment, CommandOutput out, TextTable table) {
        if (out.isJson()) {
            out.json(json -> {
                json.writeStringField("type", "segment");
                json.writeStringField("key", segment.key());
                json.writeStringField("file", segment.path().toString());
                json.writeNumberField("bytes", segment.bytes());
                JsonTime.write(json, "expiration", segment.expiration().toEpochMilli());
                json.writeStringField("reason", segment.reason().name());
            });
        } else {
            table.row(segment.key(), segment.path().getFileName().toString(), Figures.bytes(segment.bytes()),
                    Figures.time(segment.expiration().toEpochMilli()), segment.reason().name());
        }
    }
}
