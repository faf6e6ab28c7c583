package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.cli.digest.BadAnchorException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.SuppressForbidden;
import dev.streamwal.reader.EntryRef;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The program {@code stream-wal}. */
@Command(
        name = "stream-wal",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        usageHelpWidth = 110,
        description = "Inspects and maintains logs of stream-wal.",
        synopsisSubcommandLabel = "COMMAND",
        commandListHeading = "%nCommands, each with its own --help:%n",
        footer = {
            "%nExamples:",
            "  stream-wal import LOG cpu.csv --time-column time",
            "  stream-wal ls LOG 'cpu/*'",
            "  stream-wal cat LOG cpu/1 --from -1h --to now",
            "  stream-wal tail -f LOG 'cpu/*' --json",
            "  stream-wal get LOG cpu/1@4096+48",
            "  stream-wal verify LOG",
            "  stream-wal digest LOG > anchor",
            "  stream-wal verify LOG --anchor anchor",
            "  stream-wal recover LOG --dry-run",
            "  stream-wal quarantine LOG --restore",
            "  stream-wal purge LOG 'cpu/*' --before -30d --dry-run",
            "  stream-wal erase LOG person/1 --from 2024-05-01 --to 2024-05-02",
            "  stream-wal backup LOG FOLDER",
            "  stream-wal restore FOLDER LOG",
            "  stream-wal ls LOG -- --strange-key"
        })
public final class StreamWalCommand {

    /** picocli's own command; its script completes all commands. */
    private static final String COMPLETION = "generate-completion";

    private StreamWalCommand() {}

    /**
     * Runs a command and ends the process.
     *
     * @param arguments the command's name and its arguments
     */
    @SuppressForbidden("a program: the console, the exit code and the system's clock are its own, and commands get them from here")
    public static void main(String[] arguments) {
        NettyInBrief.begin();
        PrintWriter err = new PrintWriter(new OutputStreamWriter(System.err, UTF_8), true);
        // System.out would swallow what it can't write
        FileOutputStream out = new FileOutputStream(FileDescriptor.out);
        System.exit(run(new CommandContext(System.in, out, err, isWatched(), InstantSource.system()), arguments));
    }

    /**
     * Runs a command in this process.
     *
     * @param out where its results go
     * @param err where it says what went wrong
     * @param arguments the command's name, and what belongs to it
     * @return the exit code, 0 where all is well
     */
    @SuppressForbidden("a program: the system's clock is its own")
    public static int run(PrintStream out, PrintStream err, String... arguments) {
        return run(new CommandContext(out, new PrintWriter(err, true, UTF_8), false, InstantSource.system()), arguments);
    }

    /** Runs a command, and returns its exit code. An uncaught error would end the process with the exit code of findings. */
    static int run(CommandContext context, String... arguments) {
        try {
            return commandLine(context, arguments).execute(arguments);
        } catch (OutOfMemoryError e) {
            context.complain("not enough memory; give the program more with java -Xmx: " + e.getMessage());
            return Exit.of(e).code();
        } catch (Error e) {
            context.complain(e.toString());
            e.printStackTrace(context.err());
            return Exit.of(e).code();
        }
    }

