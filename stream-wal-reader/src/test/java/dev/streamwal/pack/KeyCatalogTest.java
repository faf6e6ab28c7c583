package dev.streamwal.pack;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.LogFile;
import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The file with the keys of packs: what was written is read; of what isn't what was written no key is read that wasn't. */
class KeyCatalogTest {

    private static final List<CatalogedPack> PACKS = List.of(pack(3, 1_000), pack(4, 70_000), pack(1L << 40, 2_000));
    private static final long EDITS = 77;
    private static final int FEWEST_IN_A_GROUP = 10;

    @TempDir
    Path root;

    private record Entry(String key, int pack, long basePosition, List<CatalogedSegment> segments) {}

    @BeforeEach
    void makeDirectory() throws IOException {
        Files.createDirectory(PackFiles.directory(root));
    }

    /** With a table of all bytes but some. */
    private static CatalogedPack pack(long number, long bytes) {
        return new CatalogedPack(new CoveredPack(number, bytes, 7), new PackFacts(PacksForTests.packHeader(number), 100, bytes - 100));
    }

    private List<Entry> write(int count, Random random) throws IOException {
        TreeSet<byte[]> keys = new TreeSet<>(Arrays::compareUnsigned);
        while (keys.size() < count) {
            keys.add(("sensor/" + "ä".repeat(random.nextInt(3)) + random.nextInt(10 * count) + "x".repeat(random.nextInt(50) == 0 ? 900 : 0))
                    .getBytes(UTF_8));
        }
        List<Entry> entries = new ArrayList<>();
        try (KeyCatalogWriter writer = KeyCatalogWriter.create(root, PACKS, EDITS)) {
            for (byte[] key : keys) {
                List<CatalogedSegment> segments = segments(random);
                assertThat(writer.add(key, segments)).isTrue();
                CatalogedSegment newest = segments.get(segments.size() - 1);
                entries.add(new Entry(new String(key, UTF_8), newest.pack(), newest.basePosition(), segments));
            }
            writer.finish();
        }
        return entries;
    }

    private static List<CatalogedSegment> segments(Random random) {
        List<CatalogedSegment> segments = new ArrayList<>();
        long end = 0;
        for (int left = random.nextInt(200) == 0 ? 300 : 1 + random.nextInt(5); left > 0; left--) {
            long base = end + random.nextInt(2) * (random.nextLong() >>> (16 + random.nextInt(46)));
            int pack = random.nextInt(PACKS.size());
            PackFacts facts = PACKS.get(pack).facts();
            int block = random.nextInt((int) (facts.indexOffset() - facts.tableOffset()) / 8);
            segments.add(new CatalogedSegment(pack, base, 8L * random.nextInt(1 << random.nextInt(18)),
                    random.nextBoolean() ? TimeSpread.IN_WINDOW : random.nextLong(), block));
            end = segments.get(segments.size() - 1).endPosition();
        }
        return segments;
    }

    /** @param found gets what is found, also where something is damaged behind it */
    private void read(List<Entry> found) throws IOException {
        try (LogFile file = LogFile.reading(PackFiles.keys(root))) {
            KeyCatalogReader reader = new KeyCatalogReader(file, file.path());
            assertThat(reader.packs()).isEqualTo(PACKS.stream().map(CatalogedPack::pack).toList());
            for (int i = 0; i < PACKS.size(); i++) {
                assertThat(reader.facts(i)).isEqualTo(PACKS.get(i).facts());
            }
            assertThat(reader.edits()).isEqualTo(EDITS);
            KeyCatalogReader.Walk walk = reader.walk(file);
            while (walk.next()) {
                found.add(new Entry(walk.key().text(), walk.pack(), walk.basePosition(), walk.segments()));
            }
            assertThat(reader.keys()).isEqualTo(found.size());
        }
    }

    @Test
    void walk_anyNumberOfKeys_asWritten() throws IOException {
        Random random = new Random(5);
        for (int count : List.of(0, 1, 2, 100, 1_000, 30_000)) {
            List<Entry> entries = write(count, random);
            List<Entry> found = new ArrayList<>();
            read(found);
            assertThat(found).isEqualTo(entries);
            assertThat(root.resolve("packs")).isDirectoryNotContaining("glob:**tmp");
        }
    }

    @Test
    void walk_anyBeginning_onlyThoseKeysAndOnlyTheirGroups() throws IOException {
        List<Entry> entries = write(5_000, new Random(12));
        Random random = new Random(13);
        List<String> beginnings = new ArrayList<>(List.of("", "a", "s", "sensor/", "sensor/0", "sensor/9", "sensor/ä", "sensor/ää4", "sensor/äääx", "t"));
        for (int i = 0; i < 300; i++) {
            String key = entries.get(random.nextInt(entries.size())).key();
            beginnings.add(key.substring(0, 1 + random.nextInt(key.length())));
            beginnings.add(key + "x");
        }
        try (LogFile file = LogFile.reading(PackFiles.keys(root))) {
            file.open();
            KeyCatalogReader reader = new KeyCatalogReader(file, file.path());
            for (String beginning : beginnings) {
                CountedBytes counted = new CountedBytes(file);
                KeyCatalogReader.Walk walk = reader.walk(counted, beginning.getBytes(UTF_8));
                List<Entry> found = new ArrayList<>();
                while (walk.next()) {
                    found.add(new Entry(walk.key().text(), walk.pack(), walk.basePosition(), List.of()));
                }
                List<Entry> expected = entries.stream().filter(entry -> entry.key().startsWith(beginning))
                        .map(entry -> new Entry(entry.key(), entry.pack(), entry.basePosition(), List.of())).toList();
                assertThat(found).as(beginning).isEqualTo(expected);
                // of some 80 groups
                assertThat(counted.reads).as(beginning).isLessThanOrEqualTo(3 + expected.size() / FEWEST_IN_A_GROUP);
            }
        }
    }

