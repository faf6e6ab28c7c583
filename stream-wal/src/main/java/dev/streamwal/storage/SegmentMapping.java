package dev.streamwal.storage;

import dev.streamwal.format.FooterLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A segment's file in memory. All access is bounds-checked: a bug of this library throws, and doesn't crash the process. */
public final class SegmentMapping {

    /** The step in which pages are touched: a kernel page, or less. */
    private static final int PAGE_BYTES = FooterLayout.PAGE_BYTES;

    private static final VarHandle LONG = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final ByteBuffer buffer;
    private final Runnable unmapping;

    /** @param buffer direct; {@code unmapping} ends its life */
    public SegmentMapping(ByteBuffer buffer, Runnable unmapping) {
        this.buffer = buffer.order(ByteOrder.LITTLE_ENDIAN);
        this.unmapping = unmapping;
    }

    /** Little-endian; use absolute positions only, because the buffer is shared. */
    public ByteBuffer buffer() {
        return buffer;
    }

    public long getAcquire(int offset) {
        return (long) LONG.getAcquire(buffer, offset);
    }

    /**
     * Publishes: a thread that sees this value also sees everything put before.
     *
     * <p>Such a thread may unmap at once, while the storing thread is still returning. From Java 22 on the storing thread may then get an
     * IllegalStateException, "Already closed", though it has stored (seen in interpreted code). The exception never means that the value wasn't
     * stored: every put before this one would have thrown it.
     */
    public void setRelease(int offset, long value) {
        try {
            LONG.setRelease(buffer, offset, value);
        } catch (IllegalStateException e) {
            // stored, seen, and unmapped
        }
    }

    /**
     * Faults the pages of {@code [from, to)} in, for writing, without changing them; the bytes at their starts must be zero or
     * stay what they are.
     */
    public void touch(int from, int to) {
        for (int offset = (from + PAGE_BYTES - 1) & -PAGE_BYTES; offset < to; offset += PAGE_BYTES) {
            LONG.compareAndSet(buffer, offset, 0L, 0L);
        }
    }

    /** The mapping must not be used any more. */
    public void unmap() {
        unmapping.run();
    }
}
