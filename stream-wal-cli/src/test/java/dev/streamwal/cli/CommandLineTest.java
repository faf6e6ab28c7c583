package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What all commands have in common. */
class CommandLineTest {

    @TempDir
    private Path directory;

    @Test
    void help_ofTheProgram_listsEveryCommandAndTheExitCodes() {
        CliRun run = CliRun.of("--help");
        assertThat(run.exit()).isEqualTo(Exit.OK.code());
        assertThat(run.out()).contains(AllCommandsTest.commands().keySet()).contains("Examples:");
        assertThat(run.out()).contains("   0     success", "   1     ran, but found damage", "   2     invalid arguments",
                "   3     files or the log can't be", "   4     another process writes", "   5     a bug in this program",
                "  130   interrupted");
        assertThat(run.err()).isEmpty();
    }

    @Test
    void version_fromClassFiles_saysSo() {
        assertThat(CliRun.of("--version").out()).startsWith("stream-wal ");
    }

    @Test
    void completion_script_knowsTheCommands() {
        CliRun run = CliRun.of("generate-completion");
        assertThat(run.exit()).isEqualTo(Exit.OK.code());
        assertThat(run.out()).startsWith("#!/usr/bin/env bash").contains("_picocli_stream-wal_cat", "--last");
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "", "nothing", "ls", "ls ROOT --nothing", "get ROOT", "get ROOT yesterday", "get ROOT meter/1@0+7", "cat ROOT * --from someday",
        "cat ROOT * --from now --to -1h", "cat ROOT * --position 0", "cat ROOT meter/1 --position -1", "cat ROOT meter/1 --last -1",
        "cat ROOT meter/1 --last 1 --from -1h", "cat ROOT meter/1 --ref meter/1@0+40", "cat ROOT meter/1 --format paper",
        "cat ROOT --last 1 --last 2", "cat ROOT --merged --last 1", "stats ROOT/segments --nano-wal", "dump", "dump ROOT"
    })
    void arguments_nonsense_usage(String line) {
        try (SampleLog log = SampleLog.closed(directory)) {
            Object[] arguments = line.isEmpty() ? new Object[0] : line.replace("ROOT", log.root().toString()).split(" ");
            CliRun run = CliRun.of(arguments);
            assertThat(run.exit()).as(run.err()).isEqualTo(Exit.USAGE.code());
            assertThat(run.out()).isEmpty();
            assertThat(run.err()).startsWith("stream-wal: ").doesNotContain("Exception");
        }
    }

    @Test
    void key_impossible_usage() {
        try (SampleLog log = SampleLog.closed(directory)) {
            assertThat(CliRun.of("ls", log.root(), "").exit()).isEqualTo(Exit.USAGE.code());
            assertThat(CliRun.of("ls", log.root(), "x".repeat(1_025)).exit()).isEqualTo(Exit.USAGE.code());
        }
    }

    @Test
    void root_notThereOrNoLog_failed() throws IOException {
        Path nowhere = directory.resolve("nowhere");
        Path file = Files.writeString(directory.resolve("file"), "x");
        for (String command : List.of("ls", "stats", "latest", "cat", "tail", "export", "verify")) {
            CliRun run = CliRun.of(command, nowhere);
            assertThat(run.exit()).isEqualTo(Exit.FAILED.code());
            assertThat(run.err()).startsWith("stream-wal: no such directory").contains(nowhere.toString()).hasLineCount(1);
            assertThat(CliRun.of(command, file).exit()).isEqualTo(Exit.FAILED.code());
            assertThat(CliRun.of(command, directory).err()).contains("there is no folder \"segments\"");
        }
        assertThat(CliRun.of("dump", nowhere).exit()).isEqualTo(Exit.FAILED.code());
    }

    @Test
    void failure_verbose_hasItsStackTrace() {
        assertThat(CliRun.of("ls", directory, "--verbose").err()).contains("\tat dev.streamwal.cli.ReadingCommand");
    }

    @Test
    void missing_keys_findingsAndTheOthersAreShown() {
        try (SampleLog log = SampleLog.closed(directory)) {
            CliRun run = CliRun.of("latest", log.root(), "x*", "binary", "y\u001b[2J");
            assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
            assertThat(run.lines()).containsExactly("2024-05-01T11:56:00.000Z  binary@0+40  0xff0007");
            assertThat(run.err().lines()).containsExactly(
                    "stream-wal: no stream has this key, or matches this pattern: x*; stream-wal ls LOG lists the keys",
                    "stream-wal: no stream has this key, or matches this pattern: y\\u001b[2J; did you mean \\u001b[2J?");
        }
    }

    @ParameterizedTest
    @CsvSource({"lst, ls", "verfy, verify", "exprot, export", "consumer, consumers"})
    void command_misspelt_hearsWhatWasMeant(String misspelt, String meant) {
        CliRun run = CliRun.of(misspelt, directory);
        assertThat(run.err()).contains("did you mean " + meant + "?");
        assertThat(run.exit()).isEqualTo(Exit.USAGE.code());
    }

    @Test
    void help_asACommand_hearsOfTheOption() {
        CliRun run = CliRun.of("help");
        assertThat(run.exit()).isEqualTo(Exit.USAGE.code());
        assertThat(run.err()).contains("'help'; the option is --help").doesNotContain("did you mean");
    }

    @Test
    void option_misspelt_hearsWhatWasMeant() {
        assertThat(CliRun.of("cat", directory, "--positon=7").err()).contains("did you mean --position?");
        assertThat(CliRun.of("cat", directory, "--nothing-like-it").err()).doesNotContain("did you mean");
    }

    @Test
    void key_misspelt_hearsWhichAreLikeIt() {
        try (SampleLog log = SampleLog.closed(directory)) {
            assertThat(CliRun.of("cat", log.root(), "metre/1", "binary", "nothing", "mater/*").err().lines()).containsExactly(
                    "stream-wal: no stream has this key, or matches this pattern: metre/1; did you mean meter/1?",
                    "stream-wal: no stream has this key, or matches this pattern: nothing; stream-wal ls LOG lists the keys",
                    "stream-wal: no stream has this key, or matches this pattern: mater/*; stream-wal ls LOG lists the keys");
            assertThat(CliRun.of("cat", log.root(), "meter/").err()).contains("did you mean meter/1 or meter/2?");
        }
    }

    @Test
    void argument_withAnAt_isNoFileOfArguments() throws IOException {
        Path file = Files.writeString(directory.resolve("arguments"), "--help");
        try (SampleLog log = SampleLog.closed(directory)) {
            assertThat(CliRun.of("ls", log.root(), "@" + file).err()).contains("no stream has this key", "@" + file);
        }
    }

    /** Takes so many bytes, and fails then. */
    private static final class Pipe extends OutputStream {

        private final String failure;
        private int left;

        Pipe(int left, String failure) {
            this.left = left;
            this.failure = failure;
        }

        @Override
        public void write(int b) throws IOException {
            if (left-- <= 0) {
                throw new IOException(failure);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ls", "stats", "latest", "cat", "tail", "export", "verify"})
    void output_pipeThatBreaks_endsQuietly(String command) {
        try (SampleLog log = SampleLog.closed(directory)) {
            for (String more : List.of("--quiet", "--json")) {
                StringWriter err = new StringWriter();
                assertThat(run(new Pipe(10, "Broken pipe"), err, command, log.root().toString(), more)).isEqualTo(Exit.OK.code());
                assertThat(err.toString()).isEmpty();
            }
        }
    }

    @Test
    void output_pipeThatBreaksInAnotherLanguage_endsQuietly() {
        try (SampleLog log = SampleLog.closed(directory)) {
            StringWriter err = new StringWriter();
            assertThat(run(new Pipe(10, "Relais brisé (pipe)"), err, "cat", log.root().toString())).isEqualTo(Exit.OK.code());
            assertThat(err.toString()).isEmpty();
        }
    }

    /** The JDK's own message is the file, and nothing else. */
    @Test
    void failure_accessDenied_saysSo() {
        StringWriter err = new StringWriter();
        CommandContext context = new CommandContext(new ByteArrayOutputStream(), new PrintWriter(err), false, InstantSource.fixed(CliRun.NOW));
        assertThat(new Complaints(context).explain(new AccessDeniedException("secret.seg"), "stream-wal dump", false)).isEqualTo(Exit.FAILED.code());
        assertThat(err.toString()).contains("stream-wal: access is denied: file=secret.seg; ").doesNotContain("Exception");
    }

    @Test
    void output_fullDisk_failed() {
        try (SampleLog log = SampleLog.closed(directory)) {
            StringWriter err = new StringWriter();
            assertThat(run(new Pipe(10, "No space left on device"), err, "cat", log.root().toString())).isEqualTo(Exit.FAILED.code());
            assertThat(err.toString()).contains("No space left on device");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--help", "--version", "generate-completion", "cat --help"})
    void help_outputThatFails_failed(String line) {
        StringWriter err = new StringWriter();
        assertThat(run(new Pipe(5, "No space left on device"), err, line.split(" "))).isEqualTo(Exit.FAILED.code());
        assertThat(err.toString()).contains("No space left on device");
        StringWriter none = new StringWriter();
        assertThat(run(new Pipe(5, "Broken pipe"), none, line.split(" "))).isEqualTo(Exit.OK.code());
        assertThat(none.toString()).isEmpty();
    }

    /** The JVM itself would end with the exit code of findings. */
    @Test
    void error_ofTheJvm_isNotTakenForFindings() {
        try (SampleLog log = SampleLog.closed(directory)) {
            StringWriter err = new StringWriter();
            assertThat(run(failing(new OutOfMemoryError("heap")), err, "cat", log.root().toString())).isEqualTo(Exit.FAILED.code());
            assertThat(err.toString()).isEqualTo(
                    "stream-wal: not enough memory: heap; give the program more, with JDK_JAVA_OPTIONS=-Xmx4g or the like in its environment\n");
            assertThat(run(failing(new StackOverflowError()), err, "cat", log.root().toString())).isEqualTo(Exit.BUG.code());
            assertThat(err.toString()).contains("StackOverflowError", "\tat ");
        }
    }

    private static OutputStream failing(Error error) {
        return new OutputStream() {
            @Override
            public void write(int b) {
                throw error;
            }
        };
    }

    private static int run(OutputStream out, StringWriter err, String... arguments) {
        CommandContext context = new CommandContext(out, new PrintWriter(err), false, InstantSource.fixed(CliRun.NOW));
        return StreamWalCommand.run(context, arguments);
    }

    @Test
    void progress_watched_onStandardErrorOnly() {
        try (SampleLog log = SampleLog.closed(directory)) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            StringWriter err = new StringWriter();
            CommandLine program = StreamWalCommand.commandLine(
                    new CommandContext(out, new PrintWriter(err), true, InstantSource.fixed(CliRun.NOW)));
            assertThat(program.execute("verify", log.root().toString())).isEqualTo(Exit.OK.code());
            assertThat(err.toString()).contains("verifying 100%");
            assertThat(out.toString(UTF_8)).isEqualTo("4 streams, 34 records, 1.3 KiB verify; no damage\n");
            err.getBuffer().setLength(0);
            program.execute("verify", log.root().toString(), "--quiet");
            assertThat(err.toString()).isEmpty();
        }
    }
}