    /** Whether standard error is a terminal, as Linux says; elsewhere, whether the process has one at all. */
    @SuppressForbidden("the process's own standard error has a path of the default file system")
    private static boolean isWatched() {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString().matches("/dev/(pts/.*|tty.*|console)");
        } catch (IOException | UnsupportedOperationException notLinux) {
            return System.console() != null;
        }
    }

    /** The program with all its commands; {@code execute} runs one and returns its exit code. */
    static CommandLine commandLine(CommandContext context) {
        return commandLine(context, commands(context));
    }

    /** The commands by name. */
    private static Map<String, Supplier<Object>> commands(CommandContext context) {
        Map<String, Supplier<Object>> commands = new LinkedHashMap<>();
        commands.put("ls", () -> new LsCommand(context));
        commands.put("stats", () -> new StatsCommand(context));
        commands.put("latest", () -> new LatestCommand(context));
        commands.put("cat", () -> new CatCommand(context));
        commands.put("tail", () -> new TailCommand(context));
        commands.put("get", () -> new GetCommand(context));
        commands.put("export", () -> new ExportCommand(context));
        commands.put("verify", () -> new VerifyCommand(context));
        commands.put("digest", () -> new DigestCommand(context));
        commands.put("dump", () -> new DumpCommand(context));
        commands.put("import", () -> new ImportCommand(context));
        commands.put("sweep", () -> new SweepCommand(context));
        commands.put("purge", () -> new PurgeCommand(context));
        commands.put("erase", () -> new EraseCommand(context));
        commands.put("rotate-keys", () -> new RotateKeysCommand(context));
        commands.put("recover", () -> new RecoverCommand(context));
        commands.put("quarantine", () -> new QuarantineCommand(context));
        commands.put("checkpoint", () -> new CheckpointCommand(context));
        commands.put("backup", () -> new BackupCommand(context));
        commands.put("backups", () -> new BackupsCommand(context));
        commands.put("restore", () -> new RestoreCommand(context));
        commands.put("repair", () -> new RepairCommand(context));
        commands.put("consumers", () -> new ConsumersCommand(context));
        commands.put(COMPLETION, GenerateCompletion::new);
        return commands;
    }

    /** With only the command to run, if the first argument names it: picocli uses reflection on each, which takes longer than the command. */
    private static CommandLine commandLine(CommandContext context, String[] arguments) {
        Map<String, Supplier<Object>> all = commands(context);
        Supplier<Object> named = arguments.length == 0 || arguments[0].equals(COMPLETION) ? null : all.get(arguments[0]);
        return commandLine(context, named == null ? all : Map.of(arguments[0], named));
    }

    private static CommandLine commandLine(CommandContext context, Map<String, Supplier<Object>> commands) {
        CommandLine program = new CommandLine(new StreamWalCommand());
        commands.forEach((name, command) -> program.addSubcommand(name, command.get()));
        program.getSubcommands().values().forEach(StreamWalCommand::explainExitCodes);
        explainExitCodes(program);
        return program
                .registerConverter(Instant.class, new TimeArgument(context.clock()))
                .registerConverter(Duration.class, new DurationArgument())
                .registerConverter(EntryRef.class, StreamWalCommand::ref)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExpandAtFiles(false) // keys may start with an @
                .setOut(new PrintWriter(new OutputStreamWriter(context.out(), UTF_8), true))
                .setErr(context.err())
                .setColorScheme(Help.defaultColorScheme(context.interactive() ? Help.Ansi.AUTO : Help.Ansi.OFF))
                .setParameterExceptionHandler((wrong, arguments) -> explain(wrong, context))
                .setExecutionExceptionHandler((failure, command, arguments) -> explain(failure, command, context));
    }

    private static void explainExitCodes(CommandLine command) {
        command.getCommandSpec().usageMessage().exitCodeListHeading("%nExit codes:%n").exitCodeList(Exit.meanings());
    }

    private static EntryRef ref(String text) {
        try {
            return EntryRef.parse(text);
        } catch (IllegalArgumentException e) {
            TypeConversionException refusal = new TypeConversionException(String.valueOf(e.getMessage()));
            refusal.initCause(e);
            throw refusal;
        }
    }

    private static int explain(Exception failure, CommandLine command, CommandContext context) {
        if (failure instanceof OutputFailedException output && output.isClosedByReader()) {
            return Exit.OK.code();
        }
        Exit exit = Exit.of(failure);
        context.complain(message(failure, exit));
        if (command.getCommand() instanceof CliCommand failed && failed.isVerbose()) {
            failure.printStackTrace(command.getErr());
        }
        return exit.code();
    }

    private static int explain(ParameterException wrong, CommandContext context) {
        CommandLine command = wrong.getCommandLine();
        context.complain(wrong.getMessage() + guess(wrong, command.getCommandSpec()));
        context.complain("try " + command.getCommandSpec().qualifiedName() + " --help");
        return Exit.USAGE.code();
    }

    private static String guess(ParameterException wrong, CommandSpec command) {
        if (!(wrong instanceof UnmatchedArgumentException unmatched) || unmatched.getUnmatched().isEmpty()) {
            return "";
        }
        String misspelt = unmatched.getUnmatched().get(0).replaceFirst("(?<=.)=.*", "");
        return Spelling.question(misspelt, misspelt.startsWith("-") ? command.optionsMap().keySet() : command.subcommands().keySet());
    }

    /** Some exceptions of the JDK only name the file. */
    private static String message(Exception failure, Exit exit) {
        if (failure instanceof NoSuchFileException missing) {
            return "no such file: " + missing.getFile();
        }
        boolean explained = failure instanceof WalException || failure instanceof OutputFailedException
                || failure instanceof RefusedException || failure instanceof BadAnchorException || exit == Exit.USAGE;
        return explained ? String.valueOf(failure.getMessage()) : failure.toString();
    }
}
