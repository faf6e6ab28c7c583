package dev.streamwal.source;

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

    /** The first segment that begins behind the position; null where there is none, for now. */
    @Nullable Segment after(long position) throws IOException {
        Segment known = chain.after(position);
        return known != null ? known : listedAfter(position);
    }

    /** As {@link #after}, by a list made now. */
    @Nullable Segment listedAfter(long position) throws IOException {
        chain = catalog.refresh();
        return chain.after(position);
    }

    /** Whether a segment that begins at or before the position was listed. */
    boolean knowsUpTo(long position) {
        return chain.floor(position) >= 0;
    }

    /** Whether a segment that begins behind the position is known already. */
    boolean knowsAfter(long position) {
        return chain.after(position) != null;
    }
}
