package dev.streamwal.cli;

import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Parameters;

/** A command that reads some streams of a log, or all. */
abstract class StreamsCommand extends ReadingCommand {

    @Parameters(
            index = "1..*",
            paramLabel = "KEY",
            description = "Which streams: keys, or patterns, in which * is any run of characters, / included, and ? one character. All, "
                    + "where none is given.")
    private List<String> patterns = List.of();

    StreamsCommand(CommandContext context) {
        super(context);
    }

    /** Does what the command is for. */
    abstract Exit read(WalReader reader, KeySelection selection, CommandOutput out) throws IOException;

    /** As they were given; all streams, where there is none. */
    List<String> patterns() {
        return patterns;
    }

    @Override
    final Exit read(WalReader reader, CommandOutput out) throws IOException {
        KeySelection selection = KeySelection.of(root(), reader, patterns());
        // before the reading, which may go on for ever
        Exit missing = complainOfMissing(selection.withMissing(this::isMissed));
        Exit exit = read(reader, selection, out);
        return exit == Exit.OK ? missing : exit;
    }

    /** Whether it is wrong that no stream answers to this. */
    boolean isMissed(String argument) {
        return true;
    }

    /** Of the streams' segments: how far the progress of reading them goes. */
    final long fileBytes(KeySelection selection) throws IOException {
        long bytes = 0;
        for (String key : selection.keys()) {
            bytes += StreamFiles.of(root(), key).bytes();
        }
        return bytes;
    }
}
