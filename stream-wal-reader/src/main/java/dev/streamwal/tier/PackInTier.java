package dev.streamwal.tier;

import dev.streamwal.io.OpenBytes;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.pack.PackSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * A pack, of which all is read from the tier.
 *
 * @param file the name that it would have in the log's directory
 */
record PackInTier(SegmentBytes bytes, Path file) implements PackSource {

    @Override
    public OpenBytes open() {
        return new OpenBytes() {
            @Override
            public int read(ByteBuffer target, long offset) throws IOException {
                return bytes.read(target, offset);
            }

            @Override
            public long size() throws IOException {
                return bytes.size();
            }

            @Override
            public void close() {
                // nothing is open between two reads
            }
        };
    }

    @Override
    public OpenBytes openFile() throws IOException {
        throw new NoSuchFileException(file.toString());
    }

    @Override
    public void forget() {
        // nothing is kept
    }
}
