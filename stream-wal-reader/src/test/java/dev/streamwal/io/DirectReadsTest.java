package dev.streamwal.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A file reads the same past the page cache and through it, also where reading past it isn't possible, fails, or would read another file. */
class DirectReadsTest {

    private static final int BLOCK = DirectIo.BLOCK_BYTES;
    private static final int CHUNK = DirectReads.CHUNK_BYTES;

    @TempDir
    private Path folder;

    private static byte[] content(int size) {
        byte[] content = new byte[size];
        new Random(size).nextBytes(content);
        return content;
    }

    private Path written(byte[] content) throws IOException {
        Path path = folder.resolve("file");
        Files.write(path, content);
        // what isn't on the disk yet is read from there all the same: the system writes it first
        return path;
    }

    private static ChannelCache cache() {
        return new ChannelCache(2, false, true);
    }

    private static void assertReads(SharedFile file, byte[] content, int offset, int count) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(count + 7).position(3).limit(3 + count);
        int there = Math.max(0, Math.min(count, content.length - offset));
        assertThat(file.readOnce(target, offset)).as("offset %d, count %d", offset, count).isEqualTo(there);
        assertThat(target.position()).isEqualTo(3 + there);
        assertThat(Arrays.mismatch(target.array(), 3, 3 + there, content, offset, offset + there)).as("offset %d, count %d", offset, count).isEqualTo(-1);
        assertThat(target.array()).startsWith(0, 0, 0).endsWith(0, 0, 0, 0);
    }

    @Test
    void readOnce_anyOffsetAndCount_hasTheBytes() throws IOException {
        byte[] content = content(2 * CHUNK + BLOCK + 5);
        int[] places = {0, 1, BLOCK - 1, BLOCK, BLOCK + 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, content.length - 6, content.length - 5, content.length - 1};
        int[] counts = {0, 1, 8, BLOCK - 1, BLOCK, BLOCK + 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 3};
        try (ChannelCache cache = cache(); SharedFile file = cache.acquireSealed(written(content))) {
            for (int offset : places) {
                for (int count : counts) {
                    if (offset + count <= content.length) {
                        assertReads(file, content, offset, count);
                    }
                }
            }
            boolean isDirect = cache.directReadBytes() > 0;
            assertThat(isDirect).as("where the file system can").isEqualTo(DirectIo.writing(folder.resolve("file")).map(DirectReadsTest::closed).isPresent());
        }
    }

    private static LogFile closed(LogFile file) {
        try {
            file.close();
            return file;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, BLOCK - 1, BLOCK, BLOCK + 1, CHUNK, CHUNK + 1})
    void readOnce_beyondTheEnd_isWhatThereIs(int size) throws IOException {
        byte[] content = content(size);
        try (ChannelCache cache = cache(); SharedFile file = cache.acquireSealed(written(content))) {
            for (int offset : new int[] {0, size / 2, Math.max(0, size - 1), size}) {
                assertReads(file, content, offset, size + 100 - offset);
                assertReads(file, content, offset, size + 2 * BLOCK - offset);
            }
        }
    }

    @Test
    void read_ofTheSameFile_isNotDirect() throws IOException {
        try (ChannelCache cache = cache(); SharedFile file = cache.acquireSealed(written(content(BLOCK)))) {
            assertThat(file.read(ByteBuffer.allocate(BLOCK), 0)).isEqualTo(BLOCK);
            assertThat(cache.directReadBytes()).isZero();
        }
    }

    @Test
    void readOnce_ofAFileThatIsAppendedTo_isNotDirect() throws IOException {
        byte[] content = content(BLOCK);
        try (ChannelCache cache = cache(); SharedFile file = cache.acquire(written(content))) {
            assertReads(file, content, 0, BLOCK);
            assertThat(cache.directReadBytes()).isZero();
        }
    }

    @Test
    void readOnce_inMemory_readsAsBefore() throws IOException {
        byte[] content = content(BLOCK + 1);
        try (FileSystem memory = Jimfs.newFileSystem(Configuration.unix()); ChannelCache cache = cache()) {
            Path path = Files.write(memory.getPath("/file"), content);
            try (SharedFile file = cache.acquireSealed(path)) {
                assertReads(file, content, 1, BLOCK);
                assertThat(cache.directReadBytes()).isZero();
            }
        }
    }

    /** Erasing, for one, puts another file in a segment's place, which has the name when the direct reads begin. */
    @Test
    void readOnce_anotherFileHasTheName_readsTheOneThatWasOpened() throws IOException {
        byte[] content = content(BLOCK);
        Path path = written(content);
        try (ChannelCache cache = cache(); SharedFile file = cache.acquireSealed(path)) {
            Path other = Files.write(folder.resolve("other"), new byte[BLOCK]);
            Files.move(other, path, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
            assertReads(file, content, 0, BLOCK);
            Files.delete(path);
            assertReads(file, content, 0, BLOCK);
            assertThat(cache.directReadBytes()).isZero();
        }
    }

    @Test
    void readOnce_fileIsDeletedMeanwhile_goesOn() throws IOException {
        byte[] content = content(3 * BLOCK);
        Path path = written(content);
        try (ChannelCache cache = cache(); SharedFile file = cache.acquireSealed(path)) {
            assertReads(file, content, 0, BLOCK);
            Files.delete(path);
            assertReads(file, content, BLOCK, 2 * BLOCK);
        }
    }

    @Test
    void readOnce_interrupted_hasTheBytesAndKeepsTheInterrupt() throws IOException {
        byte[] content = content(CHUNK);
        try (ChannelCache cache = cache(); SharedFile file = cache.acquireSealed(written(content))) {
            Thread.currentThread().interrupt();
            try {
                assertReads(file, content, 1, CHUNK - 1);
            } finally {
                assertThat(Thread.interrupted()).isTrue();
            }
        }
    }

    /** Whatever a direct call returns. */
    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 1, 511, 512, BLOCK, CHUNK})
    void read_callsThatReturnLess_hasABeginning(int most) throws IOException {
        byte[] content = content(CHUNK + 3 * BLOCK);
        LogFile scripted = new LogFile(written(content), StandardOpenOption.READ) {
            @Override
            protected FileChannel openChannel() throws IOException {
                return new ScriptedChannel(super.openChannel(), (call, wanted) -> Math.min(Math.max(0, most), wanted));
            }
        };
        try (DirectReads reads = new DirectReads(scripted, new ReadCounter())) {
            ByteBuffer target = ByteBuffer.allocate(content.length - 10);
            reads.read(target, 10);
            assertThat(Arrays.mismatch(target.array(), 0, target.position(), content, 10, 10 + target.position())).isEqualTo(-1);
            assertThat(target.position()).isEqualTo(most < BLOCK ? Math.max(0, most - 10) : most == BLOCK || most == CHUNK ? content.length - 10 : -1);
        }
    }

    @Test
    void read_aCallFails_throwsBehindWhatWasRead() throws IOException {
        byte[] content = content(2 * CHUNK);
        int[] calls = {0};
        LogFile scripted = new LogFile(written(content), StandardOpenOption.READ) {
            @Override
            protected FileChannel openChannel() throws IOException {
                return new ScriptedChannel(super.openChannel(), (call, wanted) -> {
                    if (++calls[0] > 1) {
                        throw new IOException("Invalid argument");
                    }
                    return wanted;
                });
            }
        };
        try (DirectReads reads = new DirectReads(scripted, new ReadCounter())) {
            ByteBuffer target = ByteBuffer.allocate(2 * CHUNK);
            assertThatThrownBy(() -> reads.read(target, 0)).isInstanceOf(IOException.class).hasMessageEndingWith("Invalid argument");
            assertThat(target.position()).isEqualTo(CHUNK);
            assertThat(Arrays.mismatch(target.array(), 0, CHUNK, content, 0, CHUNK)).isEqualTo(-1);
        }
    }

    /** Files that rest in the cache have one descriptor. */
    @Test
    void close_ofTheLastUse_givesUpTheSecondDescriptor() throws IOException {
        assumeThat(Path.of("/proc/self/fd")).exists();
        byte[] content = content(BLOCK);
        Path path = written(content);
        try (ChannelCache cache = cache()) {
            try (SharedFile file = cache.acquireSealed(path)) {
                assertReads(file, content, 0, BLOCK);
                assumeThat(cache.directReadBytes()).as("the file system can").isPositive();
                assertThat(descriptors(path)).isEqualTo(2);
            }
            assertThat(descriptors(path)).isEqualTo(1);
            try (SharedFile file = cache.acquireSealed(path)) {
                assertReads(file, content, 0, BLOCK);
                assertThat(descriptors(path)).isEqualTo(2);
            }
        }
        assertThat(descriptors(path)).isZero();
    }

    private static long descriptors(Path path) throws IOException {
        long found = 0;
        try (var links = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path link : links) {
                try {
                    found += Files.readSymbolicLink(link).equals(path.toRealPath()) ? 1 : 0;
                } catch (IOException e) {
                    // closed meanwhile
                }
            }
        }
        return found;
    }
}
