package dev.streamwal.processes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.ChildJvm;
import dev.streamwal.Scale;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A writing process that rotates, sweeps, and is killed and started again; three reading ones that follow, consume, scan and read by ref
 * all the while. No wrong byte, nothing missed, nothing twice, and what was swept says so. In the end every follower and every consumer
 * has come to the last record of every stream.
 */
class ManyProcessesTest {

    private static final Path MEMORY = Path.of("/dev/shm");
    private static final int READERS = 3;
    private static final int KILLS = Math.max(3, (int) (20 * Scale.factor()));
    private static final int MIN_APPENDING_MILLIS = 50;
    private static final int MAX_APPENDING_MILLIS = 1_400;
    private static final int PATIENCE_SECONDS = 120;

    private final long seed = Long.getLong("seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final List<Process> processes = new ArrayList<>();

    @TempDir
    Path directory;
    private Path log;

    @AfterEach
    void endAll() throws IOException, InterruptedException {
        for (Process process : processes) {
            process.destroyForcibly().waitFor();
        }
        try (Stream<Path> files = Files.walk(log)) {
            files.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
        }
    }

    /** In memory, where that is possible: 2,000 segments a second are sealed, and each of them is forced to the disk three times. */
    @BeforeEach
    void makeLog() throws IOException {
        log = Files.isWritable(MEMORY) ? Files.createTempDirectory(MEMORY, "many-processes-") : Files.createDirectory(directory.resolve("log"));
    }

    @Test
    @Timeout(300)
    void readersSeeEverythingInOrder_whateverHappensToTheWriter() throws Exception {
        Path root = log;
        Path ends = directory.resolve("ends");
        List<Process> readers = new ArrayList<>();
        for (int i = 0; i < READERS; i++) {
            readers.add(start(BusyReader.class, "reader-" + i, root.toString(), ends.toString(), "reader-" + i));
        }
        for (int kill = 0; kill < KILLS; kill++) {
            Process writer = startWriter(root, kill, ends);
            Thread.sleep(MIN_APPENDING_MILLIS + random.nextInt(MAX_APPENDING_MILLIS - MIN_APPENDING_MILLIS));
            writer.destroyForcibly().waitFor();
        }
        Process last = startWriter(root, KILLS, ends);
        Thread.sleep(MAX_APPENDING_MILLIS);
        last.getOutputStream().close();
        assertThat(last.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).as("the writer closes the log").isTrue();
        assertThat(last.exitValue()).as(said("writer-" + KILLS)).isZero();

        for (int i = 0; i < READERS; i++) {
            boolean ended = readers.get(i).waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
            String said = said("reader-" + i);
            assertThat(ended).as("reader %d comes to the ends, seed %d: %s", i, seed, said).isTrue();
            assertThat(readers.get(i).exitValue()).as("reader %d, seed %d: %s", i, seed, said).isZero();
            assertThat(figure(said, "followed (\\d+)")).isPositive();
            assertThat(figure(said, "consumed (\\d+)")).isPositive();
            assertThat(figure(said, "scanned (\\d+)")).isPositive();
            assertThat(figure(said, "found (\\d+)")).isPositive();
            assertThat(figure(said, "found \\d+ expired (\\d+)")).as("refs to what was swept").isPositive();
            System.out.println("ManyProcessesTest: " + said.replaceAll("\\s+", " ").strip());
        }
    }

    private Process startWriter(Path root, int number, Path ends) throws IOException {
        Process writer = ChildJvm.of(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"), RestlessWriter.class,
                root.toString(), String.valueOf(number), ends.toString())
                .redirectError(errors("writer-" + number).toFile()).start();
        processes.add(writer);
        BufferedReader lines = writer.inputReader();
        assertThat(lines.readLine()).as(said("writer-" + number)).isEqualTo("appending");
        return writer;
    }

    private Process start(Class<?> program, String name, String... arguments) throws IOException {
        Process process = ChildJvm.of(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"), program, arguments)
                .redirectErrorStream(true).redirectOutput(errors(name).toFile()).start();
        processes.add(process);
        return process;
    }

    private Path errors(String name) {
        return directory.resolve(name + ".out");
    }

    private String said(String name) {
        try {
            return Files.readString(errors(name));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static long figure(String said, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(said);
        assertThat(matcher.find()).as(said).isTrue();
        return Long.parseLong(matcher.group(1));
    }
}
