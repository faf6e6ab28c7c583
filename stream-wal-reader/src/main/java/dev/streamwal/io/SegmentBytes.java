package dev.streamwal.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** The bytes of one file, by position: all that scanning needs. */
public interface SegmentBytes {

    /**
     * Reads from an offset of the file until the target is full or the file ends, and moves the target's position.
     *
     * @return how many bytes were read; 0 at and behind the file's end, never negative
     */
    int read(ByteBuffer target, long offset) throws IOException;

    /** How long the file is now. */
    long size() throws IOException;

    /** The bytes of an open file; the caller closes it. */
    static SegmentBytes of(FileChannel channel) {
        return new SegmentBytes() {
            @Override
            public int read(ByteBuffer target, long offset) throws IOException {
                int start = target.position();
                while (target.hasRemaining()) {
                    if (channel.read(target, offset + target.position() - start) < 0) {
                        break;
                    }
                }
                return target.position() - start;
            }

            @Override
            public long size() throws IOException {
                return channel.size();
            }
        };
    }
}
