package dev.streamwal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What all commands have in common. */
class CommandLineTest {

    @TempDir
    private Path directory;

    @Test
    void help_program_listsEveryCommandAndTheExitCodes() {
        CliRun run = CliRun.of("--help");
        assertThat(run.exit()).isEqualTo(Exit.OK.code());
        assertThat(run.out()).contains("ls", "completion");
        assertThat(run.out()).contains("  0   all is well", "  1   it ran, and found damage", "  4   another process writes the log");
    }

    @Test
    void arguments_none_usage() {
        assertThat(CliRun.of().exit()).isEqualTo(Exit.USAGE.code());
    }

    @Test
    void root_notThere_failed() {
        CliRun run = CliRun.of("ls", directory.resolve("nowhere"));
        assertThat(run.exit()).isEqualTo(Exit.FAILED.code());
        assertThat(run.err()).startsWith("stream-wal: a log's root is a directory").contains("nowhere").doesNotContain("\tat ");
        assertThat(CliRun.of("ls", directory.resolve("nowhere"), "--verbose").err()).contains("\tat dev.streamwal");
    }

    @Test
    void json_emptyLog_nothing() throws IOException {
        CliRun run = CliRun.of("ls", directory, "--json");
        assertThat(run.json()).isEmpty();
        assertThat(run.exit()).isEqualTo(Exit.OK.code());
    }
}
