package dev.streamwal.pack;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a packed segment as if it were a file of its own: its header, made from the pack's table, and its frames, without a footer.
 * Thread-safe; close it.
 */
public final class PackedBytes implements SegmentBytes, AutoCloseable {

    private final SegmentBytes file;
    private final Path path;
    private final Runnable release;
    private final PackEntry entry;
    private final SegmentHeader header;
    private final int headerLength;
    /** Null if the frames are stored plain. */
    private final @Nullable BlockedFrames blocks;

    /**
     * @param file the pack's bytes
     * @param release releases them
     * @param frames cache for unpacked blocks
     */
    PackedBytes(SegmentBytes file, PackReader pack, Runnable release, BlockCache frames, PackEntry entry, SegmentHeader header) {
        this.file = file;
        this.path = pack.file();
        this.release = release;
        this.entry = entry;
        this.header = header;
        this.headerLength = header.headerLength();
        this.blocks = entry.extent().isAsTheyAre() ? null : new BlockedFrames(file, entry, frames, pack);
    }

    @Override
    public int read(ByteBuffer target, long offset) throws IOException {
        return read(target, offset, false);
    }

    @Override
    public int readOnce(ByteBuffer target, long offset) throws IOException {
        return read(target, offset, true);
    }

    private int read(ByteBuffer target, long offset, boolean isOnce) throws IOException {
        int start = target.position();
        if (offset < headerLength) {
            // made when it is read, because few readers of frames also read the header
            target.put(SegmentHeaderLayout.encode(header).array(), (int) offset, (int) Math.min(target.remaining(), headerLength - offset));
        }
        long from = offset + target.position() - start;
        long left = entry.dataEnd() - from;
        if (target.hasRemaining() && left > 0) {
            readFrames(target, from - headerLength, (int) Math.min(target.remaining(), left), isOnce);
        }
        return target.position() - start;
    }

    private void readFrames(ByteBuffer target, long from, int count, boolean isOnce) throws IOException {
        if (blocks != null) {
            blocks.read(target, from, count, isOnce);
            return;
        }
        int limit = target.limit();
        target.limit(target.position() + count);
        try {
            long at = entry.offset() + from;
            int unused = isOnce ? file.readOnce(target, at) : file.read(target, at);
        } finally {
            target.limit(limit);
        }
    }

    /** A block has a checksum, and frames were verified before they were put into it. */
    @Override
    public boolean isVerified() {
        return blocks != null;
    }

    /** Offset where the data ends. */
    @Override
    public long size() {
        return entry.dataEnd();
    }

    /** Releases the pack's file. */
    @Override
    public void close() {
        release.run();
    }

    @Override
    public String toString() {
        return path + ", stream=" + entry.key();
    }
}
