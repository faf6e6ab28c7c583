package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import dev.streamwal.retention.ExpiryPlan;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code sweep}, {@code purge} and {@code erase}. */
class RetentionCommandsTest {

    private static final Duration[] THREE_WINDOWS = {Duration.ofHours(3), Duration.ofMinutes(59), Duration.ofMinutes(5)};

    @TempDir
    private Path root;

    private WrittenLog log;

    @BeforeEach
    void write() {
        log = new WrittenLog(root);
        log.append("cpu/a", THREE_WINDOWS);
        log.append("cpu/b", THREE_WINDOWS);
        log.append("mem", Duration.ofHours(2));
    }

    /** As a bad sector does. */
    private static void makeUnreadable(Path segment) throws IOException {
        Files.delete(segment);
        Files.createDirectory(segment);
    }

    private static List<Map<String, Object>> without(CliRun run, String... fields) throws IOException {
        List<Map<String, Object>> objects = run.json();
        objects.forEach(object -> object.keySet().removeAll(List.of(fields)));
        return objects;
    }

    // ---------------------------------------------------------------- whose log it is

    /** Where the tests run as the superuser, as in a container: nobody else could do this. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void writingCommands_bySuperuserInAnothersLog_refuse_andChangeNothing() throws IOException {
        try {
            Files.setAttribute(root.resolve("positions"), "unix:uid", 12_345);
        } catch (FileSystemException e) {
            Assumptions.abort("only the superuser can give a file to another user");
        }
        Path csv = Files.writeString(Files.createTempFile("of-superuser", ".csv"), "time,key,value\n2024-05-01 12:00:00,a,1\n");
        Map<String, String> before = log.files();
        try {
            for (CliRun run : List.of(CliRun.of("sweep", root), CliRun.of("purge", root, "mem", "--before", "now"),
                    CliRun.of("import", root, csv, "--key-column", "key", "--time-column", "time"), CliRun.of("repair", root, "--from", csv.getParent()))) {
                assertThat(run.err()).contains("the log belongs to another user", "owner=12345, user=0", "; run the command as that user");
                assertThat(run.exit()).isEqualTo(Exit.USAGE.code());
            }
        } finally {
            Files.delete(csv);
        }
        Map<String, String> after = log.files();
        // whose files its own would be, it has tried
        assertThat(List.of(before, after)).allSatisfy(files -> assertThat(files.remove("")).isNotNull());
        assertThat(after).isEqualTo(before);
        assertThat(CliRun.of("verify", root).exit()).isZero();
    }

    // ---------------------------------------------------------------- sweep

    @Test
    void sweep_deletesWhatHasExpired() throws IOException {
        CliRun run = CliRun.of("sweep", root);
        assertThat(run.out()).isEqualTo("""
                KEY    SEGMENT                                SIZE  EXPIRED                   WHY
                cpu/a  0000000000000000_1714558200000.seg  4.0 KiB  2024-05-01T10:10:00.000Z  EXPIRED
                cpu/b  0000001000000000_1714558200000.seg  4.0 KiB  2024-05-01T10:10:00.000Z  EXPIRED
                mem    0000002000000000_1714561800000.seg    152 B  2024-05-01T11:10:00.000Z  EXPIRED
                deleted 3 segments, 8.1 KiB
                """);
        assertThat(run.exit()).isZero();
        assertThat(log.segments("cpu%2fa")).hasSize(2);
        assertThat(root.resolve("segments/mem")).doesNotExist();
        assertThat(CliRun.of("sweep", root).out()).isEqualTo("deleted 0 segments, 0 B\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"now", "+15m", "+10d", "-2h", "2024-05-01T12:10:00Z", "-999999999-01-01T00:00:00Z", "+999999999-12-31T23:59:59Z"})
    void sweep_dryRun_tellsWhatTheRealOneDoes_andChangesNothing(String now) throws IOException {
        Map<String, String> before = log.files();
        CliRun dry = CliRun.of("sweep", root, "--json", "--dry-run", "--now", now);
        assertThat(log.files()).isEqualTo(before);
        CliRun real = CliRun.of("sweep", root, "--json", "--now", now);
        assertThat(without(dry, "dryRun")).isEqualTo(without(real, "dryRun"));
        assertThat(dry.exit()).isEqualTo(real.exit()).isEqualTo(now.startsWith("+9") ? Exit.FINDINGS.code() : 0);
    }

    /** Of a log that is written, segments go and move into packs meanwhile. */
    @Test
    void sweep_dryRun_segmentsHaveGoneSinceTheyWereFound_tellsWhereTheyWere() throws IOException {
        try (LogSegments segments = LogSegments.of(root)) {
            SegmentInventory inventory = new SegmentInventory(root, segments);
            List<ExpiryPlan.Deletion> found = inventory.expired(CliRun.NOW.plus(Duration.ofDays(10)), List.of()).deletions();
            assertThat(CliRun.of("sweep", root, "--now", "+10d").exit()).isZero();
            assertThat(found).hasSize(7).allSatisfy(each -> assertThat(inventory.fileOf(each)).doesNotExist().asString().endsWith(".seg"));
        }
    }

