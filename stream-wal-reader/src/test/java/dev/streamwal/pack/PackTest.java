package dev.streamwal.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.Checksums;
import dev.streamwal.format.Footer;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.BytesInMemory;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.LogFile;
import dev.streamwal.pack.PacksForTests.Sample;
import dev.streamwal.segment.SegmentFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What was written to a pack is found in it, at the cost that is promised. */
class PackTest {

    @TempDir
    Path directory;

    private final ChannelCache channels = new ChannelCache(4);
    private Path path;

    @BeforeEach
    void name() {
        path = directory.resolve(PackFiles.fileName(1));
    }

    @AfterEach
    void close() {
        channels.close();
    }

    private static List<PackEntry> all(PackReader pack) throws IOException {
        List<PackEntry> found = new ArrayList<>();
        PackWalk walk = pack.walk();
        while (walk.next()) {
            found.add(walk.entry());
        }
        return found;
    }

    private static void checkEntry(PackReader pack, PackEntry entry, Sample sample) throws IOException {
        SegmentHeader header = sample.header();
        int end = sample.footer().dataEnd();
        int last = sample.footer().lastRecordSize();
        assertThat(pack.segmentHeader(entry)).isEqualTo(new SegmentHeader(header.key(), header.window(), header.expirationMillis(),
                header.basePosition(), header.previousEnd(), header.incarnation(), header.salt(), header.createdMillis(), end,
                last == 0 ? 0 : end - last, header.featureFlags()));
        Footer footer = pack.segmentFooter(entry);
        assertThat(footer.dataEnd()).isEqualTo(end);
        assertThat(footer.lastRecordSize()).isEqualTo(last);
        SegmentIndex expected = sample.footer().index();
        SegmentIndex packed = footer.index();
        assertThat(packed.blockBytes()).isEqualTo(entry.indexBytes() == 0 ? SegmentIndex.BLOCK_BYTES : SegmentIndex.PACKED_BLOCK_BYTES);
        assertThat(packed.blocks() > 1).as("only what has several blocks of a file has a footer").isEqualTo(expected.blocks() > 1);
        SegmentIndex asInAFile = packed.inBlocksOf(SegmentIndex.BLOCK_BYTES);
        assertThat(asInAFile.records()).isEqualTo(expected.records());
        assertThat(asInAFile.smallestTimestampMillis()).isEqualTo(expected.smallestTimestampMillis());
        assertThat(asInAFile.largestTimestampMillis()).isEqualTo(expected.largestTimestampMillis());
        assertThat(asInAFile.blocks()).isEqualTo(expected.blocks());
        for (int block = 0; block < expected.blocks(); block++) {
            assertThat(asInAFile.firstOffset(block)).isEqualTo(expected.firstOffset(block));
            assertThat(asInAFile.smallestTimestampMillis(block)).isEqualTo(expected.smallestTimestampMillis(block));
            assertThat(asInAFile.largestTimestampMillis(block)).isEqualTo(expected.largestTimestampMillis(block));
        }
        assertThat(PacksForTests.records(pack, entry)).isEqualTo(sample.records());
        long spread = sample.records().stream().mapToLong(each -> TimeSpread.of(header.window(), each.timestampMillis())).reduce(0, (a, b) -> a | b);
        assertThat(entry.spread()).isEqualTo(sample.records().isEmpty() ? TimeSpread.IN_WINDOW : spread);
    }

    /** A pack as it was before there were spreads. */
    @Test
    void entry_ofAPackWithoutSpreads_maySayAnywhere() throws IOException {
        PackHeader now = PacksForTests.packHeader(1);
        PackHeader before = new PackHeader(now.number(), now.window(), now.expirationMillis(), now.optionsHash(), now.level(), now.createdMillis(),
                now.incarnation(), false, false, false);
        Sample late = Sample.of("late", 0, now.window().startMillis() - 1, "a", "b");
        Sample inTime = Sample.of("time", 0, now.window().startMillis(), "a", "b");
        PackFooter unused = PacksForTests.write(path, before, List.of(late, inTime));
        try (PackReader pack = PacksForTests.open(channels, path)) {
            assertThat(pack.header().hasSpreads()).isFalse();
            assertThat(pack.find(late.header().key())).extracting(PackEntry::spread).containsExactly(TimeSpread.ANYWHERE);
            assertThat(pack.find(inTime.header().key())).extracting(PackEntry::spread).containsExactly(TimeSpread.IN_WINDOW);
        }
    }

