package dev.streamwal.engine;

import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.format.PositionsLayout;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.recovery.Quarantine;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * A log of whose files the segments are links to another one's. To be opened with {@link dev.streamwal.storage.BorrowedStorage}, by which
 * all of them are changed: what is changed in other ways is copied.
 *
 * @param original root of the other log, as it is called there
 * @param root of this one; closing removes it
 */
public record BorrowedLog(Path original, Path root) implements AutoCloseable {

    /** Whatever is set aside gets a name that isn't there, and room that isn't taken: so they count, too. */
    private static final String QUARANTINE = Quarantine.NAME;

    private static final String JOURNAL = "commit";
    private static final String PACKS = PackFiles.DIRECTORY;

    /** @param scratch an existing directory; the log gets a folder in it */
    public static BorrowedLog of(Path original, Path scratch) throws IOException {
        BorrowedLog log = new BorrowedLog(original, Files.createTempDirectory(scratch, "stream-wal-rehearsal-").toRealPath());
        try {
            log.fill(original.toRealPath());
            return log;
        } catch (IOException | RuntimeException | Error e) {
            try {
                log.close();
            } catch (IOException suppressed) {
                e.addSuppressed(suppressed);
            }
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
        // a pack is never changed, and what recovery cuts off in one it writes to another; the manifest is written anew
        each(source, PACKS, (file, target) -> {
            if (PackFiles.parse(file.getFileName().toString()).isPresent()) {
                linkFile(file, target);
            } else {
                copyFile(file, target);
            }
        });
        // by the name that opening the log gives to the folder, as paths in it are reported
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
            // a file system without them, or a user who may not make any
            Files.copy(source, target);
        }
    }

    // ---------------------------------------------------------------- what is said of it, said of the original

    /** The folder's random name is nowhere else in a text. */
    public String inOriginal(@Nullable String text) {
        return String.valueOf(text).replace(root.toString(), original.toString());
    }

    public @Nullable Path inOriginal(@Nullable Path file) {
        return file == null || !file.startsWith(root) ? file : original.resolve(root.relativize(file));
    }

    /** Of a file that is there. */
    public Path renamed(Path file) {
        return original.resolve(root.relativize(file));
    }

    @Override
    public void close() throws IOException {
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure) throws IOException {
                Files.delete(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
