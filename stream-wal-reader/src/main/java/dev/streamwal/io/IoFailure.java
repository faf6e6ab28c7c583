package dev.streamwal.io;

import dev.streamwal.error.DiskFullException;
import dev.streamwal.error.TierUnavailableException;
import dev.streamwal.error.TooManyOpenFilesException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Turns an exception of the file system into one that names the action and the file. */
public final class IoFailure {

    /** What to do where access is denied. */
    private static final String LET_IN = "; give this process's user the permission, also to the folders above it, or run as the user that owns it";

    /** What to do where a file system is read-only. */
    private static final String WRITE_ELSEWHERE = "; make the file system writable, or write to another one";

    /** What the names of this library's classes begin with. */
    private static final String OWN = "dev.streamwal.";

    private IoFailure() {}

    /**
     * The most specific exception for the failure. The JDK marks a full disk and an exhausted limit only by the system's message, which is in the
     * language of the process's locale.
     */
    public static WalIOException of(
            String action, IOException failure, @Nullable Path file, @Nullable String stream, long position) {
        boolean isDenied = failure instanceof AccessDeniedException;
        String named = failure instanceof AccessDeniedException denied ? deniedFile(denied, file) : Objects.toString(file, null);
        String message = action + " failed: " + (isDenied ? "access denied" : fault(failure))
                + (stream == null ? "" : ", stream=" + stream)
                + (position == WalException.NO_POSITION ? "" : ", position=" + position)
                + (named == null ? "" : ", file=" + named);
        if (failure instanceof TierFailure tier) {
            return new TierUnavailableException(message + remedy(failure, ""), tier.tier(), tier.object(), file, stream, position, tier);
        }
        if (isTooManyOpenFiles(failure)) {
            return new TooManyOpenFilesException(
                    message + remedy(failure, "; raise the process's limit of open files, or lower the reader's maxOpenFiles"), file, stream, position,
                    failure);
        }
        if (isDiskFull(failure)) {
            return new DiskFullException(message + remedy(failure, "; make room, then go on"), file, stream, position, failure);
        }
        return new WalIOException(message + (isDenied ? LET_IN : remedy(failure, isReadOnly(failure) ? WRITE_ELSEWHERE : "")), file, stream, position, failure);
    }

    /** What was denied, which the system names: it may be another file than the one that was asked for. */
    public static @Nullable String deniedFile(AccessDeniedException denied, @Nullable Path asked) {
        return denied.getFile() == null ? Objects.toString(asked, null) : denied.getFile();
    }

    /**
     * What failed, without what to do about it: a caller adds more values to it, and then the {@link #remedy}. It begins with the name of the JDK's
     * exception, whose message may be a path alone. This library's own exceptions say what is wrong, and their names tell a program's user nothing.
     */
    public static String fault(IOException failure) {
        Class<?> type = failure.getClass();
        String message = failure.getMessage();
        return message == null ? type.getSimpleName()
                : (type.getName().startsWith(OWN) ? "" : type.getSimpleName() + ": ") + message.substring(0, endOfFault(message));
    }

    /**
     * What to do about it, with the semicolon in front.
     *
     * @param otherwise the remedy for a failure that names none
     */
    public static String remedy(IOException failure, String otherwise) {
        String message = failure.getMessage();
        return message == null || endOfFault(message) == message.length() ? otherwise : message.substring(endOfFault(message));
    }

    /** A message of this library says what to do behind a semicolon. */
    private static int endOfFault(String message) {
        int end = message.lastIndexOf("; ");
        return end < 0 ? message.length() : end;
    }

    /** Whether the process, or the system, may not open more files. */
    public static boolean isTooManyOpenFiles(IOException failure) {
        return says(failure, "too many open files") || says(failure, SystemMessages.TOO_MANY_OPEN_FILES);
    }

    /** Whether a file was not even opened, for want of a descriptor or of permission: nothing of it is lost, and a later attempt may succeed. */
    public static boolean isNotOpened(IOException failure) {
        return failure instanceof AccessDeniedException || isTooManyOpenFiles(failure);
    }

    /** Whether the file system is read-only. A folder that this process's user may not write to is another matter: access to it is denied. */
    public static boolean isReadOnly(IOException failure) {
        return says(failure, "read-only file system") || says(failure, SystemMessages.READ_ONLY);
    }

    /** Whether the disk is full, or the user's quota exhausted. */
    public static boolean isDiskFull(IOException failure) {
        return says(failure, "no space left") || says(failure, "not enough space") || says(failure, "out of disk space")
                || says(failure, "quota exceeded") || says(failure, SystemMessages.DISK_FULL);
    }

    /** Whether a file would be larger than the process, or the file system, allows. Known in English only, as it is for advice alone. */
    public static boolean isFileTooLarge(IOException failure) {
        return says(failure, "file too large");
    }

    /** Whether a path, or a name in it, is longer than the system takes. Known in English only, as it is for advice alone. */
    public static boolean isNameTooLong(IOException failure) {
        return says(failure, "file name too long");
    }

    /**
     * Whether a file can't be read for a reason of its own, such as a bad sector or another owner: the next attempt would most likely meet the same. False if
     * the process can't open more files, the disk is full, the tier is away, or the file was closed or has gone.
     */
    public static boolean isOfFile(IOException failure) {
        return !(failure instanceof TierFailure || failure instanceof ClosedChannelException || failure instanceof NoSuchFileException
                || isTooManyOpenFiles(failure) || isDiskFull(failure));
    }

    /** Throws the failure again, unless it {@link #isOfFile is of the file}: then the file counts as one that can't be read. */
    public static void checkOfFile(IOException failure) throws IOException {
        if (!isOfFile(failure)) {
            throw failure;
        }
    }

    /** Whether the program at the other end of a pipe has ended its input. */
    public static boolean isBrokenPipe(IOException failure) {
        return says(failure, "broken pipe") || says(failure, SystemMessages.BROKEN_PIPE);
    }

    /**
     * Whether a directory above this path is a file, so that the path can't exist. Systems report that with another exception than a missing
     * file.
     */
    static boolean isBelowFile(Path path) {
        for (Path above = path.getParent(); above != null; above = above.getParent()) {
            if (Files.isRegularFile(above)) {
                return true;
            }
        }
        return false;
    }

    private static boolean says(IOException failure, String text) {
        return says(failure, List.of(text));
    }

    private static boolean says(IOException failure, List<String> texts) {
        return failure.getMessage() != null && texts.stream().anyMatch(failure.getMessage().toLowerCase(Locale.ROOT)::contains);
    }
}
