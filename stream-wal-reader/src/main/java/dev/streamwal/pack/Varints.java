package dev.streamwal.pack;

import static dev.streamwal.format.FormatException.check;

import dev.streamwal.format.FormatException;
import java.nio.ByteBuffer;

/** Reads numbers as {@link GrowingBytes} writes them, never past a buffer's limit. */
final class Varints {

    private static final int BITS = 7;
    private static final int MORE = 0x80;

    private Varints() {}

    static long unsigned(ByteBuffer from) throws FormatException {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE; shift += BITS) {
            check(from.hasRemaining(), "bytes end inside a number", from.position());
            byte next = from.get();
            value |= (long) (next & (MORE - 1)) << shift;
            if ((next & MORE) == 0) {
                return value;
            }
        }
        throw FormatException.corrupt("number has more than ten bytes: offset=" + from.position());
    }

    static long signed(ByteBuffer from) throws FormatException {
        long value = unsigned(from);
        return (value >>> 1) ^ -(value & 1);
    }

    /** A length, or a count. */
    static int length(ByteBuffer from, int max) throws FormatException {
        long value = unsigned(from);
        check(value >= 0 && value <= max, "length exceeds its limit", value);
        return (int) value;
    }
}
