package dev.streamwal.catalog;

import java.nio.file.attribute.FileTime;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Whether a directory has to be listed again, by its modification time. That time is coarse: a second change in the same tick leaves it as it is.
 * So a listing is trusted only if the time had been the same for far longer than a tick before the listing was made. One thread at a time.
 */
public final class ListingAge {

    /** More than the granularity of modification times in file systems that count seconds. */
    static final long SETTLING_NANOS = 2_000_000_000L;
    /**
     * Far more than the granularity of those that have digits below a millisecond: they come from a clock that ticks at least every ten
     * milliseconds, as Linux's does.
     */
    static final long SETTLING_NANOS_OF_FINE_TIMES = 100_000_000L;

    private static final int NANOS_PER_MILLI = 1_000_000;

    private final LongSupplier nanoTime;
    /** The modification time seen before the last listing; below, when it was seen first, and when it was read last. */
    private @Nullable FileTime modified;
    private long modifiedSince;
    private long lookedAt;
    private boolean settled;

    public ListingAge(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** How long a modification time has to be seen until a later change certainly gets another one. */
    public static long settlingNanos(FileTime modified) {
        return modified.toInstant().getNano() % NANOS_PER_MILLI == 0 ? SETTLING_NANOS : SETTLING_NANOS_OF_FINE_TIMES;
    }

    /** Whether the last listing is still current; if not, the caller lists now, and then calls {@link #listed()}. */
    public boolean isCurrent(FileTime now) {
        if (settled && now.equals(modified)) {
            return true;
        }
        lookedAt = nanoTime.getAsLong();
        if (!now.equals(modified)) {
            modified = now;
            modifiedSince = lookedAt;
        }
        settled = false;
        return false;
    }

    public void listed() {
        settled = modified != null && lookedAt - modifiedSince >= settlingNanos(modified);
    }

    /** Called if there is no directory. */
    public void forget() {
        settled = false;
    }
}
