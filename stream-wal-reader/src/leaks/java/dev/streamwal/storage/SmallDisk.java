package dev.streamwal.storage;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A file system in memory that is as small as a test wants it. Linux, and root. Closing it unmounts it. */
public final class SmallDisk implements Closeable {

    private static final long PATIENCE_SECONDS = 20;

    private final Path directory;
    private final Thread lastResort = new Thread(this::unmount, "test-unmount");

    private SmallDisk(Path directory) {
        this.directory = directory;
    }

    /** Where nothing can be mounted, the test is skipped. */
    public static SmallDisk mount(int bytes) {
        try {
            Path directory = Files.createTempDirectory("stream-wal-disk");
            boolean mounted = run("mount", "-t", "tmpfs", "-o", "size=" + bytes, "stream-wal-test", directory.toString());
            if (!mounted) {
                Files.delete(directory);
            }
            assumeTrue(mounted, "only root can mount a small disk");
            SmallDisk disk = new SmallDisk(directory);
            Runtime.getRuntime().addShutdownHook(disk.lastResort);
            return disk;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Path directory() {
        return directory;
    }

    /** Makes it read-only ({@code ro}), or writable again ({@code rw}); false where that can't be. */
    public boolean remount(String how) {
        return run("mount", "-o", "remount," + how, directory.toString());
    }

    @Override
    public void close() {
        Runtime.getRuntime().removeShutdownHook(lastResort);
        unmount();
    }

    private void unmount() {
        try {
            // lazily, where a test has left something open
            if (run("umount", directory.toString()) || run("umount", "-l", directory.toString())) {
                Files.deleteIfExists(directory);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean run(String... command) {
        try {
            Process process = new ProcessBuilder(List.of(command)).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) && process.exitValue() == 0 && said.isEmpty();
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
