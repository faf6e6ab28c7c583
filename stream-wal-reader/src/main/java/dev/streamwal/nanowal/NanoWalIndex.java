package dev.streamwal.nanowal;

import dev.streamwal.format.NanoWalLayout;
import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.util.Arrays;

/**
 * Where records of a nano-wal file start, as far as the file has been walked: one mark for every 64 KiB, because the records don't lead backwards.
 * Files only grow, so a later walk continues where the last one stopped. Thread-safe: a thread that needs more of the file waits for the thread that
 * walks it.
 *
 * <p>Above 1 GiB the blocks are longer, so that a file never has more than 16,384 marks.
 */
public final class NanoWalIndex {

    private static final int FIRST_BLOCK_BYTES = 64 << 10;
    private static final int MAX_MARKS = 1 << 14;

    /**
     * Where the records of a file end.
     *
     * @param offset behind the last record before the walk stopped
     * @param stop what the walk found there
     * @param isFollowed whether a record stands close behind the offset
     * @param fileBytes length of the file
     * @param lastOffset of the last record; -1 if there is none
     * @param lastFrameBytes of the last record
     */
    public record End(
            long offset, NanoWalScan.Stop stop, boolean isFollowed, long fileBytes, long lastOffset, long lastFrameBytes) {

        /** Whether the file holds a record. */
        public boolean hasRecord() {
            return lastOffset >= 0;
        }

        /**
         * Whether unreadable bytes follow. In the newest file an incomplete record is not damage unless records follow it: it may still be
         * being written.
         */
        public boolean isDamaged(boolean newest) {
            return switch (stop) {
                case END -> !newest && fileBytes < NanoWalLayout.FILE_HEADER_BYTES;
                case CUT -> !newest || isFollowed;
                default -> true;
            };
        }
    }

    /** End of a file without records. */
    public static final End EMPTY = new End(NanoWalLayout.FILE_HEADER_BYTES, NanoWalScan.Stop.END, false, 0, -1, 0);

    private long blockBytes = FIRST_BLOCK_BYTES;
    private long[] marks = new long[4];
    private int count;
    private End end = EMPTY;

    /** Walks on to the end of the file. */
    public synchronized End extend(SegmentBytes bytes, int maxReadBytes) throws IOException {
        if (bytes.size() < end.offset) {
            // another file has the name now
            count = 0;
            end = EMPTY;
        }
        try (NanoWalScan scan = new NanoWalScan(bytes, maxReadBytes)) {
            scan.seek(end.offset);
            long last = end.lastOffset;
            long lastFrame = end.lastFrameBytes;
            while (true) {
                if (scan.next()) {
                    last = scan.offset();
                    lastFrame = scan.frameBytes();
                    mark(last);
                } else if (scan.stop() == NanoWalScan.Stop.TOO_LONG) {
                    scan.skip();
                } else {
                    boolean isFollowed = scan.stop() == NanoWalScan.Stop.CUT && scan.isFollowed();
                    end = new End(scan.offset(), scan.stop(), isFollowed, scan.fileBytes(), last, lastFrame);
                    return end;
                }
            }
        }
    }

    private void mark(long offset) {
        if (count > 0 && offset / blockBytes == marks[count - 1] / blockBytes) {
            return;
        }
        if (count == MAX_MARKS) {
            widen();
            mark(offset);
            return;
        }
        if (count == marks.length) {
            marks = Arrays.copyOf(marks, count * 2);
        }
        marks[count++] = offset;
    }

    private void widen() {
        blockBytes *= 2;
        int kept = 0;
        for (int i = 0; i < count; i++) {
            if (kept == 0 || marks[i] / blockBytes != marks[kept - 1] / blockBytes) {
                marks[kept++] = marks[i];
            }
        }
        count = kept;
    }

    /** The last mark below the offset; -1 if there is none. */
    public synchronized long markBelow(long offset) {
        int at = Arrays.binarySearch(marks, 0, count, offset);
        int below = (at < 0 ? -at - 1 : at) - 1;
        return below < 0 ? -1 : marks[below];
    }
}
