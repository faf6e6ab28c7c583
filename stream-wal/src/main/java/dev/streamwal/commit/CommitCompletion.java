package dev.streamwal.commit;

import org.jspecify.annotations.Nullable;

/**
 * Told when something is durable, or can't be, by a thread that others wait for: it may hand that over, and must not run a program's code.
 * Must not throw.
 */
@FunctionalInterface
public interface CommitCompletion {

    /** @param failure null where it is durable */
    void complete(@Nullable Throwable failure);
}
