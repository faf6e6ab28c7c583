package dev.streamwal.cli;

import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalReader;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows records. */
@Command(
        name = "cat",
        description = "Shows the records of streams, each in order of position.")
final class CatCommand extends RecordsCommand {

    @Mixin
    private final TimeRangeOptions range = new TimeRangeOptions();

    @Option(names = "--position", paramLabel = "POSITION", description = "Start at this position; needs a single stream.")
    private @Nullable Long position;

    @Option(names = "--ref", paramLabel = "REF", description = "Start at this record, key@position+size; instead of KEY.")
    private @Nullable EntryRef ref;

    @Option(names = {"-n", "--last"}, paramLabel = "COUNT", description = "Only the newest COUNT records of each stream.")
    private @Nullable Integer last;

    @Option(names = "--merged", description = "Merge all streams by timestamp; without it, they come one after the other.")
    private boolean merged;

    @Mixin
    private final FormatOption format = new FormatOption();

    CatCommand(CommandContext context) {
        super(context);
    }

    /** A ref names its stream, so no list of all streams is needed. */
    @Override
    List<String> patterns() {
        return ref != null && super.patterns().isEmpty() ? List.of(ref.key()) : super.patterns();
    }

    @Override
    Exit read(WalReader reader, LogSegments segments, KeySelection selection, CommandOutput out) {
        checkArguments(selection);
        EntryWriter writer = format.writer(out);
        TolerantScan scan = new TolerantScan(this::leaveOut);
        if (ref != null) {
            show(reader.scanFrom(ref.key(), ref.position()), scan::next, writer);
        } else if (merged) {
            show(range.scanMerged(reader, selection.isAll() ? Keys.all() : Keys.of(selection.keys())), scan::nextOfSeveral, writer);
        } else {
            for (String key : selection.keys()) {
                orLeaveOut(() -> scan.open(() -> open(reader, key)).ifPresent(cursor -> show(cursor, scan::next, writer)));
            }
        }
        return Exit.OK;
    }

    private void checkArguments(KeySelection selection) {
        if (ref != null && !super.patterns().isEmpty()) {
            throw new UsageException("keys and --ref can't be combined; the ref names its stream");
        }
        if (Stream.of(range.isGiven(), position != null, ref != null, last != null).filter(given -> given).count() > 1) {
            throw new UsageException("more than one of --from and --to, --position, --ref, --last is given");
        }
        if (merged && (position != null || ref != null || last != null)) {
            throw new UsageException("--merged can't be combined with --position, --ref or --last");
        }
        if (position != null && selection.keys().size() > 1) {
            throw new UsageException("--position needs a single stream: streams=" + selection.keys().size() + "; name one key");
        }
    }

    private EntryCursor open(WalReader reader, String key) {
        if (last != null) {
            return reader.scanLast(key, last);
        }
        return position != null ? reader.scanFrom(key, position) : range.scan(reader, key);
    }

    /** @param next moves the cursor to the next record that can be shown; false if there is none */
    private static void show(EntryCursor opened, Predicate<EntryCursor> next, EntryWriter writer) {
        try (EntryCursor cursor = opened) {
            while (next.test(cursor)) {
                writer.write(ShownEntry.of(cursor));
            }
        }
    }
}
