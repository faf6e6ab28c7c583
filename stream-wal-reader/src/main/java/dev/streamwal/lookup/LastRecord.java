package dev.streamwal.lookup;

import dev.streamwal.segment.SegmentScan;
import dev.streamwal.walk.RecordWalk;

/**
 * A data record at the end of a stream, on the heap.
 *
 * @param size of the frame
 * @param body the record's own header, then its content
 */
public record LastRecord(long position, int size, long timestampMillis, int headerLength, byte[] body) {

    /** The one that a scan stands on. */
    static LastRecord of(SegmentScan scan) {
        byte[] body = new byte[scan.headerLength() + scan.contentLength()];
        scan.copyBody(body);
        return new LastRecord(scan.position(), scan.frameBytes(), scan.timestampMillis(), scan.headerLength(), body);
    }

    /** The one that a walk stands on. */
    static LastRecord of(RecordWalk walk) {
        return new LastRecord(walk.position(), walk.size(), walk.timestampMillis(), walk.headerLength(), walk.copyBody());
    }
}
