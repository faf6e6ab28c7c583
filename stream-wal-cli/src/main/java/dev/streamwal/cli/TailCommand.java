package dev.streamwal.cli;

import dev.streamwal.error.TooManyOpenFilesException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalReader;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
    /** How long it rests before a stream that can't be read is tried again, if no other has had a record since the last time. */
    private static final long RETRY_MILLIS = 1_000;

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

    /**
     * Ends when the thread is interrupted, or the output is no longer read. A stream that can't be read is told of once, until it can be read again: the tail
     * goes on with the others, and tries that one again and again.
     */
    private void follow(EntryTail tail, TolerantScan scan, EntryWriter writer, CommandOutput out) {
        Set<String> unreadable = new HashSet<>();
        try {
            while (true) {
                boolean isOnlyTrying = true;
                try {
                    while (awaitNext(tail, scan, out)) {
                        isOnlyTrying = false;
                        writer.write(ShownEntry.of(tail));
                        unreadable.remove(tail.key());
                    }
                } catch (WalIOException e) {
                    if (e.key() == null || e instanceof TooManyOpenFilesException) {
                        throw e;
                    }
                    if (unreadable.add(e.key())) {
                        leaveOut(e);
                    }
                    out.flush();
                }
                if (isOnlyTrying) {
                    Thread.sleep(RETRY_MILLIS);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What was shown before is seen before it waits. */
    private static boolean awaitNext(EntryTail tail, TolerantScan scan, CommandOutput out) throws InterruptedException {
        if (scan.next(tail)) {
            return true;
        }
        out.flush();
        return scan.next(() -> tail.next(FOREVER) && TolerantScan.isReadable(tail));
    }
}
