package dev.streamwal.engine;

import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.format.PositionsLayout;
import dev.streamwal.io.DirectoryTree;
import dev.streamwal.io.LeftOpen;
import dev.streamwal.io.RealPath;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.recovery.Quarantine;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A log whose segments are links to those of another log. It is opened with {@link dev.streamwal.storage.BorrowedStorage}, through which all
 * changes of segments go; files that are changed in other ways are copied.
 *
 * @param original root of the other log, as the caller named it
 * @param root of this log; closing removes it
 */
public record BorrowedLog(Path original, Path root) implements AutoCloseable {

    /** Files that are already in quarantine count: new ones get other names, and only the room that is left. */
    private static final String QUARANTINE = Quarantine.NAME;

    private static final String JOURNAL = "commit";
    private static final String PACKS = PackFiles.DIRECTORY;

    /** @param scratch an existing directory outside of the original; the log gets a folder in it */
    public static BorrowedLog of(Path original, Path scratch) throws IOException {
        RealPath.checkIsOutside(original, scratch);
        BorrowedLog log = new BorrowedLog(original, Files.createTempDirectory(scratch, "stream-wal-rehearsal-").toRealPath());
        try {
            log.fill(original.toRealPath());
            return log;
        } catch (IOException | RuntimeException | Error e) {
            LeftOpen.close(log, e);
            throw e;
        }
    }

    private void fill(Path source) throws IOException {
        Path positions = source.resolve(PositionsLayout.FILE_NAME);
        if (Files.exists(positions)) {
            Files.copy(positions, root.resolve(PositionsLayout.FILE_NAME));
        }
        each(source, JOURNAL, BorrowedLog::copyFile);
        each(source, QUARANTINE, BorrowedLog::linkFile);
        // packs are never changed: recovery writes what it cuts off in one to another file; the manifest is rewritten
        each(source, PACKS, (file, target) -> {
            if (PackFiles.parse(file.getFileName().toString()).isPresent()) {
                linkFile(file, target);
            } else {
                copyFile(file, target);
            }
        });
        // under the name that opening the log gives to the folder, since the report contains paths in it
        each(StreamDirectory.in(source), root.resolve(StreamDirectory.NAME), (stream, target) -> {
            if (Files.isDirectory(stream)) {
                each(stream, target, BorrowedLog::linkFile);
            }
        });
    }

    private interface Step {
        void with(Path source, Path target) throws IOException;
    }

    private void each(Path parent, String folder, Step step) throws IOException {
        each(parent.resolve(folder), root.resolve(folder), step);
    }

    private static void each(Path folder, Path target, Step step) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            Files.createDirectory(target);
            for (Path file : files) {
                step.with(file, target.resolve(file.getFileName().toString()));
            }
        } catch (NoSuchFileException | NotDirectoryException e) {
            // as in the original
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    private static void copyFile(Path source, Path target) throws IOException {
        if (Files.isRegularFile(source)) {
            Files.copy(source, target);
        }
    }

    private static void linkFile(Path source, Path target) throws IOException {
        if (!Files.isRegularFile(source)) {
            return;
        }
        try {
            Files.createSymbolicLink(target, source);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (UnsupportedOperationException | FileSystemException e) {
            // the file system has no links, or the user may not create any
            Files.copy(source, target);
        }
    }

    // ---------------------------------------------------------------- translation of texts and paths to the original

    /** Replaces this log's root in a text. The folder's random name occurs nowhere else in one. */
    public String inOriginal(@Nullable String text) {
        return String.valueOf(text).replace(root.toString(), original.toString());
    }

    public @Nullable Path inOriginal(@Nullable Path file) {
        return file == null || !file.startsWith(root) ? file : original.resolve(root.relativize(file));
    }

    /** The original's path of a file of this log. */
    public Path renamed(Path file) {
        return original.resolve(root.relativize(file));
    }

    @Override
    public void close() throws IOException {
        DirectoryTree.delete(root);
    }
}
