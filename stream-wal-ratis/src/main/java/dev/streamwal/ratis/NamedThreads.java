package dev.streamwal.ratis;

import java.util.concurrent.ScheduledThreadPoolExecutor;

/** Threads of a replica's and of a client's own, which end with it. */
final class NamedThreads {

    private NamedThreads() {}

    /** One thread, a daemon. What waits when it is shut down doesn't run. */
    static ScheduledThreadPoolExecutor one(String name) {
        ScheduledThreadPoolExecutor executor = thatFinishes(name);
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        return executor;
    }

    /** One thread, a daemon. What waits when it is shut down still runs. */
    static ScheduledThreadPoolExecutor thatFinishes(String name) {
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
        executor.setRemoveOnCancelPolicy(true);
        return executor;
    }
}
