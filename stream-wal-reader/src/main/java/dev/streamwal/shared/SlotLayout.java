package dev.streamwal.shared;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.StreamKey;
import java.util.Arrays;

/**
 * The header of a record in a shared segment, which describes the stream's record that it holds. A shared segment is a segment of the log's own
 * stream, {@link StreamKey#SHARED}: its header, frames, batches and footer are those of any segment. Each of its records has a <i>slot</i> as its
 * header, the header and content of the stream's record as its content, and the timestamp of the stream's record.
 *
 * <pre>
 *   varint  length of the window, ms
 *   varint  retention, ms
 *   varint  length of the key
 *           key, UTF-8
 *   varint  length of the stream's own header
 *   varint  position in the stream
 *   varint  gap: bytes from where the stream's data ended before to the position, times 2; and 1 where the stream had no segment before
 *   varint  window: how many windows behind the timestamp's the record's is, zigzag
 * </pre>
 *
 * <p>A varint has 7 bits a byte, the lowest first, and a bit that says whether another byte follows. With its slots, a shared segment describes its
 * records completely, whatever else is lost.
 */
public final class SlotLayout {

    private static final int BITS = 7;
    private static final int MORE = 1 << BITS;
    private static final int MASK = MORE - 1;
    private static final int MAX_VARINT_BYTES = 10;

    /** Limit of a slot without its key, and with the padding behind the record. */
    static final int MAX_BYTES_BESIDE_KEY = 7 * MAX_VARINT_BYTES + RecordLayout.ALIGNMENT;

    /** Most bytes behind the key. */
    private static final int MAX_REST_BYTES = 4 * MAX_VARINT_BYTES;

    /** A slot is never longer. */
    public static final int MAX_BYTES = MAX_BYTES_BESIDE_KEY + StreamKey.MAX_BYTES;

    private SlotLayout() {}

    /** Writes a varint; returns the index behind it. */
    public static int putVarint(byte[] target, int index, long value) {
        int at = index;
        long rest = value;
        while ((rest & ~MASK) != 0) {
            target[at++] = (byte) ((rest & MASK) | MORE);
            rest >>>= BITS;
        }
        target[at++] = (byte) rest;
        return at;
    }

    /** The beginning of a slot, which is the same for all streams with the same windows and retention. */
    public static byte[] times(long windowMillis, long retentionMillis) {
        byte[] bytes = new byte[2 * MAX_VARINT_BYTES];
        return Arrays.copyOf(bytes, putVarint(bytes, putVarint(bytes, 0, windowMillis), retentionMillis));
    }

    /** Most bytes of a slot with these times and this key. */
    public static int mostBytes(byte[] times, StreamKey key) {
        return times.length + MAX_VARINT_BYTES + key.utf8Length() + MAX_REST_BYTES;
    }

    /**
     * Writes a slot; returns its length.
     *
     * @param target has room for {@link #mostBytes}
     * @param times see {@link #times}
     * @param gap bytes from where the stream's data ended before
     * @param isFirst whether the stream had no segment before
     * @param windowsBehind by how many windows the record's window is after the timestamp's
     */
    public static int put(byte[] target, byte[] times, StreamKey key, int headerLength, long position, long gap, boolean isFirst,
            long windowsBehind) {
        System.arraycopy(times, 0, target, 0, times.length);
        int at = putVarint(target, times.length, key.utf8Length());
        at = key.copyUtf8(target, at);
        at = putVarint(target, at, headerLength);
        at = putVarint(target, at, position);
        at = putVarint(target, at, (gap << 1) | (isFirst ? 1 : 0));
        return putVarint(target, at, (windowsBehind << 1) ^ (windowsBehind >> (Long.SIZE - 1)));
    }

    /** A key as it stands in a slot, its length in front. */
    static byte[] keyInSlot(StreamKey key) {
        byte[] bytes = new byte[MAX_VARINT_BYTES + key.utf8Length()];
        return Arrays.copyOf(bytes, key.copyUtf8(bytes, putVarint(bytes, 0, key.utf8Length())));
    }

    /** Whether a slot, which isn't decoded for that, is of the stream with this {@linkplain #keyInSlot key}. */
    static boolean isOf(byte[] slot, int from, int to, byte[] keyInSlot) {
        int at = from;
        for (int times = 0; times < 2 && at < to; at++) {
            times += slot[at] >= 0 ? 1 : 0;
        }
        return keyInSlot.length <= to - at && Arrays.equals(slot, at, at + keyInSlot.length, keyInSlot, 0, keyInSlot.length);
    }

    /** Reads slots, one after the other. */
    static final class Cursor {
        private byte[] bytes = {};
        private int from;
        private int at;
        private int end;

        void over(byte[] slot, int newFrom, int length) {
            bytes = slot;
            from = newFrom;
            at = newFrom;
            end = newFrom + length;
        }

        long varint() throws FormatException {
            long value = 0;
            for (int shift = 0; shift < Long.SIZE; shift += BITS) {
                if (at >= end) {
                    throw FormatException.corrupt("slot ends inside a number: bytes=" + (end - from));
                }
                byte next = bytes[at++];
                value |= (long) (next & MASK) << shift;
                if (next >= 0) {
                    return value;
                }
            }
            throw FormatException.corrupt("number in a slot has more than " + MAX_VARINT_BYTES + " bytes: bytes=" + (end - from));
        }

        int skip(int count) throws FormatException {
            if (count < 0 || count > end - at) {
                throw FormatException.corrupt("slot is too short for its key: keyLength=" + count + ", bytes=" + (end - from));
            }
            int start = at;
            at += count;
            return start;
        }
    }
}
