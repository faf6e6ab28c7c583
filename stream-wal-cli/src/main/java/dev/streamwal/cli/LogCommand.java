package dev.streamwal.cli;

import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Parameters;

/** A command about a log. */
abstract class LogCommand extends CliCommand {

    @Parameters(index = "0", paramLabel = "ROOT", description = "The log's directory.")
    @SuppressWarnings("NullAway.Init") // required, so that it is set before the command runs
    private Path root;

    LogCommand(CommandContext context) {
        super(context);
    }

    final Path root() {
        return root;
    }

    /** A reader takes any directory for a log that is empty as yet, and a writer makes one of it; who types one has made a mistake. */
    final void checkIsLog() {
        if (!Files.isDirectory(LogSegments.folder(root()))) {
            throw new WalIOException("not a log, there is no folder \"segments\": root=" + root(),
                    root(), null, WalException.NO_POSITION, null);
        }
    }

    /** What a command ends with that found everything but what it says now. */
    final Exit complainOfMissing(KeySelection selection) {
        selection.missing().forEach(argument -> complain("no stream has this key, or matches this pattern: " + argument
                + (FollowedKeys.isPattern(argument) ? "" : Spelling.question(argument, selection.all()))));
        return selection.missing().isEmpty() ? Exit.OK : Exit.FINDINGS;
    }
}
