package dev.streamwal.io;

import java.util.concurrent.atomic.LongAdder;

/** Writes files past the page cache, and counts what was written so. Thread-safe. */
public final class DirectWrites {

    private final LongAdder bytes = new LongAdder();

    /**
     * To write a file.
     *
     * @param file that exists, and isn't written by others
     */
    public DirectWriter writer(LogFile file) {
        return new DirectWriter(file, DirectIo.writing(file.path()).orElse(null), bytes::add);
    }

    /** How many bytes were written past the page cache so far. */
    public long bytes() {
        return bytes.sum();
    }
}
