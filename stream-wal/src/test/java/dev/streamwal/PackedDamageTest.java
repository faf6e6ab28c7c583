package dev.streamwal;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A record of a shared segment was damaged before it was packed. Readers are told of damage afterwards, too, not of an expiry, and only those of the stream that
 * has lost it.
 */
class PackedDamageTest {

    private static final int STREAMS = 4;

    @TempDir
    Path root;

    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private final List<EntryRef> refs = new ArrayList<>();
    private int consumers;

    private StreamWal open() {
        return StreamWal.open(root, WalOptions.builder().ownSegments(0).segmentBytes(1 << 16).sweepInterval(Duration.ZERO).retention(Duration.ofDays(10))
                .clock(() -> now).build());
    }

    private void append(StreamWal wal, int records) {
        for (int i = 0; i < records; i++) {
            refs.add(wal.stream("m/" + refs.size() % STREAMS).append(("value-" + refs.size() + "-").getBytes(ISO_8859_1)));
        }
    }

    /** So that the shared segments before are finished. */
    private static void fill(StreamWal wal) {
        for (int i = 0; i < 2_000; i++) {
            wal.stream("filling").append(new byte[32]);
        }
        wal.sync();
    }

    private void pack(StreamWal wal) {
        now = now.plus(Duration.ofHours(1));
        assertThat(wal.pack()).isPositive();
    }

    private long packs() throws IOException {
        try (Stream<Path> files = Files.list(root.resolve("packs"))) {
            return files.filter(each -> each.toString().endsWith(".pack")).count();
        }
    }

