package dev.streamwal.io;

import java.io.IOException;
import java.util.concurrent.atomic.LongAdder;

/** Writes files past the page cache, and counts the bytes written there. Thread-safe. */
public final class DirectWrites {

    private final LongAdder bytes = new LongAdder();

    /**
     * A writer for a file.
     *
     * @param file that exists, and isn't written by others
     * @throws IOException if there is no direct memory for it
     */
    public DirectWriter writer(LogFile file) throws IOException {
        // the memory first: if there is none, no file is left open
        return new DirectWriter(file, DirectMemory.buffer(DirectWriter.MEMORY_BYTES), DirectIo.writing(file.path()).orElse(null), bytes::add);
    }

    /** How many bytes were written past the page cache so far. */
    public long bytes() {
        return bytes.sum();
    }
}
