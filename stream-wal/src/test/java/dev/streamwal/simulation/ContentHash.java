package dev.streamwal.simulation;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * A hash of 128 bits of what a {@link SimulatedDisk} has: names, links, lengths, holes and bytes. Among some 10,000 states of a workload two
 * that differ have the same one hardly ever: once in 10^30 runs.
 */
final class ContentHash {

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

    /** Two hashes, which together are one. */
    record Value(long one, long other) {}

    private long one = 0x9e3779b97f4a7c15L;
    private long other = 0xc2b2ae3d27d4eb4fL;

    void add(long value) {
        one = (one ^ value) * 0xff51afd7ed558ccdL;
        one ^= one >>> 32;
        other = (Long.rotateLeft(other, 29) + value) * 0xc4ceb9fe1a85ec53L;
        other ^= other >>> 31;
    }

    void add(String text) {
        add(text.length());
        for (int i = 0; i < text.length(); i++) {
            add(text.charAt(i));
        }
    }

    /** @param sector null for a hole */
    void addSector(byte[] sector) {
        add(sector == null ? 0 : 1);
        if (sector != null) {
            addBytes(sector);
        }
    }

    void addBytes(byte[] bytes) {
        add(bytes.length);
        int i = 0;
        for (; i <= bytes.length - Long.BYTES; i += Long.BYTES) {
            add((long) LONGS.get(bytes, i));
        }
        for (; i < bytes.length; i++) {
            add(bytes[i]);
        }
    }

    Value value() {
        return new Value(one, other);
    }
}
