package dev.streamwal.simulation;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** How a writer ends that doesn't close its log, and what the log promises then. The one place to say so. */
enum Ending {
    /**
     * The process is killed, and the log opened again in the same run of the machine. That is also what a snapshot of a live log is, which is
     * opened while the original goes on: the state is a copy, and the workload goes on behind it with a disk of its own.
     */
    KILLED(EnumSet.allOf(Promise.class)),
    /** The process is killed, and the log opened where another boot id is found: a container that moved, with its volume. */
    KILLED_AND_MOVED(EnumSet.allOf(Promise.class)),
    /** The machine crashes, and is started again. */
    CRASHED(EnumSet.complementOf(EnumSet.of(Promise.ACKNOWLEDGED_IS_THERE))),
    /**
     * The disk is taken away from the machine and brought back, which loses the same as a crash, with the same boot id. Pages that weren't
     * promised can't be told from slots of killed appends then, and what the first recovery took for the one the second may take for the
     * other.
     */
    CACHE_LOST(EnumSet.complementOf(EnumSet.of(Promise.ACKNOWLEDGED_IS_THERE, Promise.NO_HOLES, Promise.RECOVERS_THE_SAME_AGAIN))),
    /** Somebody shortens a segment's file while no process has the log open, be it closed or not: see {@link ShortenedCheck}. */
    SHORTENED(EnumSet.of(Promise.DELETED_STAYS_DELETED));

    @SuppressWarnings("ImmutableEnumChecker") // it is changed by nobody
    private final Set<Promise> promises;

    Ending(Set<Promise> promises) {
        this.promises = Collections.unmodifiableSet(promises);
    }

    Set<Promise> promises() {
        return promises;
    }

    /** Whether all that was written is left. */
    boolean isKill() {
        return this == KILLED || this == KILLED_AND_MOVED;
    }

    /** Whether the log is opened again with the boot id that it was written with. */
    boolean isSameBoot() {
        return this == KILLED || this == CACHE_LOST || this == SHORTENED;
    }
}
