package dev.streamwal.shared;

import dev.streamwal.format.RecordLayout;
import java.util.Arrays;

/**
 * The frames of all parts of an index, in the order of their records: twelve bytes each, and no object. A frame has the place of its record, which is
 * the number of its shared segment and the offset there, its length in its part, and the number of the part's next frame. Guarded by the index.
 */
final class FrameTable {

    /** Stands for the frame behind the last one of a part. */
    static final int NONE = -1;

    /** Limit of the segments: the upper bits of a place have the segment's number. */
    static final int MAX_SEGMENTS = 32;

    private static final int OFFSET_BITS = 27;
    private static final int FIRST_FRAMES = 64;
    private static final int INTS = 3;
    private static final int PLACE = 0;
    private static final int BYTES = 1;
    private static final int NEXT = 2;

    private int[] frames = new int[INTS * FIRST_FRAMES];
    private int count;

    /** A place, in one word: offsets are multiples of eight below 1 GiB. */
    static int place(int segment, long offset) {
        return segment << OFFSET_BITS | (int) (offset / RecordLayout.ALIGNMENT);
    }

    static int segment(int place) {
        return place >>> OFFSET_BITS;
    }

    static int offset(int place) {
        return (place & ((1 << OFFSET_BITS) - 1)) * RecordLayout.ALIGNMENT;
    }

    /** Adds a frame without a next one; returns its number. */
    int add(int place, int bytes) {
        int at = INTS * count;
        if (at == frames.length) {
            frames = Arrays.copyOf(frames, Math.max(INTS * FIRST_FRAMES, 2 * frames.length));
        }
        frames[at + PLACE] = place;
        frames[at + BYTES] = bytes;
        frames[at + NEXT] = NONE;
        return count++;
    }

    /** Gives up the memory for more frames: an array that grows has up to as much again. */
    void trim() {
        frames = Arrays.copyOf(frames, INTS * count);
    }

    void follows(int frame, int next) {
        frames[INTS * frame + NEXT] = next;
    }

    int place(int frame) {
        return frames[INTS * frame + PLACE];
    }

    int bytes(int frame) {
        return frames[INTS * frame + BYTES];
    }

    int next(int frame) {
        return frames[INTS * frame + NEXT];
    }
}
