package dev.streamwal.io;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.format.SuppressForbidden;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An exclusive right, such as to write a log, represented by a lock file: one process has it at a time, and in it one {@code ProcessLock}. The right ends with
 * {@link #close()} or with the process, even if that crashes. For local file systems only. Thread-safe.
 *
 * <p>On POSIX the lock belongs to the process, and closing <em>any</em> of its descriptors of the file releases it. So only this class
 * opens such a file, and only after a look in {@link #OPEN} whether the process has it open already. It can't know what other code in the
 * process opens: a caller that depends on the right has to verify it in another way too.
 */
public final class ProcessLock implements AutoCloseable {

    /**
     * The lock files that this process has open, the library's only static state. Also the monitor of this class: no other
     * thread may open a file between the look and the opening.
     */
    @GuardedBy("OPEN")
    private static final Map<LockFile, OpenFile> OPEN = new HashMap<>();

    private final LockFile file;
    private final OpenFile open;

    private ProcessLock(LockFile file, OpenFile open) {
        this.file = file;
        this.open = open;
    }

    /**
     * @param path of the file, in an existing directory; the file is made if it is missing, and never deleted: otherwise a process that has the
     *     deleted file open and one that makes it anew would lock two different files
     * @throws HeldException if this process or another one has the right already, and keeps it
     * @throws IOException if the file can't be made or opened
     */
    public static ProcessLock acquire(Path path) throws IOException, HeldException {
        synchronized (OPEN) {
            LockFile file = identify(path);
            OpenFile known = OPEN.get(file);
            if ((known != null && known.held) || isHeldAs(path)) {
                throw new HeldException(true, null);
            }
            return lock(file, path, known != null ? known.channel : FileChannel.open(path, StandardOpenOption.WRITE));
        }
    }

    /** Whether the process has the right by another file, which had this name until it was removed. */
    @GuardedBy("OPEN")
    private static boolean isHeldAs(Path path) {
        return OPEN.values().stream().anyMatch(open -> open.held && open.path.equals(path));
    }

    @SuppressForbidden("the one place that locks")
    @GuardedBy("OPEN")
    private static ProcessLock lock(LockFile file, Path path, FileChannel channel) throws IOException, HeldException {
        FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            // another copy of this class in the process, of another class loader, has the lock: closing the channel
            // would release it
            OPEN.put(file, new OpenFile(channel, path, false));
            throw new HeldException(true, e);
        } catch (IOException | RuntimeException e) {
            if (!OPEN.containsKey(file)) {
                LeftOpen.close(channel, e);
            }
            throw e;
        }
        if (lock == null) {
            OPEN.remove(file);
            channel.close();
            throw new HeldException(false, null);
        }
        OpenFile open = new OpenFile(channel, path, true);
        OPEN.put(file, open);
        return new ProcessLock(file, open);
    }

    /**
     * Identifies the file by its file key if the file system has one, so that it is recognised under another name in a directory that is mounted twice, or was
     * copied with hard links; else by the real path. Makes the file if there is none.
     */
    private static LockFile identify(Path path) throws IOException {
        try {
            Files.createFile(path); // no process can have locked a file that didn't exist
        } catch (FileAlreadyExistsException e) {
            // expected, except the first time
        }
        Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
        return new LockFile(path.getFileSystem(), key != null ? key : path.toRealPath(LinkOption.NOFOLLOW_LINKS));
    }

    /** Releases the right; a second call does nothing. */
    @Override
    public void close() throws IOException {
        synchronized (OPEN) {
            if (OPEN.remove(file, open)) {
                open.channel.close();
            }
        }
    }

    /** Identity of a lock file, whatever path leads to it. */
    private record LockFile(FileSystem fileSystem, Object identity) {}

    /**
     * An open lock file.
     *
     * @param path by which it was opened
     * @param held whether a lock of this class holds it; else it is only kept from being closed
     */
    private record OpenFile(FileChannel channel, Path path, boolean held) {}

    /** This process or another one has the right already. */
    public static final class HeldException extends Exception {

        private static final long serialVersionUID = 1L;

        private final boolean byThisProcess;
        private final boolean hasValues;
        private final String advice;

        HeldException(boolean byThisProcess, @Nullable Throwable cause) {
            super(byThisProcess ? "in this process" : "in another process", cause, false, false);
            this.byThisProcess = byThisProcess;
            this.hasValues = false;
            this.advice = byThisProcess ? "close it first" : "close it in that process";
        }

        /**
         * Another process has the right, and more is known of it.
         *
         * @param message where it is open, then one value or more
         * @param advice what to do about it
         */
        public HeldException(String message, String advice) {
            super(message, null, false, false);
            this.byThisProcess = false;
            this.hasValues = true;
            this.advice = advice;
        }

        /** The message with further values: where it is open, and these. */
        public String with(String values) {
            return getMessage() + (hasValues ? ", " : ": ") + values;
        }

        /** What to do about it: the end of a message, behind the place. */
        public String advice() {
            return advice;
        }

        public boolean byThisProcess() {
            return byThisProcess;
        }
    }
}
