package dev.streamwal.packing;

import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentReader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Buffers a shared segment's file in one read. Its records are then read one by one, in the order of their keys; a system call for each would take
 * longer than all other work on the record. For one thread; close it.
 */
final class HeldFile implements SegmentBytes, AutoCloseable {

    private final ByteBuf memory;
    private final ByteBuffer bytes;

    private HeldFile(ByteBuf memory, int length) {
        this.memory = memory;
        this.bytes = memory.nioBuffer(0, length);
    }

    /** Holds a complete segment, whose size is within a segment's limit. */
    static HeldFile of(Segment segment, ChannelCache channels) throws IOException {
        try (SegmentReader reader = segment.open(channels)) {
            int length = Math.toIntExact(reader.size());
            ByteBuf memory = PooledByteBufAllocator.DEFAULT.directBuffer(length);
            try {
                int read = reader.read(memory.nioBuffer(0, length), 0);
                return new HeldFile(memory, read);
            } catch (IOException | RuntimeException e) {
                memory.release();
                throw e;
            }
        }
    }

    @Override
    public int read(ByteBuffer target, long offset) {
        int count = (int) Math.max(0, Math.min(target.remaining(), bytes.limit() - offset));
        if (count > 0) {
            target.put(target.position(), bytes, (int) offset, count).position(target.position() + count);
        }
        return count;
    }

    @Override
    public long size() {
        return bytes.limit();
    }

    @Override
    public void close() {
        memory.release();
    }
}
