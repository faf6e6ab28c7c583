package dev.streamwal.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.LogFile;
import dev.streamwal.pack.PacksForTests.BytesOf;
import dev.streamwal.pack.PacksForTests.Found;
import dev.streamwal.pack.PacksForTests.Part;
import dev.streamwal.reader.WalReader;
import dev.streamwal.segment.SegmentFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What was written to a pack is found in it, at the cost that is promised. */
class PackTest {

    @TempDir
    Path directory;

    private Path path;

    @BeforeEach
    void name() {
        path = directory.resolve("1.pack");
    }

    private BytesOf bytes() throws IOException {
        return new BytesOf(Files.readAllBytes(path));
    }

    private PackReader open(BytesOf bytes) throws IOException {
        return PackReader.open(bytes, path, new TableCache(1 << 20));
    }

    private static List<PackEntry> all(PackWalk walk) throws IOException {
        List<PackEntry> found = new ArrayList<>();
        for (PackEntry entry = walk.next().orElse(null); entry != null; entry = walk.next().orElse(null)) {
            found.add(entry);
        }
        return found;
    }

    private static List<String> keys(PackWalk walk) throws IOException {
        return all(walk).stream().map(entry -> entry.key().text()).toList();
    }

    private static List<String> sorted(Iterable<String> keys) {
        TreeSet<String> sorted = new TreeSet<>((a, b) -> Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8),
                b.getBytes(StandardCharsets.UTF_8)));
        keys.forEach(sorted::add);
        return List.copyOf(sorted);
    }

    // ---------------------------------------------------------------- round trips

    private static String randomKey(Random random, List<String> before) {
        String start = before.isEmpty() || random.nextInt(3) == 0 ? "" : before.get(random.nextInt(before.size()));
        int length = random.nextInt(50) == 0 ? 1_000 : 1 + random.nextInt(12);
        StringBuilder key = new StringBuilder(start.substring(0, start.offsetByCodePoints(0,
                random.nextInt(1 + start.codePointCount(0, start.length())))));
        if (random.nextInt(4) == 0) {
            key = new StringBuilder(start);
        }
        int[] signs = {'a', 'b', '/', 0, 'ÿ', '€', 0x1F600, 0xFFFD, 0x7F};
        for (int i = 0; i < length; i++) {
            key.appendCodePoint(signs[random.nextInt(signs.length)]);
        }
        while (key.toString().getBytes(StandardCharsets.UTF_8).length > StreamKey.MAX_BYTES) {
            key.setLength(key.offsetByCodePoints(key.length(), -1));
        }
        return key.toString();
    }

    private void checkRoundTrip(Map<String, Part> parts, long seed) throws IOException {
        String when = "seed " + seed;
        PackFooter footer = PacksForTests.write(path, 1, List.copyOf(parts.values()), new PackSource(PackSource.SHARED_SEGMENT, 9, 16 << 20),
                new PackSource(PackSource.PACK, 4, 5));
        BytesOf bytes = bytes();
        try (PackReader pack = open(bytes)) {
            assertThat(pack.footer()).as(when).isEqualTo(footer);
            assertThat(pack.sources()).as(when).containsExactly(new PackSource(PackSource.SHARED_SEGMENT, 9, 16 << 20),
                    new PackSource(PackSource.PACK, 4, 5));
            assertThat(pack.header().packNumber()).as(when).isEqualTo(1);
            assertThat(pack.header().lowestBase()).isEqualTo(parts.values().stream().mapToLong(p -> p.header().basePosition()).min().orElseThrow());
            assertThat(pack.header().highestEnd()).isEqualTo(parts.values().stream().mapToLong(p -> p.header().basePosition() + p.frames().length)
                    .max().orElseThrow());
            assertThat(keys(pack.walk())).as(when).isEqualTo(sorted(parts.keySet()));
            long records = 0;
            for (Part part : parts.values()) {
                PackEntry entry = pack.find(part.header().key()).orElseThrow();
                List<Found> expected = part.records();
                records += expected.size();
                assertThat(entry.records()).isEqualTo(expected.size());
                assertThat(entry.smallestMillis()).isEqualTo(expected.isEmpty() ? Long.MAX_VALUE : expected.get(0).timestampMillis());
                assertThat(entry.largestMillis()).isEqualTo(expected.isEmpty() ? Long.MIN_VALUE : expected.get(expected.size() - 1).timestampMillis());
                if (!expected.isEmpty()) {
                    assertThat(entry.basePosition() + entry.logicalBytes() - entry.lastRecordDistance())
                            .isEqualTo(expected.get(expected.size() - 1).position());
                }
                assertThat(PacksForTests.records(pack.part(entry))).as(when).isEqualTo(expected);
                assertThat(PacksForTests.records(pack.part(entry).header(), pack.part(entry).bytes())).as(when).isEqualTo(expected);
            }
            assertThat(footer.records()).isEqualTo(records);
            for (String key : List.copyOf(parts.keySet()).subList(0, Math.min(50, parts.size()))) {
                String other = key.length() > 500 ? "?" : key + "?";
                assertThat(pack.find(StreamKey.of(other)).isPresent()).as(when).isEqualTo(parts.containsKey(other));
                List<String> tail = sorted(parts.keySet());
                assertThat(keys(pack.walk().from(StreamKey.of(key)))).as(when).isEqualTo(tail.subList(tail.indexOf(key), tail.size()));
                String prefix = key.substring(0, key.offsetByCodePoints(0, 1));
                assertThat(keys(pack.walk().withPrefix(prefix))).as(when).isEqualTo(tail.stream().filter(k -> k.startsWith(prefix)).toList());
                assertThat(keys(pack.walk().withPrefix(prefix).from(StreamKey.of(key)))).as(when)
                        .isEqualTo(tail.subList(tail.indexOf(key), tail.size()).stream().filter(k -> k.startsWith(prefix)).toList());
            }
        }
    }

    @Test
    void parts_ofRandomKeys_areFoundAndSortedByUnsignedBytes() throws IOException {
        for (long seed = 0; seed < 20; seed++) {
            Random random = new Random(seed);
            List<String> keys = new ArrayList<>();
            Map<String, Part> parts = new TreeMap<>();
            int count = 1 + random.nextInt(seed % 5 == 0 ? 1_000 : 40);
            while (parts.size() < count) {
                String key = randomKey(random, keys);
                keys.add(key);
                String[] contents = new String[random.nextInt(4) == 0 ? 0 : 1 + random.nextInt(5)];
                Arrays.setAll(contents, i -> "c".repeat(random.nextInt(30)));
                parts.put(key, Part.of(key, random.nextInt(10) == 0 ? 1L << 61 : random.nextInt(1 << 20) * 8L, random.nextInt(), contents));
            }
            checkRoundTrip(parts, seed);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 15, 16, 17, 1_000, 20_000})
    void parts_manyOfThem_areFound(int count) throws IOException {
        Map<String, Part> parts = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            String key = String.format("sensor/%04d/%s", i / 4, List.of("humidity", "pressure", "temperature", "voltage").get(i % 4));
            parts.put(key, Part.of(key, 1L << 40 | i * 4_096L, 1_700_000_000_000L + i % 977, "21.5", "22"));
        }
        checkRoundTrip(parts, count);
        PackFooter footer;
        try (PackReader pack = open(bytes())) {
            footer = pack.footer();
            assertThat(pack.keptBytes()).isEqualTo(footer.indexBytes());
        }
        double bytesAPart = (footer.fileLength() - footer.tableOffset()) / (double) count;
        if (count >= 1_000) {
            assertThat(bytesAPart).isBetween(10.0, 40.0);
        }
    }

    @Test
    void keys_theLongest_areFoundAndTheirBlocksBounded() throws IOException {
        Map<String, Part> parts = new TreeMap<>();
        for (int i = 0; i < 40; i++) {
            String key = (char) ('a' + i % 20) + "x".repeat(1_022 - i / 20) + (char) ('A' + i / 20);
            parts.put(key, Part.of(key, i * 8L, i, "v"));
        }
        checkRoundTrip(parts, 0);
    }

    @Test
    void keys_thatUtf16OrdersInAnotherWay_areOrderedByTheirBytes() throws IOException {
        List<String> keys = List.of("a", "a\u0000", "a\u0000b", "ab", "ÿ", "\uFFFD", "\uD83D\uDE00");
        PacksForTests.write(path, 1, keys.stream().map(key -> Part.of(key, 0, 0, "v")).toList());
        assertThat("\uFFFD".compareTo("\uD83D\uDE00")).isPositive();
        try (PackReader pack = open(bytes())) {
            assertThat(keys(pack.walk())).isEqualTo(keys);
        }
        try (PackWriter writer = PacksForTests.writer(directory.resolve("2.pack"), 2)) {
            writer.part(PacksForTests.header("\uD83D\uDE00", 0, 0), frames -> {});
            for (String notBehind : List.of("\uD83D\uDE00", "\uFFFD", "a")) {
                assertThatThrownBy(() -> writer.part(PacksForTests.header(notBehind, 0, 0), frames -> {}))
                        .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("ascending order");
            }
            // what was refused changed nothing
            assertThat(writer.finish(List.of()).parts()).isEqualTo(1);
        }
    }

    @Test
    void part_cutOut_isASegment() throws IOException {
        Part written = Part.of("k", 1_000, 5, "one", "two");
        PacksForTests.write(path, 1, List.of(Part.of("a", 0, 0, "x"), written));
        Path root = directory.resolve("log");
        try (PackReader pack = open(bytes())) {
            PackPart part = pack.part(pack.find(StreamKey.of("k")).orElseThrow());
            ByteBuffer all = ByteBuffer.allocate((int) part.bytes().size());
            assertThat(part.bytes().read(all, 0)).isEqualTo(all.capacity());
            Path file = new StreamDirectory(root, new ChannelCache(1)).of(part.header().key()).resolve(part.header().name().fileName());
            Files.createDirectories(file.getParent());
            Files.write(file, all.array());
            PackEntry entry = part.entry();
            assertThat(Arrays.copyOfRange(Files.readAllBytes(path), (int) entry.offset(), (int) (entry.offset() + entry.storedBytes())))
                    .as("as it stands in the pack").isEqualTo(all.array());
        }
        try (WalReader reader = WalReader.open(root)) {
            assertThat(reader.keys()).containsExactly("k");
            assertThat(reader.describe("k").orElseThrow().endPosition()).isEqualTo(1_000 + written.frames().length);
        }
    }

    // ---------------------------------------------------------------- sections, damage that is kept, what is refused

    @Test
    void sections_ofJoinedSegments_haveTheirOwnPositionsWindowsAndSalts() throws IOException {
        SegmentHeader one = PacksForTests.header("k", 80, 8);
        byte[] first = PacksForTests.frames(one, 10, "one", "two");
        SegmentHeader two = new SegmentHeader(one.key(), new Window(5, 9), 2_000_000, 80 + first.length + 800, 80 + first.length + 16, 1, 77, 7,
                1 << 20, 0, SegmentHeaderLayout.FIRST);
        byte[] second = PacksForTests.frames(two, 3, "three".repeat(20_000));
        SegmentHeader three = new SegmentHeader(one.key(), new Window(9, 11), 2_000_000, two.basePosition() + second.length,
                two.basePosition() + second.length, 1, 78, 7, 1 << 20, 0, 0);
        byte[] third = PacksForTests.frames(three, 30, "four");
        try (PackWriter writer = PacksForTests.writer(path, 1)) {
            writer.part(one, frames -> {
                frames.frames(ByteBuffer.wrap(first));
                frames.section(two);
                frames.frames(ByteBuffer.wrap(second));
                frames.section(three);
                frames.frames(ByteBuffer.wrap(third));
            });
            writer.finish(List.of());
        }
        try (PackReader pack = open(bytes())) {
            PackPart part = pack.part(pack.find(one.key()).orElseThrow());
            assertThat(part.sections()).extracting(PackSection::logicalOffset).containsExactly(0L, (long) first.length,
                    (long) first.length + second.length);
            assertThat(part.sections()).extracting(s -> s.header().previousEnd()).containsExactly(8L, two.previousEnd(), three.previousEnd());
            assertThat(part.sections()).extracting(s -> s.header().window()).containsExactly(one.window(), two.window(), three.window());
            assertThat(part.sections()).extracting(s -> s.header().isFirst()).containsOnly(false);
            List<Found> expected = new ArrayList<>();
            expected.addAll(new Part(one, first).records());
            expected.addAll(new Part(two, second).records());
            expected.addAll(new Part(three, third).records());
            assertThat(expected).hasSize(4);
            assertThat(PacksForTests.records(part)).isEqualTo(expected);
            assertThat(part.entry().smallestMillis()).isEqualTo(3);
            assertThat(part.entry().largestMillis()).isEqualTo(30);
            assertThat(pack.header().highestEnd()).isEqualTo(three.basePosition() + third.length);
        }
    }

    @Test
    void damage_thatIsCarriedOver_isToldAndWhatIsBehindItFound() throws IOException {
        SegmentHeader header = PacksForTests.header("k", 0, 0);
        byte[] all = PacksForTests.frames(header, 0, "one", "two", "three");
        all[40 + 33] ^= 1;
        try (PackWriter writer = PacksForTests.writer(path, 1)) {
            writer.part(header, frames -> {
                frames.frames(ByteBuffer.wrap(all, 0, 40));
                frames.damaged(ByteBuffer.wrap(all, 40, 40));
                frames.frames(ByteBuffer.wrap(all, 80, 40));
            });
            writer.finish(List.of());
        }
        try (PackReader pack = open(bytes())) {
            PackEntry entry = pack.find(header.key()).orElseThrow();
            assertThat(entry.isDamaged()).isTrue();
            assertThat(entry.records()).isEqualTo(2);
            ByteBuffer found = ByteBuffer.allocate(all.length);
            assertThat(pack.part(entry).bytes().read(found, header.headerLength())).isEqualTo(all.length);
            assertThat(found.array()).isEqualTo(all);
        }
    }

    @Test
    void writer_whatIsNoPart_isRefusedAndLeavesNothing() throws IOException {
        SegmentHeader header = PacksForTests.header("k", 0, 0);
        byte[] frames = PacksForTests.frames(header, 0, "one");
        List<PartSource> bad = List.of(
                out -> out.frames(ByteBuffer.wrap(frames, 0, frames.length - 8)),
                out -> out.frames(ByteBuffer.wrap(frames, 8, frames.length - 8)),
                out -> out.frames(ByteBuffer.allocate(40)),
                out -> out.damaged(ByteBuffer.allocate(7)),
                out -> out.section(header),
                out -> {
                    out.frames(ByteBuffer.wrap(frames));
                    out.section(PacksForTests.header("other", 1_000, 1_000));
                },
                out -> {
                    out.frames(ByteBuffer.wrap(frames));
                    out.section(PacksForTests.header("k", 1_000, 1_000));
                });
        for (PartSource source : bad) {
            PackWriter writer = PacksForTests.writer(path, 1);
            try (writer) {
                assertThatThrownBy(() -> writer.part(header, source)).isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> writer.finish(List.of())).isInstanceOf(IllegalStateException.class);
            }
            assertThat(directory).isEmptyDirectory();
        }
        try (PackWriter writer = PacksForTests.writer(path, 1)) {
            assertThatThrownBy(() -> writer.finish(List.of())).isInstanceOf(IllegalStateException.class);
        }
        assertThat(directory).isEmptyDirectory();
        assertThatThrownBy(() -> PackWriter.create(PacksForTests.temporary(path), path, new PackHeader(PacksForTests.WINDOW, 0, 0, 0, 0, 0, 0, 1,
                0, 0, 0, 2, PackHeaderLayout.PACK | PackHeaderLayout.COLUMNS))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void writer_keepsAFewBytesAPart() throws IOException {
        try (PackWriter writer = PacksForTests.writer(path, 1)) {
            for (int i = 0; i < 20_000; i++) {
                SegmentHeader header = PacksForTests.header(String.format("sensor/%05d/temperature", i), i * 64L, i * 64L);
                byte[] frames = PacksForTests.frames(header, 1_700_000_000_000L + i * 37 % 1_000, "21.5");
                writer.part(header, out -> out.frames(ByteBuffer.wrap(frames)));
            }
            assertThat(writer.keptBytes()).isLessThan(20_000 * 40L);
            PackFooter footer = writer.finish(List.of());
            assertThat(footer.indexBytes()).isLessThan(10_000);
        }
    }

    // ---------------------------------------------------------------- what others make of it

    @Test
    void pack_whereASegmentIsLookedFor_isUnsupportedAndNotDamaged() throws IOException {
        PacksForTests.write(path, 1, List.of(Part.of("k", 0, 0, "v")));
        StreamKey key = StreamKey.of("k");
        SegmentName name = new SegmentName(0, 2_000_000);
        assertThatThrownBy(() -> SegmentFiles.readHeader(LogFile.reading(path), path, key, name))
                .isInstanceOf(UnsupportedFormatException.class).hasMessageContaining("another version");
        Path file = new StreamDirectory(directory, new ChannelCache(1)).of(key).resolve(name.fileName());
        Files.createDirectories(file.getParent());
        Files.copy(path, file);
        try (WalReader reader = WalReader.open(directory); var cursor = reader.scan("k")) {
            assertThatThrownBy(cursor::next).isInstanceOf(UnsupportedFormatException.class);
        }
    }

    @Test
    void reader_ofASegmentOrAnotherVersion_saysSo() throws IOException, FormatException {
        PackHeader header = PacksForTests.packHeader(3);
        ByteBuffer encoded = PackHeaderLayout.encode(header);
        assertThat(PackHeaderLayout.decode(encoded)).isEqualTo(header);
        for (int feature : new int[] {PackHeaderLayout.COLUMNS, PackHeaderLayout.ENCRYPTED, 1 << 9}) {
            ByteBuffer newer = PackHeaderLayout.encode(header).putInt(PackHeaderLayout.FEATURE_FLAGS, PackHeaderLayout.PACK | feature);
            newer.putInt(PackHeaderLayout.HEADER_CHECKSUM, PackChecksum.without(newer, 0, PackHeaderLayout.BYTES, PackHeaderLayout.HEADER_CHECKSUM));
            assertThatThrownBy(() -> PackHeaderLayout.decode(newer)).isInstanceOfSatisfying(FormatException.class,
                    e -> assertThat(e.isUnsupported()).isTrue())
                    .hasMessageContaining(feature == PackHeaderLayout.COLUMNS ? "COLUMNS" : feature == PackHeaderLayout.ENCRYPTED ? "ENCRYPTED" : "0x201");
        }
        ByteBuffer mayBeIgnored = PackHeaderLayout.encode(header).putInt(PackHeaderLayout.FEATURE_FLAGS, PackHeaderLayout.PACK | 1 << 20);
        mayBeIgnored.putInt(PackHeaderLayout.HEADER_CHECKSUM,
                PackChecksum.without(mayBeIgnored, 0, PackHeaderLayout.BYTES, PackHeaderLayout.HEADER_CHECKSUM));
        assertThat(PackHeaderLayout.decode(mayBeIgnored).packNumber()).isEqualTo(3);
    }

    // ---------------------------------------------------------------- reads

    @Test
    void reads_ofAColdFind_areOneToOpenOneOfTheTableAndOneOfTheData() throws IOException {
        List<Part> parts = new ArrayList<>();
        for (int i = 0; i < 5_000; i++) {
            parts.add(Part.of(String.format("k%05d", i), i * 64L, i, "v"));
        }
        PacksForTests.write(path, 1, parts);
        BytesOf bytes = bytes();
        TableCache cache = new TableCache(64 << 10);
        try (PackReader pack = PackReader.open(bytes, path, cache)) {
            assertThat(bytes.reads()).as("to open").hasSize(1);
            PackEntry entry = pack.find(StreamKey.of("k02500")).orElseThrow();
            assertThat(bytes.reads()).as("and a table block").hasSize(2);
            assertThat(PacksForTests.records(pack.part(entry))).hasSize(1);
            assertThat(bytes.reads()).as("and the data").hasSize(3);
            assertThat(pack.find(StreamKey.of("k02501"))).isPresent();
            assertThat(pack.find(StreamKey.of("k02501x"))).isEmpty();
            assertThat(bytes.reads()).as("cached").hasSize(3);
            assertThat(pack.find(StreamKey.of("a"))).isEmpty();
            assertThat(bytes.reads()).as("before the first").hasSize(3);
            for (int i = 0; i < 5_000; i++) {
                assertThat(pack.find(StreamKey.of(String.format("k%05d", i)))).isPresent();
                assertThat(cache.bytes()).isLessThanOrEqualTo(64 << 10);
            }
            assertThat(bytes.reads()).as("each block once, and one that had gone").hasSizeBetween(pack.footer().tableBlocks() + 2,
                    pack.footer().tableBlocks() + 4);
            int before = bytes.reads().size();
            assertThat(pack.header().level()).isEqualTo(1);
            assertThat(pack.header().packNumber()).isEqualTo(1);
            assertThat(bytes.reads()).as("the header, once").hasSize(before + 1);
        }
        assertThat(cache.bytes()).isZero();
    }

    @Test
    void reads_ofAnIndexLargerThanTheFirst_areTwo() throws IOException {
        List<PackSource> sources = new ArrayList<>();
        for (int i = 0; i < 5_000; i++) {
            sources.add(new PackSource(PackSource.OWN_SEGMENT, i, i));
        }
        PacksForTests.write(path, 1, List.of(Part.of("k", 0, 0, "v")), sources.toArray(PackSource[]::new));
        BytesOf bytes = bytes();
        try (PackReader pack = open(bytes)) {
            assertThat(pack.sources()).isEqualTo(sources);
            // the index and the sources, each for itself
            assertThat(bytes.reads().size()).isBetween(2, 3);
        }
    }

    @Test
    void walk_throughASpanOfTime_readsOnlyTheTableBlocksThatOverlap() throws IOException {
        List<Part> parts = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            // one late record among new ones, as a time of its own
            long timestamp = i == 1_234 ? 5 : 1_000 + i / 200;
            parts.add(i % 10 == 0 ? Part.of(String.format("k%05d", i), 0, 0) : Part.of(String.format("k%05d", i), 0, timestamp, "v"));
        }
        PacksForTests.write(path, 1, parts);
        BytesOf bytes = bytes();
        try (PackReader pack = open(bytes)) {
            int blocks = pack.footer().tableBlocks();
            assertThat(blocks).isGreaterThan(5);
            assertThat(keys(pack.walk().between(0, 10))).containsExactly("k01234");
            assertThat(bytes.reads()).as("open and one block").hasSize(2);
            assertThat(keys(pack.walk().between(20, 1_000))).isEmpty();
            assertThat(keys(pack.walk().between(2_000, Long.MAX_VALUE))).isEmpty();
            assertThat(bytes.reads().size()).as("blocks of new parts with a late one may be read in vain").isBetween(2, 3);
            assertThat(keys(pack.walk().between(1_000, 1_001))).hasSize(180);
            assertThat(keys(pack.walk().between(Long.MIN_VALUE, Long.MAX_VALUE))).hasSize(1_800);
            assertThat(keys(pack.walk())).hasSize(2_000);
            int before = bytes.reads().size();
            assertThat(keys(pack.walk().withPrefix("k0000"))).hasSize(10);
            assertThat(bytes.reads()).hasSize(before + 1);
        }
    }
}