    /** Lookups go on where the one before has ended, if they can. */
    @Test
    void find_keysInAnyOrder_asIfEachWereTheFirst() throws IOException {
        Random random = new Random(11);
        List<Sample> samples = new ArrayList<>();
        for (int i = 0; i < 600; i++) {
            samples.addAll(stream("key-" + 2 * i, random, 1 + random.nextInt(3)));
        }
        PacksForTests.write(path, 1, samples);
        List<StreamKey> keys = new ArrayList<>();
        for (int i = -1; i < 1_201; i++) {
            keys.add(StreamKey.of("key-" + i));
        }
        keys.sort((a, b) -> Arrays.compareUnsigned(a.utf8(), b.utf8()));
        List<StreamKey> backwards = new ArrayList<>(keys);
        Collections.reverse(backwards);
        try (PackReader pack = PacksForTests.open(channels, path)) {
            assertThat(pack.index().blocks()).isGreaterThan(3);
            Map<StreamKey, List<PackEntry>> expected = new HashMap<>();
            all(pack).forEach(entry -> expected.computeIfAbsent(entry.key(), key -> new ArrayList<>()).add(entry));
            assertFound(pack, keys, expected);
            assertFound(pack, keys, expected);
            assertFound(pack, backwards, expected);
            for (int i = 0; i < 20_000; i++) {
                int from = random.nextInt(keys.size() - 3);
                assertFound(pack, List.of(keys.get(from), keys.get(from), keys.get(from + random.nextInt(3))), expected);
            }
        }
    }

    private static void assertFound(PackReader pack, List<StreamKey> keys, Map<StreamKey, List<PackEntry>> expected) throws IOException {
        for (StreamKey key : keys) {
            assertThat(pack.find(key)).isEqualTo(expected.getOrDefault(key, List.of()));
        }
    }

    private PackFooter checkRoundTrip(TreeMap<String, List<Sample>> streams) throws IOException {
        List<Sample> samples = streams.values().stream().flatMap(List::stream).toList();
        PackFooter footer = PacksForTests.write(path, 1, samples);
        try (PackReader pack = PacksForTests.open(channels, path)) {
            assertThat(pack.footer()).isEqualTo(footer);
            assertThat(pack.header()).isEqualTo(PacksForTests.packHeader(1));
            assertThat(footer.segments()).isEqualTo(samples.size());
            assertThat(footer.records()).isEqualTo(samples.stream().mapToLong(s -> s.footer().index().records()).sum());
            List<PackEntry> walked = all(pack);
            List<StreamKey> keys = streams.keySet().stream().map(StreamKey::of)
                    .sorted((a, b) -> Arrays.compareUnsigned(a.utf8(), b.utf8())).toList();
            List<PackEntry> found = new ArrayList<>();
            for (StreamKey key : keys) {
                List<Sample> expected = streams.get(key.text());
                List<PackEntry> entries = pack.find(key);
                assertThat(entries).hasSameSizeAs(expected);
                for (int i = 0; i < entries.size(); i++) {
                    checkEntry(pack, entries.get(i), expected.get(i));
                }
                found.addAll(entries);
                String other = key.text().length() > 500 ? "?" : key.text() + "?";
                assertThat(pack.find(StreamKey.of(other))).hasSize(streams.getOrDefault(other, List.of()).size());
            }
            assertThat(walked).isEqualTo(found);
        }
        return footer;
    }

