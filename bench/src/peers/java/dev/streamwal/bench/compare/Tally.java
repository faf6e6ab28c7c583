package dev.streamwal.bench.compare;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Counts records and sums up what they are, whatever their order: the number in a record's first eight bytes, mixed with its stream and its length.
 * What was appended and what is read back must have the same.
 */
final class Tally {

    private static final VarHandle NUMBER = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private long count;
    private long sum;

    static void number(byte[] content, long number) {
        NUMBER.set(content, 0, number);
    }

    static long number(byte[] content) {
        return (long) NUMBER.get(content, 0);
    }

    void add(int stream, long number, int length) {
        count++;
        long mixed = (number ^ (stream + 1L) * GOLDEN) * GOLDEN + length;
        sum += (mixed ^ (mixed >>> 32)) * GOLDEN;
    }

    void add(Tally other) {
        count += other.count;
        sum += other.sum;
    }

    /** Adds all that is left. */
    void addAll(RecordCursor cursor) throws Exception {
        while (cursor.next()) {
            add(cursor.stream(), number(cursor.content()), cursor.length());
        }
    }

    long count() {
        return count;
    }

    /** Throws if they differ. */
    static void check(String what, Tally expected, Tally found) {
        if (expected.count != found.count || expected.sum != found.sum) {
            throw new IllegalStateException("what was read isn't what was appended: " + what + ", records appended=" + expected.count + ", read="
                    + found.count + (expected.count == found.count ? ", their sums differ" : ""));
        }
    }
}
