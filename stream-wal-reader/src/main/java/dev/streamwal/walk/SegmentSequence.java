package dev.streamwal.walk;

import dev.streamwal.catalog.LeftSegment;
import dev.streamwal.catalog.ListedSegments;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SegmentCatalog;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.segment.Segment;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;

/** The order of a stream's segments; listed anew if no following segment is known. One thread. */
final class SegmentSequence {

    private static final long UNKNOWN = -1;

    /** A segment moves once into a pack, and into another one when packs are merged. */
    private static final int MAX_LISTINGS = 16;

    private final LogSource log;
    private final SegmentCatalog catalog;
    private ListedSegments chain;

    SegmentSequence(LogSource log, SegmentCatalog catalog) {
        this.log = log;
        this.catalog = catalog;
        this.chain = catalog.chain();
    }

    String key() {
        return catalog.key().text();
    }

    SegmentCatalog catalog() {
        return catalog;
    }

    /** The first segment that begins after the position; null if there is none, for now. */
    @Nullable Segment after(long position) throws IOException {
        Segment known = chain.after(position);
        return known != null ? known : listedAfter(position);
    }

    /**
     * The segment in which a walk goes on after it has left another; null if there is none, for now. It may begin before the position.
     *
     * @see ListedSegments#joined
     */
    @Nullable Segment next(long base, long position, @Nullable LeftSegment left) throws IOException {
        Segment known = listedNext(base, position, left);
        if (known != null) {
            return known;
        }
        refresh();
        return listedNext(base, position, left);
    }

    private @Nullable Segment listedNext(long base, long position, @Nullable LeftSegment left) {
        Segment joined = chain.joined(base, position, left);
        return joined == null ? chain.after(base) : joined;
    }

    /** As {@link ListedSegments#joined}, for the segments as listed last. */
    @Nullable Segment joined(long base, long position, @Nullable LeftSegment left) {
        return chain.joined(base, position, left);
    }

    /** As {@link #after}, by a new listing. */
    @Nullable Segment listedAfter(long position) throws IOException {
        refresh();
        return chain.after(position);
    }

    /** The last segment that begins before the position; null if there is none. */
    @Nullable Segment before(long position) {
        int index = chain.floor(position - 1);
        return index < 0 ? null : chain.get(index);
    }

    /** Lists the stream anew, if the last listing may be out of date. */
    void refresh() throws IOException {
        ListedSegments before = chain;
        chain = catalog.refresh();
        if (chain != before) {
            // a walk mustn't go on in another log's segments
            log.checkNotReplaced();
        }
    }

    /** Where the oldest listed segment begins; the given position if there is none. */
    long firstPosition(long otherwise) {
        return chain.size() == 0 ? otherwise : chain.get(0).basePosition();
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

    /** As {@link ListedSegments#movedTo}, by the last listing. */
    @Nullable Segment movedTo(Segment gone) {
        return chain.movedTo(gone);
    }

    /** Where the data before a listed segment ended, by the segment's header; -1 if the segment was deleted or can't be read. */
    long previousEnd(Segment segment) throws IOException {
        Segment at = segment;
        for (int listings = 0; listings < MAX_LISTINGS; listings++) {
            try {
                return at.header(log.channels()).previousEnd();
            } catch (NoSuchFileException e) {
                refresh();
                Segment moved = movedTo(at);
                if (moved == null || moved.basePosition() < at.basePosition()) {
                    // the segment was joined with the data before it, so it begins where that data ended
                    return moved == null ? UNKNOWN : at.basePosition();
                }
                at = moved;
            } catch (CorruptSegmentException | UnsupportedFormatException e) {
                return UNKNOWN;
            }
        }
        return UNKNOWN;
    }

    /** Whether a listed segment begins after the position. */
    boolean knowsAfter(long position) {
        return chain.after(position) != null;
    }
}
