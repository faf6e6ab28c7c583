package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.format.BatchLayout;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.segment.SegmentScan;
import dev.streamwal.shared.Slot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;

/**
 * Which fields a segment's parts have where, by {@link SegmentHeaderLayout}, {@link RecordLayout} and
 * {@link dev.streamwal.format.FooterLayout}.
 */
final class SegmentFields {

    private static final HexFormat HEX = HexFormat.of();
    /** Bytes of a record's content that are shown beside its first byte. */
    private static final int PREVIEW_BYTES = 40;
    private static final int INDEX_FIXED_BYTES = 32;
    private static final int INDEX_ENTRY_BYTES = 24;

    private final SegmentBytes bytes;

    SegmentFields(SegmentBytes bytes) {
        this.bytes = bytes;
    }

    DumpPart header(SegmentHeader header) throws IOException {
        DumpPart part = new DumpPart(DumpPart.Kind.HEADER, 0, header.headerLength())
                .fact("key", header.key().text())
                .fact("windowStart", Figures.time(header.window().startMillis()))
                .fact("windowEnd", Figures.time(header.window().endMillis()))
                .fact("expiration", Figures.time(header.expirationMillis()))
                .fact("basePosition", header.basePosition());
        part.field(SegmentHeaderLayout.MAGIC, "magic");
        headerFields(part, 0, header, read(0, header.headerLength()));
        return part;
    }

    private static void headerFields(DumpPart part, long at, SegmentHeader header, ByteBuffer read) {
        part.field(at + SegmentHeaderLayout.EXPIRATION, "expiration=" + Figures.time(header.expirationMillis()));
        part.field(at + SegmentHeaderLayout.EXTENSION_MAGIC, "extension magic");
        part.field(at + SegmentHeaderLayout.HEADER_LENGTH, "header length=" + header.headerLength());
        part.field(at + SegmentHeaderLayout.HEADER_CHECKSUM, "CRC32C=" + hex(read.getInt(SegmentHeaderLayout.HEADER_CHECKSUM)));
        part.field(at + SegmentHeaderLayout.FEATURE_FLAGS, "feature flags=" + hex(read.getInt(SegmentHeaderLayout.FEATURE_FLAGS)));
        part.field(at + SegmentHeaderLayout.WINDOW_START, "window start=" + Figures.time(header.window().startMillis()));
        part.field(at + SegmentHeaderLayout.WINDOW_END, "window end=" + Figures.time(header.window().endMillis()));
        part.field(at + SegmentHeaderLayout.BASE_POSITION, "base position=" + header.basePosition());
        part.field(at + SegmentHeaderLayout.PREVIOUS_END, "previous end=" + header.previousEnd());
        part.field(at + SegmentHeaderLayout.INCARNATION, "incarnation=" + header.incarnation());
        part.field(at + SegmentHeaderLayout.SALT, "salt");
        part.field(at + SegmentHeaderLayout.CREATED, "created=" + Figures.time(header.createdMillis()));
        part.field(at + SegmentHeaderLayout.CAPACITY, "capacity=" + header.capacity());
        part.field(at + SegmentHeaderLayout.MARK, "mark=" + read.getInt(SegmentHeaderLayout.MARK));
        part.field(at + SegmentHeaderLayout.KEY_LENGTH, "key length=" + header.key().utf8Length());
        part.field(at + SegmentHeaderLayout.KEY, "key=" + header.key().text());
        padding(part, at + SegmentHeaderLayout.KEY + header.key().utf8Length(), at + header.headerLength());
    }

    /** For a record in a shared segment: the stream that it belongs to. */
    private String headerField(SegmentScan scan, SegmentHeader header) throws IOException {
        if (header.key().equals(StreamKey.SHARED)) {
            byte[] slot = new byte[scan.headerLength()];
            scan.copyHeader(slot, 0);
            try {
                Slot read = new Slot().read(slot, slot.length);
                return "slot: key=" + read.key() + ", position=" + read.position() + ", header length=" + read.headerLength() + ", window="
                        + Figures.duration(read.windowMillis()) + ", retention="
                        + Figures.duration(read.retentionMillis());
            } catch (FormatException e) {
                return "header, and no slot";
            }
        }
        return "header " + preview(scan.offset() + RecordLayout.PREFIX_BYTES, scan.headerLength());
    }

    /** The record at the scan's place. */
    DumpPart record(SegmentScan scan, SegmentHeader header) throws IOException {
        long at = scan.offset();
        long end = at + scan.frameBytes();
        DumpPart part = new DumpPart(kind(scan.flags()), at, end).fact("position", scan.position());
        prefix(part, at);
        long content = at + RecordLayout.PREFIX_BYTES + scan.headerLength();
        if (scan.headerLength() > 0) {
            part.field(at + RecordLayout.PREFIX_BYTES, headerField(scan, header));
        }
        switch (part.kind()) {
            case BATCH -> batch(part, content);
            case FOOTER -> footer(part, content, header, end);
            case PADDING -> part.field(content, "content, zero");
            default -> {
                part.fact("timestamp", Figures.time(scan.timestampMillis()));
                part.field(content, "content " + preview(content, scan.contentLength()));
            }
        }
        padding(part, content + scan.contentLength(), end);
        return part;
    }

