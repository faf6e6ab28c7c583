package dev.streamwal.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.streamwal.error.DiskFullException;
import dev.streamwal.io.LogFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What {@link SegmentStorage} and {@link SegmentFile} promise, for each storage. */
@SuppressWarnings("try") // a segment's file is closed in the middle of its use, and opened again
abstract class StorageContract {

    private static final int PAGE_BYTES = 4_096;

    SegmentStorage storage;
    private Path directory;

    /** A new one. */
    abstract SegmentStorage newStorage();

    /** An empty one. */
    abstract Path newDirectory() throws IOException;

    /** Whether {@link SegmentFile#map} gives a mapping. */
    abstract boolean maps();

    @BeforeEach
    void makeStorage() throws IOException {
        storage = newStorage();
        directory = newDirectory();
    }

    @AfterEach
    void clearTheFlag() {
        Thread.interrupted();
    }

    private Path path(String name) {
        return directory.resolve(name);
    }

    private static ByteBuffer random(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return ByteBuffer.wrap(bytes);
    }

    private static byte[] read(SegmentFile file, long offset, int length) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(length);
        int read = file.read(target, offset);
        assertThat(target.position()).isEqualTo(read);
        byte[] found = new byte[read];
        target.get(0, found);
        return found;
    }

    // ---------------------------------------------------------------- files and directories

    @Test
    void create_fileIsThere_throwsAndLeavesItAlone() throws IOException {
        try (SegmentFile file = storage.create(path("a"))) {
            file.write(0, random(10));
            assertThat(file.path()).isEqualTo(path("a"));
        }
        assertThatThrownBy(() -> storage.create(path("a"))).isInstanceOf(FileAlreadyExistsException.class);
        assertThat(Files.readAllBytes(path("a"))).isEqualTo(random(10).array());
    }

    @Test
    void create_noSuchDirectory_throws() {
        assertThatThrownBy(() -> storage.create(path("nowhere").resolve("a"))).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void open_noSuchFile_throwsAtTheFirstUseAndMakesNone() throws IOException {
        assertThatThrownBy(() -> {
            try (SegmentFile file = storage.open(path("a"))) {
                file.size();
            }
        }).isInstanceOf(NoSuchFileException.class);
        assertThat(path("a")).doesNotExist();
    }

    @Test
    void name_free_movesAndNotFree_throwsAndReplacesNothing() throws IOException {
        for (String name : new String[] {"tmp1", "tmp2"}) {
            try (SegmentFile file = storage.create(path(name))) {
                file.write(0, ByteBuffer.wrap(name.getBytes(StandardCharsets.US_ASCII)));
            }
        }
        storage.name(path("tmp1"), path("final"));
        assertThat(path("tmp1")).doesNotExist();
        assertThat(path("final")).hasContent("tmp1");
        assertThatThrownBy(() -> storage.name(path("tmp2"), path("final"))).isInstanceOf(FileAlreadyExistsException.class);
        assertThat(path("final")).hasContent("tmp1");
        assertThat(path("tmp2")).hasContent("tmp2");
    }

    @Test
    void renamed_openFile_isTheSameFile() throws IOException {
        try (SegmentFile file = storage.create(path("tmp"))) {
            file.write(0, random(100));
            storage.name(path("tmp"), path("final"));
            file.renamed(path("final"));
            assertThat(file.path()).isEqualTo(path("final"));
            file.write(100, random(50));
            file.close();
            assertThat(file.size()).isEqualTo(150);
            assertThat(read(file, 100, 50)).isEqualTo(random(50).array());
        }
    }

    @Test
    void delete_thereOrNot_saysWhich() throws IOException {
        storage.create(path("a")).close();
        assertThat(storage.delete(path("a"))).isTrue();
        assertThat(storage.delete(path("a"))).isFalse();
        assertThat(path("a")).doesNotExist();
    }

    @Test
    void directories_createAndDelete_asDocumented() throws IOException {
        Path deep = path("x").resolve("y");
        storage.createDirectory(deep);
        storage.createDirectory(deep);
        assertThat(deep).isDirectory();
        assertThat(storage.deleteDirectoryIfEmpty(path("x"))).isFalse();
        assertThat(storage.deleteDirectoryIfEmpty(deep)).isTrue();
        assertThat(storage.deleteDirectoryIfEmpty(deep)).isTrue();
        assertThat(deep).doesNotExist();
        assertThat(path("x")).exists();
    }

    @Test
    void forceDirectory_existing_returnsAndKeepsWhatIsInIt() throws IOException {
        storage.createDirectory(path("x"));
        storage.create(path("x").resolve("a")).close();
        storage.forceDirectory(path("x"));
        assertThat(path("x").resolve("a")).exists();
        Thread.currentThread().interrupt();
        storage.forceDirectory(path("x"));
        assertThat(Thread.interrupted()).as("the flag is kept").isTrue();
    }

    @Test
    void forceDirectory_missing_throws() {
        assertThatThrownBy(() -> storage.forceDirectory(path("x"))).isInstanceOf(NoSuchFileException.class);
    }

    // ---------------------------------------------------------------- writing

    @Test
    void write_oneBuffer_allOfItAtTheOffset() throws IOException {
        try (SegmentFile file = storage.create(path("a"))) {
            file.write(0, random(1_000_003));
            file.write(500, random(7));
            byte[] expected = random(1_000_003).array();
            System.arraycopy(random(7).array(), 0, expected, 500, 7);
            assertThat(file.size()).isEqualTo(1_000_003);
            assertThat(read(file, 0, 1_000_003)).isEqualTo(expected);
            assertThat(Files.readAllBytes(path("a"))).isEqualTo(expected);
        }
    }

    @Test
    void write_manyBuffersOfAllKinds_gatheredFromPositionToLimit() throws IOException {
        int count = 2_000;
        ByteBuffer[] buffers = new ByteBuffer[count];
        ByteBuffer expected = ByteBuffer.allocate(2 << 20);
        for (int i = 0; i < count; i++) {
            int size = i % 37 == 0 ? 0 : i % 600;
            ByteBuffer bytes = i % 2 == 0 ? ByteBuffer.allocate(size + 5) : ByteBuffer.allocateDirect(size + 5);
            bytes.put(2, random(size).array()).position(2).limit(2 + size);
            buffers[i] = bytes;
            expected.put(random(size));
        }
        expected.flip();
        byte[] all = new byte[expected.remaining()];
        expected.get(all);
        try (SegmentFile file = storage.create(path("a"))) {
            file.write(0, random(13));
            file.write(13, buffers);
            assertThat(file.size()).isEqualTo(13 + all.length);
            assertThat(read(file, 13, all.length)).isEqualTo(all);
            // and over what is there
            file.write(5, random(40), random(50));
            assertThat(read(file, 5, 40)).isEqualTo(random(40).array());
            assertThat(read(file, 45, 50)).isEqualTo(random(50).array());
            assertThat(file.size()).isEqualTo(13 + all.length);
        }
    }

    @Test
    void zero_overDataAndPastTheEnd_zerosAndNothingElse() throws IOException {
        try (SegmentFile file = storage.create(path("a"))) {
            file.write(0, random(1_000));
            file.zero(900, 900);
            assertThat(file.size()).isEqualTo(1_000);
            file.zero(500, 700_001);
            assertThat(file.size()).isEqualTo(700_001);
            assertThat(read(file, 0, 500)).isEqualTo(Arrays.copyOf(random(1_000).array(), 500));
            assertThat(read(file, 500, 699_501)).isEqualTo(new byte[699_501]);
        }
    }

    @Test
    void truncate_shorterOrLonger_cutsAndNeverGrows() throws IOException {
        try (SegmentFile file = storage.create(path("a"))) {
            file.write(0, random(1_000));
            file.truncate(2_000);
            assertThat(file.size()).isEqualTo(1_000);
            file.truncate(300);
            assertThat(file.size()).isEqualTo(300);
            file.write(300, random(5));
            assertThat(file.size()).isEqualTo(305);
            assertThat(read(file, 0, 300)).isEqualTo(Arrays.copyOf(random(1_000).array(), 300));
        }
    }

    @Test
    void read_atAndBehindTheEnd_asFarAsTheFileGoes() throws IOException {
        try (SegmentFile file = storage.create(path("a"))) {
            file.write(0, random(100));
            assertThat(read(file, 90, 20)).hasSize(10);
            assertThat(read(file, 100, 20)).isEmpty();
            assertThat(read(file, 1_000, 20)).isEmpty();
            assertThat(read(file, 0, 0)).isEmpty();
            ByteBuffer part = ByteBuffer.allocateDirect(50).position(10).limit(30);
            assertThat(file.read(part, 0)).isEqualTo(20);
            assertThat(part.position()).isEqualTo(30);
            assertThat(part.get(10)).isEqualTo(random(100).get(0));
        }
    }

    @Test
    void force_anything_returns() throws IOException {
        try (SegmentFile file = storage.create(path("a"))) {
            file.write(0, random(100));
            file.force();
            assertThat(read(file, 0, 100)).isEqualTo(random(100).array());
        }
    }

    @Test
    void close_twiceAndUsedAgain_opensAgain() throws IOException {
        SegmentFile file = storage.create(path("a"));
        assertThat(((LogFile) file).isOpen()).isTrue();
        file.write(0, random(100));
        file.close();
        file.close();
        assertThat(((LogFile) file).isOpen()).isFalse();
        file.write(100, random(20));
        assertThat(((LogFile) file).isOpen()).isTrue();
        assertThat(file.size()).isEqualTo(120);
        file.close();
        try (SegmentFile again = storage.open(path("a"))) {
            assertThat(read(again, 0, 100)).isEqualTo(random(100).array());
            assertThat(read(again, 100, 20)).isEqualTo(random(20).array());
        }
        Files.delete(path("a"));
        assertThatThrownBy(file::size).isInstanceOf(NoSuchFileException.class);
        assertThat(path("a")).doesNotExist();
    }

    // ---------------------------------------------------------------- interrupts

    @Test
    void everyCall_interrupted_isDoneAndKeepsTheFlag() throws IOException {
        Thread.currentThread().interrupt();
        try (SegmentFile file = storage.create(path("a"))) {
            file.write(0, random(100));
            file.write(100, random(10), random(20));
            file.zero(130, 200);
            assertThat(file.size()).isEqualTo(200);
            file.truncate(150);
            file.force();
            assertThat(read(file, 0, 100)).isEqualTo(random(100).array());
            assertThat(read(file, 110, 40)).startsWith(random(20).array());
            assertThat(file.size()).isEqualTo(150);
            SegmentMapping mapping = file.map(PAGE_BYTES);
            if (mapping != null) {
                mapping.unmap();
            }
        }
        assertThat(Thread.currentThread().isInterrupted()).isTrue();
    }

    @Test
    void interruptsInAStorm_nothingIsLostOrTwice() throws IOException {
        AtomicBoolean done = new AtomicBoolean();
        Thread victim = Thread.currentThread();
        Thread storm = new Thread(() -> {
            while (!done.get()) {
                victim.interrupt();
                LockSupport.parkNanos(5_000);
            }
        }, "test-storm");
        storm.start();
        try (SegmentFile file = storage.create(path("a"))) {
            for (int i = 0; i < 1_500; i++) {
                file.write(i * 300L, random(100), random(200));
                assertThat(read(file, i * 300L + 100, 200)).isEqualTo(random(200).array());
            }
            assertThat(file.size()).isEqualTo(1_500 * 300L);
        } finally {
            done.set(true);
            while (storm.isAlive()) {
                Thread.onSpinWait();
            }
            Thread.interrupted();
        }
        byte[] whole = Files.readAllBytes(path("a"));
        for (int i = 0; i < 1_500; i++) {
            assertThat(Arrays.copyOfRange(whole, i * 300, i * 300 + 100)).isEqualTo(random(100).array());
        }
    }

    // ---------------------------------------------------------------- mapping

    @Test
    void map_storageWithout_isNullAndTheFileIsAsItWas() throws IOException {
        assumeFalse(maps(), "has mappings");
        try (SegmentFile file = storage.create(path("a"))) {
            file.write(0, random(100));
            assertThat(file.map(1 << 20)).isNull();
            assertThat(file.size()).isEqualTo(100);
        }
    }

    @Test
    void map_storageWith_seesWritesAndIsSeen() throws IOException {
        assumeTrue(maps(), "has no mappings");
        try (SegmentFile file = storage.create(path("a"))) {
            file.write(0, random(100));
            SegmentMapping mapping = file.map(1 << 20);
            assertThat(mapping).isNotNull();
            file.truncate(PAGE_BYTES);
            file.zero(PAGE_BYTES, 3 * PAGE_BYTES);
            mapping.touch(0, 3 * PAGE_BYTES);
            byte[] seen = new byte[100];
            mapping.buffer().get(0, seen);
            assertThat(seen).as("written before the mapping").isEqualTo(random(100).array());
            file.write(2 * PAGE_BYTES, random(64));
            seen = new byte[64];
            mapping.buffer().get(2 * PAGE_BYTES, seen);
            assertThat(seen).as("written by position").isEqualTo(random(64).array());
            mapping.buffer().putInt(200, 0x01020304);
            mapping.setRelease(208, 0x0807060504030201L);
            assertThat(read(file, 200, 16)).isEqualTo(new byte[] {4, 3, 2, 1, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8});
            assertThat(mapping.getAcquire(208)).isEqualTo(0x0807060504030201L);
            file.close();
            mapping.buffer().put(300, (byte) 9);
            assertThat(read(file, 300, 1)).as("the mapping outlives the descriptor").isEqualTo(new byte[] {9});
            mapping.unmap();
            assertThat(file.size()).isEqualTo(3 * PAGE_BYTES);
            assertThat(Files.readAllBytes(path("a"))[300]).isEqualTo((byte) 9);
        }
    }

    @Test
    void map_beyondItsCapacity_throws() throws IOException {
        assumeTrue(maps(), "has no mappings");
        try (SegmentFile file = storage.create(path("a"))) {
            file.zero(0, PAGE_BYTES);
            SegmentMapping mapping = file.map(PAGE_BYTES);
            assertThat(mapping).isNotNull();
            assertThatThrownBy(() -> mapping.buffer().putLong(PAGE_BYTES - 4, 1)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> mapping.setRelease(PAGE_BYTES, 1)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> mapping.getAcquire(-8)).isInstanceOf(IndexOutOfBoundsException.class);
            mapping.unmap();
        }
    }

    // ---------------------------------------------------------------- a full disk

    /** On a disk of its own that holds so many bytes; skips the test where there can't be one. */
    abstract Path newSmallDisk(int bytes) throws IOException;

    @Test
    void writeAndZero_diskFull_throwAndWhatWasThereStays() throws IOException {
        Path small = newSmallDisk(1 << 20);
        try (SegmentFile file = storage.create(small.resolve("a"))) {
            file.write(0, random(100_000));
            assertThatThrownBy(() -> file.zero(100_000, 8 << 20)).isInstanceOf(IOException.class);
            file.truncate(100_000);
            assertThatThrownBy(() -> file.write(100_000, random(2 << 20))).isInstanceOf(IOException.class);
            file.truncate(100_000);
            assertThatThrownBy(() -> file.write(100_000, random(700_000), random(800_000))).isInstanceOf(IOException.class)
                    .satisfies(e -> assertThat(StorageErrors.translate("append", (IOException) e, file.path(), "s", 7, 1_500_000))
                            .isInstanceOf(DiskFullException.class)
                            .hasMessageContaining("stream=s").hasMessageContaining("position=7")
                            .hasMessageContaining("file=" + file.path()));
            file.truncate(100_000);
            assertThat(file.size()).isEqualTo(100_000);
            assertThat(read(file, 0, 100_000)).isEqualTo(random(100_000).array());
            file.write(100_000, random(100_000));
            assertThat(read(file, 100_000, 100_000)).isEqualTo(random(100_000).array());
        }
    }
}
