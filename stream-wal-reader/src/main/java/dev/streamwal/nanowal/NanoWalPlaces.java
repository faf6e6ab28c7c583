package dev.streamwal.nanowal;

import dev.streamwal.io.SegmentBytes;
import java.io.IOException;

/**
 * Says what stands at offsets of a nano-wal file, by walking to them from the mark before: a record's content may look like records. One
 * thread; close it.
 */
public final class NanoWalPlaces implements AutoCloseable {

    private final NanoWalFile file;
    private final NanoWalIndex.End end;
    private final NanoWalScan scan;
    private boolean onRecord;

    /** Walks the file to its end first, as far as that hasn't been done. The caller closes the bytes. */
    public NanoWalPlaces(NanoWalFile file, SegmentBytes bytes, int maxReadBytes) throws IOException {
        this.file = file;
        this.end = file.index().extend(bytes, maxReadBytes);
        this.scan = new NanoWalScan(bytes, maxReadBytes);
    }

    /** Where the records end. */
    public NanoWalIndex.End end() {
        return end;
    }

    /** Whether a record starts there, which {@link #scan()} stands on then; offsets are asked for in ascending order, or are far apart. */
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

    /** On the record asked for last. */
    public NanoWalScan scan() {
        return scan;
    }

    @Override
    public void close() {
        scan.close();
    }
}
