package dev.streamwal.catalog;

import dev.streamwal.format.StreamKey;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.shared.SharedSegment;
import java.io.IOException;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ObjLongConsumer;

/**
 * Tells which streams have got records in shared segments since the look before; at the first look, which streams have records there. One thread.
 *
 * <p><b>Why no record is missed.</b> A shared segment has its records in the order in which they came, and each look walks on from the end of the look before.
 * If a segment was packed between two looks, {@link SharedProgress} says so, and every stream may have got records.
 */
public final class SharedArrivals {

    /** How many arrivals of each segment were told up to the last look. A segment that was walked anew counts them anew. */
    private Map<SharedSegment, Integer> told = new IdentityHashMap<>();
    private final SharedProgress progress;

    /** Begins with the next look. */
    public SharedArrivals(LogSource log) {
        this.progress = new SharedProgress(log, null);
    }

    /**
     * Takes a look.
     *
     * @param each gets each stream that has got records, some more than once, the oldest first, and where its records in one shared segment end
     * @param deleted gets, instead, a stream of whose records in the segment none counts any more, and where they ended
     * @return false if other streams may have got records, too
     */
    public boolean look(ObjLongConsumer<StreamKey> each, ObjLongConsumer<StreamKey> deleted) throws IOException {
        return progress.look((manifest, live) -> look(manifest, live, each, deleted));
    }

    /** What is known of records that no look has seen. */
    public SharedProgress progress() {
        return progress;
    }

    private void look(Manifest manifest, List<SharedSegment> live, ObjLongConsumer<StreamKey> each, ObjLongConsumer<StreamKey> deleted)
            throws IOException {
        Map<SharedSegment, Integer> now = new IdentityHashMap<>();
        for (SharedSegment segment : live) {
            List<StreamKey> arrivals = segment.arrivals(told.getOrDefault(segment, 0));
            for (StreamKey key : arrivals) {
                long end = SharedCatalog.end(segment, key, manifest);
                if (end >= 0) {
                    each.accept(key, end);
                } else {
                    deleted.accept(key, segment.seenTo(key));
                }
            }
            now.put(segment, told.getOrDefault(segment, 0) + arrivals.size());
        }
        // asked after the arrivals were read: the next look has those that came in between
        progress.looked(live, segment -> segment.arrivals(now.getOrDefault(segment, 0)).isEmpty());
        told = now;
    }
}
