package dev.streamwal.io;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Other names for files that never change. */
public final class FileLink {

    private FileLink() {}

    /** Links a file that never changes, or copies it where the file system has no links, or the target is on another one. */
    public static void linkOrCopy(Path source, Path target) throws IOException {
        try {
            Files.createLink(target, source);
        } catch (FileAlreadyExistsException | NoSuchFileException e) {
            throw e;
        } catch (UnsupportedOperationException | FileSystemException e) {
            Path unused = Files.copy(source, target);
        }
    }
}
