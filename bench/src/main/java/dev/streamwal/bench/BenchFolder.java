package dev.streamwal.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The folder of the benchmarks' files: {@code stream-wal-bench} in the one that {@code -Dbench.dir} names, by default {@code bench/target/data}. Its file
 * system is the one that is measured. The folder that was named may have files of somebody else: benchmarks delete everything in the one within it, and
 * nothing beside that.
 */
public final class BenchFolder {

    /** About as much as any benchmark has on the disk at once; well below where Linux begins to throttle writers. */
    private static final long WARM_BYTES = 1536L << 20;
    private static final int CHUNK_BYTES = 4 << 20;
    private static final long SETTLE_SECONDS = 60;

    private static final String SETTING = "bench.dir";
    private static final String OWN = "stream-wal-bench";

    private BenchFolder() {}

    public static Path root() {
        return Path.of(System.getProperty(SETTING, "bench/target/data")).resolve(OWN);
    }

    /** The option by which a JVM that is started has the same folder, wherever it is started. */
    public static String jvmOption() {
        return "-D" + SETTING + '=' + root().toAbsolutePath().getParent();
    }

    /** A folder of this process that doesn't exist yet. */
    public static Path fresh(String name) {
        Path folder = root().resolve(name + '-' + ProcessHandle.current().pid());
        delete(folder);
        return folder;
    }

    public static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try {
            Files.walkFileTree(folder, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.delete(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException failure)
                        throws IOException {
                    if (failure != null) {
                        throw failure;
                    }
                    Files.delete(visited);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Counts the files below a folder; -1 where some were deleted meanwhile. */
    public static int files(Path folder) {
        try (Stream<Path> all = Files.walk(folder)) {
            return (int) all.filter(Files::isRegularFile).count();
        } catch (IOException | UncheckedIOException e) {
            return -1;
        }
    }

    /** Size of the files below a folder whose names end so. */
    public static long bytes(Path folder, String suffix) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(file -> Files.isRegularFile(file) && file.toString().endsWith(suffix)).mapToLong(file -> file.toFile().length()).sum();
        }
    }

    /** Deletes what benchmarks left for others, and what killed ones left. */
    public static void deleteLeftovers() {
        String[] names = root().toFile().list();
        if (names != null) {
            for (String name : names) {
                delete(root().resolve(name));
            }
        }
    }

    /** Writes earlier data to the disk, so that this doesn't happen during the next measurement. */
    public static void settle() {
        try {
            Process sync = new ProcessBuilder("sync").start();
            if (!sync.waitFor(SETTLE_SECONDS, TimeUnit.SECONDS)) {
                System.out.println("not synced after " + SETTLE_SECONDS + " s: what follows is measured beside it");
            }
        } catch (IOException e) {
            System.out.println("no sync here: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Fills and frees page cache. Memory that a virtual machine has not used lately costs ten times as much at its first use, which would otherwise
     * be measured.
     */
    public static void warmMemory() {
        Path file = fresh("warm");
        ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
        try {
            Files.createDirectories(root());
            try (FileChannel channel =
                    FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                for (long written = 0; written < WARM_BYTES; written += CHUNK_BYTES) {
                    chunk.clear();
                    while (chunk.hasRemaining()) {
                        channel.write(chunk);
                    }
                }
            }
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
