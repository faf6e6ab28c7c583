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
 * Where a segment's records end, and what is final of it, as it was at one moment. The one place that finds this by the length of a file;
 * all others ask it.
 *
 * @param offset where the records end; by the file, what no record reaches past
 * @param by what says so
 * @param footer the last record and the index of a segment that was sealed: everything before it is durable; null where it wasn't
 */
public record SegmentEnd(long offset, By by, @Nullable Footer footer) {

    /** What says where a segment's records end. */
    public enum By {
        FOOTER,
        /** The next segment's header. */
        SUCCESSOR,
        /** Only the file's length: there may be less. */
        FILE
    }

    /** What a footer has beyond its index: frame, header, counts, padding up to a page. */
    private static final int MAX_FOOTER_WITHOUT_INDEX =
            FooterLayout.PAGE_BYTES + SegmentHeaderLayout.MAX_BYTES + RecordLayout.PREFIX_BYTES;

    /** More than a footer's index has for a block. */
    private static final int INDEX_BYTES_PER_BLOCK = 32;

    /** Of a segment that was sealed. */
    public static SegmentEnd of(Footer footer) {
        return new SegmentEnd(footer.dataEnd(), By.FOOTER, footer);
    }

    /** Of a segment without a footer. */
    public static SegmentEnd ofFile(long size) {
        return new SegmentEnd(size, By.FILE, null);
    }

    /** By the footer, if the segment was sealed and that verifies, else by the file. */
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
     * As the next segment knows it, where it speaks of this one.
     *
     * @param previousEnd stream position where the data before the next segment ends; -1 where that isn't known
     */
    public SegmentEnd orByNext(SegmentHeader header, long previousEnd) {
        long end = header.offsetOf(previousEnd);
        return by == By.FILE && previousEnd >= 0 && end >= header.headerLength() && end <= header.capacity()
                ? new SegmentEnd(end, By.SUCCESSOR, null)
                : this;
    }

    /** Whether the file ends with this footer, or with another one of its size at its place. */
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

    /** A footer's size, in the file's last 8 bytes; -1 where the file has become shorter. */
    private static long lastWord(SegmentBytes bytes, long size) throws IOException {
        ByteBuffer last = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        return bytes.read(last, size - Long.BYTES) == Long.BYTES ? last.getLong(0) : -1;
    }

    private static long maxFooterBytes(long size) {
        return MAX_FOOTER_WITHOUT_INDEX + (size / SegmentIndex.BLOCK_BYTES + 1) * INDEX_BYTES_PER_BLOCK;
    }
}
