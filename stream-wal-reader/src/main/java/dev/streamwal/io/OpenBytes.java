package dev.streamwal.io;

import java.io.IOException;

/** The bytes of a file that is open for reading, until the caller closes it. Thread-safe. */
public interface OpenBytes extends SegmentBytes, AutoCloseable {

    /** From this offset on the bytes are on this machine; those before may be far away. */
    default long nearFrom() throws IOException {
        return 0;
    }

    @Override
    void close();
}
