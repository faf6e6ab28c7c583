package dev.streamwal.pack;

import dev.streamwal.format.RecordLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Writes blocks of keys, see {@link KeyBlockLayout}, one after the other. */
final class KeyBlockBuilder {

    private final GrowingBytes out;
    private int[] restarts = new int[KeyBlockLayout.INTERVAL];
    private int entries;
    private byte[] lastKey = {};

    /** @param maxBytes of a block */
    KeyBlockBuilder(int maxBytes) {
        out = new GrowingBytes(maxBytes);
        begin();
    }

    private void begin() {
        out.clear();
        out.zero(KeyBlockLayout.PREFIX_BYTES);
        entries = 0;
    }

    int entries() {
        return entries;
    }

    /** How long the block is if it is finished now. */
    int bytes() {
        return (int) RecordLayout.align(out.length() + (long) Integer.BYTES * KeyBlockLayout.restarts(entries));
    }

    /** Whether the next entry says all without the one before. */
    boolean isRestart() {
        return entries % KeyBlockLayout.INTERVAL == 0;
    }

    /** Begins an entry; what is said of the key goes behind, to what is returned. */
    GrowingBytes add(byte[] key) {
        int shared = 0;
        if (isRestart()) {
            int restart = entries / KeyBlockLayout.INTERVAL;
            if (restart == restarts.length) {
                restarts = Arrays.copyOf(restarts, restart * 2);
            }
            restarts[restart] = out.length();
        } else {
            int mismatch = Arrays.mismatch(lastKey, key);
            shared = mismatch < 0 ? key.length : mismatch;
        }
        out.putVarint(shared);
        out.putVarint(key.length - shared);
        out.put(key, shared, key.length - shared);
        lastKey = key;
        entries++;
        return out;
    }

    /** The block; another one begins. */
    byte[] finish() {
        out.zero(bytes() - out.length() - Integer.BYTES * KeyBlockLayout.restarts(entries));
        for (int i = 0; i < KeyBlockLayout.restarts(entries); i++) {
            out.putInt(restarts[i]);
        }
        byte[] block = out.toArray();
        ByteBuffer prefix = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
        prefix.putInt(KeyBlockLayout.BLOCK_BYTES, block.length);
        prefix.putInt(KeyBlockLayout.ENTRIES, entries);
        prefix.putInt(KeyBlockLayout.RESTART_INTERVAL, KeyBlockLayout.INTERVAL);
        prefix.putInt(KeyBlockLayout.CHECKSUM, PackChecksum.of(prefix, KeyBlockLayout.BLOCK_BYTES, block.length));
        begin();
        return block;
    }
}
