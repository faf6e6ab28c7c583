package dev.streamwal.io;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.util.Locale;

/**
 * Buffers outside of the heap. If there is no room for one, an operation fails, and not the process: the process may be healthy otherwise, and have room again
 * when other threads have closed their batches.
 */
public final class DirectMemory {

    private DirectMemory() {}

    /** There is no room for a buffer. */
    public static final class UsedUpException extends IOException {

        private static final long serialVersionUID = 1;

        private UsedUpException(int bytes, OutOfMemoryError cause) {
            super("not enough direct memory: bytes=" + bytes + "; close batches and cursors, or raise -XX:MaxDirectMemorySize", cause);
        }
    }

    /**
     * A buffer that can't grow; release it.
     *
     * @throws UsedUpException if there is no room for it
     */
    public static ByteBuf buffer(int bytes) throws UsedUpException {
        try {
            return PooledByteBufAllocator.DEFAULT.directBuffer(bytes, bytes);
        } catch (OutOfMemoryError e) {
            if (isHeap(e)) {
                throw e;
            }
            throw new UsedUpException(bytes, e);
        }
    }

    /** Both the JDK and Netty throw this error for direct memory too. */
    private static boolean isHeap(OutOfMemoryError e) {
        return e.getMessage() == null || !e.getMessage().toLowerCase(Locale.ROOT).contains("direct");
    }
}
