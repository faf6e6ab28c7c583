package dev.streamwal.shared;

import java.util.Arrays;

/**
 * The frames of all parts of a shared segment, in the order of their records: twelve bytes each, and no object. A frame has the offset of its record
 * in the shared segment, its length in its part, and the number of the part's next frame. Guarded by the segment.
 */
final class FrameTable {

    /** Stands for the frame behind the last one of a part. */
    static final int NONE = -1;

    private static final int FIRST_FRAMES = 64;
    private static final int INTS = 3;
    private static final int PLACE = 0;
    private static final int BYTES = 1;
    private static final int NEXT = 2;

    private int[] frames = new int[INTS * FIRST_FRAMES];
    private int count;

    /** Adds a frame without a next one; returns its number. */
    int add(int place, int bytes) {
        int at = INTS * count;
        if (at == frames.length) {
            frames = Arrays.copyOf(frames, 2 * frames.length);
        }
        frames[at + PLACE] = place;
        frames[at + BYTES] = bytes;
        frames[at + NEXT] = NONE;
        return count++;
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
