package dev.streamwal.consumer;

import dev.streamwal.format.StreamKey;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The folder {@code cursors} of a log, and what its files are called. A name is encoded as a key is. */
public final class CursorFiles {

    private static final String DIRECTORY = "cursors";
    private static final String CURSOR = ".cursor";

    private CursorFiles() {}

    /**
     * The name of a consumer.
     *
     * @throws IllegalArgumentException where it can't be one
     */
    public static StreamKey name(String text) {
        try {
            return StreamKey.of(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("invalid consumer name: " + e.getMessage(), e);
        }
    }

    /** In the log's root. */
    public static Path directory(Path root) {
        return root.resolve(DIRECTORY);
    }

    /** What the consumer has committed. */
    public static Path cursor(Path root, StreamKey name) {
        return directory(root).resolve(name.directoryName() + CURSOR);
    }

    /** Locked by the process that has the consumer open; it stays when the consumer is removed. */
    static Path lock(Path root, StreamKey name) {
        return directory(root).resolve(name.directoryName() + ".lock");
    }

    /** A cursor file in the making. No directory name begins with a dot, so that it is nobody's cursor file. */
    static Path temporary(Path root, StreamKey name) {
        return directory(root).resolve('.' + name.directoryName() + CURSOR + ".tmp");
    }

    /** What is called as a cursor file is; other files are somebody else's. */
    public static List<Path> list(Path root) throws IOException {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory(root), CursorFiles::isCursor)) {
            files.forEach(found::add);
        } catch (NoSuchFileException | NotDirectoryException e) {
            return List.of();
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return found;
    }

    private static boolean isCursor(Path file) {
        String encoded = encodedName(file);
        return !encoded.isEmpty() && (StreamKey.isDigestName(encoded) || StreamKey.fromDirectoryName(encoded).isPresent());
    }

    /** Whose file this is, as its name says; empty where it doesn't, or is too long to. */
    public static Optional<StreamKey> name(Path file) {
        return StreamKey.fromDirectoryName(encodedName(file));
    }

    /** Empty where the file is not called as a cursor file is. */
    static String encodedName(Path file) {
        String fileName = file.getFileName().toString();
        return fileName.endsWith(CURSOR) ? fileName.substring(0, fileName.length() - CURSOR.length()) : "";
    }
}
