package dev.streamwal.pack;

import static dev.streamwal.pack.PackHeaderLayout.check;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** A part of a pack whose header has been read, and is that of the table's entry. Thread-safe. */
public final class PackPart {

    /** Read with the header: a small part is read at once. */
    static final int FIRST_READ_BYTES = 16 << 10;

    private final SegmentBytes file;
    private final PackEntry entry;
    /** The part's first bytes. */
    private final byte[] first;
    private final SegmentHeader header;
    private final List<PackSection> sections;

    /** @throws FormatException where the header, or the sections, are damaged, or another part's */
    PackPart(SegmentBytes file, PackEntry entry) throws IOException, FormatException {
        this.file = file;
        this.entry = entry;
        this.first = new byte[(int) Math.min(entry.storedBytes(), FIRST_READ_BYTES)];
        int read = file.read(ByteBuffer.wrap(first), entry.offset());
        check(read == first.length, "the file has the part, of " + entry.storedBytes(), read);
        this.header = readHeader();
        this.sections = readSections();
    }

    private SegmentHeader readHeader() throws FormatException {
        ByteBuffer bytes = ByteBuffer.allocate(SegmentHeaderLayout.MAX_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        int available = Math.min(first.length, bytes.capacity());
        bytes.put(0, first, 0, available);
        SegmentHeader read = SegmentHeaderLayout.decode(bytes, available);
        if (!read.key().equals(entry.key())) {
            throw FormatException.corrupt("a part's header names the stream that the table says: key=" + read.key());
        }
        check(read.basePosition() == entry.basePosition(), "a part begins where the table says, at " + entry.basePosition(), read.basePosition());
        check(read.previousEnd() == entry.previousEnd(), "what was before a part ends where the table says, at " + entry.previousEnd(),
                read.previousEnd());
        // the mark is no part of the checksum
        return read.with(read.isCut(), 0);
    }

    private List<PackSection> readSections() throws IOException, FormatException {
        List<PartSections.Start> starts = List.of(new PartSections.Start(0, header));
        if (entry.sectionsBytes() > 0) {
            ByteBuffer bytes = ByteBuffer.allocate(entry.sectionsBytes()).order(ByteOrder.LITTLE_ENDIAN);
            int read = readPart(bytes, entry.headerBytes() + entry.logicalBytes());
            check(read == bytes.capacity(), "the file has the part's sections, " + bytes.capacity(), read);
            starts = PartSections.decode(bytes.flip(), header, entry.logicalBytes());
        }
        List<PackSection> found = new ArrayList<>(starts.size());
        for (int i = 0; i < starts.size(); i++) {
            PartSections.Start start = starts.get(i);
            long end = i + 1 < starts.size() ? starts.get(i + 1).logicalOffset() : entry.logicalBytes();
            found.add(new PackSection(start.header(), new SectionBytes(start.header(), start.logicalOffset(), end), start.logicalOffset()));
        }
        return List.copyOf(found);
    }

    /** What the table says of it. */
    public PackEntry entry() {
        return entry;
    }

    /** Its own, which is that of its first section. */
    public SegmentHeader header() {
        return header;
    }

    /** Header and frames: where there is one section, a segment. */
    public SegmentBytes bytes() {
        return new SectionBytes(header, 0, entry.logicalBytes());
    }

    /** The segments that its frames stood in, in order: at least one, and none but the first is empty. */
    public List<PackSection> sections() {
        return sections;
    }

    /** From the bytes that were read with the header as far as they go, then by one read. */
    private int readPart(ByteBuffer target, long offset) throws IOException {
        int start = target.position();
        if (offset < first.length) {
            target.put(first, (int) offset, (int) Math.min(target.remaining(), first.length - offset));
        }
        if (target.hasRemaining()) {
            long from = offset + target.position() - start;
            long left = entry.storedBytes() - from;
            int limit = target.limit();
            if (left > 0) {
                target.limit((int) Math.min(limit, target.position() + left));
                int unused = file.read(target, entry.offset() + from);
                target.limit(limit);
            }
        }
        return target.position() - start;
    }

    /** A header, and frames of the part. */
    private final class SectionBytes implements SegmentBytes {
        private final byte[] headerBytes;
        private final long logicalStart;
        private final long length;

        SectionBytes(SegmentHeader header, long logicalStart, long logicalEnd) {
            this.headerBytes = SegmentHeaderLayout.encode(header).array();
            this.logicalStart = logicalStart;
            this.length = headerBytes.length + (logicalEnd - logicalStart);
        }

        @Override
        public int read(ByteBuffer target, long offset) throws IOException {
            int start = target.position();
            if (offset < headerBytes.length) {
                target.put(headerBytes, (int) offset, (int) Math.min(target.remaining(), headerBytes.length - offset));
            }
            long from = offset + target.position() - start;
            long left = length - from;
            if (target.hasRemaining() && left > 0) {
                int limit = target.limit();
                target.limit((int) Math.min(limit, target.position() + left));
                int unused = readPart(target, logicalStart + from);
                target.limit(limit);
            }
            return target.position() - start;
        }

        @Override
        public long size() {
            return length;
        }

        @Override
        public String toString() {
            return file + ", stream=" + entry.key();
        }
    }
}
