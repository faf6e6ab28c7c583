package dev.streamwal.processes;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * What the records of {@link ManyProcessesTest} hold: the stream, a number, the number of the stream's record before, and bytes that follow
 * from these. Numbers of a stream rise. They count on from record to record, also over the writer's death, unless a starting writer found
 * nothing left of the stream: then the number is of the writer's own hundred million, and the one before is unknown.
 */
record Numbered(int stream, long number, long before) {

    static final int STREAMS = 200;
    static final long UNKNOWN = -1;

    private static final long NUMBERS_OF_A_WRITER = 100_000_000;
    private static final int FIXED_BYTES = Integer.BYTES + 2 * Long.BYTES;
    private static final int MAX_FILLER_BYTES = 300;

    /** Of a stream that the writer found empty. */
    static Numbered first(int stream, int writer) {
        return new Numbered(stream, writer * NUMBERS_OF_A_WRITER, UNKNOWN);
    }

    Numbered next() {
        return new Numbered(stream, number + 1, number);
    }

    static String key(int stream) {
        return "host-%d/metric-%d".formatted(stream % 8, stream / 8);
    }

    byte[] content() {
        int filler = (int) ((number * 31 + stream) % MAX_FILLER_BYTES);
        byte[] bytes = new byte[FIXED_BYTES + filler];
        ByteBuffer.wrap(bytes).putInt(stream).putLong(number).putLong(before);
        Arrays.fill(bytes, FIXED_BYTES, bytes.length, (byte) (number * 7 + stream));
        return bytes;
    }

    /** @throws IllegalStateException where a byte is not as it was written */
    static Numbered parse(String key, byte[] content) {
        ByteBuffer bytes = ByteBuffer.wrap(content);
        Numbered parsed = new Numbered(bytes.getInt(), bytes.getLong(), bytes.getLong());
        if (!key(parsed.stream).equals(key) || !Arrays.equals(parsed.content(), content)) {
            throw new IllegalStateException("a record is read as it was written: key=" + key + ", read=" + parsed);
        }
        return parsed;
    }
}
