package dev.streamwal.segment;

import dev.streamwal.format.Footer;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.RecordView;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.Visibility;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.io.SharedFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.NoSuchFileException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A segment that is open for reading, and stays readable when it is deleted. One thread; close it. */
public final class SegmentReader implements SegmentBytes, AutoCloseable {

    private final Segment segment;
    private final SegmentHeader header;
    private final ChannelCache channels;
    private final FooterCache footers;
    private final boolean isHeaderNew;
    private final SegmentBytes bytes;
    private final Runnable closing;
    /** The segment in the file that replaced this one; null if none has, as far as is known. */
    private @Nullable SegmentReader renewed;
    private boolean closed;

    /**
     * Called by a segment that opens itself.
     *
     * @param channels for opening a file that replaces this one while it is read
     * @param closing releases the bytes
     * @param isHeaderNew whether the header was read just now
     */
    public SegmentReader(
            Segment segment,
            SegmentHeader header,
            ChannelCache channels,
            SegmentBytes bytes,
            Runnable closing,
            FooterCache footers,
            boolean isHeaderNew) {
        this.segment = segment;
        this.header = header;
        this.channels = channels;
        this.bytes = bytes;
        this.closing = closing;
        this.footers = footers;
        this.isHeaderNew = isHeaderNew;
    }

    public Segment segment() {
        return segment;
    }

    /** Its header; the mark in it may be old, see {@link #mark()}. */
    public SegmentHeader header() {
        return header;
    }

    private SegmentBytes now() {
        return renewed == null ? bytes : renewed;
    }

    @Override
    public int read(ByteBuffer target, long offset) throws IOException {
        return now().read(target, offset);
    }

    @Override
    public int readOnce(ByteBuffer target, long offset) throws IOException {
        return now().readOnce(target, offset);
    }

    @Override
    public long size() throws IOException {
        return now().size();
    }

    @Override
    public boolean isVerified() {
        return now().isVerified();
    }

    /**
     * The same bytes, for a caller that reads for long: each read is as {@link #readOnce}, and reads the file that has the segment's name at that time. So a
     * walk that stands in a segment sees nothing that was erased since, except what it has read already. A deleted file stays readable.
     */
    public SegmentBytes renewed() {
        return new SegmentBytes() {

            @Override
            public int read(ByteBuffer target, long offset) throws IOException {
                renew();
                readDirectlyIfSealed();
                return SegmentReader.this.readOnce(target, offset);
            }

            @Override
            public long size() throws IOException {
                return SegmentReader.this.size();
            }

            @Override
            public boolean isVerified() {
                return SegmentReader.this.isVerified();
            }
        };
    }

    /** Decided when a scan reads, and not at each opening, because it may take a read of the file's end. */
    private void readDirectlyIfSealed() throws IOException {
        if (channels.isDirect() && renewed == null && bytes instanceof SharedFile file && !file.isDirectTried() && end().isFinal()) {
            file.readDirectly();
        }
    }

    private void renew() throws IOException {
        if (renewed != null) {
            renewed.renew();
        } else if (isFileReplaced()) {
            renewed = segment.open(channels);
        }
    }

    /** Packs, and shared segments, are never replaced: what stands there moves to a file of another name. */
    private boolean isFileReplaced() throws IOException {
        try {
            return bytes instanceof SharedFile file && file.isReplaced();
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /**
     * The known length of the file if it reaches {@code end}, else its current length. So only a reader that needs more asks the file system. If data was cut
     * off since, a read returns nothing.
     */
    public long sizeFor(long end) throws IOException {
        long known = segment.knownDataSize();
        if (end > known) {
            known = size();
            segment.dataSizeIs(known);
        }
        return known;
    }

    /** The current mark. */
    public int mark() throws IOException {
        ByteBuffer mark = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        return read(mark, SegmentHeaderLayout.MARK) == Integer.BYTES ? mark.getInt(0) : 0;
    }

    /** The mark at the time of the opening, or later. */
    public int markAtOpening() throws IOException {
        return isHeaderNew ? header.mark() : mark();
    }

    /**
     * Whether a data record of this size, which was read at the offset, still stands there: then nothing up to its end was cut off. After a cut
     * the file ends before it, or a footer stands there.
     */
    public boolean stillHas(long offset, int size) throws IOException {
        ByteBuffer prefix = ByteBuffer.allocate(RecordLayout.PREFIX_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        RecordView view = new RecordView();
        return read(prefix, offset) == RecordLayout.PREFIX_BYTES
                && view.peek(prefix, 0, size, header.positionAt(offset)) == RecordView.Verdict.VALID
                && view.frameBytes() == size && view.visibility() == Visibility.SHOWN;
    }

    /** Whether the file holds another segment since it was opened: expired files may be reused. */
    public boolean isReplaced() throws IOException {
        ByteBuffer first = ByteBuffer.allocate(SegmentHeaderLayout.MAX_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        int available = read(first, 0);
        return available >= SegmentHeaderLayout.FIXED_BYTES && first.getLong(SegmentHeaderLayout.SALT) != header.salt();
    }

    /**
     * The footer, if the segment has been sealed and the footer verifies; everything before it is durable. It may date from before a cut of the segment: if
     * that matters, call {@link #footerNow()}.
     */
    public Optional<Footer> footer() throws IOException {
        return Optional.ofNullable(end().footer());
    }

    /** Where its records end, according to the segment itself; a footer may be outdated as in {@link #footer()}. */
    public SegmentEnd end() throws IOException {
        if (renewed != null) {
            return renewed.end();
        }
        Footer known = segment.knownFooter();
        if (known != null) {
            return SegmentEnd.of(known);
        }
        SegmentEnd end = segment.readEnd(this, header);
        Footer found = end.footer();
        if (found != null) {
            footers.keep(segment, found);
            if (!segment.isOf(bytes)) {
                // records were erased since these bytes were opened: the footer counts those, too
                segment.forget(found);
            }
        }
        return end;
    }

    /** Where its records of a range of time can be, if it has no footer and knows how their times are ordered; null otherwise. */
    public @Nullable TimeSpan spanOf(TimeRange range) throws IOException {
        return segment.spanOf(bytes, range);
    }

    /** Offset up to which its records have been published at least, by the mark. */
    public long markedTo() throws IOException {
        return (long) mark() + RecordLayout.PREFIX_BYTES;
    }

    /** The current footer: after a cut the segment has another one, or none for a while. */
    public Optional<Footer> footerNow() throws IOException {
        forgetOldFooter();
        return footer();
    }

    /** Forgets a footer that was read before the segment was cut, so that the current one is read at the next request. */
    public void forgetOldFooter() throws IOException {
        if (renewed != null) {
            renewed.forgetOldFooter();
            return;
        }
        Footer known = segment.knownFooter();
        if (known != null && !segment.hasFooter(this, known)) {
            segment.forget(known);
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            closing.run();
            if (renewed != null) {
                renewed.close();
            }
        }
    }
}
