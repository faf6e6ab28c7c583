package dev.streamwal.catalog;

import dev.streamwal.format.StreamKey;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.shared.SharedSegment;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Tells which streams have got records in shared segments since the look before; at the first look, which streams have records there. Records that
 * don't count any more are left out. One thread.
 *
 * <p><b>Why no record is missed.</b> A shared segment has its records in the order in which they came, and each look walks on from the end of the
 * look before. A segment that was packed between two looks isn't walked any more. {@link Manifest#sharedBelow} shows that there was one; then every
 * stream may have got records.
 */
public final class SharedArrivals {

    private static final long NONE = -1;

    private final LogSource log;
    /** How many arrivals of each segment were told up to the last look, by base position. */
    private Map<Long, Integer> told = new HashMap<>();
    /** Base position of the newest segment that was looked at; below, whether the look reached its end. */
    private long newest = NONE;
    private boolean isNewestComplete;
    private boolean isFirst = true;

    /** Begins with the next look. */
    public SharedArrivals(LogSource log) {
        this.log = log;
    }

    /**
     * Takes a look.
     *
     * @param each gets each stream that has got records, some more than once
     * @return false where other streams may have got records, too
     */
    public boolean look(Consumer<StreamKey> each) throws IOException {
        return log.packs().look(manifest -> look(manifest, each));
    }

    private boolean look(Manifest manifest, Consumer<StreamKey> each) throws IOException {
        long packed = manifest.sharedBelow() - 1;
        boolean isAll = isFirst || packed < newest || (packed == newest && (isNewestComplete || packed == NONE));
        if (packed > newest) {
            newest = packed;
            isNewestComplete = true;
        }
        Map<Long, Integer> now = new HashMap<>();
        for (SharedSegment segment : log.shared().published(manifest)) {
            long base = segment.file().basePosition();
            List<StreamKey> arrivals = segment.arrivals(told.getOrDefault(base, 0));
            arrivals.stream().filter(key -> SharedCatalog.has(segment, key, manifest)).forEach(each);
            now.put(base, told.getOrDefault(base, 0) + arrivals.size());
            if (base >= newest) {
                newest = base;
                // asked after the arrivals were read: if the segment was completed in between, the next look has the rest
                isNewestComplete = segment.isComplete() && segment.arrivals(now.get(base)).isEmpty();
            }
        }
        told = now;
        isFirst = false;
        return isAll;
    }
}
