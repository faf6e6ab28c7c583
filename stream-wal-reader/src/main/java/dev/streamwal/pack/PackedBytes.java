package dev.streamwal.pack;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The bytes of a segment in a pack, as those of its own file would be: its header, and its frames; no footer. */
public final class PackedBytes implements SegmentBytes {

    private final SegmentBytes pack;
    private final PackEntry entry;
    private final ByteBuffer header;

    /**
     * Of a segment.
     *
     * @param pack the pack's bytes
     * @param segment the segment's header
     */
    public PackedBytes(SegmentBytes pack, SegmentHeader segment, PackEntry entry) {
        this.pack = pack;
        this.entry = entry;
        this.header = SegmentHeaderLayout.encode(segment);
    }

    @Override
    public int read(ByteBuffer target, long offset) throws IOException {
        int read = 0;
        int headerLength = entry.headerLength();
        if (offset < headerLength) {
            read = (int) Math.min(target.remaining(), headerLength - offset);
            target.put(target.position(), header, (int) offset, read).position(target.position() + read);
        }
        long left = size() - offset - read;
        if (left <= 0 || !target.hasRemaining()) {
            return read;
        }
        int limit = target.limit();
        try {
            target.limit((int) Math.min(limit, target.position() + left));
            return read + pack.read(target, entry.fileOffset(offset + read));
        } finally {
            target.limit(limit);
        }
    }

    @Override
    public long size() {
        return (long) entry.headerLength() + entry.dataBytes();
    }

    @Override
    public String toString() {
        return pack.toString();
    }
}
