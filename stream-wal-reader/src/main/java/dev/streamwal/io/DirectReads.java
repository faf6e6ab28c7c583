package dev.streamwal.io;

import io.netty.buffer.ByteBuf;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Reads a file past the page cache, by whole blocks. The blocks pass through Netty's memory, at most {@value #CHUNK_BYTES} bytes and a block, which is held
 * only during a call. Thread-safe.
 */
final class DirectReads implements Closeable {

    /** Reads of 1 MiB are mostly as fast as the disk. */
    static final int CHUNK_BYTES = 1 << 20;

    private final LogFile file;
    private final ReadCounter reads;

    /** @param file the file, opened directly by each first use after a {@link #close} */
    DirectReads(LogFile file, ReadCounter reads) {
        this.file = file;
        this.reads = reads;
    }

    /**
     * Fills the target, and moves its position behind what was read. If the target isn't full then, the file may end there, or not: ask the file itself.
     *
     * @throws IOException if a direct read isn't possible, or fails; the target's position is behind what was read before
     */
    void read(ByteBuffer target, long offset) throws IOException {
        int capacity = (int) Math.min(CHUNK_BYTES, blocksUpTo(offset % DirectIo.BLOCK_BYTES + target.remaining()));
        ByteBuf memory = DirectMemory.buffer(capacity + DirectIo.BLOCK_BYTES);
        try {
            ByteBuffer blocks = memory.nioBuffer(0, memory.capacity()).alignedSlice(DirectIo.BLOCK_BYTES).limit(capacity).slice();
            long at = offset;
            while (target.hasRemaining()) {
                int read = readSome(target, at, blocks);
                if (read == 0) {
                    return;
                }
                at += read;
            }
        } finally {
            boolean unused = memory.release();
        }
    }

    private static long blocksUpTo(long bytes) {
        return (bytes + DirectIo.BLOCK_BYTES - 1) / DirectIo.BLOCK_BYTES * DirectIo.BLOCK_BYTES;
    }

    /** @return how many bytes the target got */
    private int readSome(ByteBuffer target, long offset, ByteBuffer blocks) throws IOException {
        int skipped = (int) (offset % DirectIo.BLOCK_BYTES);
        int wanted = (int) Math.min(blocks.capacity(), blocksUpTo((long) skipped + target.remaining()));
        int read = file.ask(open -> open.channel().read(blocks.clear().limit(wanted), offset - skipped));
        reads.addDirect(read);
        int count = Math.min(target.remaining(), Math.max(0, read - skipped));
        target.put(target.position(), blocks, skipped, count).position(target.position() + count);
        return count;
    }

    /** Closes the descriptor; a later read opens the file again. */
    @Override
    public void close() throws IOException {
        file.close();
    }
}
