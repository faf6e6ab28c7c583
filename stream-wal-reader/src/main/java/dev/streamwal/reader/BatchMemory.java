package dev.streamwal.reader;

import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The buffers of one batch. What its records take together is known before the first one is made. One thread. */
final class BatchMemory {

    private final long maxBytes;
    private final List<ByteBuf> buffers = new ArrayList<>(1);
    private long allocated;

    /** @param maxBytes of all records together */
    BatchMemory(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /**
     * Refuses what would be too much, each record counted once; a single one is read whatever it takes.
     *
     * @param bytes what each ref's record takes, by its index; less than 0 where that isn't known
     */
    void check(EntryRef[] refs, int[] bytes) {
        long all = 0;
        for (int each : bytes) {
            all += Math.max(0, each);
        }
        if (all <= maxBytes) {
            return;
        }
        Set<EntryRef> distinct = new HashSet<>();
        all = 0;
        for (int i = 0; i < refs.length; i++) {
            all += distinct.add(refs[i]) ? Math.max(0, bytes[i]) : 0;
        }
        if (all > maxBytes && distinct.size() > 1) {
            throw tooMuch(all);
        }
    }

    /** How much more the batch may take, at least 0. */
    long left() {
        return Math.max(0, maxBytes - allocated);
    }

    /** Of a record whose ref doesn't say how long it is. */
    void checkLength(long bytes) {
        if (allocated > 0 && bytes > left()) {
            throw tooMuch(allocated + bytes);
        }
    }

    private IllegalArgumentException tooMuch(long bytes) {
        return new IllegalArgumentException("records of the batch exceed maxBatchBytes: bytes=" + bytes + ", maxBatchBytes="
                + maxBytes + "; ask for fewer at a time");
    }

    /** One more, the last of {@link #buffers()}, all of which can be read. */
    ByteBuf allocate(int capacity) {
        ByteBuf buffer;
        try {
            buffer = PooledByteBufAllocator.DEFAULT.directBuffer(capacity, capacity);
        } catch (OutOfMemoryError e) {
            if (isHeap(e)) {
                throw e;
            }
            throw new WalIOException("not enough direct memory for the batch's records: bytes=" + (allocated + capacity) + ", maxBatchBytes="
                    + maxBytes + "; ask for fewer at a time, or raise -XX:MaxDirectMemorySize", null, null, WalException.NO_POSITION, e);
        }
        buffers.add(buffer);
        allocated += capacity;
        return buffer.writerIndex(capacity);
    }

    /** Both the JDK and Netty say it of direct memory, which a process may have none left of and be well otherwise. */
    private static boolean isHeap(OutOfMemoryError e) {
        return e.getMessage() == null || !e.getMessage().toLowerCase(Locale.ROOT).contains("direct");
    }

    /** All there are. */
    List<ByteBuf> buffers() {
        return buffers;
    }

    /** For a batch that comes to nothing. */
    void release() {
        buffers.forEach(ByteBuf::release);
        buffers.clear();
    }
}
