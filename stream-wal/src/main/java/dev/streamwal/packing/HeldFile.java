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
 * <p>If another program cuts the file under the mapping, no wrong data is read: each record is copied out of the mapping, and the copy is verified.
 */
final class HeldFile implements SegmentBytes, AutoCloseable {

    /** A footer is shorter. */
    private static final int END_BYTES = 32 << 10;
    private static final int CHUNK_BYTES = 64 << 10;

    private final Path path;
    private final ByteBuffer bytes;
    private final long memoryBytes;
    private final boolean isAround;
    private final Runnable closing;

    private HeldFile(Path path, ByteBuffer bytes, long memoryBytes, boolean isAround, Runnable closing) {
        this.path = path;
        this.bytes = bytes;
        this.memoryBytes = memoryBytes;
        this.isAround = isAround;
        this.closing = closing;
    }

    /** Fails if the disk can't read the parts that every segment has: the places of its header and of its footer. */
    static void checkEnds(Path file) throws IOException {
        ByteBuffer end = ByteBuffer.allocate(END_BYTES);
        try (LogFile plain = LogFile.reading(file)) {
            int unused = plain.read(end, 0);
            int unusedToo = plain.read(end.clear(), Math.max(0, plain.size() - END_BYTES));
        }
    }

    /** Whether the disk can read all of a file now. If it can, what it couldn't read before was no bad sector, but for example a failure of the network. */
    static boolean canBeRead(Path file) {
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
        try (LogFile plain = LogFile.reading(file)) {
            for (long at = 0; plain.read(chunk.clear(), at) > 0; at += chunk.position()) {
                // only whether it succeeds
            }
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Holds a sealed segment, whose size is within a segment's limit.
     *
     * @param isAround whether it is read around sectors that the disk can't read: see {@link BadSectors}
     */
    static HeldFile of(Segment segment, SegmentStorage storage, boolean isAround) throws IOException {
        try (SegmentFile file = storage.open(segment.file())) {
            int length = Math.toIntExact(file.size());
            SegmentMapping mapping = file.map(length);
            return mapping == null ? inMemory(file, length, isAround) : new HeldFile(file.path(), mapping.buffer(), 0, isAround, mapping::unmap);
        }
    }

    private static HeldFile inMemory(SegmentFile file, int length, boolean isAround) throws IOException {
        ByteBuf memory = PooledByteBufAllocator.DEFAULT.directBuffer(length);
        try {
            ByteBuffer target = memory.nioBuffer(0, length);
            int read = isAround ? BadSectors.read(file, target, 0) : file.read(target, 0);
            return new HeldFile(file.path(), memory.nioBuffer(0, read), length, isAround, memory::release);
        } catch (IOException | RuntimeException e) {
            memory.release();
            throw e;
        }
    }

    /** Memory of the process that it takes, in bytes; 0 if it is mapped. */
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
                // a page has a bad sector, or another program has cut the file
                return readFile(target.limit(target.position() + count), offset);
            }
            target.position(target.position() + count);
        }
        return count;
    }

    private int readFile(ByteBuffer target, long offset) throws IOException {
        try (LogFile file = LogFile.reading(path)) {
            return isAround ? BadSectors.read(file, target, offset) : file.read(target, offset);
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
