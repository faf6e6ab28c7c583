package dev.streamwal.reader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.reader.EntryBatch.Status;
import io.netty.buffer.PoolArenaMetric;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Nano-wal files that are cut anywhere, and with every byte of their framing changed: what is in front of the damage is read as it was
 * written, nothing else is, and the damage is told. There are no checksums, so nothing can be said of contents.
 */
class NanoWalDamageTest {

    private static final String KEY = "k";
    private static final int OLDER = 0;
    private static final int NEWER = 1;
    private static final long[] EXPIRATIONS = {1_000, 2_000};
    /** More than 255 and no multiple of it, as are sums of them: so no change of one byte of a length leads to another record's end. */
    private static final int[] CONTENTS = {300, 280, 333};
    private static final int HEADER = 7;

    /** In memory: tens of thousands of files are written and read. */
    private final FileSystem memory = Jimfs.newFileSystem(Configuration.unix());
    private final Path directory = memory.getPath("/nano");

    private final List<List<byte[]>> records = List.of(new ArrayList<>(), new ArrayList<>());
    private final byte[][] files = new byte[2][];

    @BeforeEach
    void write() throws IOException {
        Files.createDirectory(directory);
        Random random = new Random(3);
        for (int file = 0; file < 2; file++) {
            for (int content : CONTENTS) {
                byte[] bytes = new byte[HEADER + content];
                for (int i = 0; i < bytes.length; i++) {
                    // without "N": less than four bytes of a signature are no proof of one, and a file may end with them
                    bytes[i] = (byte) ('a' + random.nextInt(20));
                }
                records.get(file).add(NanoWalFiles.record(Arrays.copyOf(bytes, HEADER), Arrays.copyOfRange(bytes, HEADER, bytes.length)));
            }
            files[file] = Files.readAllBytes(
                    NanoWalFiles.write(directory, KEY, EXPIRATIONS[file], records.get(file).toArray(byte[][]::new)));
        }
    }

    @AfterEach
    void close() throws IOException {
        memory.close();
    }

    private Path path(int file) {
        return NanoWalFiles.path(directory, KEY, EXPIRATIONS[file]);
    }

    /** Where a file's records start, and its last one ends. */
    private int[] starts(int file) {
        int[] starts = new int[CONTENTS.length + 1];
        starts[0] = 16;
        for (int i = 0; i < CONTENTS.length; i++) {
            starts[i + 1] = starts[i] + records.get(file).get(i).length;
        }
        return starts;
    }

    private record Found(List<byte[]> records, List<WalException> errors) {}

    private Found scan() {
        Found found = new Found(new ArrayList<>(), new ArrayList<>());
        try (WalReader reader = WalReader.openNanoWal(directory); EntryCursor cursor = reader.scan(KEY)) {
            while (true) {
                try {
                    if (!cursor.next()) {
                        break;
                    }
                    Entry entry = cursor.copy();
                    found.records.add(NanoWalFiles.record(entry.headerBytes(), entry.contentBytes()));
                } catch (CorruptSegmentException | UnsupportedFormatException e) {
                    found.errors.add(e);
                }
            }
            assertThat(found.errors).hasSizeLessThanOrEqualTo(1);
            VerifyReport report = reader.verify(KEY);
            assertThat(report.records()).isEqualTo(found.records.size());
            assertThat(report.damage()).extracting(Damage::reason)
                    .isEqualTo(found.errors.stream().map(WalException::getMessage).toList());
        }
        return found;
    }

    private void assertIntact(Found found, int file, int expected, String what) {
        List<byte[]> all = new ArrayList<>(records.get(OLDER).subList(0, file == OLDER ? expected : CONTENTS.length));
        all.addAll(records.get(NEWER).subList(0, file == NEWER ? expected : CONTENTS.length));
        assertThat(found.records.size()).as(what).isEqualTo(all.size());
        for (int i = 0; i < all.size(); i++) {
            assertThat(Arrays.equals(found.records.get(i), all.get(i))).as("%s, record %d", what, i).isTrue();
        }
    }

    // ---- cut

