package dev.streamwal.shared;

import dev.streamwal.format.StreamKey;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;

/**
 * Numbers of the streams that have, or had, records in shared segments, by the bytes of their keys. A lookup takes the key from any array, allocates nothing,
 * and touches little memory. The keys stand one behind the other in one array. Guarded by its owner.
 */
final class StreamTable {

    private static final int FIRST_SLOTS = 16;
    private static final int FIRST_BYTES = 256;
    private static final long HASH_FACTOR = 0x9E37_79B9_7F4A_7C15L;
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    /** Fewer keys than this are sorted by comparing them. */
    private static final int MIN_SORTED_BY_BYTES = 16;

    private int size;
    private byte[] keys = new byte[FIRST_BYTES];
    /** Where each key ends. */
    private int[] ends = new int[FIRST_SLOTS];
    /**
     * A hash table; its length is a power of two, and at least half of its slots are free; a free slot is 0. A stream stands at its hash, or in the next free
     * slot: the hash in the upper half of the word, the number plus one in the lower half.
     */
    private long[] slots = new long[FIRST_SLOTS];
    /** Reused by {@link #lookAhead}. */
    private final long[] ahead = new long[PendingSlots.MAX_SLOTS];
    /** What {@link #lookAhead} has read. */
    @SuppressWarnings("UnusedVariable") // written, so that the reads aren't optimized away
    private int touched;

    /** The number of the stream with this key; -1 if there is none. */
    int find(StreamKey key) {
        byte[] utf8 = key.utf8();
        return number(slots[slot(utf8, 0, utf8.length, hash(utf8, 0, utf8.length))]);
    }

    /** The number of the stream with this key; that of a new one, which is the next, if there is none. -1 if the bytes are no key. */
    int findOrAdd(byte[] bytes, int from, int length) {
        int hash = hash(bytes, from, length);
        int slot = slot(bytes, from, length, hash);
        if (slots[slot] != 0) {
            return number(slots[slot]);
        }
        if (!StreamKey.isKey(bytes, from, length)) {
            return -1;
        }
        int number = size++;
        addKey(number, bytes, from, length);
        slots[slot] = (long) hash << Integer.SIZE | (number + 1);
        if (2 * size > slots.length) {
            grow();
        }
        return number;
    }

    /**
     * Touches what lookups of these streams will need. With a hundred thousand streams, none is in the processor's cache, and a lookup waits for the main
     * memory five times, one after the other. Here no access depends on another stream's, so the processor waits for many at once. Changes nothing.
     *
     * @param state reads some of the state of the stream with this number
     */
    void lookAhead(PendingSlots pending, IntUnaryOperator state) {
        int count = pending.count();
        for (int i = 0; i < count; i++) {
            Slot slot = pending.slot(i);
            ahead[i] = pending.isSlot(i) ? slots[hash(slot.bytes(), slot.keyOffset(), slot.keyLength()) & (slots.length - 1)] : 0;
        }
        int sum = 0;
        for (int i = 0; i < count; i++) {
            sum += ahead[i] == 0 ? 0 : keys[start(number(ahead[i]))];
        }
        for (int i = 0; i < count; i++) {
            sum += ahead[i] == 0 ? 0 : state.applyAsInt(number(ahead[i]));
        }
        touched = sum;
    }

    /** The number of a slot's stream; -1 if the slot is free. */
    private static int number(long slot) {
        return (int) slot - 1;
    }

    private static int hash(long slot) {
        return (int) (slot >>> Integer.SIZE);
    }

    private void addKey(int number, byte[] bytes, int from, int length) {
        if (number == ends.length) {
            ends = Arrays.copyOf(ends, 2 * number);
        }
        int start = start(number);
        if (start + length > keys.length) {
            keys = Arrays.copyOf(keys, Math.max(2 * keys.length, start + length));
        }
        System.arraycopy(bytes, from, keys, start, length);
        ends[number] = start + length;
    }

    /** Where its key begins. */
    private int start(int number) {
        return number == 0 ? 0 : ends[number - 1];
    }

    int keyLength(int number) {
        return ends[number] - start(number);
    }

    /** Made anew each time. */
    StreamKey key(int number) {
        return StreamKey.ofCheckedUtf8(Arrays.copyOfRange(keys, start(number), ends[number]));
    }

    /** Number of the streams ever added. */
    int size() {
        return size;
    }

