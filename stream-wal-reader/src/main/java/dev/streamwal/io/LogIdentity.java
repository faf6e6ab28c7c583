package dev.streamwal.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import org.jspecify.annotations.Nullable;

/**
 * Tells a log from another one at the same path, by its file {@value #FILE_NAME}: the log's first writer makes it, and nothing writes to it or removes it. The
 * file's key alone isn't enough, because a file system may give it again to the next file. The times alone may be equal, because a copy may have those of the
 * original; only the time at which a file was made, if the file system tells it, isn't copied.
 *
 * @param fileKey null if the file system has none
 */
public record LogIdentity(@Nullable Object fileKey, FileTime made, FileTime modified) {

    /** Name of the file that the log's writer locks. */
    public static final String FILE_NAME = "LOCK";

    /**
     * The log that is there now.
     *
     * @param file of that name in the log's directory
     * @throws java.nio.file.NoSuchFileException if there is none, or no writer has opened it yet
     */
    public static LogIdentity of(Path file) throws IOException {
        BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
        return new LogIdentity(found.fileKey(), found.creationTime(), found.lastModifiedTime());
    }
}
