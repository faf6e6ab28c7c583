package dev.streamwal.cli;

import dev.streamwal.consumer.CursorFiles;
import dev.streamwal.consumer.DeclaredConsumers;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.KeyScope;
import dev.streamwal.reader.ConsumerInfo;
import dev.streamwal.reader.ConsumerLag;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.LostRange;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.StreamInfo;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows the consumers of a log, and how far they have read. */
@Command(
        name = "consumers",
        description = "Lists the consumers of a log and how far behind they are; named consumers are listed stream by stream.",
        footer = {
            "%nBEHIND is the distance from the committed position to the end, in bytes; records aren't counted. LOST says in how"
                + " many streams something was deleted before it was committed, or, for a named consumer, between which positions. How"
                + " many bytes that was is unknown: there may have been none between two positions. A stream of which all was deleted is"
                + " listed again, with what was lost of it, when it comes again.",
            "%nA consumer that is 'not opened' was declared by a program that writes the log (retainFor), and has never come, or was removed: that"
                + " program keeps segments for it as if it had committed nothing. Removing it ends the listing, not the keeping: it is listed again"
                + " once a program opens the log that declares it.",
            "%nListing only reads. Removing and resetting write in the log's folder cursors, and can be done while a program writes"
                + " the log, but not while the consumer is open (exit code 4)."})
final class ConsumersCommand extends LogCommand {

    private static final String NOTHING = "0 B";
    private static final String UNKNOWN = "-";

    @Parameters(index = "1..*", paramLabel = "NAME", description = "Names of consumers (default: all).")
    private List<String> names = List.of();

    @ArgGroup(exclusive = true)
    private Change change = new Change();

    /** Changes to the named consumers. */
    static final class Change {
        @Option(names = "--remove", description = "Remove the named consumers, with the positions that they have committed.")
        private boolean remove;

        @Option(names = "--reset", paramLabel = "WHERE", description = "Move the named consumers, in all their streams:"
                + " begin, and they read everything again; or end, and they skip what is there.")
        private @Nullable Reset reset;
    }

    /** Where a consumer continues. */
    enum Reset { BEGIN, END }

    ConsumersCommand(CommandContext context) {
        super(context);
    }

    @Override
    Exit run(CommandOutput out) throws IOException {
        if (names.isEmpty() && (change.remove || change.reset != null)) {
            throw new UsageException("no consumer is named; give the NAME of each to change");
        }
        try (WalReader reader = WalReader.open(root(), ReaderOptions.builder().clock(context().clock()).build())) {
            checkIsLog();
            return change.remove ? remove(reader, out) : show(reader, out);
        }
    }

    private Exit remove(WalReader reader, CommandOutput out) throws IOException {
        boolean all = true;
        for (String name : names) {
            if (reader.removeConsumer(name) || DeclaredConsumers.forget(root(), CursorFiles.name(name))) {
                out.item(() -> "removed " + name, json -> json.writeStringField("removed", name));
            } else {
                complainOfNobody(name);
                all = false;
            }
        }
        return all ? Exit.OK : Exit.FINDINGS;
    }

    private void complainOfNobody(String name) {
        complain("no consumer has this name: name=" + name + "; stream-wal consumers LOG lists them");
    }

    private Exit show(WalReader reader, CommandOutput out) throws IOException {
        boolean all = true;
        Set<String> absent = DeclaredConsumers.absent(root());
        TextTable table = names.isEmpty()
                ? new TextTable(out, "NAME", "READS", ">STREAMS", ">BEHIND", ">LOST", "LAST COMMIT", ">AGO")
                : new TextTable(out, "NAME", "KEY", ">COMMITTED", ">END", ">BEHIND", ">LOST");
        for (String name : names.isEmpty() ? union(reader.consumers(), absent) : names) {
            try {
                all &= show(name, reader, absent, out, table);
            } catch (CorruptSegmentException | UnsupportedFormatException | WalIOException e) { // of its file, or of a stream that it reads
                leaveOut(e);
            }
        }
        table.print();
        return withLeftOut(all ? Exit.OK : Exit.FINDINGS);
    }

    /** Returns whether it is there, or needn't be. */
    private boolean show(String name, WalReader reader, Set<String> absent, CommandOutput out, TextTable table) {
        Optional<ConsumerInfo> consumer = reader.describeConsumer(name);
        if (consumer.isPresent() && change.reset != null) {
            reset(reader, consumer.get(), change.reset);
            consumer = reader.describeConsumer(name);
        }
        if (consumer.isPresent()) {
            show(consumer.get(), reader.consumerLags(name), out, table);
        } else if (absent.contains(name) && change.reset == null) {
            showAbsent(name, out, table);
        } else if (!names.isEmpty()) {
            complainOfNobody(name);
            return false;
        }
        return true;
    }