    @Test
    void sweep_dryRun_aFileCantBeRead_keepsNoOther() throws IOException {
        makeUnreadable(log.segments("cpu%2fa").get(2));
        CliRun run = CliRun.of("sweep", root, "--now", "+10d", "--dry-run");
        assertThat(run.out()).as(run.err()).contains("would delete 7 segments");
    }

    @Test
    void sweep_timeIsAYearAhead_deletesNothingUnlessTold() throws IOException {
        Map<String, String> before = log.files();
        for (String option : List.of("--dry-run", "--json")) {
            CliRun doubted = CliRun.of("sweep", root, "--now", "+365d", option);
            assertThat(doubted.exit()).isEqualTo(Exit.FINDINGS.code());
            assertThat(doubted.out()).isEmpty();
            assertThat(doubted.err()).contains("would delete 4 segments").contains("--believe-clock");
            assertThat(log.files()).isEqualTo(before);
        }
        CliRun dry = CliRun.of("sweep", root, "--json", "--now", "+365d", "--believe-clock", "--dry-run");
        CliRun real = CliRun.of("sweep", root, "--json", "--now", "+365d", "--believe-clock");
        assertThat(without(dry, "dryRun")).isEqualTo(without(real, "dryRun"));
        assertThat(real.exit()).isZero();
        assertThat(real.json()).last().asString().contains("segments=7");
    }

    @Test
    void sweep_json() throws IOException {
        CliRun run = CliRun.of("sweep", root, "--json", "--dry-run");
        assertThat(run.json()).hasSize(4);
        assertThat(run.json().get(2)).isEqualTo(Map.of("type", "segment", "key", "mem",
                "file", log.segments("mem").get(0).toString(), "bytes", 152L,
                "expirationMillis", 1714561800000L, "expiration", "2024-05-01T11:10:00.000Z", "reason", "EXPIRED"));
        assertThat(run.json().get(3)).containsEntry("type", "summary").containsEntry("dryRun", true).containsEntry("segments", 3L);
    }

