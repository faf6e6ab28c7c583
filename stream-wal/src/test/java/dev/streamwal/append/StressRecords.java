package dev.streamwal.append;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/**
 * Records that say who appended them as the how manieth, and whose every other byte follows from that: so one that is lost, doubled, torn,
 * or out of its thread's order is found by looking at it.
 */
final class StressRecords {

    private static final int FIXED_BYTES = 12;
    private static final byte[] NO_BYTES = {};

    private StressRecords() {}

    private static int mix(int thread, int sequence) {
        int hash = (thread * 31 + sequence) * 0x9E3779B9;
        return hash ^ hash >>> 15;
    }

    static byte[] header(int thread, int sequence) {
        int hash = mix(thread, sequence);
        if ((hash & 7) != 0) {
            return NO_BYTES;
        }
        byte[] header = new byte[1 + (hash >>> 8 & 31)];
        Arrays.fill(header, (byte) hash);
        return header;
    }

    static byte[] content(int thread, int sequence) {
        int hash = mix(thread, sequence);
        byte[] content = new byte[contentLength(hash)];
        Arrays.fill(content, FIXED_BYTES, content.length, (byte) (hash >>> 3));
        putInt(content, 0, thread);
        putInt(content, 4, sequence);
        putInt(content, 8, hash);
        return content;
    }

    /** Mostly small; one in 1,024 is larger than a page. */
    private static int contentLength(int hash) {
        int extra = (hash >>> 20 & 1023) == 0 ? 6_000 : hash >>> 12 & 127;
        return FIXED_BYTES + extra;
    }

    private static void putInt(byte[] bytes, int at, int value) {
        for (int i = 0; i < 4; i++) {
            bytes[at + i] = (byte) (value >>> (8 * i));
        }
    }

    static int thread(ByteBuf content) {
        return content.getIntLE(0);
    }

    static int sequence(ByteBuf content) {
        return content.getIntLE(4);
    }

    /** Throws unless this is exactly the record that the thread appended. */
    static void check(ByteBuf header, ByteBuf content, int thread, int sequence) {
        boolean right = isFilled(header, 0, header(thread, sequence)) && isFilled(content, 0, content(thread, sequence));
        if (!right) {
            throw new AssertionError("torn, or another record: thread=" + thread + ", sequence=" + sequence + ", length="
                    + content.readableBytes() + ", is thread=" + thread(content) + ", sequence=" + sequence(content));
        }
    }

    private static boolean isFilled(ByteBuf bytes, int from, byte[] expected) {
        if (bytes.readableBytes() != expected.length) {
            return false;
        }
        for (int i = 0; i < expected.length; i++) {
            if (bytes.getByte(from + i) != expected[i]) {
                return false;
            }
        }
        return true;
    }

    /** Follows one stream: each thread's records must come in its order, without a gap. */
    static final class Follower {
        private final String key;
        private final int[] next;
        private long records;

        Follower(String key, int threads) {
            this.key = key;
            this.next = new int[threads];
        }

        void accept(ByteBuf header, ByteBuf content, long position) {
            int thread = thread(content);
            int sequence = sequence(content);
            if (thread < 0 || thread >= next.length || sequence != next[thread]) {
                throw new AssertionError("lost, doubled or out of order: stream=" + key + ", position=" + position + ", thread=" + thread
                        + ", sequence=" + sequence + ", expected=" + Arrays.toString(next));
            }
            check(header, content, thread, sequence);
            next[thread]++;
            records++;
        }

        long records() {
            return records;
        }

        int[] next() {
            return next.clone();
        }
    }
}
