package dev.streamwal.shared;

import dev.streamwal.format.Footer;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.Window;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.segment.SegmentReader;
import java.io.IOException;

/** A stream's part of a shared segment, as a segment of the stream. */
public final class SharedPart extends Segment {

    private final SharedSegment shared;
    private final Part part;
    private final PartFrames known;

    SharedPart(SharedSegment shared, Part part, Moves moves) {
        super(part.key(), new SegmentName(part.base(), part.expirationMillis()), shared.file().file(), moves);
        this.shared = shared;
        this.part = part;
        this.known = new PartFrames(part.headerLength());
    }

    /** Its frames, as far as the shared segment has been walked. */
    PartFrames.Known frames() {
        return shared.frames(part, known);
    }

    /** As {@link #frames}, after the shared segment was walked to its current end. */
    PartFrames.Known newestFrames() throws IOException {
        return shared.newestFrames(part, known);
    }

    SegmentHeader header(PartFrames.Known frames) {
        return part.header(key(), frames.mark());
    }

    /** Epoch ms. */
    public long expirationMillis() {
        return part.expirationMillis();
    }

    /** Window of its records. */
    public Window window() {
        return part.window();
    }

    @Override
    public long listedEnd() {
        return endPosition();
    }

    /** The stream position where its last known record ends. */
    public long endPosition() {
        return shared.endPosition(part);
    }

    /** The header of the part with its current frames. */
    public SegmentHeader header() {
        return shared.header(part);
    }

    @Override
    protected SegmentReader openHere(ChannelCache channels) throws IOException {
        SegmentReader file = shared.open(part);
        PartBytes bytes = new PartBytes(this, file, part.fileHeader(), file::close);
        return new SegmentReader(this, header(), channels, bytes, bytes::close, shared.footers(), false);
    }

    @Override
    public SegmentHeader header(ChannelCache channels) {
        return header();
    }

    /** Offset in the shared segment's file of the record that holds the offset. */
    @Override
    public long fileOffset(long offset) {
        PartFrames.Known frames = frames();
        int frame = Math.min(frames.at(Math.max(offset, frames.offset(0))), frames.count() - 1);
        return frames.place(frame);
    }

    @Override
    public long bytes() {
        return shared.end(part);
    }

    @Override
    protected SegmentEnd readEnd(SegmentBytes bytes, SegmentHeader read) throws IOException {
        return SegmentEnd.ofFile(bytes.size());
    }

    @Override
    protected boolean hasFooter(SegmentBytes bytes, Footer footer) {
        return false;
    }
}
