package dev.streamwal.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.util.ArrayList;
import java.util.List;

/**
 * What a file had when it was mapped to be read. Bytes are copied out, and whoever reads them verifies the copy: nothing is parsed in the
 * mapping, which another process may change or cut under the reader. Thread-safe.
 *
 * <p><b>A file that is shorter now.</b> The copy meets a page that isn't there. From Java 22 on that is an {@link InternalError}, which is thrown
 * before {@link #copy} returns; the copy then counts for nothing, and the caller reads the file itself, which says where it ends.
 *
 * <p><b>Closing under a copy.</b> The arena throws in the thread that copies, or makes the closing thread wait; memory that is unmapped is never
 * read.
 */
final class MappedContent implements AutoCloseable {

    /** A larger file is mapped in several pieces; what stands across two of them is read by a call. */
    static final int PIECE_BYTES = 1 << 30;

    private final List<ArenaMapping> pieces = new ArrayList<>();

    /** @throws UnsupportedOperationException where the file system can't map */
    MappedContent(FileChannel channel) throws IOException {
        long size = channel.size();
        try {
            for (long offset = 0; offset < size; offset += PIECE_BYTES) {
                pieces.add(ArenaMapping.map(channel, MapMode.READ_ONLY, offset, (int) Math.min(PIECE_BYTES, size - offset)));
            }
        } catch (IOException | RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /**
     * Fills the target, and moves its position.
     *
     * @return false where it can't, whatever stands in the target then: it isn't all mapped, the file is shorter now, or this is closed
     */
    boolean copy(ByteBuffer target, long offset) {
        int piece = (int) (offset / PIECE_BYTES);
        int count = target.remaining();
        if (piece >= pieces.size()) {
            return false;
        }
        ByteBuffer mapped = pieces.get(piece).buffer();
        int from = (int) (offset % PIECE_BYTES);
        if (from > mapped.capacity() - count) {
            return false;
        }
        try {
            target.put(target.position(), mapped, from, count);
            ArenaMapping.settle();
        } catch (InternalError | IllegalStateException e) {
            return false;
        }
        target.position(target.position() + count);
        return true;
    }

    @Override
    public void close() {
        pieces.forEach(ArenaMapping::close);
    }
}
