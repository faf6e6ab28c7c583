package dev.streamwal.format;

import dev.streamwal.format.RecordView.Verdict;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A sealed segment as {@code hexdump -C} shows it, with every field's name and value beside its first byte. Lines begin
 * where a part does.
 */
final class SegmentDump {

    private static final int LINE_BYTES = 16;

    private final ByteBuffer file;
    private final StringBuilder out = new StringBuilder();
    private final Map<Integer, List<String>> fields = new TreeMap<>();

    private SegmentDump(byte[] file) {
        this.file = Samples.littleEndian(file);
    }

    static String of(byte[] file) throws FormatException {
        return new SegmentDump(file).dump();
    }

    private String dump() throws FormatException {
        SegmentHeader header = SegmentHeaderLayout.decode(file, file.limit());
        headerFields(0);
        part("segment header", 0, header.headerLength());
        RecordView view = new RecordView();
        for (int offset = header.headerLength(); offset < file.limit(); offset += view.frameBytes()) {
            Verdict verdict = view.check(file, offset, file.limit() - offset, header.positionAt(offset), header.salt());
            if (verdict != Verdict.VALID) {
                throw FormatException.corrupt("a dump is of a sound segment: offset=" + offset + ", verdict="
                        + verdict);
            }
            recordFields(view, header);
            part(title(view.flags()) + ", position " + header.positionAt(offset), offset, offset + view.frameBytes());
        }
        return out.append("%08x%n".formatted(file.limit()).replace(System.lineSeparator(), "\n")).toString();
    }

    private static String title(int flags) {
        return switch (flags) {
            case 0 -> "record";
            case RecordLayout.MEMBER -> "record, member of the batch";
            case RecordLayout.BATCH -> "BATCH";
            case RecordLayout.PADDING -> "PADDING";
            case RecordLayout.FOOTER -> "FOOTER";
            default -> throw new IllegalArgumentException("flags=" + flags);
        };
    }

    private void headerFields(int at) {
        field(at + SegmentHeaderLayout.MAGIC, "magic");
        field(at + SegmentHeaderLayout.EXPIRATION, "expiration=" + u64(at + SegmentHeaderLayout.EXPIRATION));
        field(at + SegmentHeaderLayout.EXTENSION_MAGIC, "extension magic");
        field(at + SegmentHeaderLayout.HEADER_LENGTH, "header length="
                + file.getShort(at + SegmentHeaderLayout.HEADER_LENGTH));
        field(at + SegmentHeaderLayout.HEADER_CHECKSUM, "CRC32C=0x" + hex32(at + SegmentHeaderLayout.HEADER_CHECKSUM));
        field(at + SegmentHeaderLayout.FEATURE_FLAGS, "feature flags=0x"
                + hex32(at + SegmentHeaderLayout.FEATURE_FLAGS));
        field(at + SegmentHeaderLayout.WINDOW_START, "window start=" + u64(at + SegmentHeaderLayout.WINDOW_START));
        field(at + SegmentHeaderLayout.WINDOW_END, "window end=" + u64(at + SegmentHeaderLayout.WINDOW_END));
        field(at + SegmentHeaderLayout.BASE_POSITION, "base position=" + u64(at + SegmentHeaderLayout.BASE_POSITION));
        field(at + SegmentHeaderLayout.PREVIOUS_END, "previous end=" + u64(at + SegmentHeaderLayout.PREVIOUS_END));
        field(at + SegmentHeaderLayout.INCARNATION, "incarnation=" + u64(at + SegmentHeaderLayout.INCARNATION));
        field(at + SegmentHeaderLayout.SALT, "salt");
        field(at + SegmentHeaderLayout.CREATED, "created=" + u64(at + SegmentHeaderLayout.CREATED));
        field(at + SegmentHeaderLayout.CAPACITY, "capacity=" + file.getInt(at + SegmentHeaderLayout.CAPACITY));
        field(at + SegmentHeaderLayout.MARK, "mark=" + file.getInt(at + SegmentHeaderLayout.MARK));
        int keyLength = file.getShort(at + SegmentHeaderLayout.KEY_LENGTH);
        field(at + SegmentHeaderLayout.KEY_LENGTH, "key length=" + keyLength);
        field(at + SegmentHeaderLayout.KEY, "key=" + text(at + SegmentHeaderLayout.KEY, keyLength));
        padding(at + SegmentHeaderLayout.KEY + keyLength, at + SegmentHeaderLayout.headerLength(keyLength));
    }

