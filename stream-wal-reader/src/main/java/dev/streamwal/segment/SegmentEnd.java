package dev.streamwal.segment;

import dev.streamwal.format.Footer;
import dev.streamwal.format.FooterLayout;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.RecordView;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Where a segment's records end at one moment, and whether that is final. The only class that derives this from the length of a file.
 *
 * @param offset where the records end; with {@link By#FILE} only an upper bound
 * @param by the source of the offset
 * @param footer of a sealed segment, with the last record and the index: everything before it is durable; null if it wasn't sealed
 */
public record SegmentEnd(long offset, By by, @Nullable Footer footer) {

    /** The source of a segment's end. */
    public enum By {
        FOOTER,
        /** The next segment's header. */
        SUCCESSOR,
        /** Only the file's length: the records may end before. */
        FILE
    }

    /** Bytes of a footer without its index: frame, header, counts, padding up to a page. */
    private static final int MAX_FOOTER_WITHOUT_INDEX =
            FooterLayout.PAGE_BYTES + SegmentHeaderLayout.MAX_BYTES + RecordLayout.PREFIX_BYTES;

    /** More than a block takes in a footer's index. */
    private static final int INDEX_BYTES_PER_BLOCK = 32;

    /** The end of a sealed segment. */
    public static SegmentEnd of(Footer footer) {
        return new SegmentEnd(footer.dataEnd(), By.FOOTER, footer);
    }

    /** The end of a segment without a footer. */
    public static SegmentEnd ofFile(long size) {
        return new SegmentEnd(size, By.FILE, null);
    }

    /** The end by the footer, if there is a valid one, else by the file. */
    public static SegmentEnd read(SegmentBytes bytes, SegmentHeader header) throws IOException {
        long size = bytes.size();
        Footer footer = readFooter(bytes, header, size);
        return footer == null ? ofFile(size) : of(footer);
    }

    /** Whether the segment was sealed. */
    public boolean isFinal() {
        return footer != null;
    }

    /**
     * The end by the next segment's header, if this end is by the file and that header tells.
     *
     * @param previousEnd stream position where the data before the next segment ends; -1 if that isn't known
     */
    public SegmentEnd orByNext(SegmentHeader header, long previousEnd) {
        long end = header.offsetOf(previousEnd);
        return by == By.FILE && previousEnd >= 0 && end >= header.headerLength() && end <= header.capacity()
                ? new SegmentEnd(end, By.SUCCESSOR, null)
                : this;
    }

    /** Whether the file ends with this footer, or with another footer of the same size in its place. */
    static boolean isThere(SegmentBytes bytes, Footer footer) throws IOException {
        long size = bytes.size();
        return size >= Long.BYTES && lastWord(bytes, size) == size - footer.dataEnd();
    }

    private static @Nullable Footer readFooter(SegmentBytes bytes, SegmentHeader header, long size) throws IOException {
        if (size < FooterLayout.PAGE_BYTES) {
            return null;
        }
        long last = lastWord(bytes, size);
        int start = last > maxFooterBytes(size) ? -1 : FooterLayout.startOffset(header, size, last);
        if (start < 0) {
            return null;
        }
        int length = (int) (size - start);
        ByteBuffer frame = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.read(frame, start) < length) {
            return null;
        }
        RecordView view = new RecordView();
        RecordView.Verdict verdict = view.check(frame, 0, length, header.positionAt(start), header.salt());
        if (verdict != RecordView.Verdict.VALID || view.frameBytes() != length) {
            return null;
        }
        try {
            return FooterLayout.decode(view, frame, start, header);
        } catch (FormatException e) {
            // a record that isn't a footer and happens to end where the file does: the segment is judged like a tail
            return null;
        }
    }

    /** A footer's size, in the file's last 8 bytes; -1 if the file has become shorter. */
    private static long lastWord(SegmentBytes bytes, long size) throws IOException {
        ByteBuffer last = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        return bytes.read(last, size - Long.BYTES) == Long.BYTES ? last.getLong(0) : -1;
    }

    private static long maxFooterBytes(long size) {
        return MAX_FOOTER_WITHOUT_INDEX + (size / SegmentIndex.BLOCK_BYTES + 1) * INDEX_BYTES_PER_BLOCK;
    }
}
