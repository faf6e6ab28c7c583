package dev.streamwal.engine;

import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.bytes.OnHeapBytes;
import net.openhft.chronicle.bytes.WriteBytesMarshallable;
import org.jspecify.annotations.Nullable;

/**
 * Where a thread encodes its typed records. On the heap, so that nothing is left behind when the thread ends. Apart from the rest, so that
 * a program that never encodes with Chronicle Bytes never loads it.
 */
public final class EncodingBuffer {

    /** A buffer that grew beyond this for one large record isn't kept. */
    private static final int MAX_KEPT_BYTES = 1 << 20;

    private static final int INITIAL_BYTES = 1 << 10;

    /** No header. */
    public static final Bytes<?> NO_BYTES = Bytes.allocateElasticOnHeap(0);

    /** Null while a record is being encoded: one that appends another
     * while it writes itself gives that one a buffer of its own. */
    private static final ThreadLocal<@Nullable OnHeapBytes> REUSED =
            ThreadLocal.withInitial(() -> Bytes.allocateElasticOnHeap(INITIAL_BYTES));

    private EncodingBuffer() {}

    /** A buffer that holds the encoded record; to be {@link #giveBack given back}. */
    public static OnHeapBytes encode(WriteBytesMarshallable content) {
        OnHeapBytes reused = REUSED.get();
        OnHeapBytes bytes = reused == null ? Bytes.allocateElasticOnHeap(INITIAL_BYTES) : reused;
        REUSED.set(null);
        bytes.clear();
        content.writeMarshallable(bytes);
        return bytes;
    }

    public static void giveBack(OnHeapBytes bytes) {
        REUSED.set(bytes.realCapacity() > MAX_KEPT_BYTES ? Bytes.allocateElasticOnHeap(INITIAL_BYTES) : bytes);
    }
}
