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

    /** Does what the command is for. */
    abstract Exit read(WalReader reader, LogSegments segments, KeySelection selection, CommandOutput out) throws IOException;

    /** As they were given; all streams, where there is none. */
    List<String> patterns() {
        return patterns;
    }

    @Override
    final Exit read(WalReader reader, CommandOutput out) throws IOException {
        try (LogSegments segments = LogSegments.of(root())) {
            KeySelection selection = KeySelection.of(segments, reader, patterns());
            // before the reading, which may go on for ever
            Exit found = complainOfMissing(selection.withMissing(this::isMissed));
            found = selection.isByList() && complainOfDamagedTables(segments) ? Exit.FINDINGS : found;
            Exit exit = read(reader, segments, selection, out);
            return exit == Exit.OK ? found : exit;
        }
    }

    /** Who wants all streams, or those that match, must hear that there may be more. */
    private boolean complainOfDamagedTables(LogSegments segments) throws IOException {
        List<CorruptSegmentException> damage = segments.damagedTables();
        damage.forEach(each -> complain("streams may be missing here: " + each.getMessage()));
        return !damage.isEmpty();
    }

    /** Whether it is wrong that no stream answers to this. */
    boolean isMissed(String argument) {
        return true;
    }

    /** Of the streams' segments: how far the progress of reading them goes. */
    static long fileBytes(LogSegments segments, KeySelection selection) throws IOException {
        long bytes = 0;
        for (String key : selection.keys()) {
            bytes += segments.bytes(key);
        }
        return bytes;
    }
}
