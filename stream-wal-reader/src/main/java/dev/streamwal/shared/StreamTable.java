package dev.streamwal.shared;

import dev.streamwal.format.FormatException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The streams that have something in a shared segment, or had, by the bytes of their keys, wherever these stand: a lookup makes no object, and touches
 * little memory. Guarded by the segment.
 */
final class StreamTable {

    private static final int FIRST_SLOTS = 16;

    /** In the order of their numbers. */
    private final List<StreamParts> streams = new ArrayList<>();
    /** A power of two, at least half of them free; a stream stands at its hash, or in the next slot that was free. */
    private @Nullable StreamParts[] slots = new StreamParts[FIRST_SLOTS];

    /** Null where there is none with this key. */
    @Nullable StreamParts find(byte[] bytes, int from, int length) {
        return slots[slot(bytes, from, length, hash(bytes, from, length))];
    }

    /** Made if there is none. */
    StreamParts findOrAdd(byte[] bytes, int from, int length) throws FormatException {
        int hash = hash(bytes, from, length);
        int slot = slot(bytes, from, length, hash);
        StreamParts found = slots[slot];
        if (found != null) {
            return found;
        }
        StreamParts added = new StreamParts(Arrays.copyOfRange(bytes, from, from + length), hash, streams.size());
        streams.add(added);
        slots[slot] = added;
        if (2 * streams.size() > slots.length) {
            grow();
        }
        return added;
    }

    /** All that were ever added; the place of each is its number. */
    List<StreamParts> all() {
        return streams;
    }

    private int slot(byte[] bytes, int from, int length, int hash) {
        int slot = hash & (slots.length - 1);
        for (StreamParts there = slots[slot]; there != null && !isOf(there, bytes, from, length, hash); there = slots[slot]) {
            slot = (slot + 1) & (slots.length - 1);
        }
        return slot;
    }

    private static boolean isOf(StreamParts stream, byte[] bytes, int from, int length, int hash) {
        return stream.hash() == hash && Arrays.equals(stream.utf8(), 0, stream.utf8().length, bytes, from, from + length);
    }

    private void grow() {
        slots = new StreamParts[2 * slots.length];
        for (StreamParts stream : streams) {
            int slot = stream.hash() & (slots.length - 1);
            while (slots[slot] != null) {
                slot = (slot + 1) & (slots.length - 1);
            }
            slots[slot] = stream;
        }
    }

    private static int hash(byte[] bytes, int from, int length) {
        int mixed = 1;
        for (int i = from; i < from + length; i++) {
            mixed = 31 * mixed + bytes[i];
        }
        return mixed ^ mixed >>> 16;
    }

    // ---------------------------------------------------------------- by key

    /** A stream, and some bytes of its key, the first of them highest: mostly these say which of two comes first. */
    private record Sorted(long bytes, StreamParts stream) implements Comparable<Sorted> {

        @Override
        public int compareTo(Sorted other) {
            int byBytes = Long.compareUnsigned(bytes, other.bytes);
            return byBytes != 0 ? byBytes : Arrays.compareUnsigned(stream.utf8(), other.stream.utf8());
        }
    }

    /** All, in ascending order of the unsigned bytes of their keys. */
    List<StreamParts> byKey() {
        int shared = sharedBytes();
        Sorted[] sorted = new Sorted[streams.size()];
        Arrays.setAll(sorted, i -> new Sorted(bytesBehind(streams.get(i).utf8(), shared), streams.get(i)));
        Arrays.sort(sorted);
        return Arrays.stream(sorted).map(Sorted::stream).toList();
    }

    /** With so many bytes all keys begin alike. */
    private int sharedBytes() {
        int shared = Integer.MAX_VALUE;
        for (StreamParts stream : streams) {
            byte[] first = streams.get(0).utf8();
            int most = Math.min(shared, Math.min(first.length, stream.utf8().length));
            int different = Arrays.mismatch(first, 0, most, stream.utf8(), 0, most);
            shared = different < 0 ? most : different;
        }
        return shared;
    }

    /** Zeros where the key has no more. Keys that differ in them differ in the same way. */
    private static long bytesBehind(byte[] utf8, int shared) {
        long bytes = 0;
        for (int i = shared; i < shared + Long.BYTES; i++) {
            bytes = bytes << Byte.SIZE | (i < utf8.length ? utf8[i] & 0xFF : 0);
        }
        return bytes;
    }
}
