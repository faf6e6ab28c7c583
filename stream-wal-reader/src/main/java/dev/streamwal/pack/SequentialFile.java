package dev.streamwal.pack;

import dev.streamwal.io.DirectWriter;
import dev.streamwal.io.LogFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A file that is written sequentially: small pieces are gathered in memory, and written together. One thread; close it. */
final class SequentialFile implements Closeable {

    private final LogFile file;
    /** Null if the file is written through the page cache. */
    private final @Nullable DirectWriter direct;
    /** Gathers the bytes of one write; {@link LogFile#CHUNK_BYTES} says why it isn't larger where it is on the heap. */
    private final ByteBuffer chunk;
    /** Offset of the chunk in the file. */
    private long chunkOffset;

    /** @param file an empty file */
    SequentialFile(LogFile file) {
        this(file, null);
    }

    /**
     * @param file an empty file
     * @param direct writes to the file past the page cache; null for writing through it
     */
    SequentialFile(LogFile file, @Nullable DirectWriter direct) {
        this.file = file;
        this.direct = direct;
        this.chunk = direct == null ? ByteBuffer.allocate(LogFile.CHUNK_BYTES) : direct.chunk();
    }

    /** Length of the file with all added bytes. */
    long length() {
        return chunkOffset + chunk.position();
    }

    /** Adds what remains of a buffer. */
    void add(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            int count = Math.min(bytes.remaining(), chunk.remaining());
            chunk.put(chunk.position(), bytes, bytes.position(), count).position(chunk.position() + count);
            bytes.position(bytes.position() + count);
            if (!chunk.hasRemaining()) {
                flush();
            }
        }
    }

    /** Writes the added bytes that aren't written yet. */
    void flush() throws IOException {
        int count = chunk.position();
        if (count > 0) {
            chunk.flip();
            if (direct == null) {
                file.write(chunkOffset, chunk);
            } else {
                direct.write(chunkOffset);
            }
            chunkOffset += count;
            chunk.clear();
        }
    }

    /** Releases its memory; the file stays open. A second call does nothing. */
    @Override
    public void close() throws IOException {
        if (direct != null) {
            direct.close();
        }
    }
}
