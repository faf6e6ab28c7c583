package dev.streamwal.pack;

import dev.streamwal.format.Footer;
import dev.streamwal.format.RecordChecksum;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.io.BytesInMemory;
import dev.streamwal.io.ChannelCache;
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

/** Segments made straight from the layouts, packs of them, and what is found in one. */
public final class PacksForTests {

    public static final Window WINDOW = new Window(0, 1_000_000);

    private PacksForTests() {}

    /** A record that is found: where it is in its stream, when it was, and what it says. */
    public record Found(long position, long timestampMillis, String content) {}

    public static SegmentHeader header(String key, long base, long previousEnd) {
        return new SegmentHeader(StreamKey.of(key), WINDOW, 2_000_000, base, previousEnd, 1,
                (key.hashCode() * 31L ^ base) * 0x9E37_79B9_7F4A_7C15L, 7, 1 << 20, 0, base == 0 ? SegmentHeaderLayout.FIRST : 0);
    }

    /** A segment to be packed. */
    public record Sample(SegmentHeader header, byte[] frames, Footer footer) {

        /** With one record for each content, a millisecond apart. */
        public static Sample of(String key, long base, long firstMillis, String... contents) {
            return of(PacksForTests.header(key, base, base), 0, firstMillis, contents);
        }

        /** @param control how many of the first frames are control records, which readers don't see */
        public static Sample of(SegmentHeader header, int control, long firstMillis, String... contents) {
            ByteBuffer out = ByteBuffer.allocate(Arrays.stream(contents).mapToInt(c -> 48 + c.length() * 3).sum())
                    .order(ByteOrder.LITTLE_ENDIAN);
            SegmentIndex index = new SegmentIndex();
            int previous = 0;
            int at = 0;
            long timestamp = firstMillis;
            for (int i = 0; i < contents.length; i++) {
                byte[] content = contents[i].getBytes(StandardCharsets.UTF_8);
                int flags = i < control ? RecordLayout.PADDING : 0;
                RecordChecksum checksum = new RecordChecksum();
                checksum.reset();
                checksum.update(content, 0, content.length);
                long word = RecordLayout.commitWord(0);
                int crc = checksum.finish(header.salt(), header.basePosition() + at, word, content.length, flags, previous, timestamp);
                RecordLayout.encodePrefix(out, at, content.length, flags, crc, previous, timestamp);
                out.putLong(at, word);
                out.put(at + RecordLayout.PREFIX_BYTES, content);
                if (i >= control) {
                    index.add(header.headerLength() + at, timestamp);
                }
                previous = (int) RecordLayout.frameBytes(0, content.length);
                at += previous;
                timestamp++;
            }
            return new Sample(header, Arrays.copyOf(out.array(), at), new Footer(header.headerLength() + at, previous, index));
        }

        /** Its bytes from the header on. */
        public BytesInMemory bytes() {
            byte[] all = Arrays.copyOf(SegmentHeaderLayout.encode(header).array(), footer.dataEnd());
            System.arraycopy(frames, 0, all, header.headerLength(), frames.length);
            return new BytesInMemory(0, ByteBuffer.wrap(all));
        }

        public List<Found> records() throws IOException {
            return PacksForTests.records(header, bytes());
        }
    }

    /** A pack's header. */
    public static PackHeader packHeader(long number) {
        return new PackHeader(number, WINDOW, 2_000_000, 0x0123_4567_89AB_CDEFL, 0, 8, 1);
    }

    public static PackWriter writer(Path path, long number) throws IOException {
        return writer(path, packHeader(number));
    }

    public static PackWriter writer(Path path, PackHeader header) throws IOException {
        LogFile temporary = new LogFile(path.resolveSibling("." + path.getFileName() + ".tmp"), StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        return PackWriter.create(temporary, path, header, null);
    }

    /** Writes a pack of segments, sorted by their keys and base positions. */
    public static PackFooter write(Path path, long number, List<Sample> samples) throws IOException {
        return write(path, packHeader(number), samples);
    }

    public static PackFooter write(Path path, PackHeader header, List<Sample> samples) throws IOException {
        List<Sample> sorted = new ArrayList<>(samples);
        sorted.sort((a, b) -> {
            int order = Arrays.compareUnsigned(a.header().key().utf8(), b.header().key().utf8());
            return order != 0 ? order : Long.compare(a.header().basePosition(), b.header().basePosition());
        });
        try (PackWriter writer = writer(path, header)) {
            for (Sample sample : sorted) {
                writer.add(sample.header(), sample.footer(), sample.bytes());
            }
            return writer.finish();
        }
    }

    /** The name of a pack's footer where the header stands once more before it: "STRMPKF2". */
    static final long REPEATS_HEADER = 0x3246_4B50_4D52_5453L;

    /** A pack as versions wrote it that didn't repeat its header. */
    static byte[] withoutSecondHeader(byte[] pack, PackFooter footer) {
        PackFooter before = new PackFooter(footer.tableOffset(), footer.indexOffset(), footer.indexBytes(), footer.indexChecksum(), footer.segments(),
                footer.records(), footer.dataBytes(), footer.smallestMillis(), footer.largestMillis(), footer.fileLength() - PackHeaderLayout.BYTES,
                footer.tableBlocks(), footer.headerChecksum(), false);
        return ByteBuffer.allocate((int) before.fileLength()).put(pack, 0, (int) PackFooterLayout.headerAgain(footer)).put(PackFooterLayout.encode(before)).array();
    }

    public static PackReader open(ChannelCache channels, Path path) throws IOException {
        return PackReader.open(channels, path, 1, new BlockCache(1 << 20));
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

    public static List<Found> records(PackReader pack, PackEntry entry) throws IOException {
        try (PackedBytes bytes = pack.open(entry)) {
            return records(pack.segmentHeader(entry), bytes);
        }
    }
}
