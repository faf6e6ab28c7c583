package dev.streamwal.shared;

import dev.streamwal.format.FormatException;
import dev.streamwal.segment.SegmentScan;
import java.util.Arrays;

/**
 * Records of a shared segment that were read, and whose streams are looked up together: see {@link StreamTable#lookAhead}. It has each record's slot, and what
 * else an index needs. One thread.
 */
final class PendingSlots {

    /** Enough for the processor to wait for many accesses at once, and few enough to stay in its cache. */
    static final int MAX_SLOTS = 32;
    private static final int FIRST_BYTES = 4 << 10;

    private byte[] bytes = new byte[FIRST_BYTES];
    /** Where each slot ends in the bytes. */
    private final int[] ends = new int[MAX_SLOTS];
    private final long[] offsets = new long[MAX_SLOTS];
    private final long[] timestamps = new long[MAX_SLOTS];
    private final int[] contentLengths = new int[MAX_SLOTS];
    private final int[] flags = new int[MAX_SLOTS];
    private final Slot[] slots = new Slot[MAX_SLOTS];
    private final boolean[] areSlots = new boolean[MAX_SLOTS];
    private int count;

    PendingSlots() {
        Arrays.setAll(slots, i -> new Slot());
    }

    /** Adds the record on which a scan stands; false if it is full. */
    boolean add(SegmentScan scan) {
        if (count == MAX_SLOTS) {
            return false;
        }
        int from = start(count);
        int end = from + scan.headerLength();
        if (end > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(end, 2 * bytes.length));
        }
        scan.copyHeader(bytes, from);
        ends[count] = end;
        offsets[count] = scan.offset();
        timestamps[count] = scan.timestampMillis();
        contentLengths[count] = scan.contentLength();
        flags[count] = scan.flags();
        count++;
        return true;
    }

    private int start(int slot) {
        return slot == 0 ? 0 : ends[slot - 1];
    }

    int count() {
        return count;
    }

    /** Whether the record added last is of the stream with this {@linkplain SlotLayout#keyInSlot key}. */
    boolean isLastOf(byte[] keyInSlot) {
        return SlotLayout.isOf(bytes, start(count - 1), ends[count - 1], keyInSlot);
    }

    void removeLast() {
        count--;
    }

    void decode() {
        for (int i = 0; i < count; i++) {
            try {
                Slot unused = slots[i].read(bytes, start(i), ends[i] - start(i));
                areSlots[i] = true;
            } catch (FormatException e) {
                // no writer writes this; positions of later records show that one is missing
                areSlots[i] = false;
            }
        }
    }

    /** Whether a record's header is a slot. */
    boolean isSlot(int i) {
        return areSlots[i];
    }

    /** Whether a record is a stream's. No writer writes anything else; positions of later records show that one is missing. */
    boolean isStreams(int i) {
        return areSlots[i] && slots[i].headerLength() <= contentLengths[i];
    }

    /** A record's slot, decoded. */
    Slot slot(int i) {
        return slots[i];
    }

    /** Offset of a record in the shared segment. */
    long offset(int i) {
        return offsets[i];
    }

    long timestampMillis(int i) {
        return timestamps[i];
    }

    int contentLength(int i) {
        return contentLengths[i];
    }

    int flags(int i) {
        return flags[i];
    }

    void clear() {
        count = 0;
    }
}
