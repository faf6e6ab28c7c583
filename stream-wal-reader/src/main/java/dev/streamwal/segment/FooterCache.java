package dev.streamwal.segment;

import dev.streamwal.format.Footer;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Bounds what is kept in memory of footers, whose indices make a scan by time skip what it needn't read: those found last are kept. An
 * index is read again when it is missed. Thread-safe.
 */
public final class FooterCache {

    /** At 20 bytes each, 20 MiB: the indices of 64 GiB of segments, or of 60,000 small ones. */
    static final int MAX_BLOCKS = 1 << 20;

    /** What a footer takes beside its blocks, in blocks. */
    private static final int FIXED_BLOCKS = 16;

    private record Kept(Segment segment, Footer footer) {
        int blocks() {
            return footer.index().blocks() + FIXED_BLOCKS;
        }
    }

    private final int maxBlocks;
    private final Deque<Kept> eldestFirst = new ArrayDeque<>();
    private long blocks;

    /** For all of a log's segments. */
    public FooterCache() {
        this(MAX_BLOCKS);
    }

    FooterCache(int maxBlocks) {
        this.maxBlocks = maxBlocks;
    }

    /** Lets the segment keep its footer until others take its room. */
    synchronized void keep(Segment segment, Footer footer) {
        segment.footerIs(footer);
        Kept kept = new Kept(segment, footer);
        eldestFirst.add(kept);
        blocks += kept.blocks();
        while (blocks > maxBlocks && eldestFirst.size() > 1) {
            Kept eldest = eldestFirst.remove();
            blocks -= eldest.blocks();
            eldest.segment.forget(eldest.footer);
        }
    }
}
