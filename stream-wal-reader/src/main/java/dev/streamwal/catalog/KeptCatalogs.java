package dev.streamwal.catalog;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The catalogs that are kept for later calls, up to a number of segments of all streams together. Of more, those that weren't looked at for longest are
 * dropped; their streams are listed again when they are asked for. Thread-safe.
 */
final class KeptCatalogs {

    /**
     * For each new catalog, so many of the others are looked at in turn, and dropped if their streams were deleted. With two looks per new catalog,
     * the number of catalogs never gets much above twice the number of streams, however many come and go.
     */
    private static final int LOOKS_PER_CATALOG = 2;

    /** Heap that a segment takes, with its places in the lists: measured 200 to 450 bytes. */
    private static final int BYTES_PER_SEGMENT = 400;

    /** Heap of a catalog besides, in segments. */
    private static final int FIXED_SEGMENTS = 2;

    /** So large a part of the heap, of a program whose heap is mostly its own. */
    private static final int SHARE_OF_HEAP = 16;

    private final long maxSegments;
    private final Map<String, Kept> catalogs = new ConcurrentHashMap<>();
    /** The catalogs in the order of the last look at them, the latest at the end; among them some that were dropped since. */
    private final Queue<Kept> inTurn = new ConcurrentLinkedQueue<>();
    private final AtomicLong segments = new AtomicLong();

    private static final class Kept {

        final SegmentCatalog catalog;
        @GuardedBy("this")
        private long counted;
        @GuardedBy("this")
        private boolean isDropped;

        Kept(SegmentCatalog catalog) {
            this.catalog = catalog;
        }

        /** The growth since the last count; after {@link #drop} there is none any more. */
        synchronized long growth() {
            long before = counted;
            counted = isDropped ? 0 : FIXED_SEGMENTS + catalog.chain().size();
            return counted - before;
        }

        synchronized void drop() {
            isDropped = true;
        }
    }

    /** As many as a part of the heap takes. */
    KeptCatalogs() {
        this(Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP / BYTES_PER_SEGMENT);
    }

    KeptCatalogs(long maxSegments) {
        this.maxSegments = maxSegments;
    }

    /** Null where it isn't kept. */
    @Nullable SegmentCatalog get(String key) {
        Kept kept = catalogs.get(key);
        return kept == null ? null : kept.catalog;
    }

    /** Keeps it, unless there is one of its stream; returns the one that is kept. */
    SegmentCatalog keep(SegmentCatalog listed) {
        Kept kept = new Kept(listed);
        Kept other = catalogs.putIfAbsent(listed.key().text(), kept);
        if (other != null) {
            return other.catalog;
        }
        dropSomeThatAreGone();
        inTurn.add(kept);
        count(kept);
        return listed;
    }

    /** As {@link #keep}, but where there is one of its stream that is of other segments in packs, that one is dropped. */
    void keepInstead(SegmentCatalog listed) {
        Kept kept = catalogs.get(listed.key().text());
        if (kept != null && !kept.catalog.hasSamePacks(listed)) {
            drop(kept);
            kept = null;
        }
        if (kept == null) {
            SegmentCatalog unused = keep(listed);
        }
    }

    /** Called where a catalog was listed again, and may have grown. */
    void listed(SegmentCatalog catalog) {
        Kept kept = catalogs.get(catalog.key().text());
        if (kept != null && kept.catalog == catalog) {
            count(kept);
        }
    }

    /** Called where the stream has no segment. */
    void remove(String key) {
        Kept kept = catalogs.get(key);
        if (kept != null) {
            drop(kept);
        }
    }

    private void count(Kept kept) {
        long now = segments.addAndGet(kept.growth());
        while (now > maxSegments) {
            Kept eldest = inTurn.poll();
            if (eldest == null) {
                return;
            }
            if (drop(eldest)) {
                // nobody would notice that they are deleted, and an open file keeps its space
                eldest.catalog.forgetFiles();
            }
            now = segments.get();
        }
    }

    private boolean drop(Kept kept) {
        boolean isHere = catalogs.remove(kept.catalog.key().text(), kept);
        kept.drop();
        segments.addAndGet(kept.growth());
        return isHere;
    }

    private void dropSomeThatAreGone() {
        for (int i = 0; i < LOOKS_PER_CATALOG; i++) {
            Kept each = inTurn.poll();
            if (each == null) {
                return;
            }
            if (catalogs.get(each.catalog.key().text()) == each && !(each.catalog.isGone() && drop(each))) {
                inTurn.add(each);
            }
        }
    }

    /** How many are kept. */
    int size() {
        return catalogs.size();
    }

    /** How many segments the kept ones have, as counted last, with those that a catalog itself counts for. */
    long segments() {
        return segments.get();
    }
}
