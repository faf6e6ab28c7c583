package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.engine.OptionLimits;
import dev.streamwal.error.TimestampOutOfRangeException;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalReader;
import dev.streamwal.retention.TimeRules;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Times and durations that no count of milliseconds or nanoseconds holds, wherever one is given: the ends of time, or refused by name. */
@Timeout(300)
class FarTimesTest {

    private static final Duration WINDOW = Duration.ofMinutes(1);
    private static final List<Duration> FAR = List.of(Duration.ofSeconds(Long.MAX_VALUE), Duration.ofSeconds(Long.MIN_VALUE));

    @TempDir
    private Path root;

    private final AtomicLong now = new AtomicLong(1_750_000_000_000L);

    private StreamWal open() {
        StreamOptions held = StreamOptions.builder().retainFor("nobody", Long.MAX_VALUE, OptionLimits.MAX_RETENTION).build();
        return StreamWal.open(root, WalOptions.builder().window(WINDOW).sweepInterval(Duration.ZERO).streams("held*", held)
                .clock(() -> Instant.ofEpochMilli(now.get())).build());
    }

    private void appendWindows(StreamWal wal, String key) {
        for (int i = 0; i < 3; i++) {
            assertThat(wal.stream(key).append(new byte[] {1}).position()).isNotNegative();
            now.addAndGet(WINDOW.toMillis());
        }
    }

    @Test
    void sweep_atTheEndsOfTime_takesNothingOrAllThatIsSealed() {
        try (StreamWal wal = open()) {
            appendWindows(wal, "a");
            appendWindows(wal, "held");
            wal.sync();
            for (Instant before : List.of(Instant.MIN, Instant.ofEpochSecond(Long.MIN_VALUE / 1_000), Instant.ofEpochMilli(Long.MIN_VALUE))) {
                assertThat(wal.sweep(before).deletedSegments()).isZero();
                assertThat(wal.purge(Keys.key("a"), before).deletedSegments()).isZero();
            }
            assertThat(wal.purge(Keys.key("a"), Instant.MAX).deletedSegments()).isEqualTo(2);
            // the first seals what is idle, whose windows are over by that time
            SweepResult first = wal.sweep(Instant.MAX);
            SweepResult second = wal.sweep(Instant.MAX);
            assertThat(first.deletedSegments() + second.deletedSegments()).isPositive();
            assertThat(second.failedSegments()).isZero();
        }
    }

    @Test
    void append_theClockIsBeyondAllTimestamps_isRefusedWithItsTime() {
        AtomicReference<Instant> clock = new AtomicReference<>(Instant.ofEpochMilli(now.get()));
        WalOptions options = WalOptions.builder().window(WINDOW).sweepInterval(Duration.ZERO).clock(clock::get).build();
        try (StreamWal wal = StreamWal.open(root, options)) {
            WalStream stream = wal.stream("a");
            EntryRef first = stream.append(new byte[1]);
            for (Instant far : List.of(Instant.MAX, Instant.MIN)) {
                clock.set(far);
                assertThatThrownBy(() -> stream.append(new byte[1])).isInstanceOf(TimestampOutOfRangeException.class)
                        .hasMessageContaining("now=" + far).hasMessageContaining("root=" + root).hasMessageContaining("set the clock right");
                assertThatThrownBy(() -> stream.appendBatch(List.of(WriteEntry.of(new byte[1])))).isInstanceOf(TimestampOutOfRangeException.class);
                assertThatThrownBy(wal::sweep).isInstanceOf(TimestampOutOfRangeException.class);
            }
            clock.set(Instant.ofEpochMilli(now.get()));
            assertThat(stream.append(new byte[1]).position()).isEqualTo(first.end());
            clock.set(Instant.MAX);
            WalOptions elsewhere = options;
            assertThatThrownBy(() -> StreamWal.open(root.resolveSibling("elsewhere"), elsewhere)).isInstanceOf(TimestampOutOfRangeException.class);
        }
    }

    @Test
    void millis_atTheEndsOfTime_areBeyondEverythingAndCanBeAddedTo() {
        for (Instant far : List.of(Instant.MAX, Instant.ofEpochMilli(Long.MAX_VALUE), Instant.ofEpochMilli(Long.MAX_VALUE / 2))) {
            assertThat(TimeRules.millis(far)).isBetween(1L << 59, Long.MAX_VALUE / 2);
        }
        for (Instant far : List.of(Instant.MIN, Instant.ofEpochMilli(Long.MIN_VALUE), Instant.ofEpochMilli(Long.MIN_VALUE / 2))) {
            assertThat(TimeRules.millis(far)).isBetween(Long.MIN_VALUE / 2, -(1L << 59));
        }
        for (long millis : new long[] {0, 1, -1, -999, now.get(), 253_402_300_799_999L, 1L << 59, -(1L << 59)}) {
            assertThat(TimeRules.millis(Instant.ofEpochMilli(millis))).isEqualTo(millis);
        }
    }

    @Test
    void readersAndTails_atTheEndsOfTime_readAllOrNothing() throws InterruptedException {
        try (StreamWal wal = open(); WalReader reader = wal.reader()) {
            appendWindows(wal, "a");
            try (EntryCursor all = reader.scan("a", Instant.MIN, Instant.MAX);
                    EntryCursor merged = reader.scanMerged(Keys.all(), Instant.MIN, Instant.MAX);
                    EntryCursor given = reader.scanMerged(Keys.key("a"), Instant.MIN, Instant.MAX);
                    EntryCursor none = reader.scan("a", Instant.MAX, Instant.MAX);
                    EntryCursor before = reader.scan("a", Instant.MIN, Instant.MIN)) {
                assertThat(List.of(all.next(), merged.next(), given.next())).containsOnly(true);
                assertThat(List.of(none.next(), before.next())).containsOnly(false);
            }
            try (EntryTail tail = reader.follow("a", ReadFrom.first()); EntryTail many = reader.follow(Keys.all(), ReadFrom.first())) {
                assertThat(tail.next(FAR.get(0))).isTrue();
                assertThat(many.next(FAR.get(0))).isTrue();
                while (tail.next()) {
                    assertThat(tail.key()).isEqualTo("a");
                }
                assertThat(tail.next(FAR.get(1))).isFalse();
                tail.wakeup();
                assertThat(tail.next(FAR.get(0))).isFalse();
            }
        }
    }

    @Test
    void options_ofFarDurations_areRefusedByName() {
        Map<String, Function<Duration, Object>> options = Map.of(
                "window", duration -> WalOptions.builder().window(duration),
                "retention", duration -> WalOptions.builder().retention(duration),
                "flushInterval", duration -> WalOptions.builder().flushInterval(duration),
                "maxClockSkew", duration -> WalOptions.builder().maxClockSkew(duration),
                "sweepInterval", duration -> WalOptions.builder().sweepInterval(duration),
                "maxTime", duration -> StreamOptions.builder().retainFor("c", 1, duration));
        options.forEach((name, option) -> FAR.forEach(duration -> assertThatThrownBy(() -> option.apply(duration))
                .as(name).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(name + "=")));
        assertThatThrownBy(() -> StreamOptions.builder().window(FAR.get(0))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> StreamOptions.builder().retention(FAR.get(1))).isInstanceOf(IllegalArgumentException.class);
    }
}
