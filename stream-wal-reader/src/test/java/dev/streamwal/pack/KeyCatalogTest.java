package dev.streamwal.pack;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.io.LogFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The file with the keys of packs: what was written is read; of what isn't what was written no key is read that wasn't. */
class KeyCatalogTest {

    private static final List<CoveredPack> PACKS = List.of(new CoveredPack(3, 1_000, 7), new CoveredPack(4, 2_000, 8), new CoveredPack(1L << 40, 1, 9));
    private static final long EDITS = 77;

    @TempDir
    Path root;

    private record Entry(String key, int pack, long basePosition) {}

    @BeforeEach
    void makeDirectory() throws IOException {
        Files.createDirectory(PackFiles.directory(root));
    }

    private List<Entry> write(int count, Random random) throws IOException {
        TreeSet<byte[]> keys = new TreeSet<>(Arrays::compareUnsigned);
        while (keys.size() < count) {
            keys.add(("sensor/" + "ä".repeat(random.nextInt(3)) + random.nextInt(10 * count) + "x".repeat(random.nextInt(50) == 0 ? 900 : 0))
                    .getBytes(UTF_8));
        }
        List<Entry> entries = new ArrayList<>();
        try (KeyCatalogWriter writer = KeyCatalogWriter.create(root)) {
            for (byte[] key : keys) {
                Entry entry = new Entry(new String(key, UTF_8), random.nextInt(PACKS.size()), random.nextLong() >>> (1 + random.nextInt(62)));
                writer.add(key, entry.pack(), entry.basePosition());
                entries.add(entry);
            }
            writer.finish(PACKS, EDITS);
        }
        return entries;
    }

    /** @param found gets what is found, also where something is damaged behind it */
    private void read(List<Entry> found) throws IOException {
        try (LogFile file = LogFile.reading(PackFiles.keys(root))) {
            KeyCatalogReader reader = new KeyCatalogReader(file, file.path());
            assertThat(reader.packs()).isEqualTo(PACKS);
            assertThat(reader.edits()).isEqualTo(EDITS);
            KeyCatalogReader.Walk walk = reader.walk();
            while (walk.next()) {
                found.add(new Entry(walk.key().text(), walk.pack(), walk.basePosition()));
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
    void walk_anyByteChanged_refusedBehindWhatWasWritten() throws IOException {
        List<Entry> entries = write(300, new Random(6));
        byte[] written = Files.readAllBytes(PackFiles.keys(root));
        for (int i = 0; i < written.length; i++) {
            byte[] changed = written.clone();
            changed[i] ^= (byte) (1 << i % 8);
            assertRefused(changed, entries);
        }
    }

    @Test
    void walk_anyLength_refused() throws IOException {
        List<Entry> entries = write(300, new Random(7));
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
        try (KeyCatalogWriter writer = KeyCatalogWriter.create(root)) {
            writer.add("other".getBytes(UTF_8), 0, 1);
        }
        List<Entry> found = new ArrayList<>();
        read(found);
        assertThat(found).isEqualTo(entries);
        assertThat(PackFiles.temporaryKeys(root)).doesNotExist();
    }
}
