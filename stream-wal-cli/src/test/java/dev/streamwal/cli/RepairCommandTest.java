package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.AnotherBoot;
import dev.streamwal.Compression;
import dev.streamwal.Storage;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStream;
import dev.streamwal.backup.BackupFolder;
import dev.streamwal.backup.SegmentDescriptor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

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

    /** The files that a backup seals in its copy. */
    private Set<Path> unsealed() {
        BackupFolder backups = BackupFolder.at(folder);
        return backups.files(backups.points().get(0)).stream().filter(file -> file.kind() == SegmentDescriptor.Kind.SEGMENT)
                .filter(file -> !file.isContentOf(root.resolve(file.name()))).map(file -> root.resolve(file.name())).collect(Collectors.toSet());
    }

    /** One stream, as an import into a new log leaves it: its only segment has no footer. */
    private void writeUnsealed(int records) {
        StringBuilder rows = new StringBuilder("timestamp,value\n");
        for (int record = 0; record < records; record++) {
            rows.append(now.plusMillis(record)).append(",value ").append(record).append(".\n");
        }
        CliRun run = CliRun.reading(rows.toString(), "import", root, "-", "--key", "meter", "--format", "csv");
        assertThat(run.exit()).as(run.err()).isZero();
    }

    private static void changeRecord(Path file, int record) throws IOException {
        int offset = new String(Files.readAllBytes(file), ISO_8859_1).indexOf("value " + record + '.');
        assertThat(offset).as("record " + record).isPositive();
        change(file, offset);
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
        String exported = CliRun.of("export", root).out();
        Set<Path> unsealed = unsealed();
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
                assertThat(run.exit()).as(what + ": " + run.out() + run.err()).isZero();
                assertThat(run.out()).as(what).startsWith(root.relativize(file.getKey()) + "  repaired from ");
                assertIsWhole();
                assertThat(CliRun.of("export", root).out()).as(what).isEqualTo(exported);
                if (unsealed.contains(file.getKey())) {
                    Files.write(file.getKey(), file.getValue());   // what was put back has a footer
                }
                assertThat(contents()).as(what).containsExactlyEntriesOf(whole);
                repaired++;
            }
        }
        assertThat(repaired).as("repairs").isGreaterThanOrEqualTo(where == Where.SHARED ? 4 : CHANGES);
        try (Stream<Path> left = Files.list(directory)) {
            assertThat(left).as("beside the log").containsExactlyInAnyOrder(root, folder);
        }
    }

    /** One page, and more. */
    @ParameterizedTest
    @ValueSource(ints = {10, 3_000})
    void lastSegmentWithoutAFooter_isPutBack(int records) throws IOException {
        writeUnsealed(records);
        backUp();
        String exported = CliRun.of("export", root).out();
        Path file = dataFiles().get(0);
        byte[] whole = Files.readAllBytes(file);
        for (int record : new int[] {0, records / 2, records - 1}) {
            changeRecord(file, record);
            assertThat(CliRun.of("verify", root).exit()).isEqualTo(Exit.FINDINGS.code());
            CliRun run = repair();
            assertThat(run.exit()).as("record " + record + ": " + run.out() + run.err()).isZero();
            assertIsWhole();
            assertThat(CliRun.of("export", root).out()).isEqualTo(exported);
            Files.write(file, whole);
        }
        changeRecord(file, 1);
        assertThat(repair().exit()).isZero();
        writeUnsealed(1);
        assertIsWhole();
        assertThat(CliRun.of("cat", root, "meter").lines()).hasSize(records + 1);
    }

    /** Where a stream's only record in a shared segment is damaged, the log doesn't know that the stream has any there. */
    @Test
    void packAndUnsealedSharedSegment_bothDamaged_arePutBackTogether() throws IOException {
        write(Where.PACKED, 2);
        try (StreamWal wal = open(Where.SHARED)) {
            for (int stream = 0; stream < STREAMS; stream++) {
                long unused = wal.stream("meter/" + stream).append(("value " + stream + '.').getBytes(UTF_8)).position();
            }
        }
        backUp();
        String exported = CliRun.of("export", root).out();
        Path pack = dataFiles().get(0);
        Path shared = dataFiles().get(dataFiles().size() - 1);
        change(pack, (int) Files.size(pack) / 8);
        changeRecord(shared, 1);
        assertThat(repair("--dry-run").out().lines()).hasSize(2).allMatch(line -> line.contains("can be repaired from"));
        CliRun run = repair();
        assertThat(run.exit()).as(run.out() + run.err()).isZero();
        assertIsWhole();
        assertThat(CliRun.of("export", root).out()).isEqualTo(exported);
    }

    /** A small file is a page long before and after. */
    @ParameterizedTest
    @ValueSource(ints = {10, 3_000})
    void appendedToSince_isLeftAlone(int records) throws IOException {
        try (StreamWal wal = StreamWal.open(root, LogOptions.of(() -> now).build())) {
            WalStream stream = wal.stream("meter");
            for (int record = 0; record < records; record++) {
                long unused = stream.append(("value " + record + '.').getBytes(UTF_8)).position();
            }
            backUp();
            long unused = stream.append("since".getBytes(UTF_8)).position();
        }
        Path file = dataFiles().get(dataFiles().size() - 1);
        byte[] whole = Files.readAllBytes(file);
        assertThat(new String(whole, ISO_8859_1)).as("appended to the same file").contains("since");
        for (String damaged : List.of("value 3.", "since")) {
            change(file, new String(whole, ISO_8859_1).indexOf(damaged));
            byte[] before = Files.readAllBytes(file);
            CliRun run = repair();
            assertThat(run.exit()).as(damaged).isEqualTo(Exit.FINDINGS.code());
            assertThat(run.out()).as(damaged).contains("not repaired: the log's file doesn't end where the backup's does");
            assertThat(file).hasBinaryContent(before);
            Files.write(file, whole);
        }
    }

    /** Its journal may have records that are to be written behind the end. */
    @Test
    void unsealedAndUnrecovered_isLeftAlone() throws IOException {
        Path live = root;
        root = directory.resolve("killed");
        try (StreamWal wal = StreamWal.open(live, LogOptions.of(() -> now).build())) {
            for (int record = 0; record < 3; record++) {
                long unused = wal.stream("meter").append(("value " + record + '.').getBytes(UTF_8)).position();
            }
            assertThat(CliRun.of("backup", live, folder).exit()).isZero();
            try (Stream<Path> files = Files.walk(live)) {
                for (Path file : files.toList()) {
                    Path unusedCopy = Files.copy(file, root.resolve(live.relativize(file).toString()));
                }
            }
        }
        AnotherBoot.open(root, LogOptions.of(() -> now).build());
        changeRecord(dataFiles().get(0), 0);
        byte[] damaged = Files.readAllBytes(dataFiles().get(0));
        CliRun run = repair();
        assertThat(run.exit()).as(run.out() + run.err()).isEqualTo(Exit.FINDINGS.code());
        assertThat(run.out()).contains("not repaired: the log awaits recovery");
        assertThat(dataFiles().get(0)).hasBinaryContent(damaged);
    }

    /** Nothing is behind the records then either; the file is still a page long. */
    @Test
    void cutOffSince_isLeftAlone() throws IOException {
        try (StreamWal wal = StreamWal.open(root, LogOptions.of(() -> now).build())) {
            WalStream stream = wal.stream("meter");
            EntryRef kept = stream.append("value 0.".getBytes(UTF_8));
            kept = stream.append("value 1.".getBytes(UTF_8));
            long unused = stream.append("to be cut off".getBytes(UTF_8)).position();
            backUp();
            stream.truncateAfter(kept);
        }
        changeRecord(dataFiles().get(0), 1);
        CliRun run = repair();
        assertThat(run.exit()).as(run.out()).isEqualTo(Exit.FINDINGS.code());
        assertThat(run.out()).contains("not repaired: ");
        assertThat(CliRun.of("cat", root, "meter").out()).doesNotContain("to be cut off");
    }

    /** Nobody cuts packs: there is nothing in a short one that would be lost. */
    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 100})
    void packMissingOrCut_isPutBack(int bytes) throws IOException {
        write(Where.PACKED, 3);
        backUp();
        Map<Path, byte[]> whole = contents();
        Path pack = dataFiles().get(0);
        if (bytes < 0) {
            Files.delete(pack);
        } else {
            Files.write(pack, Arrays.copyOf(whole.get(pack), bytes));
        }
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
        assertThat(repair("--json").json()).containsExactly(Map.of("damagedFiles", 0L, "unreadFiles", 0L));
        Path pack = dataFiles().get(0);
        change(pack, (int) Files.size(pack) / 8);
        CliRun run = repair();
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(run.out()).startsWith("packs/").contains("not repaired: no backup has this file as it was before the damage");
    }

    /** As if it had a bad sector. */
    @Test
    void fileThatCantBeRead_keepsNoOther() throws IOException {
        write(Where.OWN, 2);
        backUp();
        Path unread = firstFileOf("0 in window 0, record 0");
        Path damaged = firstFileOf("3 in window 0, record 0");
        Files.delete(unread);
        Files.createDirectory(unread);
        change(damaged, 200);
        CliRun run = CliRun.of("repair", root, "--from", folder);
        assertThat(run.lines()).as(run.err()).hasSize(2).first().asString().contains("not repaired: its streams can't be compared");
        assertThat(run.lines()).last().asString().contains(damaged.getFileName().toString(), "repaired from");
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
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
            assertThat(run.err()).contains("cannot replace files of a log that is open for writing");
            assertThat(wal.keys()).hasSize(STREAMS);
        }
    }
}
