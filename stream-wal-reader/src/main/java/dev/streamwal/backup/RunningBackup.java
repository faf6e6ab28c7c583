package dev.streamwal.backup;

import dev.streamwal.error.WalException;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.DirectoryListing;
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
 * A backup that runs: a mark in the folder, and a lock that ends with the process. So a mark whose lock can be had is that of a backup that was killed.
 *
 * <p><b>Why a wrong guess does no harm.</b> The mark becomes the point: the list of files is written into it, and then it is renamed, which fails where the
 * mark has gone. So a backup whose mark somebody has removed leaves no point, also where the file system tells no machine of another's locks. The
 * lock only decides who waits.
 *
 * <p>The lock is on a file of its own, as closing any descriptor of a file gives up its lock. That file is deleted with the mark: one backup has its
 * name, and locks it once, before the mark is there. Whoever makes it again later, and locks that, finds what is so: the backup has ended.
 */
final class RunningBackup implements AutoCloseable {

    private static final String MARK_SUFFIX = ".begun";
    private static final String LOCK_SUFFIX = ".lock";

    private final Path points;
    private final Path mark;
    private final Path lockFile;
    /** Null where the file system has no locks: then the backup counts as running as long as its mark is there. */
    private final @Nullable ProcessLock lock;

    private RunningBackup(Path points, String name) {
        this.points = points;
        this.mark = points.resolve(name + MARK_SUFFIX);
        this.lockFile = points.resolve(name + LOCK_SUFFIX);
        this.lock = lock(lockFile);
    }

    /** Null where another process, or another instance, has it, or where the file system has no locks. */
    private static @Nullable ProcessLock lock(Path file) {
        try {
            return ProcessLock.acquire(file);
        } catch (ProcessLock.HeldException | IOException | UnsupportedOperationException e) {
            return null;
        }
    }

    /** Makes the mark. */
    static RunningBackup begin(Path points, PointName name) throws IOException {
        RunningBackup running = new RunningBackup(points, name.toString());
        try {
            Path unused = Files.createFile(running.mark);
            return running;
        } catch (IOException | RuntimeException e) {
            try {
                running.close();
            } catch (IOException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
    }

    /** Makes the point, which is durable when this returns. Where the mark has gone it throws, and there is none. */
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
            throw new WalException("backup was taken for one that was killed, and what it had copied may be gone: mark=" + mark
                    + "; back up again. Where several machines use the folder, remove no backups while one is made", mark, null, WalException.NO_POSITION, e);
        }
        DirectoryForce.force(points);
    }

    /** Removes the mark, if it is still there: of a backup that made no point. */
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
     * Removes what backups that were killed have left. A backup that was begun before has ended when this returns: it has its point, or will have none;
     * only the one that is returned may run.
     *
     * @return its mark
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

    /** Removes all marks. A backup that runs all the same leaves no point. Returns how many there were. */
    static int forgetAll(Path points) throws IOException {
        int removed = 0;
        for (String name : names(points, List.of(MARK_SUFFIX, LOCK_SUFFIX))) {
            removed += Files.deleteIfExists(points.resolve(name + MARK_SUFFIX)) ? 1 : 0;
            boolean unused = Files.deleteIfExists(points.resolve(name + LOCK_SUFFIX));
        }
        return removed;
    }

    /** Of marks, and also of lock files where all goes: of a lock file alone, a backup that is just begun may have it. */
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
