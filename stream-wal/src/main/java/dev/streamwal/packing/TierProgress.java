package dev.streamwal.packing;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Since when a pass has waited for its tier. A call that hangs throws nothing, and its thread can't report it: another thread looks here. Thread-safe. */
final class TierProgress {

    /**
     * How long a call may take. A provider may keep what it is given until the object is closed, and then send a whole pack: a pack of 1 GiB takes
     * less than this at 4 MB/s. A failure that is reported too early ends with the pass.
     */
    static final long MAX_CALL_NANOS = TimeUnit.MINUTES.toNanos(5);

    private final LongSupplier steadyClock;

    @GuardedBy("this")
    private boolean isPassing;

    @GuardedBy("this")
    private boolean isTold;

    @GuardedBy("this")
    private long sinceNanos;

    TierProgress(LongSupplier steadyClock) {
        this.steadyClock = steadyClock;
    }

    synchronized void begins() {
        isPassing = true;
        answered();
    }

    /** The tier has answered a call, or taken a piece of an object. */
    synchronized void answered() {
        isTold = false;
        sinceNanos = steadyClock.getAsLong();
    }

    synchronized void ends() {
        isPassing = false;
    }

    /** How many nanoseconds the pass has waited, once it is too long; once for each such call. */
    synchronized OptionalLong newlyStuckNanos() {
        long waited = steadyClock.getAsLong() - sinceNanos;
        if (!isPassing || isTold || waited < MAX_CALL_NANOS) {
            return OptionalLong.empty();
        }
        isTold = true;
        return OptionalLong.of(waited);
    }
}
