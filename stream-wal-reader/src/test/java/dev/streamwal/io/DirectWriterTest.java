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
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A file has the same bytes whether it is written directly, through the page cache, or first in one way and then in the other. */
class DirectWriterTest {

    private static final int BLOCK = DirectIo.BLOCK_BYTES;
    private static final int CHUNK = DirectWriter.CHUNK_BYTES;

    @TempDir
    private Path folder;

    private final AtomicLong directBytes = new AtomicLong();

    private static byte[] content(int size) {
        byte[] content = new byte[size];
        new Random(size).nextBytes(content);
        return content;
    }

    private LogFile created() throws IOException {
        LogFile file = new LogFile(folder.resolve("file"), StandardOpenOption.WRITE);
        file.create();
        return file;
    }

    private static void assertBytes(LogFile file, byte[] content) throws IOException {
        assertThat(Arrays.mismatch(Files.readAllBytes(file.path()), content)).as("offset of the first wrong byte").isEqualTo(-1);
    }

    private void write(LogFile file, @Nullable LogFile direct, byte[] content) throws IOException {
        try (file; DirectWriter writer = new DirectWriter(file, DirectMemory.buffer(DirectWriter.MEMORY_BYTES), direct, directBytes::addAndGet)) {
            for (int at = 0; at < content.length; at += CHUNK) {
                ByteBuffer chunk = writer.chunk().clear();
                chunk.put(content, at, Math.min(CHUNK, content.length - at)).flip();
                writer.write(at);
            }
        }
        if (direct != null) {
            assertThat(direct.isOpen()).isFalse();
        }
    }

    /** Like a file that is written directly; the nth write fails behind so many bytes, and so do all later ones. */
    private static final class Failing extends LogFile {

        private final int nth;
        private final int bytesOfFailing;
        private int writes;

        Failing(Path path, int nth, int bytesOfFailing) {
            super(path, StandardOpenOption.WRITE);
            this.nth = nth;
            this.bytesOfFailing = bytesOfFailing;
        }

        @Override
        protected FileChannel openChannel() throws IOException {
            return new ScriptedChannel(super.openChannel(), (call, wanted) -> {
                if (++writes == nth && bytesOfFailing > 0) {
                    return Math.min(bytesOfFailing, wanted);
                }
                if (writes >= nth) {
                    throw new IOException("Invalid argument");
                }
                return wanted;
            });
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK, CHUNK - BLOCK, CHUNK - 1, CHUNK, CHUNK + 1, CHUNK + BLOCK, 2 * CHUNK + 5})
    void write_anySize_hasTheBytes(int size) throws IOException {
        byte[] content = content(size);
        LogFile file = created();
        LogFile direct = DirectIo.writing(file.path()).orElse(null);
        write(file, direct, content);
        assertBytes(file, content);
        assertThat(directBytes).hasValue(direct == null ? 0 : size - size % BLOCK);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, BLOCK, CHUNK + 1})
    void write_directWritesAreNotPossible_hasTheBytes(int size) throws IOException {
        byte[] content = content(size);
        LogFile file = created();
        write(file, null, content);
        assertBytes(file, content);
        assertThat(directBytes).hasValue(0);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, BLOCK, CHUNK - 1})
    void write_aDirectWriteFails_hasTheBytes(int bytesOfFailing) throws IOException {
        byte[] content = content(2 * CHUNK + 1);
        for (int nth = 1; nth <= 2; nth++) {
            LogFile file = created();
            directBytes.set(0);
            write(file, new Failing(file.path(), nth, bytesOfFailing), content);
            assertBytes(file, content);
            assertThat(directBytes).hasValue((nth - 1L) * CHUNK);
            Files.delete(file.path());
        }
    }

    @Test
    void write_allWritesFail_throws() throws IOException {
        Path path = Files.createFile(folder.resolve("file"));
        assertThatThrownBy(() -> write(new Failing(path, 2, 0), new Failing(path, 2, 0), content(3 * CHUNK)))
                .isInstanceOf(IOException.class).hasMessageEndingWith("Invalid argument");
    }

    @Test
    void write_interrupted_hasTheBytesAndKeepsTheInterrupt() throws IOException {
        byte[] content = content(3 * CHUNK + 1);
        LogFile file = created();
        LogFile direct = DirectIo.writing(file.path()).orElse(null);
        Thread.currentThread().interrupt();
        try {
            write(file, direct, content);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
        assertBytes(file, content);
    }

    @Test
    void chunk_isAligned() throws IOException {
        try (LogFile file = created(); DirectWriter writer = new DirectWriter(file, DirectMemory.buffer(DirectWriter.MEMORY_BYTES), null, directBytes::addAndGet)) {
            assertThat(writer.chunk().alignmentOffset(0, BLOCK)).isZero();
            assertThat(writer.chunk().capacity()).isEqualTo(CHUNK);
        }
    }

    @Test
    void writing_inMemory_isNotPossible() throws IOException {
        try (FileSystem memory = Jimfs.newFileSystem(Configuration.unix())) {
            Path path = Files.createFile(memory.getPath("/file"));
            assertThat(DirectIo.writing(path)).isEmpty();
        }
    }

    /** The option takes effect: a write that isn't a whole block is refused. */
    @Test
    void writing_aPartOfABlock_isRefused() throws IOException {
        Path path = Files.createFile(folder.resolve("file"));
        LogFile direct = DirectIo.writing(path).orElse(null);
        assumeThat(direct).as("the file system can").isNotNull();
        try (direct) {
            byte[] part = new byte[BLOCK / 2 + 1];
            assertThatThrownBy(() -> direct.write(0, ByteBuffer.wrap(part))).isInstanceOf(IOException.class);
        }
    }
}