    private static DumpPart.Kind kind(int flags) {
        return switch (flags) {
            case 0, RecordLayout.ENCRYPTED -> DumpPart.Kind.RECORD;
            case RecordLayout.MEMBER, RecordLayout.MEMBER | RecordLayout.ENCRYPTED -> DumpPart.Kind.MEMBER;
            case RecordLayout.BATCH -> DumpPart.Kind.BATCH;
            case RecordLayout.PADDING -> DumpPart.Kind.PADDING;
            case RecordLayout.FOOTER -> DumpPart.Kind.FOOTER;
            default -> DumpPart.Kind.UNKNOWN_RECORD;
        };
    }

    /** The beginning of every record; for a damaged one, the bytes found there. */
    void prefix(DumpPart part, long at) throws IOException {
        ByteBuffer read = read(at, RecordLayout.PREFIX_BYTES);
        long commitWord = read.getLong(RecordLayout.COMMIT_WORD);
        part.field(at + RecordLayout.COMMIT_WORD, RecordLayout.isCommitWord(commitWord)
                ? "commit word, header length=" + RecordLayout.headerLength(commitWord)
                : "no commit word");
        part.field(at + RecordLayout.CONTENT_LENGTH,
                "content length=" + Integer.toUnsignedString(read.getInt(RecordLayout.CONTENT_LENGTH)));
        part.field(at + RecordLayout.FLAGS, "flags=" + hex(read.getInt(RecordLayout.FLAGS)));
        part.field(at + RecordLayout.CHECKSUM, "CRC32C=" + hex(read.getInt(RecordLayout.CHECKSUM)));
        part.field(at + RecordLayout.PREVIOUS_SIZE, "previous size=" + read.getInt(RecordLayout.PREVIOUS_SIZE));
        part.field(at + RecordLayout.TIMESTAMP, "timestamp=" + Figures.time(read.getLong(RecordLayout.TIMESTAMP)));
    }

    private void batch(DumpPart part, long content) throws IOException {
        ByteBuffer read = read(content, BatchLayout.CONTENT_BYTES);
        part.fact("members", BatchLayout.members(read, 0));
        part.field(content + BatchLayout.MEMBERS, "members=" + BatchLayout.members(read, 0));
        part.field(content + BatchLayout.BYTES, "bytes=" + BatchLayout.bytes(read, 0));
    }

    private void footer(DumpPart part, long content, SegmentHeader header, long end) throws IOException {
        part.field(content, "copy of the segment header: magic");
        headerFields(part, content, header, read(content, header.headerLength()));
        long facts = content + header.headerLength();
        ByteBuffer read = read(facts, INDEX_FIXED_BYTES);
        int blocks = read.getInt(28);
        part.fact("records", read.getLong(0)).fact("blocks", blocks);
        part.field(facts, "records=" + read.getLong(0));
        part.field(facts + 8, "smallest=" + time(read.getLong(8)));
        part.field(facts + 16, "largest=" + time(read.getLong(16)));
        part.field(facts + 24, "block bytes=" + read.getInt(24));
        part.field(facts + 28, "blocks=" + blocks);
        long index = facts + INDEX_FIXED_BYTES;
        for (int block = 0; block < blocks; block++) {
            indexEntry(part, index + (long) block * INDEX_ENTRY_BYTES, block);
        }
        padding(part, index + (long) blocks * INDEX_ENTRY_BYTES, end - Long.BYTES);
        part.field(end - Long.BYTES, "footer size=" + (end - part.offset()));
    }

    private void indexEntry(DumpPart part, long at, int block) throws IOException {
        ByteBuffer read = read(at, INDEX_ENTRY_BYTES);
        part.field(at, "block " + block + ": first offset=" + read.getInt(0));
        part.field(at + 4, "zero");
        part.field(at + 8, "smallest=" + time(read.getLong(8)));
        part.field(at + 16, "largest=" + time(read.getLong(16)));
    }

    /** A footer of no records has none. */
    private static String time(long millis) {
        return millis == Long.MAX_VALUE || millis == Long.MIN_VALUE ? "none" : Figures.time(millis);
    }

    private static void padding(DumpPart part, long from, long to) {
        if (from < to) {
            part.field(from, "padding");
        }
    }

    private String preview(long at, int length) throws IOException {
        byte[] start = read(at, Math.min(length, PREVIEW_BYTES)).array();
        return '"' + new String(start, UTF_8) + (length > PREVIEW_BYTES ? "\"…" : "\"");
    }

    private static String hex(int word) {
        return "0x" + HEX.toHexDigits(word);
    }

    /** Zeros if the file has become shorter meanwhile. */
    private ByteBuffer read(long at, int length) throws IOException {
        ByteBuffer read = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.read(read, at);
        return read;
    }
}
