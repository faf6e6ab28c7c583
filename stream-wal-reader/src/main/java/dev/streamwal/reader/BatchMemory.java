package dev.streamwal.reader;

import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.io.DirectMemory;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The buffers of one batch. The size of all its records is checked before the first buffer is allocated. Thread-safe. */
final class BatchMemory {

    /** Maximum size of a shared buffer, so that a large batch doesn't need its memory in one piece. A larger run gets a buffer of its own. */
    private static final int MAX_BUFFER_BYTES = 16 << 20;

    private final long maxBytes;
    private final List<ByteBuf> buffers = new ArrayList<>(1);
    private long allocated;
    /** Room that was given back. */
    private @Nullable BatchRoom spare;

    /** @param maxBytes of all records together */
    BatchMemory(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /**
     * Refuses a batch of more than {@code maxBatchBytes}. Counts each record once; a single record is read whatever its size.
     *
     * @param bytes size of each ref's record, by the ref's index; less than 0 if it isn't known
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
    synchronized long left() {
        return Math.max(0, maxBytes - allocated);
    }

    /** Checks the size of a record whose ref doesn't tell it. */
    synchronized void checkLength(long bytes) {
        if (allocated > 0 && bytes > left()) {
            throw tooMuch(allocated + bytes);
        }
    }

    private IllegalArgumentException tooMuch(long bytes) {
        return new IllegalArgumentException("records of the batch exceed maxBatchBytes: bytes=" + bytes + ", maxBatchBytes="
                + maxBytes + "; ask for fewer at a time");
    }

    /**
     * Room for one thread.
     *
     * @param length bytes that it has at least
     * @param wanted bytes that it has if a shared buffer is that large
     */
    synchronized BatchRoom room(int length, long wanted) {
        int capacity = (int) Math.max(length, Math.min(MAX_BUFFER_BYTES, wanted));
        BatchRoom rest = spare;
        if (rest != null && rest.left() >= length) {
            return rest.split(Math.min(capacity, rest.left()));
        }
        ByteBuffer bytes = allocate(capacity).nioBuffer(0, capacity).order(ByteOrder.LITTLE_ENDIAN);
        return new BatchRoom(buffers.size() - 1, bytes, 0, capacity);
    }

    /** Gives back what is left of room, for other threads. The thread that had it doesn't use it any more. */
    synchronized void giveBack(BatchRoom room) {
        spare = room;
    }

    /** Adds a buffer at the end of {@link #buffers()}. All of its bytes count as readable. */
    synchronized ByteBuf allocate(int capacity) {
        ByteBuf buffer;
        try {
            buffer = DirectMemory.buffer(capacity);
        } catch (DirectMemory.UsedUpException e) {
            throw new WalIOException("not enough direct memory for the batch's records: bytes=" + (allocated + capacity) + ", maxBatchBytes="
                    + maxBytes + "; ask for fewer at a time, or raise -XX:MaxDirectMemorySize", null, null, WalException.NO_POSITION, e);
        }
        buffers.add(buffer);
        allocated += capacity;
        return buffer.writerIndex(capacity);
    }

    /** All buffers allocated so far. While several threads allocate, the list isn't to be read. */
    List<ByteBuf> buffers() {
        return buffers;
    }

    /** Releases the buffers of a batch that failed. */
    synchronized void release() {
        buffers.forEach(ByteBuf::release);
        buffers.clear();
    }
}