    private static List<Sample> stream(String key, Random random, int segments) {
        List<Sample> samples = new ArrayList<>();
        long base = random.nextInt(10) == 0 ? 1L << 61 : random.nextInt(1 << 20) * 8L;
        for (int i = 0; i < segments; i++) {
            String[] contents = new String[random.nextInt(4) == 0 ? 0 : 1 + random.nextInt(4)];
            Arrays.setAll(contents, n -> "c".repeat(random.nextInt(30)));
            samples.add(Sample.of(key, base, random.nextInt(), contents));
            base += 8 + samples.get(i).frames().length;
        }
        return samples;
    }

    @Test
    void segments_ofRandomKeys_areFoundAndSortedByUnsignedBytes() throws IOException {
        int[] signs = {'a', 'b', '/', 0, 'ÿ', '€', 0x1F600, 0xFFFD, 0x7F};
        for (long seed = 0; seed < 20; seed++) {
            Random random = new Random(seed);
            TreeMap<String, List<Sample>> streams = new TreeMap<>();
            int count = 1 + random.nextInt(seed % 5 == 0 ? 500 : 40);
            while (streams.size() < count) {
                StringBuilder key = new StringBuilder();
                int length = random.nextInt(50) == 0 ? 250 : 1 + random.nextInt(12);
                for (int i = 0; i < length; i++) {
                    key.appendCodePoint(signs[random.nextInt(signs.length)]);
                }
                streams.put(key.toString(), stream(key.toString(), random, 1 + random.nextInt(3)));
            }
            checkRoundTrip(streams);
            channels.forget(path);
        }
    }

