package dev.streamwal.storage;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.DiskFullException;
import dev.streamwal.error.TierUnavailableException;
import dev.streamwal.error.TooManyOpenFilesException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.MessageText;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.IoFailure;
import dev.streamwal.io.TierFailure;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Chooses an exception by why the file system failed, because the caller's next step depends on it: free space, raise a limit, or look at the disk.
 * Java gives no error number, only a text, in a language that may not be known: so a full disk is also recognised by the free space.
 */
public final class StorageErrors {

    private static final String MORE_MEMORY = "; free some memory, or allow more (-Xmx, -XX:MaxDirectMemorySize)";

    private StorageErrors() {}

    /**
     * Of something that concerns no stream.
     *
     * @param task what was being done, as an infinitive
     */
    public static WalIOException translate(String task, IOException cause, Path file) {
        return translate(task, "", cause, file, null, WalException.NO_POSITION, 0);
    }

    /**
     * Of an append.
     *
     * @param neededBytes of new space; 0 if none was needed
     */
    public static WalIOException translate(String task, IOException cause, Path file, String stream, long position, long neededBytes) {
        return translate(task, "nothing was appended, ", cause, file, stream, position, neededBytes);
    }

    /** @param left what the failure has left, as a full disk's message says it; empty, or with a comma and a space behind it */
    public static WalIOException translate(
            String task, String left, IOException cause, Path file, @Nullable String stream, long position, long neededBytes) {
        String where = "file=" + file + (stream == null ? "" : ", " + place(stream, position));
        String makeRoom = (neededBytes == 0 ? "" : ", bytes=" + neededBytes) + "; " + left + "free some space and try again";
        if (cause instanceof TierFailure tier) {
            return new TierUnavailableException("can't " + task + ": " + IoFailure.fault(cause) + ", " + where + IoFailure.remedy(cause, ""), tier.tier(),
                    tier.object(), file, stream, position, cause);
        }
        if (cause instanceof RoomKeptException) {
            return new DiskFullException("can't " + task + ": the disk is full, " + cause.getMessage() + ", " + where + makeRoom, file, stream,
                    position, cause);
        }
        if (IoFailure.isDiskFull(cause)) {
            return full(task, where, makeRoom, cause, file, stream, position);
        }
        if (IoFailure.isTooManyOpenFiles(cause)) {
            return new TooManyOpenFilesException("can't " + task + ": the process has too many open files: " + where
                    + "; raise its limit, or let more streams share segments", file, stream, position, cause);
        }
        if (IoFailure.isReadOnly(cause)) {
            return new WalIOException("can't " + task + ": the file system is read-only: " + where + "; make it writable, or only read the log",
                    file, stream, position, cause);
        }
        if (cause instanceof AccessDeniedException denied) {
            return new WalIOException("can't " + task + ": access denied: file=" + IoFailure.deniedFile(denied, file) + owner(file)
                    + (stream == null ? "" : ", " + place(stream, position))
                    + "; run as the user that owns it, or let this process's user read and write it", file, stream, position, cause);
        }
        if (cause instanceof NotDirectoryException && file.toString().equals(cause.getMessage())) {
            return new WalIOException("can't " + task + ": not a directory: " + where + "; give a directory", file, stream, position, cause);
        }
        if (cause instanceof FileAlreadyExistsException exists && exists.getFile() != null) {
            Path inTheWay = file.getFileSystem().getPath(exists.getFile());
            if (Files.isSymbolicLink(inTheWay) && !Files.exists(inTheWay)) {
                return new WalIOException("can't " + task + ": symbolic link leads to nothing: file=" + inTheWay
                        + "; make or mount the directory that it leads to", file, stream, position, cause);
            }
            if (file.startsWith(inTheWay)) {
                return new WalIOException("can't " + task + ": not a directory: file=" + inTheWay + "; give a directory", file, stream, position, cause);
            }
        }
        if (isMapFailure(cause)) {
            return new WalIOException("can't " + task + ": the process may map no more files: " + where
                    + "; raise the system's limit of mappings (vm.max_map_count) or the process's limit of memory (ulimit -v),"
                    + " or let more streams share segments", file, stream, position, cause);
        }
        // last, because it is a guess: a failure that says why is believed
        if (hasNoRoom(file, neededBytes)) {
            return full(task, where, makeRoom, cause, file, stream, position);
        }
        String remedy = IoFailure.remedy(cause, remedy(cause));
        return new WalIOException("can't " + task + ": " + IoFailure.fault(cause) + ", " + where + remedy, file, stream, position, cause);
    }

