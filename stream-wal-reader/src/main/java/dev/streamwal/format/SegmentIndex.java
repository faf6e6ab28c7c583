package dev.streamwal.format;

import java.util.Arrays;

/**
 * What a footer says about a segment's data records, gathered record by record in order of offset: how many there are, their timestamps' range, and the same
 * for every block, so that a time scan can skip blocks. It reads at most a block in excess at either end. Not thread-safe; small while the segment is.
 */
public final class SegmentIndex {

    /** Of a segment's file: it is gathered while records are appended, and takes 24 KiB in a full segment of 64 MiB. */
    public static final int BLOCK_BYTES = 64 << 10;

    /** Of a packed segment: what a time scan reads in excess has to be unpacked there. */
    public static final int PACKED_BLOCK_BYTES = 16 << 10;

    /** No footer has smaller blocks. */
    static final int MIN_BLOCK_BYTES = 4 << 10;

    /** No record yet. */
    public static final long NO_SMALLEST = Long.MAX_VALUE;
    /** No record yet. */
    public static final long NO_LARGEST = Long.MIN_VALUE;

    private static final int[] NO_OFFSETS = {};
    private static final long[] NO_TIMESTAMPS = {};

    private final int blockBytes;
    private long records;
    private long smallest = NO_SMALLEST;
    private long largest = NO_LARGEST;

    private int closedBlocks;
    private int[] firstOffsets = NO_OFFSETS;
    private long[] smallests = NO_TIMESTAMPS;
    private long[] largests = NO_TIMESTAMPS;

    private int openOffset = -1;
    private long openSmallest;
    private long openLargest;

    /** For a segment's file. */
    public SegmentIndex() {
        this(BLOCK_BYTES);
    }

    /** @param blockBytes a power of two */
    public SegmentIndex(int blockBytes) {
        this.blockBytes = blockBytes;
    }

    /** An index whose blocks are still to be added. */
    SegmentIndex(int blockBytes, long records, long smallestTimestampMillis, long largestTimestampMillis) {
        this(blockBytes);
        this.records = records;
        this.smallest = smallestTimestampMillis;
        this.largest = largestTimestampMillis;
    }

    /** An index of one or more data records that all start in one block. */
    public static SegmentIndex ofOneBlock(long records, int firstOffset, long smallestTimestampMillis, long largestTimestampMillis) {
        SegmentIndex all = new SegmentIndex(BLOCK_BYTES, records, smallestTimestampMillis, largestTimestampMillis);
        all.addBlock(firstOffset, smallestTimestampMillis, largestTimestampMillis);
        return all;
    }

    /** An index of the same records, to which others can be added. */
    public SegmentIndex copy() {
        SegmentIndex copy = new SegmentIndex(blockBytes);
        copy.records = records;
        copy.smallest = smallest;
        copy.largest = largest;
        copy.closedBlocks = closedBlocks;
        copy.firstOffsets = firstOffsets.clone();
        copy.smallests = smallests.clone();
        copy.largests = largests.clone();
        copy.openOffset = openOffset;
        copy.openSmallest = openSmallest;
        copy.openLargest = openLargest;
        return copy;
    }

    /** Forgets all records. */
    public void clear() {
        records = 0;
        smallest = NO_SMALLEST;
        largest = NO_LARGEST;
        closedBlocks = 0;
        openOffset = -1;
    }

    /** Adds a data record; offsets only grow. */
    public void add(int offset, long timestampMillis) {
        if (openOffset >= 0 && isSameBlock(offset, openOffset, blockBytes)) {
            openSmallest = Math.min(openSmallest, timestampMillis);
            openLargest = Math.max(openLargest, timestampMillis);
        } else {
            addBlock(offset, timestampMillis, timestampMillis);
        }
        // last: without memory for the block the record isn't counted, and is added again
        records++;
        smallest = Math.min(smallest, timestampMillis);
        largest = Math.max(largest, timestampMillis);
    }

    /** Adds a block whose records are counted already. */
    void addBlock(int firstOffset, long smallestTimestampMillis, long largestTimestampMillis) {
        closeBlock();
        openOffset = firstOffset;
        openSmallest = smallestTimestampMillis;
        openLargest = largestTimestampMillis;
    }

    private void closeBlock() {
        if (openOffset < 0) {
            return;
        }
        if (closedBlocks == largests.length) { // the last that grows
            int length = Math.max(4, closedBlocks * 2);
            firstOffsets = Arrays.copyOf(firstOffsets, length);
            smallests = Arrays.copyOf(smallests, length);
            largests = Arrays.copyOf(largests, length);
        }
        firstOffsets[closedBlocks] = openOffset;
        smallests[closedBlocks] = openSmallest;
        largests[closedBlocks] = openLargest;
        closedBlocks++;
    }

    /** Blocks are powers of two, so that no division is needed for each record. */
    private static boolean isSameBlock(int offset, int other, int blockBytes) {
        return (offset ^ other) < blockBytes;
    }

    /** Whether data records start in several blocks of a size, which is this index's or larger. */
    public boolean hasSeveralBlocksOf(int largerBytes) {
        return blocks() > 1 && !isSameBlock(firstOffset(0), firstOffset(blocks() - 1), largerBytes);
    }

    /** The same with larger blocks, each of several of these. */
    public SegmentIndex inBlocksOf(int largerBytes) {
        SegmentIndex larger = new SegmentIndex(largerBytes, records, smallest, largest);
        int first = 0;
        while (first < blocks()) {
            int behind = first;
            long smallestInIt = NO_SMALLEST;
            long largestInIt = NO_LARGEST;
            while (behind < blocks() && isSameBlock(firstOffset(behind), firstOffset(first), largerBytes)) {
                smallestInIt = Math.min(smallestInIt, smallestTimestampMillis(behind));
                largestInIt = Math.max(largestInIt, largestTimestampMillis(behind));
                behind++;
            }
            larger.addBlock(firstOffset(first), smallestInIt, largestInIt);
            first = behind;
        }
        return larger;
    }

    public int blockBytes() {
        return blockBytes;
    }

    public long records() {
        return records;
    }

    /** {@link #NO_SMALLEST} if there is no record. */
    public long smallestTimestampMillis() {
        return smallest;
    }

    /** {@link #NO_LARGEST} if there is no record. */
    public long largestTimestampMillis() {
        return largest;
    }

    /** Blocks in which a data record starts. */
    public int blocks() {
        return closedBlocks + (openOffset < 0 ? 0 : 1);
    }

    /** Offset of the block's first data record. */
    public int firstOffset(int block) {
        return block == closedBlocks ? openOffset : firstOffsets[block];
    }

    public long smallestTimestampMillis(int block) {
        return block == closedBlocks ? openSmallest : smallests[block];
    }

    public long largestTimestampMillis(int block) {
        return block == closedBlocks ? openLargest : largests[block];
    }
}
