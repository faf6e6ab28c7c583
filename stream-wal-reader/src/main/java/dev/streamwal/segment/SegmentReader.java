package dev.streamwal.segment;

import dev.streamwal.format.Footer;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.RecordView;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.Visibility;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.NoSuchFileException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A segment that is open for reading, also when it is deleted meanwhile. One thread; close it. */
public final class SegmentReader implements SegmentBytes, AutoCloseable {

    private final Segment segment;
    private final SegmentHeader header;
    private final ChannelCache channels;
    private final FooterCache footers;
    private final boolean isHeaderNew;
    private final SegmentBytes bytes;
    private final Runnable closing;
    /** Null where the segment stands where it stood when this was opened, as far as is known. */
    private @Nullable SegmentReader moved;
    private boolean closed;

    /**
     * For a segment that opens itself.
     *
     * @param channels should it move to another file while it is read
     * @param closing gives the bytes back
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
        int from = target.position();
        if (moved == null) {
            try {
                return bytes.read(target, offset);
            } catch (NoSuchFileException e) {
                moved = follow(e);
            }
        }
        int before = target.position() - from;
        return before + moved.read(target, offset + before);
    }

    @Override
    public long size() throws IOException {
        if (moved == null) {
            try {
                return bytes.size();
            } catch (NoSuchFileException e) {
                moved = follow(e);
            }
        }
        return moved.size();
    }

    /** An open file that is deleted can be read on, unless an interrupt has it closed: then the segment may stand in another one. */
    private SegmentReader follow(NoSuchFileException gone) throws IOException {
        return segment.moved(gone).open(channels);
    }

    /**
     * How long the file is, or was when it was asked last, if that is enough for what ends at {@code end}: so that only a reader that needs
     * more has to ask. Where data was cut off meanwhile, nothing is read there.
     */
    public long sizeFor(long end) throws IOException {
        long known = segment.knownDataSize();
        if (end > known) {
            known = size();
            segment.dataSizeIs(known);
        }
        return known;
    }

    /** The mark as it is now. */
    public int mark() throws IOException {
        ByteBuffer mark = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        return read(mark, SegmentHeaderLayout.MARK) == Integer.BYTES ? mark.getInt(0) : 0;
    }

    /** The mark as it was when this was opened, or later. */
    public int markAtOpening() throws IOException {
        return isHeaderNew ? header.mark() : mark();
    }

    /**
     * Whether a data record of this size begins at the offset now, as one did when it was read: nothing up to its end was cut off until
     * then. Where it was, the file ends before it, or a footer stands there.
     */
    public boolean stillHas(long offset, int size) throws IOException {
        ByteBuffer prefix = ByteBuffer.allocate(RecordLayout.PREFIX_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        RecordView view = new RecordView();
        return read(prefix, offset) == RecordLayout.PREFIX_BYTES
                && view.peek(prefix, 0, size, header.positionAt(offset)) == RecordView.Verdict.VALID
                && view.frameBytes() == size && view.visibility() == Visibility.SHOWN;
    }

    /** Whether the file has become another segment since it was opened: expired files may be used again. */
    public boolean isReplaced() throws IOException {
        ByteBuffer first = ByteBuffer.allocate(SegmentHeaderLayout.MAX_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        int available = read(first, 0);
        return available >= SegmentHeaderLayout.FIXED_BYTES && first.getLong(SegmentHeaderLayout.SALT) != header.salt();
    }

    /**
     * The footer, if the segment has been sealed and the footer verifies; everything before it is durable. It may be the one that was there
     * before the segment was cut: where that would matter, ask for {@link #footerNow()}.
     */
    public Optional<Footer> footer() throws IOException {
        return Optional.ofNullable(end().footer());
    }

    /** Where its records end, as far as the segment itself says; by a footer under the condition of {@link #footer()}. */
    public SegmentEnd end() throws IOException {
        if (moved != null) {
            return moved.end();
        }
        Footer known = segment.knownFooter();
        if (known != null) {
            return SegmentEnd.of(known);
        }
        SegmentEnd end = segment.readEnd(this, header);
        Footer found = end.footer();
        if (found != null) {
            footers.keep(segment, found);
        }
        return end;
    }

    /** Offset up to which its records have been published at least, as the mark says. */
    public long markedTo() throws IOException {
        return (long) mark() + RecordLayout.PREFIX_BYTES;
    }

    /** The footer that is there now: where the segment was cut, it has another one, or none for a while. */
    public Optional<Footer> footerNow() throws IOException {
        forgetOldFooter();
        return footer();
    }

    /** Where the segment was cut since its footer was read, the next who asks for the footer gets the one that is there. */
    public void forgetOldFooter() throws IOException {
        if (moved != null) {
            moved.forgetOldFooter();
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
            if (moved != null) {
                moved.close();
            }
        }
    }
}
