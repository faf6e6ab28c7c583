package dev.streamwal.retention;

import dev.streamwal.format.AllowedRange;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.Window;

/**
 * The options of one stream: the log's, with the differences of the key's pattern. They govern new segments; an existing segment keeps the window and
 * the expiration that it was created with.
 *
 * @param windowMillis length of the windows; each segment is for one of them
 * @param retentionMillis how long after its window's end a segment is kept
 * @param segmentBytes capacity of a segment's file, its header included
 * @param maxRecordBytes limit of a record's header and content together
 * @param maxBytes above which the stream's oldest sealed segments are deleted; {@link Long#MAX_VALUE}: no limit
 */
public record StreamPolicy(
        long windowMillis, long retentionMillis, int segmentBytes, int maxRecordBytes, long maxBytes) {

    private static final long DAY_MILLIS = 86_400_000L;

    /** Ten years. Longer ones expire nothing within a program's life, and are more likely a wrong unit. */
    public static final long MAX_WINDOW_MILLIS = 3_653 * DAY_MILLIS;
    /** Ten thousand years: practically for ever, and no sum of times comes near a {@code long}'s limit. */
    public static final long MAX_RETENTION_MILLIS = 3_652_500 * DAY_MILLIS;

    /** 0001-01-01T00:00:00Z; older values are a wrong unit, or no time at all. */
    public static final long MIN_TIMESTAMP_MILLIS = -62_135_596_800_000L;
    /** 9999-12-31T23:59:59.999Z. */
    public static final long MAX_TIMESTAMP_MILLIS = 253_402_300_799_999L;

    /** A page: a segment's file is never shorter, so that a smaller capacity would save nothing. */
    public static final int MIN_SEGMENT_BYTES = 4_096;
    /** 1 GiB: with a footer behind the data the file stays below 2 GiB, the limit of a mapping and an {@code int}. */
    public static final int MAX_SEGMENT_BYTES = 1 << 30;

    /** The rest of the largest frame: the format has frames below 32 MiB. */
    public static final int MAX_RECORD_BYTES = RecordLayout.MAX_FRAME_BYTES - RecordLayout.PREFIX_BYTES;

    public StreamPolicy {
        AllowedRange.check("windowMillis", windowMillis, 1, MAX_WINDOW_MILLIS);
        AllowedRange.check("retentionMillis", retentionMillis, 0, MAX_RETENTION_MILLIS);
        AllowedRange.check("segmentBytes", segmentBytes, MIN_SEGMENT_BYTES, MAX_SEGMENT_BYTES);
        AllowedRange.check("maxBytes", maxBytes, 1, Long.MAX_VALUE);
        AllowedRange.check("maxRecordBytes", maxRecordBytes, 1, largestRecordBytes(segmentBytes));
    }

    /**
     * Header and content of the largest record that fits an empty segment of this capacity, whatever the key's length.
     */
    public static int largestRecordBytes(int segmentBytes) {
        int room = segmentBytes - SegmentHeaderLayout.MAX_BYTES;
        int alignedRoom = room - room % RecordLayout.ALIGNMENT;
        return Math.min(MAX_RECORD_BYTES, alignedRoom - RecordLayout.PREFIX_BYTES);
    }

    /** @param timestampMillis between {@link #MIN_TIMESTAMP_MILLIS} and {@link #MAX_TIMESTAMP_MILLIS} */
    public Window windowOf(long timestampMillis) {
        return Window.containing(timestampMillis, windowMillis);
    }

    /** Where {@link #windowOf} begins. */
    public long windowStart(long timestampMillis) {
        return timestampMillis - Math.floorMod(timestampMillis, windowMillis);
    }

    /**
     * When a segment of this window may be deleted, in epoch ms. Never before 1970, because file names have no negative numbers: if the clock stands
     * before 1970, nothing expires.
     */
    public long expirationOf(Window window) {
        return Math.max(0, window.endMillis() + retentionMillis);
    }
}