    private static String remedy(IOException cause) {
        if (cause.getCause() instanceof OutOfMemoryError) {
            return MORE_MEMORY;
        }
        if (IoFailure.isFileTooLarge(cause)) {
            return "; raise the process's limit of file sizes (ulimit -f), or make segments smaller";
        }
        if (IoFailure.isNameTooLong(cause)) {
            return "; give the log a shorter path";
        }
        return "; look at the disk";
    }

    private static DiskFullException full(
            String task, String where, String makeRoom, IOException cause, Path file, @Nullable String stream, long position) {
        return new DiskFullException("can't " + task + ": the disk is full: " + where + makeRoom, file, stream, position, cause);
    }

    /** The JDK marks it by this message alone. */
    private static boolean isMapFailure(IOException cause) {
        return cause.getCause() instanceof OutOfMemoryError memory && "Map failed".equals(memory.getMessage());
    }

    /**
     * What was appended could not be made durable, for another reason than a failed flush. The message says that it was appended: appending it again
     * would duplicate it.
     */
    public static WalIOException notDurable(IOException cause, Path root, @Nullable String stream) {
        String message = "appended, but not known to be durable: " + IoFailure.fault(cause) + ", root=" + root
                + (stream == null ? "" : ", stream=" + stream);
        if (IoFailure.isDiskFull(cause)) {
            return new DiskFullException(message + "; free some space, then sync", root, stream, WalException.NO_POSITION, cause);
        }
        if (IoFailure.isTooManyOpenFiles(cause)) {
            return new TooManyOpenFilesException(message + "; raise the process's limit of open files, then sync", root,
                    stream, WalException.NO_POSITION, cause);
        }
        if (cause.getCause() instanceof OutOfMemoryError memory) {
            return new WalIOException(message + ", reason=" + memory.getMessage() + MORE_MEMORY + ", then sync", root, stream, WalException.NO_POSITION, cause);
        }
        return new WalIOException(message + IoFailure.remedy(cause, "; look at the disk, then sync"), root, stream, WalException.NO_POSITION, cause);
    }

    /**
     * Turns a failure of the log's own stream into a failure of the record that it was to take: the key of the log's stream, or a position there,
     * says nothing to a caller that appends the record.
     *
     * @param stream the record's
     * @param position of the record in its stream
     */
    public static WalException concerning(WalException failure, String stream, long position) {
        String ofLog = StreamKey.SHARED.text();
        if (!ofLog.equals(failure.key())) {
            return failure;
        }
        String said = String.valueOf(failure.getMessage());
        String message = said.replace(MessageText.of(place(ofLog, failure.position())), place(stream, position));
        if (failure instanceof DiskFullException) {
            return new DiskFullException(message, failure.file(), stream, position, failure.getCause());
        }
        if (failure instanceof TooManyOpenFilesException) {
            return new TooManyOpenFilesException(message, failure.file(), stream, position, failure.getCause());
        }
        if (failure instanceof WalClosedException) {
            return new WalClosedException(message, failure.file(), stream, position, failure.getCause());
        }
        if (failure instanceof WalIOException) {
            return new WalIOException(message, failure.file(), stream, position, failure.getCause());
        }
        String refused = "can't append: " + place(stream, position) + ": " + said;
        if (failure instanceof CorruptSegmentException damage) {
            return new CorruptSegmentException(refused, failure.file(), stream, position, damage.offset(), damage.length(), failure);
        }
        if (failure instanceof UnsupportedFormatException) {
            return new UnsupportedFormatException(refused, failure.file(), stream, position, failure);
        }
        return failure;
    }

    private static String place(String stream, long position) {
        return "stream=" + stream + (position == WalException.NO_POSITION ? "" : ", position=" + position);
    }

    /** Whose log it is, where that can be told: most often another user's than this process's. */
    private static String owner(Path file) {
        for (Path each = file; each != null; each = each.getParent()) {
            try {
                return ", owner=" + Files.getOwner(each).getName();
            } catch (NoSuchFileException e) {
                // the folder above says it, too
            } catch (IOException | UnsupportedOperationException e) {
                return "";
            }
        }
        return "";
    }

    private static boolean hasNoRoom(Path file, long neededBytes) {
        return neededBytes > 0 && file.getParent() != null && FreeSpace.of(file.getParent()).bytes() < neededBytes;
    }
}
