package dev.streamwal.recovery;

import dev.streamwal.format.SegmentHeader;

/**
 * What was done with one segment that the journal has bytes of.
 *
 * @param bytes that were written; after a writer that closed the log, only those that weren't there
 * @param records among them, without control records; 0 if there are no bytes
 */
public record RedoneSegment(SegmentHeader header, Kind kind, long bytes, long records) {

    /** What was found. */
    public enum Kind {
        /** The file; the bytes were written to it. */
        WRITTEN,
        /** The file with a damaged header, which was rewritten. */
        HEADER_REPAIRED,
        /** No file; one was created. */
        CREATED,
        /** No file, because it was deleted without a record: none was created. */
        DELETED,
        /** The file, with a footer: nothing was written. */
        FINISHED,
        /** The file of another segment with that name, which is left alone: nothing was written. */
        FOREIGN
    }
}
