package dev.streamwal.cli;

import dev.streamwal.cli.digest.BadAnchorException;
import dev.streamwal.error.WalException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Says on standard error why a command failed, and which exit code that is. A class and no lambdas: archives of classes leave out picocli's
 * interfaces where lambdas implement them.
 */
final class Complaints implements IParameterExceptionHandler, IExecutionExceptionHandler {

    private final CommandContext context;

    Complaints(CommandContext context) {
        this.context = context;
    }

    @Override
    public int handleParseException(ParameterException wrong, String[] arguments) {
        CommandSpec command = wrong.getCommandLine().getCommandSpec();
        return wrongUsage(wrong.getMessage() + guess(wrong, command), command.qualifiedName());
    }

    @Override
    public int handleExecutionException(Exception failure, CommandLine command, ParseResult arguments) {
        boolean verbose = command.getCommand() instanceof CliCommand failed && failed.isVerbose();
        return explain(failure, command.getCommandSpec().qualifiedName(), verbose);
    }

    /**
     * Says why a command failed.
     *
     * @param command how it is called
     * @param verbose whether the stack trace is wanted
     */
    int explain(Exception failure, String command, boolean verbose) {
        if (failure instanceof OutputFailedException output && output.isClosedByReader()) {
            return Exit.OK.code();
        }
        if (failure instanceof UsageException) {
            return wrongUsage(String.valueOf(failure.getMessage()), command);
        }
        Exit exit = Exit.of(failure);
        context.complain(message(failure, exit));
        complainOfOthers(failure);
        if (verbose) {
            failure.printStackTrace(context.err());
        }
        return exit.code();
    }

    /** Such as those of other streams: the command went on after the first one. */
    private void complainOfOthers(Throwable failure) {
        for (Throwable other : failure.getSuppressed()) {
            if (other instanceof WalException) {
                context.complain(String.valueOf(other.getMessage()));
                complainOfOthers(other);
            }
        }
    }

    private int wrongUsage(String problem, String command) {
        context.complain(problem);
        context.complain("try " + command + " --help");
        return Exit.USAGE.code();
    }

    private static String guess(ParameterException wrong, CommandSpec command) {
        if (!(wrong instanceof UnmatchedArgumentException unmatched) || unmatched.getUnmatched().isEmpty()) {
            return "";
        }
        if (unmatched.getUnmatched().get(0).equals("help")) {
            return "; the option is --help";
        }
        String misspelt = unmatched.getUnmatched().get(0).replaceFirst("(?<=.)=.*", "");
        return Spelling.question(misspelt, misspelt.startsWith("-") ? command.optionsMap().keySet() : command.subcommands().keySet());
    }

    /** Some exceptions of the JDK only name the file. */
    private static String message(Exception failure, Exit exit) {
        if (failure instanceof NoSuchFileException missing) {
            return "no such file: file=" + missing.getFile() + "; check its path";
        }
        if (failure instanceof AccessDeniedException denied) {
            return "access is denied: file=" + denied.getFile() + "; give this user the permission, or run the command as a user that has it";
        }
        boolean explained = failure instanceof WalException || failure instanceof OutputFailedException
                || failure instanceof RefusedException || failure instanceof BadAnchorException || exit == Exit.USAGE;
        return explained ? String.valueOf(failure.getMessage()) : failure.toString();
    }
}
