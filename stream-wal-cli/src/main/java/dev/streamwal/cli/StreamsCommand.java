package dev.streamwal.cli;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Parameters;

/** A command that reads some streams of a log, or all. */
abstract class StreamsCommand extends ReadingCommand {

    @Parameters(
            index = "1..*",
            paramLabel = "KEY",
            description = "Streams: keys, or patterns in which * is any run of characters, / included, and ? one character "
                    + "(default: all).")
    private List<String> patterns = List.of();

    StreamsCommand(CommandContext context) {
        super(context);
    }

    /** Runs the command. */
    abstract Exit read(WalReader reader, LogSegments segments, KeySelection selection, CommandOutput out) throws IOException;

    /** The arguments; all streams if there is none. */
    List<String> patterns() {
        return patterns;
    }

    @Override
    final Exit read(WalReader reader, CommandOutput out) throws IOException {
        try (LogSegments segments = segments()) {
            KeySelection selection = KeySelection.of(segments, reader, patterns());
            // before the reading, which may never end
            Exit found = complainOfMissing(selection.withMissing(this::isMissed));
            found = selection.isByList() && complainOfDamagedTables(segments) ? Exit.FINDINGS : found;
            Exit exit = read(reader, segments, selection, out);
            return exit == Exit.OK ? found : exit;
        }
    }

    /** Reports damaged tables if all streams, or those that match, were requested: more streams may be missing. */
    private boolean complainOfDamagedTables(LogSegments segments) throws IOException {
        List<CorruptSegmentException> damage = segments.damagedTables();
        damage.forEach(each -> complain("streams may be missing here: " + each.getMessage()));
        return !damage.isEmpty();
    }

    /** Whether it is an error if no stream matches this argument. */
    boolean isMissed(String argument) {
        return true;
    }

    /** Bytes of the streams' segments: the total for the progress of reading them. */
    static long fileBytes(LogSegments segments, KeySelection selection) throws IOException {
        long bytes = 0;
        for (String key : selection.keys()) {
            bytes += segments.bytes(key);
        }
        return bytes;
    }
}
