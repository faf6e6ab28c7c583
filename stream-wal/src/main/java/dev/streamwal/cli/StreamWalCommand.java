package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.format.SuppressForbidden;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.ParseResult;

/** The program {@code stream-wal}. */
@Command(
        name = "stream-wal",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        usageHelpWidth = 110,
        description = "Looks into a log of stream-wal, and looks after it.",
        synopsisSubcommandLabel = "COMMAND",
        commandListHeading = "%nCommands, each with a --help of its own:%n",
        exitCodeListHeading = "%nExit codes:%n")
public final class StreamWalCommand {

    private StreamWalCommand() {}

    /**
     * Runs a command and ends the process.
     *
     * @param arguments the command's name, and what belongs to it
     */
    @SuppressForbidden("a program: standard output and error, the exit code and the system's clock are its own; commands get them from here")
    public static void main(String[] arguments) {
        PrintWriter err = new PrintWriter(new OutputStreamWriter(System.err, UTF_8), true);
        // System.out would swallow what it can't write
        FileOutputStream out = new FileOutputStream(FileDescriptor.out);
        System.exit(commandLine(new CommandContext(out, err, isWatched(), InstantSource.system())).execute(arguments));
    }

    /** Whether standard error is a terminal, as Linux says; elsewhere, whether the process has one at all. */
    @SuppressForbidden("the process's own standard error has a path of the default file system")
    private static boolean isWatched() {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/fd/2")).startsWith("/dev/");
        } catch (IOException | UnsupportedOperationException notLinux) {
            return System.console() != null;
        }
    }

    /** The program; {@code execute} runs a command and returns its exit code. */
    static CommandLine commandLine(CommandContext context) {
        CommandLine program = new CommandLine(new StreamWalCommand())
                .addSubcommand("ls", new LsCommand(context))
                .addSubcommand("import", new ImportCommand(context))
                .addSubcommand("sweep", new SweepCommand(context))
                .addSubcommand("purge", new PurgeCommand(context))
                .addSubcommand("recover", new RecoverCommand(context))
                .addSubcommand("quarantine", new QuarantineCommand(context))
                .addSubcommand("checkpoint", new CheckpointCommand(context))
                .addSubcommand("completion", new GenerateCompletion());
        for (CommandLine command : program.getSubcommands().values()) {
            command.getCommandSpec().usageMessage().exitCodeList(Exit.meanings());
        }
        program.getCommandSpec().usageMessage().exitCodeList(Exit.meanings());
        return program
                .registerConverter(Instant.class, new TimeArgument(context.clock()))
                .registerConverter(Duration.class, new DurationArgument())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExpandAtFiles(false) // keys may start with an @
                .setOut(new PrintWriter(new OutputStreamWriter(context.out(), UTF_8), true))
                .setErr(context.err())
                .setColorScheme(Help.defaultColorScheme(context.interactive() ? Help.Ansi.AUTO : Help.Ansi.OFF))
                .setExecutionExceptionHandler(StreamWalCommand::explain);
    }

    private static int explain(Exception failure, CommandLine command, ParseResult arguments) {
        if (failure instanceof OutputFailedException output && output.isClosedByReader()) {
            return Exit.OK.code();
        }
        Exit exit = Exit.of(failure);
        CliCommand failed = command.getCommand();
        failed.complain(exit == Exit.BUG || failure.getMessage() == null ? failure.toString() : failure.getMessage());
        if (failed.isVerbose()) {
            failure.printStackTrace(command.getErr());
        }
        return exit.code();
    }
}
