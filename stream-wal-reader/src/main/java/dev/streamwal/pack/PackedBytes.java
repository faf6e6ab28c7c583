package dev.streamwal.pack;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.io.SharedFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The bytes of a packed segment as if it were a file of its own: its header, which is made from what the pack says, and its frames. There is
 * no footer among them. Thread-safe; close it.
 */
public final class PackedBytes implements SegmentBytes, AutoCloseable {

    private final SegmentBytes file;
    private final Path path;
    private final Runnable release;
    private final PackEntry entry;
    private final byte[] header;

    PackedBytes(SharedFile file, PackEntry entry, SegmentHeader header) {
        this(file, file.path(), file::close, entry, header);
    }

    /**
     * @param file the pack's bytes
     * @param path where they are, for errors
     * @param release gives them back
     */
    PackedBytes(SegmentBytes file, Path path, Runnable release, PackEntry entry, SegmentHeader header) {
        this.file = file;
        this.path = path;
        this.release = release;
        this.entry = entry;
        this.header = Arrays.copyOf(SegmentHeaderLayout.encode(header).array(), header.headerLength());
    }

    @Override
    public int read(ByteBuffer target, long offset) throws IOException {
        int start = target.position();
        if (offset < header.length) {
            target.put(header, (int) offset, (int) Math.min(target.remaining(), header.length - offset));
        }
        long from = offset + target.position() - start;
        long left = entry.dataEnd() - from;
        if (target.hasRemaining() && left > 0) {
            int limit = target.limit();
            target.limit((int) Math.min(limit, target.position() + left));
            try {
                int unused = file.read(target, fileOffset(from));
            } finally {
                target.limit(limit);
            }
        }
        return target.position() - start;
    }

    /** Where the data ends. */
    @Override
    public long size() {
        return entry.dataEnd();
    }

    /** Where in the pack's file an offset of the segment stands; the header's offsets stand nowhere, and are before its frames. */
    public long fileOffset(long offset) {
        return entry.offset() + offset - header.length;
    }

    /** Gives the pack's file back. */
    @Override
    public void close() {
        release.run();
    }

    @Override
    public String toString() {
        return path + ", stream=" + entry.key();
    }
}
