package dev.streamwal.shared;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.segment.SegmentSummary;
import dev.streamwal.segment.TimeRange;
import org.jspecify.annotations.Nullable;

/**
 * The records that one stream has in shared segments, of one window and without a gap: a segment of the stream, whose records stand between those
 * of other streams. Grows while the shared segments are walked. There are as many parts as streams, so a part has no list or array: its frames are in
 * the index's {@link FrameTable}. Guarded by the index.
 */
final class Part {

    /** Of {@link #mostLateMillis()}: nothing is known of the order of times. */
    static final int UNORDERED = Integer.MAX_VALUE;

    private final StreamParts stream;
    private final Window window;
    private final long expirationMillis;
    private final long base;
    private long previousEnd;
    private final boolean isFirst;
    private final boolean isBehindHole;
    private final boolean isAfterDamage;
    private final SegmentHeader shared;

    private int count;
    private int dataBytes;
    private int firstFrame = FrameTable.NONE;
    private int lastFrame = FrameTable.NONE;
    /** Number of the shared segment in which its last frame stands. */
    private int lastSegment;
    private long smallestMillis = SegmentIndex.NO_SMALLEST;
    private long largestMillis = SegmentIndex.NO_LARGEST;
    /** See {@link #mostLateMillis()}. */
    private int mostLateMillis;
    private boolean isCut;
    private boolean isGone;
    /** Whether a gap before it is no loss: the records there were left out, and don't count as missing. */
    private boolean isJoined;

    /** The stream's part behind this one. */
    private @Nullable Part next;
    private @Nullable PartPlace place;

    /**
     * A part without frames.
     *
     * @param window the same object for most parts
     * @param isBehindHole whether records may have been left out before it in the shared segment
     * @param isAfterDamage whether records before it may be missing because they were damaged
     * @param shared header of the shared segment in which it begins
     */
    Part(StreamParts stream, Window window, long expirationMillis, long base, long previousEnd, boolean isFirst, boolean isBehindHole,
            boolean isAfterDamage, SegmentHeader shared) {
        this.stream = stream;
        this.window = window;
        this.expirationMillis = expirationMillis;
        this.base = base;
        this.previousEnd = previousEnd;
        this.isFirst = isFirst;
        this.isBehindHole = isBehindHole;
        this.isAfterDamage = isAfterDamage;
        this.shared = shared;
    }

    @Nullable Part next() {
        return next;
    }

    void next(@Nullable Part newNext) {
        next = newNext;
    }

    /** The part as a segment of the stream, always the same instance. */
    SharedPart shown(SharedSegment segment) {
        if (place == null) {
            place = new PartPlace(segment, this);
        }
        return place.segment();
    }

    /** Adds a data record. */
    void add(FrameTable frames, int place, int frameBytes, long timestampMillis) {
        append(frames, place, frameBytes);
        noteLate(timestampMillis);
        smallestMillis = Math.min(smallestMillis, timestampMillis);
        largestMillis = Math.max(largestMillis, timestampMillis);
    }

    /** Adds a frame that isn't a data record. */
    void add(FrameTable frames, int place, int frameBytes) {
        append(frames, place, frameBytes);
        mostLateMillis = UNORDERED;
    }

    private void noteLate(long timestampMillis) {
        if (timestampMillis < largestMillis) {
            long late = largestMillis - timestampMillis;
            // negative if it is more than a long holds
            mostLateMillis = late < 0 || late > UNORDERED ? UNORDERED : Math.max(mostLateMillis, (int) late);
        }
    }

    private void append(FrameTable frames, int place, int frameBytes) {
        int added = frames.add(place, frameBytes);
        if (count == 0) {
            firstFrame = added;
        } else {
            frames.follows(lastFrame, added);
        }
        lastFrame = added;
        lastSegment = FrameTable.segment(place);
        dataBytes += frameBytes;
        count++;
    }

