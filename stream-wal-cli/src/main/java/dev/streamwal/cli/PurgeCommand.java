package dev.streamwal.cli;

import dev.streamwal.StreamWal;
import dev.streamwal.SweepResult;
import dev.streamwal.error.WalException;
import dev.streamwal.io.IoFailure;
import dev.streamwal.reader.Keys;
import java.io.IOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Deletes old segments, expired or not. */
@Command(
        name = "purge",
        description = "Deletes the oldest segments of streams, expired or not, as long as they are sealed and"
            + " their windows end at or before a time.",
        footer = {
            "%nThe segment that a stream appends to stays, however old it is. A pack has data of many streams. It keeps its size until a third of it is"
                + " deleted, when a sweep rewrites it, or until the rest has expired.",
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
            return purge(out, this::rehearse);
        }
        try (StreamWal wal = openLog()) {
            return purge(out, keys -> purge(wal, keys));
        }
    }

    /** Purges some streams. */
    private interface Purge {
        Map<String, Purged> of(List<String> keys) throws IOException;
    }

    /** What was deleted of a stream, and how many segments are left. */
    private record Purged(int segments, long bytes, int left) {
        static Purged of(List<SegmentInventory.Found> gone, int left) {
            return new Purged(gone.size(), gone.stream().mapToLong(SegmentInventory.Found::bytes).sum(), left);
        }
    }

    private Exit purge(CommandOutput out, Purge purge) throws IOException {
        KeySelection selection = selection(patterns);
        TextTable table = new TextTable(out, "KEY", ">SEGMENTS", ">SIZE", ">LEFT");
        for (List<String> keys : selection.portions()) {
            purge.of(keys).forEach((key, purged) -> add(key, purged, out, table));
        }
        end(out, table);
        return complainOfMissing(selection);
    }

    private void add(String key, Purged purged, CommandOutput out, TextTable table) {
        segments += purged.segments();
        bytes += purged.bytes();
        if (purged.segments() > 0) {
            show(key, purged, out, table);
        }
    }

    private Map<String, Purged> rehearse(List<String> keys) throws IOException {
        return ofEach(keys, (inventory, key) -> {
            List<SegmentInventory.Found> all = inventory.segments(key);
            List<SegmentInventory.Found> over = inventory.over(all, before);
            return Purged.of(over, all.size() - over.size());
        });
    }

    /** By one call for all of these, as each one lists anew which packs there are. What of a stream isn't there any more behind it, it has deleted. */
    private Map<String, Purged> purge(StreamWal wal, List<String> keys) throws IOException {
        Map<String, List<SegmentInventory.Found>> present = ofEach(keys, SegmentInventory::segments);
        try {
            SweepResult unused = wal.purge(Keys.of(keys), before);
        } catch (WalException e) {
            tell(e); // what was deleted nevertheless is told, too
        }
        Map<String, List<SegmentInventory.Found>> left = ofEach(keys, SegmentInventory::segments);
        Map<String, Purged> purged = new LinkedHashMap<>();
        left.forEach((key, stayed) -> {
            Set<Long> positions = stayed.stream().map(each -> each.name().basePosition()).collect(Collectors.toSet());
            List<SegmentInventory.Found> gone = present.getOrDefault(key, List.of()).stream()
                    .filter(each -> !positions.contains(each.name().basePosition())).toList();
            purged.put(key, Purged.of(gone, positions.size()));
        });
        return purged;
    }

    /** Looks at a stream's segments. */
    private interface Look<T> {
        T at(SegmentInventory inventory, String key) throws IOException;
    }

    /** Without the streams that can't be read. */
    private <T> Map<String, T> ofEach(List<String> keys, Look<T> look) throws IOException {
        try (LogSegments log = LogSegments.of(root(), tier().path().orElse(null))) {
            SegmentInventory inventory = new SegmentInventory(root(), log);
            Map<String, T> found = new LinkedHashMap<>();
            for (String key : keys) {
                try {
                    found.put(key, look.at(inventory, key));
                } catch (WalException e) {
                    tell(e);
                } catch (IOException e) {
                    tell(IoFailure.of("looking at segments", e, null, key, WalException.NO_POSITION));
                }
            }
            return found;
        }
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
        if (segments > 0) {
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
