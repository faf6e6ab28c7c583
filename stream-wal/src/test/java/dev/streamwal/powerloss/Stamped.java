package dev.streamwal.powerloss;

import dev.streamwal.WriteEntry;
import dev.streamwal.reader.EntryCursor;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/**
 * A record that says of itself which one it is: every byte of its header and content, and its timestamp, follow from this and its stream's
 * key.
 *
 * @param round between two losses of power
 * @param call of the thread
 * @param index among the call's records for this stream
 * @param count of these, which are there together or not at all
 */
record Stamped(int round, int thread, int call, int index, int count) {

    private static final int FIXED_BYTES = 5 * Integer.BYTES + Long.BYTES;
    private static final int MAX_HEADER_BYTES = 24;
    private static final int MAX_FILLER_BYTES = 300;
    private static final int MAX_LARGE_FILLER_BYTES = 20_000;
    private static final int SMALL_PERCENT = 97;

    WriteEntry entry(String key, long timestampMillis) {
        SplittableRandom random = new SplittableRandom(toString().hashCode() * 31L + key.hashCode());
        byte[] header = new byte[random.nextInt(MAX_HEADER_BYTES)];
        byte[] content = new byte[FIXED_BYTES
                + random.nextInt(random.nextInt(100) < SMALL_PERCENT ? MAX_FILLER_BYTES : MAX_LARGE_FILLER_BYTES)];
        random.nextBytes(header);
        random.nextBytes(content);
        ByteBuffer.wrap(content).putInt(round).putInt(thread).putInt(call).putInt(index).putInt(count).putLong(timestampMillis);
        return WriteEntry.of(header, content, timestampMillis);
    }

    /** @throws IllegalStateException where anything of it isn't as it was appended */
    static Stamped read(EntryCursor cursor) {
        ByteBuf content = cursor.content();
        if (content.readableBytes() < FIXED_BYTES) {
            throw new IllegalStateException("a record is as long as it was appended: ref=" + cursor.ref() + ", bytes=" + content.readableBytes());
        }
        Stamped read = new Stamped(content.getInt(0), content.getInt(4), content.getInt(8), content.getInt(12), content.getInt(16));
        WriteEntry appended = read.entry(cursor.key(), content.getLong(20));
        if (cursor.timestampMillis() != appended.timestampMillis() || !content.nioBuffer().equals(appended.content())
                || !cursor.header().nioBuffer().equals(appended.header())) {
            throw new IllegalStateException("a record is read as it was appended: ref=" + cursor.ref() + ", read=" + read);
        }
        return read;
    }

    /** As {@link #toString} writes it. */
    static Stamped parse(String text) {
        String[] numbers = text.split("\\.");
        return new Stamped(Integer.parseInt(numbers[0]), Integer.parseInt(numbers[1]), Integer.parseInt(numbers[2]),
                Integer.parseInt(numbers[3]), Integer.parseInt(numbers[4]));
    }

    @Override
    public String toString() {
        return round + "." + thread + "." + call + "." + index + "." + count;
    }
}
