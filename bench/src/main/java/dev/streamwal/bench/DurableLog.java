package dev.streamwal.bench;

import java.io.IOException;
import java.nio.file.Path;

/** What is compared: a log whose records survive power loss. Many threads append at once. */
interface DurableLog extends AutoCloseable {

    /** Returns when the record survives power loss. */
    void append(int stream, byte[] content) throws Exception;

    /** Called by one thread. A log that has no such call gathers records until as many are in flight as may be. */
    void appendAsync(int stream, byte[] content, Completion completion) throws Exception;

    /** Has what was gathered completed, in a log that gathers. */
    default void flush() throws Exception {}

    @Override
    void close() throws IOException;

    /** Told once, by any thread, when a record survives power loss, or can't. */
    interface Completion {
        void durable();

        void failed(Throwable cause);
    }

    /** Makes a log, or opens one that an earlier round left, for streams from 0. */
    @FunctionalInterface
    interface Opener {
        DurableLog open(Path folder, int streams) throws Exception;
    }
}
