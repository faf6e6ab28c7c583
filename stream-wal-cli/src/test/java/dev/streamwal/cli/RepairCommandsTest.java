package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.Durability;
import dev.streamwal.RecoveryPolicy;
import dev.streamwal.StreamWal;
import dev.streamwal.WriteEntry;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code recover}, {@code quarantine} and {@code checkpoint}. */
class RepairCommandsTest {

    private static final Duration[] RECORDS = {Duration.ofMinutes(4), Duration.ofMinutes(3), Duration.ofMinutes(2), Duration.ofMinutes(1)};

    @TempDir
    private Path directory;

    private Path root;
    private WrittenLog log;

    @BeforeEach
    void write() {
        root = directory.resolve("log");
        log = new WrittenLog(root);
        log.append("cpu/a", RECORDS);
        log.append("mem", RECORDS);
    }

    private Path scratch() throws IOException {
        return Files.createDirectories(directory.resolve("scratch"));
    }

    private static int count(Path log, String key) {
        int count = 0;
        try (WalReader reader = WalReader.open(log); EntryCursor cursor = reader.scan(key)) {
            while (cursor.next()) {
                count++;
            }
        }
        return count;
    }

    // ---------------------------------------------------------------- recover

    @Test
    void recover_allIsWell() throws IOException {
        CliRun run = CliRun.of("recover", root);
        assertThat(run.out()).isEqualTo("2 streams in order, 0 refused; read 384 B, kept 8 records (384 B)\n");
        assertThat(run.exit()).isZero();
        // what was recovered is sealed, and not read again
        assertThat(CliRun.of("recover", root, "--json").json()).singleElement().satisfies(summary -> assertThat(summary)
                .containsEntry("type", "summary").containsEntry("dryRun", false).containsEntry("streamsInOrder", 2L)
                .containsEntry("streamsRefused", 0L).containsEntry("recordsKept", 0L).containsEntry("bytesSkipped", 0L));
    }

