package dev.streamwal.source;

/**
 * The data record at the greatest position of a stream.
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
}
