package dev.streamwal.bench.compare;

import java.io.IOException;

/** Appends from one thread. A call returns when the records are acknowledged; contents may be changed then. */
interface Writer extends AutoCloseable {

    void append(int stream, long millis, byte[] content) throws Exception;

    /** All of them at once, in the way that the log has for it. */
    default void appendBatch(int[] streams, long millis, byte[][] contents) throws Exception {
        throw new Cannot("it has no batches");
    }

    @Override
    default void close() throws IOException {}
}
