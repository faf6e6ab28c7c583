package dev.streamwal.pack;

import dev.streamwal.io.OpenBytes;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Where the bytes of a pack are, which may change while the pack is read. Thread-safe. */
public interface PackSource {

    /** The pack's file in the log's directory, or the name that it would have there. */
    Path file();

    /**
     * The pack's bytes, from wherever they are now.
     *
     * @throws NoSuchFileException if the pack was deleted
     */
    OpenBytes open() throws IOException;

    /**
     * As {@link #open}, for reading all of the pack.
     *
     * @throws NoSuchFileException if the pack isn't in the log's directory, or another file has its name
     */
    OpenBytes openFile() throws IOException;

    /**
     * Where a byte of the pack is.
     *
     * @param file that has it
     * @param offset in that file
     * @param advice what to do if it isn't what was written; empty if that depends
     */
    record Place(Path file, long offset, String advice) {}

    /** Tells that a byte of the pack isn't what was written; the next read looks for it anew. */
    default Place damaged(long offset) {
        return new Place(file(), offset, "");
    }

    /** Closes the pack's file if a cache has it open. */
    void forget();
}
