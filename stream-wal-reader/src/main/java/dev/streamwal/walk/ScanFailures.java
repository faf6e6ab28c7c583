package dev.streamwal.walk;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.MessageText;
import dev.streamwal.format.StreamKey;
import dev.streamwal.segment.SegmentReader;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The exceptions of a stream's scans. Most are thrown once, and the scan goes on beyond their cause. */
public final class ScanFailures {

    private static final String GOES_ON = MessageText.NEXT_CALL;

    private ScanFailures() {}

    static CorruptSegmentException damaged(
            SegmentReader reader, long offset, long length, String fault, String evidence, boolean awaitsRecovery) {
        long position = reader.header().positionAt(offset);
        return new CorruptSegmentException(
                "record is damaged (" + fault + "): " + place(reader, offset) + ", length=" + length + ", evidence=" + evidence
                        + (awaitsRecovery ? ", not recovered yet; open the log for writing, which recovers it" : "") + GOES_ON,
                reader.segment().file(), key(reader), position, reader.segment().fileOffset(offset), length, null);
    }

    static UnsupportedFormatException tooNew(SegmentReader reader, long offset, int flags) {
        return new UnsupportedFormatException(
                "record has flags that this version doesn't know: flags=0x" + Integer.toHexString(flags) + ", " + place(reader, offset)
                        + "; read it with the version that wrote it, or a newer one" + GOES_ON,
                reader.segment().file(), key(reader), reader.header().positionAt(offset), null);
    }

    static WalIOException overdue(SegmentReader reader, long offset) {
        return new WalIOException(
                "an append didn't complete within 10 s: " + place(reader, offset)
                        + "; read again later, or, if no process writes the log, open it for writing, which recovers it",
                reader.segment().file(), key(reader), reader.header().positionAt(offset), null);
    }

    /** Goes to the next record, past what was deleted meanwhile, and past abandoned slots. Throws where it finds damage, or can't go on. */
    public static boolean nextThatIsLeft(RecordWalk walk) {
        while (true) {
            long before = walk.nextPosition();
            try {
                return walk.next();
            } catch (EntryExpiredException e) {
                // the walk goes on behind it
            } catch (WalIOException e) {
                requirePassed(e, before, walk);
            }
        }
    }

    /**
     * For a caller that wants only records, and no report of what a walk passes: returns if the walk has gone on, as after an abandoned slot, and throws if it
     * would fail again at the same place.
     *
     * @param before position at which the walk would have gone on before it failed
     */
    static void requirePassed(WalIOException failure, long before, RecordWalk walk) {
        if (walk.nextPosition() == before) {
            throw failure;
        }
    }

    static WalIOException givenUp(SegmentReader reader, long offset) {
        return new WalIOException(
                "an append never completed, and left an empty place: " + place(reader, offset) + GOES_ON,
                reader.segment().file(), key(reader), reader.header().positionAt(offset), null);
    }

    static EntryExpiredException expired(String key, long from, long to, @Nullable Path file, @Nullable IOException cause) {
        return new EntryExpiredException(
                "segment was deleted before it was read: stream=" + key + ", from=" + from + ", to=" + to + at(file) + GOES_ON,
                file, key, from, to, true, cause);
    }

    static EntryExpiredException possiblyUnread(String key, long from, long to, @Nullable Path file, IOException cause) {
        return new EntryExpiredException(
                "segment was deleted while it was read, perhaps with records that were not read yet: stream=" + key + ", from=" + from + ", to=" + to
                        + at(file) + GOES_ON,
                file, key, from, to, false, cause);
    }

    private static String at(@Nullable Path file) {
        return file == null ? "" : ", file=" + file;
    }

    static EntryExpiredException possiblyExpired(String key, long from, long to, Path file) {
        return new EntryExpiredException(
                "stream may have had records here that were deleted before they were read: stream=" + key + ", from=" + from
                        + ", to=" + to + ", file=" + file + GOES_ON,
                file, key, from, to, false, null);
    }

    public static EntryNotFoundException committedBehindEnd(StreamKey key, long position, long end, String consumer) {
        return new EntryNotFoundException("consumer has committed more than its stream holds: stream=" + key + ", committed=" + position
                + ", end=" + end + ", consumer=" + consumer + "; check whether the log was restored to an earlier state, then commit"
                + " a position up to that end; the next call continues there", null, key.text(), position, null);
    }

    private static String key(SegmentReader reader) {
        return reader.segment().key().text();
    }

    private static String place(SegmentReader reader, long offset) {
        return "stream=" + key(reader) + ", position=" + reader.header().positionAt(offset) + ", file=" + reader.segment().file()
                + ", offset=" + reader.segment().fileOffset(offset);
    }
}
