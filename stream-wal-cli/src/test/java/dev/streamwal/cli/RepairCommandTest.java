package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.Compression;
import dev.streamwal.Storage;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.reader.Keys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code repair}. */
class RepairCommandTest {

    private static final Duration WINDOW = Duration.ofMinutes(10);
    private static final int STREAMS = 4;
    /** How many bytes of each file are changed, in turn. */
    private static final int CHANGES = 9;

    @TempDir
    private Path directory;

    private Path root;
    private Path folder;
    private Instant now = CliRun.NOW.minus(Duration.ofHours(3));

    @BeforeEach
    void name() {
        root = directory.resolve("log");
        folder = directory.resolve("backup");
    }

    /** Where records are. */
    enum Where {
        OWN(64, Compression.NONE),
        SHARED(0, Compression.NONE),
        PACKED(0, Compression.NONE),
        COMPRESSED(0, Compression.COLUMNS);

        private final int ownSegments;
        private final Compression compression;

        Where(int ownSegments, Compression compression) {
            this.ownSegments = ownSegments;
            this.compression = compression;
        }
    }

    private StreamWal open(Where where) {
        return StreamWal.open(root, WalOptions.builder().storage(Storage.CHANNEL).window(WINDOW).retention(Duration.ofDays(1)).segmentBytes(1 << 16)
                .ownSegments(where.ownSegments).compression(where.compression).clock(() -> now).sweepInterval(Duration.ZERO).build());
    }

    /** Some windows of each stream; what is to be packed is. */
    private void write(Where where, int windows) {
        try (StreamWal wal = open(where)) {
            for (int window = 0; window < windows; window++) {
                for (int stream = 0; stream < STREAMS; stream++) {
                    for (int record = 0; record < 5; record++) {
                        long unused = wal.stream("meter/" + stream).append((stream + " in window " + window + ", record " + record).getBytes(UTF_8)).position();
                    }
                }
                now = now.plus(WINDOW);
                if (where == Where.PACKED || where == Where.COMPRESSED) {
                    assertThat(wal.pack()).isPositive();
                }
            }
        }
    }

