package dev.streamwal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.error.WalIOException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.DirectoryTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A stream that the disk can't read: every command that reads several tells of it, and goes on with the others. */
class UnreadableStreamsTest {

    private static final String KEY = "meter/1";

    @TempDir
    private Path directory;

    private SampleLog log;

    @BeforeEach
    void write() {
        log = SampleLog.closed(directory);
    }

    /** As a bad sector does: its newest segment can't be read. */
    private void spoil(String key) throws IOException {
        List<Path> segments = log.segments(key);
        Path newest = segments.get(segments.size() - 1);
        Files.delete(newest);
        Files.createDirectory(newest);
    }

    private static List<Object> keys(CliRun run) throws IOException {
        return run.json().stream().map(object -> object.get("key")).filter(Objects::nonNull).distinct().toList();
    }

    private static void assertUnread(CliRun run, String... texts) {
        assertThat(run.exit()).as(run.err()).isEqualTo(Exit.FAILED.code());
        assertThat(run.err().lines()).as(run.err()).hasSize(texts.length);
        assertThat(run.err()).contains(texts);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ls", "latest", "cat", "tail", "export", "digest", "verify"})
    void severalStreams_twoCannotBeRead_theOthersAreShown_andBothAreTold(String command) throws IOException {
        spoil(KEY);
        spoil("binary");
        String[] told = {"stream=binary", "stream=" + KEY};
        CliRun all = CliRun.of(command, log.root());
        assertUnread(all, told);
        CliRun json = CliRun.of(command, log.root(), "--json");
        assertUnread(json, told);
        assertThat(keys(json)).contains(SampleLog.EVIL, "meter/2").doesNotContain("binary");
        assertUnread(CliRun.of(command, log.root(), "*"), told);
        CliRun named = CliRun.of(command, log.root(), "meter/2", KEY, "--json");
        assertUnread(named, "stream=" + KEY);
        assertThat(keys(named)).contains("meter/2");
    }

    @Test
    void catMerged_theOthersAreShownInTheOrderOfTime() throws IOException {
        List<Map<String, Object>> whole = CliRun.of("cat", log.root(), "--merged", "--json").json();
        spoil("binary");
        CliRun run = CliRun.of("cat", log.root(), "--merged", "--json");
        assertUnread(run, "stream=binary");
        assertThat(run.json()).isEqualTo(whole.stream().filter(entry -> !"binary".equals(entry.get("key"))).toList());
    }

    @Test
    void verbose_printsWhereEachFailed() throws IOException {
        spoil(KEY);
        spoil("binary");
        CliRun run = CliRun.of("ls", log.root(), "--verbose");
        assertThat(run.err().lines().filter(line -> line.startsWith(WalIOException.class.getName()))).as(run.err()).hasSize(2);
        assertThat(run.exit()).isEqualTo(Exit.FAILED.code());
    }

    @Test
    void stats_theOtherSegmentsCount() throws IOException {
        spoil(KEY);
        CliRun run = CliRun.of("stats", log.root());
        assertUnread(run, "stream=" + KEY);
        assertThat(run.out()).contains("streams   4\n", "segments  6, 2 of them sealed, 1 unreadable\n", "records   24, ");
        CliRun json = CliRun.of("stats", log.root(), "--json");
        assertUnread(json, "stream=" + KEY);
        assertThat(json.json()).singleElement().satisfies(figures -> assertThat(figures).containsEntry("streams", 4L).containsEntry("records", 24L)
                .containsEntry("unreadableSegments", 1L));
    }

    @Test
    void get_theOtherRecordsAreShown() throws IOException {
        spoil(KEY);
        CliRun run = CliRun.of("get", log.root(), log.ref(29), "meter/2@80+40", log.ref(0), "--json");
        assertUnread(run, "stream=" + KEY);
        assertThat(run.json()).hasSize(3).first().isEqualTo(Map.of("ref", log.ref(29).toString(), "status", "UNREADABLE"));
        assertThat(run.json().get(1)).containsEntry("content", "b");
        assertThat(run.json().get(2)).containsEntry("content", "0");
        assertThat(CliRun.of("get", log.root(), log.ref(29), "meter/2@80+40", "meter/2@4000+40").exit()).as("nor is one there").isEqualTo(Exit.FINDINGS.code());
    }

    @Test
    void verify_withAnchor_theOthersAreCompared() throws IOException {
        Path anchor = Files.writeString(directory.resolve("anchor"), CliRun.of("digest", log.root()).out());
        spoil(KEY);
        CliRun run = CliRun.of("verify", log.root(), "--anchor", anchor);
        assertUnread(run, "stream=" + KEY, "stream=" + KEY);
        assertThat(run.out()).endsWith(": 3 streams unchanged\n");
    }

    /** Then not even its segments can be listed, which says whether an argument is a key. */
    @ParameterizedTest
    @ValueSource(strings = {"ls", "stats", "latest", "cat", "export", "verify"})
    @EnabledOnOs(OS.LINUX)
    void folderCannotBeRead_theOthersAreShown(String command) throws IOException {
        Path folder = LogSegments.folder(log.root()).resolve(StreamKey.of(KEY).directoryName());
        DirectoryTree.delete(folder);
        Files.createSymbolicLink(folder, folder.getFileName()); // which nobody can follow
        for (CliRun run : List.of(CliRun.of(command, log.root()), CliRun.of(command, log.root(), KEY, "meter/2"))) {
            assertUnread(run, "stream=" + KEY);
            assertThat(run.out()).isNotEmpty();
        }
    }
}
