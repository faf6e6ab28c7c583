package dev.streamwal.pack;

import dev.streamwal.io.OpenBytes;
import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * A pack that has no file of its own here: either all of it is read from the log's tier, or only its table can be read. The caller that gives the bytes closes
 * them.
 *
 * @param file the name that it would have in the log's directory
 * @param nearFrom from this offset on the bytes are on this machine
 */
public record PackElsewhere(SegmentBytes bytes, Path file, long nearFrom) implements PackSource, OpenBytes {

    /** A pack that is read completely from the tier. */
    public PackElsewhere(SegmentBytes bytes, Path file) {
        this(bytes, file, 0);
    }

    @Override
    public OpenBytes open() {
        return this;
    }

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

    @Override
    public OpenBytes openFile() throws IOException {
        throw new NoSuchFileException(file.toString());
    }

    @Override
    public void forget() {
        // nothing is kept
    }
}
