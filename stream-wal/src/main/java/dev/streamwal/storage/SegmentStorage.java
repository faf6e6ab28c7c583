package dev.streamwal.storage;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Changes the names of a log's segments, and opens them: mapped, by position, or as copies of another log's. The log's other files are a
 * {@link dev.streamwal.io.LogFile} each. Implementations must be thread-safe; a {@link SegmentFile} need not be.
 */
public interface SegmentStorage {

    /** Creates a file for reading and writing; must throw {@link java.nio.file.FileAlreadyExistsException} if there is one. */
    SegmentFile create(Path path) throws IOException;

    /** An existing file; it may be opened as late as at its first use, and must not be created then. */
    SegmentFile open(Path path) throws IOException;

    /** Creates the directory if it doesn't exist. */
    void createDirectory(Path directory) throws IOException;

    /** Gives a file its final name; must never replace an existing file, but throw. */
    void name(Path temporary, Path name) throws IOException;

    /** Returns when the names in a directory survive power loss, if the system supports that. */
    void forceDirectory(Path directory) throws IOException;

    /** Gives a file the name of another one, which loses it; at every moment one of the two has the name. */
    void replace(Path temporary, Path name) throws IOException;

    /** Returns whether there was such a file. */
    boolean delete(Path path) throws IOException;

    /**
     * Deletes a half-made file that a failure has left, which would keep its room. If that fails, too, the failure gets its exception as a suppressed
     * one.
     */
    default void deleteAfter(Throwable failure, Path path) {
        try {
            boolean unused = delete(path);
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    /** Removes a directory unless it has content, which is not an error. Returns whether it is gone. */
    boolean deleteDirectoryIfEmpty(Path directory) throws IOException;
}
