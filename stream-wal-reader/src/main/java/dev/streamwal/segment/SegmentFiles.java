package dev.streamwal.segment;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.nio.file.Path;

/** Reads the header of a segment's file, for readers and for recovery. */
public final class SegmentFiles {

    private SegmentFiles() {}

    /**
     * The header, which must be that of this stream and this name.
     *
     * @throws CorruptSegmentException if it is damaged, or that of another segment
     * @throws UnsupportedFormatException if it is of a later version, or a nano-wal file
     */
    public static SegmentHeader readHeader(SegmentBytes bytes, Path file, StreamKey key, SegmentName name) throws IOException {
        try {
            SegmentHeader read = SegmentBytes.readHeader(bytes);
            checkBelongsHere(read, key, name);
            return read;
        } catch (FormatException e) {
            throw unreadable(e, bytes.size(), file, key, name);
        }
    }

    private static void checkBelongsHere(SegmentHeader read, StreamKey key, SegmentName name) throws FormatException {
        if (!read.key().equals(key)) {
            throw FormatException.corrupt("segment header names another stream than its directory: key=" + read.key());
        }
        if (!read.name().equals(name)) {
            throw FormatException.corrupt("segment header contradicts the file's name: basePosition=" + read.basePosition()
                    + ", expiration=" + read.expirationMillis());
        }
    }

    private static WalException unreadable(FormatException e, long size, Path file, StreamKey key, SegmentName name) {
        String what = e.at("stream=" + key + ", file=" + file + ", offset=0");
        if (e.isUnsupported()) {
            return new UnsupportedFormatException(what, file, key.text(), name.basePosition(), e);
        }
        return new CorruptSegmentException(
                what + "; the other segments of the stream can be read",
                file, key.text(), name.basePosition(), 0, size, e);
    }
}
