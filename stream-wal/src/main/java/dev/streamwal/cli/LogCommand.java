package dev.streamwal.cli;

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

    /** What a command ends with that found everything but what it says now. */
    final Exit complainOfMissing(KeySelection selection) {
        selection.missing().forEach(argument -> complain("no stream has this key, or matches this pattern: " + argument));
        return selection.missing().isEmpty() ? Exit.OK : Exit.FINDINGS;
    }
}
