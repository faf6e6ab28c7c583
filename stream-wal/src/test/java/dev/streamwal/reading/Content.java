package dev.streamwal.reading;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** A record's content: its number, and some length of bytes that follow from it. */
final class Content {

    private static final int MAX_FILLER_BYTES = 150;

    private Content() {}

    static byte[] of(long number) {
        byte[] bytes = new byte[Long.BYTES + (int) (number * 31 % MAX_FILLER_BYTES)];
        Arrays.fill(bytes, (byte) (number * 7));
        ByteBuffer.wrap(bytes).putLong(number);
        return bytes;
    }

    /** -1 where these aren't a record's bytes. */
    static long number(byte[] bytes) {
        long number = bytes.length < Long.BYTES ? -1 : ByteBuffer.wrap(bytes).getLong();
        return number >= 0 && Arrays.equals(bytes, of(number)) ? number : -1;
    }
}
