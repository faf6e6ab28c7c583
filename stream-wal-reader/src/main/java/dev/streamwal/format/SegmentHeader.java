package dev.streamwal.format;

/**
 * What a segment's header says.
 *
 * @param window the time span that the segment covers; late records may be older, none is newer
 * @param expirationMillis epoch ms from which on the file may be deleted: window end + retention
 * @param basePosition stream position of the first record
 * @param previousEnd stream position where the predecessor's data ends; {@code basePosition} if there is none
 * @param incarnation of the log when this segment was created
 * @param salt random, part of every record's checksum in this file
 * @param createdMillis epoch ms by the writer's clock
 * @param capacity bytes from the file's start that the data may reach
 * @param mark offset of some published record, 0 for none; a hint, not covered by the header's checksum
 * @param featureFlags see {@link SegmentHeaderLayout#FEATURE_FLAGS}
 */
public record SegmentHeader(
        StreamKey key,
        Window window,
        long expirationMillis,
        long basePosition,
        long previousEnd,
        long incarnation,
        long salt,
        long createdMillis,
        int capacity,
        int mark,
        int featureFlags) {

    /** Checks what {@link SegmentHeaderLayout#decode} checks. */
    public SegmentHeader {
        int headerLength = SegmentHeaderLayout.headerLength(key.utf8Length());
        if (expirationMillis < 0 || basePosition < 0 || previousEnd < 0 || previousEnd > basePosition
                || capacity < headerLength || basePosition > Long.MAX_VALUE - capacity) {
            throw new IllegalArgumentException("inconsistent segment header, with a negative value, a base position before the predecessor's"
                    + " end or a capacity below the header: key=" + key + ", basePosition=" + basePosition
                    + ", previousEnd=" + previousEnd + ", capacity=" + capacity + ", expiration=" + expirationMillis);
        }
    }

    /** Bytes from the file's start to the first record. */
    public int headerLength() {
        return SegmentHeaderLayout.headerLength(key.utf8Length());
    }

    /** The stream position of an offset of the file. */
    public long positionAt(long offset) {
        return basePosition + offset - headerLength();
    }

    /** The offset in the file of a stream position. */
    public long offsetOf(long position) {
        return position - basePosition + headerLength();
    }

    /** Whether the stream had no segment when this one was created. */
    public boolean isFirst() {
        return (featureFlags & SegmentHeaderLayout.FIRST) != 0;
    }

    /** Whether nothing tells where data before this segment ended, if there was any: the stream is new, or was deleted and came again. */
    public boolean isEndBeforeUnknown() {
        return isFirst() && previousEnd == basePosition;
    }

    /** Whether the stream never continues where this segment's data ends. */
    public boolean isCut() {
        return (featureFlags & SegmentHeaderLayout.CUT) != 0;
    }

    /** Whether records between the stream's segment before and this one, if any are missing, were damaged when they were packed. */
    public boolean isAfterDamage() {
        return (featureFlags & SegmentHeaderLayout.AFTER_DAMAGE) != 0;
    }

    /** A copy that is {@link #isCut() cut} or not, with another mark. */
    public SegmentHeader with(boolean cut, int newMark) {
        int flags = (featureFlags & ~SegmentHeaderLayout.CUT) | (cut ? SegmentHeaderLayout.CUT : 0);
        return new SegmentHeader(key, window, expirationMillis, basePosition, previousEnd, incarnation, salt,
                createdMillis, capacity, newMark, flags);
    }

    public SegmentName name() {
        return new SegmentName(basePosition, expirationMillis);
    }
}
