package dev.streamwal.reader;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** The ranges that a consumer has lost, disjoint within each stream; at most {@link #MAX_RANGES}. Thread-safe. */
final class LostRanges {

    /** The limit of a recovery's report, too. */
    static final int MAX_RANGES = 10_000;

    private static final NavigableMap<Long, Long> NONE = Collections.emptyNavigableMap();

    /** By key, the end of each range by its beginning. */
    @GuardedBy("this")
    private final NavigableMap<String, NavigableMap<Long, Long>> ranges = new TreeMap<>();
    @GuardedBy("this")
    private int count;
    @GuardedBy("this")
    private boolean truncated;

    /** Adds a range; ranges that touch become one. A range beyond the limit is left out. */
    synchronized void add(String key, long from, long to) {
        NavigableMap<Long, Long> ofStream = ranges.computeIfAbsent(key, any -> new TreeMap<>());
        long start = from;
        long end = to;
        for (Map.Entry<Long, Long> last = ofStream.floorEntry(end); last != null && last.getValue() >= start;
                last = ofStream.floorEntry(end)) {
            start = Math.min(start, last.getKey());
            end = Math.max(end, last.getValue());
            ofStream.remove(last.getKey());
            count--;
        }
        if (count == MAX_RANGES) {
            truncated = true;
            ranges.remove(key, NONE);
        } else {
            ofStream.put(start, end);
            count++;
        }
    }

    /** The end of the range that begins at a position; the position itself if none begins there. */
    synchronized long behind(String key, long position) {
        return ranges.getOrDefault(key, NONE).getOrDefault(position, position);
    }

    /** By key, then by position. */
    synchronized List<LostRange> list() {
        List<LostRange> list = new ArrayList<>(count);
        ranges.forEach((key, ofStream) -> ofStream.forEach((from, to) -> list.add(new LostRange(key, from, to))));
        return list;
    }

    /** Whether some were left out. */
    synchronized boolean isTruncated() {
        return truncated;
    }
}
