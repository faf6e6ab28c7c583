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
}
