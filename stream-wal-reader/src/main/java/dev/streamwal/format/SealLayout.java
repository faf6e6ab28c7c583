package dev.streamwal.format;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * A sealed record: one whose frame has the flag {@link RecordLayout#ENCRYPTED}. Its header and content are the AES-256-GCM ciphertext of the record's header
 * and content, one behind the other, each as long as its plaintext. Its content ends with 24 more bytes:
 *
 * <pre>
 *   0 16  tag               of GCM
 *  16  4  number            different for each record that the session key has sealed
 *  20  4  key id            of the session key
 * </pre>
 *
 * The nonce of GCM is
 *
 * <pre>
 *   0  4  number
 *   4  8  position          of the record in its stream
 * </pre>
 *
 * and the data that is authenticated beside header and content is
 *
 * <pre>
 *   0  4  header length
 *   4  8  timestamp         epoch ms
 *  12     key               of the stream, UTF-8
 * </pre>
 *
 * So a record can be read only in its stream and at its position, whether it stands in a segment, a shared segment or a pack. Salt, previous size and the flag
 * of a batch's member differ between these, or say nothing about the record, so they aren't authenticated.
 */
public final class SealLayout {

    public static final int TAG_BYTES = 16;
    private static final int NUMBER = TAG_BYTES;
    private static final int KEY_ID = NUMBER + Integer.BYTES;
    /** By how much a sealed record's content is longer than the plain record's. */
    public static final int BYTES = KEY_ID + Integer.BYTES;

    private static final int NONCE_POSITION = Integer.BYTES;
    public static final int NONCE_BYTES = NONCE_POSITION + Long.BYTES;

    private static final int CONTEXT_TIMESTAMP = Integer.BYTES;
    /** Bytes that are authenticated before the stream's key. */
    public static final int CONTEXT_BYTES = CONTEXT_TIMESTAMP + Long.BYTES;

    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private SealLayout() {}

    /** Writes what stands behind the tag. */
    public static void putKey(byte[] seal, int index, int number, int keyId) {
        INT.set(seal, index + NUMBER, number);
        INT.set(seal, index + KEY_ID, keyId);
    }

    public static int number(byte[] seal, int index) {
        return (int) INT.get(seal, index + NUMBER);
    }

    public static int keyId(byte[] seal, int index) {
        return (int) INT.get(seal, index + KEY_ID);
    }

    public static void putNonce(byte[] nonce, int number, long position) {
        INT.set(nonce, 0, number);
        LONG.set(nonce, NONCE_POSITION, position);
    }

    public static void putContext(byte[] context, int headerLength, long timestampMillis) {
        INT.set(context, 0, headerLength);
        LONG.set(context, CONTEXT_TIMESTAMP, timestampMillis);
    }
}
