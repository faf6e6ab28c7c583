package dev.streamwal.pack;

import static dev.streamwal.pack.PackHeaderLayout.check;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.SegmentIndex;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The index behind a segment's frames, where the segment has more than one block of {@link SegmentIndex#BLOCK_BYTES} bytes; as in a segment's
 * footer. Little-endian.
 *
 * <pre>
 *   0  4  checksum   CRC32C over all that follows
 *   4  4  blocks     in which a data record starts
 *   8     blocks of 24 bytes: u32 offset of the first data record in the segment, u32 zero, i64 smallest, i64 largest timestamp
 * </pre>
 */
final class IndexLayout {

    private static final int CHECKSUM = 0;
    private static final int BLOCKS = 4;
    private static final int PREFIX_BYTES = 8;
    private static final int BLOCK_SMALLEST = 8;
    private static final int BLOCK_LARGEST = 16;
    private static final int BLOCK_BYTES = 24;

    /** A header may put a segment's records into one block more. */
    static final int MAX_BYTES = PREFIX_BYTES + BLOCK_BYTES * (PackWriter.MAX_SEGMENT_BYTES / SegmentIndex.BLOCK_BYTES + 2);

    private IndexLayout() {}

    /** 0 where the table's entry says as much. */
    static int bytes(SegmentIndex index) {
        return index.blocks() > 1 ? PREFIX_BYTES + BLOCK_BYTES * index.blocks() : 0;
    }

    static ByteBuffer encode(SegmentIndex index) {
        ByteBuffer out = ByteBuffer.allocate(bytes(index)).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(BLOCKS, index.blocks());
        for (int block = 0; block < index.blocks(); block++) {
            int entry = PREFIX_BYTES + BLOCK_BYTES * block;
            out.putInt(entry, index.firstOffset(block));
            out.putLong(entry + BLOCK_SMALLEST, index.smallestTimestampMillis(block));
            out.putLong(entry + BLOCK_LARGEST, index.largestTimestampMillis(block));
        }
        out.putInt(CHECKSUM, PackChecksum.of(out, BLOCKS, out.limit()));
        return out;
    }

    /** @param source all of it, from index 0 to the limit */
    static SegmentIndex decode(ByteBuffer source, PackEntry entry) throws FormatException {
        int checksum = source.getInt(CHECKSUM);
        check(checksum == PackChecksum.of(source, BLOCKS, source.limit()), "the checksum of a segment's index is right", checksum);
        int blocks = source.getInt(BLOCKS);
        check(blocks > 1 && source.limit() == PREFIX_BYTES + (long) BLOCK_BYTES * blocks, "an index has its blocks, in " + source.limit(), blocks);
        SegmentIndex.Builder index = new SegmentIndex.Builder(entry.records(), entry.smallestMillis(), entry.largestMillis());
        int end = entry.headerLength() + entry.dataBytes();
        int before = 0;
        for (int block = 0; block < blocks; block++) {
            int at = PREFIX_BYTES + BLOCK_BYTES * block;
            int first = source.getInt(at);
            check(first >= entry.headerLength() && first < end && first > before, "a block's first record is behind " + before, first);
            index.block(first, source.getLong(at + BLOCK_SMALLEST), source.getLong(at + BLOCK_LARGEST));
            before = first;
        }
        return index.build();
    }
}
