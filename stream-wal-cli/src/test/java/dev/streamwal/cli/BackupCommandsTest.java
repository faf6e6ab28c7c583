package dev.streamwal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import dev.streamwal.backup.SegmentImport;
import dev.streamwal.io.ProcessLock;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code backup} and {@code restore}. */
class BackupCommandsTest {

    private static final Duration[] RECORDS = {Duration.ofMinutes(4), Duration.ofMinutes(3)};

    @TempDir
    private Path directory;

    private Path root;
    private Path folder;
    private Path target;
    private WrittenLog log;

    @BeforeEach
    void write() {
        root = directory.resolve("log");
        folder = directory.resolve("backup");
        target = directory.resolve("restored");
        log = new WrittenLog(root);
        log.append("cpu/a", RECORDS);
        log.append("mem", RECORDS);
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

    @Test
    void backup_liveLogTwice_copiesWhatIsNewAndWritesNothingInTheLog() throws IOException {
        try (StreamWal wal = log.open()) {
            Map<String, String> before = log.files();
            CliRun first = CliRun.of("backup", root, folder);
            assertThat(first.err()).isEmpty();
            assertThat(first.exit()).isZero();
            assertThat(first.out()).startsWith("backup 20240501T120000.000Z-").contains(": copied ").endsWith("there already 0 files, 0 B\n");
            assertThat(CliRun.of("backup", root, folder).out()).contains(": copied 0 files, 0 B, there already ");
            assertThat(log.files()).isEqualTo(before);

            long position = wal.stream("mem").append(new byte[] {1}).position();
            assertThat(position).isPositive();
            Map<String, Object> third = CliRun.of("backup", root, folder, "--json").json().get(0);
            assertThat((Long) third.get("copiedFiles")).isPositive().isLessThan((Long) third.get("files"));
        }
        assertThat(CliRun.of("backups", folder).lines()).hasSize(3);
    }

    /** Whoever gives the two in the wrong order finds neither a folder in the log, nor a log that can't be restored to. */
    @Test
    void whatIsNoLog_getsNoBackupFolder() throws IOException {
        Files.createDirectory(folder);
        Map<String, String> before = log.files();
        CliRun swapped = CliRun.of("backup", folder, root);
        assertThat(swapped.exit()).isEqualTo(Exit.FAILED.code());
        assertThat(swapped.err()).contains("not a log, there is no folder \"segments\": root=" + folder);
        assertThat(log.files()).isEqualTo(before);
        assertThat(root.resolve("points")).doesNotExist();

        assertThat(CliRun.of("backup", directory.resolve("none"), target).exit()).isEqualTo(Exit.FAILED.code());
        assertThat(target).doesNotExist();
    }

    @Test
    void folderThatIsAFile_isNamed() throws IOException {
        Files.createFile(folder);
        for (Path named : List.of(folder, folder.resolve("sub"))) {
            CliRun run = CliRun.of("backup", root, named);
            assertThat(run.err()).contains("backup folder can't be made, as there is something else: there=" + folder + ", folder=" + named
                    + "; name another one");
            assertThat(run.exit()).isEqualTo(Exit.FAILED.code());
        }
    }

    @Test
    void targetInTheLog_isRefused() throws IOException {
        Files.createSymbolicLink(directory.resolve("link"), root);
        Map<String, String> before = log.files();
        for (Path inside : List.of(root, root.resolve("sub"), root.resolve("segments/one"), directory.resolve("link/sub"), root.resolve("../log/sub"))) {
            for (String command : List.of("backup", "checkpoint")) {
                CliRun run = CliRun.of(command, root, inside);
                assertThat(run.exit()).as(command + ' ' + inside).isEqualTo(Exit.USAGE.code());
                assertThat(run.err()).contains("target is in the log's own directory");
            }
        }
        assertThat(log.files()).isEqualTo(before);
    }

    @Test
    void restore_newestOrNamed_isALog() throws IOException {
        assertThat(CliRun.of("backup", root, folder).exit()).isZero();
        String first = (String) CliRun.of("backups", folder, "--json").json().get(0).get("point");
        log.append("mem", Duration.ofMinutes(1));
        assertThat(CliRun.at(CliRun.NOW.plusSeconds(1), "backup", root, folder).exit()).isZero();

        CliRun run = CliRun.of("restore", folder, target);
        assertThat(run.exit()).as(run.err()).isZero();
        assertThat(run.out()).startsWith("restored 20240501T120001.000Z-").endsWith(", to " + target + "\n");
        assertThat(count(target, "mem")).isEqualTo(3);
        assertThat(count(target, "cpu/a")).isEqualTo(2);
        assertThat(CliRun.of("verify", target).exit()).isZero();

        Path named = directory.resolve("named");
        assertThat(CliRun.of("restore", folder, named, "--point", first).exit()).isZero();
        assertThat(count(named, "mem")).isEqualTo(2);
    }

    /** A backup a day for five days: each has what the one before has, and one record more. */
    private List<String> backUpFiveDays() throws IOException {
        for (int day = 0; day < 5; day++) {
            log.append("mem", Duration.ofMinutes(1));
            assertThat(CliRun.at(CliRun.NOW.plus(Duration.ofDays(day)), "backup", root, folder).exit()).isZero();
        }
        return CliRun.of("backups", folder, "--json").json().stream().map(point -> (String) point.get("point")).toList();
    }

    private long files() throws IOException {
        try (Stream<Path> all = Files.walk(folder.resolve("files"))) {
            return all.filter(Files::isRegularFile).count();
        }
    }

    @Test
    void backups_keep_removesTheOlderOnesAndTheirFiles() throws IOException {
        List<String> all = backUpFiveDays();
        assertThat(all).hasSize(5);
        long before = files();

        CliRun rehearsed = CliRun.of("backups", folder, "--keep", "2", "--dry-run");
        assertThat(rehearsed.lines()).hasSize(5);
        assertThat(rehearsed.lines().get(1)).startsWith(all.get(1)).doesNotContain("removed");
        assertThat(rehearsed.lines().get(2)).startsWith(all.get(2)).endsWith("would be removed");
        assertThat(CliRun.of("backups", folder).lines()).hasSize(5);
        assertThat(files()).isEqualTo(before);

        CliRun run = CliRun.of("backups", folder, "--keep", "2", "--verify");
        assertThat(run.exit()).as(run.err()).isZero();
        assertThat(run.lines().get(2)).startsWith(all.get(2)).endsWith(" removed");
        assertThat(run.lines().get(5)).isEqualTo("3 backups removed, and " + (before - files()) + " files that no other one has");
        assertThat(files()).isLessThan(before);
        assertThat(CliRun.of("backups", folder, "--json").json()).extracting(point -> point.get("point")).isEqualTo(all.subList(0, 2));
        assertThat(CliRun.of("restore", folder, target, "--point", all.get(1)).exit()).isZero();
        assertThat(count(target, "mem")).isEqualTo(6);
        assertThat(CliRun.of("backups", folder, "--keep", "2").lines()).as("nothing more to remove").hasSize(2);
    }

    @Test
    void backups_remove_removesThoseThatAreNamed() throws IOException {
        List<String> all = backUpFiveDays();
        Map<String, Object> last = CliRun.of("backups", folder, "--remove", all.get(0), "--remove", all.get(3), "--json").json().get(5);
        assertThat(last.get("removedBackups")).isEqualTo(2L);
        assertThat(CliRun.of("backups", folder, "--json").json()).extracting(point -> point.get("point")).containsExactly(all.get(1), all.get(2), all.get(4));
        assertThat(CliRun.of("restore", folder, target).exit()).isZero();
        assertThat(count(target, "mem")).isEqualTo(6);
    }

    /** Whether a backup that has left its mark runs, or was killed, only its user knows. */
    @Test
    void backups_whileAnotherRuns_removesNothing() throws Exception {
        List<String> all = backUpFiveDays();
        Path points = folder.resolve("points");
        Path mark = Files.createFile(points.resolve(all.get(0) + ".begun"));
        long before = files();
        ProcessLock running = ProcessLock.acquire(points.resolve(all.get(0) + ".lock"));
        CliRun refused = CliRun.of("backups", folder, "--keep", "1");
        assertThat(refused.exit()).isEqualTo(Exit.FAILED.code());
        assertThat(refused.err()).contains("a backup is being made: mark=" + mark, "forget unfinished backups");
        assertThat(files()).isEqualTo(before);
        assertThat(CliRun.of("backups", folder).lines()).hasSize(5);
        CliRun forgetting = CliRun.of("backups", folder, "--keep", "4", "--forget-unfinished");
        assertThat(forgetting.exit()).as(forgetting.err()).isZero();
        assertThat(files()).isLessThan(before);
        running.close();
    }

    /** One that was killed leaves its mark, and nobody is asked to remove that. */
    @Test
    void backups_keepEachNight_goesOnAfterABackupAndACollectionThatWereKilled() throws IOException {
        List<String> all = backUpFiveDays();
        Path points = folder.resolve("points");
        Path left = Files.createFile(Files.createDirectories(folder.resolve("files/00")).resolve("00".repeat(32)));
        Path mark = Files.createFile(points.resolve(all.get(0) + ".begun"));
        Path collecting = Files.createDirectory(points.resolve("killed.collecting"));
        CliRun next = CliRun.of("backup", root, folder);
        assertThat(next.exit()).as(next.err()).isZero();
        CliRun keeping = CliRun.of("backups", folder, "--keep", "30");
        assertThat(keeping.exit()).as(keeping.err()).isZero();
        assertThat(keeping.lines()).hasSize(7).last().isEqualTo("0 backups removed, and 1 file that no other one has");
        for (Path file : List.of(left, mark, collecting)) {
            assertThat(file).doesNotExist();
        }
    }

    @Test
    void restore_afterTheClockWasSetBack_takesTheBackupThatWasMadeLast() throws IOException {
        assertThat(CliRun.at(CliRun.NOW.plus(Duration.ofDays(365)), "backup", root, folder).exit()).isZero();
        log.append("mem", Duration.ofMinutes(1));
        assertThat(CliRun.of("backup", root, folder).exit()).isZero();
        assertThat(CliRun.of("backups", folder, "--keep", "1").exit()).isZero();
        assertThat(CliRun.of("restore", folder, target).exit()).isZero();
        assertThat(count(target, "mem")).isEqualTo(3);
    }

    @Test
    void restore_whereTheNewestBackupsListIsDamaged_takesTheOneBefore_andSaysSo() throws IOException {
        List<String> all = backUpFiveDays();
        Path newest = folder.resolve("points").resolve(all.get(0) + ".point");
        byte[] bytes = Files.readAllBytes(newest);
        bytes[bytes.length / 2] ^= 1;
        Files.write(newest, bytes);
        CliRun restored = CliRun.of("restore", folder, target);
        assertThat(restored.exit()).isZero();
        assertThat(restored.err()).contains("list of a backup's files is damaged or incomplete").contains(newest.toString());
        assertThat(restored.out()).contains(all.get(1));
        CliRun listed = CliRun.of("backups", folder);
        assertThat(listed.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(listed.err()).contains(newest.toString());
        assertThat(CliRun.of("backups", folder, "--keep", "1").err()).contains("if the backup isn't needed, delete it");
    }

    @Test
    void restore_intoALinkToAnEmptyDirectory_fillsThat() throws IOException {
        assertThat(CliRun.of("backup", root, folder).exit()).isZero();
        Path volume = Files.createDirectories(directory.resolve("volume/log"));
        Files.createSymbolicLink(target, Path.of("volume/log"));
        // as where a run was killed
        SegmentImport unused = SegmentImport.begin(target);
        assertThat(volume).doesNotExist();
        assertThat(CliRun.of("restore", folder, target).exit()).isZero();
        assertThat(target).isSymbolicLink();
        assertThat(count(volume, "mem")).isEqualTo(2);
        assertThat(volume.getParent()).isDirectoryNotContaining("glob:**.importing");
    }

    @Test
    void backups_whatCannotBe_saysWhy() throws IOException {
        assertThat(CliRun.of("backups", folder).err()).contains("no such folder");
        CliRun another = CliRun.of("backups", directory);
        assertThat(another.exit()).isEqualTo(Exit.FAILED.code());
        assertThat(another.err()).contains("not a folder of backups, there is no folder \"points\" in it: folder=" + directory);
        assertThat(CliRun.of("backups", Files.createFile(directory.resolve("file"))).err()).contains("not a folder: folder=");
        List<String> all = backUpFiveDays();
        assertThat(CliRun.of("backups", folder, "--keep", "0").exit()).isEqualTo(Exit.USAGE.code());
        CliRun unknown = CliRun.of("backups", folder, "--remove", all.get(0), "--remove", "yesterday");
        assertThat(unknown.exit()).isEqualTo(Exit.FAILED.code());
        assertThat(unknown.err()).contains("no such backup: point=yesterday");
        assertThat(CliRun.of("backups", folder).lines()).hasSize(5);
    }

    @Test
    void restore_whatCannotBe_saysWhy() throws IOException {
        assertThat(CliRun.of("restore", folder, target).err()).contains("no such folder");
        assertThat(CliRun.of("restore", root, target).err()).contains("not a folder of backups").doesNotContain("stream-wal backup LOG");
        assertThat(CliRun.of("backup", root, folder).exit()).isZero();
        assertThat(CliRun.of("restore", folder).exit()).isEqualTo(Exit.USAGE.code());
        CliRun unknown = CliRun.of("restore", folder, target, "--point", "yesterday");
        assertThat(unknown.exit()).isEqualTo(Exit.FAILED.code());
        assertThat(unknown.err()).contains("no such backup: point=yesterday");
        Path unused = Files.createFile(Files.createDirectory(target).resolve("mine"));
        CliRun taken = CliRun.of("restore", folder, target);
        assertThat(taken.exit()).isEqualTo(Exit.USAGE.code());
        assertThat(taken.err()).contains("not an empty directory");
        assertThat(CliRun.of("backup", directory.resolve("nowhere"), folder).err()).contains("not a log");
    }

    @Test
    void backupVerify_damagedFile_isCopiedAgainOrNamed() throws IOException {
        assertThat(CliRun.of("backup", root, folder).exit()).isZero();
        List<Path> files;
        try (Stream<Path> all = Files.walk(folder.resolve("files"))) {
            files = all.filter(Files::isRegularFile).toList();
        }
        for (Path file : files) {
            byte[] bytes = Files.readAllBytes(file);
            bytes[0] ^= 1;
            Files.write(file, bytes);
        }
        CliRun refused = CliRun.of("restore", folder, target);
        assertThat(refused.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(refused.err()).contains("file of a backup is damaged");
        assertThat(target).doesNotExist();

        CliRun repaired = CliRun.of("backup", root, folder, "--verify");
        assertThat(repaired.exit()).as(repaired.err()).isZero();
        assertThat(repaired.out()).contains("repaired");
        assertThat(CliRun.of("restore", folder, target).exit()).isZero();

        log.append("mem", Duration.ofMinutes(1));
        for (Path file : files) {
            Files.delete(file);
        }
        CliRun gone = CliRun.of("backup", root, folder, "--verify");
        assertThat(gone.exit()).as("the positions of then are nowhere any more").isEqualTo(Exit.FINDINGS.code());
        assertThat(gone.err()).contains("missing or damaged: name=positions");
    }
}
