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
 * Tells which streams something has come of in shared segments, look by look; at the first look, of which there is something. What doesn't count
 * any more by then isn't told of. One thread.
 *
 * <p><b>Why nothing is missed.</b> A shared segment has its records in the order in which they came, and is walked on where the look before ended.
 * One that was packed between two looks isn't walked any more; {@link Manifest#sharedBelow} tells that there was one, and then every stream is one
 * that something may have come of.
 */
public final class SharedArrivals {

    private static final long NONE = -1;

    private final LogSource log;
    /** How much was told of those that there were at the last look, by base position. */
    private Map<Long, Integer> told = new HashMap<>();
    /** Base position of the newest segment that was looked at, and whether that was to its end. */
    private long newest = NONE;
    private boolean isNewestComplete;
    private boolean isFirst = true;

    /** Of a log, from now on. */
    public SharedArrivals(LogSource log) {
        this.log = log;
    }

    /**
     * Looks.
     *
     * @param each is told of each stream that something has come of, some more than once
     * @return false where something may have come of others, too
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
                // asked behind the arrivals: it may have been completed since, and then the next look has the rest
                isNewestComplete = segment.isComplete() && segment.arrivals(now.get(base)).isEmpty();
            }
        }
        told = now;
        isFirst = false;
        return isAll;
    }
}
