package dev.streamwal.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** Makes the names in a directory survive power loss, if the system has a way to ask for it. */
public final class DirectoryForce {

    private DirectoryForce() {}

    /** Does nothing if a directory can't be opened: on Windows, and on file systems other than the default one that refuse it, as in-memory ones do. */
    public static void force(Path directory) throws IOException {
        FileSystem fileSystem = directory.getFileSystem();
        boolean ofMachine = fileSystem.equals(FileSystems.getDefault());
        if (ofMachine && !fileSystem.getSeparator().equals("/")) {
            return;
        }
        if (ofMachine) {
            // an interrupt must not hide a failure, see FileForce
            Uninterrupted.runApart(() -> forceOnce(directory, true));
        } else {
            Uninterrupted.run(() -> forceOnce(directory, false));
        }
    }

    private static Path forceOnce(Path directory, boolean ofMachine) throws IOException {
        try (FileChannel channel = open(directory, ofMachine)) {
            if (channel != null) {
                channel.force(true);
            }
            return directory;
        }
    }

    /** Makes a directory and its missing parents, and makes their names survive power loss. */
    public static void create(Path directory) throws IOException {
        Path parent = directory.toAbsolutePath().getParent();
        if (parent != null && !Files.isDirectory(directory)) {
            create(parent);
            Files.createDirectories(directory);
            forceNameOf(directory);
        }
    }

    /** Makes a directory's name survive power loss. */
    public static void forceNameOf(Path directory) throws IOException {
        Path parent = directory.toAbsolutePath().getParent();
        if (parent == null) {
            return;
        }
        try {
            force(parent);
        } catch (AccessDeniedException e) {
            // a process may be allowed to make a directory in the parent, and not to open the parent
        }
    }

    /** @return null if a directory can't be opened there */
    private static @Nullable FileChannel open(Path directory, boolean ofMachine) throws IOException {
        try {
            return FileChannel.open(directory, StandardOpenOption.READ);
        } catch (NoSuchFileException e) {
            throw e;
        } catch (IOException | UnsupportedOperationException e) {
            if (ofMachine) {
                throw e;
            }
            return null;
        }
    }
}
