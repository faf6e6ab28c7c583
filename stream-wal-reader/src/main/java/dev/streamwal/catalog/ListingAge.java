package dev.streamwal.catalog;

import java.nio.file.attribute.FileTime;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Whether a directory has to be listed again, by its modification time. That is coarse: what changes in the same tick doesn't change it.
 * So a listing is believed only if the time had been the same for far longer than a tick before it was made. One thread at a time.
 */
public final class ListingAge {

    /** Far more than the granularity of a directory's modification time: what changes after such a time gets another one. */
    public static final long SETTLING_NANOS = 2_000_000_000L;

    private final LongSupplier nanoTime;
    /** As it was seen before a listing; and since when that has been so, and listed. */
    private @Nullable FileTime modified;
    private long modifiedSince;
    private long lookedAt;
    private boolean settled;

    public ListingAge(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Whether the last listing is what there is; if not, the caller lists now, and says so. */
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
        settled = lookedAt - modifiedSince >= SETTLING_NANOS;
    }

    /** There is no directory. */
    public void forget() {
        settled = false;
    }
}
