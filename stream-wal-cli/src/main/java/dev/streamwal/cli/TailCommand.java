package dev.streamwal.cli;

import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalReader;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows the newest records, and new ones as they come. */
@Command(
        name = "tail",
        description = {
            "Shows the newest records of each stream and, with -f, everything appended from then on, until it is interrupted.",
            "New streams are followed too, from their first record: those of the given keys and, if none is given or a single pattern "
                    + "that is a prefix and a *, all streams with that prefix."
        })
final class TailCommand extends RecordsCommand {

    private static final Duration FOREVER = Duration.ofDays(10_000);

    @Option(names = {"-f", "--follow"}, description = "Continue with what is appended to all streams, as it comes.")
    private boolean follow;

    @Option(
            names = {"-n", "--last"},
            paramLabel = "COUNT",
            description = "How many existing records of each stream to show, ${DEFAULT-VALUE} by default.")
    private int last = 10;

    @Mixin
    private final FormatOption format = new FormatOption();

    TailCommand(CommandContext context) {
        super(context);
    }

    @Override
    boolean isMissed(String argument) {
        return !follow || FollowedKeys.isPattern(argument);
    }

    @Override
    Exit read(WalReader reader, LogSegments segments, KeySelection selection, CommandOutput out) {
        EntryWriter writer = format.writer(out);
        TolerantScan scan = new TolerantScan(this::leaveOut);
        Map<String, ReadFrom> positions = new LinkedHashMap<>();
        for (String key : selection.keys()) {
            orLeaveOut(() -> positions.put(key, showLast(reader, key, scan, writer)));
        }
        if (follow) {
            selection.missing().stream().filter(key -> !FollowedKeys.isPattern(key)).forEach(key -> positions.put(key, ReadFrom.first()));
            FollowedKeys keys = FollowedKeys.of(patterns(), selection);
            if (unread() > 0) {
                if (positions.isEmpty()) {
                    return Exit.OK; // which it isn't, as is told
                }
                complain("what can't be read isn't followed, nor are streams that are new");
                keys = FollowedKeys.listed();
            }
            try (EntryTail tail = keys.follow(reader, positions)) {
                follow(tail, scan, writer, out);
            }
        }
        return Exit.OK;
    }

    /** Returns where to continue. */
    private ReadFrom showLast(WalReader reader, String key, TolerantScan scan, EntryWriter writer) {
        Optional<EntryCursor> opened = scan.open(() -> reader.scanLast(key, last));
        if (opened.isEmpty()) {
            return ReadFrom.end();
        }
        try (EntryCursor cursor = opened.get()) {
            boolean isAny = false;
            while (scan.next(cursor)) {
                isAny = true;
                writer.write(ShownEntry.of(cursor));
            }
            if (last == 0) {
                return ReadFrom.end();
            }
            // of a stream without a record, as all were erased, no position is known
            return isAny ? ReadFrom.position(cursor.nextPosition()) : ReadFrom.first();
        }
    }

    /** Ends when the thread is interrupted, or the output is no longer read. */
    private static void follow(EntryTail tail, TolerantScan scan, EntryWriter writer, CommandOutput out) {
        try {
            while (true) {
                if (!scan.next(tail)) {
                    out.flush();
                    if (!scan.next(() -> tail.next(FOREVER) && TolerantScan.isReadable(tail))) {
                        continue;
                    }
                }
                writer.write(ShownEntry.of(tail));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
