package dev.streamwal.embedding;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.StreamWal;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What arrives with stream-wal, as Maven resolves it from its pom; and that this is enough. */
class DependenciesTest {

    /** Folders of a Maven repository that have what this test needs itself. */
    private static final List<String> OF_TESTS =
            List.of("/org/junit/", "/org/assertj/", "/net/bytebuddy/", "/org/opentest4j/", "/org/apiguardian/");

    @Test
    void classPath_ofAUser_theLibrariesOfTheLogAndNoneOfTheCommandLine() {
        assertThat(artifacts()).isEqualTo(Set.of("stream-wal", "stream-wal-reader", "netty-buffer", "netty-common", "chronicle-bytes",
                "chronicle-core", "slf4j-api", "jspecify"));
    }

    private static Set<String> artifacts() {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        Path here = Path.of("target").toAbsolutePath();
        return Stream.of(classPath.split(File.pathSeparator))
                .map(Path::of)
                .filter(entry -> !entry.startsWith(here))
                .filter(entry -> OF_TESTS.stream().noneMatch(entry.toUri().getPath()::contains))
                .map(DependenciesTest::artifact)
                .collect(Collectors.toSet());
    }

    /** Of a jar, or of a module that was compiled in the same build and not packaged. */
    private static String artifact(Path entry) {
        String name = entry.getFileName().toString();
        return name.equals("classes") ? entry.getParent().getParent().getFileName().toString() : name.replaceFirst("-\\d.*", "");
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "picocli.CommandLine", "de.siegmar.fastcsv.reader.CsvReader", "com.fasterxml.jackson.core.JsonFactory",
        "me.tongfei.progressbar.ProgressBar", "org.jline.terminal.Terminal", "org.slf4j.nop.NOPServiceProvider"
    })
    void classes_ofTheCommandLinesLibraries_areNotThere(String name) {
        assertThatThrownBy(() -> Class.forName(name)).isInstanceOf(ClassNotFoundException.class);
    }

    /** Here SLF4J has no provider, which is a program's to choose: a JVM of its own, as it is said once in each, to whoever is first. */
    @ParameterizedTest
    @ValueSource(strings = {"writes", "reads"})
    void program_withoutAProviderForSlf4j_printsNothing(String what, @TempDir Path root) throws Exception {
        try (StreamWal wal = StreamWal.open(root)) {
            EntryRef unused = wal.stream("s").append("record".getBytes(UTF_8));
        }
        Path said = root.resolve("said");
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        Process program = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", classPath,
                Program.class.getName(), root.toString(), what).redirectErrorStream(true).redirectOutput(said.toFile()).start();
        assertThat(program.waitFor()).as(() -> read(said)).isZero();
        assertThat(said).isEmptyFile();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A program that does nothing but use a log. */
    static final class Program {

        private Program() {}

        public static void main(String[] arguments) {
            Path root = Path.of(arguments[0]);
            if (arguments[1].equals("writes")) {
                try (StreamWal wal = StreamWal.open(root)) {
                    EntryRef unused = wal.stream("s").append(new byte[8]);
                }
            } else {
                try (WalReader reader = WalReader.open(root); EntryCursor cursor = reader.scan("s")) {
                    if (!cursor.next() || cursor.content().readableBytes() != "record".length()) {
                        throw new AssertionError("the record that was appended");
                    }
                }
            }
        }
    }

    @Test
    void log_withoutThem_isWrittenAndRead(@TempDir Path root) {
        try (StreamWal wal = StreamWal.open(root); WalReader reader = WalReader.open(root)) {
            EntryRef ref = wal.stream("s").append("record".getBytes(UTF_8));
            assertThat(reader.find(ref).orElseThrow().contentBytes()).asString(UTF_8).isEqualTo("record");
        }
    }
}