    @Test
    void everyTruncation_leavesTheRecordsInFrontOfIt() throws IOException {
        for (int file = 0; file < 2; file++) {
            int[] starts = starts(file);
            for (int length = 0; length < files[file].length; length++) {
                Files.write(path(file), Arrays.copyOf(files[file], length));
                int cut = length;
                int whole = (int) IntStream.range(0, CONTENTS.length).filter(i -> starts[i + 1] <= cut).count();
                String what = "file " + file + " cut to " + length;

                Found found = scan();

                assertIntact(found, file, whole, what);
                boolean atARecordsEnd = IntStream.of(starts).anyMatch(start -> start == cut);
                // in the newest file it may be a record that is being written
                assertThat(found.errors).as(what).hasSize(file == NEWER || atARecordsEnd ? 0 : 1);
                if (file == OLDER && !atARecordsEnd) {
                    assertThat(found.errors.get(0)).isInstanceOfSatisfying(CorruptSegmentException.class, damage -> {
                        assertThat(damage.file()).isEqualTo(path(OLDER));
                        assertThat(damage.offset()).isEqualTo(cut < 16 ? 0 : starts[whole]);
                        assertThat(damage.length()).isEqualTo(cut < 16 ? cut : cut - starts[whole]);
                    });
                }
            }
            Files.write(path(file), files[file]);
        }
    }

    /** What a power loss leaves where the file's length was written and its last blocks weren't. */
    @Test
    void everyTailOfZeros_leavesTheRecordsInFrontOfIt() throws IOException {
        for (int file = 0; file < 2; file++) {
            int[] starts = starts(file);
            for (int length = starts[1]; length < files[file].length; length++) {
                byte[] zeroed = files[file].clone();
                Arrays.fill(zeroed, length, zeroed.length, (byte) 0);
                Files.write(path(file), zeroed);
                int tail = length;
                int whole = (int) IntStream.range(0, CONTENTS.length).filter(i -> starts[i + 1] <= tail).count();

                Found found = scan();

                assertIntactUpTo(found, file, whole, "file " + file + " zero from " + length);
                // in the last record's content zeros are content
                boolean isTold = length < starts[CONTENTS.length - 1] + 10;
                assertThat(found.errors).as("file %d zero from %d", file, length).hasSize(isTold ? 1 : 0);
            }
            Files.write(path(file), files[file]);
        }
    }

    private void assertIntactUpTo(Found found, int file, int whole, String what) {
        int before = file == OLDER ? 0 : CONTENTS.length;
        for (int i = 0; i < whole; i++) {
            assertThat(Arrays.equals(found.records.get(before + i), records.get(file).get(i))).as("%s, record %d", what, i).isTrue();
        }
    }

    // ---- changed

    @Tag("exhaustive")
    @Test
    void everyChangedByteOfFraming_leavesTheRecordsInFrontOfIt() throws IOException {
        for (int file = 0; file < 2; file++) {
            int[] starts = starts(file);
            for (int record = 0; record < CONTENTS.length; record++) {
                for (int at = starts[record]; at < starts[record] + 16; at++) {
                    changeEveryWay(file, at, record);
                }
            }
        }
    }

    /** To every other value; in the older file only to some, as nearly all is the same there. */
    private void changeEveryWay(int file, int at, int record) throws IOException {
        for (int value = 0; value < 256; value += file == OLDER ? 15 : 1) {
            if ((byte) value == files[file][at]) {
                continue;
            }
            byte[] changed = files[file].clone();
            changed[at] = (byte) value;
            Files.write(path(file), changed);
            String what = "file " + file + ", byte " + at + " is " + value;

            Found found = scan();

            assertIntact(found, file, record, what);
            // a length beyond the end of the newest file, with nothing behind it, may be that of a record that is being written
            boolean mayBeWritten = file == NEWER && record == CONTENTS.length - 1 && at >= starts(file)[record] + 6;
            assertThat(found.errors).as(what).hasSizeBetween(mayBeWritten ? 0 : 1, 1);
            for (WalException error : found.errors) {
                assertThat(error).as(what).isInstanceOfSatisfying(CorruptSegmentException.class, damage -> {
                    assertThat(damage.file()).isEqualTo(path(file));
                    assertThat(damage.offset()).isEqualTo(starts(file)[record]);
                    assertThat(damage.offset() + damage.length()).isEqualTo(files[file].length);
                    assertThat(damage).hasMessageContaining("offset=" + starts(file)[record]).hasMessageContaining("stream=" + KEY);
                });
            }
        }
        Files.write(path(file), files[file]);
    }

