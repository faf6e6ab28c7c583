package dev.streamwal.segment;

import dev.streamwal.format.RecordLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A payload made to waste the time of who searches in it: prefixes wherever there is room for one,
 * each of a record up to the payload's end.
 */
public final class FakeRecords {

    /** A prefix may begin where the one before has its timestamp. */
    private static final int STEP = RecordLayout.TIMESTAMP;

    private FakeRecords() {}

    /** What looks plausible everywhere, but for the checksums. */
    public static byte[] payload(int bytes) {
        ByteBuffer payload = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at + RecordLayout.PREFIX_BYTES <= bytes; at += STEP) {
            RecordLayout.encodePrefix(payload, at, bytes - at - RecordLayout.PREFIX_BYTES, 0, 0x5EED, RecordLayout.PREFIX_BYTES, 0);
            payload.putLong(at, RecordLayout.commitWord(0));
        }
        return payload.array();
    }
}
