package dev.streamwal.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class MappedReadsTest {

    private static final int BYTES = 64 << 10;
    /** So often that the JVM compiles what reads. */
    private static final int MANY = 20_000;

    @TempDir
    private Path folder;

    private Path file() throws IOException {
        byte[] content = new byte[BYTES];
        for (int i = 0; i < BYTES; i++) {
            content[i] = byteAt(i);
        }
        return Files.write(folder.resolve("file"), content);
    }

    private static byte byteAt(int offset) {
        return (byte) (((offset * 31) >> 3) | 1);
    }

    /** What a read finds; behind it nothing else may be believed. */
    private static byte[] read(SharedFile file, long offset, int count) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(count);
        int read = file.read(target, offset);
        assertThat(target.position()).isEqualTo(read);
        return Arrays.copyOf(target.array(), read);
    }

    private static void assertContent(byte[] found, int offset) {
        for (int i = 0; i < found.length; i++) {
            assertThat(found[i]).as("offset %d", offset + i).isEqualTo(byteAt(offset + i));
        }
    }

    private static List<String> mappings(Path file) throws IOException {
        try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.contains(file.toString())).toList();
        }
    }

    @Test
    void read_aSealedFile_isTheSameWithAndWithoutMapping() throws IOException {
        Path path = file();
        for (boolean isMapping : new boolean[] {false, true}) {
            try (ChannelCache cache = new ChannelCache(2, isMapping, false); SharedFile file = cache.acquireSealed(path)) {
                for (int offset : new int[] {0, 1, 4_095, BYTES - 10, BYTES - 1, BYTES, BYTES + 5}) {
                    byte[] found = read(file, offset, 10);
                    assertThat(found).hasSize(Math.max(0, Math.min(10, BYTES - offset)));
                    assertContent(found, offset);
                }
            }
        }
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_22)
    void read_aMappedFile_makesNoCall() throws IOException {
        Path path = file();
        try (ChannelCache cache = new ChannelCache(2, true, false); SharedFile file = cache.acquireSealed(path)) {
            assertContent(read(file, 100, 1_000), 100);
            assertThat(cache.readCalls()).isZero();
            assertThat(cache.readBytes()).isEqualTo(1_000);
        }
    }

    @Test
    void read_aFileThatIsAppendedTo_isNotMapped() throws IOException {
        Path path = file();
        try (ChannelCache cache = new ChannelCache(2, true, false); SharedFile file = cache.acquire(path)) {
            assertContent(read(file, 100, 1_000), 100);
            assertThat(cache.readCalls()).isPositive();
        }
    }

    @Test
    void read_aFileThatAnotherProcessHasShortened_endsWhereTheFileEnds() throws Exception {
        Path path = file();
        try (ChannelCache cache = new ChannelCache(2, true, false); SharedFile file = cache.acquireSealed(path)) {
            for (int i = 0; i < MANY; i++) {
                assertContent(read(file, i % 100, 1), i % 100);
            }
            try (FileChannel other = FileChannel.open(path, StandardOpenOption.WRITE)) {
                FileChannel unused = other.truncate(5_000);
            }
            ByteBuffer target = ByteBuffer.allocateDirect(100);
            int read = 0;
            for (int i = 0; i < MANY; i++) {
                read += file.read(target.clear(), 8_192 + i % 1_000);
                read += file.read(target.clear(), BYTES - 100);
            }
            // what stands there is gone, and the JVM is still here, and nothing is thrown behind this
            assertThat(read).isZero();
            assertContent(read(file, 0, 5_000), 0);
            Thread.sleep(1);
        }
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_22)
    @EnabledOnOs(OS.LINUX)
    void close_aMappedFile_leavesNoMapping() throws IOException {
        Path path = file();
        try (ChannelCache cache = new ChannelCache(2, true, false)) {
            try (SharedFile file = cache.acquireSealed(path)) {
                assertContent(read(file, 0, 10), 0);
                assertThat(mappings(path)).isNotEmpty();
            }
            Files.delete(path);
            cache.forget(path);
            assertThat(mappings(path)).isEmpty();
        }
    }

    @Test
    void close_whileThreadsRead_eachReadIsRightOrThrows() throws Exception {
        Path path = file();
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            for (int round = 0; round < 50; round++) {
                ChannelCache cache = new ChannelCache(2, true, false);
                SharedFile file = cache.acquireSealed(path);
                AtomicBoolean isClosed = new AtomicBoolean();
                List<Future<Integer>> readers = new ArrayList<>();
                for (int reader = 0; reader < 2; reader++) {
                    readers.add(threads.submit(() -> {
                        int right = 0;
                        while (true) {
                            byte[] found;
                            try {
                                found = read(file, right % 1_000, 500);
                            } catch (IOException e) {
                                assertThat(isClosed).isTrue();
                                return right;
                            }
                            assertThat(found).hasSize(500);
                            assertContent(found, right % 1_000);
                            right++;
                        }
                    }));
                }
                Thread.sleep(1);
                isClosed.set(true);
                cache.close();
                for (Future<Integer> reader : readers) {
                    assertThat(reader.get()).isNotNegative();
                }
                file.close();
            }
        } finally {
            threads.shutdownNow();
        }
    }
}
