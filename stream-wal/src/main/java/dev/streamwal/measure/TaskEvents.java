package dev.streamwal.measure;

import org.jspecify.annotations.Nullable;

/** Receives how background tasks end. Implementations never throw. */
public interface TaskEvents extends Measurements {

    /**
     * A task failed.
     *
     * @param task what was being done, in some words
     * @param stream the key of the stream concerned; null if there is none
     */
    void failed(String task, @Nullable String stream, Throwable failure);

    /** The number of an attempt that begins now, for {@link #ended}. */
    default long begins() {
        return 0;
    }

    /** An attempt for the whole log has ended: the task's failures from before it began are over. */
    default void ended(String task, long begun) {}

    /** A task of the whole log has succeeded: its earlier failures are over. */
    default void succeeded(String task) {
        ended(task, begins());
    }
}
