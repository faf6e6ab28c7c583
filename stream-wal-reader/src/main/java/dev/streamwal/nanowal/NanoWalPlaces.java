package dev.streamwal.nanowal;

import dev.streamwal.io.SegmentBytes;
import java.io.IOException;

/**
 * Tells whether records start at given offsets of a nano-wal file. It walks there from the mark before, because a record's content may look like
 * records. One thread; close it.
 */
public final class NanoWalPlaces implements AutoCloseable {

    private final NanoWalFile file;
    private final NanoWalIndex.End end;
    private final NanoWalScan scan;
    private boolean onRecord;

    /** Walks the rest of the file first. The caller closes the bytes. */
    public NanoWalPlaces(NanoWalFile file, SegmentBytes bytes, int maxReadBytes) throws IOException {
        this.file = file;
        this.end = file.index().extend(bytes, maxReadBytes);
        this.scan = new NanoWalScan(bytes, maxReadBytes);
    }

    public NanoWalIndex.End end() {
        return end;
    }

    /** Whether a record starts there; {@link #scan()} then stands on it. Ask in ascending order, or for offsets that are far apart. */
    public boolean isRecord(long offset) throws IOException {
        if (offset >= end.offset()) {
            return false;
        }
        long mark = file.index().markBelow(offset + 1);
        if (mark < 0) {
            return false;
        }
        if (!onRecord || offset < scan.offset() || mark > scan.nextOffset()) {
            scan.seek(mark);
            onRecord = false;
        }
        while (!onRecord || scan.nextOffset() <= offset) {
            onRecord = scan.next();
            if (scan.stop() == NanoWalScan.Stop.TOO_LONG) {
                scan.skip();
                onRecord = true;
            } else if (!onRecord) {
                return false;
            }
        }
        return scan.offset() == offset && scan.stop() == NanoWalScan.Stop.RECORD;
    }

    /** The scan, on the record last asked for. */
    public NanoWalScan scan() {
        return scan;
    }

    @Override
    public void close() {
        scan.close();
    }
}
