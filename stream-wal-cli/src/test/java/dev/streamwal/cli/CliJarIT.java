package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import dev.streamwal.WalStream;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;

/** The executable jar, as it was packaged, and the module's jar beside it. Runs in the phase {@code integration-test}. */
class CliJarIT {

    private static final Path CLI_JAR = Path.of(System.getProperty("cli.jar"));
    private static final Path MODULE_JAR = Path.of(System.getProperty("module.jar"));
    private static final int PATIENCE_SECONDS = 60;
    /** More than pipes and buffers hold. */
    private static final int MANY_RECORDS = 20_000;

    @TempDir
    private Path directory;

    @Test
    void run_help_silentButForTheHelp() throws Exception {
        assertThat(run("--help")).contains("Usage: stream-wal [-hV] COMMAND").anyMatch(line -> line.contains("generate-completion"));
        assertThat(run("--version")).singleElement().asString().matches("stream-wal \\d.*");
    }

    @Test
    void run_everyReadingCommand_asInTheTestsOfEach() throws Exception {
        SampleLog log = SampleLog.closed(directory);
        String root = log.root().toString();
        for (List<String> command : List.of(
                List.of("ls", root), List.of("ls", root, "--json"), List.of("stats", root), List.of("latest", root),
                List.of("cat", root, "meter/*"), List.of("export", root), List.of("verify", root),
                List.of("get", root, log.ref(1).toString()), List.of("dump", log.segments("meter/1").get(0).toString()))) {
            assertThat(run(command.toArray(String[]::new))).isEqualTo(CliRun.of(command.toArray()).lines());
        }
    }

    /** Returns the lines of standard output. */
    private List<String> run(String... arguments) throws IOException, InterruptedException {
        Path out = directory.resolve("out");
        Path err = directory.resolve("err");
        Process process = jar(arguments).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        end(process);
        assertThat(err).isEmptyFile();
        assertThat(process.exitValue()).isEqualTo(Exit.OK.code());
        return Files.readAllLines(out, UTF_8);
    }

    private static ProcessBuilder jar(String... arguments) {
        return java(List.of("-jar", CLI_JAR.toString()), arguments);
    }

    private static ProcessBuilder java(List<String> program, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(program);
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        // what they add to a JVM's flags it also announces on standard error
        builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"));
        return builder;
    }

    private static void end(Process process) throws InterruptedException {
        try {
            assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).as("it ends by itself").isTrue();
        } finally {
            process.destroyForcibly();
        }
    }

    /** Most of the time that a small command takes would be the first use of these. */
    @Test
    void run_ls_withoutClassesThatTakeLong() throws Exception {
        assertThat(loadedByLs()).contains("dev.streamwal.cli.LsCommand").doesNotContain("picocli.CommandLine", "java.util.regex.Matcher",
                "com.fasterxml.jackson.core.JsonFactory");
    }

    /** Newer JDKs use streams themselves, for what Netty asks, and when a program ends. */
    @Test
    @EnabledForJreRange(max = JRE.JAVA_17)
    void run_ls_withoutStreams() throws Exception {
        assertThat(loadedByLs()).doesNotContain("java.util.stream.ReferencePipeline");
    }

    /** The names of all classes that {@code ls} on a small log loads. */
    private List<String> loadedByLs() throws IOException, InterruptedException {
        SampleLog log = SampleLog.closed(directory);
        Path loaded = directory.resolve("loaded");
        Process process = java(List.of("-Xlog:class+load:file=" + loaded + ":none", "-cp", CLI_JAR.toString(), StreamWalCommand.class.getName()), "ls",
                log.root().toString()).redirectOutput(directory.resolve("out").toFile()).start();
        end(process);
        assertThat(process.exitValue()).isEqualTo(Exit.OK.code());
        return Files.readAllLines(loaded, UTF_8).stream().map(line -> line.replaceFirst(" .*", "")).toList();
    }

    @Test
    void run_pipeClosedByItsReader_endsQuietly() throws Exception {
        Path root = directory.resolve("log");
        try (StreamWal wal = StreamWal.open(root)) {
            WalStream stream = wal.stream("s");
            for (int i = 0; i < MANY_RECORDS; i++) {
                stream.append(String.valueOf(i).getBytes(UTF_8));
            }
        }
        Path err = directory.resolve("err");
        Process process = jar("cat", root.toString()).redirectError(err.toFile()).start();
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
            assertThat(lines.readLine()).contains("s@0+40  0");
        }
        end(process);
        assertThat(err).isEmptyFile();
        assertThat(process.exitValue()).isEqualTo(Exit.OK.code());
    }

    /** What the progress bars need is in the jar, where its libraries leave something out. */
    @Test
    void run_watched_showsProgressOnStandardError() throws Exception {
        SampleLog log = SampleLog.closed(directory);
        Path err = directory.resolve("err");
        String classPath = CLI_JAR + File.pathSeparator + CLI_JAR.resolveSibling("test-classes");
        Process process = java(List.of("-cp", classPath, WatchedProgram.class.getName()), "verify", log.root().toString())
                .redirectOutput(directory.resolve("out").toFile()).redirectError(err.toFile()).start();
        end(process);
        assertThat(Files.readString(err, UTF_8)).contains("verifying 100%").doesNotContain("WARNING");
    }

    @Test
    void entries_ofTheExecutableJar_whatItRunsWithAndNoDescriptors() throws IOException {
        assertThat(entries(CLI_JAR)).noneMatch(name -> name.matches(".*module-info\\.class|net/openhft/.*|org/slf4j/.*"))
                .contains("META-INF/LICENSE", "picocli/CommandLine.class", "dev/streamwal/reader/WalReader.class");
    }

    @Test
    void entries_ofTheModule_onlyItsOwn() throws IOException {
        assertThat(entries(MODULE_JAR)).contains("module-info.class", "dev/streamwal/cli/StreamWalCommand.class")
                .allMatch(name -> name.matches("(dev/(streamwal/(cli/.*)?)?|META-INF/.*|module-info\\.class)"));
    }

    private static List<String> entries(Path jar) throws IOException {
        try (JarFile file = new JarFile(jar.toFile())) {
            return file.stream().map(ZipEntry::getName).toList();
        }
    }
}
