package dev.streamwal.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.streamwal.io.ProcessLock;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("try") // locks are held, not used
class WriterLockTest {

    @TempDir
    Path root;

    @AfterEach
    void clearInterrupt() {
        Thread.interrupted();
    }

    @Test
    void acquire_againInThisProcess_isRefusedAndTakesNothing() throws Exception {
        try (ProcessLock lock = WriterLock.acquire(root)) {
            assertHeld(root, true);
            assertHeld(root.resolve("..").resolve(root.getFileName()), true);
            try (LockingProcess other = LockingProcess.start(root)) {
                assertThat(other.hasLock()).as("another process gets the lock after a failed attempt here").isFalse();
            }
            assertHeld(root, true);
        }
    }

    @Test
    void acquire_afterClose_works() throws Exception {
        ProcessLock first = WriterLock.acquire(root);
        first.close();
        try (ProcessLock second = WriterLock.acquire(root)) {
            first.close(); // the second time: nothing, and above all not the other's
            assertHeld(root, true);
            try (LockingProcess other = LockingProcess.start(root)) {
                assertThat(other.hasLock()).isFalse();
            }
        }
        try (LockingProcess other = LockingProcess.start(root)) {
            assertThat(other.hasLock()).isTrue();
        }
    }

    @Test
    void acquire_anotherProcessHasIt_isRefusedUntilThatIsKilled() throws Exception {
        try (LockingProcess other = LockingProcess.start(root)) {
            assertThat(other.hasLock()).isTrue();
            assertHeld(root, false);
            assertHeld(root, false);
            other.kill();
            WriterLock.acquire(root).close();
        }
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void acquire_underAnotherName_isTheSameLock() throws Exception {
        Path log = Files.createDirectory(root.resolve("log"));
        Path link = Files.createSymbolicLink(root.resolve("link"), log);
        Path copy = Files.createDirectory(root.resolve("copy"));
        try (ProcessLock lock = WriterLock.acquire(log)) {
            Files.createLink(copy.resolve(WriterLock.FILE_NAME), log.resolve(WriterLock.FILE_NAME));
            assertHeld(link, true);
            assertHeld(copy, true);
            try (LockingProcess other = LockingProcess.start(log)) {
                assertThat(other.hasLock()).isFalse();
            }
        }
    }

    @Test
    void acquire_someoneElseInThisProcessHasIt_isRefusedAndTakesNothing() throws Exception {
        // as another class loader's copy of the library would
        Path file = Files.createFile(root.resolve(WriterLock.FILE_NAME));
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock()) {
            assertThat(lock.isValid()).isTrue();
            assertHeld(root, true);
            assertHeld(root, true);
            try (LockingProcess other = LockingProcess.start(root)) {
                assertThat(other.hasLock()).isFalse();
            }
        }
        WriterLock.acquire(root).close();
        try (LockingProcess other = LockingProcess.start(root)) {
            assertThat(other.hasLock()).isTrue();
        }
    }

    @Test
    void acquire_manyThreads_oneGetsIt() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Callable<ProcessLock>> attempts = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                attempts.add(() -> {
                    try {
                        return WriterLock.acquire(root);
                    } catch (ProcessLock.HeldException e) {
                        return null;
                    }
                });
            }
            List<ProcessLock> got = new ArrayList<>();
            for (Future<ProcessLock> attempt : threads.invokeAll(attempts)) {
                if (attempt.get() != null) {
                    got.add(attempt.get());
                }
            }
            assertThat(got).hasSize(1);
            try (LockingProcess other = LockingProcess.start(root)) {
                assertThat(other.hasLock()).isFalse();
            }
            got.get(0).close();
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void acquire_interruptedThread_worksAndKeepsTheFlag() throws Exception {
        Thread.currentThread().interrupt();
        try (ProcessLock lock = WriterLock.acquire(root)) {
            assertThat(Thread.interrupted()).isTrue();
            assertHeld(root, true);
        }
    }

    @Test
    void acquire_rootIsNoDirectory_isRefusedByName() throws IOException {
        Path file = Files.createFile(root.resolve("file"));

        assertThatThrownBy(() -> WriterLock.acquire(file))
                .isInstanceOf(NotDirectoryException.class).hasMessageContaining(file.toString());
        assertThatThrownBy(() -> WriterLock.acquire(root.resolve("missing"))).isInstanceOf(NotDirectoryException.class);
        assertThat(file).isEmptyFile();
    }

    @Test
    void acquire_lockCannotBeOpened_leavesNothingBehind() throws Exception {
        Path lock = Files.createDirectory(root.resolve(WriterLock.FILE_NAME));

        assertThatThrownBy(() -> WriterLock.acquire(root)).isInstanceOf(IOException.class);
        Files.delete(lock);
        WriterLock.acquire(root).close();
    }

    @Test
    void acquire_rootsOfDifferentFileSystems_areDifferent() throws Exception {
        try (FileSystem one = Jimfs.newFileSystem(Configuration.unix());
                FileSystem other = Jimfs.newFileSystem(Configuration.unix())) {
            Path rootOfOne = Files.createDirectory(one.getPath("/log"));
            Path rootOfOther = Files.createDirectory(other.getPath("/log"));
            try (ProcessLock lock = WriterLock.acquire(rootOfOne)) {
                assertThatCode(() -> WriterLock.acquire(rootOfOther).close()).doesNotThrowAnyException();
                assertHeld(rootOfOne, true);
            }
            WriterLock.acquire(rootOfOne).close();
        }
    }

    private static void assertHeld(Path root, boolean byThisProcess) {
        assertThatThrownBy(() -> WriterLock.acquire(root))
                .isInstanceOfSatisfying(ProcessLock.HeldException.class,
                        e -> assertThat(e.byThisProcess()).isEqualTo(byThisProcess));
    }
}
