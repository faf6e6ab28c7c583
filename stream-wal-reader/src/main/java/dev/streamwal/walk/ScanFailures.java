package dev.streamwal.walk;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.segment.SegmentReader;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The exceptions of a stream's scans. Most are thrown once, and the scan goes on beyond their cause. */
public final class ScanFailures {

    private static final String GOES_ON = "; the next call goes on beyond it";

    private ScanFailures() {}

    static CorruptSegmentException damaged(
            SegmentReader reader, long offset, long length, String fault, String evidence, boolean awaitsRecovery) {
        long position = reader.header().positionAt(offset);
        return new CorruptSegmentException(
                "damaged: " + fault + " (" + evidence + "): " + place(reader, offset) + ", length=" + length
                        + (awaitsRecovery ? "; not recovered yet: open the log for writing" : "") + GOES_ON,
                reader.segment().file(), key(reader), position, reader.segment().fileOffset(offset), length, null);
    }

    static UnsupportedFormatException tooNew(SegmentReader reader, long offset, int flags) {
        return new UnsupportedFormatException(
                "record has flags that this version does not know: flags=0x" + Integer.toHexString(flags) + ", " + place(reader, offset)
                        + "; read it with the version that wrote it, or a newer one" + GOES_ON,
                reader.segment().file(), key(reader), reader.header().positionAt(offset), null);
    }

    static WalIOException overdue(SegmentReader reader, long offset) {
        return new WalIOException(
                "reserved slot was not published within 10 s: " + place(reader, offset)
                        + "; read again later, or reopen the log for writing",
                reader.segment().file(), key(reader), reader.header().positionAt(offset), null);
    }

    /**
     * For who wants records only, and none of what a scan passes: returns where the scan has gone on, as behind a slot that was given up, and throws where it
     * would fail again at the same place.
     *
     * @param before position at which the scan would have gone on before it failed
     */
    public static void requirePassed(WalIOException failure, long before, RecordWalk scan) {
        if (scan.nextPosition() == before) {
            throw failure;
        }
    }

    static WalIOException givenUp(SegmentReader reader, long offset) {
        return new WalIOException(
                "slot was given up by its writer, and is empty: " + place(reader, offset) + GOES_ON,
                reader.segment().file(), key(reader), reader.header().positionAt(offset), null);
    }

    static EntryExpiredException expired(String key, long from, long to, @Nullable Path file, @Nullable IOException cause) {
        return new EntryExpiredException(
                "segment was deleted before it was read: stream=" + key + ", from=" + from + ", to=" + to + at(file) + GOES_ON,
                file, key, from, to, true, cause);
    }

    static EntryExpiredException possiblyUnread(String key, long from, long to, @Nullable Path file, IOException cause) {
        return new EntryExpiredException(
                "segment was deleted while it was read, and records in it may have been unread: stream=" + key + ", from=" + from + ", to=" + to
                        + at(file) + GOES_ON,
                file, key, from, to, false, cause);
    }

    private static String at(@Nullable Path file) {
        return file == null ? "" : ", file=" + file;
    }

    static EntryExpiredException possiblyExpired(String key, long from, long to, Path file) {
        return new EntryExpiredException(
                "the stream begins here, and nothing says whether it was there before, with records that were deleted unread: stream=" + key + ", from=" + from
                        + ", to=" + to + ", file=" + file + GOES_ON,
                file, key, from, to, false, null);
    }

    public static EntryNotFoundException committedBehindEnd(StreamKey key, long position, long end, String consumer) {
        return new EntryNotFoundException("consumer has committed more than its stream holds: stream=" + key + ", committed=" + position
                + ", end=" + end + ", consumer=" + consumer + "; the log was put back to an earlier state, or lost its end from outside;"
                + " the next call goes on at that end; commit a position there to end this error", null, key.text(), position, null);
    }

    private static String key(SegmentReader reader) {
        return reader.segment().key().text();
    }

    private static String place(SegmentReader reader, long offset) {
        return "stream=" + key(reader) + ", position=" + reader.header().positionAt(offset) + ", file=" + reader.segment().file()
                + ", offset=" + reader.segment().fileOffset(offset);
    }
}
