package dev.streamwal.packing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import dev.streamwal.SweepResult;
import dev.streamwal.WalOptions;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.ManifestFile;
import dev.streamwal.pack.CoveredPack;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.VerifyReport;
import dev.streamwal.reader.WalReader;
import dev.streamwal.storage.FreeSpace;
import dev.streamwal.storage.PositionsWriter;
import dev.streamwal.storage.WriterFence;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** When the catalogue of keys is written anew, and what listing keys reads then. */
class KeyCatalogUpdateTest {

    private static final int PACKS = 100;
    private static final int KEYS = 200;
    private static final long WINDOW = 10_000;
    /** Short enough that windows leave a pack each, which aren't merged; nothing is swept. */
    private static final int WINDOWS_OF_RETENTION = 60;

    private static final long BEGIN = 1_772_366_400_000L;

    /** A log with so many packs, which tests copy. */
    @TempDir
    static Path ofPacks;

    @TempDir
    Path root;

    private long nowMillis = BEGIN;

    @BeforeAll
    static void appendPacks() {
        KeyCatalogUpdateTest test = new KeyCatalogUpdateTest();
        test.root = ofPacks;
        try (StreamWal wal = test.open()) {
            test.append(wal, PACKS);
        }
    }

    /** Begins with the log of so many packs. */
    private void beginWithPacks() throws IOException {
        try (Stream<Path> files = Files.walk(ofPacks)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path copy = root.resolve(ofPacks.relativize(file).toString());
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy);
            }
        }
        nowMillis = BEGIN + PACKS * WINDOW;
    }

    private static List<ListedPack> listed(int from, int to, long segments) {
        return IntStream.range(from, to).mapToObj(i -> new ListedPack(i, new Window(0, WINDOW), 0, 0, 0, true, 1_000, segments, 0)).toList();
    }

    private static List<CoveredPack> covered(int from, int to, long segments) {
        return IntStream.range(from, to).mapToObj(i -> new CoveredPack(i, 1_000, segments)).toList();
    }

    @Test
    void isDue_fewPacks_onlyFromFourOn() {
        assertThat(KeyCatalogUpdate.isDue(List.of(), List.of(), 0)).isFalse();
        assertThat(KeyCatalogUpdate.isDue(listed(1, 4, 100), List.of(), 0)).isFalse();
        assertThat(KeyCatalogUpdate.isDue(listed(1, 5, 100), List.of(), 0)).isTrue();
    }

    @Test
    void isDue_packsThatCameAndWent_fromAQuarterOn() {
        assertThat(KeyCatalogUpdate.isDue(listed(1, 41, 100), covered(1, 41, 100), 1_000)).isFalse();
        assertThat(KeyCatalogUpdate.isDue(listed(5, 46, 100), covered(1, 41, 100), 1_000)).isFalse();
        assertThat(KeyCatalogUpdate.isDue(listed(6, 46, 100), covered(1, 41, 100), 1_000)).isTrue();
        assertThat(KeyCatalogUpdate.isDue(listed(1, 1_016, 100), covered(1, 201, 100), 1_000)).as("many packs").isTrue();
        assertThat(KeyCatalogUpdate.isDue(listed(1, 216, 100), covered(1, 201, 100), 1_000)).as("fewer than sixteen").isFalse();
        assertThat(KeyCatalogUpdate.isDue(listed(1, 217, 100), covered(1, 201, 100), 1_000)).isTrue();
        assertThat(KeyCatalogUpdate.isDue(listed(1, 1_017, 100), covered(1, 1_001, 100), 1_000)).as("less than a sixteenth of all").isFalse();
        assertThat(KeyCatalogUpdate.isDue(listed(1, 1_064, 100), covered(1, 1_001, 100), 1_000)).isTrue();
        assertThat(KeyCatalogUpdate.isDue(listed(1, 12, 2_000), covered(1, 11, 2_000), 1_000)).as("one with twice as many as there are keys").isTrue();
        assertThat(KeyCatalogUpdate.isDue(listed(1, 42, 2_000), covered(1, 41, 2_000), 1_000)).as("one, less than a sixteenth of all").isFalse();
        assertThat(KeyCatalogUpdate.isDue(listed(1, 41, 101), covered(1, 41, 100), 1_000)).as("others with these numbers").isTrue();
    }

    private StreamWal open() {
        return StreamWal.open(root, WalOptions.builder().clock(() -> Instant.ofEpochMilli(nowMillis)).window(Duration.ofMillis(WINDOW))
                .retention(Duration.ofMillis(WINDOW * WINDOWS_OF_RETENTION)).sweepInterval(Duration.ZERO).ownSegments(0).build());
    }

    private static String key(int number) {
        return "key/" + number;
    }

    /** Of the streams that were let go of, those that packs have are known behind it; of others, that have expired, the filter is rid. */
    @Test
    void pass_manyStreamsThatWereLetGoOfHaveExpired_theFilterOfThoseIsMadeAnew() throws IOException {
        beginWithPacks();
        Files.delete(PackFiles.keys(root));
        PackStore store = PackStore.open(root, FreeSpace.UNKNOWN, true, false, WriterFence.NONE, PositionsWriter.load(root, () -> false), () -> 0);
        KeyFilter forgotten = store.ends.forgotten;
        List<StreamKey> there = new ArrayList<>();
        try (WalReader reader = WalReader.open(root)) {
            reader.keys().forEach(key -> there.add(StreamKey.of(key)));
        }
        assertThat(there).hasSizeGreaterThan(PACKS);
        there.forEach(forgotten::add);
        for (int i = 0; i < 200_000; i++) {
            forgotten.add(StreamKey.of("gone/" + i));
        }
        long before = forgotten.bytes();
        new KeyCatalogUpdate(store).pass(() -> {
            // another thread, in the middle
            forgotten.add(StreamKey.of("let go of meanwhile"));
            return false;
        });
        assertThat(PackFiles.keys(root)).exists();
        assertThat(there).allMatch(forgotten::mayHave);
        assertThat(forgotten.mayHave(StreamKey.of("let go of meanwhile"))).isTrue();
        assertThat(IntStream.range(0, 10_000).filter(i -> forgotten.mayHave(StreamKey.of("gone/" + i))).count()).isLessThan(50);
        assertThat(forgotten.bytes()).isLessThan(before);
        store.close();
    }

    /** A pack a window; each has a key that no other has. */
    private void append(StreamWal wal, int packs, String... alsoTo) {
        for (int i = 0; i < packs; i++) {
            for (String key : alsoTo) {
                wal.stream(key).append(new byte[8]);
            }
            for (int key = 0; key < KEYS; key++) {
                wal.stream(key(key)).append(new byte[8]);
            }
            wal.stream("once/" + nowMillis).append(new byte[8]);
            nowMillis += WINDOW;
            assertThat(wal.pack()).isPositive();
        }
    }

    private Path file() {
        return root.resolve("packs").resolve("keys");
    }

    @Test
    void keys_ofPacksThatAreCovered_readNoTable() throws IOException {
        beginWithPacks();
        try (StreamWal wal = open()) {
            assertThat(wal.stats().packs()).isEqualTo(PACKS);
            assertThat(file()).exists();
            try (WalReader reader = WalReader.open(root)) {
                assertThat(reader.keys()).hasSize(KEYS + PACKS);
                // those that came since: header, end, and their table blocks
                assertThat(reader.readCalls()).isLessThan(16 * 8);
                long before = reader.readCalls();
                assertThat(reader.keys(Keys.prefix("once/"))).hasSize(PACKS);
                assertThat(reader.readCalls() - before).isLessThan(16 * 6);
            }
            Files.delete(file());
            assertThat(wal.pack()).isZero();
        }
        try (StreamWal wal = open()) {
            assertThat(wal.pack()).isZero();
            try (WalReader reader = WalReader.open(root)) {
                assertThat(reader.keys()).hasSize(KEYS + PACKS);
                assertThat(reader.readCalls()).isZero();
            }
        }
    }

    /** Of 100 packs those are looked at that have what is asked for. */
    @Tag("exhaustive")
    @Test
    void read_ofOneKey_looksIntoFewPacks() {
        int silent = 50;
        try (StreamWal wal = open()) {
            for (int i = 0; i < silent; i++) {
                EntryRef unused = wal.stream("silent/" + i).append(new byte[8]);
            }
            append(wal, PACKS / 2);
            long middle = nowMillis;
            EntryRef inTheMiddle = wal.stream(key(7)).append(new byte[8]);
            append(wal, PACKS / 2);
            try (WalReader reader = WalReader.open(root)) {
                Calls calls = new Calls(reader);
                assertThat(reader.latest("silent/0")).isPresent();
                assertThat(calls.since()).as("the catalogue, a pack, and those that aren't in the catalogue").isLessThan(16 * 2 + 8);
                for (int i = 1; i < silent; i++) {
                    assertThat(reader.latest("silent/" + i)).isPresent();
                }
                assertThat(calls.since()).as("the record of each").isLessThanOrEqualTo(silent + 2);
                int ofOneKey = 1 + 15 + 2;
                assertThat(reader.find(inTheMiddle)).isPresent();
                assertThat(calls.since()).as("the catalogue, packs that aren't in it; a pack's table, the record")
                        .isLessThanOrEqualTo(ofOneKey);
                try (EntryCursor cursor = reader.scan(key(9), Instant.ofEpochMilli(middle - WINDOW), Instant.ofEpochMilli(middle))) {
                    assertThat(cursor.next()).isTrue();
                    assertThat(cursor.next()).isFalse();
                }
                assertThat(calls.since()).as("as many").isLessThanOrEqualTo(ofOneKey);
            }
        }
    }

    /** What a reader reads that has just been opened, where the catalogue covers all packs: two places in it, and of each pack two. */
    @Test
    void read_ofOneKey_whereAllPacksAreCovered_opensNoPack() throws IOException {
        beginWithPacks();
        Files.delete(file());
        try (StreamWal wal = open()) {
            assertThat(wal.pack()).isZero();
            assertThat(file()).exists();
        }
        long window = nowMillis - 50 * WINDOW;
        try (WalReader reader = WalReader.open(root); EntryCursor cursor = reader.scan(key(9), Instant.ofEpochMilli(window), Instant.ofEpochMilli(window + WINDOW))) {
            assertThat(cursor.next()).isTrue();
            assertThat(cursor.next()).isFalse();
            assertThat(reader.readCalls()).as("the catalogue's end, and the key in it; a block of the pack's table, the record").isEqualTo(4);
        }
        try (WalReader reader = WalReader.open(root); EntryCursor cursor = reader.scan(key(9))) {
            int records = 0;
            while (cursor.next()) {
                records++;
            }
            assertThat(records).isEqualTo(PACKS);
            assertThat(reader.readCalls()).isEqualTo(2 + 2 * PACKS);
        }
    }

    /** Reading needs neither header nor end of a pack whose segments are in the catalogue. A copy without the catalogue does: so verifying says it. */
    @Test
    void verify_ofAPackThatIsDamagedBesideItsSegments_saysSoAlsoWhereTheCatalogueIsEnough() throws IOException {
        try (StreamWal wal = open()) {
            append(wal, 6);
        }
        assertThat(file()).exists();
        Path pack = PackFiles.pack(root, ManifestFile.read(root).packsInOrder().get(0).number());
        byte[] whole = Files.readAllBytes(pack);
        for (int at : new int[] {60, whole.length - 20, whole.length - 100, -1}) {
            byte[] damaged = at < 0 ? Arrays.copyOf(whole, whole.length - 97) : whole.clone();
            damaged[Math.max(0, at)] ^= (byte) (at < 0 ? 0 : 1);
            Files.write(pack, damaged);
            try (WalReader reader = WalReader.open(root)) {
                for (int key = 0; key < KEYS; key++) {
                    VerifyReport report = reader.verify(key(key));
                    assertThat(report.damage()).as("%s at %s", key(key), at).singleElement()
                            .satisfies(each -> assertThat(each.file()).isEqualTo(pack));
                    assertThat(report.records()).isEqualTo(6);
                }
            }
        }
    }

    /** In each window a key has a late record; packs are passed unread whose late records are of other windows. */
    @Tag("exhaustive")
    @Test
    void read_ofARangeOfTime_whereRecordsAreLate_looksIntoThePacksThatHaveSome() {
        String key = "late";
        long[] lateness = new long[PACKS];
        long begin = nowMillis;
        try (StreamWal wal = open()) {
            for (int i = 0; i < PACKS; i++) {
                lateness[i] = i == 0 ? 0 : 1 + (i * 37L) % Math.min(i, WINDOWS_OF_RETENTION - 10);
                wal.stream(key).append(Instant.ofEpochMilli(nowMillis - lateness[i] * WINDOW), new byte[8]);
                append(wal, 1, key);
            }
            int window = 30;
            long from = begin + window * WINDOW;
            long having = IntStream.range(0, PACKS).filter(i -> i == window || i - lateness[i] == window).count();
            try (WalReader reader = WalReader.open(root)) {
                Calls calls = new Calls(reader);
                assertThat(reader.keys()).isNotEmpty();
                long unused = calls.since();
                int records = 0;
                try (EntryCursor cursor = reader.scan(key, Instant.ofEpochMilli(from), Instant.ofEpochMilli(from + WINDOW))) {
                    while (cursor.next()) {
                        records++;
                    }
                }
                assertThat(records).isEqualTo(1 + (int) IntStream.range(0, PACKS).filter(i -> i - lateness[i] == window).count());
                assertThat(calls.since()).as("the catalogue, packs that aren't in it, and two places of each pack that may have some").isLessThanOrEqualTo(1 + 15 + 2 * having);
            }
        }
    }

    /** How often somebody reads. */
    private static final class Calls {
        private final WalReader reader;
        private long before;

        Calls(WalReader reader) {
            this.reader = reader;
        }

        long since() {
            long now = reader.readCalls();
            long calls = now - before;
            before = now;
            return calls;
        }
    }

    @Test
    void pass_keysWhosePacksExpired_areDropped() throws IOException {
        beginWithPacks();
        try (StreamWal wal = open()) {
            long full = Files.size(file());
            nowMillis += WINDOW * PACKS / 2;
            SweepResult swept = wal.sweep();
            assertThat(swept.failedSegments()).isZero();
            assertThat(wal.pack()).isZero();
            assertThat(Files.size(file())).isLessThan(full);
            try (WalReader reader = WalReader.open(root)) {
                assertThat(reader.keys()).isEqualTo(wal.keys()).hasSizeLessThan(KEYS + PACKS);
            }
        }
    }

    @Test
    @Timeout(300)
    void keys_whileTheCatalogueIsWrittenAnew_alwaysAll() throws InterruptedException {
        try (StreamWal wal = open(); WalReader reader = WalReader.open(root)) {
            append(wal, 8);
            TreeSet<String> all = new TreeSet<>(wal.keys());
            AtomicReference<Throwable> failure = new AtomicReference<>();
            Thread lister = new Thread(() -> {
                try {
                    while (!Thread.currentThread().isInterrupted()) {
                        assertThat(reader.keys()).containsAll(all);
                    }
                } catch (RuntimeException | Error e) {
                    failure.set(e);
                }
            });
            lister.start();
            append(wal, 60);
            lister.interrupt();
            lister.join();
            assertThat(failure).hasNullValue();
        }
    }
}
