package dev.streamwal.cli;

import dev.streamwal.error.TierUnavailableException;
import dev.streamwal.error.TooManyOpenFilesException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.error.WalLockedException;
import dev.streamwal.format.SuppressForbidden;
import dev.streamwal.io.ProcessLock;
import dev.streamwal.io.RealPath;
import dev.streamwal.storage.StorageErrors;
import dev.streamwal.storage.WriterLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import picocli.CommandLine.Parameters;

/** A command about a log. */
abstract class LogCommand extends CliCommand {

    @Parameters(index = "0", paramLabel = "LOG", description = "The log's directory.")
    @SuppressWarnings("NullAway.Init") // required, so that it is set before the command runs
    private Path root;

    private Exit leftOut = Exit.OK;
    private int unread;
    private final Set<String> unreadObjects = new HashSet<>();

    LogCommand(CommandContext context) {
        super(context);
    }

    final Path root() {
        return root;
    }

    /** Sets LOG, as picocli would. */
    @SuppressForbidden("what the caller of the command names")
    final void takeRoot(String argument) {
        root = Path.of(argument);
    }

    /** Refuses a directory without a log. A reader takes it for an empty log, and a writer makes it one; here it is probably a typing error. */
    final void checkIsLog() {
        if (!Files.isDirectory(LogSegments.folder(root()))) {
            String advice = isClosed() ? "run the command as the user that owns it, or give this user the permission" : "give the directory of a log";
            throw new WalIOException(noLog() + ": root=" + root() + "; " + advice, root(), null, WalException.NO_POSITION, null);
        }
    }

    private String noLog() {
        if (!Files.exists(root())) {
            return "no such directory";
        }
        if (!Files.isDirectory(root())) {
            return "not a directory";
        }
        return isClosed() ? "access to the directory is denied" : "not a log, there is no folder \"segments\"";
    }

    /** Whether this process's user has no access to the directory, so that its content isn't known. */
    private boolean isClosed() {
        return Files.isDirectory(root()) && !Files.isExecutable(root());
    }

    /** Refuses a target within the log's directory, before anything is done. */
    final void checkIsOutside(Path target) throws IOException {
        try {
            RealPath.checkIsOutside(root, target);
        } catch (IllegalArgumentException e) {
            throw new UsageException(String.valueOf(e.getMessage()), e);
        }
    }

    /**
     * Takes the log's lock, which the caller closes.
     *
     * @param doing what no other process may write meanwhile, as in "delete files of a log"
     */
    final ProcessLock lock(String doing) {
        LogOwner.check(root);
        try {
            return WriterLock.acquire(root);
        } catch (ProcessLock.HeldException e) {
            throw new WalLockedException("cannot " + doing + " that is open for writing " + e.with("root=" + root) + "; " + e.advice(),
                    root.resolve(WriterLock.FILE_NAME), null, WalException.NO_POSITION);
        } catch (IOException e) { // a read-only file system, say
            throw StorageErrors.translate("lock the log", e, root);
        }
    }

    /**
     * Tells what is left out of one stream or consumer, because of damage or a sector that the disk can't read, say: the others may be in order, and the
     * command goes on with them. What can't be read of the tier is told once for each object there, as many streams may have records in one.
     */
    final void leaveOut(WalException failure) {
        if (failure instanceof TooManyOpenFilesException) {
            throw failure; // it is of the process, not of the stream
        }
        tell(failure);
    }

    /** Tells of a failure, and of those of other streams, behind which the log went on. */
    final void tell(WalException failure) {
        unread += failure instanceof WalIOException ? 1 : 0;
        leftOut = leftOut == Exit.FINDINGS || failure instanceof UnsupportedFormatException ? Exit.FINDINGS : Exit.of(failure);
        if (!(failure instanceof TierUnavailableException away) || unreadObjects.add(away.object())) {
            complain(String.valueOf(failure.getMessage()));
        }
        if (isVerbose()) {
            failure.printStackTrace(context().err());
        }
        for (Throwable other : failure.getSuppressed()) {
            if (other instanceof WalException ofOther) {
                tell(ofOther);
            }
        }
    }

    /** How often something couldn't be read, though it may be in order. */
    final int unread() {
        return unread;
    }

    /** The exit code, if this is the one for what wasn't left out. */
    final Exit withLeftOut(Exit exit) {
        return exit == Exit.OK ? leftOut : exit;
    }

    private static String advice(String missing, KeySelection selection) {
        String question = FollowedKeys.isPattern(missing) ? "" : Spelling.question(missing, selection.all());
        return question.isEmpty() ? "; stream-wal ls LOG lists the keys" : question;
    }

    /** Reports the missing arguments, and returns the exit code, if nothing is wrong but these and what was left out so far. */
    final Exit complainOfMissing(KeySelection selection) {
        for (String argument : selection.missing()) {
            complain("no stream has this key, or matches this pattern: " + argument + advice(argument, selection));
        }
        return leftOut == Exit.OK && !selection.missing().isEmpty() ? Exit.FINDINGS : leftOut;
    }
}