    @Test
    void everyChangedByteOfAHeader_isTold() throws IOException {
        for (int file = 0; file < 2; file++) {
            for (int at = 0; at < 16; at++) {
                for (int value = 0; value < 256; value += 5) {
                    if ((byte) value != files[file][at]) {
                        byte[] changed = files[file].clone();
                        changed[at] = (byte) value;
                        Files.write(path(file), changed);
                        String what = "file " + file + ", byte " + at + " is " + value;

                        Found found = scan();

                        // the name's expiration counts
                        assertIntact(found, file, at < 8 ? 0 : CONTENTS.length, what);
                        assertThat(found.errors).as(what).hasSize(1);
                        assertThat(((CorruptSegmentException) found.errors.get(0)).offset()).isEqualTo(at < 8 ? 0 : 8);
                    }
                }
            }
            Files.write(path(file), files[file]);
        }
    }

    /** What the documentation says can't be noticed. */
    @Test
    void aLengthThatLeadsToAnotherRecordsEnd_goesUnnoticed() throws IOException {
        byte[] changed = files[OLDER].clone();
        int contentLength = starts(OLDER)[0] + 8;
        ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN)
                .putLong(contentLength, CONTENTS[0] + records.get(OLDER).get(1).length);
        Files.write(path(OLDER), changed);

        Found found = scan();