    /** Whatever the writing program would keep for it: nobody but that program knows. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void sweep_keepsWhatAConsumerHasNotCommitted_unlessTold(int committedRecords) throws IOException {
        try (WalReader reader = WalReader.open(root); WalConsumer consumer = reader.consumer("shipper", Keys.key("cpu/a"))) {
            for (int i = 0; i < committedRecords; i++) {
                assertThat(consumer.entries().next()).isTrue();
                consumer.commit("cpu/a", consumer.entries().nextPosition());
            }
        }
        Map<String, String> before = log.files();
        CliRun dry = CliRun.of("sweep", root, "--json", "--now", "+10d", "--dry-run");
        CliRun ignoring = CliRun.of("sweep", root, "--json", "--now", "+10d", "--dry-run", "--ignore-consumers");
        assertThat(log.files()).isEqualTo(before);
        CliRun real = CliRun.of("sweep", root, "--json", "--now", "+10d");
        // a segment that has to be sealed first grows by a footer, if that is written before it is deleted
        assertThat(without(dry, "dryRun", "bytes")).isEqualTo(without(real, "dryRun", "bytes"));
        List<Map<String, Object>> found = real.json();
        assertThat(found.get(found.size() - 1)).containsEntry("segments", 4L + committedRecords)
                .containsEntry("heldSegments", 3L - committedRecords);
        assertThat(ignoring.json()).hasSize(8);
        assertThat(CliRun.of("sweep", root, "--now", "+10d", "--ignore-consumers").lines()).last().asString()
                .startsWith("deleted " + (3 - committedRecords) + " segment");
    }

    /** It counts as having committed nothing, for the program that declared it as well. */
    @Test
    void sweep_keepsAllForAConsumerThatWasDeclaredAndNotOpened_unlessTold() throws IOException {
        StreamOptions kept = StreamOptions.builder().retainFor("archive", 1 << 30, Duration.ofDays(365)).build();
        StreamWal.open(root, LogOptions.of(InstantSource.fixed(CliRun.NOW)).streams("cpu/*", kept).build()).close();
        for (boolean dry : new boolean[] {true, false}) {
            CliRun run = dry ? CliRun.of("sweep", root, "--json", "--now", "+10d", "--dry-run") : CliRun.of("sweep", root, "--json", "--now", "+10d");
            assertThat(run.json()).as("dry: %s", dry).hasSize(1).first().asInstanceOf(InstanceOfAssertFactories.MAP)
                    .containsEntry("segments", 0L).containsEntry("heldSegments", 7L);
        }
        assertThat(CliRun.of("sweep", root, "--now", "+10d", "--ignore-consumers").lines()).last().asString().startsWith("deleted 7 segments");
    }

    @Test
    void liveLog_isLocked_andOnlyDryRunsRun() throws IOException {
        try (StreamWal wal = log.open()) {
            Map<String, String> before = log.files();
            CliRun sweep = CliRun.of("sweep", root);
            assertThat(sweep.exit()).isEqualTo(Exit.LOCKED.code());
            assertThat(sweep.out()).as("nothing was tried").isEmpty();
            assertThat(CliRun.of("purge", root, "*", "--before", "now").exit()).isEqualTo(Exit.LOCKED.code());
            assertThat(CliRun.of("sweep", root, "--dry-run").lines()).hasSize(5);
            assertThat(CliRun.of("purge", root, "*", "--before", "now", "--dry-run").lines()).hasSize(5);
            assertThat(log.files()).isEqualTo(before);
            assertThat(wal.keys()).hasSize(3);
        }
    }

    // ---------------------------------------------------------------- purge

    @Test
    void get_behindADeletion_doesNotTakeAnUnknownStreamForADeletedOne() {
        assertThat(CliRun.of("purge", root, "*", "--before", "+1d").exit()).isZero();
        CliRun run = CliRun.of("get", root, "never@0+40");
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(run.err()).isEqualTo("stream-wal: no such stream, or the record has been deleted: ref=never@0+40; stream-wal ls LOG lists the streams\n");
    }

