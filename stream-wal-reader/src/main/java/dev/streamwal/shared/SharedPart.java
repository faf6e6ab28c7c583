package dev.streamwal.shared;

import dev.streamwal.format.Footer;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.io.SharedFile;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.segment.SegmentSummary;
import dev.streamwal.segment.TimeRange;
import dev.streamwal.segment.TimeSpan;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A stream's part of a shared segment, as a segment of the stream. A listing of one stream may be kept for months, and a shared segment has the places of all
 * streams' records. So a part doesn't keep its shared segment in memory. Once nothing else keeps it, the part counts as moved.
 */
public final class SharedPart extends Segment {

    private final Path file;
    private final Window window;
    private final WeakReference<PartPlace> place;
    /** Position where its last record ended when it was asked for last. */
    private volatile long end;

    SharedPart(StreamKey key, Part part, Path file, PartPlace place) {
        super(key, new SegmentName(part.base(), part.expirationMillis()));
        this.file = file;
        this.window = part.window();
        this.place = new WeakReference<>(place);
        this.end = part.endPosition();
    }

    private PartPlace place() throws NoSuchFileException {
        PartPlace here = place.get();
        if (here == null) {
            throw new NoSuchFileException(file.toString(), null, "the segment's records have moved");
        }
        return here;
    }

    @Override
    public Path file() {
        return file;
    }

    public Window window() {
        return window;
    }

    @Override
    public long listedEnd() {
        return endPosition();
    }

    /** The stream position where its last known record ends. */
    public long endPosition() {
        PartPlace here = place.get();
        if (here != null) {
            end = here.endPosition();
        }
        return end;
    }

    @Override
    public boolean isListedOutside(TimeRange range) {
        PartPlace here = place.get();
        return here != null && here.isOutside(range);
    }

    @Override
    public boolean isSharedBelow(long position) {
        PartPlace here = place.get();
        return here != null && here.sharedBase() < position;
    }

    @Override
    public @Nullable SegmentSummary summary() throws NoSuchFileException {
        return place().summary();
    }

    @Override
    public SegmentReader open(ChannelCache channels) throws IOException {
        PartPlace here = place();
        SharedFile opened = here.open();
        try {
            return new SegmentReader(this, here.header(), channels, new PartBytes(here, opened), opened::close, here.footers(), false);
        } catch (RuntimeException | Error e) {
            opened.close();
            throw e;
        }
    }

    @Override
    public SegmentHeader header(ChannelCache channels) throws IOException {
        return place().header();
    }

    /** Offset in the shared segment's file of the record that holds the offset; 0 if that isn't known any more. */
    @Override
    public long fileOffset(long offset) {
        PartPlace here = place.get();
        if (here == null) {
            return 0;
        }
        PartFrames.Known frames = here.frames();
        int frame = Math.min(frames.at(Math.max(offset, frames.offset(0))), frames.count() - 1);
        return frames.place(frame);
    }

    @Override
    public long bytes() {
        return SegmentHeaderLayout.headerLength(key().utf8Length()) + endPosition() - basePosition();
    }

    @Override
    protected SegmentEnd readEnd(SegmentBytes bytes, SegmentHeader read) throws IOException {
        return SegmentEnd.ofFile(bytes.size());
    }

    @Override
    protected @Nullable TimeSpan spanOf(SegmentBytes bytes, TimeRange range) throws IOException {
        return bytes instanceof PartBytes part ? part.spanOf(range) : null;
    }

    @Override
    protected boolean hasFooter(SegmentBytes bytes, Footer footer) {
        return false;
    }
}