    @Test
    void recover_stopsAtDamage_andSkipsItWhenAsked() throws IOException {
        log.damage(log.segments("cpu%2fa").get(0), RECORDS[1]);
        CliRun stopped = CliRun.of("recover", root);
        assertThat(stopped.out(root)).isEqualTo("""
                cpu/a: kept 0 records (0 B)
                  REFUSED: a record is damaged, and it was durable when the log was closed: file=ROOT/segments/cpu%2fa/0000000000000000_1714568400000.seg,\
                 stream=cpu/a, position=48, offset=152, length=48; nothing was changed there: open the log with RecoveryPolicy.SKIP_BAD_RECORDS\
                 to continue after it; or copy what you need (the stream can be read around the damage), then delete the stream
                1 stream in order, 1 refused; read 528 B, kept 4 records (192 B)
                """);
        assertThat(stopped.err()).contains("--policy skip sets the damage aside");
        assertThat(stopped.exit()).isEqualTo(Exit.FINDINGS.code());

        CliRun skipped = CliRun.of("recover", root, "--policy", "skip");
        assertThat(skipped.out(root)).isEqualTo("""
                cpu/a: kept 3 records (192 B), skipped 48 B, set aside 48 B
                  segments/cpu%2fa/0000000000000000_1714568400000.seg, offset 152, 48 bytes: damaged records were set aside and became padding;\
                 set aside as quarantine/cpu%2fa_0000000000000000_1714568400000.seg_152.aside
                2 streams in order, 0 refused; read 384 B, kept 3 records (192 B), skipped 48 B, set aside 48 B
                """);
        assertThat(skipped.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(count(root, "cpu/a")).isEqualTo(3);
        assertThat(CliRun.of("recover", root).exit()).isZero();
    }

    /** Each on a line of its own, as a path to copy. */
    @Test
    void erase_whatQuarantineStillHas_isListed() throws IOException {
        log.damage(log.segments("cpu%2fa").get(0), RECORDS[1]);
        assertThat(CliRun.of("recover", root, "--policy", "skip").exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(CliRun.of("erase", root, "cpu/a", "--from", "-1h", "--to", "now").lines()).containsExactly(
                "erased 3 records of 1 stream, 144 B; 1 file rewritten",
                "may still have such records: quarantine/cpu%2fa_0000000000000000_1714568400000.seg_152.aside");
    }

    @ParameterizedTest
    @ValueSource(strings = {"stop", "skip"})
    void recover_dryRun_reportsTheSame_andChangesNothing(String policy) throws IOException {
        log.damage(log.segments("cpu%2fa").get(0), RECORDS[1]);
        Path torn = log.segments("mem").get(0);
        Files.write(torn, "torn".repeat(20).getBytes(UTF_8), StandardOpenOption.APPEND);
        Map<String, String> before = log.files();
        CliRun dryText = CliRun.of("recover", root, "--policy", policy, "--dry-run");
        CliRun dry = CliRun.of("recover", root, "--policy", policy, "--dry-run", "--json", "--scratch", scratch());
        assertThat(log.files()).isEqualTo(before);
        assertThat(scratch()).isEmptyDirectory();
        CliRun real = CliRun.of("recover", root, "--policy", policy, "--json");
        List<Map<String, Object>> objects = real.json();
        objects.get(objects.size() - 1).put("dryRun", true);
        assertThat(dry.json()).isEqualTo(objects).hasSize(3);
        assertThat(dry.exit()).isEqualTo(real.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(dryText.lines().get(dryText.lines().size() - 1)).startsWith("would have ");
    }

    @Test
    void recover_scratchIsNoDirectoryOutsideOfTheLog_saysSo() throws IOException {
        Map<String, String> before = log.files();
        Path missing = directory.resolve("missing");
        assertThat(CliRun.of("recover", root, "--dry-run", "--scratch", missing).err())
                .isEqualTo("stream-wal: --scratch names no directory: scratch=" + missing + "; give one that exists\n");
        CliRun inside = CliRun.of("recover", root, "--dry-run", "--scratch", root.resolve("segments"));
        assertThat(inside.exit()).isEqualTo(Exit.USAGE.code());
        assertThat(inside.err()).contains("target is in the log's own directory");
        assertThat(log.files()).isEqualTo(before);
    }

    /** As on a read-only file system. */
    @Test
    void quarantine_remove_theLogCannotBeLocked_saysWhatFailed() throws IOException {
        Files.deleteIfExists(root.resolve("LOCK"));
        Path unused = Files.createDirectory(root.resolve("LOCK"));
        CliRun run = CliRun.of("quarantine", root, "--remove", "*");
        assertThat(run.exit()).isEqualTo(Exit.FAILED.code());
        assertThat(run.err()).startsWith("stream-wal: can't lock the log: ");
    }

    private static void assertThatIsLocked(CliRun run, String inTheWritingProgram) {
        assertThat(run.exit()).isEqualTo(Exit.LOCKED.code());
        assertThat(run.err()).contains("; ", inTheWritingProgram);
    }

    @Test
    void liveLog_isLocked_andStaysAsItIs() throws IOException {
        try (StreamWal wal = log.open()) {
            Map<String, String> before = log.files();
            assertThatIsLocked(CliRun.of("recover", root), "StreamWal.recoverAll");
            assertThatIsLocked(CliRun.of("sweep", root), "StreamWal.sweep");
            assertThatIsLocked(CliRun.of("purge", root, "*", "--before", "now"), "StreamWal.purge");
            assertThatIsLocked(CliRun.of("erase", root, "*", "--from", "-1h", "--to", "now"), "StreamWal.erase");
            assertThatIsLocked(CliRun.of("checkpoint", root, directory.resolve("copy")), "StreamWal.checkpoint");
            assertThat(CliRun.of("recover", root, "--dry-run").exit()).isEqualTo(Exit.LOCKED.code());
            assertThat(CliRun.of("quarantine", root, "*", "--remove").exit()).isEqualTo(Exit.LOCKED.code());
            assertThat(CliRun.of("quarantine", root).exit()).isZero();
            assertThat(log.files()).isEqualTo(before);
            assertThat(wal.keys()).hasSize(2);
        }
    }

    /** The report on streams says nothing of it. The next opening needs no policy. */
    @ParameterizedTest
    @ValueSource(strings = {"frontier", "00000000.journal"})
    void recover_journalDamaged_skipTellsWhatWasPassedOver(String damaged) throws IOException {
        Path journalled = directory.resolve("journalled");
        try (StreamWal wal = StreamWal.open(journalled)) {
            for (int record = 0; record < 3; record++) {
                long unused = wal.stream("k").append(WriteEntry.of(new byte[100]), Durability.IMMEDIATE).position();
            }
        }
        Path file = journalled.resolve("commit").resolve(damaged);
        SampleLog.change(file, 20);
        assertThat(CliRun.of("recover", journalled).exit()).isEqualTo(Exit.FINDINGS.code());

        CliRun rehearsed = CliRun.of("recover", journalled, "--policy", "skip", "--dry-run");
        assertThat(rehearsed.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(rehearsed.err()).contains("would be passed over there: file=" + file);
        CliRun run = CliRun.of("recover", journalled, "--policy", "skip");
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(run.err()).contains("was passed over there: file=" + file);
        assertThat(CliRun.of("recover", journalled).exit()).isZero();
        assertThat(count(journalled, "k")).isEqualTo(3);
    }

    @Test
    void recover_positionsUnreadable_isTold() throws IOException {
        Files.write(root.resolve("positions"), new byte[5]);
        CliRun dry = CliRun.of("recover", root, "--dry-run");
        CliRun real = CliRun.of("recover", root);
        assertThat(dry.err()).isEqualTo(real.err()).contains("file=" + root.resolve("positions"));
        assertThat(dry.exit()).isEqualTo(real.exit()).isEqualTo(Exit.FINDINGS.code());
    }

    // ---------------------------------------------------------------- quarantine

    @Test
    void quarantine_listed_exported_removed() throws IOException {
        assertThat(CliRun.of("quarantine", root).out()).isEqualTo("0 files, 0 B\n");
        Path segment = log.segments("cpu%2fa").get(0);
        log.damage(segment, RECORDS[1]);
        CliRun.of("recover", root, "--policy", "skip");
        String name = "cpu%2fa_" + segment.getFileName() + "_152.aside";
        Path copy = root.resolve("quarantine").resolve(name);

        List<String> lines = CliRun.of("quarantine", root).lines();
        assertThat(lines).hasSize(3);
        assertThat(lines.get(1)).startsWith(name).contains("48 B").contains("cpu/a  " + segment.getFileName()).endsWith("152");
        assertThat(lines.get(2)).isEqualTo("1 file, 48 B");
        assertThat(CliRun.of("quarantine", root, "--json").json().get(0)).containsEntry("file", copy.toString()).containsEntry("bytes", 48L)
                .containsEntry("key", "cpu/a").containsEntry("from", segment.getFileName().toString()).containsEntry("offset", 152L);

        Path target = directory.resolve("evidence");
        CliRun moved = CliRun.of("quarantine", root, "cpu*", "--export", target, "--remove");
        assertThat(moved.lines().get(2)).isEqualTo("1 file, 48 B, exported to " + target + ", removed");
        assertThat(target.resolve(name)).exists();
        assertThat(copy).doesNotExist();
        CliRun gone = CliRun.of("quarantine", root, "cpu*", "--remove");
        assertThat(gone.err()).isEqualTo("stream-wal: no file in the quarantine has this name: name=cpu*; stream-wal quarantine LOG lists them\n");
        assertThat(gone.exit()).isEqualTo(Exit.FINDINGS.code());
    }

    @Test
    void quarantine_whatCannotBeExported_isNotRemoved() throws IOException {
        Path file = Files.createDirectories(root.resolve("quarantine")).resolve("notes.txt");
        Files.writeString(file, "of somebody");
        Path target = Files.createDirectories(directory.resolve("evidence"));
        Files.writeString(target.resolve("notes.txt"), "of somebody else");
        CliRun refused = CliRun.of("quarantine", root, "*", "--export", target, "--remove");
        assertThat(refused.exit()).isEqualTo(Exit.FAILED.code());
        assertThat(refused.err()).contains("directory has another file of this name: file=" + target.resolve("notes.txt"));
        assertThat(file).exists();
        assertThat(CliRun.of("quarantine", root).lines().get(1)).startsWith("notes.txt  11 B").endsWith("Z  ?    ?          ?");
    }

    @Test
    void quarantine_exportIntoTheLog_isRefused_andRemovesNothing() throws IOException {
        Path file = Files.createDirectories(root.resolve("quarantine")).resolve("notes.txt");
        Files.writeString(file, "the only copy");
        assertThat(CliRun.of("quarantine", root, "*", "--export", file.getParent(), "--remove").exit()).isEqualTo(Exit.USAGE.code());
        Path elsewhere = Files.createDirectories(directory.resolve("evidence"));
        Files.createSymbolicLink(elsewhere.resolve("notes.txt"), file);
        assertThat(CliRun.of("quarantine", root, "*", "--export", elsewhere, "--remove").exit()).isEqualTo(Exit.FAILED.code());
        Path taken = Files.createFile(directory.resolve("taken"));
        CliRun run = CliRun.of("quarantine", root, "*", "--export", taken, "--remove");
        assertThat(run.exit()).isEqualTo(Exit.FAILED.code());
        assertThat(run.err()).isEqualTo("stream-wal: --export names a file: target=" + taken + "; give a directory, or none yet\n");
        assertThat(file).hasContent("the only copy");
    }

    /** As a run leaves it that was killed: one file is copied, and of another one a part. */
    @Test
    void quarantine_exportThatWasCutShort_isContinued() throws IOException {
        Path quarantine = Files.createDirectories(root.resolve("quarantine"));
        Files.writeString(quarantine.resolve("first.txt"), "first");
        Files.writeString(quarantine.resolve("second.txt"), "second");
        Path target = Files.createDirectories(directory.resolve("evidence"));
        Files.writeString(target.resolve("first.txt"), "first");
        Files.writeString(target.resolve(".second.txt.exporting"), "sec");
        assertThat(CliRun.of("quarantine", root, "*", "--export", target, "--remove").exit()).isZero();
        assertThat(target).isDirectoryContaining(file -> file.endsWith("first.txt")).isDirectoryNotContaining("glob:**.exporting");
        assertThat(target.resolve("second.txt")).hasContent("second");
        assertThat(quarantine).isEmptyDirectory();
    }

    // ---------------------------------------------------------------- checkpoint

    @Test
    void checkpoint_opensAsALog() throws IOException {
        Path copy = directory.resolve("copy");
        CliRun run = CliRun.of("checkpoint", root, copy);
        // each segment that was left without a footer may have got it
        assertThat(run.out()).startsWith("copied 2 streams, 2 segments, ").endsWith(", to " + copy + "\n");
        assertThat(run.exit()).isZero();
        assertThat(count(copy, "cpu/a")).isEqualTo(4);
        assertThat(CliRun.of("recover", copy).exit()).isZero();
        assertThat(CliRun.of("checkpoint", root, directory.resolve("other"), "--json").json().get(0)).containsEntry("streams", 2L);
        CliRun again = CliRun.of("checkpoint", root, copy);
        assertThat(again.exit()).isEqualTo(Exit.USAGE.code());
        assertThat(again.err()).contains("checkpoint target is not empty");
    }

    @Test
    void checkpoint_ofADamagedStream_isNone() throws IOException {
        log.damage(log.segments("cpu%2fa").get(0), RECORDS[1]);
        CliRun run = CliRun.of("checkpoint", root, directory.resolve("copy"));
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(run.err()).startsWith("stream-wal: the copy is incomplete: target=").contains("SKIP_BAD_RECORDS");
    }

    @Test
    void checkpoint_thatMakesNothing_namesNothingToDelete() throws IOException {
        Path file = Files.createFile(directory.resolve("file"));
        CliRun run = CliRun.of("checkpoint", root, file.resolve("copy"));
        assertThat(run.exit()).isEqualTo(Exit.FAILED.code());
        assertThat(run.err()).doesNotContain("incomplete").hasLineCount(1);
    }

    @Test
    void quarantine_emptyAllOfIt_isNone() {
        CliRun run = CliRun.of("quarantine", root, "--restore", "--append", "*");
        assertThat(run.err()).isEmpty();
        assertThat(run.exit()).isZero();
        assertThat(CliRun.of("quarantine", root, "--remove", "*").exit()).isZero();
    }
}