    private void recordFields(RecordView view, SegmentHeader header) {
        int at = view.index();
        field(at + RecordLayout.COMMIT_WORD, "commit word, header length=" + view.headerLength());
        field(at + RecordLayout.CONTENT_LENGTH, "content length=" + view.contentLength());
        field(at + RecordLayout.FLAGS, "flags=0x" + hex32(at + RecordLayout.FLAGS));
        field(at + RecordLayout.CHECKSUM, "CRC32C=0x" + hex32(at + RecordLayout.CHECKSUM));
        field(at + RecordLayout.PREVIOUS_SIZE, "previous size=" + view.previousSize());
        field(at + RecordLayout.TIMESTAMP, "timestamp=" + view.timestampMillis());
        if (view.headerLength() > 0) {
            field(view.headerIndex(), "header \"" + text(view.headerIndex(), view.headerLength()) + '"');
        }
        int content = view.contentIndex();
        switch (view.flags()) {
            case RecordLayout.BATCH -> {
                field(content + BatchLayout.MEMBERS, "members=" + BatchLayout.members(file, content));
                field(content + BatchLayout.BYTES, "bytes=" + BatchLayout.bytes(file, content));
            }
            case RecordLayout.PADDING -> field(content, "content, zero");
            case RecordLayout.FOOTER -> footerFields(content, header, at + view.frameBytes());
            default -> field(content, "content \"" + text(content, view.contentLength()) + '"');
        }
        padding(content + view.contentLength(), at + view.frameBytes());
    }

    private void footerFields(int at, SegmentHeader header, int end) {
        headerFields(at);
        fields.get(at).set(0, "copy of the segment header: magic");
        int facts = at + header.headerLength();
        field(facts, "records=" + u64(facts));
        field(facts + 8, "smallest=" + u64(facts + 8));
        field(facts + 16, "largest=" + u64(facts + 16));
        field(facts + 24, "block bytes=" + file.getInt(facts + 24));
        int blocks = file.getInt(facts + 28);
        field(facts + 28, "blocks=" + blocks);
        int entry = facts + 32;
        for (int block = 0; block < blocks; block++, entry += 24) {
            field(entry, "block " + block + ": first offset=" + file.getInt(entry));
            field(entry + 4, "zero");
            field(entry + 8, "smallest=" + u64(entry + 8));
            field(entry + 16, "largest=" + u64(entry + 16));
        }
        padding(entry, end - 8);
        field(end - 8, "footer size=" + u64(end - 8));
    }

    private void padding(int from, int to) {
        if (from < to) {
            field(from, "padding");
        }
    }

    private void field(int offset, String text) {
        fields.computeIfAbsent(offset, at -> new ArrayList<>()).add(text);
    }

    private void part(String title, int from, int to) {
        out.append("          -- ").append(title).append(" --\n");
        boolean starred = false;
        for (int at = from; at < to; at += LINE_BYTES) {
            int end = Math.min(at + LINE_BYTES, to);
            List<String> names = new ArrayList<>();
            for (int offset = at; offset < end; offset++) {
                names.addAll(fields.getOrDefault(offset, List.of()));
            }
            // a line of zeros like the one before, in which nothing begins
            if (names.isEmpty() && at > from && isZero(at - LINE_BYTES, end)) {
                out.append(starred ? "" : "*\n");
                starred = true;
            } else {
                out.append(line(at, end, String.join(", ", names)));
                starred = false;
            }
        }
    }

    private String line(int from, int to, String names) {
        StringBuilder hex = new StringBuilder();
        StringBuilder text = new StringBuilder("|");
        for (int at = from; at < from + LINE_BYTES; at++) {
            hex.append(at - from == LINE_BYTES / 2 ? " " : "").append(at < to ? "%02x ".formatted(file.get(at))
                    : "   ");
            if (at < to) {
                char c = (char) file.get(at);
                text.append(c >= ' ' && c <= '~' ? c : '.');
            }
        }
        return ("%08x  %s %-18s  %s".formatted(from, hex, text.append('|'), names)).stripTrailing() + '\n';
    }

    private boolean isZero(int from, int to) {
        for (int at = from; at < to; at++) {
            if (file.get(at) != 0) {
                return false;
            }
        }
        return true;
    }

    private String text(int at, int length) {
        return new String(file.array(), at, length, StandardCharsets.UTF_8);
    }

    private long u64(int at) {
        return file.getLong(at);
    }

    private String hex32(int at) {
        return "%08x".formatted(file.getInt(at));
    }
}
