package dev.streamwal.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The base of all commands. */
@Command(
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        usageHelpWidth = 110)
abstract class CliCommand implements Callable<Integer> {

    private final CommandContext context;

    @Option(names = "--json", description = "Print JSON, one object per line; errors go to standard error, as text.")
    private boolean json;

    @Option(names = {"-q", "--quiet"}, description = "Show no progress.")
    private boolean quiet;

    @Option(names = "--verbose", description = "On failure, print the stack trace too.")
    private boolean verbose;

    CliCommand(CommandContext context) {
        this.context = context;
    }

    abstract Exit run(CommandOutput out) throws IOException;

    @Override
    public final Integer call() throws IOException {
        CommandOutput out = new CommandOutput(context.out(), json);
        try {
            return run(out).code();
        } finally {
            out.flush();
        }
    }

    /**
     * Sets an option that every command has, as picocli would.
     *
     * @return whether it was one, and not set yet
     */
    final boolean takeOption(String argument) {
        switch (argument) {
            case "--json" -> {
                boolean first = !json;
                json = true;
                return first;
            }
            case "-q", "--quiet" -> {
                boolean first = !quiet;
                quiet = true;
                return first;
            }
            case "--verbose" -> {
                boolean first = !verbose;
                verbose = true;
                return first;
            }
            default -> {
                return false;
            }
        }
    }

    CommandContext context() {
        return context;
    }

    boolean isVerbose() {
        return verbose;
    }

    /** Reports a problem on standard error; the command continues. */
    void complain(String problem) {
        context.complain(problem);
    }

    /** Shown if standard error is a terminal and progress is wanted; the caller closes it. */
    Progress progress(String task, long steps, String unit) {
        return new Progress(context, showsProgress(), task, steps, unit);
    }

    boolean showsProgress() {
        return !quiet && context.interactive();
    }
}
