package dev.streamwal.pack;

import dev.streamwal.io.LogFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A file that is written sequentially: small pieces are gathered in memory, and written together. One thread. */
final class SequentialFile {

    private final LogFile file;
    /** Gathers the bytes of one write; {@link LogFile#CHUNK_BYTES} says why it isn't larger. */
    private final ByteBuffer chunk = ByteBuffer.allocate(LogFile.CHUNK_BYTES);
    /** Offset of the chunk in the file. */
    private long chunkOffset;

    /** @param file an empty file */
    SequentialFile(LogFile file) {
        this.file = file;
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
            file.write(chunkOffset, chunk.flip());
            chunkOffset += count;
            chunk.clear();
        }
    }
}
