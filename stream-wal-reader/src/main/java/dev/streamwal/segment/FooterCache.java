package dev.streamwal.segment;

import dev.streamwal.format.Footer;
import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Bounds the memory of footers, whose indices let a scan by time skip blocks: the footers found last are kept. A missing footer is read again. The cache
 * doesn't keep a deleted segment in memory. Thread-safe.
 */
public final class FooterCache {

    /** At 20 bytes each, 20 MiB: the indices of 64 GiB of segments, or of 60,000 small ones. */
    static final int MAX_BLOCKS = 1 << 20;

    /** Memory of a footer without its blocks, in blocks. */
    private static final int FIXED_BLOCKS = 16;

    private record Kept(WeakReference<Segment> segment, WeakReference<Footer> footer, int blocks) {

        static Kept of(Segment segment, Footer footer) {
            return new Kept(new WeakReference<>(segment), new WeakReference<>(footer), footer.index().blocks() + FIXED_BLOCKS);
        }

        void forget() {
            Segment there = segment.get();
            Footer known = footer.get();
            if (there != null && known != null) {
                there.forget(known);
            }
        }
    }

    private final int maxBlocks;
    private final Deque<Kept> eldestFirst = new ArrayDeque<>();
    private long blocks;

    /** A cache for all segments of a log. */
    public FooterCache() {
        this(MAX_BLOCKS);
    }

    FooterCache(int maxBlocks) {
        this.maxBlocks = maxBlocks;
    }

    /** Lets the segment keep its footer until newer footers evict it. */
    synchronized void keep(Segment segment, Footer footer) {
        segment.footerIs(footer);
        Kept kept = Kept.of(segment, footer);
        eldestFirst.add(kept);
        blocks += kept.blocks();
        while (blocks > maxBlocks && eldestFirst.size() > 1) {
            Kept eldest = eldestFirst.remove();
            blocks -= eldest.blocks();
            eldest.forget();
        }
    }
}
