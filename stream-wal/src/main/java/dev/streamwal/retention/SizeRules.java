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
            throw new HeaderTooLargeException("header exceeds " + RecordLayout.MAX_HEADER_BYTES + " bytes: header="
                    + headerLength + ", stream=" + stream, null, stream, WalException.NO_POSITION);
        }
        if ((long) headerLength + contentLength > maxRecordBytes) {
            throw new RecordTooLargeException("header and content exceed maxRecordBytes=" + maxRecordBytes
                    + " bytes: header=" + headerLength + ", content=" + contentLength + ", stream=" + stream, null, stream,
                    WalException.NO_POSITION);
        }
    }
}
