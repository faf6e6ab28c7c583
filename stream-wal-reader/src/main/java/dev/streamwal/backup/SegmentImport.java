package dev.streamwal.backup;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalLockedException;
import dev.streamwal.image.CopiedFiles;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.DirectoryTree;
import dev.streamwal.io.FileForce;
import dev.streamwal.io.IoFailure;
import dev.streamwal.io.LogFile;
import dev.streamwal.io.LogIdentity;
import dev.streamwal.io.ProcessLock;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes a log of files: those of a backup, or of another machine's log. There is no log before {@link #commit()}: the files are gathered in a
 * directory beside the target, {@code .<name>.importing}, which gets the target's name by one move; a target that exists, and is empty, is deleted
 * before. An import that was cut short can be begun again, and still has its files. One thread, and one import into a target at a time.
 *
 * @since 1.0
 */
public final class SegmentImport {

    private static final String SUFFIX = ".importing";
    /** The same limit as operating systems have. */
    private static final int MAX_LINKS = 40;

    private final Path log;
    private final Path gathered;
    private final Set<Path> imported = new HashSet<>();

    private SegmentImport(Path log, Path gathered) {
        this.log = log;
        this.gathered = gathered;
    }

    /**
     * Begins an import, or continues one that was cut short.
     *
     * @param log a directory that is empty or doesn't exist
     * @return the import
     * @throws IllegalArgumentException if there is something in that directory
     * @throws WalException if it can't be read, or the directory beside it can't be made
     */
    public static SegmentImport begin(Path log) {
        Path target = Objects.requireNonNull(log, "log").toAbsolutePath().normalize();
        try {
            target = linked(target);
            checkIsEmpty(target);
            makeWay(target);
            Path name = target.getFileName();
            if (name == null) {
                throw new IllegalArgumentException("target directory is the root of a file system: log=" + log + "; give a directory in it");
            }
            Path gathered = target.resolveSibling('.' + name.toString() + SUFFIX);
            DirectoryForce.create(gathered);
            return new SegmentImport(target, gathered);
        } catch (IOException e) {
            throw IoFailure.of("beginning an import", e, target, null, WalException.NO_POSITION);
        }
    }

    /**
     * Keeps others from gathering files of the same target: two would write each other's files, and one of them would make a log of both. The lock is
     * on the file that the log's writer locks later, which becomes one of the log's with the others.
     *
     * @return null on a file system without locks
     * @throws WalLockedException if another process or thread has the lock
     */
    @Nullable ProcessLock lock() {
        try {
            return ProcessLock.acquire(lockFile());
        } catch (ProcessLock.HeldException e) {
            throw new WalLockedException("log is being restored already " + e.with("log=" + log) + "; wait for that restore, or give another directory",
                    lockFile(), null, WalException.NO_POSITION);
        } catch (IOException | UnsupportedOperationException e) {
            return null;
        }
    }

    private Path lockFile() {
        return gathered.resolve(LogIdentity.FILE_NAME);
    }

    /** The target of a link, even if the target doesn't exist, as while an import is under way. The link stays. */
    private static Path linked(Path log) throws IOException {
        Path target = log;
        for (int links = 0; Files.isSymbolicLink(target); links++) {
            if (links == MAX_LINKS) {
                throw new IOException("links lead to each other: link=" + log + "; give a directory");
            }
            target = target.resolveSibling(Files.readSymbolicLink(target)).normalize();
        }
        return target;
    }

    /** Deletes the target, because the import's directory takes its place. If the target can't be deleted, that is found before anything is copied. */
    private static void makeWay(Path target) throws IOException {
        try {
            Files.delete(target);
        } catch (NoSuchFileException e) {
            return;
        } catch (FileSystemException e) {
            throw new IOException("target directory can't be replaced: log=" + target + ", error=" + IoFailure.fault(e)
                    + "; give another directory, or, if a file system is mounted there, one inside it", e);
        }
    }