    private static final class CountedBytes implements SegmentBytes {
        private final SegmentBytes all;
        private int reads;

        CountedBytes(SegmentBytes all) {
            this.all = all;
        }

        @Override
        public int read(ByteBuffer target, long offset) throws IOException {
            reads++;
            return all.read(target, offset);
        }

        @Override
        public long size() throws IOException {
            return all.size();
        }
    }

    @Test
    void find_anyKey_asWritten() throws IOException {
        List<Entry> entries = write(3_000, new Random(9));
        BlockCache cache = new BlockCache(64 << 10);
        try (LogFile file = LogFile.reading(PackFiles.keys(root))) {
            file.open();
            KeyCatalogReader reader = new KeyCatalogReader(file, file.path());
            for (Entry entry : entries) {
                assertThat(reader.find(file, StreamKey.of(entry.key()), cache)).isEqualTo(entry.segments());
                assertThat(reader.find(file, StreamKey.of(entry.key() + "!"), cache)).isEmpty();
            }
            assertThat(reader.find(file, StreamKey.of("a"), cache)).isEmpty();
            assertThat(reader.find(file, StreamKey.of("z"), cache)).isEmpty();
            Random random = new Random(10);
            for (int i = 0; i < 20_000; i++) {
                Entry entry = entries.get(random.nextInt(4) == 0 ? random.nextInt(entries.size()) : i / 4 % entries.size());
                assertThat(reader.find(file, StreamKey.of(entry.key()), cache)).isEqualTo(entry.segments());
            }
        }
    }

    @Test
    void find_anotherFileHasItsName_refused() throws IOException {
        List<Entry> entries = write(300, new Random(10));
        try (LogFile file = LogFile.reading(PackFiles.keys(root))) {
            file.open();
            KeyCatalogReader reader = new KeyCatalogReader(file, file.path());
            List<CatalogedPack> others = List.of(PACKS.get(0), PACKS.get(1), pack(1L << 41, 2_000));
            Path first = root.resolve("first");
            Files.move(file.path(), first);
            try (KeyCatalogWriter writer = KeyCatalogWriter.create(root, others, EDITS)) {
                for (Entry entry : entries) {
                    assertThat(writer.add(entry.key().getBytes(UTF_8), entry.segments())).isTrue();
                }
                writer.finish();
            }
            assertThat(Files.size(file.path())).isEqualTo(Files.size(first));
            try (LogFile other = LogFile.reading(file.path())) {
                other.open();
                for (Entry entry : entries) {
                    assertThatThrownBy(() -> reader.find(other, StreamKey.of(entry.key()), new BlockCache(0)))
                            .isInstanceOf(CorruptSegmentException.class);
                    assertThat(reader.find(file, StreamKey.of(entry.key()), new BlockCache(0))).isEqualTo(entry.segments());
                }
            }
        }
    }

    @Tag("exhaustive")
    @Test
    void walk_anyByteChanged_refusedBehindWhatWasWritten() throws IOException {
        List<Entry> entries = write(150, new Random(6));
        byte[] written = Files.readAllBytes(PackFiles.keys(root));
        for (int i = 0; i < written.length; i++) {
            byte[] changed = written.clone();
            changed[i] ^= (byte) (1 << i % 8);
            assertRefused(changed, entries);
        }
    }

    @Tag("exhaustive")
    @Test
    void walk_anyLength_refused() throws IOException {
        List<Entry> entries = write(150, new Random(7));
        byte[] written = Files.readAllBytes(PackFiles.keys(root));
        for (int i = 0; i < written.length; i++) {
            assertRefused(Arrays.copyOf(written, i), entries);
            assertRefused(Arrays.copyOfRange(written, written.length - i, written.length), entries);
        }
        assertRefused(Arrays.copyOf(written, written.length + 8), entries);
    }

    private void assertRefused(byte[] content, List<Entry> entries) throws IOException {
        Files.write(PackFiles.keys(root), content);
        List<Entry> found = new ArrayList<>();
        assertThatThrownBy(() -> read(found)).isInstanceOf(CorruptSegmentException.class).hasMessageContaining("file=");
        assertThat(Collections.indexOfSubList(entries, found)).isZero();
    }

    @Test
    void close_unfinished_leavesTheOneBefore() throws IOException {
        List<Entry> entries = write(10, new Random(8));
        try (KeyCatalogWriter writer = KeyCatalogWriter.create(root, PACKS, EDITS)) {
            assertThat(writer.add("other".getBytes(UTF_8), List.of(new CatalogedSegment(0, 1, 8, TimeSpread.IN_WINDOW, 0)))).isTrue();
        }
        List<Entry> found = new ArrayList<>();
        read(found);
        assertThat(found).isEqualTo(entries);
        assertThat(PackFiles.temporaryKeys(root)).doesNotExist();
    }
}
