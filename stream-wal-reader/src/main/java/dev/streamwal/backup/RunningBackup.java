package dev.streamwal.backup;

import dev.streamwal.error.WalException;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.DirectoryListing;
import dev.streamwal.io.LeftOpen;
import dev.streamwal.io.LogFile;
import dev.streamwal.io.ProcessLock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A backup that runs: a mark in the folder, and a lock that ends with the process. So if the lock of a mark can be taken, the mark's backup was killed.
 *
 * <p><b>Why a wrong guess does no harm.</b> The mark becomes the point: the list of files is written into it, and then it is renamed, which fails if
 * the mark has gone. So a backup whose mark was removed leaves no point, even on a file system that doesn't show one machine's locks to another. The
 * lock only decides whether the backup counts as running.
 *
 * <p>The lock is on a file of its own, because closing any descriptor of a file gives up its lock. That file is deleted with the mark. Only one backup
 * has this name, and it locks the file once, before the mark exists. So a process that creates the file again later, and locks it, is right to find
 * that the backup has ended.
 */
final class RunningBackup implements AutoCloseable {

    private static final String MARK_SUFFIX = ".begun";
    private static final String LOCK_SUFFIX = ".lock";

    private final Path points;
    private final Path mark;
    private final Path lockFile;
    /** Null if the file system has no locks, or another process or instance has the lock: then the backup counts as running as long as its mark is there. */
    private final @Nullable ProcessLock lock;

    private RunningBackup(Path points, String name) {
        this.points = points;
        this.mark = points.resolve(name + MARK_SUFFIX);
        this.lockFile = points.resolve(name + LOCK_SUFFIX);
        this.lock = lock(lockFile);
    }

    /** Null if another process or instance has the lock, or the file can't be locked, as on a file system without locks. */
    private static @Nullable ProcessLock lock(Path file) {
        try {
            return ProcessLock.acquire(file);
        } catch (ProcessLock.HeldException | IOException | UnsupportedOperationException e) {
            return null;
        }
    }

    /** Takes the lock, and makes the mark. */
    static RunningBackup begin(Path points, PointName name) throws IOException {
        RunningBackup running = new RunningBackup(points, name.toString());
        try {
            Path unused = Files.createFile(running.mark);
            return running;
        } catch (IOException | RuntimeException e) {
            LeftOpen.close(running, e);
            throw e;
        }
    }

    /** Makes the point, which is durable when this returns. Throws if the mark has gone; then there is no point. */
    void complete(byte[] content, Path point) throws IOException {
        try {
            try (LogFile file = new LogFile(mark, StandardOpenOption.WRITE)) {
                file.together(open -> {
                    open.write(0, ByteBuffer.wrap(content));
                    open.force();
                });
            }
            StoredFiles.move(mark, point);
        } catch (NoSuchFileException e) {
            throw new WalException("another process has removed this backup's mark, and files that were copied may be gone: mark=" + mark
                    + "; back up again. If several machines use the folder, remove no backups while one is made", mark, null, WalException.NO_POSITION, e);
        }
        DirectoryForce.force(points);
    }

    /** Removes the mark, if the backup made no point, and gives up the lock. */
    @Override
    public void close() throws IOException {
        try {
            boolean unused = Files.deleteIfExists(mark);
        } finally {
            try {
                if (lock != null) {
                    lock.close();
                }
            } finally {
                boolean unused = Files.deleteIfExists(lockFile);
            }
        }
    }

    // ---------------------------------------------------------------- those that were killed

    /**
     * Removes what killed backups have left. If this returns empty, every backup that was begun before has ended: it has its point, or will have none.
     *
     * @return the mark of a backup that may still run
     */
    static Optional<Path> forgetKilled(Path points) throws IOException {
        Optional<Path> running = Optional.empty();
        for (String name : names(points, List.of(MARK_SUFFIX))) {
            RunningBackup left = new RunningBackup(points, name);
            if (left.lock != null) {
                left.close();
            } else if (Files.exists(left.mark)) {
                running = Optional.of(left.mark);
            }
        }
        return running;
    }

    /** Removes all marks, and returns how many there were. A backup that still runs leaves no point. */
    static int forgetAll(Path points) throws IOException {
        int removed = 0;
        for (String name : names(points, List.of(MARK_SUFFIX, LOCK_SUFFIX))) {
            removed += Files.deleteIfExists(points.resolve(name + MARK_SUFFIX)) ? 1 : 0;
            boolean unused = Files.deleteIfExists(points.resolve(name + LOCK_SUFFIX));
        }
        return removed;
    }

    /**
     * Names of files with one of these suffixes. {@link #forgetKilled} leaves out lock files without a mark: such a file may be that of a backup that
     * is just beginning.
     */
    private static Set<String> names(Path points, List<String> suffixes) throws IOException {
        Set<String> names = new TreeSet<>();
        DirectoryListing.eachIfThere(points, file -> {
            String name = file.getFileName().toString();
            for (String suffix : suffixes) {
                if (name.endsWith(suffix)) {
                    names.add(name.substring(0, name.length() - suffix.length()));
                }
            }
        });
        return names;
    }
}
