package dev.streamwal.pack;

import static dev.streamwal.format.FormatException.check;

import dev.streamwal.format.Checksums;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.StreamKey;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Goes through a block of keys, see {@link KeyBlockLayout}. Never reads past the block, whatever its bytes are. One thread. */
abstract class KeyCursor {

    private final ByteBuffer block;
    private final int entries;
    private final byte[] key = new byte[StreamKey.MAX_BYTES];
    private int ordinal = -1;
    private int keyLength;

    /** @param block a block that {@link #checkFrame} has accepted */
    KeyCursor(byte[] block) {
        this.block = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN).position(KeyBlockLayout.PREFIX_BYTES);
        this.entries = this.block.getInt(KeyBlockLayout.ENTRIES);
    }

    /** Checks a block except for its entries. */
    static void checkFrame(byte[] block) throws FormatException {
        check(block.length > KeyBlockLayout.PREFIX_BYTES, "block of keys is too short for an entry", block.length);
        ByteBuffer bytes = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
        int checksum = bytes.getInt(KeyBlockLayout.CHECKSUM);
        check(checksum == Checksums.of(bytes, KeyBlockLayout.BLOCK_BYTES, block.length), "checksum mismatch of a block of keys", checksum);
        check(bytes.getInt(KeyBlockLayout.BLOCK_BYTES) == block.length, "block of keys isn't as long as it says", block.length);
        int count = bytes.getInt(KeyBlockLayout.ENTRIES);
        check(count >= 1 && count <= block.length, "number of entries doesn't fit the block of keys", count);
    }

    /**
     * Reads the facts about the key.
     *
     * @param isSameKey whether the entry before has the same key
     */
    abstract void readFacts(boolean isSameKey) throws FormatException;

    /** Number of entries in the block. */
    final int entries() {
        return entries;
    }

    /** Number of the current entry, from 0. */
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

    /** Compares the current key with another one: less than 0 if the current key is before the other. */
    final int compareKey(byte[] other) {
        return Arrays.compareUnsigned(key, 0, keyLength, other, 0, other.length);
    }

    /** Compares the current key's first bytes: 0 if it begins with these, less than 0 if it is before all keys that do. */
    final int compareBeginning(byte[] beginning) {
        return Arrays.compareUnsigned(key, 0, Math.min(keyLength, beginning.length), beginning, 0, beginning.length);
    }

    /** Goes to the next entry; its key must not be before this one's. */
    final boolean next() throws FormatException {
        if (ordinal + 1 == entries) {
            check(block.remaining() < Long.BYTES, "block of keys has bytes after its entries", block.position());
            return false;
        }
        int shared = length(StreamKey.MAX_BYTES);
        int suffix = length(StreamKey.MAX_BYTES);
        check(shared <= keyLength && shared + suffix >= 1 && shared + suffix <= StreamKey.MAX_BYTES && suffix <= block.remaining(),
                "length of a key is outside 1 to 1,024 bytes, or behind the block's end", shared + (long) suffix);
        boolean isSameKey = suffix == 0 && shared == keyLength;
        check(isSameKey || (suffix > 0 && (shared == keyLength || (block.get(block.position()) & 0xFF) > (key[shared] & 0xFF))),
                "keys are not sorted", block.position());
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
