package dev.streamwal.bench.compare;

import java.io.IOException;

/** Records, one after the other. Each content is copied to the same array: the same work for all. */
abstract class RecordCursor implements AutoCloseable {

    private static final int MAX_BYTES = 64 << 10;

    private final byte[] content = new byte[MAX_BYTES];

    /** False at the end. */
    abstract boolean next() throws Exception;

    abstract int stream();

    /** Its length in bytes. */
    abstract int length();

    /** Finds this record again, by {@link Store#read}. */
    Object ref() throws Exception {
        throw new Cannot("it gives no references");
    }

    /** Valid until {@link #next}, up to {@link #length}. */
    byte[] content() {
        return content;
    }

    @Override
    public void close() throws IOException {}
}
