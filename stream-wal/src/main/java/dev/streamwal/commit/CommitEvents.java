package dev.streamwal.commit;

import dev.streamwal.measure.Measurements;
import org.jspecify.annotations.Nullable;

/** Receives background events of the committer. Never throws. */
public interface CommitEvents extends Measurements {

    /**
     * A task failed.
     *
     * @param task what was being done, in a word or two
     * @param stream the key of the stream concerned; null if there is none
     */
    void failed(String task, @Nullable String stream, Throwable failure);

    /** The journal has no room for a durable append. Its caller gets the exception; until a checkpoint succeeds the log isn't healthy. */
    default void journalHasNoRoom(Throwable failure) {}

    /** A task of the whole log has succeeded: its earlier failures are over. */
    default void succeeded(String task) {}
}
