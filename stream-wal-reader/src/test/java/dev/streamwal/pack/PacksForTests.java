package dev.streamwal.pack;

import dev.streamwal.format.RecordChecksum;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.io.LogFile;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.segment.SegmentScan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Parts made straight from the layouts, packs of them, and what is found in one. */
public final class PacksForTests {

    public static final Window WINDOW = new Window(0, 1_000_000);

    private PacksForTests() {}

    /** A record that is found: where it is in its stream, when it was, and what it says. */
    public record Found(long position, long timestampMillis, String content) {}

    public static SegmentHeader header(String key, long base, long previousEnd) {
        return new SegmentHeader(StreamKey.of(key), WINDOW, 2_000_000, base, previousEnd, 1, 0x5A17_0000L ^ key.hashCode() * 31L ^ base, 7,
                1 << 20, 0, 0);
    }

    /** Frames that verify behind this header. */
    public static byte[] frames(SegmentHeader header, long firstMillis, String... contents) {
        ByteBuffer out = ByteBuffer.allocate(Arrays.stream(contents).mapToInt(c -> 48 + c.length() * 3).sum()).order(ByteOrder.LITTLE_ENDIAN);
        int previous = 0;
        int at = 0;
        long timestamp = firstMillis;
        for (String text : contents) {
            byte[] content = text.getBytes(StandardCharsets.UTF_8);
            RecordChecksum checksum = new RecordChecksum();
            checksum.reset();
            checksum.update(content, 0, content.length);
            long word = RecordLayout.commitWord(0);
            int crc = checksum.finish(header.salt(), header.basePosition() + at, word, content.length, 0, previous, timestamp);
            RecordLayout.encodePrefix(out, at, content.length, 0, crc, previous, timestamp);
            out.putLong(at, word);
            out.put(at + RecordLayout.PREFIX_BYTES, content);
            previous = (int) RecordLayout.frameBytes(0, content.length);
            at += previous;
            timestamp++;
        }
        return Arrays.copyOf(out.array(), at);
    }

    /** A pack's header. */
    public static PackHeader packHeader(long number) {
        return PackHeader.ofRaw(WINDOW, 2_000_000, 1, 0x0123_4567_89AB_CDEFL, 8, number, 0x106, 3, 1);
    }

    public static LogFile temporary(Path path) {
        return new LogFile(path.resolveSibling("." + path.getFileName() + ".tmp"), StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    public static PackWriter writer(Path path, long number) throws IOException {
        return PackWriter.create(temporary(path), path, packHeader(number));
    }

    /** Writes a pack of parts with one section, sorted by their keys. */
    public static PackFooter write(Path path, long number, List<Part> parts, PackSource... sources) throws IOException {
        List<Part> sorted = new ArrayList<>(parts);
        sorted.sort((a, b) -> Arrays.compareUnsigned(a.header().key().utf8(), b.header().key().utf8()));
        try (PackWriter writer = writer(path, number)) {
            for (Part part : sorted) {
                writer.part(part.header(), frames -> frames.frames(ByteBuffer.wrap(part.frames())));
            }
            return writer.finish(List.of(sources));
        }
    }

    /** A part to be written. */
    public record Part(SegmentHeader header, byte[] frames) {

        /** With one record for each content, a millisecond apart. */
        public static Part of(String key, long base, long firstMillis, String... contents) {
            SegmentHeader header = PacksForTests.header(key, base, base);
            return new Part(header, PacksForTests.frames(header, firstMillis, contents));
        }

        public List<Found> records() throws IOException {
            return PacksForTests.records(header, new BytesOf(concat(new byte[header.headerLength()], frames)));
        }
    }

    public static byte[] concat(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    /** What a scan finds, up to the end or the first thing that doesn't verify. */
    public static List<Found> records(SegmentHeader header, SegmentBytes bytes) throws IOException {
        List<Found> found = new ArrayList<>();
        try (SegmentScan scan = new SegmentScan(bytes, header)) {
            while (scan.nextShown()) {
                found.add(new Found(scan.position(), scan.timestampMillis(), new String(scan.copyBody(), StandardCharsets.UTF_8)));
            }
        }
        return found;
    }

    public static List<Found> records(PackPart part) throws IOException {
        List<Found> found = new ArrayList<>();
        for (PackSection section : part.sections()) {
            found.addAll(records(section.header(), section.bytes()));
        }
        return found;
    }

    /** Bytes in memory, as a file; it counts what is read. */
    public static final class BytesOf implements SegmentBytes {
        private final byte[] bytes;
        private final List<Long> reads = new ArrayList<>();

        public BytesOf(byte[] bytes) {
            this.bytes = bytes;
        }

        /** Offsets of the reads so far. */
        public List<Long> reads() {
            return reads;
        }

        @Override
        public int read(ByteBuffer target, long offset) {
            reads.add(offset);
            int count = (int) Math.max(0, Math.min(target.remaining(), bytes.length - offset));
            if (count > 0) {
                target.put(bytes, (int) offset, count);
            }
            return count;
        }

        @Override
        public long size() {
            return bytes.length;
        }
    }
}
