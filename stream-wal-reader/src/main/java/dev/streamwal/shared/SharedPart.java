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

    SharedPart(SharedSegment shared, Part part, Moves moves) {
        super(part.key(), new SegmentName(part.base(), part.expirationMillis()), shared.file().file(), moves);
        this.shared = shared;
        this.part = part;
    }

    Part part() {
        return part;
    }

    /** Whose windows and expirations are the same may be packed together. */
    public Window window() {
        return part.window();
    }

    /** Epoch ms. */
    public long expirationMillis() {
        return part.expirationMillis();
    }

    @Override
    public long listedEnd() {
        return endPosition();
    }

    /** The stream position where its last record ends, as far as is known. */
    public long endPosition() {
        return header().positionAt(shared.frames(part).end());
    }

    /** Of the part, as far as it goes. */
    public SegmentHeader header() {
        return part.header(shared.frames(part));
    }

    @Override
    protected SegmentReader openHere(ChannelCache channels) throws IOException {
        SegmentReader file = shared.open(part);
        return over(file, file::close, channels);
    }

    /** For who copies one part after the other. One thread. */
    public static final class Copying {
        private final PartBytes.Room room = new PartBytes.Room();

        /**
         * The bytes of a part as it is, from its header on; until those of the next one are asked for.
         *
         * @param file the shared segment's, which has been read
         */
        public SegmentBytes of(SharedPart part, SegmentBytes file) {
            return new PartBytes(part.shared, part.part, file, () -> { }, room);
        }
    }

    private SegmentReader over(SegmentBytes file, Runnable closing, ChannelCache channels) {
        PartBytes bytes = new PartBytes(shared, part, file, closing, new PartBytes.Room());
        return new SegmentReader(this, header(), channels, bytes, bytes::close, shared.footers(), false);
    }

    @Override
    public SegmentHeader header(ChannelCache channels) {
        return header();
    }

    /** Where in the shared segment's file the record stands that has the offset. */
    @Override
    public long fileOffset(long offset) {
        Part.Frames frames = shared.frames(part);
        int frame = Math.min(frames.at(Math.max(offset, frames.offset(0))), frames.count() - 1);
        return frames.places()[frame];
    }

    @Override
    public long bytes() {
        return shared.frames(part).end();
    }

    @Override
    protected SegmentEnd readEnd(SegmentBytes bytes, SegmentHeader read) throws IOException {
        return SegmentEnd.ofFile(bytes.size());
    }

    @Override
    protected boolean hasFooter(SegmentBytes bytes, Footer known) {
        return false;
    }
}
