package dev.streamwal.storage;

import java.io.IOException;
import java.nio.file.Path;

/**
 * What a log does to the names of its segments, and how it opens them: mapped, by position, or as copies of another log's. Its other files
 * are a {@link dev.streamwal.files.LogFile} each. Implementations must be thread-safe; a {@link SegmentFile} need not be.
 */
public interface SegmentStorage {

    /** Creates a file for reading and writing; must throw {@link java.nio.file.FileAlreadyExistsException} where there is one. */
    SegmentFile create(Path path) throws IOException;

    /** A file that is there; it may be opened no earlier than at its first use, and must not be created then. */
    SegmentFile open(Path path) throws IOException;

    /** Creates the directory where it isn't there yet. */
    void createDirectory(Path directory) throws IOException;

    /** Gives a file its final name; must never replace a file that has that name, and must throw then. */
    void name(Path temporary, Path name) throws IOException;

    /** Returns when the names in a directory survive power loss, where that can be asked for. */
    void forceDirectory(Path directory) throws IOException;

    /** Gives a file the name of another one, which loses it; at every moment one of the two has it. */
    void replace(Path temporary, Path name) throws IOException;

    /** Returns whether there was such a file. */
    boolean delete(Path path) throws IOException;

    /** Removes a directory, unless something is in it, which is not an error. Returns whether it is gone. */
    boolean deleteDirectoryIfEmpty(Path directory) throws IOException;
}
