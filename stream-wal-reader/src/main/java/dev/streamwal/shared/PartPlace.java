package dev.streamwal.shared;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.SharedFile;
import dev.streamwal.segment.FooterCache;
import dev.streamwal.segment.SegmentSummary;
import dev.streamwal.segment.TimeRange;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A part and its shared segment, for as long as the segment is known, or a reader has the part open. */
final class PartPlace {

    private final SharedSegment shared;
    private final Part part;
    private final SharedPart segment;
    private final PartFrames known;

    PartPlace(SharedSegment shared, Part part) {
        this.shared = shared;
        this.part = part;
        this.known = new PartFrames(part.headerLength());
        this.segment = new SharedPart(part.key(), part, shared.file().file(), this);
    }

    SharedPart segment() {
        return segment;
    }

    StreamKey key() {
        return segment.key();
    }

    long basePosition() {
        return segment.basePosition();
    }

    /** Where the shared segment begins in the shared stream. */
    long sharedBase() {
        return shared.file().basePosition();
    }

    /** Opens the shared segment's file; see {@link SharedSegment#open(Part)}. */
    SharedFile open() throws IOException {
        return shared.open(part);
    }

    FooterCache footers() {
        return shared.footers();
    }

    /** Header of the shared segment in which the part begins. */
    SegmentHeader fileHeader() {
        return part.fileHeader();
    }

    /** Its frames, as far as the shared segment has been walked. */
    PartFrames.Known frames() {
        return shared.frames(part, known);
    }

    /** As {@link #frames}, after the shared segment was walked to its current end. */
    PartFrames.Known newestFrames() throws IOException {
        return shared.newestFrames(part, known);
    }

    /** As {@link #newestFrames}, without what was cut off since the part was opened. */
    PartFrames.Known countingFrames() throws IOException {
        return shared.countingFrames(part, known);
    }

    /** See {@link Part#mostLateMillis}; of the frames that it has given so far, and of later ones. */
    int mostLateMillis() {
        return shared.mostLateMillis(part);
    }

    SegmentHeader header(PartFrames.Known frames) {
        return part.header(key(), frames.mark());
    }

    /** The header of the part with its current frames. */
    SegmentHeader header() {
        return shared.header(part);
    }

    /** Null if the records have to be read. */
    @Nullable SegmentSummary summary() {
        return shared.summary(part);
    }

    /** Whether none of its records is in the range, and none will be; false if that isn't known. */
    boolean isOutside(TimeRange range) {
        return shared.isOutside(part, range);
    }

    /** The stream position where its last known record ends. */
    long endPosition() {
        return shared.endPosition(part);
    }
}
