package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

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
        Path out = directory.resolve("out");
        Path err = directory.resolve("err");
        List<String> command = new ArrayList<>(List.of("bash", script.toString(), "ls", log.root().toString()));
        ProcessBuilder builder = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"));
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("STREAM_WAL_JAR", System.getProperty("cli.jar"));
        builder.environment().put("STREAM_WAL_CACHE", cache);
        Process process = builder.start();
        try {
            assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).as("it ends by itself").isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(err).isEmptyFile();
        assertThat(process.exitValue()).isZero();
        return Files.readString(out, UTF_8);
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
}
