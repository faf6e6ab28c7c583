package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An import of standard input, in a process of its own, that is told to end while it waits for more of it. */
@Timeout(300)
class InterruptedImportTest {

    private static final int ROWS = 2_000;

    @TempDir
    private Path directory;

    /** Imports rows, ends the process once all of them are in the log, and returns what it said. */
    private String interrupted(Path root) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", System.getProperty("java.class.path"),
                StreamWalCommand.class.getName(), "import", root.toString(), "-", "--format", "csv", "--key-column", "k", "--retention", "36500d").start();
        try (OutputStream in = process.getOutputStream()) {
            in.write("timestamp,k,v\n".getBytes(UTF_8));
            for (int i = 0; i < ROWS; i++) {
                in.write(("2024-05-01T11:00:00Z,k" + i % 10 + "," + i + "\n").getBytes(UTF_8));
            }
            // longer than what is buffered before rows are made of it
            in.write(("2024-05-01T11:00:00Z,last," + "x".repeat(100_000) + "\n").repeat(20).getBytes(UTF_8));
            in.flush();
            // the process alone: Process.destroy would end its input, too
            while (!CliRun.of("ls", root).out().contains("last") && process.isAlive()) {
                Thread.sleep(20);
            }
            assertThat(process.toHandle().destroy()).isTrue();
            assertThat(process.waitFor(300, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(process.exitValue()).isEqualTo(128 + 15);
        return new String(process.getErrorStream().readAllBytes(), UTF_8);
    }

    @Test
    void aNewLog_isGone() throws IOException, InterruptedException {
        Path root = directory.resolve("log");
        assertThat(interrupted(root)).isEqualTo("stream-wal: interrupted; nothing was imported" + System.lineSeparator());
        assertThat(root).doesNotExist();
    }

    @Test
    void aLogThatWasThere_hasWhatItHad() throws IOException, InterruptedException {
        Path root = directory.resolve("log");
        WalOptions options = WalOptions.builder().retention(Duration.ofDays(36_500)).build();
        try (StreamWal wal = StreamWal.open(root, options)) {
            assertThat(wal.stream("k1").append("before".getBytes(UTF_8))).isNotNull();
        }
        assertThat(interrupted(root)).isEqualTo("stream-wal: interrupted; nothing was imported" + System.lineSeparator());
        assertThat(ImportTest.records(root, "k1")).singleElement().asString().endsWith("before");
        assertThat(CliRun.of("ls", root, "--json").lines()).singleElement().asString().contains("k1");
        assertThat(CliRun.of("verify", root).exit()).isZero();
    }

    /** Runs a program that ends itself, and returns what it said. */
    private static String said(Class<?> program, Path root) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", System.getProperty("java.class.path"),
                program.getName(), root.toString()).start();
        assertThat(process.waitFor(300, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(130);
        return new String(process.getErrorStream().readAllBytes(), UTF_8);
    }

    @Test
    void aNewLogThatIsBeingOpened_isGone() throws IOException, InterruptedException {
        Path root = directory.resolve("log");
        assertThat(said(EndedWhileOpening.class, root)).isEqualTo("interrupted; nothing was imported" + System.lineSeparator());
        assertThat(root).doesNotExist();
    }

    /** Who is told of an interruption only imports the rows again, and has them twice. */
    @Test
    void allRowsImportedBefore_saysThatTheyStay() throws IOException, InterruptedException {
        Path root = directory.resolve("log");
        assertThat(said(EndedWhenKept.class, root)).isEqualTo("interrupted, after all rows had been imported; they stay" + System.lineSeparator());
        assertThat(ImportTest.records(root, "k")).hasSize(1);
        assertThat(CliRun.of("verify", root).exit()).isZero();
    }

    /** No second message, which would look like a failure of its own. */
    @Test
    void told_whileRowsAreAppended_saysOneThing() throws IOException, InterruptedException {
        Path root = directory.resolve("log");
        assertThat(said(EndedWhileAppending.class, root)).isEqualTo("interrupted; nothing was imported" + System.lineSeparator());
        assertThat(root).doesNotExist();
    }

    /** Is told to end by another thread, and appends on. */
    static final class EndedWhileAppending {

        private EndedWhileAppending() {}

        public static void main(String... arguments) throws IOException {
            WholeImport whole = WholeImport.into(Path.of(arguments[0]), WalOptions.builder().build(), System.err::println);
            // the process ends a while after the import has
            Runtime.getRuntime().addShutdownHook(new Thread(() -> LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(2)), "other end"));
            new Thread(() -> System.exit(130), "exit").start();
            while (true) {
                whole.append("k", wal -> wal.stream("k").append("row".getBytes(UTF_8)).position());
            }
        }
    }

    /** Is told to end before it has closed the log. */
    static final class EndedWhenKept {

        private EndedWhenKept() {}

        public static void main(String... arguments) throws IOException {
            WholeImport whole = WholeImport.into(Path.of(arguments[0]), WalOptions.builder().build(), System.err::println);
            whole.append("k", wal -> wal.stream("k").append("row".getBytes(UTF_8)).position());
            whole.keep();
            System.exit(130);
        }
    }

    /** Is told to end when it opens a log, some of whose files are there. */
    static final class EndedWhileOpening {

        private EndedWhileOpening() {}

        public static void main(String... arguments) throws IOException, InterruptedException {
            Path root = Path.of(arguments[0]);
            Thread exit = new Thread(() -> System.exit(130), "exit");
            WalOptions options = WalOptions.builder().clock(() -> {
                if (Files.exists(root.resolve("LOCK")) && exit.getState() == Thread.State.NEW) {
                    exit.start();
                    rest(exit, 2_000);
                }
                return Instant.now();
            }).build();
            WholeImport unused = WholeImport.into(root, options, System.err::println);
            exit.join();
        }

        /** Until the program would have ended if nothing kept it. */
        private static void rest(Thread exit, long millis) {
            try {
                exit.join(millis);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
