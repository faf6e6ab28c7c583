package dev.streamwal.retention;

import dev.streamwal.error.HeaderTooLargeException;
import dev.streamwal.error.RecordTooLargeException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.RecordLayout;

/** Limits of a record's size. Pure. */
public final class SizeRules {

    private SizeRules() {}

    /** Refuses a record that could never be stored. */
    public static void check(int headerLength, int contentLength, int maxRecordBytes, String stream) {
        if (headerLength > RecordLayout.MAX_HEADER_BYTES) {
            throw new HeaderTooLargeException("record's header is too large: headerBytes=" + headerLength + ", max="
                    + RecordLayout.MAX_HEADER_BYTES + ", stream=" + stream + "; put data into the content instead", null, stream, WalException.NO_POSITION);
        }
        if ((long) headerLength + contentLength > maxRecordBytes) {
            throw new RecordTooLargeException("record is too large: headerBytes=" + headerLength + ", contentBytes=" + contentLength
                    + ", maxRecordBytes=" + maxRecordBytes + ", stream=" + stream + "; split it, or raise maxRecordBytes, which segmentBytes limits",
                    null, stream, WalException.NO_POSITION);
        }
    }
}
