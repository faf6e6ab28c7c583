package dev.streamwal.catalog;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The catalogs that are kept for later calls, up to a number of segments of all streams together. Beyond that number, it drops the catalogs that were added, or
 * last checked for deletion, longest ago; their streams are listed again when they are asked for. Thread-safe.
 */
final class KeptCatalogs {

    /**
     * For each new catalog, this many of the others are checked in turn, and dropped if their streams had files of their own only, and were deleted. With two
     * checks per new catalog, the number of such catalogs never gets much above twice the number of streams, however many come and go. Whether a stream in
     * shared segments or packs has gone, only a listing would tell: its catalog stays until others take its place.
     */
    private static final int LOOKS_PER_CATALOG = 2;

    /** Heap that a segment takes, with its places in the lists: measured 320 bytes if it is only listed, 650 if it was read in a pack. */
    private static final int BYTES_PER_SEGMENT = 650;

    /** Heap of a catalog besides its segments, counted as segments. */
    private static final int FIXED_SEGMENTS = 2;

    /** The catalogs get one part in this many of the heap, which is mostly the program's. */
    private static final int SHARE_OF_HEAP = 16;

    private final long maxSegments;
    private final Map<String, Kept> catalogs = new ConcurrentHashMap<>();
    /** The catalogs in the order in which they were added or last checked, the latest at the end; among them some that were dropped since. */
    private final Queue<Kept> inTurn = new ConcurrentLinkedQueue<>();
    private final AtomicLong segments = new AtomicLong();

    private static final class Kept {

        final String key;
        /** Null once it was dropped; its place in the queue stays for a while. */
        private volatile @Nullable SegmentCatalog catalog;
        @GuardedBy("this")
        private long counted;

        Kept(SegmentCatalog catalog) {
            this.key = catalog.key().text();
            this.catalog = catalog;
        }

        /** The growth since the last count; after {@link #drop} there is none any more. */
        synchronized long growth() {
            long before = counted;
            SegmentCatalog kept = catalog;
            counted = kept == null ? 0 : FIXED_SEGMENTS + kept.chain().size();
            return counted - before;
        }

        /** Null if it was dropped before. */
        synchronized @Nullable SegmentCatalog drop() {
            SegmentCatalog dropped = catalog;
            catalog = null;
            return dropped;
        }
    }

    /** As many segments as fit in the catalogs' part of the heap. */
    KeptCatalogs() {
        this(Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP / BYTES_PER_SEGMENT);
    }

    KeptCatalogs(long maxSegments) {
        this.maxSegments = maxSegments;
    }

    /** Whether so many catalogs can be kept, if each has one segment. */
    boolean keeps(int streams) {
        return streams <= maxSegments / (FIXED_SEGMENTS + 1);
    }

    /** Null if it isn't kept. */
    @Nullable SegmentCatalog get(String key) {
        Kept kept = catalogs.get(key);
        return kept == null ? null : kept.catalog;
    }

    /** Keeps it, unless there is one of its stream; returns the one that is kept. */
    SegmentCatalog keep(SegmentCatalog listed) {
        Kept kept = new Kept(listed);
        Kept other = catalogs.putIfAbsent(kept.key, kept);
        if (other != null) {
            // null if another thread drops it just now
            return Objects.requireNonNullElse(other.catalog, listed);
        }
        dropSomeThatAreGone();
        inTurn.add(kept);
        count(kept);
        return listed;
    }

    /** As {@link #keep}, but drops a kept catalog of the stream that was listed by another state of the packs. */
    void keepInstead(SegmentCatalog listed) {
        SegmentCatalog kept = get(listed.key().text());
        if (kept != null && !kept.hasSamePacks(listed)) {
            remove(listed.key().text());
            kept = null;
        }
        if (kept == null) {
            SegmentCatalog unused = keep(listed);
        }
    }

    /** Called after a catalog was listed again, and may have grown. */
    void listed(SegmentCatalog catalog) {
        Kept kept = catalogs.get(catalog.key().text());
        if (kept != null && kept.catalog == catalog) {
            count(kept);
        }
    }

    /** Called if the stream has no segment. */
    void remove(String key) {
        Kept kept = catalogs.get(key);
        if (kept != null) {
            SegmentCatalog unused = drop(kept);
        }
    }

    private void count(Kept kept) {
        long now = segments.addAndGet(kept.growth());
        while (now > maxSegments) {
            Kept eldest = inTurn.poll();
            if (eldest == null) {
                return;
            }
            SegmentCatalog dropped = drop(eldest);
            if (dropped != null) {
                // nothing would notice that the files are deleted, and an open file keeps its space
                dropped.forgetFiles();
            }
            now = segments.get();
        }
    }

    /** Null if another thread dropped it before. */
    private @Nullable SegmentCatalog drop(Kept kept) {
        catalogs.remove(kept.key, kept);
        SegmentCatalog dropped = kept.drop();
        segments.addAndGet(kept.growth());
        return dropped;
    }

    private void dropSomeThatAreGone() {
        for (int i = 0; i < LOOKS_PER_CATALOG; i++) {
            Kept each = inTurn.poll();
            if (each == null) {
                return;
            }
            SegmentCatalog catalog = each.catalog;
            if (catalog == null || catalog.isGone()) {
                SegmentCatalog unused = drop(each);
            } else {
                inTurn.add(each);
            }
        }
    }

    int size() {
        return catalogs.size();
    }

    /** Segments of the kept catalogs, as counted last, with those that stand for each catalog's own heap. */
    long segments() {
        return segments.get();
    }
}
