package dev.streamwal.pack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.Footer;
import dev.streamwal.format.RecordChecksum;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.pack.PacksForTests.Found;
import dev.streamwal.pack.PacksForTests.Sample;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What stands in blocks is read as what was written, in every piece; what is damaged is no frame, and the rest is read beside it. */
class FrameBlocksTest {

    private static final int CASES = 300;
    private static final StreamKey KEY = StreamKey.of("k");

    @TempDir
    Path directory;

    private final ChannelCache channels = new ChannelCache(2);
    /** Where records begin, and where the last one ends. */
    private final List<Integer> borders = new ArrayList<>();

    @AfterEach
    void close() {
        channels.close();
    }

    /** A segment of frames such as come, and such as don't. */
    private Sample sample(Random random, int frames, int maxContent) {
        SegmentHeader header = new SegmentHeader(KEY, PacksForTests.WINDOW, 2_000_000, random.nextInt(1 << 20) * 8L, 0, 1,
                random.nextLong(), 7, 1 << 20, 0, 0);
        ByteBuffer out = ByteBuffer.allocate(PackWriter.MAX_SEGMENT_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        borders.clear();
        borders.add(0);
        int kind = random.nextInt(4);
        long millis = 1_772_366_400_000L;
        int previous = 0;
        int at = 0;
        for (int i = 0; i < frames; i++) {
            millis = kind == 0 ? random.nextLong() : millis + 1_000 + random.nextInt(kind == 1 ? 1 : 50);
            byte[] own = kind == 2 ? bytes(random, random.nextInt(20)) : new byte[0];
            byte[] content = kind == 1 ? ("21." + random.nextInt(100)).getBytes(StandardCharsets.UTF_8) : bytes(random, random.nextInt(maxContent));
            int flags = random.nextInt(9) == 0 ? RecordLayout.PADDING : 0;
            long word = RecordLayout.commitWord(own.length);
            RecordChecksum checksum = new RecordChecksum();
            checksum.reset();
            checksum.update(own, 0, own.length);
            checksum.update(content, 0, content.length);
            int crc = checksum.finish(header.salt(), header.basePosition() + at, word, content.length, flags, previous, millis);
            previous = (int) RecordLayout.frameBytes(own.length, content.length);
            if (previous > out.capacity() - at) {
                break;
            }
            RecordLayout.encodePrefix(out, at, content.length, flags, crc, borders.size() < 2 ? 0 : at - borders.get(borders.size() - 2), millis);
            out.putLong(at, word).put(at + RecordLayout.PREFIX_BYTES, own).put(at + RecordLayout.PREFIX_BYTES + own.length, content);
            at += previous;
            borders.add(at);
        }
        byte[] framesOnly = Arrays.copyOf(out.array(), at);
        return new Sample(header, framesOnly, new Footer(header.headerLength() + at, 0, new SegmentIndex()));
    }

    private static byte[] bytes(Random random, int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }

    private Path write(Sample sample) throws IOException {
        Path path = directory.resolve("1.pack");
        try (PackWriter writer = PacksForTests.writer(path, PacksForTests.packHeader(1).inBlocks())) {
            writer.add(sample.header(), sample.footer().dataEnd(), sample.bytes());
            PackFooter unused = writer.finish();
        }
        return path;
    }

    private static byte[] read(PackedBytes bytes, int from, int count) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(count);
        int read = bytes.read(target, from);
        return Arrays.copyOf(target.array(), read);
    }

    @Tag("exhaustive")
    @Test
    void frames_ofAnyKind_areReadInEveryPieceAsTheyWereWritten() throws IOException {
        int inBlocks = 0;
        for (int seed = 0; seed < CASES; seed++) {
            Random random = new Random(seed);
            Sample sample = sample(random, 1 + random.nextInt(seed % 3 == 0 ? 3 : 900), seed % 5 == 0 ? 40_000 : 60);
            byte[] all = sample.bytes().bytes().array();
            Path path = write(sample);
            try (PackReader pack = PacksForTests.open(channels, path)) {
                PackEntry entry = pack.find(KEY).get(0);
                inBlocks += entry.extent().isAsTheyAre() ? 0 : 1;
                assertThat(entry.storedBytes()).as("seed " + seed).isLessThanOrEqualTo(entry.dataBytes() + entry.indexBytes());
                int begin = entry.headerLength();
                try (PackedBytes bytes = pack.open(entry)) {
                    assertThat(read(bytes, begin, all.length)).as("seed " + seed).isEqualTo(Arrays.copyOfRange(all, begin, all.length));
                }
                for (int i = 0; i < 20; i++) {
                    int from = begin + random.nextInt(all.length - begin);
                    int count = 1 + random.nextInt(all.length - from);
                    try (PackedBytes bytes = pack.open(entry)) {
                        assertThat(read(bytes, from, count)).as("seed " + seed).isEqualTo(Arrays.copyOfRange(all, from, from + count));
                        assertThat(read(bytes, from, 1)).as("seed " + seed).isEqualTo(Arrays.copyOfRange(all, from, from + 1));
                    }
                }
            }
        }
        assertThat(inBlocks).isGreaterThan(CASES / 2);
    }

