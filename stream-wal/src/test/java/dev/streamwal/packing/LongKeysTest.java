package dev.streamwal.packing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import dev.streamwal.WalHealth;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.reader.EntryRef;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys that take more room than the table of one pack has: long ones that have nothing in common. */
class LongKeysTest {

    private static final int KEY_BYTES = 1_000;

    @TempDir
    Path root;

    private long nowMillis = 1_772_366_400_000L;

    private StreamWal open() {
        return StreamWal.open(root, WalOptions.builder().clock(() -> Instant.ofEpochMilli(nowMillis)).window(Duration.ofHours(1))
                .retention(Duration.ofDays(30)).sweepInterval(Duration.ZERO).ownSegments(0).build());
    }

    /** Unlike each other, and in no order. */
    private static String key(int number) {
        Random random = new Random(number * 0x9E37_79B9_7F4A_7C15L);
        StringBuilder key = new StringBuilder();
        while (key.length() < KEY_BYTES) {
            key.append(Long.toUnsignedString(random.nextLong(), Character.MAX_RADIX));
        }
        return key.substring(0, KEY_BYTES);
    }

    private static void append(StreamWal wal, int from, int to, long timestampMillis) {
        for (int i = from; i < to; i++) {
            EntryRef unused = wal.stream(key(i)).append(WriteEntry.of(new byte[0], new byte[] {(byte) i}, timestampMillis));
        }
    }

    private int pack(StreamWal wal, Duration later) {
        nowMillis += later.toMillis();
        return wal.pack();
    }

    private static void assertRead(StreamWal wal, int keys) {
        assertThat(wal.keys()).hasSize(keys);
        for (int i = 0; i < keys; i += 97) {
            assertThat(wal.reader().latest(key(i)).orElseThrow().contentBytes()).containsExactly((byte) i);
        }
    }

    private static void assertPacked(StreamWal wal, int keys, int packs) {
        assertThat(wal.health().state()).isEqualTo(WalHealth.State.OK);
        assertThat(wal.stats().sharedSegments()).isZero();
        assertThat(wal.stats().packedSegments()).isEqualTo(keys);
        assertThat(wal.stats().packs()).isEqualTo(packs);
    }

    @Tag("exhaustive")
    @Test
    void pack_moreKeysThanATableHasRoomFor_severalPacks() {
        int keys = 52_000;
        try (StreamWal wal = open()) {
            append(wal, 0, keys, nowMillis);
            assertThat(pack(wal, Duration.ofHours(3))).isEqualTo(keys);
            assertPacked(wal, keys, 2);
            assertRead(wal, keys);
            assertThat(pack(wal, Duration.ofHours(3))).isZero();
            assertPacked(wal, keys, 2);
        }
    }

    @Tag("exhaustive")
    @Test
    void pack_twoPacksThatDontFitOneTable_stay_andLaterOnesAreMerged() {
        int keys = 52_000;
        int late = keys + 10;
        try (StreamWal wal = open()) {
            long first = nowMillis;
            append(wal, 0, keys / 2, first);
            assertThat(pack(wal, Duration.ofHours(2))).isEqualTo(keys / 2);
            append(wal, keys / 2, keys, first);
            assertThat(pack(wal, Duration.ofHours(2))).isEqualTo(keys / 2);
            long second = nowMillis;
            append(wal, keys, keys + 5, second);
            assertThat(pack(wal, Duration.ofHours(1))).isEqualTo(5);
            append(wal, keys + 5, late, second);
            assertThat(pack(wal, Duration.ofHours(2))).isEqualTo(5);
            assertPacked(wal, late, 3);
            assertRead(wal, late);
        }
    }
}
