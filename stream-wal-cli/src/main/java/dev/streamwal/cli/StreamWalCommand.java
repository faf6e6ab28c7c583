package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.format.SuppressForbidden;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The program {@code stream-wal}. */
@Command(
        name = StreamWalCommand.PROGRAM,
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

    static final String PROGRAM = "stream-wal";

    /** picocli's own command; its script completes all commands. */
    private static final String COMPLETION = "generate-completion";

    private static final char UNREADABLE = '\uFFFD';

    /** In the order of the help. */
    private static final List<String> COMMANDS = List.of(
            "ls", "stats", "latest", "cat", "tail", "get", "export", "verify", "digest", "dump", "import", "sweep", "purge", "erase", "rotate-keys",
            "recover", "quarantine", "checkpoint", "backup", "backups", "restore", "repair", "consumers", COMPLETION);

    /** For picocli, which wants an object. */
    StreamWalCommand() {}

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
        CommandContext context = new CommandContext(System.in, out, err, isWatched(), InstantSource.system());
        System.exit(isReadable(arguments, context) ? run(context, arguments) : Exit.USAGE.code());
    }

    /** Says which argument has bytes that the locale's charset has no character for: Java puts the same one in place of all of them. */
    private static boolean isReadable(String[] arguments, CommandContext context) {
        for (String argument : arguments) {
            if (argument.indexOf(UNREADABLE) >= 0) {
                context.complain("argument has a character that Java can't read: argument=" + argument + ", charset=" + System.getProperty("sun.jnu.encoding")
                        + "; set LC_ALL=C.UTF-8, or another locale with the terminal's charset; name a key that has the character U+FFFD by a pattern");
                return false;
            }
        }
        return true;
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
            return execute(context, arguments);
        } catch (OutOfMemoryError e) {
            context.complain("not enough memory: " + e.getMessage() + "; give the program more, with JDK_JAVA_OPTIONS=-Xmx4g or the like in its environment");
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
            String device = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
            return device.startsWith("/dev/pts/") || device.startsWith("/dev/tty") || device.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException notLinux) {
            return System.console() != null;
        }
    }

    /** The program with all its commands; {@code execute} runs one and returns its exit code. */
    static CommandLine commandLine(CommandContext context) {
        return PicocliProgram.with(COMMANDS, context);
    }

    /** Every command is made only where it is called: to make all of them takes longer than most commands. */
    static Object command(String name, CommandContext context) {
        return switch (name) {
            case "ls" -> new LsCommand(context);
            case "stats" -> new StatsCommand(context);
            case "latest" -> new LatestCommand(context);
            case "cat" -> new CatCommand(context);
            case "tail" -> new TailCommand(context);
            case "get" -> new GetCommand(context);
            case "export" -> new ExportCommand(context);
            case "verify" -> new VerifyCommand(context);
            case "digest" -> new DigestCommand(context);
            case "dump" -> new DumpCommand(context);
            case "import" -> new ImportCommand(context);
            case "sweep" -> new SweepCommand(context);
            case "purge" -> new PurgeCommand(context);
            case "erase" -> new EraseCommand(context);
            case "rotate-keys" -> new RotateKeysCommand(context);
            case "recover" -> new RecoverCommand(context);
            case "quarantine" -> new QuarantineCommand(context);
            case "checkpoint" -> new CheckpointCommand(context);
            case "backup" -> new BackupCommand(context);
            case "backups" -> new BackupsCommand(context);
            case "restore" -> new RestoreCommand(context);
            case "repair" -> new RepairCommand(context);
            case "consumers" -> new ConsumersCommand(context);
            case COMPLETION -> new GenerateCompletion();
            default -> throw new IllegalArgumentException("no command: name=" + name);
        };
    }

    private static int execute(CommandContext context, String[] arguments) {
        String name = arguments.length == 0 ? "" : arguments[0];
        if (!COMMANDS.contains(name) || name.equals(COMPLETION)) {
            return PicocliProgram.run(COMMANDS, context, arguments);
        }
        if (command(name, context) instanceof StreamsCommand command && command.takePlainly(Arrays.asList(arguments).subList(1, arguments.length))) {
            return call(command, name, context);
        }
        return PicocliProgram.run(List.of(name), context, arguments);
    }

    /** Does what picocli's {@code execute} does, for arguments that picocli hasn't seen. */
    private static int call(StreamsCommand command, String name, CommandContext context) {
        try {
            return command.call();
        } catch (Exception e) {
            return new Complaints(context).explain(e, PROGRAM + ' ' + name, command.isVerbose());
        }
    }
}
