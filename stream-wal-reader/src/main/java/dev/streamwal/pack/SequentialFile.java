package dev.streamwal.pack;

import dev.streamwal.io.LogFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A file that is written from its beginning to its end: small pieces are gathered in memory, and written together. One thread. */
final class SequentialFile {

    private final LogFile file;
    /** By which the file is written; see {@link LogFile#CHUNK_BYTES} for why not more. */
    private final ByteBuffer chunk = ByteBuffer.allocate(LogFile.CHUNK_BYTES);
    /** Where in the file the chunk belongs. */
    private long chunkOffset;

    /** Of an empty file. */
    SequentialFile(LogFile file) {
        this.file = file;
    }

    /** How long the file is with what was added. */
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

    /** Writes what was added, and isn't written yet. */
    void flush() throws IOException {
        int count = chunk.position();
        if (count > 0) {
            file.write(chunkOffset, chunk.flip());
            chunkOffset += count;
            chunk.clear();
        }
    }
}