    private void damage(int record) throws IOException {
        try (Stream<Path> files = Files.walk(root.resolve("segments"))) {
            for (Path file : files.filter(each -> each.toString().endsWith(".seg")).toList()) {
                byte[] bytes = Files.readAllBytes(file);
                int at = new String(bytes, ISO_8859_1).indexOf("value-" + record + "-");
                if (at >= 0) {
                    bytes[at + 1] ^= 1;
                    Files.write(file, bytes);
                    return;
                }
            }
        }
        throw new AssertionError("no segment has record " + record);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void read_aDamagedRecordWasPacked_tellsItsStreamOnly(boolean isMerged) throws IOException {
        int damaged = 5 * STREAMS + 1;
        try (StreamWal wal = open()) {
            append(wal, 10 * STREAMS);
            fill(wal);
            damage(damaged);
            pack(wal);
            assertIsTold(damaged);
            for (int i = 0; i < 8; i++) {
                append(wal, STREAMS);
                fill(wal);
                assertThat(wal.pack()).isPositive();
            }
            assertIsTold(damaged);
            if (isMerged) {
                long packs = packs();
                now = now.plus(Duration.ofDays(2));
                wal.pack();
                assertThat(packs()).isLessThan(packs);
                assertIsTold(damaged);
            }
        }
        assertIsTold(damaged);
        try (StreamWal wal = open()) {
            append(wal, 2 * STREAMS);
            assertIsTold(damaged);
            assertThat(wal.stream(refs.get(damaged).key()).endPosition()).isPositive();
            now = now.plus(Duration.ofDays(20));
            wal.sweep();
        }
        // all has expired, the lost record with it
        try (WalReader reader = WalReader.open(root)) {
            assertThat(reader.verify(refs.get(damaged).key()).damage()).isEmpty();
        }
    }

    /** The stream's next record is in a segment that is packed later. */
    @Test
    void read_theLastRecordOfAPackedSegmentWasDamaged_isTold() throws IOException {
        int damaged = 9 * STREAMS + 2;
        try (StreamWal wal = open()) {
            append(wal, 10 * STREAMS);
            fill(wal);
            damage(damaged);
            pack(wal);
            append(wal, STREAMS);
            fill(wal);
            pack(wal);
            assertIsTold(damaged);
        }
    }

    /** The damage is found by a writer that hasn't written the segment, and may not know where each stream ends. */
    @ParameterizedTest
    @ValueSource(ints = {7 * STREAMS + 1, 9 * STREAMS + 1})
    void read_theLogWasReopenedBeforeItWasPacked_tellsItsStreamOnly(int damaged) throws IOException {
        try (StreamWal wal = open()) {
            append(wal, 6 * STREAMS);
            fill(wal);
            pack(wal);
            append(wal, 4 * STREAMS);
            fill(wal);
        }
        damage(damaged);
        try (StreamWal wal = open()) {
            append(wal, 3 * STREAMS);
            fill(wal);
            pack(wal);
            append(wal, STREAMS);
            fill(wal);
            pack(wal);
            boolean isLast = damaged >= 9 * STREAMS;
            if (isLast) {
                assertNoOtherIsTold(damaged);
            } else {
                assertIsTold(damaged);
            }
        }
    }

    /** A stream's last record of a former writer: nothing says whose it was, so it may count as one that was never there. */
    private void assertNoOtherIsTold(int damaged) {
        for (int stream = 0; stream < STREAMS; stream++) {
            String key = "m/" + stream;
            if (!refs.get(damaged).key().equals(key)) {
                try (WalReader reader = WalReader.open(root)) {
                    assertScan(reader.scan(key), refs.stream().filter(ref -> ref.key().equals(key)).toList(), false);
                    assertThat(reader.verify(key).damage()).as(key).isEmpty();
                }
            }
        }
    }

    /** Whether a record before it was damaged, or has expired, isn't known. */
    @Test
    void read_theFirstRecordOfAStreamWasDamaged_isExpired() throws IOException {
        try (StreamWal wal = open()) {
            append(wal, 10 * STREAMS);
            fill(wal);
            damage(0);
            pack(wal);
        }
        try (WalReader reader = WalReader.open(root); EntryBatch batch = reader.readBatch(refs)) {
            assertThat(batch.status(0)).isEqualTo(EntryBatch.Status.EXPIRED);
            assertThat(reader.verify("m/0").damage()).isEmpty();
        }
    }

    private void assertIsTold(int damaged) throws IOException {
        for (int stream = 0; stream < STREAMS; stream++) {
            String key = "m/" + stream;
            boolean isHit = refs.get(damaged).key().equals(key);
            List<EntryRef> all = refs.stream().filter(ref -> ref.key().equals(key) && !ref.equals(refs.get(damaged))).toList();
            try (WalReader reader = WalReader.open(root)) {
                assertScan(reader.scan(key), all, isHit);
                assertScan(reader.scanLast(key, Integer.MAX_VALUE), all, isHit);
                assertThat(reader.verify(key).damage()).as(key).hasSize(isHit ? 1 : 0);
                assertConsumer(reader, key, all, isHit);
            }
        }
        try (WalReader reader = WalReader.open(root); EntryBatch batch = reader.readBatch(refs)) {
            for (int i = 0; i < refs.size(); i++) {
                assertThat(batch.status(i)).as("record %d", i).isEqualTo(i == damaged ? EntryBatch.Status.CORRUPT : EntryBatch.Status.FOUND);
            }
        }
    }

    private static void assertScan(EntryCursor scan, List<EntryRef> all, boolean isHit) {
        List<EntryRef> read = new ArrayList<>();
        int told = 0;
        try (EntryCursor cursor = scan) {
            boolean isMore = true;
            while (isMore) {
                try {
                    isMore = cursor.next();
                    if (isMore) {
                        read.add(cursor.ref());
                    }
                } catch (CorruptSegmentException e) {
                    told++;
                    assertThat(e).hasMessageContainingAll("records were damaged in a shared segment", "from=", "quarantine");
                }
            }
        }
        assertThat(read).isEqualTo(all);
        assertThat(told).isEqualTo(isHit ? 1 : 0);
    }

    private void assertConsumer(WalReader reader, String key, List<EntryRef> all, boolean isHit) {
        try (WalConsumer consumer = reader.consumer("c" + consumers++, Keys.key(key))) {
            assertScan(consumer.entries(), all, isHit);
            assertThat(consumer.lost()).isEmpty();
        }
    }
}
