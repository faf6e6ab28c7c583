package dev.streamwal.pack;

import dev.streamwal.format.Checksums;
import dev.streamwal.format.RecordLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Writes blocks of keys, see {@link KeyBlockLayout}, one after the other. */
final class KeyBlockBuilder {

    private static final byte[] NO_KEY = {};

    private final GrowingBytes out;
    private int entries;
    private byte[] lastKey = NO_KEY;

    /** @param maxBytes of a block */
    KeyBlockBuilder(int maxBytes) {
        out = new GrowingBytes(maxBytes);
        begin();
    }

    private void begin() {
        out.clear();
        out.zero(KeyBlockLayout.PREFIX_BYTES);
        entries = 0;
        lastKey = NO_KEY;
    }

    int entries() {
        return entries;
    }

    /** Length of the block if it were finished now. */
    int bytes() {
        return (int) RecordLayout.align(out.length());
    }

    /** Begins an entry; the caller writes the facts about the key to the returned buffer. */
    GrowingBytes add(byte[] key) {
        int mismatch = Arrays.mismatch(lastKey, key);
        int shared = mismatch < 0 ? key.length : mismatch;
        out.putVarint(shared);
        out.putVarint(key.length - shared);
        out.put(key, shared, key.length - shared);
        lastKey = key;
        entries++;
        return out;
    }

    /** Returns the block, and begins another one. */
    byte[] finish() {
        out.zero(bytes() - out.length());
        byte[] block = out.toArray();
        ByteBuffer prefix = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
        prefix.putInt(KeyBlockLayout.BLOCK_BYTES, block.length);
        prefix.putInt(KeyBlockLayout.ENTRIES, entries);
        prefix.putInt(KeyBlockLayout.CHECKSUM, Checksums.of(prefix, KeyBlockLayout.BLOCK_BYTES, block.length));
        begin();
        return block;
    }
}
