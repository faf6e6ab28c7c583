package dev.streamwal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A clock that is ahead again and again, and is put back: nothing goes too early, and all that has expired goes. */
class ClockJumpsTest {

    private static final Duration RETENTION = Duration.ofDays(3);
    private static final Duration WINDOW = Duration.ofHours(1);
    private static final int STREAMS = 4;

    @TempDir
    private Path folder;

    /** The time that it is, and what the clock says beyond it. */
    private Instant time = Instant.parse("2026-01-10T12:00:00Z");
    private Duration ahead = Duration.ZERO;

    private record Appended(EntryRef ref, Instant time) {}

    private final Map<String, List<Appended>> appended = new HashMap<>();

    private StreamWal open(Random random) {
        Segments[] kinds = Segments.values();
        WalOptions.Builder options = WalOptions.builder().clock(() -> time.plus(ahead)).window(WINDOW).retention(RETENTION)
                .ownSegments(random.nextBoolean() ? 0 : 50).sweepInterval(Duration.ZERO);
        for (int i = 0; i < STREAMS; i++) {
            options.streams("s" + i, StreamOptions.builder().segments(kinds[random.nextInt(kinds.length)]).build());
        }
        return StreamWal.open(folder.resolve("log"), options.build());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void sweep_afterJumps_deletesAllThatHasExpiredAndNothingElse(long seed) {
        Random random = new Random(seed);
        for (int opening = 0; opening < 6; opening++) {
            try (StreamWal wal = open(random); WalReader reader = wal.reader()) {
                for (int step = 0; step < 60; step++) {
                    step(wal, random);
                    check(reader, seed);
                }
                ahead = random.nextBoolean() ? ahead : Duration.ZERO;
            }
        }
        ahead = Duration.ZERO;
        try (StreamWal wal = open(random); WalReader reader = wal.reader()) {
            // as long as a clock that was ahead by up to the retention keeps what it dated
            for (Instant end = time.plus(RETENTION.multipliedBy(3)); time.isBefore(end); time = time.plus(WINDOW.multipliedBy(2))) {
                append(wal, random);
                int unused = wal.pack();
                wal.sweep();
                check(reader, seed);
            }
            assertThat(old(reader)).as("seed=%d", seed).isEmpty();
        }
    }

    private void step(StreamWal wal, Random random) {
        int what = random.nextInt(20);
        if (what < 10) {
            append(wal, random);
        } else if (what < 14) {
            time = time.plus(Duration.ofMinutes(random.nextInt(180)));
        } else if (what < 17) {
            int unused = wal.pack();
        } else if (what < 19) {
            // a sweep by a clock that is ahead by less than maxClockAdvance shortens the retention
            if (ahead.isZero()) {
                wal.sweep();
            }
        } else {
            ahead = !ahead.isZero() ? Duration.ZERO : Duration.ofHours(random.nextBoolean() ? 200 * 24 + random.nextInt(100) : 2 + random.nextInt(60));
        }
    }

    private void append(StreamWal wal, Random random) {
        for (int i = 0; i < STREAMS; i++) {
            if (random.nextInt(3) > 0) {
                EntryRef ref = wal.stream("s" + i).append("record".getBytes(UTF_8));
                appended.computeIfAbsent("s" + i, key -> new ArrayList<>()).add(new Appended(ref, time));
            }
        }
    }

    /** Nothing has gone that is younger than the retention. */
    private void check(WalReader reader, long seed) {
        Instant expired = time.minus(RETENTION);
        for (List<Appended> records : appended.values()) {
            List<Appended> young = records.stream().filter(record -> record.time().isAfter(expired)).toList();
            try (EntryBatch batch = reader.readBatch(young.stream().map(Appended::ref).toList())) {
                for (int i = 0; i < young.size(); i++) {
                    assertThat(batch.status(i)).as("seed=%d, now=%s, record=%s", seed, time, young.get(i)).isEqualTo(EntryBatch.Status.FOUND);
                }
            }
        }
    }

    private List<Appended> old(WalReader reader) {
        Instant expired = time.minus(RETENTION).minus(WINDOW.multipliedBy(6));
        List<Appended> there = new ArrayList<>();
        for (List<Appended> records : appended.values()) {
            List<Appended> old = records.stream().filter(record -> record.time().isBefore(expired)).toList();
            try (EntryBatch batch = reader.readBatch(old.stream().map(Appended::ref).toList())) {
                for (int i = 0; i < old.size(); i++) {
                    if (batch.status(i) != EntryBatch.Status.EXPIRED) {
                        there.add(old.get(i));
                    }
                }
            }
        }
        return there;
    }
}
