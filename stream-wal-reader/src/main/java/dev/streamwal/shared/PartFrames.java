package dev.streamwal.shared;

import java.util.Arrays;

/** The known frames of a part that is being read. Guarded by the segment. */
final class PartFrames {

    private static final int FIRST_ROOM = 4;

    /** Offset in the shared segment of each frame's record. */
    private int[] places = new int[FIRST_ROOM];
    /** Offset in the part of each frame, and then the end of the last one. */
    private int[] offsets = new int[FIRST_ROOM + 1];
    private int count;
    /** Number of the last known frame in the segment's table. */
    private int lastFrame = FrameTable.NONE;

    /** @param headerLength of the part's header */
    PartFrames(int headerLength) {
        offsets[0] = headerLength;
    }

    /** A snapshot of the part's current frames. A part that was cut has fewer than were known, and gets no more. */
    Known upTo(Part part, FrameTable table) {
        while (count < part.count()) {
            int frame = count == 0 ? part.firstFrame() : table.next(lastFrame);
            if (count == places.length) {
                places = Arrays.copyOf(places, 2 * count);
                offsets = Arrays.copyOf(offsets, 2 * count + 1);
            }
            places[count] = FrameTable.offset(table.place(frame));
            offsets[count + 1] = offsets[count] + table.bytes(frame);
            lastFrame = frame;
            count++;
        }
        // later calls write only behind these entries of the arrays
        return new Known(offsets, places, part.count());
    }

    /**
     * A snapshot of the frames.
     *
     * @param offsets in the part, one more than there are frames
     * @param places in the shared segment
     */
    record Known(int[] offsets, int[] places, int count) {

        int end() {
            return offsets[count];
        }

        int offset(int frame) {
            return offsets[frame];
        }

        int place(int frame) {
            return places[frame];
        }

        int bytes(int frame) {
            return offsets[frame + 1] - offsets[frame];
        }

        /** Bytes of the next {@code following} frames behind a frame, or of all that are left. */
        int bytesBehind(int frame, int following) {
            return offsets[Math.min(count, frame + 1 + following)] - offsets[frame + 1];
        }

        /** Offset of the last frame; 0 if there is none. */
        int mark() {
            return count == 0 ? 0 : offsets[count - 1];
        }

        /** The frame that holds the offset; {@link #count} behind the end. */
        int at(long offset) {
            if (offset >= end()) {
                return count;
            }
            int found = Arrays.binarySearch(offsets, 0, count, (int) offset);
            return found >= 0 ? found : -found - 2;
        }
    }
}
