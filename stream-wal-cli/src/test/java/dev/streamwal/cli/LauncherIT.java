package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The script {@code stream-wal}, with the executable jar as it was packaged. Runs in the phase {@code integration-test}. */
@DisabledOnOs(OS.WINDOWS)
class LauncherIT {

    private static final Path SCRIPT = Path.of("bin", "stream-wal").toAbsolutePath();
    private static final int PATIENCE_SECONDS = 120;

    @TempDir
    private Path directory;

    private SampleLog log;

    @BeforeEach
    void write() {
        log = SampleLog.closed(directory);
    }

    /** Standard output, where all is well. */
    private String run(Path script, String cache) throws IOException, InterruptedException {
        int exit = run(cache, Map.of(), "bash", script.toString(), "ls", log.root().toString());
        assertThat(err()).isEmptyFile();
        assertThat(exit).isZero();
        return out();
    }

    /** The exit code of a command; {@code "$0"} in a line for bash is the script. */
    private int run(String cache, Map<String, String> environment, String... command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile()).redirectOutput(directory.resolve("out").toFile())
                .redirectError(err().toFile());
        builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "LC_ALL", "LC_CTYPE", "LANG"));
        builder.environment().put("LANG", "C.UTF-8");
        builder.environment().putAll(environment);
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("STREAM_WAL_JAR", System.getProperty("cli.jar"));
        builder.environment().put("STREAM_WAL_CACHE", cache);
        Process process = builder.start();
        try {
            assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).as("it ends by itself").isTrue();
        } finally {
            process.destroyForcibly();
        }
        return process.exitValue();
    }

    private int line(Map<String, String> environment, String line) throws IOException, InterruptedException {
        return run("", environment, "bash", "-c", line, SCRIPT.toString());
    }

    private Path err() {
        return directory.resolve("err");
    }

    private String out() throws IOException {
        return Files.readString(directory.resolve("out"), UTF_8);
    }

    private String expected() {
        return CliRun.of("ls", log.root()).out();
    }

    private static List<Path> archives(Path cache) throws IOException {
        try (Stream<Path> files = Files.walk(cache)) {
            return files.filter(file -> file.endsWith("classes.jsa")).toList();
        }
    }

    @Test
    void firstRun_makesAnArchive_andTheNextOnesUseIt() throws Exception {
        Path cache = directory.resolve("cache/of/it");
        assertThat(run(SCRIPT, cache.toString())).isEqualTo(expected());
        assertThat(archives(cache)).singleElement().satisfies(archive -> assertThat(Files.size(archive)).isGreaterThan(1 << 20));
        Path archive = archives(cache).get(0);
        Object made = Files.getLastModifiedTime(archive);
        assertThat(run(SCRIPT, cache.toString())).isEqualTo(expected());
        assertThat(Files.getLastModifiedTime(archive)).isEqualTo(made);

        // cut short, or no archive at all: the JVM goes without
        Files.writeString(archive, "no archive");
        assertThat(run(SCRIPT, cache.toString())).isEqualTo(expected());
    }

    @Test
    void archive_ofAnotherJarOrJava_isMadeAnew() throws Exception {
        Path cache = directory.resolve("cache");
        assertThat(run(SCRIPT, cache.toString())).isEqualTo(expected());
        Path archive = archives(cache).get(0);
        for (String of : List.of("jar", "java")) {
            Files.writeString(archive, "of another one");
            Path noted = archive.resolveSibling(of);
            // older ones come, too: a package keeps the time when it was built
            Files.setLastModifiedTime(noted, FileTime.from(Files.getLastModifiedTime(noted).toInstant().plusSeconds(1)));
            assertThat(run(SCRIPT, cache.toString())).isEqualTo(expected());
            assertThat(Files.size(archive)).as(of).isGreaterThan(1 << 20);
        }
    }

    @Test
    void archive_thatCannotBeMade_isDoneWithout() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "not a folder");
        assertThat(run(SCRIPT, file.resolve("cache").toString())).isEqualTo(expected());
        assertThat(run(SCRIPT, "")).isEqualTo(expected());
    }

    @Test
    void script_byASymbolicLink_isTheSame() throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("sw"), SCRIPT);
        assertThat(run(link, "")).isEqualTo(expected());
    }

    /** Java looks for file systems' providers on all of it, and fails where a class that is named there isn't. */
    @Test
    void classPath_beyondTheJar_isTakenFromTheEnvironment() throws Exception {
        Path services = Files.createDirectories(directory.resolve("more/META-INF/services"));
        Files.writeString(services.resolve("java.nio.file.spi.FileSystemProvider"), "named.OnTheClassPath");
        String line = "bash \"$0\" ls " + log.root() + " --tier s3://bucket/folder/";
        assertThat(line(Map.of(), line)).isEqualTo(Exit.USAGE.code());
        assertThat(err()).content().contains("STREAM_WAL_CLASSPATH");
        Path cache = directory.resolve("cache");
        String classPath = directory.resolve("none.jar") + ":" + directory.resolve("more");
        for (String archive : List.of("", cache.toString())) {
            assertThat(run(archive, Map.of("STREAM_WAL_CLASSPATH", classPath), "bash", "-c", line, SCRIPT.toString())).isEqualTo(Exit.BUG.code());
            assertThat(err()).content().contains("named.OnTheClassPath");
            assertThat(run(archive, Map.of("STREAM_WAL_CLASSPATH", classPath), "bash", SCRIPT.toString(), "ls", log.root().toString())).isZero();
            assertThat(out()).isEqualTo(expected());
        }
        assertThat(archives(cache)).hasSize(1);
    }

    /** Else the first file that the program opens would be standard input, and read as such. */
    @Test
    void standardInput_closed_isEmpty() throws Exception {
        assertThat(line(Map.of(), "bash \"$0\" import new - --format lines --key x --skip-bad <&-")).as(Files.readString(err())).isZero();
        assertThat(out()).contains("imported 0 records");
        assertThat(line(Map.of(), "bash \"$0\" ls " + log.root() + " <&- 2>&-")).isZero();
        assertThat(out()).isEqualTo(expected());
        assertThat(line(Map.of(), "bash \"$0\" ls " + log.root() + " <&- >&- 2>&-")).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"C", "POSIX", "", "xx_YY.UTF-8"})
    void argumentsBeyondAscii_anyLocale_areTaken(String locale) throws Exception {
        Map<String, String> environment = Map.of("LC_ALL", locale, "LANG", locale);
        assertThat(line(environment, "echo hello | bash \"$0\" import $'r\\xc3\\xbcck' - --format lines --key $'m\\xc3\\xbc'")).as(Files.readString(err())).isZero();
        assertThat(line(environment, "bash \"$0\" cat $'r\\xc3\\xbcck' $'m\\xc3\\xbc'")).as(Files.readString(err())).isZero();
        assertThat(out()).contains("m\u00fc@0").contains("hello");
    }

    @Test
    void argumentThatIsNoUtf8_isRefused() throws Exception {
        assertThat(line(Map.of(), "bash \"$0\" ls " + log.root() + " $'m\\xfc'")).isEqualTo(Exit.USAGE.code());
        assertThat(err()).content().contains("argument has a character that Java can't read: argument=m", "charset=UTF-8; set LC_ALL=C.UTF-8");
    }
}
