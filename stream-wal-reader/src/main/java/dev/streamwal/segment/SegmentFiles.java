package dev.streamwal.segment;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.Footer;
import dev.streamwal.format.FooterLayout;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.RecordView;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Optional;

/** The two ends of a segment's file, its header and its footer, for readers and for recovery. */
public final class SegmentFiles {

    /** What a footer has beyond its index: frame, header, counts, padding up to a page. */
    private static final int MAX_FOOTER_WITHOUT_INDEX =
            FooterLayout.PAGE_BYTES + SegmentHeaderLayout.MAX_BYTES + RecordLayout.PREFIX_BYTES;

    /** More than a footer's index has for a block. */
    private static final int INDEX_BYTES_PER_BLOCK = 32;

    private SegmentFiles() {}

    /**
     * The header, which must be that of this stream and this name.
     *
     * @throws CorruptSegmentException where it is damaged, or another segment's
     * @throws UnsupportedFormatException where it is of a later version, or a nano-wal file
     */
    public static SegmentHeader readHeader(SegmentBytes bytes, Path file, StreamKey key, SegmentName name) throws IOException {
        ByteBuffer first = ByteBuffer.allocate(SegmentHeaderLayout.MAX_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        int available = bytes.read(first, 0);
        try {
            SegmentHeader read = SegmentHeaderLayout.decode(first, available);
            checkBelongsHere(read, key, name);
            return read;
        } catch (FormatException e) {
            throw unreadable(e, bytes.size(), file, key, name);
        }
    }

    private static void checkBelongsHere(SegmentHeader read, StreamKey key, SegmentName name) throws FormatException {
        if (!read.key().equals(key)) {
            throw FormatException.corrupt("a segment's header names the stream of its directory: key=" + read.key());
        }
        if (!read.name().equals(name)) {
            throw FormatException.corrupt("a segment's header says what its file's name says: basePosition=" + read.basePosition()
                    + ", expiration=" + read.expirationMillis());
        }
    }

    private static WalException unreadable(FormatException e, long size, Path file, StreamKey key, SegmentName name) {
        String where = ", stream=" + key + ", file=" + file + ", offset=0";
        if (e.isUnsupported()) {
            return new UnsupportedFormatException(e.getMessage() + where, file, key.text(), name.basePosition(), e);
        }
        return new CorruptSegmentException(
                e.getMessage() + where + "; the other segments of the stream can be read",
                file, key.text(), name.basePosition(), 0, size, e);
    }

    /** The footer, if the segment was sealed and the footer verifies; then everything before it is durable. */
    public static Optional<Footer> readFooter(SegmentBytes bytes, SegmentHeader header) throws IOException {
        return readFooter(bytes, header, bytes.size());
    }

    /** @param size how long the file is, as it was told just now */
    static Optional<Footer> readFooter(SegmentBytes bytes, SegmentHeader header, long size) throws IOException {
        if (size < FooterLayout.PAGE_BYTES) {
            return Optional.empty();
        }
        ByteBuffer last = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.read(last, size - Long.BYTES) < Long.BYTES || last.getLong(0) > maxFooterBytes(size)) {
            return Optional.empty();
        }
        int start = FooterLayout.startOffset(header, size, last.getLong(0));
        if (start < 0) {
            return Optional.empty();
        }
        int length = (int) (size - start);
        ByteBuffer frame = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.read(frame, start) < length) {
            return Optional.empty();
        }
        RecordView view = new RecordView();
        RecordView.Verdict verdict = view.check(frame, 0, length, header.positionAt(start), header.salt());
        if (verdict != RecordView.Verdict.VALID || view.frameBytes() != length) {
            return Optional.empty();
        }
        try {
            return Optional.of(FooterLayout.decode(view, frame, start, header));
        } catch (FormatException e) {
            // a record that isn't a footer and happens to end where the file does: the segment is judged like a tail
            return Optional.empty();
        }
    }

    private static long maxFooterBytes(long size) {
        return MAX_FOOTER_WITHOUT_INDEX + (size / SegmentIndex.BLOCK_BYTES + 1) * INDEX_BYTES_PER_BLOCK;
    }
}