    private int slot(byte[] bytes, int from, int length, int hash) {
        int slot = hash & (slots.length - 1);
        while (slots[slot] != 0 && !(hash(slots[slot]) == hash && isOf(number(slots[slot]), bytes, from, length))) {
            slot = (slot + 1) & (slots.length - 1);
        }
        return slot;
    }

    private boolean isOf(int number, byte[] bytes, int from, int length) {
        return Arrays.equals(keys, start(number), ends[number], bytes, from, from + length);
    }

    private void grow() {
        long[] before = slots;
        slots = new long[2 * before.length];
        for (long each : before) {
            int slot = hash(each) & (slots.length - 1);
            while (each != 0 && slots[slot] != 0) {
                slot = (slot + 1) & (slots.length - 1);
            }
            slots[slot] = each == 0 ? slots[slot] : each;
        }
    }

    /** Eight bytes at a time. */
    private static int hash(byte[] bytes, int from, int length) {
        long mixed = length;
        int at = from;
        for (; at <= from + length - Long.BYTES; at += Long.BYTES) {
            mixed = mix(mixed ^ (long) LONG.get(bytes, at));
        }
        for (; at < from + length; at++) {
            mixed = mix(mixed ^ bytes[at]);
        }
        return (int) mixed;
    }

    private static long mix(long value) {
        long mixed = value * HASH_FACTOR;
        return mixed ^ mixed >>> Integer.SIZE;
    }

    // ---------------------------------------------------------------- by key

    /** The numbers of all streams, in ascending order of the unsigned bytes of their keys. */
    int[] byKey() {
        int[] numbers = new int[size];
        Arrays.setAll(numbers, number -> number);
        sort(numbers, 0, numbers.length, -1);
        return numbers;
    }

    /**
     * Sorts by the first eight bytes behind the bytes that all keys share, without an object for each; then keys that are equal in these, by the
     * bytes behind.
     *
     * @param sharedBefore number of leading bytes that the keys were known to share
     */
    private void sort(int[] numbers, int from, int to, int sharedBefore) {
        int shared = to - from < MIN_SORTED_BY_BYTES ? sharedBefore : sharedBytes(numbers, from, to);
        if (shared <= sharedBefore) {
            // few keys, or a key that ends where others continue with zeros
            sortByComparing(numbers, from, to);
            return;
        }
        int numberBits = Integer.SIZE - Integer.numberOfLeadingZeros(size);
        long[] sorted = new long[to - from];
        for (int i = from; i < to; i++) {
            sorted[i - from] = (bytesBehind(numbers[i], shared) >>> numberBits << numberBits | numbers[i]) ^ Long.MIN_VALUE;
        }
        Arrays.sort(sorted);
        int begin = 0;
        for (int i = 0; i < sorted.length; i++) {
            numbers[from + i] = (int) (sorted[i] & ((1L << numberBits) - 1));
            if (i + 1 == sorted.length || sorted[i] >>> numberBits != sorted[i + 1] >>> numberBits) {
                if (i > begin) {
                    sort(numbers, from + begin, from + i + 1, shared);
                }
                begin = i + 1;
            }
        }
    }

    private void sortByComparing(int[] numbers, int from, int to) {
        List<Integer> sorted = new ArrayList<>(to - from);
        for (int i = from; i < to; i++) {
            sorted.add(numbers[i]);
        }
        sorted.sort(this::compareKeys);
        for (int i = from; i < to; i++) {
            numbers[i] = sorted.get(i - from);
        }
    }

    private int compareKeys(int a, int b) {
        return Arrays.compareUnsigned(keys, start(a), ends[a], keys, start(b), ends[b]);
    }

    /** Number of leading bytes that all these keys share. */
    private int sharedBytes(int[] numbers, int from, int to) {
        int first = numbers[from];
        int shared = keyLength(first);
        for (int i = from + 1; i < to; i++) {
            int number = numbers[i];
            int most = Math.min(shared, keyLength(number));
            int different = Arrays.mismatch(keys, start(first), start(first) + most, keys, start(number), start(number) + most);
            shared = different < 0 ? most : different;
        }
        return shared;
    }

    /** The next eight bytes of a key, the first one highest; zeros behind the key's end. */
    private long bytesBehind(int number, int shared) {
        long bytes = 0;
        int from = start(number) + shared;
        for (int i = from; i < from + Long.BYTES; i++) {
            bytes = bytes << Byte.SIZE | (i < ends[number] ? keys[i] & 0xFF : 0);
        }
        return bytes;
    }
}
