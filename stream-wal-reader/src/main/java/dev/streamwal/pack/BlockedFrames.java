package dev.streamwal.pack;

import dev.streamwal.format.FormatException;
import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The frames of a packed segment that are stored in {@link FrameBlocks blocks}, read as if they were stored plain. Adjacent blocks are read together; the last
 * one unpacked is kept, and those of short reads go to a cache. A block that doesn't verify reads as bytes that are no frame. Thread-safe.
 */
final class BlockedFrames {

    /** Limit of one read. */
    private static final int MAX_READ_BYTES = 256 << 10;

    /** A read of more blocks than this is part of a long scan, which reads each block once. A scan's first read has fewer; it may be all of a short scan. */
    private static final int MAX_KEPT_BLOCKS = 8;

    /** Not zero, which would mean that nothing was written there. */
    private static final byte NO_FRAME = -1;

    private final SegmentBytes file;
    private final Extent extent;
    private final long position;
    private final long salt;
    private final int bytes;
    private final BlockCache cache;
    private final Object pack;

    private volatile FrameBlocks.@Nullable BlockList list;
    private volatile @Nullable Unpacked last;

    private record Unpacked(int block, byte[] frames) {}

    /**
     * How blocks are read.
     *
     * @param isKept whether they go to the cache
     * @param isOnce whether they are read {@link SegmentBytes#readOnce once}
     */
    private record Manner(boolean isKept, boolean isOnce) {}

    /**
     * @param file the pack's bytes
     * @param cache for blocks that were read, verified and unpacked: a pack never changes, so reading them again would give the same bytes
     * @param pack to which they belong there
     */
    BlockedFrames(SegmentBytes file, PackEntry entry, BlockCache cache, Object pack) {
        this.file = file;
        this.cache = cache;
        this.pack = pack;
        this.extent = entry.extent();
        this.position = entry.basePosition();
        this.salt = entry.salt();
        this.bytes = entry.dataBytes();
    }

    /**
     * Reads frames.
     *
     * @param offset from the beginning of the first frame; not behind the last frame
     * @param isOnce whether blocks are read {@link SegmentBytes#readOnce once}
     */
    void read(ByteBuffer target, long offset, int count, boolean isOnce) throws IOException {
        int from = (int) offset;
        int end = from + count;
        Optional<FrameBlocks.BlockList> found = list();
        if (found.isEmpty()) {
            noFrame(target, count);
            return;
        }
        FrameBlocks.BlockList blocks = found.get();
        int first = blocks.holding(from);
        Manner manner = new Manner(blocks.holding(end - 1) - first < MAX_KEPT_BLOCKS, isOnce);
        for (int block = first; from < end; ) {
            if (block == blocks.count()) {
                noFrame(target, end - from);
                return;
            }
            byte[] known = known(blocks, block);
            if (known != null) {
                from = put(target, blocks, block, known, from, end);
                block++;
                continue;
            }
            int behind = block + 1;
            while (behind < blocks.count() && blocks.offset(behind) < end
                    && blocks.storedOffset(behind + 1) - blocks.storedOffset(block) <= MAX_READ_BYTES && known(blocks, behind) == null) {
                behind++;
            }
            from = read(target, blocks, block, behind, from, end, manner);
            block = behind;
        }
    }

    private byte @Nullable [] known(FrameBlocks.BlockList blocks, int block) {
        Unpacked before = last;
        return before != null && before.block() == block ? before.frames() : cache.get(pack, extent.offset() + blocks.storedOffset(block));
    }

    /** @return offset up to which it was read */
    private int read(ByteBuffer target, FrameBlocks.BlockList blocks, int first, int behind, int from, int end, Manner manner) throws IOException {
        ByteBuffer stored = stored(blocks.storedOffset(first), blocks.storedOffset(behind) - blocks.storedOffset(first), manner.isOnce());
        int at = from;
        for (int block = first; block < behind; block++) {
            byte[] frames = unpack(stored, blocks, block, blocks.storedOffset(block) - blocks.storedOffset(first));
            last = new Unpacked(block, frames);
            if (manner.isKept() && frames.length > 0) {
                cache.put(pack, extent.offset() + blocks.storedOffset(block), frames);
            }
            at = put(target, blocks, block, frames, at, end);
        }
        return at;
    }

    /** @return offset up to which the block's frames were put */
    private static int put(ByteBuffer target, FrameBlocks.BlockList blocks, int block, byte[] frames, int from, int end) {
        int to = Math.min(end, blocks.offset(block + 1));
        int there = Math.max(0, Math.min(to, blocks.offset(block) + frames.length) - from);
        if (there > 0) {
            target.put(frames, from - blocks.offset(block), there);
        }
        noFrame(target, to - from - there);
        return to;
    }

    private byte[] unpack(ByteBuffer stored, FrameBlocks.BlockList blocks, int block, int from) {
        if (from + blocks.storedBytes(block) > stored.limit()) {
            return new byte[0];
        }
        try {
            byte[] frames = FrameBlocks.decode(stored.slice(from, blocks.storedBytes(block)), position + blocks.offset(block), salt);
            return frames.length >= blocks.bytes(block) ? frames : new byte[0];
        } catch (FormatException e) {
            // a scan finds no frames there, and reports damage
            return new byte[0];
        }
    }

    private static void noFrame(ByteBuffer target, int count) {
        byte[] bytes = new byte[count];
        Arrays.fill(bytes, NO_FRAME);
        target.put(bytes);
    }

    private ByteBuffer stored(int from, int count, boolean isOnce) throws IOException {
        ByteBuffer stored = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        long at = extent.offset() + from;
        int unused = isOnce ? file.readOnce(stored, at) : file.read(stored, at);
        return stored.flip();
    }

    /** Empty if it doesn't verify. */
    private Optional<FrameBlocks.BlockList> list() throws IOException {
        FrameBlocks.BlockList known = list;
        if (known == null) {
            if (extent.listBytes() == 0) {
                known = FrameBlocks.BlockList.ofOne(bytes, extent.storedBytes());
            } else {
                byte[] readBefore = cache.get(pack, extent.offset());
                if (readBefore == null) {
                    try {
                        known = FrameBlocks.BlockList.decode(stored(0, extent.listBytes(), false), extent.storedBytes(), position, salt);
                    } catch (FormatException e) {
                        return Optional.empty();
                    }
                    cache.put(pack, extent.offset(), known.bytes());
                } else {
                    known = new FrameBlocks.BlockList(readBefore);
                }
            }
            list = known;
        }
        return Optional.of(known);
    }
}
