package dev.streamwal.pack;

import static dev.streamwal.pack.PackHeaderLayout.check;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.StreamKey;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Goes through a block of keys, see {@link KeyBlockLayout}. Nothing is read past the block, whatever stands in it. One thread. */
abstract class KeyCursor {

    private final ByteBuffer block;
    private final int entries;
    private final byte[] key = new byte[StreamKey.MAX_BYTES];
    private int ordinal = -1;
    private int keyLength;

    /** @param block whose checksum and frame are right, see {@link #checkFrame} */
    KeyCursor(byte[] block) {
        this.block = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN).position(KeyBlockLayout.PREFIX_BYTES);
        this.entries = this.block.getInt(KeyBlockLayout.ENTRIES);
    }

    /** Checks all of a block but its entries. */
    static void checkFrame(byte[] block) throws FormatException {
        check(block.length > KeyBlockLayout.PREFIX_BYTES, "a block of keys has a prefix and an entry", block.length);
        ByteBuffer bytes = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
        int checksum = bytes.getInt(KeyBlockLayout.CHECKSUM);
        check(checksum == PackChecksum.of(bytes, KeyBlockLayout.BLOCK_BYTES, block.length), "the checksum of a block of keys is right", checksum);
        check(bytes.getInt(KeyBlockLayout.BLOCK_BYTES) == block.length, "a block of keys is as long as it says", block.length);
        int count = bytes.getInt(KeyBlockLayout.ENTRIES);
        check(count >= 1 && count <= block.length, "a block of keys holds its entries", count);
    }

    /**
     * Reads what is said of the key.
     *
     * @param isSameKey as that of the entry before
     */
    abstract void readFacts(boolean isSameKey) throws FormatException;

    /** Of the block. */
    final int entries() {
        return entries;
    }

    /** Which entry it stands on, from 0 on. */
    final int ordinal() {
        return ordinal;
    }

    final int keyLength() {
        return keyLength;
    }

    /** A copy. */
    final byte[] key() {
        return Arrays.copyOf(key, keyLength);
    }

    /** Less than, equal to or greater than 0 as its key is before, equal to or behind another one. */
    final int compareKey(byte[] other) {
        return Arrays.compareUnsigned(key, 0, keyLength, other, 0, other.length);
    }

    /** Goes to the next entry, whose key isn't before this one's. */
    final boolean next() throws FormatException {
        if (ordinal + 1 == entries) {
            check(block.remaining() < Long.BYTES, "a block ends behind its entries", block.position());
            return false;
        }
        int shared = length(StreamKey.MAX_BYTES);
        int suffix = length(StreamKey.MAX_BYTES);
        check(shared <= keyLength && shared + suffix >= 1 && shared + suffix <= StreamKey.MAX_BYTES && suffix <= block.remaining(),
                "a key has 1 to 1,024 bytes", shared + (long) suffix);
        boolean isSameKey = suffix == 0 && shared == keyLength;
        check(isSameKey || (suffix > 0 && (shared == keyLength || (block.get(block.position()) & 0xFF) > (key[shared] & 0xFF))), "keys are sorted",
                block.position());
        block.get(key, shared, suffix);
        keyLength = shared + suffix;
        ordinal++;
        readFacts(isSameKey);
        return true;
    }

    /** A varint that is a length, or a count. */
    final int length(int max) throws FormatException {
        return Varints.length(block, max);
    }

    final long varint() throws FormatException {
        return Varints.unsigned(block);
    }

    final long signed() throws FormatException {
        return Varints.signed(block);
    }
}
