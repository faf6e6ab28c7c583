package dev.streamwal.pack;

import static dev.streamwal.format.FormatException.check;

import dev.streamwal.format.FormatException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Offsets of the table blocks of a pack, or of the groups of the {@link KeyCatalogLayout catalogue of keys}, which stand one behind the other. The index is a
 * {@link KeyBlockLayout block of keys} with an entry for each. The entry's key is a separator: it is behind all keys of the block before, and at or before the
 * first key of this block; for the first block it is that block's first key. It may end within a character. If a stream's entries continue from the block
 * before, the separator is the stream's key.
 *
 * <pre>
 *   length           of the block
 *   continued        1 where the block begins with the last key of the block before, else 0
 * </pre>
 */
final class BlockIndex {

    /** Enough for a table of the largest size with the longest keys. */
    static final int MAX_BYTES = 32 << 20;

    /** Of no blocks. */
    static final BlockIndex EMPTY = new BlockIndex(0, 0);

    private final byte[][] separators;
    private final boolean[] continued;
    /** Where each block begins, and where the last one ends. */
    private final long[] offsets;

    private BlockIndex(int blocks, long tableOffset) {
        separators = new byte[blocks][];
        continued = new boolean[blocks];
        offsets = new long[blocks + 1];
        offsets[0] = tableOffset;
    }

    /** Writes the index. */
    static final class Builder {
        private final KeyBlockBuilder block = new KeyBlockBuilder(MAX_BYTES);
        /** The last key of the block before; empty before the first block. */
        private byte[] lastBefore = {};

        /**
         * Adds a block.
         *
         * @param first its first key
         * @param last its last key
         */
        void add(byte[] first, byte[] last, int length) {
            int mismatch = Arrays.mismatch(lastBefore, first);
            GrowingBytes out = block.add(mismatch < 0 || lastBefore.length == 0 ? first : Arrays.copyOf(first, mismatch + 1));
            out.putVarint(length);
            out.putVarint(mismatch < 0 ? 1 : 0);
            lastBefore = last;
        }

        byte[] finish() {
            return block.finish();
        }
    }

    private static final class Cursor extends KeyCursor {
        private final int maxBlockBytes;
        private int length;
        private boolean isContinued;

        Cursor(byte[] index, int maxBlockBytes) {
            super(index);
            this.maxBlockBytes = maxBlockBytes;
        }

        @Override
        void readFacts(boolean isSameKey) throws FormatException {
            length = length(maxBlockBytes);
            isContinued = length(1) == 1;
            check(length > KeyBlockLayout.PREFIX_BYTES, "table block has no entry", length);
            check(isContinued ? ordinal() > 0 : !isSameKey, "block's flag \"continued\" contradicts its key", ordinal());
        }
    }

    /**
     * Checks all of the index.
     *
     * @param blocks how many there are
     * @param from offset where the first one begins
     * @param to offset where the last one ends
     * @param maxBlockBytes of each
     */
    static BlockIndex decode(byte[] bytes, int blocks, long from, long to, int maxBlockBytes) throws FormatException {
        KeyCursor.checkFrame(bytes);
        Cursor cursor = new Cursor(bytes, maxBlockBytes);
        check(cursor.entries() == blocks, "number of blocks in the index differs from the footer's", cursor.entries());
        BlockIndex index = new BlockIndex(cursor.entries(), from);
        while (cursor.next()) {
            int block = cursor.ordinal();
            index.separators[block] = cursor.key();
            index.continued[block] = cursor.isContinued;
            index.offsets[block + 1] = index.offsets[block] + cursor.length;
        }
        check(index.offsets[cursor.entries()] == to, "table blocks don't end at the index", index.offsets[cursor.entries()]);
        return index;
    }

    int blocks() {
        return separators.length;
    }

    long offset(int block) {
        return offsets[block];
    }

    int length(int block) {
        return (int) (offsets[block + 1] - offsets[block]);
    }

    byte[] separator(int block) {
        return separators[block];
    }

    /** The separator of the next block; null for the last block. */
    byte @Nullable [] separatorBehind(int block) {
        return block + 1 < separators.length ? separators[block + 1] : null;
    }

    /** Whether the block begins with the last key of the block before. */
    boolean isContinued(int block) {
        return block < continued.length && continued[block];
    }

    /** Whether the block before ends, and this block begins, with this key. */
    boolean goesOnWith(int block, byte[] key) {
        return isContinued(block) && Arrays.equals(separators[block], key);
    }

    /** The first block that may have the key; -1 if none does. */
    int find(byte[] key) {
        int low = 0;
        int high = separators.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Arrays.compareUnsigned(separators[middle], key) <= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        int block = low - 1;
        while (block > 0 && goesOnWith(block, key)) {
            block--;
        }
        return block;
    }
}
