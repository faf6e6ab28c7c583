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
 * A right that a file stands for, to write a log for instance: one process has it at a time, and in it one {@code ProcessLock}. It ends
 * with {@link #close()} or the process, however that ends. For local file systems only. Thread-safe.
 *
 * <p>On POSIX the lock belongs to the process, and closing <em>any</em> of its descriptors of the file releases it. So nothing but this
 * class opens such a file, and this class opens it only after it has asked {@link #OPEN} whether the process has it open already.
 * What others in the process open, nobody can know: what depends on the right has to make sure of it in another way too.
 */
public final class ProcessLock implements AutoCloseable {

    /**
     * The lock files that this process has open, the library's only static state. Also the lock of everything here:
     * between asking and opening nobody else may open.
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
     * @param path of the file, in a directory that is there; made if there is none, and never deleted: who has it open under its old name
     *     would lock another file than who makes it anew
     * @throws HeldException where somebody has the right already, who keeps it
     * @throws IOException where the file can't be made or opened
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

    /** Whether the process has the right by another file, which had this name until somebody removed it. */
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
            // another copy of this class in the process (another class loader's) has it: closing the channel would
            // release that lock
            OPEN.put(file, new OpenFile(channel, path, false));
            throw new HeldException(true, e);
        } catch (IOException | RuntimeException e) {
            if (!OPEN.containsKey(file)) {
                channel.close();
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
     * By the file itself where the file system has a name for it, so that a directory that is mounted twice, or was copied with hard links,
     * is recognised under its other name; else by the real path. Makes the file if there is none.
     */
    private static LockFile identify(Path path) throws IOException {
        try {
            Files.createFile(path); // nobody can have locked a file that wasn't there
        } catch (FileAlreadyExistsException e) {
            // as always but the first time
        }
        Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
        return new LockFile(path.getFileSystem(), key != null ? key : path.toRealPath(LinkOption.NOFOLLOW_LINKS));
    }

    /** Gives the right up; the second time does nothing. */
    @Override
    public void close() throws IOException {
        synchronized (OPEN) {
            if (OPEN.remove(file, open)) {
                open.channel.close();
            }
        }
    }

    /** A lock file, whichever way leads to it. */
    private record LockFile(FileSystem fileSystem, Object identity) {}

    /**
     * Its channel.
     *
     * @param path by which it was opened
     * @param held whether by a lock of this class; else it is only kept from being closed
     */
    private record OpenFile(FileChannel channel, Path path, boolean held) {}

    /** Somebody has the right already. */
    public static final class HeldException extends Exception {

        private static final long serialVersionUID = 1L;

        private final boolean byThisProcess;

        HeldException(boolean byThisProcess, @Nullable Throwable cause) {
            super(byThisProcess ? "this process has it already" : "another process has it", cause, false, false);
            this.byThisProcess = byThisProcess;
        }

        /** Another process, which is found in another way than by the lock. */
        public HeldException(String message) {
            super(message, null, false, false);
            this.byThisProcess = false;
        }

        public boolean byThisProcess() {
            return byThisProcess;
        }
    }
}
