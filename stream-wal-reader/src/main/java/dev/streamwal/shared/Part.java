package dev.streamwal.shared;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.segment.Segment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What one stream has in a shared segment of one window, without a gap: a segment of the stream, whose records stand between others'. Grows
 * while the shared segment is walked. Guarded by that.
 */
final class Part {

    private static final int FIRST_ROOM = 2;

    private final StreamParts stream;
    private final Window window;
    private final long expirationMillis;
    private final long base;
    private long previousEnd;
    private final boolean isFirst;
    private final boolean isBehindHole;
    private final SegmentHeader shared;
    private final long salt;

    private int count;
    private boolean isCut;
    private boolean isGone;
    /** Whether what may be missing before it was left out, and is missed nowhere. */
    private boolean isJoined;
    /** Where in the shared segment each frame's record begins. */
    private int[] places = new int[FIRST_ROOM];
    /** Where in the part each frame begins, and behind them, where the last one ends. */
    private int[] offsets = new int[FIRST_ROOM + 1];

    /** The stream's part behind this one. */
    private @Nullable Part next;
    private @Nullable SharedPart shown;

    /**
     * Without frames.
     *
     * @param isBehindHole whether records may have been left out before it in the shared segment
     * @param shared header of the shared segment
     */
    Part(StreamParts stream, Window window, long expirationMillis, long base, long previousEnd, boolean isFirst, boolean isBehindHole,
            SegmentHeader shared) {
        this.stream = stream;
        this.window = window;
        this.expirationMillis = expirationMillis;
        this.base = base;
        this.previousEnd = previousEnd;
        this.isFirst = isFirst;
        this.isBehindHole = isBehindHole;
        this.shared = shared;
        this.salt = stream.key().salt();
        offsets[0] = SegmentHeaderLayout.headerLength(stream.utf8().length);
    }

    @Nullable Part next() {
        return next;
    }

    void next(@Nullable Part newNext) {
        next = newNext;
    }

    /** As a segment of the stream, always the same one. */
    SharedPart shown(SharedSegment segment, Segment.Moves moves) {
        if (shown == null) {
            shown = new SharedPart(segment, this, moves);
        }
        return shown;
    }

    void add(int place, int frameBytes) {
        if (count == places.length) {
            places = Arrays.copyOf(places, 2 * count);
            offsets = Arrays.copyOf(offsets, 2 * count + 1);
        }
        places[count] = place;
        offsets[count + 1] = offsets[count] + frameBytes;
        count++;
    }

    /** The stream's data before it ended no further than that. */
    void join(long end) {
        isJoined = true;
        previousEnd = Math.min(previousEnd, end);
    }

    /** Whether a record with this window goes on where it ends. */
    boolean goesOnWith(Window other, long otherExpiration, long position, long otherPreviousEnd) {
        return !isCut && !isGone && window.equals(other) && expirationMillis == otherExpiration && otherPreviousEnd == position && endPosition() == position;
    }

    /** Nothing stands at or behind a position any more. Who has it open reads on as in a file that is deleted, or cut off. */
    void cutFrom(long position) {
        if (position <= base) {
            isGone = true;
            return;
        }
        while (count > 0 && base + offsets[count - 1] - offsets[0] >= position) {
            count--;
            // what comes next must not be written over what somebody reads
            isCut = true;
        }
    }

    boolean isBehindHole() {
        return isBehindHole;
    }

    boolean isJoined() {
        return isJoined;
    }

    /** Whether nothing of it counts. */
    boolean isGone() {
        return isGone;
    }

    StreamKey key() {
        return stream.key();
    }

    /** Of the part's own frames. */
    long salt() {
        return salt;
    }

    /** In the stream, of an offset in the part. */
    long positionAt(int offset) {
        return base + offset - offsets[0];
    }

    /** Of the shared segment. */
    SegmentHeader fileHeader() {
        return shared;
    }

    long base() {
        return base;
    }

    Window window() {
        return window;
    }

    long expirationMillis() {
        return expirationMillis;
    }

    int end() {
        return offsets[count];
    }

    int dataBytes() {
        return end() - offsets[0];
    }

    long endPosition() {
        return base + end() - offsets[0];
    }

    /** As it is now. */
    Frames frames() {
        // only what is behind `count` is written to them after this
        return new Frames(offsets, places, count);
    }

    /**
     * The frames at some time.
     *
     * @param offsets in the part, one more than there are frames
     * @param places in the shared segment
     */
    record Frames(int[] offsets, int[] places, int count) {

        int end() {
            return offsets[count];
        }

        int offset(int frame) {
            return offsets[frame];
        }

        int bytes(int frame) {
            return offsets[frame + 1] - offsets[frame];
        }

        /** The frame that has the offset; {@link #count} behind the end. */
        int at(long offset) {
            if (offset >= end()) {
                return count;
            }
            int found = Arrays.binarySearch(offsets, 0, count, (int) offset);
            return found >= 0 ? found : -found - 2;
        }
    }

    /** As the header of a segment with these frames. */
    SegmentHeader header(Frames frames) {
        int mark = frames.count() == 0 ? 0 : frames.offset(frames.count() - 1);
        return new SegmentHeader(stream.key(), window, expirationMillis, base, previousEnd, shared.incarnation(), salt, shared.createdMillis(),
                shared.capacity(), mark, (isFirst ? SegmentHeaderLayout.FIRST : 0) | (isCut ? SegmentHeaderLayout.CUT : 0));
    }
}