    @Tag("exhaustive")
    @Test
    void bits_eachOfTheBlocksFlipped_costsRecordsOfOneBlockAndGivesNoOther() throws IOException {
        String[] contents = new String[900];
        for (int i = 0; i < contents.length; i++) {
            contents[i] = "21." + i % 83;
        }
        Sample sample = Sample.of("k", 0, 1_000, contents);
        Path path = write(sample);
        byte[] file = Files.readAllBytes(path);
        List<Found> written = sample.records();
        PackEntry entry;
        try (PackReader pack = PacksForTests.open(channels, path)) {
            entry = pack.find(KEY).get(0);
            assertThat(PacksForTests.records(pack, entry)).isEqualTo(written);
        }
        assertThat(entry.extent().listBytes()).isPositive();
        for (int offset = 0; offset < entry.frameBytes(); offset++) {
            byte[] changed = file.clone();
            changed[(int) entry.offset() + offset] ^= (byte) (1 << offset % 8);
            Files.write(path, changed);
            try (PackReader pack = PacksForTests.open(channels, path); PackedBytes bytes = pack.open(entry)) {
                byte[] all = sample.bytes().bytes().array();
                byte[] read = read(bytes, 0, all.length);
                int same = 0;
                for (int i = entry.headerLength(); i < all.length; i++) {
                    boolean isSame = read[i] == all[i];
                    assertThat(isSame || read[i] == -1).as("offset " + offset).isTrue();
                    same += isSame ? 1 : 0;
                }
                boolean isInList = offset < entry.extent().listBytes();
                assertThat(same).as("offset " + offset).isLessThan(sample.frames().length);
                assertThat(isInList || same >= sample.frames().length - FrameBlocks.BLOCK_BYTES).as("offset " + offset).isTrue();
            }
        }
    }

    /** Frames that are made again always have right checksums: what stands in another one's place must be known before. */
    @Test
    void blocks_ofAnotherSegment_giveNoRecords() throws IOException {
        // as long as the other's, so that only what is in them is wrong
        Sample first = Sample.of("a", 0, 1_000, "10", "20");
        Sample second = Sample.of("b", 0, 1_000, "30", "40");
        Path path = directory.resolve("1.pack");
        PacksForTests.write(path, PacksForTests.packHeader(1).inBlocks(), List.of(first, second));
        byte[] file = Files.readAllBytes(path);
        try (PackReader pack = PacksForTests.open(channels, path)) {
            PackEntry a = pack.find(StreamKey.of("a")).get(0);
            PackEntry b = pack.find(StreamKey.of("b")).get(0);
            assertThat(a.extent().isAsTheyAre()).isFalse();
            assertThat(a.frameBytes()).isEqualTo(b.frameBytes());
            System.arraycopy(file, (int) b.offset(), file, (int) a.offset(), a.frameBytes());
        }
        Files.write(path, file);
        try (PackReader pack = PacksForTests.open(channels, path)) {
            assertThat(PacksForTests.records(pack, pack.find(StreamKey.of("a")).get(0))).isEmpty();
            assertThat(PacksForTests.records(pack, pack.find(StreamKey.of("b")).get(0))).isEqualTo(second.records());
        }
    }

    @Test
    void readings_ofASensor_takeAFewBytesEach() throws IOException {
        Random random = new Random(1);
        String[] contents = new String[1_000];
        double value = 20;
        for (int i = 0; i < contents.length; i++) {
            value += random.nextGaussian() / 10;
            contents[i] = String.format(java.util.Locale.ROOT, "%.2f", value);
        }
        Path path = write(Sample.of("k", 0, 1_000, contents));
        try (PackReader pack = PacksForTests.open(channels, path)) {
            PackEntry entry = pack.find(KEY).get(0);
            assertThat(entry.records()).isEqualTo(1_000);
            assertThat(entry.dataBytes()).isEqualTo(40_000);
            assertThat(entry.frameBytes()).isLessThan(4_000);
        }
    }
}
