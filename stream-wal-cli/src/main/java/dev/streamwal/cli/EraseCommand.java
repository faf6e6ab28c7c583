package dev.streamwal.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.streamwal.ErasureReport;
import dev.streamwal.StreamWal;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Erases records by their timestamps. */
@Command(
        name = "erase",
        description = "Erases the records of streams in a range of time: when the command ends, none of the log's files has them. All other"
            + " records keep their places.",
        footer = {
            "%nCheckpoints and other copies of the log keep such records: erase there, too. So does what a recovery has set aside: the files are"
                + " listed, and 'quarantine --remove' deletes them.",
            LogOptions.OPENING,
            "%nA dry run only reads, also while a program writes the log."})
final class EraseCommand extends WritingCommand {

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "KEY", description = "Streams: keys, or patterns in which * is"
            + " any run of characters, / included, and ? one character.")
    private List<String> patterns = List.of();

    @Option(names = "--from", required = true, paramLabel = "TIME", description = "Erase records with this timestamp or a later one. Times are "
            + TimeArgument.SYNTAX + ".")
    private Instant from = Instant.MAX;

    @Option(names = "--to", required = true, paramLabel = "TIME", description = "Erase records with an earlier timestamp.")
    private Instant to = Instant.MAX;

    @Option(names = "--dry-run", description = "Show how many records would be erased, and erase nothing.")
    private boolean dryRun;

    EraseCommand(CommandContext context) {
        super(context);
    }

    @Override
    String inTheWritingProgram() {
        return "while a program writes the log, it erases, by StreamWal.erase";
    }

    /** What was erased, or would be. */
    private record Erased(long streams, long records, long bytes, List<Path> rewritten, List<Path> quarantined) {}

    @Override
    Exit run(CommandOutput out) throws IOException {
        if (to.isBefore(from)) {
            throw new UsageException("--to is before --from: from=" + from + ", to=" + to);
        }
        checkIsLog();
        if (dryRun) {
            KeySelection selection = selection(patterns);
            show(rehearse(selection), out);
            return complainOfMissing(selection);
        }
        // first: what the journal alone has of a stream is in its segments then, and nobody else writes
        try (StreamWal wal = openLog()) {
            KeySelection selection = selection(patterns);
            show(erase(wal, selection), out);
            return complainOfMissing(selection);
        }
    }

    private Erased erase(StreamWal wal, KeySelection selection) {
        Set<String> chosen = new TreeSet<>(selection.keys());
        // of a stream that was deleted there may be bytes
        selection.missing().stream().filter(EraseCommand::mayBeKey).forEach(chosen::add);
        ErasureReport report = wal.erase(patterns.contains("*") ? Keys.all() : Keys.of(chosen), from, to);
        return new Erased(report.streams(), report.records(), report.bytes(), report.rewritten(), report.quarantined());
    }

    private static boolean mayBeKey(String argument) {
        return !argument.isEmpty() && argument.getBytes(StandardCharsets.UTF_8).length <= StreamKey.MAX_BYTES;
    }

    private Erased rehearse(KeySelection selection) {
        long streams = 0;
        long records = 0;
        long bytes = 0;
        try (WalReader reader = WalReader.open(root(), tier().reading(new KeysOption()))) {
            for (String key : selection.keys()) {
                long before = records;
                try (EntryCursor cursor = reader.scan(key, from, to)) {
                    while (next(cursor)) {
                        records++;
                        bytes += cursor.size();
                    }
                } catch (WalException e) { // the other streams may be in order
                    leaveOut(e);
                }
                streams += records > before ? 1 : 0;
            }
        }
        return new Erased(streams, records, bytes, List.of(), List.of());
    }

    /** Goes on behind what is damaged, or has expired just now. */
    private boolean next(EntryCursor cursor) {
        while (true) {
            try {
                return cursor.next();
            } catch (CorruptSegmentException | UnsupportedFormatException e) {
                leaveOut(e);
            } catch (EntryExpiredException e) {
                // there is nothing to erase any more
            }
        }
    }

    private void show(Erased erased, CommandOutput out) {
        out.item(() -> text(erased), json -> {
            json.writeBooleanField("dryRun", dryRun);
            json.writeNumberField("streams", erased.streams());
            json.writeNumberField("records", erased.records());
            json.writeNumberField("bytes", erased.bytes());
            if (!dryRun) {
                write("rewritten", erased.rewritten(), json);
                write("quarantined", erased.quarantined(), json);
            }
        });
        if (!out.isJson()) {
            erased.quarantined().forEach(file -> out.line("may still have such records: " + relative(file)));
        }
    }

    private void write(String name, List<Path> files, JsonGenerator json) throws IOException {
        json.writeArrayFieldStart(name);
        for (Path file : files) {
            json.writeString(relative(file));
        }
        json.writeEndArray();
    }

    private String text(Erased erased) {
        StringBuilder text = new StringBuilder(dryRun ? "would erase " : "erased ").append(Figures.number(erased.records(), "record")).append(" of ")
                .append(Figures.number(erased.streams(), "stream")).append(", ").append(Figures.bytes(erased.bytes()));
        if (!dryRun) {
            text.append("; ").append(Figures.number(erased.rewritten().size(), "file")).append(" rewritten");
        }
        return text.toString();
    }
}
