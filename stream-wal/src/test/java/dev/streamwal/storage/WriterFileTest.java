package dev.streamwal.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.streamwal.error.WalLockedException;
import dev.streamwal.io.ProcessLock;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WriterFileTest {

    private static final long NOW = 1_772_366_400_000L;
    private static final long HOUR = 3_600_000;

    @TempDir
    Path root;

    private Path file() {
        return root.resolve(WriterFile.FILE_NAME);
    }

    private WriterEntry written() throws IOException {
        return WriterEntry.decode(Files.readAllBytes(file())).orElseThrow();
    }

    private void acquire() throws Exception {
        WriterLock.acquire(root).close();
    }

    /** Some process that is alive, and isn't this one. */
    private static long living() {
        Optional<ProcessHandle> parent = ProcessHandle.current().parent();
        assumeTrue(parent.isPresent() && ProcessStart.of(parent.get().pid()).isPresent(), "this process' parent can be seen");
        return parent.orElseThrow().pid();
    }

    private WriterEntry ofLiving() throws IOException {
        WriterFile.claim(root, 1, NOW);
        long pid = living();
        WriterEntry own = written();
        return new WriterEntry(pid, ProcessStart.of(pid).orElseThrow(), own.place(), own.nonce(), true, NOW);
    }

    // ---------------------------------------------------------------- opening

    @Test
    void acquire_processThatIsAliveHasItOpen_isRefused() throws Exception {
        WriterEntry living = ofLiving();
        Files.write(file(), living.encode());
        for (int attempt = 0; attempt < 2; attempt++) {
            assertThatThrownBy(this::acquire).hasMessageContaining("pid=" + living.pid())
                    .isInstanceOfSatisfying(ProcessLock.HeldException.class, e -> assertThat(e.advice()).endsWith("remove the file writer"));
        }
        Files.delete(file());
        acquire();
    }

    @Test
    void acquire_whatSaysNothingOfALivingWriter_doesNotBlock() throws Exception {
        WriterEntry living = ofLiving();
        byte[] whole = living.encode();
        Files.write(file(), living.with(false, NOW).encode());
        acquire();
        for (WriterEntry other : new WriterEntry[] {
            new WriterEntry(living.pid(), living.start() + "1", living.place(), "n", true, NOW),
            new WriterEntry(living.pid(), "", living.place(), "n", true, NOW),
            new WriterEntry(living.pid(), living.start(), living.place() + "1", "n", true, NOW),
            new WriterEntry(1L << 40, living.start(), living.place(), "n", true, NOW),
            new WriterEntry(-1, living.start(), living.place(), "n", true, NOW),
        }) {
            Files.write(file(), other.encode());
            acquire();
        }
        for (int length = 0; length < whole.length; length++) {
            Files.write(file(), Arrays.copyOf(whole, length));
            acquire();
        }
        for (String text : new String[] {"\0\0\0\0", "stream-wal writer 2\npid 1\n", "stream-wal writer 1\n", "garbage\n".repeat(10_000)}) {
            Files.writeString(file(), text);
            acquire();
        }
        Files.delete(file());
        Files.createDirectory(file());
        acquire();
    }

    @Test
    void acquire_processWasKilled_doesNotBlock() throws Exception {
        try (LockingProcess other = LockingProcess.start(root)) {
            WriterFile.claim(root, 1, NOW);
            WriterEntry own = written();
            Files.write(file(), new WriterEntry(other.pid(), ProcessStart.of(other.pid()).orElse("none"), own.place(), "n", true, NOW).encode());
            other.kill();
        }
        acquire();
    }

    @Test
    void startTicks_ofWhatLinuxSays() {
        String rest = " 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21";
        assertThat(ProcessStart.startTicks("12 (java) S" + rest)).contains("4711");
        assertThat(ProcessStart.startTicks("12 (a ) S b) R" + rest)).contains("4711");
        assertThat(ProcessStart.startTicks("12 (java) Z" + rest)).isEmpty();
        assertThat(ProcessStart.startTicks("12 (java) X" + rest)).isEmpty();
        assertThat(ProcessStart.startTicks("12 (java) S 1 2")).isEmpty();
        assertThat(ProcessStart.startTicks("")).isEmpty();
    }

    // ---------------------------------------------------------------- afterwards

    @Test
    void check_somebodyElseHasOpenedIt_isLostForEver() throws Exception {
        try (FileSystem memory = Jimfs.newFileSystem(Configuration.unix())) {
            for (Path directory : new Path[] {root, Files.createDirectory(memory.getPath("/log"))}) {
                WriterFile first = WriterFile.claim(directory, 1, NOW);
                first.check();
                WriterFile second = WriterFile.claim(directory, 2, NOW);
                for (int attempt = 0; attempt < 2; attempt++) {
                    assertThatThrownBy(first::check).isInstanceOf(WalLockedException.class).hasMessageContaining("root=" + directory);
                    second.check();
                }
                assertThat(first.isLost()).isTrue();
                first.known(NOW + 9 * HOUR);
                first.close(NOW);
                second.check();
                assertThat(second.isLost()).isFalse();
                second.close(NOW);
            }
        }
    }

    @Test
    void check_somebodyElseHasOpenedAndClosedIt_isLost() {
        WriterFile first = WriterFile.claim(root, 1, NOW);
        first.check();
        WriterFile.claim(root, 2, NOW).close(NOW);
        assertThatThrownBy(first::check).isInstanceOf(WalLockedException.class);
    }

    @Test
    void check_fileIsGoneOrDamaged_isWrittenAgain() throws Exception {
        WriterFile first = WriterFile.claim(root, 1, NOW);
        first.check();
        Files.delete(file());
        first.check();
        assertThat(written().nonce()).isEqualTo("0000000000000001");
        Files.write(file(), "?".getBytes(StandardCharsets.US_ASCII));
        first.check();
        assertThat(written().nonce()).isEqualTo("0000000000000001");
        first.check();
    }

    @Test
    void claim_cannotBeWritten_theLockAloneCounts() throws Exception {
        Files.createDirectory(file());
        Files.createFile(file().resolve("so that nothing is moved here"));
        WriterFile first = WriterFile.claim(root, 1, NOW);
        first.check();
        first.close(NOW);
    }

    // ---------------------------------------------------------------- the time

    @Test
    void known_isWhatTheNextOneFinds() throws Exception {
        WriterFile first = WriterFile.claim(root, 1, NOW);
        assertThat(first.knownBefore()).isEmpty();
        first.known(NOW + HOUR - 1);
        assertThat(written().knownMillis()).isEqualTo(NOW);
        first.known(NOW + HOUR);
        assertThat(written().knownMillis()).isEqualTo(NOW + HOUR);
        assertThat(WriterFile.knownMillis(root)).hasValue(NOW + HOUR);
        first.close(NOW + HOUR + 1);
        WriterFile second = WriterFile.claim(root, 2, 0);
        assertThat(second.knownBefore()).hasValue(NOW + HOUR + 1);
        assertThat(written().knownMillis()).isEqualTo(NOW + HOUR + 1);
    }
}
