package dev.streamwal.storage;

import dev.streamwal.io.SegmentBytes;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** One segment's file. The caller holds the segment's lock. An interrupt of the calling thread must neither fail a call nor be lost. */
public interface SegmentFile extends SegmentBytes, Closeable {

    Path path();

    /** Tells where the file stands from now on; moves nothing. */
    void renamed(Path path);

    /**
     * Writes all that remains in the buffers, gathered, from {@code offset} on, or throws; then part of it may have been written. The file may grow
     * by it, and must then have blocks for what was written: a full disk is an {@link IOException} here and nowhere later.
     */
    void write(long offset, ByteBuffer... buffers) throws IOException;

    /** Writes zeros, with blocks behind them. */
    void zero(long from, long to) throws IOException;

    /** Cuts the file; it never becomes longer. */
    void truncate(long length) throws IOException;

    /** Returns when everything written is on the disk, the length included. */
    void force() throws IOException;

    /**
     * Maps the first {@code capacity} bytes for reading and writing. The file may be that long afterwards, without blocks: cut it back at once, and
     * touch no page that has no block.
     *
     * @return null if this storage has no mappings: the segment is then written by position
     */
    @Nullable SegmentMapping map(int capacity) throws IOException;

    /** Closes the descriptor; the next call that needs it opens the file again. Mappings stay. */
    @Override
    void close();
}
