package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.streamwal.FileListing;
import dev.streamwal.storage.SmallDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands that read, on logs that mustn't or can't be written, and on one that somebody else writes. */
class ReadingWritesNothingTest {

    private static final int DISK_BYTES = 4 << 20;

    /** Every reading command, and what it ends with here. */
    private static List<CliRun> runAll(SampleLog log) throws IOException {
        List<CliRun> runs = new ArrayList<>();
        for (String json : List.of("--quiet", "--json")) {
            for (String command : List.of("ls", "stats", "latest", "cat", "tail", "export", "verify")) {
                runs.add(CliRun.of(command, log.root(), json));
            }
            runs.add(CliRun.of("cat", log.root(), "meter/1", "--last", 2, json));
            runs.add(CliRun.of("cat", log.root(), "meter/1", "--from", "-10m", json));
            runs.add(CliRun.of("get", log.root(), log.ref(0), log.ref(29), json));
            for (Path segment : log.segments("meter/1")) {
                runs.add(CliRun.of("dump", segment, json));
            }
        }
        return runs;
    }

    @Test
    void everyCommand_readOnlyFileSystem_works() throws IOException {
        try (SmallDisk disk = SmallDisk.mount(DISK_BYTES)) {
            SampleLog log = SampleLog.closed(disk.directory());
            assumeTrue(disk.remount("ro"));
            assertThat(runAll(log)).allSatisfy(run -> assertThat(run.exit()).as(run.err()).isEqualTo(Exit.OK.code()))
                    .allSatisfy(run -> assertThat(run.bytes()).isNotEmpty());
        }
    }

    @Test
    void everyCommand_writableLog_leavesEveryFileAndTimeAsItWas(@TempDir Path directory) throws IOException {
        SampleLog log = SampleLog.closed(directory);
        SortedMap<String, String> before = FileListing.of(log.root());
        runAll(log);
        assertThat(FileListing.of(log.root())).isEqualTo(before).hasSizeGreaterThan(10);
    }

    /** In which the folder of segments still has the name that it had before shared segments. */
    @Test
    void everyCommand_logNotUpgradedYet_worksAndLeavesEveryFileAndTimeAsItWas(@TempDir Path directory) throws IOException {
        SampleLog log = SampleLog.closed(directory);
        Files.delete(log.root().resolve("streams"));
        Path unused = Files.move(log.root().resolve("segments"), log.root().resolve("streams"));
        SortedMap<String, String> before = FileListing.of(log.root());
        List<CliRun> runs = runAll(log);
        runs.add(CliRun.of("recover", log.root(), "--dry-run"));
        runs.add(CliRun.of("quarantine", log.root()));
        assertThat(runs).allSatisfy(run -> assertThat(run.exit()).as(run.err()).isEqualTo(Exit.OK.code()))
                .allSatisfy(run -> assertThat(run.bytes()).isNotEmpty());
        assertThat(FileListing.of(log.root())).isEqualTo(before).hasSizeGreaterThan(10);
    }

    @Test
    void everyCommand_liveLog_worksAndSeesWhatIsNew(@TempDir Path directory) throws IOException {
        try (SampleLog log = SampleLog.open(directory)) {
            assertThat(runAll(log)).allSatisfy(run -> assertThat(run.exit()).as(run.err()).isEqualTo(Exit.OK.code()));
            assertThat(CliRun.of("cat", log.root(), "meter/1", "--format", "raw").out()).endsWith("2829");
            log.wal().stream("meter/1").append("30".getBytes(UTF_8));
            log.wal().stream("new").append("first".getBytes(UTF_8));
            assertThat(CliRun.of("cat", log.root(), "meter/1", "--format", "raw").out()).endsWith("282930");
            assertThat(CliRun.of("latest", log.root(), "new", "--format", "raw").out()).isEqualTo("first");
            assertThat(CliRun.of("verify", log.root()).out()).isEqualTo("5 streams, 36 records, 1.4 KiB verify; no damage\n");
            assertThat(log.wal().health().cause()).isEmpty();
        }
    }
}
