package dev.streamwal.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChannelCacheTest {

    @TempDir
    private Path folder;

    private Path file(String name) throws IOException {
        return Files.write(folder.resolve(name), new byte[] {1, 2, 3});
    }

    private static int read(SharedFile file) throws IOException {
        return file.read(ByteBuffer.allocate(10), 0);
    }

    @Test
    void acquire_twice_sharesTheFile() throws IOException {
        Path path = file("a");
        try (ChannelCache cache = new ChannelCache(2); SharedFile one = cache.acquire(path); SharedFile two = cache.acquire(path)) {
            assertThat(one).isSameAs(two);
            assertThat(cache.openFiles()).isEqualTo(1);
            assertThat(read(one)).isEqualTo(3);
        }
    }

    @Test
    void acquire_noMemoryForIt_lendsNothing() throws IOException {
        Path real = file("a");
        Path path = (Path) Proxy.newProxyInstance(Path.class.getClassLoader(), new Class<?>[] {Path.class}, (self, method, arguments) ->
                switch (method.getName()) {
                    case "getFileSystem" -> throw new OutOfMemoryError("made to fail");
                    case "equals" -> Proxy.isProxyClass(arguments[0].getClass());
                    default -> method.invoke(real, arguments);
                });
        try (ChannelCache cache = new ChannelCache(2)) {
            assertThatThrownBy(() -> cache.acquire(path)).isInstanceOf(OutOfMemoryError.class);
            assertThat(cache.room()).isEqualTo(2);
            assertThat(cache.openFiles()).isZero();
        }
    }

    @Test
    void acquireAsOpened_replacedSince_isTheOneThatWasOpened() throws IOException {
        Path path = file("a");
        try (ChannelCache cache = new ChannelCache(2)) {
            cache.acquire(path).close();
            Files.move(Files.write(folder.resolve("b"), new byte[1]), path, StandardCopyOption.REPLACE_EXISTING);
            try (SharedFile opened = cache.acquireAsOpened(path)) {
                assertThat(read(opened)).isEqualTo(3);
            }
            try (SharedFile there = cache.acquire(path)) {
                assertThat(read(there)).isEqualTo(1);
            }
            try (SharedFile opened = cache.acquireAsOpened(path)) {
                assertThat(read(opened)).as("opened last").isEqualTo(1);
            }
        }
    }

    @Test
    void close_moreFilesThanTheBound_keepsTheBound() throws IOException {
        try (ChannelCache cache = new ChannelCache(2)) {
            for (int round = 0; round < 3; round++) {
                for (int n = 0; n < 5; n++) {
                    try (SharedFile file = cache.acquire(file("f" + n))) {
                        assertThat(read(file)).isEqualTo(3);
                    }
                    assertThat(cache.openFiles()).isLessThanOrEqualTo(2);
                }
            }
        }
    }

    @Test
    void close_passOverManyFiles_keepsTheOneInUse() throws IOException {
        Path hot = file("hot");
        try (ChannelCache cache = new ChannelCache(1)) {
            SharedFile kept = cache.acquire(hot);
            kept.close();
            for (int n = 0; n < 5; n++) {
                cache.acquire(file("cold" + n)).close();
            }
            SharedFile again = cache.acquire(hot);
            assertThat(again).isSameAs(kept);
            again.close();
        }
    }

    @Test
    void acquire_allInUse_opensBeyondTheBoundAndClosesAfterwards() throws IOException {
        try (ChannelCache cache = new ChannelCache(1)) {
            SharedFile one = cache.acquire(file("1"));
            SharedFile two = cache.acquire(file("2"));
            assertThat(read(one) + read(two)).isEqualTo(6);
            assertThat(cache.openFiles()).isEqualTo(2);
            one.close();
            two.close();
            assertThat(cache.openFiles()).isEqualTo(1);
        }
    }

    /** Who reads many at a time asks for room, which files that are only kept don't take. */
    @Test
    void room_filesKeptAndFilesRead_countsThoseRead() throws IOException {
        try (ChannelCache cache = new ChannelCache(3)) {
            for (int n = 0; n < 3; n++) {
                cache.acquire(file("kept" + n)).close();
            }
            assertThat(cache.room()).isEqualTo(3);
            Path deleted = file("deleted");
            SharedFile one = cache.acquire(deleted);
            SharedFile same = cache.acquire(deleted);
            SharedFile other = cache.acquire(file("other"));
            assertThat(cache.room()).isEqualTo(1);
            assertThat(cache.openFiles()).as("one more than may stay open").isEqualTo(4);
            Files.delete(deleted);
            cache.forget(deleted);
            assertThat(cache.room()).as("its descriptor is in use").isEqualTo(1);
            one.close();
            assertThat(cache.room()).isEqualTo(1);
            same.close();
            other.close();
            assertThat(cache.room()).isEqualTo(3);
            assertThatThrownBy(() -> cache.acquire(deleted)).isInstanceOf(NoSuchFileException.class);
            assertThat(cache.room()).isEqualTo(3);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void acquire_fileThatWasReplaced_opensTheOneThatHasTheName(boolean inUse) throws IOException {
        Path path = file("a");
        try (ChannelCache cache = new ChannelCache(2)) {
            SharedFile old = cache.acquire(path);
            if (!inUse) {
                old.close();
            }
            Files.move(Files.write(folder.resolve("b"), new byte[] {1, 2}), path, StandardCopyOption.REPLACE_EXISTING);
            try (SharedFile now = cache.acquire(path); SharedFile again = cache.acquire(path)) {
                assertThat(read(now)).isEqualTo(2);
                assertThat(again).isSameAs(now);
                if (inUse) {
                    assertThat(read(old)).as("who reads the old one may finish").isEqualTo(3);
                    old.close();
                }
            }
            assertThat(cache.openFiles()).isEqualTo(1);
        }
    }

    @Test
    void acquire_deletedFile_isGoneAlsoFromTheCache() throws IOException {
        Path path = file("a");
        try (ChannelCache cache = new ChannelCache(2)) {
            cache.acquire(path).close();
            assertThat(cache.openFiles()).isEqualTo(1);
            Files.delete(path);
            assertThatThrownBy(() -> cache.acquire(path)).isInstanceOf(NoSuchFileException.class);
            assertThat(cache.openFiles()).isZero();
        }
    }

    @Test
    void close_fileNotReadForTenSeconds_goes() throws IOException {
        long[] now = {0};
        try (ChannelCache cache = new ChannelCache(8, false, false, () -> now[0], new ReadCounter())) {
            cache.acquire(file("a")).close();
            now[0] = 9_999_999_999L;
            cache.acquire(file("b")).close();
            assertThat(cache.openFiles()).isEqualTo(2);
            now[0] = 10_000_000_000L;
            cache.acquire(file("b")).close();
            assertThat(cache.openFiles()).isEqualTo(1);
        }
    }

    @Test
    void read_deletedWhileOpen_goesOn() throws IOException {
        Path path = file("a");
        try (ChannelCache cache = new ChannelCache(2); SharedFile open = cache.acquire(path)) {
            Files.delete(path);
            assertThat(read(open)).isEqualTo(3);
        }
    }

    @Test
    void read_interruptedThread_readsAndKeepsTheFlag() throws IOException {
        try (ChannelCache cache = new ChannelCache(2); SharedFile open = cache.acquire(file("a"))) {
            Thread.currentThread().interrupt();
            assertThat(read(open)).isEqualTo(3);
            assertThat(open.size()).isEqualTo(3);
            assertThat(Thread.interrupted()).isTrue();
            assertThat(read(open)).isEqualTo(3);
        }
    }

    @Test
    void read_behindTheEnd_isNothing() throws IOException {
        try (ChannelCache cache = new ChannelCache(2); SharedFile open = cache.acquire(file("a"))) {
            assertThat(open.read(ByteBuffer.allocate(10), 3)).isZero();
            assertThat(open.read(ByteBuffer.allocate(10), 1_000)).isZero();
            assertThat(open.read(ByteBuffer.allocate(10), 1)).isEqualTo(2);
        }
    }

    @Test
    void readCalls_exactRead_isOne() throws IOException {
        try (ChannelCache cache = new ChannelCache(2); SharedFile open = cache.acquire(file("a"))) {
            open.read(ByteBuffer.allocate(3), 0);
            assertThat(cache.readCalls()).isEqualTo(1);
        }
    }

    @Test
    void close_ofTheCache_closesFilesInUse() throws IOException {
        ChannelCache cache = new ChannelCache(2);
        SharedFile open = cache.acquire(file("a"));
        cache.close();
        assertThatThrownBy(() -> read(open)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> cache.acquire(open.path())).isInstanceOf(IOException.class);
        open.close();
        assertThat(cache.openFiles()).isZero();
    }
}
