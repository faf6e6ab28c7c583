package dev.streamwal.shared;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A decoded slot: see {@link SlotLayout}. Valid until the next one is read. One thread. */
public final class Slot {

    private final SlotLayout.Cursor cursor = new SlotLayout.Cursor();
    private byte[] bytes = {};
    private int keyOffset;
    private int keyLength;
    private long windowMillis;
    private long retentionMillis;
    private int headerLength;
    private long position;
    private long gap;
    private boolean isFirst;
    private long windowsBehind;

    /**
     * Reads a slot from a record's header.
     *
     * @throws FormatException if the header is no slot
     */
    public Slot read(byte[] slot, int length) throws FormatException {
        return read(slot, 0, length);
    }

    /** As {@link #read(byte[], int)}, from a part of an array. */
    Slot read(byte[] slot, int from, int length) throws FormatException {
        bytes = slot;
        cursor.over(slot, from, length);
        windowMillis = cursor.varint();
        retentionMillis = cursor.varint();
        keyLength = (int) Math.min(Integer.MAX_VALUE, cursor.varint());
        keyOffset = cursor.skip(keyLength);
        headerLength = (int) Math.min(Integer.MAX_VALUE, cursor.varint());
        position = cursor.varint();
        long twice = cursor.varint();
        gap = twice >>> 1;
        isFirst = (twice & 1) != 0;
        long zigzag = cursor.varint();
        windowsBehind = zigzag >>> 1 ^ -(zigzag & 1);
        if (windowMillis <= 0 || retentionMillis < 0 || keyLength < 1 || keyLength > StreamKey.MAX_BYTES || headerLength < 0 || position < 0
                || gap > position) {
            throw FormatException.corrupt("slot has an impossible window, key or position: windowMillis=" + windowMillis + ", retentionMillis="
                    + retentionMillis + ", keyLength=" + keyLength + ", position=" + position + ", gap=" + gap);
        }
        return this;
    }

    byte[] bytes() {
        return bytes;
    }

    int keyOffset() {
        return keyOffset;
    }

    int keyLength() {
        return keyLength;
    }

    /** Key of the record's stream. */
    public String key() throws FormatException {
        return StreamKey.ofUtf8(Arrays.copyOfRange(bytes, keyOffset, keyOffset + keyLength)).text();
    }

    /** Window length of the record's stream. */
    public long windowMillis() {
        return windowMillis;
    }

    /** Retention of the record's stream. */
    public long retentionMillis() {
        return retentionMillis;
    }

    /** Length of the stream's own header, with which the record's content begins. */
    public int headerLength() {
        return headerLength;
    }

    public long position() {
        return position;
    }

    boolean isFirst() {
        return isFirst;
    }

    /** Position where the stream's data ended before. */
    long previousEnd() {
        return position - gap;
    }

    /** The window of the record, which has that timestamp; the known window if it is the same. */
    Window window(long timestampMillis, @Nullable Window known) {
        if (known != null && windowsBehind == 0 && known.contains(timestampMillis)
                && known.endMillis() - known.startMillis() == windowMillis) {
            return known;
        }
        return window(timestampMillis);
    }

    private Window window(long timestampMillis) {
        Window own = Window.containing(timestampMillis, windowMillis);
        return windowsBehind == 0 ? own : Window.containing(own.startMillis() + windowsBehind * windowMillis, windowMillis);
    }

    long expirationMillis(Window window) {
        return Math.max(0, window.endMillis() + retentionMillis);
    }
}