    @Test
    void purge_deletesTheBeginning() throws IOException {
        CliRun run = CliRun.of("purge", root, "cpu/*", "--before", "-30m");
        assertThat(run.out()).isEqualTo("""
                KEY    SEGMENTS     SIZE  LEFT
                cpu/a         2  8.0 KiB     1
                cpu/b         2  8.0 KiB     1
                deleted 4 segments, 16.0 KiB
                """);
        assertThat(run.exit()).isZero();
        assertThat(log.segments("cpu%2fa")).hasSize(1);
        assertThat(log.segments("mem")).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"now", "-59m", "-1h", "-10d", "+10d"})
    void purge_dryRun_tellsWhatTheRealOneDoes_andChangesNothing(String time) throws IOException {
        Map<String, String> before = log.files();
        CliRun dry = CliRun.of("purge", root, "*", "--json", "--dry-run", "--before", time);
        assertThat(log.files()).isEqualTo(before);
        CliRun real = CliRun.of("purge", root, "*", "--json", "--before", time);
        // a segment that has to be sealed first grows by a footer, if that is written before it is deleted
        assertThat(without(dry, "dryRun", "bytes")).isEqualTo(without(real, "dryRun", "bytes"));
    }

    /** What it says of the others stands before the failure. */
    @Test
    void purge_damagedStream_keepsNoOther() throws IOException {
        List<Path> damaged = log.segments("cpu%2fa");
        Files.write(damaged.get(damaged.size() - 1), new byte[200]);
        CliRun run = CliRun.of("purge", root, "*", "--before", "-30m");
        assertThat(run.exit()).isNotZero();
        assertThat(run.err()).contains("cpu%2fa");
        assertThat(run.out()).contains("cpu/b         2  8.0 KiB     1").contains("deleted 3 segments, 8.1 KiB");
        assertThat(log.segments("cpu%2fb")).hasSize(1);
    }

    /** Each of them is told. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void purge_damagedStreams_keepNoOther_dryOrNot(boolean dry) throws IOException {
        Files.write(log.segments("cpu%2fa").get(0), new byte[200]);
        makeUnreadable(log.segments("cpu%2fb").get(0));
        CliRun run = dry ? CliRun.of("purge", root, "*", "--before", "-30m", "--dry-run") : CliRun.of("purge", root, "*", "--before", "-30m");
        assertThat(run.out()).endsWith((dry ? "would delete" : "deleted") + " 1 segment, 152 B\n");
        assertThat(run.err().lines()).as(run.err()).hasSize(2).first().asString().contains("segment doesn't start with", "cpu%2fa");
        assertThat(run.err().lines()).last().asString().contains("cpu%2fb");
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
    }

    @Test
    void purge_whatIsNotThere_isTold() {
        CliRun run = CliRun.of("purge", root, "disk", "mem", "--before", "now");
        assertThat(run.err()).isEqualTo("stream-wal: no stream has this key, or matches this pattern: disk; stream-wal ls LOG lists the keys\n");
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
    }

    // ---------------------------------------------------------------- erase

    @Test
    void erase_aRange_leavesTheOthers() throws IOException {
        CliRun run = CliRun.of("erase", root, "cpu/*", "--from", "-2h", "--to", "-30m");
        assertThat(run.out()).isEqualTo("erased 2 records of 2 streams, 96 B; 2 files rewritten\n");
        assertThat(run.exit()).isZero();
        assertThat(CliRun.of("cat", root, "cpu/a", "--json").json()).hasSize(2);
        assertThat(CliRun.of("cat", root, "mem", "--json").json()).hasSize(1);
        assertThat(CliRun.of("verify", root).exit()).isZero();
        assertThat(CliRun.of("erase", root, "cpu/*", "--from", "-2h", "--to", "-30m", "--json").json())
                .isEqualTo(List.of(Map.of("dryRun", false, "streams", 0L, "records", 0L, "bytes", 0L, "rewritten", List.of(), "quarantined", List.of())));
    }

    @Test
    void erase_dryRun_tellsWhatTheRealOneDoes_andChangesNothing() throws IOException {
        Map<String, String> before = log.files();
        CliRun dry = CliRun.of("erase", root, "*", "--json", "--dry-run", "--from", "-2h", "--to", "now");
        assertThat(log.files()).isEqualTo(before);
        CliRun real = CliRun.of("erase", root, "*", "--json", "--from", "-2h", "--to", "now");
        assertThat(without(dry, "dryRun")).isEqualTo(without(real, "dryRun", "rewritten", "quarantined"));
    }

    @Test
    void erase_dryRun_damagedStreams_keepNoOther() throws IOException {
        log.damage(log.segments("cpu%2fa").get(0), THREE_WINDOWS[0]);
        makeUnreadable(log.segments("cpu%2fb").get(0));
        CliRun run = CliRun.of("erase", root, "*", "--dry-run", "--from", "-10h", "--to", "now");
        assertThat(run.out()).isEqualTo("would erase 3 records of 2 streams, 144 B\n");
        assertThat(run.err().lines()).as(run.err()).hasSize(2).first().asString().contains("record is damaged", "stream=cpu/a");
        assertThat(run.err().lines()).last().asString().contains("stream=cpu/b");
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
    }

    /** Its bytes stay in a pack, or a segment that streams share, until these are written anew. */
    @Test
    void erase_aDeletedStream_removesItsBytes(@TempDir Path shared) throws IOException {
        byte[] secret = "the name of a patient".getBytes(UTF_8);
        try (StreamWal wal = StreamWal.open(shared, WalOptions.builder().ownSegments(0).build())) {
            EntryRef unused = wal.stream("patient/1").append(secret);
            unused = wal.stream("patient/2").append("another".getBytes(UTF_8));
            assertThat(wal.delete("patient/1")).isTrue();
        }
        assertThat(filesWith(shared, secret)).isNotEmpty();
        CliRun run = CliRun.of("erase", shared, "patient/1", "--from", "2020-01-01T00:00:00Z", "--to", "2120-01-01T00:00:00Z");
        assertThat(run.exit()).as("there is no such stream").isEqualTo(Exit.FINDINGS.code());
        assertThat(filesWith(shared, secret)).isEmpty();
        assertThat(CliRun.of("cat", shared, "patient/2", "--json").json()).hasSize(1);
    }

    private static List<Path> filesWith(Path log, byte[] content) throws IOException {
        String text = new String(content, ISO_8859_1);
        try (Stream<Path> all = Files.walk(log)) {
            List<Path> found = new ArrayList<>();
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                if (Files.readString(file, ISO_8859_1).contains(text)) {
                    found.add(file);
                }
            }
            return found;
        }
    }

    @Test
    void erase_whatIsNotThere_isTold_andARangeThatEndsBeforeItBeginsIsRefused() {
        CliRun run = CliRun.of("erase", root, "disk", "--from", "-2h", "--to", "now");
        assertThat(run.err()).isEqualTo("stream-wal: no stream has this key, or matches this pattern: disk; stream-wal ls LOG lists the keys\n");
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
        CliRun backward = CliRun.of("erase", root, "cpu/a", "--from", "now", "--to", "-2h");
        assertThat(backward.err()).contains("--to is before --from");
        assertThat(backward.exit()).isEqualTo(Exit.USAGE.code());
        assertThat(CliRun.of("erase", root, "cpu/a").exit()).isEqualTo(Exit.USAGE.code());
    }

    @Test
    void nonsense_isRefused_andMakesNoLog() {
        Path nowhere = root.resolve("nowhere");
        for (String command : List.of("sweep", "recover", "quarantine")) {
            CliRun run = CliRun.of(command, nowhere);
            assertThat(run.exit()).isEqualTo(Exit.FAILED.code());
            assertThat(run.err()).startsWith("stream-wal: no such directory: root=" + nowhere);
        }
        assertThat(CliRun.of("purge", nowhere, "a", "--before", "now").exit()).isEqualTo(Exit.FAILED.code());
        assertThat(CliRun.of("checkpoint", nowhere, root.resolve("copy")).exit()).isEqualTo(Exit.FAILED.code());
        assertThat(nowhere).doesNotExist();
        assertThat(CliRun.of("purge", root, "a").exit()).isEqualTo(Exit.USAGE.code());
        assertThat(CliRun.of("purge", root, "--before", "now").exit()).isEqualTo(Exit.USAGE.code());
        assertThat(CliRun.of("sweep", root, "--now", "soon").exit()).isEqualTo(Exit.USAGE.code());
        assertThat(CliRun.of("recover", root, "--policy", "hope").exit()).isEqualTo(Exit.USAGE.code());
        assertThat(CliRun.of("quarantine", root, "--remove").exit()).isEqualTo(Exit.USAGE.code());
        assertThat(CliRun.of("checkpoint", root).exit()).isEqualTo(Exit.USAGE.code());
    }
}
