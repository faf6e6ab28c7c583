package dev.streamwal.source;

import dev.streamwal.format.Footer;
import dev.streamwal.format.FooterLayout;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.RecordView;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.SegmentIndex;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A segment that is open for reading, also when it is deleted meanwhile. One thread; close it. */
public final class SegmentReader implements SegmentBytes, AutoCloseable {

    /** What a footer has beyond its index: frame, header, counts, padding up to a page. */
    private static final int MAX_FOOTER_WITHOUT_INDEX =
            FooterLayout.PAGE_BYTES + SegmentHeaderLayout.MAX_BYTES + RecordLayout.PREFIX_BYTES;

    /** More than a footer's index has for a block. */
    private static final int INDEX_BYTES_PER_BLOCK = 32;

    private final Segment segment;
    private final SegmentHeader header;
    private final SharedFile bytes;
    private boolean closed;

    SegmentReader(Segment segment, SegmentHeader header, SharedFile bytes) {
        this.segment = segment;
        this.header = header;
        this.bytes = bytes;
    }

    /** Which segment. */
    public Segment segment() {
        return segment;
    }

    /** Its header; the mark in it may be old, see {@link #mark()}. */
    public SegmentHeader header() {
        return header;
    }

    @Override
    public int read(ByteBuffer target, long offset) throws IOException {
        return bytes.read(target, offset);
    }

    @Override
    public long size() throws IOException {
        return bytes.size();
    }

    /** The mark as it is now. */
    public int mark() throws IOException {
        ByteBuffer mark = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        return bytes.read(mark, SegmentHeaderLayout.MARK) == Integer.BYTES ? mark.getInt(0) : 0;
    }

    /** Whether the file has become another segment since it was opened: expired files may be used again. */
    public boolean isReplaced() throws IOException {
        ByteBuffer first = ByteBuffer.allocate(SegmentHeaderLayout.MAX_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        int available = bytes.read(first, 0);
        return available >= SegmentHeaderLayout.FIXED_BYTES && first.getLong(SegmentHeaderLayout.SALT) != header.salt();
    }

    /** The footer, if the segment has been sealed and the footer verifies; everything before it is durable. */
    public Optional<Footer> footer() throws IOException {
        Footer known = segment.knownFooter();
        if (known == null) {
            known = readFooter();
            if (known != null) {
                segment.footerIs(known);
            }
        }
        return Optional.ofNullable(known);
    }

    private @Nullable Footer readFooter() throws IOException {
        long size = bytes.size();
        if (size < FooterLayout.PAGE_BYTES) {
            return null;
        }
        ByteBuffer last = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.read(last, size - Long.BYTES) < Long.BYTES || last.getLong(0) > maxFooterBytes(size)) {
            return null;
        }
        int start = FooterLayout.startOffset(header, size, last.getLong(0));
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

    private static long maxFooterBytes(long size) {
        return MAX_FOOTER_WITHOUT_INDEX + (size / SegmentIndex.BLOCK_BYTES + 1) * INDEX_BYTES_PER_BLOCK;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            bytes.close();
        }
    }
}
