package dev.streamwal.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;

/** Other names for files that never change. */
public final class FileLink {

    private static final String TRIAL = ".link";

    private FileLink() {}

    /**
     * Whether files can be linked into a directory, which is tried.
     *
     * @param source a file to try it with
     */
    public static boolean isPossible(Path source, Path directory) throws IOException {
        Path link = directory.resolve(TRIAL);
        try {
            Files.createLink(link, source);
        } catch (NoSuchFileException e) {
            throw e;
        } catch (UnsupportedOperationException | FileSystemException | ProviderMismatchException e) {
            return false;
        }
        Files.delete(link);
        return true;
    }

    /** Links a file that never changes, or copies it if the file system has no links, or the target is on another one. */
    public static void linkOrCopy(Path source, Path target) throws IOException {
        if (!isLinked(source, target)) {
            copy(source, target);
        }
    }

    /** Copies a file; durably, except for its name. */
    public static void copy(Path source, Path target) throws IOException {
        try (LogFile from = LogFile.reading(source)) {
            long size = from.size();
            Path unused = LogFile.writeNew(target, to -> {
                from.copy(0, size, ByteBuffer.allocate(LogFile.CHUNK_BYTES), (offset, piece) -> to.write(offset, piece));
                return target;
            });
        }
    }

    /** Links a file that never changes; false if the file system has no links, or the target is on another one. */
    public static boolean isLinked(Path source, Path target) throws IOException {
        try {
            Files.createLink(target, source);
            return true;
        } catch (FileAlreadyExistsException | NoSuchFileException e) {
            throw e;
        } catch (UnsupportedOperationException | FileSystemException | ProviderMismatchException e) {
            return false;
        }
    }
}