    @Tag("exhaustive")
    @ParameterizedTest
    @ValueSource(ints = {1, 16, 1_000, 20_000})
    void segments_manyOfThem_areFoundAndTakeFewBytes(int count) throws IOException {
        TreeMap<String, List<Sample>> streams = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            String key = String.format("sensor/%05d/%s", i / 4, List.of("humidity", "pressure", "temperature", "voltage").get(i % 4));
            streams.put(key, List.of(Sample.of(key, 4_096L + i % 300 * 64L, 1_700_000_000_000L + i % 977, "21.5", "22")));
        }
        PackFooter footer = checkRoundTrip(streams);
        if (count >= 1_000) {
            assertThat((footer.fileLength() - footer.tableOffset()) / (double) count).isBetween(10.0, 45.0);
        }
    }

    /** A stream's entries begin in one table block and end in another one, and next to them are streams whose entries don't. */
    @Test
    void segments_ofOneStreamOverSeveralBlocks_areFoundWithoutReadingOthers() throws IOException {
        Random random = new Random(1);
        TreeMap<String, List<Sample>> streams = new TreeMap<>();
        for (int i = 0; i < 400; i++) {
            streams.put(String.format("k%03d", i), stream(String.format("k%03d", i), random, i == 200 ? 400 : 1 + i % 7));
        }
        PackFooter footer = checkRoundTrip(streams);
        channels.forget(path);
        try (PackReader pack = PackReader.open(channels, path, 1, new BlockCache(0))) {
            int more = 0;
            for (String key : streams.keySet()) {
                long before = channels.readCalls();
                assertThat(pack.find(StreamKey.of(key))).hasSameSizeAs(streams.get(key));
                long reads = channels.readCalls() - before;
                more += reads > 1 ? 1 : 0;
                assertThat(reads).as(key).isLessThanOrEqualTo(key.equals("k200") ? 8 : 2);
            }
            assertThat(more).as("streams in several blocks").isBetween(1, footer.tableBlocks());
        }
    }

    @Test
    void keys_theLongest_areFound() throws IOException {
        TreeMap<String, List<Sample>> streams = new TreeMap<>();
        for (int i = 0; i < 40; i++) {
            String key = (char) ('a' + i % 20) + "x".repeat(1_022 - i / 20) + (char) ('A' + i / 20);
            streams.put(key, List.of(Sample.of(key, i * 8L, i, "v"), Sample.of(key, i * 8L + 4_096, i, "v")));
        }
        checkRoundTrip(streams);
    }

    @Test
    void index_ofSeveralBlocks_isInTheFooterAndFinerThanTheFiles() throws IOException {
        String[] contents = new String[300];
        Arrays.fill(contents, "x".repeat(1_000));
        Sample large = Sample.of("large", 80, 5, contents);
        assertThat(large.footer().index().blocks()).isGreaterThan(3);
        Sample control = Sample.of(PacksForTests.header("control", 8, 8), 2, 5, "", "", "one", "two");
        TreeMap<String, List<Sample>> streams = new TreeMap<>();
        streams.put("large", List.of(large));
        streams.put("control", List.of(control));
        checkRoundTrip(streams);
        try (PackReader pack = PacksForTests.open(channels, path)) {
            assertThat(pack.find(StreamKey.of("control")).get(0).firstRecord()).isEqualTo(64);
            PackEntry packed = pack.find(StreamKey.of("large")).get(0);
            assertThat(packed.indexBytes()).isPositive();
            assertThat(pack.segmentFooter(packed).index().blocks()).as("one each 16 KiB").isEqualTo((packed.frameBytes() >> 14) + 1);
        }
    }

    @Test
    void bytes_ofAPackedSegment_areThoseOfAFile() throws IOException {
        Sample sample = Sample.of("k", 1_000, 5, "one", "two");
        PacksForTests.write(path, 1, List.of(Sample.of("a", 0, 0, "x"), sample));
        byte[] file = Files.readAllBytes(path);
        try (PackReader pack = PacksForTests.open(channels, path)) {
            PackEntry entry = pack.find(StreamKey.of("k")).get(0);
            try (PackedBytes bytes = pack.open(entry)) {
                int end = sample.footer().dataEnd();
                assertThat(bytes.size()).isEqualTo(end);
                byte[] expected = sample.bytes().bytes().array();
                for (int from = 0; from < end + 9; from++) {
                    for (int length : new int[] {1, 7, 130, 1_000}) {
                        ByteBuffer target = ByteBuffer.allocate(length + 3).position(3);
                        int read = bytes.read(target, from);
                        assertThat(read).isEqualTo(Math.max(0, Math.min(length, end - from)));
                        assertThat(target.position()).isEqualTo(3 + read);
                        assertThat(target.limit()).isEqualTo(length + 3);
                        int frames = Math.max(0, sample.header().headerLength() - from);
                        for (int i = frames; i < read; i++) {
                            assertThat(target.get(3 + i)).isEqualTo(expected[from + i]).isEqualTo(file[(int) entry.fileOffset(from + i)]);
                        }
                    }
                }
                assertThat(SegmentFiles.readHeader(bytes, path, StreamKey.of("k"), sample.header().name()))
                        .isEqualTo(pack.segmentHeader(entry));
            }
        }
    }

    // ---------------------------------------------------------------- what is refused

    @Test
    void writer_aSegmentThatIsDamagedOrOutOfOrder_isLeftOutAndTheOthersAreThere() throws IOException {
        Sample good = Sample.of("k", 800, 5, "one 4567", "two 4567", "three 67");
        try (PackWriter writer = PacksForTests.writer(path, 1)) {
            writer.add(good.header(), good.footer(), good.bytes());
            // contents of eight bytes: zeros behind a content are under no checksum
            Sample later = Sample.of("m", 0, 5, "one 4567", "two 4567", "three 67");
            for (int offset = later.header().headerLength(); offset < later.footer().dataEnd(); offset++) {
                byte[] changed = later.bytes().bytes().array();
                changed[offset] ^= 4;
                assertThatThrownBy(() -> writer.add(later.header(), later.footer(), new BytesInMemory(0, ByteBuffer.wrap(changed))))
                        .as("offset %d", offset).isInstanceOf(CorruptSegmentException.class).hasMessageContaining("stream=m");
            }
            Footer right = later.footer();
            Footer less = Sample.of("m", 0, 5, "one 4567", "two 4567").footer();
            for (Footer wrong : List.of(new Footer(right.dataEnd(), right.lastRecordSize() + 8, right.index()),
                    new Footer(right.dataEnd(), right.lastRecordSize(), less.index()), new Footer(right.dataEnd() + 8, 40, right.index()),
                    new Footer(right.dataEnd(), right.lastRecordSize(), Sample.of("m", 0, 4, "one 4567", "two 4567", "three 67").footer().index()))) {
                assertThatThrownBy(() -> writer.add(later.header(), wrong, later.bytes())).isInstanceOf(CorruptSegmentException.class);
            }
            for (Sample notBehind : List.of(Sample.of("a", 0, 0, "v"), good, Sample.of("k", 0, 0, "v"))) {
                assertThatThrownBy(() -> writer.add(notBehind.header(), notBehind.footer(), notBehind.bytes()))
                        .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("out of order");
            }
            SegmentHeader other = later.header();
            SegmentHeader otherExpiration = new SegmentHeader(other.key(), other.window(), other.expirationMillis() + 1, 0, 0, 1, 1, 1,
                    1_000, 0, 0);
            assertThatThrownBy(() -> writer.add(otherExpiration, later.footer(), later.bytes())).isInstanceOf(IllegalArgumentException.class);
            Footer large = new Footer(other.headerLength() + PackWriter.MAX_SEGMENT_BYTES + 8, 8, right.index());
            assertThatThrownBy(() -> writer.add(other, large, later.bytes())).isInstanceOf(IllegalArgumentException.class);
            writer.add(later.header(), later.footer(), later.bytes());
            assertThat(writer.finish().segments()).isEqualTo(2);
        }
        try (PackReader pack = PacksForTests.open(channels, path)) {
            assertThat(all(pack)).extracting(e -> e.key().text()).containsExactly("k", "m");
            checkEntry(pack, pack.find(StreamKey.of("k")).get(0), good);
        }
    }

    @Test
    void writer_withoutASegmentOrNotFinished_leavesNothing() throws IOException {
        try (PackWriter writer = PacksForTests.writer(path, 1)) {
            assertThatThrownBy(writer::finish).isInstanceOf(IllegalStateException.class);
        }
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void segments_ofAnotherPack_areCopiedUnlessDamaged() throws IOException {
        String[] contents = new String[100];
        Arrays.fill(contents, "x".repeat(1_000));
        List<Sample> samples = List.of(Sample.of("a", 0, 0, "one"), Sample.of("b", 8, 0, "two"), Sample.of("c", 8, 0, contents));
        PacksForTests.write(path, 1, samples);
        Path copy = directory.resolve(PackFiles.fileName(2));
        try (PackReader pack = PacksForTests.open(channels, path)) {
            PackEntry damaged = pack.find(StreamKey.of("b")).get(0);
            byte[] file = Files.readAllBytes(path);
            file[(int) damaged.offset() + 33] ^= 1;
            Files.write(path, file);
            try (PackWriter writer = PacksForTests.writer(copy, 2)) {
                writer.add(pack, pack.find(StreamKey.of("a")).get(0));
                assertThatThrownBy(() -> writer.add(pack, damaged)).isInstanceOf(CorruptSegmentException.class);
                writer.add(pack, pack.find(StreamKey.of("c")).get(0));
                writer.finish();
            }
        }
        try (PackReader pack = PackReader.open(channels, copy, 2, new BlockCache(0))) {
            assertThat(all(pack)).hasSize(2);
            checkEntry(pack, pack.find(StreamKey.of("c")).get(0), samples.get(2));
        }
        assertThatThrownBy(() -> PackReader.open(channels, copy, 3, new BlockCache(0))).isInstanceOf(CorruptSegmentException.class)
                .hasMessageContaining("differs from that in the file's name");
    }

    // ---------------------------------------------------------------- what others make of it

    @Test
    void pack_whereASegmentIsLookedFor_isUnsupportedAndNotDamaged() throws IOException {
        PacksForTests.write(path, 1, List.of(Sample.of("k", 0, 0, "v")));
        try (LogFile file = LogFile.reading(path)) {
            assertThatThrownBy(() -> SegmentFiles.readHeader(file, path, StreamKey.of("k"), new SegmentName(0, 2_000_000)))
                    .isInstanceOf(UnsupportedFormatException.class).hasMessageContaining("another version");
        }
    }

    @Test
    void header_withFeaturesOrACodecThatAreUnknown_isUnsupported() throws FormatException {
        PackHeader header = PacksForTests.packHeader(3);
        assertThat(PackHeaderLayout.decode(PackHeaderLayout.encode(header))).isEqualTo(header);
        for (int field : new int[] {PackHeaderLayout.FEATURE_FLAGS, PackHeaderLayout.CODEC}) {
            ByteBuffer newer = PackHeaderLayout.encode(header).putInt(field, 2);
            newer.putInt(PackHeaderLayout.HEADER_CHECKSUM,
                    Checksums.without(newer, 0, PackHeaderLayout.BYTES, PackHeaderLayout.HEADER_CHECKSUM));
            assertThatThrownBy(() -> PackHeaderLayout.decode(newer)).isInstanceOfSatisfying(FormatException.class,
                    e -> assertThat(e.isUnsupported()).isTrue());
        }
    }

    @Test
    void names_thatAreAPacks_areParsed() {
        assertThat(PackFiles.fileName(0x1F)).isEqualTo("000000000000001f.pack");
        assertThat(PackFiles.parse("000000000000001f.pack")).hasValue(0x1F);
        assertThat(PackFiles.parseTemporary(PackFiles.temporaryName(0x1F))).hasValue(0x1F);
        for (String other : List.of("", ".pack", "000000000000001F.pack", "000000000000001f.pac", "ffffffffffffffff.pack",
                ".000000000000001f.pack.tmp", "00000000000000-1.pack")) {
            assertThat(PackFiles.parse(other)).as(other).isEmpty();
        }
        for (String other : List.of("", ".tmp", "..tmp", "x000000000000001f.pack.tmp", ".000000000000001f.table.tmp")) {
            assertThat(PackFiles.parseTemporary(other)).as(other).isEmpty();
        }
        assertThat(PackFiles.isTemporaryOfTier(PackFiles.temporaryTable(directory, 0x1F).getFileName().toString())).isTrue();
        assertThat(PackFiles.isTemporaryOfTier(PackFiles.temporaryFetched(directory, 0x1F, -1).getFileName().toString())).isTrue();
        for (String other : List.of("", ".tmp", "..tmp", "000000000000001f.table", ".000000000000001f.pack.tmp")) {
            assertThat(PackFiles.isTemporaryOfTier(other)).as(other).isFalse();
        }
        assertThat(PackFiles.directory(directory)).isEqualTo(directory.resolve("packs"));
    }

    // ---------------------------------------------------------------- reads

    @Test
    void reads_ofAColdFind_areOneToOpenOneOfTheTableAndOneOfTheData() throws IOException {
        List<Sample> samples = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            samples.add(Sample.of(String.format("k%05d", i), i * 64L, i, "v"));
        }
        PacksForTests.write(path, 1, samples);
        BlockCache cache = new BlockCache(8 << 10);
        try (PackReader pack = PackReader.open(channels, path, 1, cache)) {
            assertThat(channels.readCalls()).as("to open").isEqualTo(1);
            PackEntry entry = pack.find(StreamKey.of("k01000")).get(0);
            assertThat(channels.readCalls()).as("and a table block").isEqualTo(2);
            assertThat(PacksForTests.records(pack, entry)).hasSize(1);
            assertThat(channels.readCalls()).as("and the data").isEqualTo(3);
            assertThat(pack.find(StreamKey.of("k01001"))).hasSize(1);
            assertThat(pack.find(StreamKey.of("k01001x"))).isEmpty();
            assertThat(pack.find(StreamKey.of("a"))).isEmpty();
            assertThat(pack.segmentFooter(entry).index().records()).isEqualTo(1);
            assertThat(channels.readCalls()).as("cached, before the first, in the entry").isEqualTo(3);
            for (Sample sample : samples) {
                assertThat(pack.find(sample.header().key())).hasSize(1);
                assertThat(cache.bytes()).isLessThanOrEqualTo(8 << 10);
            }
        }
        assertThat(cache.bytes()).isZero();
    }
}