        assertThat(found.errors).isEmpty();
        assertThat(found.records).hasSize(2 * CONTENTS.length - 1);
    }

    // ---- how it is met otherwise

    @Test
    void otherOperations_onDamage_tellOfItAndReadTheRest() throws IOException {
        List<EntryRef> refs = new ArrayList<>();
        try (WalReader reader = WalReader.openNanoWal(directory); EntryCursor cursor = reader.scan(KEY)) {
            while (cursor.next()) {
                refs.add(cursor.ref());
            }
        }
        for (int file = 0; file < 2; file++) {
            byte[] changed = files[file].clone();
            changed[starts(file)[1]] ^= 1;
            Files.write(path(file), changed);
        }
        try (WalReader reader = WalReader.openNanoWal(directory); EntryBatch batch = reader.readBatch(refs)) {
            for (int i = 0; i < refs.size(); i++) {
                // the last ones are where their refs say, though a walk doesn't get there
                assertThat(batch.status(i)).as("%d", i).isEqualTo(i % 3 == 1 ? Status.CORRUPT : Status.FOUND);
            }
            assertThatThrownBy(() -> batch.get(1)).isInstanceOf(CorruptSegmentException.class);
            assertThatThrownBy(() -> reader.latest(KEY)).isInstanceOf(CorruptSegmentException.class);
            StreamInfo info = reader.describe(KEY).orElseThrow();
            assertThat(info.endPosition()).isEqualTo(refs.get(4).position());
            try (EntryCursor last = reader.scanLast(KEY, 1)) {
                assertThat(last.next()).isTrue();
                assertThat(last.ref()).isEqualTo(refs.get(3));
                assertThat(last.next()).isFalse();
            }
            try (EntryCursor cursor = reader.scanFrom(KEY, refs.get(1).position())) {
                assertThatThrownBy(cursor::next).isInstanceOf(CorruptSegmentException.class);
                assertThat(cursor.next()).isTrue();
                assertThat(cursor.ref()).isEqualTo(refs.get(3));
            }
        }
    }

    @Test
    void damageInTheNewestFile_isToldOnce_andWhatIsAppendedIsRead() throws IOException {
        byte[] changed = files[NEWER].clone();
        changed[starts(NEWER)[1]] ^= 1;
        Files.write(path(NEWER), changed);
        try (WalReader reader = WalReader.openNanoWal(directory); EntryCursor cursor = reader.scan(KEY)) {
            IntStream.range(0, 4).forEach(i -> assertThat(cursor.next()).isTrue());
            assertThatThrownBy(cursor::next).isInstanceOf(CorruptSegmentException.class);
            assertThat(cursor.next()).isFalse();
            NanoWalFiles.append(path(NEWER), NanoWalFiles.record("", "more"));
            try (EntryCursor resumed = reader.scanFrom(KEY, cursor.nextPosition())) {
                assertThat(resumed.next()).isTrue();
            }
            assertThat(cursor.next()).isTrue();
            assertThat(cursor.copy().contentBytes()).asString().isEqualTo("more");
        }
    }

    // ---- absurd lengths

    @Test
    void garbageLengths_neverAllocate() throws IOException, ReflectiveOperationException {
        AllocatedBytes allocated = new AllocatedBytes();
        scan();
        long[] lengths = {-1, Long.MIN_VALUE, Long.MAX_VALUE, Long.MAX_VALUE - 15, 1L << 62, 1L << 32, (1L << 32) - 1, Integer.MAX_VALUE,
                1L << 31, 1 << 30, 1 << 28, files[NEWER].length, files[NEWER].length - 32};
        long pooled = largeAllocations();
        for (int record = 0; record < CONTENTS.length; record++) {
            for (long length : lengths) {
                for (int file = 0; file < 2; file++) {
                    byte[] changed = files[file].clone();
                    ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN).putLong(starts(file)[record] + 8, length);
                    Files.write(path(file), changed);
                    long before = allocated.now();

                    assertIntact(scan(), file, record, "length " + length);

                    // a reader, two scans and errors with their stacks: far from any of these lengths but the last two, which fit the file
                    assertThat(allocated.now() - before).isLessThan(1 << 20);
                    Files.write(path(file), files[file]);
                }
            }
        }
        assertThat(largeAllocations()).as("buffers of more than 28 KiB for files of less than 1 KiB").isEqualTo(pooled);
    }

    /** Allocations ever made of Netty's that are more than small: those of larger size classes, and those no pool is for. */
    private static long largeAllocations() {
        return PooledByteBufAllocator.DEFAULT.metric().directArenas().stream()
                .mapToLong(NanoWalDamageTest::largeAllocations).sum();
    }

    private static long largeAllocations(PoolArenaMetric arena) {
        return arena.numNormalAllocations() + arena.numHugeAllocations();
    }

    @Test
    void aRecordThatIsTooLong_isToldAndPassed(@TempDir Path onDisk) throws IOException {
        // a file with a hole in it
        Path file = NanoWalFiles.write(onDisk, "long", 1, NanoWalFiles.record("", "before"));
        long length = 1L << 28;
        byte[] prefix = NanoWalFiles.record("", "");
        ByteBuffer.wrap(prefix).order(ByteOrder.LITTLE_ENDIAN).putLong(8, length);
        NanoWalFiles.append(file, prefix);
        long behind = Files.size(file) + length;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            int unused = channel.write(ByteBuffer.wrap(NanoWalFiles.record("", "after")), behind);
        }
        long pooled = largeAllocations();
        try (WalReader reader = WalReader.openNanoWal(onDisk); EntryCursor cursor = reader.scan("long")) {
            assertThat(cursor.next()).isTrue();
            assertThatThrownBy(cursor::next).isInstanceOf(UnsupportedFormatException.class).hasMessageContaining("bytes=268435472");
            assertThat(cursor.next()).isTrue();
            assertThat(cursor.copy().contentBytes()).asString().isEqualTo("after");
            assertThat(cursor.next()).isFalse();
            assertThat(reader.verify("long").records()).isEqualTo(2);
            assertThat(reader.latest("long").orElseThrow().contentBytes()).asString().isEqualTo("after");
            assertThat(reader.verify("long").damage()).hasSize(1);
            try (EntryCursor last = reader.scanLast("long", 2)) {
                assertThat(last.next()).isTrue();
                assertThat(last.copy().contentBytes()).asString().isEqualTo("before");
            }
        }
        assertThat(largeAllocations() - pooled).as("read buffers of 64 KiB").isLessThan(20);
    }
}
