package dev.streamwal.pack;

import dev.streamwal.format.FormatException;
import java.util.Arrays;

/**
 * What the block index, which is a {@link KeyBlockLayout block of keys}, says of a table block. Its key separates: it is behind all keys of
 * the block before, and at or before the first of this one; the first block's is that block's first key. It may end within a character.
 *
 * <pre>
 *   offset           difference to where the block before ends, and to 0 at a restart
 *   length           of the block
 *   smallest         timestamp, signed; Long.MAX_VALUE where no part has a record
 *   range            largest − smallest timestamp, modulo 2⁶⁴
 * </pre>
 */
final class BlockIndex {

    /** For a table of the largest size, with the longest keys, it is enough. */
    static final int MAX_BYTES = 256 << 20;

    private BlockIndex() {}

    /** Writes the index. */
    static final class Builder {
        private final KeyBlockBuilder block = new KeyBlockBuilder(MAX_BYTES);
        private long end;

        void add(byte[] separator, long offset, int length, long smallest, long largest) {
            long before = block.isRestart() ? 0 : end;
            GrowingBytes out = block.add(separator);
            out.putVarint(offset - before);
            out.putVarint(length);
            out.putSigned(smallest);
            out.putVarint(largest - smallest);
            end = offset + length;
        }

        byte[] finish() {
            return block.finish();
        }
    }

    /** The shortest beginning of a key that is behind the key before. */
    static byte[] separator(byte[] before, byte[] key) {
        int mismatch = Arrays.mismatch(before, key);
        return Arrays.copyOf(key, mismatch + 1);
    }

    /** Goes through the table blocks. */
    static final class Cursor extends KeyCursor {
        private long end;
        private long offset;
        private int length;
        private long smallest;
        private long largest;

        Cursor(byte[] index) {
            super(index);
        }

        @Override
        void readFacts(boolean isRestart) throws FormatException {
            offset = (isRestart ? 0 : end) + varint();
            length = length(PackTable.MAX_BLOCK_BYTES);
            smallest = signed();
            largest = smallest + varint();
            end = offset + length;
            PackHeaderLayout.check(length > KeyBlockLayout.PREFIX_BYTES && offset >= PackHeaderLayout.BYTES, "a table block has a place, at " + offset, length);
        }

        /** The table block's, in the file. */
        long offset() {
            return offset;
        }

        /** Of the table block. */
        int length() {
            return length;
        }

        /** Whether a part of the table block may have a record in this span of time, the end not included. */
        boolean overlaps(long fromMillis, long toMillis) {
            return smallest < toMillis && largest >= fromMillis;
        }
    }

    /** Checks all of the index: then walks through it meet no damage. */
    static void check(byte[] index, PackFooter footer) throws FormatException {
        KeyCursor.checkFrame(index);
        Cursor cursor = new Cursor(index);
        long end = footer.tableOffset();
        while (cursor.next()) {
            PackHeaderLayout.check(cursor.offset() == end, "table blocks follow each other, the next one at " + end, cursor.offset());
            end += cursor.length();
        }
        PackHeaderLayout.check(end == footer.indexOffset(), "table blocks end at the index, at " + footer.indexOffset(), end);
        PackHeaderLayout.check(cursor.entries() == footer.tableBlocks(), "the index has the table's blocks, " + footer.tableBlocks(),
                cursor.entries());
    }
}