    /** Sets the end of the stream's data before this part to {@code end}, if that is lower: then nothing counts as missing before this part. */
    void join(long end) {
        isJoined = true;
        previousEnd = Math.min(previousEnd, end);
    }

    /** Whether a record with this window continues this part. */
    boolean goesOnWith(Window other, long otherExpiration, long position, long otherPreviousEnd) {
        return !isCut && !isGone && window.equals(other) && expirationMillis == otherExpiration && otherPreviousEnd == position && endPosition() == position;
    }

    /** Removes the frames at or behind a position. A reader that has the part open reads on as in a file that was deleted, or cut. */
    void cutFrom(long position, FrameTable frames) {
        if (position <= base) {
            isGone = true;
            return;
        }
        long at = base;
        int kept = 0;
        int last = firstFrame;
        for (int frame = firstFrame; kept < count && at < position; frame = frames.next(frame)) {
            last = frame;
            at += frames.bytes(frame);
            kept++;
        }
        if (kept < count) {
            // later records must not be added to a part that a reader has open
            isCut = true;
            count = kept;
            lastFrame = last;
            lastSegment = FrameTable.segment(frames.place(last));
            dataBytes = (int) (at - base);
        }
    }

    /**
     * By how much a record's time is before that of one that stands before it, at most: 0 if records stand in the order of their times. {@link #UNORDERED} if
     * that is more than 24 days, or a record is in a batch. It may only become more, with the next record.
     */
    int mostLateMillis() {
        return mostLateMillis;
    }

    boolean isBehindHole() {
        return isBehindHole;
    }

    boolean isAfterDamage() {
        return isAfterDamage;
    }

    boolean isJoined() {
        return isJoined;
    }

    /** Whether none of its records counts. */
    boolean isGone() {
        return isGone;
    }

    StreamKey key() {
        return stream.key();
    }

    int keyLength() {
        return stream.keyLength();
    }

    /** Header of the shared segment in which it begins. */
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

    /** Number of its frames. */
    int count() {
        return count;
    }

    int firstFrame() {
        return firstFrame;
    }

    /** Number of the shared segment in which its last frame stands. */
    int lastSegment() {
        return lastSegment;
    }

    int headerLength() {
        return SegmentHeaderLayout.headerLength(keyLength());
    }

    int end() {
        return headerLength() + dataBytes;
    }

    int dataBytes() {
        return dataBytes;
    }

    long endPosition() {
        return base + dataBytes;
    }

    /** Null if records were cut off: then the records that are left have to be read. */
    @Nullable SegmentSummary summary() {
        // a batch begins with a frame that isn't a record
        long records = mostLateMillis == UNORDERED ? SegmentSummary.UNKNOWN : count;
        return isCut || isGone ? null : new SegmentSummary(end(), records, endPosition(), smallestMillis, largestMillis);
    }

    /** Whether none of its records is in the range, and none will be; false if that isn't known. The stream's records come to its last part only. */
    boolean isOutside(TimeRange range) {
        SegmentSummary all = next == null ? null : summary();
        return all != null && !range.overlaps(all.smallestTimestampMillis(), all.largestTimestampMillis());
    }

    /** The header of a segment with its current frames. */
    SegmentHeader header(FrameTable frames) {
        return header(key(), count == 0 ? 0 : end() - frames.bytes(lastFrame));
    }

    /** The header of a segment whose last frame begins at {@code mark}; 0 if it has no frames. */
    SegmentHeader header(StreamKey key, int mark) {
        int flags = (isFirst ? SegmentHeaderLayout.FIRST : 0) | (isCut ? SegmentHeaderLayout.CUT : 0)
                | (isAfterDamage ? SegmentHeaderLayout.AFTER_DAMAGE : 0);
        return new SegmentHeader(key, window, expirationMillis, base, previousEnd, shared.incarnation(), key.salt(), shared.createdMillis(),
                shared.capacity(), mark, flags);
    }
}
