package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.StreamInfo;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBufUtil;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Random;

/** A record as it must be read back, in a form that is compared and printed. */
record Written(EntryRef ref, long timestampMillis, String header, String content) {

    private static final int SHOWN_BYTES = 64;

    static Written of(EntryRef ref, long timestampMillis, byte[] header, byte[] content) {
        return new Written(ref, timestampMillis, shown(header), shown(content));
    }

    static Written of(EntryRef ref, long timestampMillis, byte[] content) {
        return of(ref, timestampMillis, new byte[0], content);
    }

    static Written of(Entry entry) {
        Written written = of(entry.ref(), entry.timestampMillis(), entry.headerBytes(), entry.contentBytes());
        assertThat(entry.timestamp().toEpochMilli()).isEqualTo(entry.timestampMillis());
        assertThat(ByteBufUtil.getBytes(entry.header())).isEqualTo(entry.headerBytes());
        assertThat(ByteBufUtil.getBytes(entry.content())).isEqualTo(entry.contentBytes());
        return written;
    }

    static Written of(EntryCursor cursor) {
        assertThat(cursor.timestamp().toEpochMilli()).isEqualTo(cursor.timestampMillis());
        return of(cursor.ref(), cursor.timestampMillis(), ByteBufUtil.getBytes(cursor.header()),
                ByteBufUtil.getBytes(cursor.content()));
    }

    /** Hexadecimal; long ones as their hash, so that a failure can be read. */
    private static String shown(byte[] bytes) {
        return bytes.length <= SHOWN_BYTES
                ? HexFormat.of().formatHex(bytes)
                : bytes.length + " bytes, sha256=" + HexFormat.of().formatHex(sha256(bytes));
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has it", e);
        }
    }

    /** What is left of a cursor; it is closed. */
    static List<Written> drain(EntryCursor cursor) {
        List<Written> found = new ArrayList<>();
        try (cursor) {
            while (cursor.next()) {
                found.add(of(cursor));
            }
        }
        return found;
    }

    static List<EntryRef> refs(List<Written> records) {
        return records.stream().map(Written::ref).toList();
    }

    /** Every way of reading a stream gives exactly these records. */
    static void assertHolds(WalReader reader, String key, List<Written> expected) {
        assertThat(drain(reader.scan(key))).as("scan").isEqualTo(expected);
        assertThat(drain(reader.scanFrom(key, 0))).as("scanFrom 0").isEqualTo(expected);
        assertThat(drain(reader.scanLast(key, expected.size() + 1))).as("scanLast of more").isEqualTo(expected);
        assertThat(reader.latest(key).map(Written::of)).as("latest")
                .isEqualTo(expected.stream().reduce((first, second) -> second));
        assertThat(reader.latest(List.of("nobody", key)).values().stream().map(Written::of)).as("latest of keys")
                .isEqualTo(expected.isEmpty() ? List.of() : expected.subList(expected.size() - 1, expected.size()));
        assertThat(reader.latestByTimestamp(key).map(Written::of)).as("latestByTimestamp")
                .isEqualTo(expected.stream().reduce((first, second) -> second.timestampMillis() >= first.timestampMillis() ? second : first));
        List<Written> reversed = new ArrayList<>(expected);
        Collections.reverse(reversed);
        assertThat(drain(reader.scanBackward(key, Long.MAX_VALUE))).as("scanBackward").isEqualTo(reversed);
        if (expected.isEmpty()) {
            return;
        }
        assertDescribed(reader, key, expected);
        int middle = expected.size() / 2;
        List<Written> half = expected.subList(middle, expected.size());
        assertThat(drain(reader.scanLast(key, half.size()))).as("scanLast of the newer half").isEqualTo(half);
        assertThat(drain(reader.scanFrom(key, half.get(0).ref().position()))).as("scanFrom the middle").isEqualTo(half);
        assertThat(drain(reader.scanBackward(key, half.get(0).ref().position()))).as("scanBackward from the middle")
                .isEqualTo(reversed.subList(half.size(), reversed.size()));
        List<Written> shuffled = new ArrayList<>(expected);
        Collections.shuffle(shuffled, new Random(expected.size()));
        try (EntryBatch batch = reader.readBatch(refs(shuffled))) {
            assertThat(batch.found().stream().map(Written::of).toList()).as("readBatch in any order").isEqualTo(shuffled);
        }
        for (Written one : List.of(expected.get(0), expected.get(middle), expected.get(expected.size() - 1))) {
            assertThat(reader.find(one.ref()).map(Written::of)).as("find").contains(one);
        }
        assertThat(reader.verify(key).damage()).as("verify").isEmpty();
        assertThat(reader.verify(key).records()).isEqualTo(expected.size());
    }

    private static void assertDescribed(WalReader reader, String key, List<Written> expected) {
        LongSummaryStatistics times = expected.stream().mapToLong(Written::timestampMillis).summaryStatistics();
        for (StreamInfo info : List.of(reader.describe(key).orElseThrow(), reader.describe(List.of(key, "nobody")).get(key))) {
            assertThat(info.smallestTimestampMillis()).as("smallest timestamp").hasValue(times.getMin());
            assertThat(info.largestTimestampMillis()).as("largest timestamp").hasValue(times.getMax());
            assertThat(info.endPosition()).as("end, behind what was erased").isGreaterThanOrEqualTo(expected.get(expected.size() - 1).ref().end());
        }
    }
}
