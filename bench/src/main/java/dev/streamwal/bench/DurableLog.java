package dev.streamwal.bench;

import java.io.IOException;
import java.nio.file.Path;

/** The interface of what is compared: a log whose records survive power loss. Many threads append at once. */
interface DurableLog extends AutoCloseable {

    /** Returns when the record survives power loss. */
    void append(int stream, byte[] content) throws Exception;

    /** Called by one thread. A log without such a call gathers records until the maximum is in flight. */
    void appendAsync(int stream, byte[] content, Completion completion) throws Exception;

    /** Completes what was gathered, in a log that gathers. */
    default void flush() throws Exception {}

    @Override
    void close() throws IOException;

    /** Called once, by any thread, when a record survives power loss, or can't. */
    interface Completion {
        void durable();

        void failed(Throwable cause);
    }

    /** Creates a log, or opens one that an earlier round left, for streams from 0. */
    @FunctionalInterface
    interface Opener {
        DurableLog open(Path folder, int streams) throws Exception;
    }
}
