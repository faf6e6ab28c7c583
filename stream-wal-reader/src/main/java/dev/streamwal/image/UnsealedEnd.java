package dev.streamwal.image;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.FooterLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.io.LogFile;
import dev.streamwal.segment.RecoveredTail;
import dev.streamwal.segment.ScanStop;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.segment.SegmentScan;
import dev.streamwal.segment.TailBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Where the records of a segment without a footer end now, and the content that a footer there would have. */
final class UnsealedEnd {

    private final SegmentHeader header;
    private final TailBuilder tail;

    private UnsealedEnd(SegmentHeader header) {
        this.header = header;
        this.tail = new TailBuilder(RecoveredTail.empty(header.headerLength()));
    }

    /**
     * Walks the segment, as a reader would.
     *
     * @param known where its data ends, if its successor says so
     * @throws ImageChangedException if a record is being written before others that are there: in a live log that takes microseconds
     */
    static UnsealedEnd of(LogFile file, SegmentHeader header, SegmentEnd known) throws IOException {
        UnsealedEnd found = new UnsealedEnd(header);
        try (SegmentScan scan = new SegmentScan(file, header)) {
            if (known.by() == SegmentEnd.By.SUCCESSOR) {
                scan.limit(known.offset());
            }
            while (scan.next()) {
                found.tail.add((int) scan.offset(), scan.flags(), scan.timestampMillis(), scan.frameBytes());
            }
            ScanStop why = scan.judge();
            if (why == ScanStop.HOLE || why == ScanStop.TORN_TAIL) {
                throw new ImageChangedException("end of a segment is being written, or was left unfinished by a writer that was killed: file="
                        + file.path() + ", offset=" + scan.offset() + "; if no process writes the log, open it for writing once; if that doesn't help,"
                        + " repair it from a backup, or delete the stream", null);
            }
            if (why != ScanStop.CLEAN_END) {
                throw damaged(scan, file.path());
            }
        }
        return found;
    }

    private static CorruptSegmentException damaged(SegmentScan scan, Path file) {
        return new CorruptSegmentException("segment that isn't sealed is damaged: " + scan.fault() + ", stream=" + scan.header().key() + ", file="
                + file + ", offset=" + scan.offset() + "; recover the log, then copy it", file, scan.header().key().text(),
                scan.position(), scan.offset(), 0, null);
    }

    /** Whether there is no record. */
    boolean isEmpty() {
        return tail.end() == header.headerLength();
    }

    /** The segment as if it had been sealed here. The footer says that nothing before it is missing, which a copy without a footer couldn't tell. */
    ImageFile sealed(String name, Path file) throws IOException {
        SegmentHeader marked = header.with(header.isCut(), tail.lastStart());
        ByteBuffer footer = FooterLayout.encode(marked, tail.end(), tail.lastSize(), tail.index());
        byte[] bytes = new byte[footer.capacity()];
        footer.get(0, bytes);
        return ImageFile.ofUnsealed(name, file, marked, tail.end(), bytes);
    }
}
