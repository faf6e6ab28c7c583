package dev.streamwal.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.util.ArrayList;
import java.util.List;

/**
 * The content of a file when it was mapped for reading. Bytes are copied out and the caller verifies the copy: nothing is parsed in the mapping, which another
 * process may change or cut at any time. Thread-safe.
 *
 * <p><b>A file that is shorter now.</b> The copy meets a missing page. From Java 22 on that is an {@link InternalError}, which is thrown
 * before {@link #copy} returns. The copy is then discarded, and the caller reads the file itself, which shows where it ends.
 *
 * <p><b>Closing during a copy.</b> The arena throws in the copying thread, or makes the closing thread wait; unmapped memory is never read.
 */
final class MappedContent implements AutoCloseable {

    /** A larger file is mapped in several pieces; bytes across two pieces are read by a read call. */
    static final int PIECE_BYTES = 1 << 30;

    private final List<ArenaMapping> pieces = new ArrayList<>();

    /** @throws UnsupportedOperationException if the file system can't map */
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
     * @return false if the bytes aren't all mapped, the file is shorter now, or this is closed; the target's content is then undefined
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
