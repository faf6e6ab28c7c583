package dev.streamwal.walk;

import dev.streamwal.catalog.SegmentCatalog;
import dev.streamwal.catalog.SegmentChain;
import dev.streamwal.segment.Segment;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Which segment of a stream follows which, listed anew where none is known to. One thread. */
final class SegmentSequence {

    private final SegmentCatalog catalog;
    private SegmentChain chain;

    SegmentSequence(SegmentCatalog catalog) {
        this.catalog = catalog;
        this.chain = catalog.chain();
    }

    /** The stream's. */
    String key() {
        return catalog.key().text();
    }

    /** Of the stream's segments. */
    SegmentCatalog catalog() {
        return catalog;
    }

    /** The first segment that begins behind the position; null where there is none, for now. */
    @Nullable Segment after(long position) throws IOException {
        Segment known = chain.after(position);
        return known != null ? known : listedAfter(position);
    }

    /**
     * Where a walk goes on that has left a segment; null where it doesn't, for now. It may begin before the position.
     *
     * @see SegmentChain#joined
     */
    @Nullable Segment next(long base, long position, @Nullable Segment left) throws IOException {
        Segment known = listedNext(base, position, left);
        if (known != null) {
            return known;
        }
        chain = catalog.refresh();
        return listedNext(base, position, left);
    }

    private @Nullable Segment listedNext(long base, long position, @Nullable Segment left) {
        Segment joined = chain.joined(base, position, left);
        return joined == null ? chain.after(base) : joined;
    }

    /** As {@link SegmentChain#joined}, of the segments that were listed last. */
    @Nullable Segment joined(long base, long position, @Nullable Segment left) {
        return chain.joined(base, position, left);
    }

    /** As {@link #after}, by a list made now. */
    @Nullable Segment listedAfter(long position) throws IOException {
        chain = catalog.refresh();
        return chain.after(position);
    }

    /** The last segment that begins before the position; null where there is none. */
    @Nullable Segment before(long position) {
        int index = chain.floor(position - 1);
        return index < 0 ? null : chain.get(index);
    }

    /** As {@link #before}, by a list made now. */
    @Nullable Segment listedBefore(long position) throws IOException {
        chain = catalog.refresh();
        return before(position);
    }

    /** Lists the stream anew, for whoever doubts what was listed. */
    void refresh() throws IOException {
        chain = catalog.refresh();
    }

    /** Where the oldest segment that was listed begins; the position given where there is none. */
    long firstPosition(long otherwise) {
        return chain.size() == 0 ? otherwise : chain.get(0).basePosition();
    }

    /** Whether a segment that begins at or before the position was listed. */
    boolean knowsUpTo(long position) {
        return chain.floor(position) >= 0;
    }

    /** Whether a segment that begins at the position was listed last. */
    boolean knows(long position) {
        int index = chain.floor(position);
        return index >= 0 && chain.get(index).basePosition() == position;
    }

    /** Whether a segment that begins behind the position is known already. */
    boolean knowsAfter(long position) {
        return chain.after(position) != null;
    }
}
