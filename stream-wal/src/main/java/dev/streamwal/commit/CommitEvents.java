package dev.streamwal.commit;

import dev.streamwal.measure.TaskEvents;

/** Receives background events of the committer. Never throws. */
public interface CommitEvents extends TaskEvents {

    /** The journal has no room for a durable append. Its caller gets the exception; until a checkpoint succeeds the log isn't healthy. */
    default void journalHasNoRoom(Throwable failure) {}
}
