package dev.streamwal.commit;

import org.jspecify.annotations.Nullable;

/**
 * Called when something is durable, or can't be made durable, by a thread that other threads wait for. It may hand the result over, and must
 * not run the program's code. Must not throw.
 */
@FunctionalInterface
public interface CommitCompletion {

    /** @param failure null if it is durable */
    void complete(@Nullable Throwable failure);
}