    private static Set<String> union(NavigableSet<String> consumers, Set<String> absent) {
        consumers.addAll(absent);
        return consumers;
    }

    private void showAbsent(String name, CommandOutput out, TextTable table) {
        if (out.isJson()) {
            out.json(json -> {
                json.writeStringField("name", name);
                json.writeBooleanField("opened", false);
            });
        } else if (names.isEmpty()) {
            table.row(name, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, "not opened", UNKNOWN);
        } else {
            table.row(name, UNKNOWN, UNKNOWN, UNKNOWN, "not opened", UNKNOWN);
        }
    }

    private static void reset(WalReader reader, ConsumerInfo info, Reset where) {
        try (WalConsumer consumer = reader.consumer(info.name(), info.keys())) {
            Map<String, Long> positions = new HashMap<>();
            for (StreamInfo stream : streams(reader, info)) {
                positions.put(stream.key(), where == Reset.BEGIN ? stream.firstPosition() : stream.endPosition());
            }
            consumer.commit(positions);
        }
    }

    private static List<StreamInfo> streams(WalReader reader, ConsumerInfo consumer) {
        return List.copyOf(reader.describe(reader.keys(consumer.keys())).values());
    }

    private static long losing(List<ConsumerLag> lags) {
        return lags.stream().filter(lag -> lag.lost().isPresent()).count();
    }

    private static long behind(List<ConsumerLag> lags) {
        return lags.stream().mapToLong(ConsumerLag::behindBytes).sum();
    }

    private void show(ConsumerInfo consumer, List<ConsumerLag> lags, CommandOutput out, TextTable table) {
        if (out.isJson()) {
            out.json(json -> {
                json.writeStringField("name", consumer.name());
                json.writeBooleanField("opened", true);
                json.writeStringField("keys", consumer.keys().toString());
                if (consumer.lastCommitMillis().isPresent()) {
                    JsonTime.write(json, "lastCommit", consumer.lastCommitMillis().getAsLong());
                }
                json.writeNumberField("behindBytes", behind(lags));
                json.writeNumberField("losingStreams", losing(lags));
                json.writeArrayFieldStart("streams");
                for (ConsumerLag lag : lags) {
                    json.writeStartObject();
                    json.writeStringField("key", lag.key());
                    json.writeNumberField("committed", lag.committed());
                    json.writeNumberField("end", lag.end());
                    json.writeNumberField("behindBytes", lag.behindBytes());
                    if (lag.lost().isPresent()) {
                        json.writeNumberField("lostFrom", lag.lost().get().from());
                        json.writeNumberField("lostTo", lag.lost().get().to());
                    }
                    json.writeEndObject();
                }
                json.writeEndArray();
            });
        } else if (names.isEmpty()) {
            showOne(consumer, lags, table);
        } else {
            lags.forEach(lag -> table.row(consumer.name(), lag.key(), Figures.count(lag.committed()), Figures.count(lag.end()),
                    Figures.bytes(lag.behindBytes()), lag.lost().map(ConsumersCommand::range).orElse(NOTHING)));
        }
    }

    private static String range(LostRange lost) {
        return Figures.count(lost.from()) + " to " + Figures.count(lost.to());
    }

    /** As keys are written on the command line. */
    private static String pattern(Keys keys) {
        KeyScope scope = keys.scope();
        if (scope instanceof KeyScope.One one) {
            return one.key();
        }
        if (scope instanceof KeyScope.Prefix prefix) {
            return prefix.text() + "*";
        }
        return scope instanceof KeyScope.Glob glob ? glob.pattern().toString() : keys.toString();
    }

    private void showOne(ConsumerInfo consumer, List<ConsumerLag> lags, TextTable table) {
        Optional<Long> last = consumer.lastCommitMillis().stream().boxed().findFirst();
        table.row(consumer.name(), pattern(consumer.keys()), Figures.count(lags.size()),
                Figures.bytes(behind(lags)), losing(lags) == 0 ? NOTHING : "in " + Figures.count(losing(lags)),
                last.map(Figures::time).orElse(UNKNOWN),
                last.map(millis -> Figures.duration(Math.max(0, context().clock().millis() - millis))).orElse(UNKNOWN));
    }
}
