package dev.streamwal.catalog;

import dev.streamwal.segment.Segment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A stream's segments as they were listed, in order of position. Immutable. */
public final class ListedSegments {

    static final ListedSegments EMPTY = new ListedSegments(List.of());

    private final Segment[] segments;
    private final long[] basePositions;

    ListedSegments(List<Segment> sorted) {
        this.segments = sorted.toArray(new Segment[0]);
        this.basePositions = new long[segments.length];
        for (int i = 0; i < segments.length; i++) {
            basePositions[i] = segments[i].basePosition();
        }
    }

    public int size() {
        return segments.length;
    }

    /** In order of position, from 0. */
    public Segment get(int index) {
        return segments[index];
    }

    /** Index of the last segment that begins at or before the position; -1 if none does. */
    public int floor(long position) {
        int low = 0;
        int high = basePositions.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (basePositions[middle] <= position) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low - 1;
    }

    /**
     * The segment in which a walk goes on after its segment was joined with others.
     *
     * <p><b>Joined segments.</b> Merging packs joins consecutive segments of a stream that uses shared segments ({@code PackWriter}), until the joined segment
     * is full; so an old segment may also be divided between two. A walk that has read a segment to its end may then find the next records in a segment that
     * begins at or before the one it has read: it goes on in the middle of that segment. A walk with the old list may also have read more than the list says,
     * because the segment it had open had grown since; it goes on after what it has read. Positions decide all cases: a record's position never changes, and no
     * position is given twice. A segment of an older list can't be opened once it has moved. So no walk enters such a segment and goes on by a list in which
     * the segment ends elsewhere.
     *
     * @param base where the segment that the walk left began
     * @param position up to which everything has been read
     * @param left the segment that the walk left; null if it isn't known
     * @return null if the stream goes on in a segment that begins after the one that was left
     */
    public @Nullable Segment joined(long base, long position, @Nullable LeftSegment left) {
        int index = floor(position);
        Segment around = index < 0 ? null : segments[index];
        return around instanceof PackedSegment packed && packed.basePosition() <= base && packed.listedEnd() > position
                && isNewer(packed, base, left) ? packed : null;
    }

    /**
     * Whether it replaces the segment that was left. Else it is the older one: the stream was cut, so the segment that was left is shorter, and may be a part
     * of the older one.
     */
    private static boolean isNewer(PackedSegment around, long base, @Nullable LeftSegment left) {
        if (left == null) {
            return around.basePosition() < base;
        }
        return !left.isPacked() || around.packNumber() > left.packNumber()
                || (around.packNumber() == left.packNumber() && around.listedEnd() > left.listedEnd());
    }

    /**
     * The segment that now has the beginning of one that was listed before and whose file has gone; null if that was deleted. The rest may be in the segments
     * behind it, and all may be joined with records before and behind. So a walk that goes on looks for its segment by its own position.
     */
    public @Nullable Segment movedTo(Segment gone) {
        int index = floor(gone.basePosition());
        Segment now = index < 0 ? gone : segments[index];
        boolean isThere = now.basePosition() == gone.basePosition() || now.listedEnd() > gone.basePosition();
        return isThere && !now.equals(gone) ? now : null;
    }

    /** The first segment that begins after the position; null if none does. */
    public @Nullable Segment after(long position) {
        int index = floor(position) + 1;
        return index < segments.length ? segments[index] : null;
    }

    /** Where the segment after this one begins; {@link Long#MAX_VALUE} if there is none. */
    public long nextBase(int index) {
        return index + 1 < basePositions.length ? basePositions[index + 1] : Long.MAX_VALUE;
    }
}
