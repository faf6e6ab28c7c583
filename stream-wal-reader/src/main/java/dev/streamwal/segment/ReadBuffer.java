package dev.streamwal.segment;

import dev.streamwal.io.DirectMemory;
import dev.streamwal.io.SegmentBytes;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Buffers the part of a segment last read. Reads ahead, forwards or backwards, more with every sequential read. One thread; close it. */
public final class ReadBuffer implements AutoCloseable {

    /** Size of the first read backwards: small, since mostly the last few records are wanted. */
    private static final int FIRST_BACK_READ_BYTES = 4 << 10;

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0).order(ByteOrder.LITTLE_ENDIAN);

    private final SegmentBytes bytes;
    private final long firstOffset;
    private final ReadSizes sizes;

    private ByteBuf pooled;
    private ByteBuffer buffer;
    private long start;
    private long end;
    private long limit = Long.MAX_VALUE;
    private long aheadLimit = Long.MAX_VALUE;
    private int readBytes;
    private int backReadBytes;
    private long reads;
    /** Whether the last read reached the end of the file: a caller that follows a growing file reads there again and again, a little each time. */
    private boolean isAtFileEnd;
    private boolean isVerified;

    /**
     * Empty at first.
     *
     * @param firstOffset nothing before it is read
     * @param sizes of single reads, unless more is requested
     */
    public ReadBuffer(SegmentBytes bytes, long firstOffset, ReadSizes sizes) throws IOException {
        this.bytes = bytes;
        this.firstOffset = firstOffset;
        this.sizes = sizes;
        this.readBytes = sizes.firstBytes();
        this.backReadBytes = Math.min(FIRST_BACK_READ_BYTES, sizes.firstBytes());
        int capacity = sizes.firstBytes();
        this.pooled = DirectMemory.buffer(capacity);
        this.buffer = pooled.nioBuffer(0, capacity).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Nothing from this offset on is read. */
    public void limit(long offset) {
        this.limit = offset;
    }

    public long limit() {
        return limit;
    }

    /** Nothing from this offset on is read ahead; requested bytes are read regardless. */
    public void readAheadTo(long offset) {
        this.aheadLimit = offset;
    }

    /** Size of its memory. */
    public int capacity() {
        return pooled.capacity();
    }

    /** Current length of the file. */
    public long fileSize() throws IOException {
        return bytes.size();
    }

    /** Makes sure that it holds these bytes, and reads ahead behind them; false if the file ends before their end. */
    public boolean ensure(long from, int wanted) throws IOException {
        if (holds(from, wanted)) {
            return true;
        }
        if (from > start && from <= end && !isAtFileEnd) {
            readBytes = Math.min(readBytes * 2, sizes.maxBytes());
        }
        long ahead = from < aheadLimit ? Math.min(readBytes, aheadLimit - from) : readBytes;
        fill(from, (int) Math.max(wanted, ahead));
        return holds(from, wanted);
    }

    /** Makes sure that it holds these bytes, as far as the file has them, and reads ahead in front of them. */
    public void ensureBackwards(long from, int wanted) throws IOException {
        if (!holds(from, wanted)) {
            long to = from + wanted;
            long first = Math.max(firstOffset, Math.min(from, to - backReadBytes));
            fill(first, (int) (to - first));
            backReadBytes = Math.min(backReadBytes * 2, sizes.maxBytes());
        }
    }

    private boolean holds(long from, int wanted) {
        return from >= start && from + wanted <= end;
    }

    /** Whether the buffered bytes reach to this offset. */
    public boolean reaches(long offset) {
        return offset <= end;
    }

    private void fill(long from, int wanted) throws IOException {
        int toRead = (int) Math.max(0, Math.min(wanted, limit - from));
        if (toRead > pooled.capacity()) {
            replace(toRead);
        }
        end = from;
        buffer.clear().limit(toRead);
        start = from;
        end = from + bytes.read(buffer, from);
        isAtFileEnd = end - from < toRead;
        isVerified = bytes.isVerified();
        buffer.clear();
        reads++;
    }

    private void replace(int capacity) throws IOException {
        ByteBuf larger = DirectMemory.buffer(capacity);
        pooled.release();
        pooled = larger;
        buffer = larger.nioBuffer(0, capacity).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Discards the buffered bytes, and starts with small reads again. */
    public void forget() {
        end = start;
        restart();
    }

    /** Begins a new sequence of reads. */
    public void restart() {
        readBytes = sizes.firstBytes();
        backReadBytes = Math.min(FIRST_BACK_READ_BYTES, sizes.firstBytes());
    }

    /** Offset in the file of the first buffered byte. */
    public long start() {
        return start;
    }

    /** Whether frames among the buffered bytes needn't be verified: see {@link SegmentBytes#isVerified}. */
    public boolean isVerified() {
        return isVerified;
    }

    /** Number of reads so far. */
    public long reads() {
        return reads;
    }

    /** The bytes, little-endian; another buffer after a larger read. */
    public ByteBuffer bytes() {
        return buffer;
    }

    /** Index in {@link #bytes()} of an offset of the file. */
    public int index(long offset) {
        return (int) (offset - start);
    }

    /** Copies between NIO buffers: where Netty has no Unsafe, as on JDK 24 and later, copying between its own buffers makes garbage. */
    public void copy(int index, int count, ByteBuf target) {
        target.ensureWritable(count);
        ByteBuffer view = target.internalNioBuffer(target.writerIndex(), count);
        view.put(view.position(), buffer, index, count);
        target.writerIndex(target.writerIndex() + count);
    }

    public void copy(int index, int count, byte[] target, int at) {
        pooled.getBytes(index, target, at, count);
    }

    /** Releases the memory until the next read. */
    public void releaseMemory() {
        pooled.release();
        pooled = Unpooled.EMPTY_BUFFER;
        buffer = NOTHING;
        forget();
    }

    /** Releases the memory. */
    @Override
    public void close() {
        if (pooled.refCnt() > 0) {
            pooled.release();
            end = start;
        }
    }
}
