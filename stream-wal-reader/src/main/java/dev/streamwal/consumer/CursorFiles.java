package dev.streamwal.consumer;

import dev.streamwal.format.StreamKey;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.DirectoryListing;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** The folder {@code cursors} of a log, and the names of its files. A consumer's name is encoded like a stream's key. */
public final class CursorFiles {

    private static final String DIRECTORY = "cursors";
    private static final String CURSOR = ".cursor";
    private static final String DECLARED = ".declared";

    private CursorFiles() {}

    /**
     * The name of a consumer.
     *
     * @throws IllegalArgumentException if the text isn't a valid name
     */
    public static StreamKey name(String text) {
        try {
            return StreamKey.of(Objects.requireNonNull(text, "name"));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("invalid consumer name, which has to be like a stream's key: " + e.getMessage(), e);
        }
    }

    /** The folder. */
    public static Path directory(Path root) {
        return root.resolve(DIRECTORY);
    }

    /** The file with the consumer's commits. */
    public static Path cursor(Path root, StreamKey name) {
        return directory(root).resolve(name.directoryName() + CURSOR);
    }

    /** The file that says that a writer keeps segments for the consumer: see {@link DeclaredConsumers}. */
    static Path declared(Path root, StreamKey name) {
        return directory(root).resolve(name.directoryName() + DECLARED);
    }

    /** Makes the folder, durably, if there is none. Doesn't make a deleted log's directory again. */
    static void createDirectory(Path root) throws IOException {
        Path directory = directory(root);
        if (!Files.isDirectory(directory)) {
            try {
                Files.createDirectory(directory);
            } catch (FileAlreadyExistsException e) {
                // another consumer has made it
                if (!Files.isDirectory(directory)) {
                    throw e;
                }
            }
            DirectoryForce.force(root);
        }
    }

    /**
     * The file that is locked by the process that has the consumer open. It stays when the consumer is removed: a process that has opened it before would lock
     * a file that nobody else finds. To look behind the lock whether the name still leads to that file isn't enough. Java doesn't say which file a channel
     * has open, only which one a name leads to before and afterwards, and file systems give a deleted file's number to the next one: two processes had the
     * lock together in 4 of 1,000 rounds.
     */
    static Path lock(Path root, StreamKey name) {
        return directory(root).resolve(name.directoryName() + ".lock");
    }

    /** A new cursor file before it gets its name. No encoded name begins with a dot, so it can't be taken for a cursor file. */
    static Path temporary(Path root, StreamKey name) {
        return directory(root).resolve('.' + name.directoryName() + CURSOR + ".tmp");
    }

    /** The files that have the name of a cursor file; others are ignored. */
    public static List<Path> list(Path root) throws IOException {
        return DirectoryListing.list(directory(root), file -> isOfConsumer(file, CURSOR));
    }

    /** The files of {@link DeclaredConsumers}. */
    static List<Path> listDeclared(Path root) throws IOException {
        return DirectoryListing.list(directory(root), file -> isOfConsumer(file, DECLARED));
    }

    private static boolean isOfConsumer(Path file, String suffix) {
        String encoded = encodedName(file);
        return file.getFileName().toString().endsWith(suffix) && (StreamKey.isDigestName(encoded) || StreamKey.fromDirectoryName(encoded).isPresent());
    }

    /** The consumer's name, decoded from the file's name; empty if that isn't possible, as with long names. */
    public static Optional<StreamKey> name(Path file) {
        return StreamKey.fromDirectoryName(encodedName(file));
    }

    /** The encoded name of the consumer; empty if the file doesn't have the name of a consumer's file. */
    static String encodedName(Path file) {
        String fileName = file.getFileName().toString();
        String suffix = fileName.endsWith(CURSOR) ? CURSOR : DECLARED;
        return fileName.endsWith(suffix) ? fileName.substring(0, fileName.length() - suffix.length()) : "";
    }
}