    private static void checkIsEmpty(Path target) throws IOException {
        if (Files.exists(target) && (!Files.isDirectory(target) || !CopiedFiles.in(target).isEmpty())) {
            throw new IllegalArgumentException("target is not an empty directory: log=" + target + "; give one that is empty or doesn't exist");
        }
    }

    /**
     * Whether an import that was cut short has this file already, every byte of it. If so, the file belongs to this import.
     *
     * @param file which file
     * @return false if it has to be {@link #put}
     * @throws WalException if the file that is there can't be read
     */
    public boolean have(SegmentDescriptor file) {
        Path path = gathered.resolve(file.name());
        try {
            boolean isWhole = Files.exists(path) && Files.size(path) == file.bytes() && ContentChecksum.of(path).finish().equals(file.checksum());
            if (isWhole) {
                FileForce.force(path); // it may be whole in the page cache only
                imported.add(path);
            }
            return isWhole;
        } catch (IOException e) {
            throw IoFailure.of("reading an imported file", e, path, null, WalException.NO_POSITION);
        }
    }

    /**
     * Imports a file.
     *
     * @param file its name, length and checksum
     * @param content its bytes, which are read to the end; the caller closes it
     * @throws CorruptSegmentException if the bytes aren't those of the file; nothing is imported
     * @throws WalException if it can't be read or written
     */
    public void put(SegmentDescriptor file, InputStream content) {
        Objects.requireNonNull(content, "content");
        Path path = gathered.resolve(file.name());
        try {
            Path unused = Files.createDirectories(path.getParent());
            String found = write(path, file, content);
            if (!found.equals(file.checksum())) {
                Files.delete(path);
                throw new CorruptSegmentException("content of a file to import has another checksum, or another length: expected=" + file.checksum()
                        + ", found=" + found + ", bytes=" + file.bytes() + ", name=" + file.name() + "; import it from another copy", path, null,
                        WalException.NO_POSITION, 0, file.bytes(), null);
            }
            imported.add(path);
        } catch (IOException e) {
            throw IoFailure.of("importing a file", e, path, null, WalException.NO_POSITION);
        }
    }

    /** Writes at most one piece more than the file should have. An interrupt doesn't end a write. */
    private static String write(Path path, SegmentDescriptor file, InputStream content) throws IOException {
        Path unused = LogFile.writeNew(path, open -> path);
        ContentChecksum checksum = new ContentChecksum();
        try (LogFile target = new LogFile(path, StandardOpenOption.WRITE)) {
            byte[] piece = new byte[LogFile.CHUNK_BYTES];
            for (int read = content.read(piece); read >= 0 && checksum.bytes() <= file.bytes(); read = content.read(piece)) {
                ByteBuffer bytes = ByteBuffer.wrap(piece, 0, read);
                long offset = checksum.bytes();
                checksum.add(bytes);
                target.write(offset, bytes);
            }
            target.force();
        }
        return checksum.finish();
    }

    /**
     * Makes a log of what was imported. After this method has returned, the log exists and survives power loss. After it has thrown, there is no log,
     * or all of it.
     *
     * @throws IllegalArgumentException if something has come into the target since the beginning
     * @throws WalException if the directory can't be moved to its name
     */
    public void commit() {
        try {
            checkIsEmpty(log);
            Set<Path> kept = new HashSet<>(imported);
            kept.add(lockFile());
            CopiedFiles.deleteBelow(gathered, kept);
            DirectoryForce.create(gathered.resolve("segments"));
            DirectoryTree.forceNames(gathered);
            // a move to a name that is taken isn't possible everywhere
            boolean unused = Files.deleteIfExists(log);
            StoredFiles.move(gathered, log);
            DirectoryForce.forceNameOf(log);
        } catch (IOException e) {
            throw IoFailure.of("committing an import", e, log, null, WalException.NO_POSITION);
        }
    }

    @Override
    public String toString() {
        return "SegmentImport[" + log + "]";
    }
}
