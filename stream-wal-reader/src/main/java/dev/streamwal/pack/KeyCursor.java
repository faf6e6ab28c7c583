package dev.streamwal.pack;

import static dev.streamwal.pack.PackHeaderLayout.check;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.StreamKey;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Goes through a block of keys, see {@link KeyBlockLayout}. Nothing is read past the block, whatever stands in it. One thread. */
abstract class KeyCursor {

    private static final int VARINT_BITS = 7;
    private static final int VARINT_MORE = 0x80;

    private final ByteBuffer block;
    private final int entries;
    /** Where the restarts' offsets begin, so that no entry goes beyond. */
    private final int restartsAt;

    private int ordinal = -1;
    private int at = KeyBlockLayout.PREFIX_BYTES;
    private final byte[] key = new byte[StreamKey.MAX_BYTES];
    private int keyLength;

    /** @param block whose checksum and frame are right, see {@link #checkFrame} */
    KeyCursor(byte[] block) {
        this.block = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
        this.entries = this.block.getInt(KeyBlockLayout.ENTRIES);
        this.restartsAt = block.length - Integer.BYTES * KeyBlockLayout.restarts(entries);
    }

    /** Checks all of a block but its entries. */
    static void checkFrame(byte[] block) throws FormatException {
        check(block.length > KeyBlockLayout.PREFIX_BYTES, "a block of keys has a prefix and an entry", block.length);
        ByteBuffer bytes = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
        int checksum = bytes.getInt(KeyBlockLayout.CHECKSUM);
        check(checksum == PackChecksum.of(bytes, KeyBlockLayout.BLOCK_BYTES, block.length), "the checksum of a block of keys is right", checksum);
        check(bytes.getInt(KeyBlockLayout.BLOCK_BYTES) == block.length, "a block of keys is as long as it says, "
                + bytes.getInt(KeyBlockLayout.BLOCK_BYTES), block.length);
        int interval = bytes.getInt(KeyBlockLayout.RESTART_INTERVAL);
        check(interval == KeyBlockLayout.INTERVAL, "every 16th key of a block is a restart", interval);
        int count = bytes.getInt(KeyBlockLayout.ENTRIES);
        check(count >= 1 && count <= block.length, "a block holds its entries, in " + block.length, count);
        long room = block.length - KeyBlockLayout.PREFIX_BYTES - (long) Integer.BYTES * KeyBlockLayout.restarts(count);
        check(room >= count, "a block holds its entries and their restarts, in " + block.length, count);
    }

    /** What is said of the key. */
    abstract void readFacts(boolean isRestart) throws FormatException;

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

    final boolean hasPrefix(byte[] prefix) {
        return keyLength >= prefix.length && Arrays.equals(key, 0, prefix.length, prefix, 0, prefix.length);
    }

    /** Goes to the next entry, whose key is behind this one's. */
    final boolean next() throws FormatException {
        if (ordinal + 1 == entries) {
            int end = at;
            check(restartsAt - end >= 0 && restartsAt - end < Long.BYTES, "a block's entries end where its restarts begin, at " + restartsAt, end);
            return false;
        }
        int following = ordinal + 1;
        boolean isRestart = following % KeyBlockLayout.INTERVAL == 0;
        if (isRestart) {
            int restart = restart(following / KeyBlockLayout.INTERVAL);
            check(restart == at, "a restart is where the block says, at " + restart, at);
        }
        byte[] before = isRestart && following > 0 ? key() : null;
        int shared = length(StreamKey.MAX_BYTES);
        int suffix = length(StreamKey.MAX_BYTES);
        check(shared <= (isRestart ? 0 : keyLength) && shared + suffix >= 1 && shared + suffix <= StreamKey.MAX_BYTES
                && suffix <= restartsAt - at, "a key has 1 to 1,024 bytes, of which the one before has the first " + shared, suffix);
        boolean isBehind = isRestart || follows(shared, suffix);
        block.get(at, key, shared, suffix);
        keyLength = shared + suffix;
        at += suffix;
        check(isBehind && (before == null || compareKey(before) > 0), "keys are sorted and none comes twice, at " + at, following);
        ordinal = following;
        readFacts(isRestart);
        return true;
    }

    /** Whether what follows the shared bytes is behind what stood there. */
    private boolean follows(int shared, int suffix) {
        if (shared == keyLength) {
            return suffix > 0;
        }
        return suffix > 0 && (block.get(at) & 0xFF) > (key[shared] & 0xFF);
    }

    /**
     * Goes to the last entry whose key is at or before another one.
     *
     * @return false where there is none; then it stands before the first
     */
    final boolean floor(byte[] wanted) throws FormatException {
        int low = 0;
        int high = KeyBlockLayout.restarts(entries);
        while (low < high) {
            int middle = (low + high) >>> 1;
            toRestart(middle);
            boolean unused = next();
            if (compareKey(wanted) <= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        toRestart(Math.max(0, low - 1));
        if (low == 0) {
            return false;
        }
        int found = ordinal;
        while (next() && compareKey(wanted) <= 0) {
            found = ordinal;
        }
        toRestart(low - 1);
        while (ordinal < found) {
            boolean unused = next();
        }
        return true;
    }

    private int restart(int number) {
        return block.getInt(restartsAt + Integer.BYTES * number);
    }

    private void toRestart(int number) throws FormatException {
        int offset = restart(number);
        check(offset >= KeyBlockLayout.PREFIX_BYTES && offset < restartsAt, "a restart is among the entries", offset);
        at = offset;
        keyLength = 0;
        ordinal = number * KeyBlockLayout.INTERVAL - 1;
    }

    /** A varint that is a length, or a count. */
    final int length(int max) throws FormatException {
        long value = varint();
        check(value >= 0 && value <= max, "a length is at most " + max, value);
        return (int) value;
    }

    final long varint() throws FormatException {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE; shift += VARINT_BITS) {
            check(at < restartsAt, "an entry ends before the restarts, at " + restartsAt, at);
            byte next = block.get(at++);
            value |= (long) (next & (VARINT_MORE - 1)) << shift;
            if ((next & VARINT_MORE) == 0) {
                return value;
            }
        }
        throw FormatException.corrupt("a number has at most ten bytes: offset=" + at);
    }

    final long signed() throws FormatException {
        long value = varint();
        return (value >>> 1) ^ -(value & 1);
    }
}
