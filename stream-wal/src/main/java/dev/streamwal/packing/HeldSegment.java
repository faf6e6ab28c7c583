package dev.streamwal.packing;

import dev.streamwal.append.PackedData;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.pack.PackEntry;
import dev.streamwal.pack.PackReader;
import dev.streamwal.pack.PackedBytes;
import dev.streamwal.segment.SegmentScan;
import java.io.IOException;
import java.nio.file.Path;

/** A segment in a pack, open. */
final class HeldSegment implements PackedData.Held {

    private final Path file;
    private final SegmentHeader header;
    private final PackedBytes bytes;

    HeldSegment(PackReader pack, PackEntry entry) throws IOException {
        this.file = pack.file();
        this.header = pack.segmentHeader(entry);
        this.bytes = pack.open(entry);
    }

    @Override
    public SegmentHeader header() {
        return header;
    }

    @Override
    public SegmentBytes bytes() {
        return bytes;
    }

    @Override
    public Path file() {
        return file;
    }

    @Override
    public void checkCut(long from) throws IOException {
        long to = header.offsetOf(from);
        if (to >= bytes.size()) {
            return;
        }
        long reached = header.headerLength();
        CorruptSegmentException cause = null;
        try (SegmentScan scan = new SegmentScan(bytes, header)) {
            while (reached < to && scan.next()) {
                reached = scan.nextOffset();
            }
        } catch (CorruptSegmentException e) {
            cause = e;
        }
        if (reached != to) {
            throw new CorruptSegmentException("can't cut the stream: a record before the cut is damaged in its pack: stream=" + header.key()
                    + ", cut=" + from + ", position=" + header.positionAt(reached) + ", file=" + file + ", basePosition=" + header.basePosition()
                    + ", offset=" + reached + "; put the pack back from a copy of this log, cut before the damage, or delete the stream", file,
                    header.key().text(), header.positionAt(reached), reached, to - reached, cause);
        }
    }

    @Override
    public void close() {
        bytes.close();
    }
}
