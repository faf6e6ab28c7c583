package dev.streamwal.shared;

import java.util.Arrays;

/** The frames of a part that somebody reads, as far as they are known. Guarded by the segment. */
final class PartFrames {

    private static final int FIRST_ROOM = 4;

    /** Where in the shared segment each frame's record begins. */
    private int[] places = new int[FIRST_ROOM];
    /** Where in the part each frame begins, and behind them, where the last one ends. */
    private int[] offsets = new int[FIRST_ROOM + 1];
    private int count;
    /** Of the last of them, in the segment's table. */
    private int lastFrame = FrameTable.NONE;

    /** Of a part whose header is so long. */
    PartFrames(int headerLength) {
        restart(headerLength);
    }

    /** Of another part; what was known of the one before isn't used any more. */
    final void restart(int headerLength) {
        offsets[0] = headerLength;
        count = 0;
        lastFrame = FrameTable.NONE;
    }

    /** Those that a part has now. One that was cut has fewer than were known, and gets no more. */
    Known upTo(Part part, FrameTable table) {
        while (count < part.count()) {
            int frame = count == 0 ? part.firstFrame() : table.next(lastFrame);
            if (count == places.length) {
                places = Arrays.copyOf(places, 2 * count);
                offsets = Arrays.copyOf(offsets, 2 * count + 1);
            }
            places[count] = table.place(frame);
            offsets[count + 1] = offsets[count] + table.bytes(frame);
            lastFrame = frame;
            count++;
        }
        // only what is behind is written to the arrays after this
        return new Known(offsets, places, part.count());
    }

    /**
     * The frames at some time.
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

        /** Of how many bytes those are that follow one, as far as there are so many. */
        int bytesBehind(int frame, int following) {
            return offsets[Math.min(count, frame + 1 + following)] - offsets[frame + 1];
        }

        /** Where the last one begins; 0 where there is none. */
        int mark() {
            return count == 0 ? 0 : offsets[count - 1];
        }

        /** The frame that has the offset; {@link #count} behind the end. */
        int at(long offset) {
            if (offset >= end()) {
                return count;
            }
            int found = Arrays.binarySearch(offsets, 0, count, (int) offset);
            return found >= 0 ? found : -found - 2;
        }
    }
}
