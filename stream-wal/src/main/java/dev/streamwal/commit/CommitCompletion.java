package dev.streamwal.commit;

import org.jspecify.annotations.Nullable;

/** Told when something is durable, or can't be. Must not throw. */
@FunctionalInterface
public interface CommitCompletion {

    /** @param failure null where it is durable */
    void complete(@Nullable Throwable failure);
}
