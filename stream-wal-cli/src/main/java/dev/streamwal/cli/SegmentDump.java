package dev.streamwal.cli;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.segment.ScanStop;
import dev.streamwal.segment.SegmentScan;
import java.io.IOException;

/** Shows a segment's file from its first byte to its last, even if it is damaged. */
final class SegmentDump {

    private final SegmentBytes bytes;
    private final DumpWriter writer;
    private final SegmentFields fields;
    private boolean damaged;

    SegmentDump(SegmentBytes bytes, DumpWriter writer) {
        this.bytes = bytes;
        this.writer = writer;
        this.fields = new SegmentFields(bytes);
    }

    /**
     * Whether the file begins as segments do. A file of the log that is no segment isn't damaged because of that; a segment whose first bytes are
     * damaged is known by its name.
     */
    static boolean isBegun(SegmentBytes bytes) throws IOException {
        try {
            SegmentHeader unused = SegmentBytes.readHeader(bytes);
            return true;
        } catch (FormatException e) {
            return false;
        }
    }

    Exit run() throws IOException {
        try {
            SegmentHeader header = SegmentBytes.readHeader(bytes);
            writer.write(fields.header(header));
            records(header);
        } catch (FormatException e) {
            // without the header's salt nothing behind it can be verified
            damage(DumpPart.Kind.DAMAGE, 0, bytes.size(), String.valueOf(e.getMessage()));
        }
        return damaged ? Exit.FINDINGS : Exit.OK;
    }

    private void records(SegmentHeader header) throws IOException {
        try (SegmentScan scan = new SegmentScan(bytes, header)) {
            boolean more = true;
            while (more) {
                if (scan.next()) {
                    writer.write(fields.record(scan, header));
                } else {
                    more = passStop(scan, header);
                }
            }
        }
    }

    /** Skips what is not a record; false if that extends to the file's end. */
    private boolean passStop(SegmentScan scan, SegmentHeader header) throws IOException {
        if (scan.isSkippable()) {
            writer.write(fields.record(scan, header));
            scan.skip();
            return true;
        }
        ScanStop stop = scan.judge();
        long at = scan.offset();
        long size = bytes.size();
        long end = scan.nextValid() < 0 ? size : scan.nextValid();
        switch (stop) {
            case HOLE -> writer.write(new DumpPart(DumpPart.Kind.HOLE, at, end).fact("reason", "reserved, and not published"));
            case CORRUPT -> damage(DumpPart.Kind.DAMAGE, at, end, scan.fault());
            case TORN_TAIL -> damage(DumpPart.Kind.TORN_TAIL, at, end, scan.fault());
            default -> {
                if (at < size) {
                    writer.write(new DumpPart(DumpPart.Kind.UNUSED, at, size));
                }
            }
        }
        scan.seek(end);
        return end < size;
    }

    private void damage(DumpPart.Kind kind, long from, long to, String fault) throws IOException {
        damaged = true;
        DumpPart part = new DumpPart(kind, from, to).fact("fault", fault);
        if (to - from >= RecordLayout.PREFIX_BYTES && from > 0) {
            fields.prefix(part, from);
        }
        writer.write(part);
    }
}
