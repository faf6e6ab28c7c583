package dev.streamwal.packing;

import dev.streamwal.io.ArenaMapping;
import dev.streamwal.io.BadSectors;
import dev.streamwal.io.LogFile;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.segment.Segment;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentMapping;
import dev.streamwal.storage.SegmentStorage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * A sealed shared segment while it is packed: mapped, or read at once in a storage without mappings. Its records are read one by one, in the order of
 * their keys; a system call for each would take longer than all other work on the record. For one thread; close it.
 *
 * <p>A file that somebody cuts under the mapping is no way to wrong data: each record is copied out of the mapping, and verified where it was copied to.
 */
final class HeldFile implements SegmentBytes, AutoCloseable {

    private final Path path;
    private final ByteBuffer bytes;
    private final long memoryBytes;
    private final Runnable closing;

    private HeldFile(Path path, ByteBuffer bytes, long memoryBytes, Runnable closing) {
        this.path = path;
        this.bytes = bytes;
        this.memoryBytes = memoryBytes;
        this.closing = closing;
    }

    /** Holds a sealed segment, whose size is within a segment's limit. */
    static HeldFile of(Segment segment, SegmentStorage storage) throws IOException {
        try (SegmentFile file = storage.open(segment.file())) {
            int length = Math.toIntExact(file.size());
            SegmentMapping mapping = file.map(length);
            return mapping == null ? inMemory(file, length) : new HeldFile(file.path(), mapping.buffer(), 0, mapping::unmap);
        }
    }

    private static HeldFile inMemory(SegmentFile file, int length) throws IOException {
        ByteBuf memory = PooledByteBufAllocator.DEFAULT.directBuffer(length);
        try {
            int read = BadSectors.read(file, memory.nioBuffer(0, length), 0);
            return new HeldFile(file.path(), memory.nioBuffer(0, read), length, memory::release);
        } catch (IOException | RuntimeException e) {
            memory.release();
            throw e;
        }
    }

    /** Memory of the process that it takes; 0 where it is mapped. */
    long memoryBytes() {
        return memoryBytes;
    }

    @Override
    public int read(ByteBuffer target, long offset) throws IOException {
        int count = (int) Math.max(0, Math.min(target.remaining(), bytes.limit() - offset));
        if (count > 0) {
            try {
                ByteBuffer unused = target.put(target.position(), bytes, (int) offset, count);
                ArenaMapping.settle();
            } catch (InternalError e) {
                // a page has a bad sector, or somebody has cut the file
                return readFile(target.limit(target.position() + count), offset);
            }
            target.position(target.position() + count);
        }
        return count;
    }

    private int readFile(ByteBuffer target, long offset) throws IOException {
        try (LogFile file = LogFile.reading(path)) {
            return BadSectors.read(file, target, offset);
        }
    }

    @Override
    public long size() {
        return bytes.limit();
    }

    @Override
    public void close() {
        closing.run();
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
