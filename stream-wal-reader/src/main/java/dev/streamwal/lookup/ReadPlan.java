package dev.streamwal.lookup;

import java.util.Arrays;

/**
 * Plans the runs of a segment's bytes to read for a set of refs. Refs are taken in order of offset; a ref joins the run before it if the gap between
 * them is at most the merge gap, because reading the gap costs less than another read call. Pure; reusable; one thread.
 *
 * <p>A ref is given as its offset in the file and its index in a caller's array, {@link #pack packed} into one {@code long}, so that
 * sorting refs is sorting primitives.
 */
public final class ReadPlan {

    /** Most refs in a run, to bound the work of going through it; refs to bytes that the run has anyway don't count. */
    public static final int MAX_RUN_ENTRIES = 512;
    /** Most bytes in a run: a larger read is no cheaper than two. A larger record is a run of its own. */
    public static final int MAX_RUN_BYTES = 1 << 20;

    /** Room for 65,536 refs. */
    private static final int INDEX_BITS = 17;
    private static final long INDEX_MASK = (1L << INDEX_BITS) - 1;
    private static final int INITIAL_RUNS = 16;

    private final int mergeGapBytes;

    private int runs;
    private long[] offsets = new long[INITIAL_RUNS];
    private int[] lengths = new int[INITIAL_RUNS];
    private int[] firstRefs = new int[INITIAL_RUNS];
    private int refs;
    private long totalBytes;

    /** @param mergeGapBytes largest gap between two refs that is read, rather than skipped */
    public ReadPlan(int mergeGapBytes) {
        this.mergeGapBytes = mergeGapBytes;
    }

    /** Packs a ref of a segment: its offset, at most 2^46, and the caller's index of it, less than 2^17. */
    public static long pack(long offset, int index) {
        return offset << INDEX_BITS | index;
    }

    /** The offset that was packed. */
    public static long offset(long packed) {
        return packed >>> INDEX_BITS;
    }

    /** The index that was packed. */
    public static int index(long packed) {
        return (int) (packed & INDEX_MASK);
    }

    /**
     * Plans anew.
     *
     * @param sorted packed refs in ascending order
     * @param count how many of them
     * @param sizes of the refs, by their index; each more than 0
     */
    public void plan(long[] sorted, int count, int[] sizes) {
        plan(sorted, count, sizes, mergeGapBytes);
    }

    /** As {@link #plan}, without gaps. */
    public void planTightly(long[] sorted, int count, int[] sizes) {
        plan(sorted, count, sizes, 0);
    }

    private void plan(long[] sorted, int count, int[] sizes, int maxGap) {
        runs = 0;
        refs = count;
        totalBytes = 0;
        int i = 0;
        while (i < count) {
            i = addRun(sorted, i, count, sizes, maxGap);
        }
    }

    private int addRun(long[] sorted, int first, int count, int[] sizes, int maxGap) {
        long start = offset(sorted[first]);
        long end = start + sizes[index(sorted[first])];
        int i = first + 1;
        int full = first + MAX_RUN_ENTRIES;
        for (; i < count; i++) {
            long offset = offset(sorted[i]);
            long joined = Math.max(end, offset + sizes[index(sorted[i])]);
            boolean grows = joined != end;
            if (offset - end > maxGap || (grows && (i >= full || joined - start > MAX_RUN_BYTES))) {
                break;
            }
            end = joined;
        }
        if (runs == offsets.length) {
            grow();
        }
        offsets[runs] = start;
        lengths[runs] = (int) (end - start);
        firstRefs[runs] = first;
        totalBytes += end - start;
        runs++;
        return i;
    }

    private void grow() {
        offsets = Arrays.copyOf(offsets, runs * 2);
        lengths = Arrays.copyOf(lengths, runs * 2);
        firstRefs = Arrays.copyOf(firstRefs, runs * 2);
    }

    public int runs() {
        return runs;
    }

    /** Where the run starts in the file. */
    public long offset(int run) {
        return offsets[run];
    }

    /** How long the run is, in bytes. */
    public int length(int run) {
        return lengths[run];
    }

    /** The first of the sorted refs that is in the run. */
    public int firstRef(int run) {
        return firstRefs[run];
    }

    /** The index after the last of the sorted refs in the run. */
    public int endRef(int run) {
        return run + 1 < runs ? firstRefs[run + 1] : refs;
    }

    /** The length of all runs together. */
    public long totalBytes() {
        return totalBytes;
    }
}
