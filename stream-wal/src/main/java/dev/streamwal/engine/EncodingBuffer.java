package dev.streamwal.engine;

import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.bytes.WriteBytesMarshallable;
import org.jspecify.annotations.Nullable;

/**
 * The buffer in which a thread encodes its typed records. On the heap, so that nothing remains when the thread ends. A class of its own, with
 * one type in all signatures, so that programs run without Chronicle Bytes: a class whose code converts one of Chronicle's types into another
 * can't be verified if they are missing.
 */
public final class EncodingBuffer {

    /** A buffer that grew beyond this for one large record isn't kept. */
    private static final int MAX_KEPT_BYTES = 1 << 20;

    private static final int INITIAL_BYTES = 1 << 10;

    /** No header. */
    public static final Bytes<?> NO_BYTES = Bytes.allocateElasticOnHeap(0);

    /** Null while a record is being encoded: a record that appends another one while it writes itself gives that one a buffer of its own. */
    private static final ThreadLocal<@Nullable Bytes<byte[]>> REUSED =
            ThreadLocal.withInitial(() -> Bytes.allocateElasticOnHeap(INITIAL_BYTES));

    private EncodingBuffer() {}

    /** A buffer that holds the encoded record; to be {@link #giveBack given back}. */
    public static Bytes<byte[]> encode(WriteBytesMarshallable content) {
        Bytes<byte[]> reused = REUSED.get();
        Bytes<byte[]> bytes = reused == null ? Bytes.allocateElasticOnHeap(INITIAL_BYTES) : reused;
        REUSED.set(null);
        bytes.clear();
        content.writeMarshallable(bytes);
        return bytes;
    }

    public static void giveBack(Bytes<byte[]> bytes) {
        REUSED.set(bytes.realCapacity() > MAX_KEPT_BYTES ? Bytes.allocateElasticOnHeap(INITIAL_BYTES) : bytes);
    }
}
