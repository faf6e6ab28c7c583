package dev.streamwal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
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
        assertThat(CliRun.of("restore", folder, "--list").lines()).hasSize(3);
    }

    @Test
    void restore_newestOrNamed_isALog() throws IOException {
        assertThat(CliRun.of("backup", root, folder).exit()).isZero();
        String first = (String) CliRun.of("restore", folder, "--list", "--json").json().get(0).get("point");
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

    @Test
    void restore_whatCannotBe_saysWhy() throws IOException {
        assertThat(CliRun.of("restore", folder, target).err()).contains("no such folder");
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
