package dev.streamwal.tail;

import dev.streamwal.catalog.LogListing;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.lookup.ScanBegin;
import dev.streamwal.segment.Segment;
import dev.streamwal.walk.StreamScan;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Ends of streams, as one listing of all of them tells. A stream that is to begin there rests, and isn't read before it gets records. Most streams of a tail
 * from the end do, and of a consumer that has processed all; opening each of them takes ten times as long.
 *
 * <p><b>Why no record is missed.</b> The listing is newer than the first look at shared segments, and older than the first one at the folder of streams. So a
 * later look finds each record behind such an end.
 */
final class ListedEnds {

    private ListedEnds() {}

    /**
     * By key, the ends of the streams that begin there and share, or are packed.
     *
     * @param beginnings by key; looked for in the order of the keys, as packs have them
     */
    static Map<String, StreamScan.Bookmark> of(LogSource log, Map<String, ScanBegin> beginnings) throws IOException {
        Map<String, ScanBegin> asked = new TreeMap<>(beginnings);
        asked.values().removeIf(beginning -> !(beginning instanceof ScanBegin.End) && beginning.reached().isEmpty());
        Map<String, StreamScan.Bookmark> ends = new HashMap<>();
        if (asked.isEmpty()) {
            return ends;
        }
        LogListing listing = log.listing(asked.keySet());
        for (Map.Entry<String, ScanBegin> each : asked.entrySet()) {
            StreamScan.Bookmark end = end(listing.newestWithoutDirectory(each.getKey()));
            if (end != null && each.getValue().reached().orElse(end.resume()) == end.resume()) {
                ends.put(each.getKey(), end);
            }
        }
        return ends;
    }

    private static StreamScan.@Nullable Bookmark end(@Nullable Segment newest) {
        return newest == null || !newest.isEndListed() ? null : StreamScan.Bookmark.atListedEnd(newest);
    }
}
