package dev.streamwal.examples.crash;

import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/** Reads everything there is, and compares it with what it has to be. */
final class Check {
    private long records;
    private long beyond;
    private long missing;
    private long wrong;

    /** Takes for each stream how many records were acknowledged: numbers from 0 on, without a gap. */
    static Check of(WalReader reader, long[] acknowledged) {
        Check check = new Check();
        for (int stream = 0; stream < acknowledged.length; stream++) {
            check.add(reader, Writer.key(stream), acknowledged[stream]);
        }
        return check;
    }

    private void add(WalReader reader, String key, long acknowledged) {
        long expected = 0;
        try (EntryCursor cursor = reader.scan(key)) {
            while (cursor.next()) {
                ByteBuf content = Unpooled.wrappedBuffer(Writer.content(expected));
                wrong += cursor.content().equals(content) ? 0 : 1;
                expected++;
            }
        }
        records += expected;
        beyond += Math.max(0, expected - acknowledged);
        missing += Math.max(0, acknowledged - expected);
    }

    long records() {
        return records;
    }

    /** How many records are there whose append hadn't returned, or hadn't been heard of. */
    long beyond() {
        return beyond;
    }

    /** How many acknowledged records aren't there. */
    long missing() {
        return missing;
    }

    /** How many records aren't what was appended at their place. */
    long wrong() {
        return wrong;
    }

    boolean isGood() {
        return missing == 0 && wrong == 0;
    }
}
