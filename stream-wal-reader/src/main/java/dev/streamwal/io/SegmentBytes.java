package dev.streamwal.io;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The bytes of one file, by position: all that scanning needs. */
public interface SegmentBytes {

    /**
     * Reads from an offset of the file until the target is full or the file ends, and moves the target's position.
     *
     * @return how many bytes were read; 0 at and behind the file's end, never negative
     */
    int read(ByteBuffer target, long offset) throws IOException;

    /**
     * As {@link #read}, for a caller that goes through the file and won't ask for these bytes again soon: past the page cache, if that was asked for and is
     * possible.
     */
    default int readOnce(ByteBuffer target, long offset) throws IOException {
        return read(target, offset);
    }

    /**
     * Whether the frames that it reads are verified already, by the checksum of a block that they stand in. If that fails, it gives bytes that are no frame.
     * Only a caller that knows where a frame begins may rely on this, because any bytes may stand in a record's content.
     */
    default boolean isVerified() {
        return false;
    }

    /** Current length of the file. */
    long size() throws IOException;

    /**
     * The header of a segment's file, as it is there now.
     *
     * @throws FormatException if there is none that can be read
     */
    static SegmentHeader readHeader(SegmentBytes file) throws IOException, FormatException {
        ByteBuffer first = ByteBuffer.allocate(SegmentHeaderLayout.MAX_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        return SegmentHeaderLayout.decode(first, file.read(first, 0));
    }

    /** Receives copied bytes. */
    @FunctionalInterface
    interface CopyTarget {
        /**
         * Writes all that remains.
         *
         * @param offset at which the bytes were read
         */
        void write(long offset, ByteBuffer bytes) throws IOException;
    }

    /**
     * Copies the bytes in {@code [from, to)}, piece by piece.
     *
     * @param chunk buffer for one piece; its capacity is more than 0 if there is anything to copy
     */
    default void copy(long from, long to, ByteBuffer chunk, CopyTarget target) throws IOException {
        for (long offset = from; offset < to; ) {
            chunk.clear().limit((int) Math.min(chunk.capacity(), to - offset));
            int read = read(chunk, offset);
            if (read == 0) {
                throw new IOException("file ends before the range to copy does: offset=" + offset + ", end=" + to + ", file=" + this
                        + "; check the disk");
            }
            target.write(offset, chunk.flip());
            offset += read;
        }
    }
}
