package dev.streamwal.reading;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStream;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Blocks of packs that a reader has unpacked are not read again, and never say what isn't so any more. */
class PackedBlocksTest {

    private static final String KEY = "meter/1";
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final int RECORDS = 2_000;

    @TempDir
    private Path root;

    private StreamWal wal;
    private Instant now = START;
    private final List<EntryRef> refs = new ArrayList<>();

    @BeforeEach
    void pack() {
        wal = StreamWal.open(root, WalOptions.builder().window(Duration.ofHours(1)).retention(Duration.ofDays(30)).clock(() -> now)
                .maxClockAdvance(Duration.ofDays(1)).sweepInterval(Duration.ZERO).ownSegments(0).build());
        WalStream stream = wal.stream(KEY);
        for (int i = 0; i < RECORDS; i++) {
            refs.add(stream.append(START.toEpochMilli() + i, text(i)));
        }
        now = START.plus(Duration.ofHours(3));
        var unused = stream.append(text(RECORDS));
        assertThat(wal.pack()).isPositive();
    }

    private static byte[] text(int i) {
        return ("{\"reading\":" + (20_000 + i * 7919L % 2_000) + ",\"unit\":\"W\",\"number\":" + i + "}").getBytes(StandardCharsets.US_ASCII);
    }

    @AfterEach
    void close() {
        wal.close();
    }

    private void check(WalReader reader, int record) {
        assertThat(reader.find(refs.get(record)).orElseThrow().contentBytes()).isEqualTo(text(record));
    }

    @Test
    void find_inABlockThatWasReadBefore_readsNothing() {
        try (WalReader reader = WalReader.open(root)) {
            check(reader, 700);
            long before = reader.readCalls();
            check(reader, 700);
            check(reader, 703);
            assertThat(reader.readCalls()).isEqualTo(before);
            check(reader, 1_900);
            assertThat(reader.readCalls()).as("another block").isGreaterThan(before);
        }
    }

    /** A scan of a range reads 64 KiB at first: as many blocks as a dashboard asks for again and again. */
    @Test
    void scan_ofARangeThatWasReadBefore_readsNoBlock() {
        try (WalReader reader = WalReader.open(root)) {
            assertThat(bytesRead(reader, () -> assertThat(recordsFrom(reader, 1_000, 1_500)).isEqualTo(500))).isPositive();
            assertThat(bytesRead(reader, () -> assertThat(recordsFrom(reader, 1_000, 1_500)).isEqualTo(500))).isZero();
            assertThat(bytesRead(reader, () -> assertThat(recordsFrom(reader, 1_100, 1_400)).isEqualTo(300))).isZero();
        }
    }

    private static long bytesRead(WalReader reader, Runnable action) {
        long before = reader.readBytes();
        action.run();
        return reader.readBytes() - before;
    }

    private static int recordsFrom(WalReader reader, int from, int to) {
        try (EntryCursor cursor = reader.scan(KEY, START.plusMillis(from), START.plusMillis(to))) {
            int found = 0;
            while (cursor.next()) {
                found++;
            }
            return found;
        }
    }

    @Test
    void find_withoutACache_readsEachTime() {
        try (WalReader reader = WalReader.open(root, ReaderOptions.builder().blockCacheBytes(0).build())) {
            check(reader, 700);
            long before = reader.readCalls();
            check(reader, 700);
            assertThat(reader.readCalls()).isGreaterThan(before);
        }
    }

    @Test
    void erase_whatABlockHadThatWasReadBefore_isReadNoMore() {
        try (WalReader reader = WalReader.open(root)) {
            check(reader, 700);
            check(reader, 900);
            var unused = wal.erase(Keys.key(KEY), START.plusMillis(700), START.plusMillis(701));
            assertThat(reader.find(refs.get(700))).isEmpty();
            check(reader, 900);
        }
    }

    @Test
    void verify_afterItsBlocksWereRead_readsTheFile() throws IOException {
        try (WalReader reader = WalReader.open(root)) {
            for (int i = 0; i < RECORDS; i += 10) {
                check(reader, i);
            }
            assertThat(reader.verify(KEY).damage()).isEmpty();
            damage();
            assertThat(reader.verify(KEY).damage()).isNotEmpty();
        }
    }

    private void damage() throws IOException {
        List<Path> packs;
        try (Stream<Path> all = Files.walk(root)) {
            packs = all.filter(file -> file.toString().endsWith(".pack")).sorted().toList();
        }
        assertThat(packs).isNotEmpty();
        try (RandomAccessFile file = new RandomAccessFile(packs.get(0).toFile(), "rw")) {
            long at = file.length() / 2;
            file.seek(at);
            int value = file.read();
            file.seek(at);
            file.write(value ^ 0x10);
        }
    }
}
