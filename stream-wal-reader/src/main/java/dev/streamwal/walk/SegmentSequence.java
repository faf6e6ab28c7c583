package dev.streamwal.walk;

import dev.streamwal.catalog.SegmentCatalog;
import dev.streamwal.catalog.SegmentChain;
import dev.streamwal.segment.Segment;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The order of a stream's segments; listed anew where no following segment is known. One thread. */
final class SegmentSequence {

    private final SegmentCatalog catalog;
    private SegmentChain chain;

    SegmentSequence(SegmentCatalog catalog) {
        this.catalog = catalog;
        this.chain = catalog.chain();
    }

    /** The stream's key. */
    String key() {
        return catalog.key().text();
    }

    /** Of the stream's segments. */
    SegmentCatalog catalog() {
        return catalog;
    }

    /** The first segment that begins after the position; null where there is none, for now. */
    @Nullable Segment after(long position) throws IOException {
        Segment known = chain.after(position);
        return known != null ? known : listedAfter(position);
    }

    /**
     * The segment in which a walk goes on that has left another; null where there is none, for now. It may begin before the position.
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

    /** As {@link SegmentChain#joined}, for the segments as listed last. */
    @Nullable Segment joined(long base, long position, @Nullable Segment left) {
        return chain.joined(base, position, left);
    }

    /** As {@link #after}, by a new listing. */
    @Nullable Segment listedAfter(long position) throws IOException {
        chain = catalog.refresh();
        return chain.after(position);
    }

    /** The last segment that begins before the position; null where there is none. */
    @Nullable Segment before(long position) {
        int index = chain.floor(position - 1);
        return index < 0 ? null : chain.get(index);
    }

    /** Lists the stream anew, where the last listing may be out of date. */
    void refresh() throws IOException {
        chain = catalog.refresh();
    }

    /** Where the oldest listed segment begins; the given position where there is none. */
    long firstPosition(long otherwise) {
        return chain.size() == 0 ? otherwise : chain.get(0).basePosition();
    }

    /** Whether no segment is listed. */
    boolean isEmpty() {
        return chain.size() == 0;
    }

    /** Whether a listed segment begins at or before the position. */
    boolean knowsUpTo(long position) {
        return chain.floor(position) >= 0;
    }

    /** Whether a listed segment begins at the position. */
    boolean knows(long position) {
        int index = chain.floor(position);
        return index >= 0 && chain.get(index).basePosition() == position;
    }

    /**
     * Whether the records of a segment that was listed before, and whose file has gone, are in another segment by the last listing: in a pack, or in
     * another pack. There they may be joined with those before or behind them, or be divided between two segments. So a walk looks by its position
     * for the segment that it goes on in.
     */
    boolean hasMoved(Segment gone) {
        return movedTo(gone) != null;
    }

    /** The segment that has the beginning of one that {@linkplain #hasMoved has moved}; null where it hasn't. */
    @Nullable Segment movedTo(Segment gone) {
        int index = chain.floor(gone.basePosition());
        Segment now = index < 0 ? gone : chain.get(index);
        boolean isThere = now.basePosition() == gone.basePosition() || now.listedEnd() > gone.basePosition();
        return isThere && !now.equals(gone) ? now : null;
    }

    /** Whether a listed segment begins after the position. */
    boolean knowsAfter(long position) {
        return chain.after(position) != null;
    }
}
