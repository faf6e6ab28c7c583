package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The library prints nothing and leaves nothing behind, on the JDK that runs the tests, with no JVM flag. Second JVMs show it: what they
 * print is the whole of what anybody printed.
 */
@EnabledOnOs(OS.LINUX)
class SilenceTest {

    /** What JDK 24 and later say, by themselves, of whoever uses {@code sun.misc.Unsafe}, as Chronicle Bytes does. */
    private static final int FIRST_JDK_WITH_NOTICE = 24;
    private static final String NOTICE =
            "WARNING: .*sun\\.misc\\.Unsafe.*|WARNING: Please consider reporting this to the maintainers of .*";

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource(Storage.class)
    void openAppendReadSweepClose_noFlags_printsNothingAndLeavesNothing(Storage storage) throws Exception {
        assertSilent(storage, "none");
    }

    /** Neither does encryption, nor a rotation of keys. */
    @Test
    void encrypted_noFlags_printsNothingAndLeavesNothing() throws Exception {
        assertSilent(Storage.AUTO, SilentProgram.ENCRYPTED);
    }

    private void assertSilent(Storage storage, String bytes) throws Exception {
        Path errors = directory.resolve("errors");
        List<String> lines = run(List.of(), storage, bytes, errors);
        assertThat(lines).containsExactly(SilentProgram.NOTHING_LEFT);
        assertThat(errors).isEmptyFile();
    }

    @ParameterizedTest
    @ValueSource(strings = {"typed", "heap"})
    void appendBytes_noFlags_printsAtMostTheNoticeOfTheJdk(String bytes) throws Exception {
        assertThat(saidWith(bytes)).isEmpty();
    }

    /**
     * A program that allocates native {@code Bytes} makes Chronicle log a warning about flags when it does so, before any of them is
     * appended; the library allocates none. Whoever minds turns that logger off; the library leaves the program's loggers alone.
     */
    @Test
    void appendBytes_nativeOnesOfTheProgram_printAtMostWhatChronicleSaysOfThem() throws Exception {
        List<String> said = saidWith("direct");
        said.removeIf(line -> line.contains("ReflectionBasedByteBufferCleanerService"));
        assertThat(said).isEmpty();
    }

    /** What was printed by appending Chronicle's bytes, but for the JDK's notice. */
    private List<String> saidWith(String bytes) throws IOException, InterruptedException {
        Path errors = directory.resolve("errors");
        List<String> lines = run(List.of(), Storage.AUTO, bytes, errors);
        // Chronicle's one thread frees what its users forgot, and is Chronicle's
        assertThat(lines).hasSize(1).first().asString()
                .matches("threads=\\[(background~resource~releaser)?] descriptors=\\[] mappings=\\[]");
        List<String> said = new ArrayList<>(Files.readAllLines(errors));
        if (Runtime.version().feature() >= FIRST_JDK_WITH_NOTICE) {
            said.removeIf(line -> line.matches(NOTICE));
        }
        return said;
    }

    @Test
    void openAppendReadSweepClose_withoutBytes_initialisesNothingOfChronicle() throws Exception {
        Path log = directory.resolve("classes");
        List<String> lines = run(List.of("-Xlog:class+init=info:file=" + log), Storage.AUTO, "none", directory.resolve("errors"));
        assertThat(lines).containsExactly(SilentProgram.NOTHING_LEFT);
        List<String> initialised = Files.readAllLines(log).stream()
                .filter(line -> line.contains("streamwal") || line.contains("openhft")).toList();
        assertThat(initialised).anyMatch(line -> line.contains("dev/streamwal/StreamWal"));
        assertThat(initialised).noneMatch(line -> line.contains("net/openhft"));
    }

    private List<String> run(List<String> flags, Storage storage, String bytes, Path errors) throws IOException, InterruptedException {
        Path output = directory.resolve("output");
        int exit = ChildJvm.run(ChildJvm.of(flags, SilentProgram.class, directory.resolve("log").toString(), storage.toString(), bytes),
                output, errors);
        assertThat(exit).as(() -> read(errors)).isZero();
        return Files.readAllLines(output);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
