package dev.streamwal.reader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryNotFoundException;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Nano-wal files whose records have their content length behind the header, as nano-wal 0.5 framed them: told from others by the framing. */
class NanoWalOlderOrderTest {

    private static final String KEY = "k";

    /** Headers that are shorter and longer than a length, and one that is none. */
    private static final int[] HEADERS = {7, 8, 9, 0, 300, 1};
    private static final int[] CONTENTS = {300, 280, 0, 333, 70_000, 5};

    private final FileSystem memory = Jimfs.newFileSystem(Configuration.unix());
    private final Path directory = memory.getPath("/nano");

    private record Written(byte[] header, byte[] content) {
        byte[] framed(boolean isOlder) {
            return isOlder ? NanoWalFiles.olderRecord(header, content) : NanoWalFiles.record(header, content);
        }
    }

    private final List<Written> written = new ArrayList<>();

    @BeforeEach
    void make() throws IOException {
        Files.createDirectory(directory);
        Random random = new Random(5);
        for (int i = 0; i < HEADERS.length; i++) {
            written.add(new Written(text(random, HEADERS[i]), text(random, CONTENTS[i])));
        }
    }

    /** Without "N", as less than four bytes of a signature are no proof of one. */
    private static byte[] text(Random random, int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) ('a' + random.nextInt(20));
        }
        return bytes;
    }

    @AfterEach
    void close() throws IOException {
        memory.close();
    }

    private Path write(boolean isOlder, List<Written> records) throws IOException {
        return NanoWalFiles.write(directory, KEY, 1_000, records.stream().map(record -> record.framed(isOlder)).toArray(byte[][]::new));
    }

    private static void assertSame(Entry entry, Written record) {
        assertThat(entry.headerBytes()).isEqualTo(record.header);
        assertThat(entry.contentBytes()).isEqualTo(record.content);
    }

    @Test
    void everyWayOfReading_findsWhatWasWritten() throws IOException {
        write(true, written);
        try (WalReader reader = WalReader.openNanoWal(directory)) {
            List<EntryRef> refs = new ArrayList<>();
            try (EntryCursor cursor = reader.scan(KEY)) {
                for (Written record : written) {
                    assertThat(cursor.next()).isTrue();
                    assertSame(cursor.copy(), record);
                    assertThat(cursor.header().readableBytes()).isEqualTo(record.header.length);
                    byte[] content = new byte[cursor.content().readableBytes()];
                    cursor.content().getBytes(0, content);
                    assertThat(content).isEqualTo(record.content);
                    refs.add(cursor.ref());
                }
                assertThat(cursor.next()).isFalse();
            }
            refs.addAll(List.copyOf(refs));
            try (EntryBatch batch = reader.readBatch(refs)) {
                for (int i = 0; i < refs.size(); i++) {
                    assertSame(batch.get(i), written.get(i % written.size()));
                }
            }
            assertSame(reader.latest(KEY).orElseThrow(), written.get(written.size() - 1));
            try (EntryCursor last = reader.scanLast(KEY, 2)) {
                assertThat(last.next()).isTrue();
                assertSame(last.copy(), written.get(written.size() - 2));
            }
            VerifyReport report = reader.verify(KEY);
            assertThat(report.records()).isEqualTo(written.size());
            assertThat(report.damage()).isEmpty();
        }
    }

    /** Of each order some, in one file and record by record: nothing but a record's own framing decides. */
    @Test
    void scan_bothOrdersInOneFile_readsAll() throws IOException {
        for (int orders = 0; orders < 1 << HEADERS.length; orders++) {
            byte[][] records = new byte[HEADERS.length][];
            for (int i = 0; i < records.length; i++) {
                records[i] = written.get(i).framed((orders >> i & 1) == 1);
            }
            NanoWalFiles.write(directory, KEY, 1_000, records);
            assertScanned(written, 0, "orders " + orders);
        }
    }

    private void assertScanned(List<Written> expected, int damage, String what) {
        try (WalReader reader = WalReader.openNanoWal(directory); EntryCursor cursor = reader.scan(KEY)) {
            List<Entry> found = new ArrayList<>();
            int told = 0;
            for (boolean more = true; more; ) {
                try {
                    more = cursor.next();
                    if (more) {
                        found.add(cursor.copy());
                    }
                } catch (CorruptSegmentException e) {
                    told++;
                }
            }
            assertThat(found).as(what).hasSize(expected.size());
            for (int i = 0; i < expected.size(); i++) {
                assertThat(Arrays.equals(found.get(i).headerBytes(), expected.get(i).header)).as("%s, header %d", what, i).isTrue();
                assertThat(Arrays.equals(found.get(i).contentBytes(), expected.get(i).content)).as("%s, content %d", what, i).isTrue();
            }
            assertThat(told).as(what).isEqualTo(damage);
        }
    }

    /** A header of zeros is a length of 0 to who looks for one there, and zeros may follow a record; the file's end, or a signature, says more. */
    @Test
    void scan_headersAndContentsOfZeros_areReadWhole() throws IOException {
        List<Written> zeros = List.of(new Written(new byte[8], new byte[100]), new Written(new byte[20], new byte[3]));
        write(true, zeros);
        assertScanned(zeros, 0, "older");
        write(false, zeros);
        assertScanned(zeros, 0, "later");
    }

    @Test
    void everyTruncation_leavesTheRecordsInFrontOfIt() throws IOException {
        List<Written> three = written.subList(0, 3);
        byte[] file = Files.readAllBytes(write(true, three));
        for (int length = 16; length < file.length; length++) {
            Files.write(NanoWalFiles.path(directory, KEY, 1_000), Arrays.copyOf(file, length));
            int end = 16;
            int whole = 0;
            for (; whole < three.size() && end + three.get(whole).framed(true).length <= length; whole++) {
                end += three.get(whole).framed(true).length;
            }
            // in the newest file it may be a record that is being written
            assertScanned(three.subList(0, whole), 0, "cut to " + length);
        }
    }

    /** Signature, header length, and the content length behind the header, of each record but the last: told, and nothing made up. */
    @Test
    void everyChangedByteOfFraming_isToldAndLeavesTheRecordsInFrontOfIt() throws IOException {
        // long enough that no change of one byte of a length leads to another record's end
        List<Written> three = List.of(written.get(0), written.get(1), written.get(0));
        byte[] file = Files.readAllBytes(write(true, three));
        int start = 16;
        for (int record = 0; record < 2; record++) {
            for (int i = 0; i < 16; i++) {
                int at = start + (i < 8 ? i : three.get(record).header.length + i);
                for (int value = 0; value < 256; value++) {
                    if ((byte) value != file[at]) {
                        byte[] changed = file.clone();
                        changed[at] = (byte) value;
                        Files.write(NanoWalFiles.path(directory, KEY, 1_000), changed);
                        assertScanned(three.subList(0, record), 1, "byte " + at + " is " + value);
                    }
                }
            }
            start += three.get(record).framed(true).length;
        }
    }

    @Test
    void readBatch_refOfAnotherLength_isNotFound() throws IOException {
        write(true, written);
        try (WalReader reader = WalReader.openNanoWal(directory)) {
            EntryRef first = new EntryRef(KEY, 0, 8 * (16 + 7 + 300));
            assertSame(reader.find(first).orElseThrow(), written.get(0));
            assertThat(reader.find(new EntryRef(KEY, 0, first.size() + 8))).isEmpty();
            assertThatThrownBy(() -> reader.scanFrom(KEY, 8)).isInstanceOf(EntryNotFoundException.class);
        }
    }
}