    /** The files that have records. */
    private List<Path> dataFiles() throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> file.toString().endsWith(".seg") || file.toString().endsWith(".pack")).sorted().toList();
        }
    }

    private Map<Path, byte[]> contents() throws IOException {
        Map<Path, byte[]> contents = new TreeMap<>();
        for (Path file : dataFiles()) {
            contents.put(file, Files.readAllBytes(file));
        }
        return contents;
    }

    /** The first file of the stream that has this record. */
    private Path firstFileOf(String record) throws IOException {
        for (Path file : dataFiles()) {
            if (new String(Files.readAllBytes(file), ISO_8859_1).contains(record)) {
                return dataFiles().stream().filter(each -> each.getParent().equals(file.getParent())).findFirst().orElseThrow();
            }
        }
        throw new AssertionError("no such record: " + record);
    }

    private static void change(Path file, int offset) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[offset] ^= 0x55;
        Files.write(file, bytes);
    }

    private void backUp() {
        CliRun run = CliRun.at(now, "backup", root, folder);
        assertThat(run.exit()).as(run.err()).isZero();
    }

    private CliRun repair(Object... more) {
        List<Object> arguments = new ArrayList<>(List.of("repair", root, "--from", folder));
        arguments.addAll(List.of(more));
        return CliRun.of(arguments.toArray());
    }

    private void assertIsWhole() {
        CliRun run = CliRun.of("verify", root);
        assertThat(run.exit()).as(run.out()).isZero();
    }

    @ParameterizedTest
    @EnumSource(Where.class)
    void anyByteOfAFileChanged_thatFileIsPutBack(Where where) throws IOException {
        write(where, 2);
        write(where, 2);   // what the first writer left is complete now
        backUp();
        Map<Path, byte[]> whole = contents();
        int repaired = 0;
        for (Map.Entry<Path, byte[]> file : whole.entrySet()) {
            for (int i = 0; i < CHANGES; i++) {
                // a footer that pads to a page is mostly nobody's
                int length = where == Where.OWN ? Math.min(file.getValue().length, 700) : file.getValue().length;
                int offset = i * (length - 1) / (CHANGES - 1);
                change(file.getKey(), offset);
                String what = file.getKey() + ", byte " + offset;
                if (CliRun.of("verify", root).exit() == Exit.OK.code()) {
                    Files.write(file.getKey(), file.getValue());   // what pads is nobody's
                    continue;
                }
                CliRun run = repair();
                if (run.out().contains("another length")) {
                    // the newest segment, whose copy has a footer that it hasn't
                    Files.write(file.getKey(), file.getValue());
                    continue;
                }
                assertThat(run.exit()).as(what + ": " + run.out() + run.err()).isZero();
                assertThat(run.out()).as(what).startsWith(root.relativize(file.getKey()) + "  repaired from ");
                assertThat(contents()).as(what).containsExactlyEntriesOf(whole);
                assertIsWhole();
                repaired++;
            }
        }
        assertThat(repaired).as("repairs").isGreaterThanOrEqualTo(where == Where.SHARED ? 4 : CHANGES);
        try (Stream<Path> left = Files.list(directory)) {
            assertThat(left).as("beside the log").containsExactlyInAnyOrder(root, folder);
        }
    }

    @Test
    void packMissing_isPutBack() throws IOException {
        write(Where.PACKED, 3);
        backUp();
        Map<Path, byte[]> whole = contents();
        Path pack = dataFiles().get(0);
        Files.delete(pack);
        assertThat(CliRun.of("verify", root).exit()).isNotZero();
        CliRun run = repair();
        assertThat(run.exit()).as(run.out() + run.err()).isZero();
        assertThat(contents()).containsExactlyEntriesOf(whole);
        assertIsWhole();
    }

    @Test
    void nothingDamaged_saysSo_andDamageWithoutABackup_isNamed() throws IOException {
        write(Where.PACKED, 2);
        Files.createDirectories(folder);
        CliRun none = repair();
        assertThat(none.exit()).isZero();
        assertThat(none.out()).isEqualTo("nothing is damaged\n");
        Path pack = dataFiles().get(0);
        change(pack, (int) Files.size(pack) / 8);
        CliRun run = repair();
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(run.out()).startsWith("packs/").contains("not repaired: no backup has this file as it was before the damage");
    }

    @Test
    void dryRun_saysWhatCouldBeDone_andChangesNothing() throws IOException {
        write(Where.PACKED, 2);
        backUp();
        Path pack = dataFiles().get(0);
        change(pack, (int) Files.size(pack) / 8);
        Map<Path, byte[]> damaged = contents();
        CliRun run = repair("--dry-run");
        assertThat(run.exit()).as(run.out()).isZero();
        assertThat(run.out()).contains("can be repaired from");
        assertThat(contents()).containsExactlyEntriesOf(damaged);
        Map<String, Object> json = repair("--json").json().get(0);
        assertThat(json.get("repaired")).isEqualTo(true);
        assertThat(json.get("problem")).isNull();
    }

    /** The backups since then have the damage, too. */
    @Test
    void damagedBeforeTheLastBackups_isPutBackFromTheOneBefore() throws IOException {
        write(Where.PACKED, 2);
        backUp();
        Map<Path, byte[]> whole = contents();
        Path pack = dataFiles().get(0);
        change(pack, (int) Files.size(pack) / 8);
        for (int day = 0; day < 2; day++) {
            now = now.plus(WINDOW);
            backUp();
        }
        CliRun run = repair();
        assertThat(run.exit()).as(run.out() + run.err()).isZero();
        assertThat(contents()).containsExactlyEntriesOf(whole);
    }

    @Test
    void newestBackupDamagedItself_theOneBeforeIsTaken() throws IOException {
        write(Where.OWN, 2);
        backUp();
        List<Path> before = stored();
        Map<Path, byte[]> whole = contents();
        now = now.plus(WINDOW);
        write(Where.OWN, 1);
        backUp();
        Path onlyInNewest = stored().stream().filter(file -> !before.contains(file)).findFirst().orElseThrow();
        change(onlyInNewest, 0);
        Path file = whole.keySet().iterator().next();
        change(file, 110);
        CliRun run = repair();
        assertThat(run.exit()).as(run.out() + run.err()).isZero();
        assertThat(file).hasBinaryContent(whole.get(file));
    }

    private List<Path> stored() throws IOException {
        try (Stream<Path> files = Files.walk(folder.resolve("files"))) {
            return files.filter(Files::isRegularFile).toList();
        }
    }

    @Test
    void recordsErasedSince_doNotComeBack() throws IOException {
        write(Where.OWN, 3);
        backUp();
        try (StreamWal wal = open(Where.OWN)) {
            var unused = wal.erase(Keys.key("meter/1"), CliRun.NOW.minus(Duration.ofHours(4)), CliRun.NOW.minus(Duration.ofHours(3)).plus(WINDOW));
        }
        Path file = firstFileOf("1 in window 1");
        byte[] erased = Files.readAllBytes(file);
        for (int offset : new int[] {0, 40, 130}) {
            change(file, offset);
            assertThat(CliRun.of("verify", root).exit()).as("byte " + offset).isNotEqualTo(Exit.OK.code());
            CliRun run = repair();
            assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
            assertThat(run.out()).as("byte " + offset).contains("not repaired: ");
            Files.write(file, erased);
        }
        assertThat(CliRun.of("cat", root, "meter/1").out()).doesNotContain("1 in window 0");
    }

    /** Same keys, times and lengths, other records: as of a log that was restored, and went on otherwise. */
    @Test
    void backupOfAnotherLog_isNotTaken() throws IOException {
        write(Where.PACKED, 2);
        backUp();
        Path first = directory.resolve("first");
        Path unused = Files.move(root, first);
        now = CliRun.NOW.minus(Duration.ofHours(3));
        try (StreamWal wal = open(Where.PACKED)) {
            for (int window = 0; window < 2; window++) {
                for (int stream = 0; stream < STREAMS; stream++) {
                    for (int record = 0; record < 5; record++) {
                        long position = wal.stream("meter/" + stream).append((stream + " IN WINDOW " + window + ", RECORD " + record).getBytes(UTF_8)).position();
                        assertThat(position).isNotNegative();
                    }
                }
                now = now.plus(WINDOW);
                assertThat(wal.pack()).isPositive();
            }
        }
        Path pack = dataFiles().get(0);
        change(pack, (int) Files.size(pack) / 8);
        Map<Path, byte[]> damaged = contents();
        CliRun run = repair();
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(run.out()).contains("not repaired: the log has another record at this position than the copy");
        assertThat(contents()).containsExactlyEntriesOf(damaged);
    }

    @Test
    void logThatIsWritten_isRefused() {
        write(Where.OWN, 2);
        backUp();
        try (StreamWal wal = open(Where.OWN)) {
            CliRun run = repair();
            assertThat(run.exit()).isEqualTo(Exit.LOCKED.code());
            assertThat(run.err()).contains("cannot replace files of a log that is being written");
            assertThat(wal.keys()).hasSize(STREAMS);
        }
    }
}
