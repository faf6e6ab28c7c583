package dev.streamwal.pack;

import dev.streamwal.io.OpenBytes;
import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A pack's file that is read sequentially in small pieces: from memory, which is filled by few large reads. The file is open only during these. One
 * thread.
 */
final class ReadAhead implements SegmentBytes {

    static final int CHUNK_BYTES = 256 << 10;

    private final PackSource pack;
    private final long packBytes;
    /** Empty until something is read: a caller that only walks through a table doesn't need it. */
    private ByteBuffer chunk = ByteBuffer.allocate(0);
    private long chunkOffset;

    ReadAhead(PackSource pack, long packBytes) {
        this.pack = pack;
        this.packBytes = packBytes;
    }

    @Override
    public int read(ByteBuffer target, long offset) throws IOException {
        int start = target.position();
        while (target.hasRemaining()) {
            long at = offset + target.position() - start;
            if ((at < chunkOffset || at >= chunkOffset + chunk.limit()) && !fill(at)) {
                break;
            }
            int from = (int) (at - chunkOffset);
            int count = Math.min(target.remaining(), chunk.limit() - from);
            target.put(target.position(), chunk, from, count).position(target.position() + count);
        }
        return target.position() - start;
    }

    /** Fills the chunk from the offset on; false at the file's end. */
    private boolean fill(long offset) throws IOException {
        chunk = chunk.capacity() > 0 ? chunk.clear() : ByteBuffer.allocate((int) Math.min(packBytes, CHUNK_BYTES));
        chunkOffset = offset;
        try (OpenBytes bytes = pack.openFile()) {
            int unused = bytes.read(chunk, offset);
        } finally {
            // if it throws, the bytes read are not used
            chunk.flip();
        }
        return chunk.limit() > 0;
    }

    @Override
    public long size() throws IOException {
        try (OpenBytes bytes = pack.openFile()) {
            return bytes.size();
        }
    }

    @Override
    public String toString() {
        return pack.file().toString();
    }
}
