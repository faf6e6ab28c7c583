package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Devices that were offline deliver records of thousands of windows at once. */
class ManyWindowsTest {

    private static final Duration WINDOW = Duration.ofMinutes(1);
    private static final Duration RETENTION = Duration.ofDays(30);
    private static final int WINDOWS = 3_000;
    private static final List<String> KEYS = List.of("a", "b", "c");

    @TempDir
    Path root;

    private final Events events = new Events();
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");

    private StreamWal open() {
        return StreamWal.open(root, WalOptions.builder().window(WINDOW).retention(RETENTION).ownSegments(0).sweepInterval(Duration.ZERO).clock(() -> now)
                .listener(events).build());
    }

    @Test
    void pack_recordsOfThousandsOfWindows_areFewPacks() {
        Instant begin = now.minus(WINDOW.multipliedBy(WINDOWS));
        List<EntryRef> refs = new ArrayList<>();
        try (StreamWal wal = open()) {
            for (int i = 0; i < WINDOWS; i++) {
                for (String key : KEYS) {
                    refs.add(wal.stream(key).append(begin.plus(WINDOW.multipliedBy(i)), new byte[] {(byte) i}));
                }
            }
            now = now.plus(WINDOW.multipliedBy(2));
            assertThat(wal.pack()).isPositive();
            wal.awaitListener();
            assertThat(events.packed.size()).isLessThan(150);
            assertThat(events.failures).isEmpty();
            assertHas(wal, refs, begin);
            // the first record's window
            now = begin.plus(WINDOW).plus(RETENTION).minusMillis(1);
            assertThat(wal.sweep().deletedSegments()).isZero();
            assertHas(wal, refs, begin);
        }
        try (StreamWal wal = open()) {
            assertHas(wal, refs, begin);
            EntryRef next = wal.stream("a").append(new byte[1]);
            assertThat(next.position()).isGreaterThanOrEqualTo(refs.get(refs.size() - KEYS.size()).end());
            // by as much as its span is longer than it: a 32nd of the retention
            now = begin.plus(WINDOW).plus(RETENTION).plus(RETENTION.dividedBy(32));
            assertThat(wal.sweep().deletedSegments()).isPositive();
            try (WalReader reader = wal.reader(); EntryBatch batch = reader.readBatch(refs.subList(0, KEYS.size()))) {
                for (int i = 0; i < KEYS.size(); i++) {
                    assertThat(batch.status(i)).isEqualTo(EntryBatch.Status.EXPIRED);
                }
            }
        }
    }

    private static void assertHas(StreamWal wal, List<EntryRef> refs, Instant begin) {
        try (WalReader reader = wal.reader()) {
            for (int k = 0; k < KEYS.size(); k++) {
                try (EntryCursor cursor = reader.scan(KEYS.get(k))) {
                    for (int i = 0; i < WINDOWS; i++) {
                        assertThat(cursor.next()).isTrue();
                        assertThat(cursor.position()).isEqualTo(refs.get(i * KEYS.size() + k).position());
                        assertThat(cursor.timestampMillis()).isEqualTo(begin.plus(WINDOW.multipliedBy(i)).toEpochMilli());
                    }
                    assertThat(cursor.next()).isFalse();
                }
            }
        }
    }
}
