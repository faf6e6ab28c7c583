package dev.streamwal.nanowal;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.MessageText;
import dev.streamwal.format.NanoWalPosition;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Exceptions of reading nano-wal files. A walk throws each once, and continues behind the damage. */
public final class NanoWalFailures {

    private static final String GOES_ON = MessageText.NEXT_CALL;

    private NanoWalFailures() {}

    /** The rest of the file is lost: records behind the damage can't be told from a record's content. */
    public static CorruptSegmentException damaged(NanoWalFile file, NanoWalIndex.End end) {
        return end.stop() == NanoWalScan.Stop.END
                ? badHeader(file, "header of a nano-wal file is incomplete, though a newer file exists: bytes=" + end.fileBytes(),
                        end.fileBytes(), null)
                : damaged(file, end.offset(), end.fileBytes() - end.offset(), end.stop());
    }

    static CorruptSegmentException damaged(NanoWalFile file, long offset, long length, NanoWalScan.Stop stop) {
        return new CorruptSegmentException(
                "nano-wal file is damaged (" + stop.fault() + "): " + place(file, offset) + ", length=" + length
                        + "; call next() again to continue with the next file: in this one, which has no checksums, records can't be told from content",
                file.path(), file.key(), file.position(offset), offset, length, null);
    }

    static CorruptSegmentException badHeader(NanoWalFile file, @Nullable String fault, long length, @Nullable Throwable cause) {
        return new CorruptSegmentException(
                fault + ", stream=" + file.key() + ", file=" + file + ", offset=0; the other files of the stream can be read",
                file.path(), file.key(), NanoWalPosition.base(file.ordinal()), 0, length, cause);
    }

    static CorruptSegmentException otherExpiration(NanoWalFile file) {
        return new CorruptSegmentException(
                "expiration in a nano-wal file's header differs from the one in its name: stream=" + file.key() + ", file=" + file
                        + ", offset=8; its records can be read" + GOES_ON,
                file.path(), file.key(), NanoWalPosition.base(file.ordinal()), Long.BYTES, Long.BYTES, null);
    }

    static UnsupportedFormatException unsupported(NanoWalFile file, FormatException e) {
        return new UnsupportedFormatException(
                e.at("stream=" + file.key() + ", file=" + file), file.path(), file.key(), NanoWalPosition.base(file.ordinal()), e);
    }

    /** A valid record that is too long for this library. */
    public static UnsupportedFormatException tooLong(NanoWalFile file, NanoWalScan scan) {
        return new UnsupportedFormatException(
                NanoWalScan.Stop.TOO_LONG.fault() + ": bytes=" + scan.frameBytes() + ", " + place(file, scan.offset())
                        + "; read it with nano-wal itself" + GOES_ON,
                file.path(), file.key(), file.position(scan.offset()), null);
    }

    static UnsupportedFormatException tooManyFiles(String key, Path file) {
        return new UnsupportedFormatException(
                "reader has seen more than " + (NanoWalPosition.MAX_ORDINAL + 1) + " files of a prefix: stream=" + key + ", file=" + file
                        + "; open another reader",
                file, key, UnsupportedFormatException.NO_POSITION, null);
    }

    static EntryExpiredException expired(String key, long from, long to, @Nullable Path file, @Nullable Throwable cause) {
        return new EntryExpiredException(
                "nano-wal file was deleted before it was read: stream=" + key + ", from=" + from + ", to=" + to
                        + (file == null ? "" : ", file=" + file) + GOES_ON,
                file, key, from, to, true, cause);
    }

    private static String place(NanoWalFile file, long offset) {
        return "stream=" + file.key() + ", position=" + file.position(offset) + ", file=" + file + ", offset=" + offset;
    }
}
