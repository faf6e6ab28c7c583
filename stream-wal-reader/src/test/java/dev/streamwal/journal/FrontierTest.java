package dev.streamwal.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.samples.JournalSamples;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FrontierTest {

    private static final Frontier FRONTIER = new Frontier(JournalSamples.JOURNAL_ID, 7, List.of(
            new FrontierSegment(StreamKey.of("sensor/a"), 4_096, 77, 1_112),
            new FrontierSegment(StreamKey.of("ü"), 0, -1, 104)));

    @TempDir
    private Path root;

    @Test
    void decode_whatWasEncoded_isTheSame() throws FormatException {
        for (Frontier frontier : List.of(FRONTIER, new Frontier(-1, 1, List.of()))) {
            assertThat(FrontierLayout.decode(FrontierLayout.encode(frontier).array())).isEqualTo(frontier);
        }
    }

    @Test
    void encode_theGoldenFrontier_givesTheseBytes() {
        byte[] expected = HexFormat.of().parseHex(""
                + "5354524d46524e31" + "efcdab8967452301" + "0700000000000000" + "0000000000000000" + "00000000" + "02000000" + "70000000"
                + "88847e99"
                + "0010000000000000" + "4d00000000000000" + "58040000" + "0800" + "0000" + "73656e736f722f61"
                + "0000000000000000" + "ffffffffffffffff" + "68000000" + "0200" + "0000" + "c3bc000000000000");

        assertThat(FrontierLayout.encode(FRONTIER).array()).isEqualTo(expected);
    }

    /** What versions before wrote where this one writes zero: the incarnation of the log, and that it was closed cleanly. */
    @Test
    void decode_frontierOfAnEarlierVersion_isTheSame() throws FormatException {
        byte[] bytes = FrontierLayout.encode(FRONTIER).array();
        ByteBuffer before = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(24, 3).putInt(FrontierLayout.CHECKSUM, 0x9040_d67d);
        assertThat(FrontierLayout.decode(before.array())).isEqualTo(FRONTIER);

        before.putInt(FrontierLayout.FLAGS, 1).putInt(FrontierLayout.CHECKSUM, 0x987a_b891);
        assertThat(FrontierLayout.decode(before.array())).isEqualTo(FRONTIER);
    }

    @Test
    void decode_anyBitChangedOrAnyByteMissing_isRefused() {
        byte[] bytes = FrontierLayout.encode(FRONTIER).array();
        for (int bit = 0; bit < bytes.length * 8; bit++) {
            byte[] changed = bytes.clone();
            changed[bit / 8] ^= (byte) (1 << bit % 8);
            assertThatThrownBy(() -> FrontierLayout.decode(changed)).as("bit %d", bit).isInstanceOf(FormatException.class);
        }
        for (int length = 0; length < bytes.length; length++) {
            byte[] cut = Arrays.copyOf(bytes, length);
            assertThatThrownBy(() -> FrontierLayout.decode(cut)).as("length %d", length).isInstanceOf(FormatException.class);
        }
        assertThatThrownBy(() -> FrontierLayout.decode(Arrays.copyOf(bytes, bytes.length + 8))).isInstanceOf(FormatException.class);
    }

    @Test
    void decode_everyFieldChangedWithARightChecksum_isAFrontierOrRefused() {
        byte[] bytes = FrontierLayout.encode(FRONTIER).array();
        int refused = 0;
        for (int i = 8; i < bytes.length; i++) {
            for (int value : new int[] {0, 1, 0x7F, 0x80, 0xFF}) {
                byte[] changed = bytes.clone();
                changed[i] = (byte) value;
                ByteBuffer buffer = ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN).putInt(FrontierLayout.CHECKSUM, 0);
                CRC32C crc = new CRC32C();
                crc.update(changed);
                buffer.putInt(FrontierLayout.CHECKSUM, (int) crc.getValue());
                try {
                    FrontierLayout.decode(changed);
                } catch (FormatException e) {
                    refused++;
                }
            }
        }
        assertThat(refused).isPositive();
    }

    @Test
    void load_withoutAFile_isEmpty() throws IOException {
        assertThat(FrontierFile.load(root)).isEmpty();
        Files.createDirectory(JournalFiles.directory(root));
        assertThat(FrontierFile.load(root)).isEmpty();
    }

    @Test
    void load_whatWasWritten_isTheSameAndNothingIsLeftOver() throws IOException {
        FrontierFile.write(root, FRONTIER);
        Frontier next = new Frontier(JournalSamples.JOURNAL_ID, 8, List.of());
        FrontierFile.write(root, next);

        assertThat(FrontierFile.load(root)).contains(next);
        try (Stream<Path> files = Files.list(JournalFiles.directory(root))) {
            assertThat(files).containsExactly(FrontierFile.path(root));
        }
    }

    @Test
    void load_fromMemoryAndLargerThanAChunk_isTheSame() throws IOException {
        List<FrontierSegment> many = Stream.iterate(0, i -> i + 1).limit(10_000)
                .map(i -> new FrontierSegment(StreamKey.of("stream-" + i), i, i, 200)).toList();
        try (FileSystem memory = Jimfs.newFileSystem(Configuration.unix())) {
            Path log = Files.createDirectory(memory.getPath("/log"));
            Frontier frontier = new Frontier(1, 1, many);
            FrontierFile.write(log, frontier);
            assertThat(FrontierFile.load(log)).contains(frontier);
        }
    }

    @Test
    void load_damaged_saysWhereAndWhatToDo() throws IOException {
        FrontierFile.write(root, FRONTIER);
        byte[] bytes = Files.readAllBytes(FrontierFile.path(root));
        bytes[20] ^= 1;
        Files.write(FrontierFile.path(root), bytes);

        assertThatThrownBy(() -> FrontierFile.load(root)).isInstanceOf(CorruptSegmentException.class)
                .hasMessageContaining("checksum").hasMessageContaining(FrontierFile.path(root).toString())
                .hasMessageContaining("SKIP_BAD_RECORDS");
    }

    @Test
    void load_withFlagsFromTheFuture_isUnsupported() throws IOException {
        FrontierFile.write(root, FRONTIER);
        byte[] bytes = Files.readAllBytes(FrontierFile.path(root));
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(FrontierLayout.FLAGS, 3)
                .putInt(FrontierLayout.CHECKSUM, 0);
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        buffer.putInt(FrontierLayout.CHECKSUM, (int) crc.getValue());
        Files.write(FrontierFile.path(root), bytes);

        assertThatThrownBy(() -> FrontierFile.load(root)).isInstanceOf(UnsupportedFormatException.class);
    }

    @Test
    void list_theFilesOfAJournal_leavesOthersOut() throws IOException {
        assertThat(JournalFiles.list(root)).isEmpty();
        Files.createDirectory(JournalFiles.directory(root));
        for (int number : new int[] {0x1F, 0, 0x7FFF_FFFF}) {
            Files.createFile(JournalFiles.path(root, number));
        }
        for (String other : List.of("frontier", "0000001F.journal", "1.journal", "ffffffff.journal", "00000001.journal.tmp")) {
            Files.createFile(JournalFiles.directory(root).resolve(other));
        }

        assertThat(JournalFiles.list(root)).extracting(file -> file.getFileName().toString())
                .containsExactly("00000000.journal", "0000001f.journal", "7fffffff.journal");
        assertThat(JournalFiles.list(root)).extracting(file -> JournalFiles.number(file).orElseThrow())
                .containsExactly(0, 0x1F, 0x7FFF_FFFF);
    }
}
