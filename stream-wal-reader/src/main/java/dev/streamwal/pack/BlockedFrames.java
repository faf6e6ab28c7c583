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
 * The frames of a packed segment that are stored in {@link FrameBlocks blocks}, read as if they were stored plain. Adjacent blocks are read at
 * once; the last one is kept. A block that doesn't verify reads as bytes that are no frame. Thread-safe.
 */
final class BlockedFrames {

    /** Limit of one read. */
    private static final int MAX_READ_BYTES = 256 << 10;

    /** Not zero, which would mean that nothing was written there. */
    private static final byte NO_FRAME = -1;

    private final SegmentBytes file;
    private final Extent extent;
    private final long position;
    private final long salt;
    private final int bytes;

    private volatile FrameBlocks.@Nullable BlockList list;
    private volatile @Nullable Unpacked last;

    private record Unpacked(int block, byte[] frames) {}

    /** @param file the pack's bytes */
    BlockedFrames(SegmentBytes file, PackEntry entry) {
        this.file = file;
        this.extent = entry.extent();
        this.position = entry.basePosition() - extent.skippedBytes();
        this.salt = entry.salt();
        this.bytes = extent.skippedBytes() + entry.dataBytes();
    }

    /**
     * Reads frames.
     *
     * @param offset from the first frame's begin; not behind the last frame
     * @param isOnce whether what is stored is read {@link SegmentBytes#readOnce once}
     */
    void read(ByteBuffer target, long offset, int count, boolean isOnce) throws IOException {
        int from = extent.skippedBytes() + (int) offset;
        int end = from + count;
        Optional<FrameBlocks.BlockList> found = list(isOnce);
        if (found.isEmpty()) {
            noFrame(target, count);
            return;
        }
        FrameBlocks.BlockList blocks = found.get();
        for (int block = blocks.holding(from); from < end; ) {
            if (block == blocks.count()) {
                noFrame(target, end - from);
                return;
            }
            int behind = block + 1;
            while (behind < blocks.count() && blocks.offset(behind) < end
                    && blocks.storedOffset(behind + 1) - blocks.storedOffset(block) <= MAX_READ_BYTES) {
                behind++;
            }
            from = read(target, blocks, block, behind, from, end, isOnce);
            block = behind;
        }
    }

    /** @return offset up to which it was read */
    private int read(ByteBuffer target, FrameBlocks.BlockList blocks, int first, int behind, int from, int end, boolean isOnce) throws IOException {
        Unpacked known = last;
        ByteBuffer stored = known != null && known.block() == first && behind == first + 1 ? ByteBuffer.allocate(0)
                : stored(blocks.storedOffset(first), blocks.storedOffset(behind) - blocks.storedOffset(first), isOnce);
        int at = from;
        for (int block = first; block < behind; block++) {
            byte[] frames;
            if (known != null && known.block() == block) {
                frames = known.frames();
            } else {
                frames = unpack(stored, blocks, block, blocks.storedOffset(block) - blocks.storedOffset(first));
                last = new Unpacked(block, frames);
            }
            int to = Math.min(end, blocks.offset(block + 1));
            int there = Math.max(0, Math.min(to, blocks.offset(block) + frames.length) - at);
            if (there > 0) {
                target.put(frames, at - blocks.offset(block), there);
            }
            noFrame(target, to - at - there);
            at = to;
        }
        return at;
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

    /** Empty where it doesn't verify. */
    private Optional<FrameBlocks.BlockList> list(boolean isOnce) throws IOException {
        FrameBlocks.BlockList known = list;
        if (known == null) {
            if (extent.listBytes() == 0) {
                known = FrameBlocks.BlockList.ofOne(bytes, extent.storedBytes());
            } else {
                try {
                    known = FrameBlocks.BlockList.decode(stored(0, extent.listBytes(), isOnce), extent.storedBytes(), position, salt);
                } catch (FormatException e) {
                    return Optional.empty();
                }
            }
            list = known;
        }
        return Optional.of(known);
    }
}
