package dev.streamwal.io;

import io.netty.buffer.ByteBuf;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes a new file in chunks, past the page cache as far as the file system can: whole blocks directly, the rest at the end through the cache. One thread;
 * close it.
 *
 * <p><b>Why a direct write that fails isn't the end.</b> Its bytes are written again through the page cache, and so are all later ones. If the disk is at
 * fault, these writes fail, too, or the force fails, which the caller needs in any case before the file counts. If only direct writes are refused, nothing is
 * lost.
 */
public final class DirectWriter implements Closeable {

    /** Direct writes of 128 KiB take a quarter longer than those through the page cache, those of 1 MiB a tenth. */
    static final int CHUNK_BYTES = 1 << 20;

    static final int MEMORY_BYTES = CHUNK_BYTES + DirectIo.BLOCK_BYTES;

    private final LogFile file;
    private final ByteBuf memory;
    private final ByteBuffer chunk;
    private final LongConsumer written;
    /** Null if direct writes aren't possible. */
    private @Nullable LogFile direct;
    private boolean isClosed;

    /**
     * @param file to write
     * @param memory of {@value #MEMORY_BYTES} bytes, released with it
     * @param direct the same file, open for direct writes; null if they aren't possible
     * @param written is told how many bytes a direct write wrote
     */
    DirectWriter(LogFile file, ByteBuf memory, @Nullable LogFile direct, LongConsumer written) {
        this.file = file;
        this.direct = direct;
        this.written = written;
        this.memory = memory;
        this.chunk = memory.nioBuffer(0, memory.capacity()).alignedSlice(DirectIo.BLOCK_BYTES).limit(CHUNK_BYTES).slice();
    }

    /** Memory for {@link #write}; all of it can be written directly. */
    public ByteBuffer chunk() {
        return chunk;
    }

    /**
     * Writes the {@link #chunk()} from its beginning to its limit. Only the last one may end within a block.
     *
     * @param offset in the file
     */
    public void write(long offset) throws IOException {
        chunk.position(0);
        int whole = chunk.limit() - chunk.limit() % DirectIo.BLOCK_BYTES;
        if (whole > 0 && offset % DirectIo.BLOCK_BYTES == 0 && isDirect(offset, whole)) {
            chunk.position(whole);
        }
        if (chunk.hasRemaining()) {
            file.write(offset + chunk.position(), chunk);
        }
    }

    private boolean isDirect(long offset, int count) throws IOException {
        LogFile open = direct;
        if (open == null) {
            return false;
        }
        try {
            open.write(offset, chunk.duplicate().limit(count));
            written.accept(count);
            return true;
        } catch (IOException e) {
            // the class comment says why
            direct = null;
            open.close();
            return false;
        }
    }

    /** Releases the memory, and the descriptor for direct writes; the file stays open. A second call does nothing. */
    @Override
    public void close() throws IOException {
        if (isClosed) {
            return;
        }
        isClosed = true;
        boolean unused = memory.release();
        if (direct != null) {
            direct.close();
        }
    }
}
