package dev.streamwal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalReader;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What sweeps do with data of a time at which the clock was far ahead, when it is right again. */
class WrongClockSweepTest {

    private static final Instant START = Instant.parse("2026-01-10T12:00:00Z");
    private static final Duration AHEAD = Duration.ofDays(200);

    private final AtomicReference<Instant> now = new AtomicReference<>(START);

    @TempDir
    private Path folder;

    private StreamWal open(Duration window, Duration retention, Segments segments) {
        return open(window, retention, segments, 0);
    }

    private StreamWal open(Duration window, Duration retention, Segments segments, int ownSegments) {
        return StreamWal.open(folder.resolve("log"), WalOptions.builder().clock(now::get).window(window).retention(retention).ownSegments(ownSegments)
                .streams("*", StreamOptions.builder().segments(segments).build()).sweepInterval(Duration.ZERO).build());
    }

    private static EntryRef append(StreamWal wal, String key, String content) {
        return wal.stream(key).append(content.getBytes(UTF_8));
    }

    private static List<EntryBatch.Status> statuses(WalReader reader, List<EntryRef> refs) {
        try (EntryBatch batch = reader.readBatch(refs)) {
            return IntStream.range(0, batch.size()).mapToObj(batch::status).toList();
        }
    }

    /** The shared segment that was begun while the clock was ahead is older than no window, until the clock gets there again. */
    @Tag("exhaustive")
    @Test
    void sweep_sharedSegmentBegunWhileTheClockWasAhead_keepsNothingThatHasExpiredSince() {
        Duration retention = Duration.ofDays(7);
        List<EntryRef> refs = new ArrayList<>();
        List<Instant> times = new ArrayList<>();
        try (StreamWal wal = open(Duration.ofHours(3), retention, Segments.SHARED); WalReader reader = wal.reader()) {
            for (int hour = 0; hour < 24 * 28; hour += 3) {
                boolean isAhead = hour == 9 || hour == 12;
                now.set(START.plus(Duration.ofHours(hour)).plus(isAhead ? AHEAD : Duration.ZERO));
                refs.add(append(wal, "x", "hour " + hour));
                times.add(now.get());
                int unused = wal.pack();
                wal.sweep();
            }
            List<EntryBatch.Status> statuses = statuses(reader, refs);
            Instant kept = now.get().minus(retention.plusDays(1));
            assertThat(IntStream.range(0, refs.size()).filter(i -> statuses.get(i) == EntryBatch.Status.FOUND && times.get(i).isBefore(kept))).isEmpty();
            assertThat(statuses.get(statuses.size() - 1)).isEqualTo(EntryBatch.Status.FOUND);
        }
    }

    /** What was appended while the clock was ahead is due with what follows it, and stays with what stays because the clock isn't believed. */
    @Test
    void sweep_clockIsAheadAgain_keepsWhatWasAppendedWhileItWasAheadBefore() {
        try (StreamWal wal = open(Duration.ofDays(1), Duration.ofDays(2), Segments.OWN); WalReader reader = wal.reader()) {
            EntryRef unused = append(wal, "other", "now");
            now.set(START.plus(AHEAD.multipliedBy(2)));
            EntryRef ahead = append(wal, "x", "ahead");
            now.set(START);
            EntryRef after = append(wal, "x", "after it");
            now.set(START.plus(AHEAD));
            assertThat(wal.sweep().refusedSegments()).isEqualTo(3);
            assertThat(statuses(reader, List.of(ahead, after))).containsOnly(EntryBatch.Status.FOUND);
            now.set(START.plus(Duration.ofDays(4)));
            assertThat(wal.sweep().deletedSegments()).isEqualTo(3);
            assertThat(statuses(reader, List.of(ahead, after))).containsOnly(EntryBatch.Status.EXPIRED);
        }
    }

    /**
     * What a stream got while the clock was ahead goes with what follows it, wherever the two are: otherwise nothing of the stream would go for as long as the
     * clock was ahead. What nothing follows stays.
     */
    @ParameterizedTest
    @CsvSource({"SHARED, SHARED, 0", "SHARED, OWN, 0", "SHARED, OWN, 50", "OWN, SHARED, 0", "OWN, OWN, 0", "OWN, OWN, 50"})
    void sweep_clockWasAheadByMoreThanTheRetention_keepsNothingThatHasExpiredSince(Segments ahead, Segments after, int ownSegments) {
        Duration retention = Duration.ofDays(2);
        List<EntryRef> refs = new ArrayList<>();
        EntryRef last;
        try (StreamWal wal = open(Duration.ofHours(1), retention, ahead, ownSegments)) {
            refs.add(append(wal, "x", "before"));
            now.set(START.plus(AHEAD));
            for (int hour = 0; hour < 3; hour++) {
                refs.add(append(wal, "x", "ahead"));
                now.set(now.get().plus(Duration.ofHours(1)));
                int unused = wal.pack();
            }
            last = append(wal, "last", "ahead");
            now.set(now.get().plus(Duration.ofHours(2)));
            int unused = wal.pack();
        }
        now.set(START.plus(Duration.ofHours(1)));
        try (StreamWal wal = open(Duration.ofHours(1), retention, after, ownSegments); WalReader reader = wal.reader()) {
            for (int hour = 0; hour < 24 * 4; hour += 4) {
                refs.add(append(wal, "x", "after"));
                now.set(now.get().plus(Duration.ofHours(4)));
                int unused = wal.pack();
                wal.sweep();
                List<EntryBatch.Status> statuses = statuses(reader, refs);
                int found = statuses.indexOf(EntryBatch.Status.FOUND);
                assertThat(statuses.subList(0, found)).allMatch(EntryBatch.Status.EXPIRED::equals);
                assertThat(statuses.subList(found, statuses.size())).containsOnly(EntryBatch.Status.FOUND);
            }
            assertThat(statuses(reader, refs).stream().filter(EntryBatch.Status.FOUND::equals)).hasSizeLessThanOrEqualTo(14);
            assertThat(statuses(reader, List.of(last))).containsExactly(EntryBatch.Status.FOUND);
        }
    }

    /** What a consumer hasn't read is held in the same way as what follows it. */
    @Test
    void sweep_clockWasAheadAndAConsumerHoldsWhatWasAppendedThen_goesWhenTheConsumersTimeIsOver() {
        WalOptions options = WalOptions.builder().clock(now::get).window(Duration.ofHours(1)).retention(Duration.ofDays(2)).ownSegments(0)
                .streams("x", StreamOptions.builder().segments(Segments.SHARED).retainFor("slow", 1 << 30, Duration.ofDays(3)).build())
                .sweepInterval(Duration.ZERO).build();
        List<EntryRef> refs = new ArrayList<>();
        try (StreamWal wal = StreamWal.open(folder.resolve("log"), options); WalReader reader = wal.reader()) {
            now.set(START.plus(AHEAD));
            refs.add(append(wal, "x", "ahead"));
            now.set(now.get().plus(Duration.ofHours(2)));
            int unused = wal.pack();
            now.set(START);
            refs.add(append(wal, "x", "after"));
            for (int hour = 0; hour < 24 * 5 - 4; hour += 4) {
                now.set(now.get().plus(Duration.ofHours(4)));
                unused = wal.pack();
                wal.sweep();
                assertThat(statuses(reader, refs)).containsOnly(EntryBatch.Status.FOUND);
            }
            now.set(START.plus(Duration.ofDays(5)).plus(Duration.ofHours(2)));
            assertThat(wal.sweep().deletedSegments()).isEqualTo(2);
            assertThat(statuses(reader, refs)).containsOnly(EntryBatch.Status.EXPIRED);
        }
    }

    /** Only the beginning of a stream goes: what was promised a longer retention keeps what was appended while the clock was ahead, too. */
    @ParameterizedTest
    @EnumSource(value = Segments.class, names = {"OWN", "SHARED"})
    void sweep_somethingBeforeWhatWasAppendedWhileTheClockWasAheadHasNotExpired_keepsBoth(Segments first) {
        List<EntryRef> refs = new ArrayList<>();
        try (StreamWal wal = open(Duration.ofHours(1), Duration.ofDays(30), first, 50)) {
            refs.add(append(wal, "x", "for long"));
            now.set(now.get().plus(Duration.ofHours(2)));
            int unused = wal.pack();
        }
        try (StreamWal wal = open(Duration.ofHours(1), Duration.ofDays(2), Segments.SHARED, 50); WalReader reader = wal.reader()) {
            now.set(START.plus(AHEAD));
            refs.add(append(wal, "x", "ahead"));
            now.set(now.get().plus(Duration.ofHours(2)));
            int unused = wal.pack();
            now.set(START.plus(Duration.ofHours(3)));
            refs.add(append(wal, "x", "after"));
            now.set(START.plus(Duration.ofDays(4)));
            unused = wal.pack();
            assertThat(wal.sweep().deletedSegments()).isZero();
            assertThat(statuses(reader, refs)).containsOnly(EntryBatch.Status.FOUND);
            now.set(START.plus(Duration.ofDays(31)));
            assertThat(wal.sweep().deletedSegments()).isEqualTo(3);
            assertThat(statuses(reader, refs)).containsOnly(EntryBatch.Status.EXPIRED);
        }
    }

    /** What stays because of something that stands before it takes nothing along that stands before both. */
    @ParameterizedTest
    @CsvSource({"SHARED, SHARED, SHARED", "SHARED, SHARED, OWN", "SHARED, OWN, SHARED", "SHARED, OWN, OWN", "OWN, SHARED, SHARED", "OWN, SHARED, OWN",
            "OWN, OWN, SHARED", "OWN, OWN, OWN"})
    void sweep_somethingBehindWhatWasAppendedWhileTheClockWasAheadHasNotExpired_keepsBoth(Segments ahead, Segments forLong, Segments after) {
        List<EntryRef> refs = new ArrayList<>();
        try (StreamWal wal = open(Duration.ofHours(1), Duration.ofDays(30), ahead, 50)) {
            now.set(START.plus(AHEAD));
            refs.add(append(wal, "x", "ahead"));
            now.set(now.get().plus(Duration.ofHours(2)));
            int unused = wal.pack();
        }
        now.set(START);
        try (StreamWal wal = open(Duration.ofHours(1), Duration.ofDays(30), forLong, 50)) {
            refs.add(append(wal, "x", "for long"));
            now.set(START.plus(Duration.ofHours(2)));
            int unused = wal.pack();
        }
        try (StreamWal wal = open(Duration.ofHours(1), Duration.ofDays(2), after, 50); WalReader reader = wal.reader()) {
            refs.add(append(wal, "x", "after"));
            now.set(START.plus(Duration.ofDays(4)));
            int unused = wal.pack();
            assertThat(wal.sweep().deletedSegments()).isZero();
            assertThat(statuses(reader, refs)).containsOnly(EntryBatch.Status.FOUND);
            now.set(START.plus(Duration.ofDays(31)));
            assertThat(wal.sweep().deletedSegments()).isEqualTo(3);
            assertThat(statuses(reader, refs)).containsOnly(EntryBatch.Status.EXPIRED);
        }
    }

    /** What is in shared segments isn't swept yet, so nothing speaks against the clock at first; it must not be believed because of that. */
    @ParameterizedTest
    @ValueSource(strings = {"sweep", "sweep sweep", "pack sweep", "sweep pack sweep", "pack pack sweep sweep"})
    void sweep_allIsInSharedSegmentsWhenTheClockIsAhead_nothingIsLost(String calls) {
        List<EntryRef> refs = new ArrayList<>();
        try (StreamWal wal = open(Duration.ofHours(1), Duration.ofDays(7), Segments.SHARED); WalReader reader = wal.reader()) {
            for (int i = 0; i < 100; i++) {
                refs.add(append(wal, "y" + i % 5, "right"));
            }
            now.set(START.plus(AHEAD));
            for (String call : calls.split(" ")) {
                if (call.equals("pack")) {
                    int unused = wal.pack();
                } else {
                    wal.sweep();
                }
            }
            now.set(START.plusSeconds(1));
            assertThat(statuses(reader, refs)).containsOnly(EntryBatch.Status.FOUND);
        }
    }

    /** A log that stood still for long: the clock is right, and nothing of it has expired by then. */
    @Test
    void sweep_nothingHasExpiredByAClockThatIsAhead_isBelieved() {
        List<EntryRef> refs = new ArrayList<>();
        List<RefusedSweep> refused = new ArrayList<>();
        WalListener listener = new WalListener() {
            @Override
            public void onSweepRefused(RefusedSweep sweep) {
                refused.add(sweep);
            }
        };
        Duration retention = AHEAD.plusDays(30);
        WalOptions options = WalOptions.builder().clock(now::get).window(Duration.ofDays(1)).retention(retention).ownSegments(0)
                .sweepInterval(Duration.ZERO).listener(listener).build();
        try (StreamWal wal = StreamWal.open(folder.resolve("log"), options); WalReader reader = wal.reader()) {
            refs.add(append(wal, "y", "old"));
            now.set(START.plus(AHEAD));
            refs.add(append(wal, "y", "new"));
            wal.sweep();
            // as far again: it is not further ahead of what is known than allowed
            now.set(START.plus(retention.plusDays(40)));
            wal.sweep();
            assertThat(statuses(reader, refs)).containsExactly(EntryBatch.Status.EXPIRED, EntryBatch.Status.FOUND);
        }
        assertThat(refused).isEmpty();
    }

    /** The oldest record is in a pack of a later window. */
    @Test
    void sweep_clockWasAheadWhenTheOldestRecordWasPacked_deletesNothingBehindIt() {
        Duration window = Duration.ofMinutes(1);
        Duration retention = Duration.ofHours(2);
        List<EntryRef> refs = new ArrayList<>();
        try (StreamWal wal = open(window, retention, Segments.SHARED)) {
            append(wal, "other", "old");
            now.set(START.plus(AHEAD));
            refs.add(append(wal, "x", "a"));
            now.set(now.get().plus(window.multipliedBy(2)));
            assertThat(wal.pack()).isPositive();
        }
        try (StreamWal wal = open(window, retention, Segments.OWN); WalReader reader = wal.reader()) {
            now.set(now.get().minus(Duration.ofHours(3)));
            refs.add(append(wal, "x", "b"));
            now.set(now.get().plus(Duration.ofHours(3).plusMinutes(20)));
            refs.add(append(wal, "x", "c"));
            wal.sweep();
            List<EntryBatch.Status> statuses = statuses(reader, refs);
            assertThat(statuses.subList(statuses.indexOf(EntryBatch.Status.FOUND), statuses.size())).containsOnly(EntryBatch.Status.FOUND);
        }
    }

    /**
     * Packs are due with the first of their streams. What others have in them is kept for longer, and the clock that isn't believed must not decide about it.
     */
    @ParameterizedTest
    @ValueSource(strings = {"", "short/", "none/"})
    void sweep_packsAreDueForStreamsOfAShorterRetention_theOthersKeepAllWhileTheClockIsAhead(String applied) {
        WalOptions options = WalOptions.builder().clock(now::get).window(Duration.ofHours(6)).retention(Duration.ofDays(20)).ownSegments(0)
                .streams("short/*", StreamOptions.builder().retention(Duration.ofDays(2)).build()).sweepInterval(Duration.ZERO).build();
        List<EntryRef> refs = new ArrayList<>();
        List<EntryRef> shorts = new ArrayList<>();
        try (StreamWal wal = StreamWal.open(folder.resolve("log"), options); WalReader reader = wal.reader()) {
            for (int i = 0; i < 24; i++) {
                refs.add(append(wal, "meter/" + i % 5, "long"));
                shorts.add(append(wal, "short/" + i % 5, "short"));
                now.set(now.get().plus(Duration.ofHours(12)));
                int unused = wal.pack();
                wal.sweep();
            }
            wal.applyRetention(Keys.prefix(applied));
            Instant right = now.get();
            now.set(right.plus(Duration.ofDays(400)));
            for (int i = 0; i < 3; i++) {
                assertThat(wal.sweep().refusedSegments()).isPositive();
                int unused = wal.pack();
            }
            now.set(right);
            assertThat(statuses(reader, refs)).containsOnly(EntryBatch.Status.FOUND);
            wal.sweep();
            assertThat(statuses(reader, refs)).containsOnly(EntryBatch.Status.FOUND);
            assertThat(statuses(reader, shorts.subList(shorts.size() - 3, shorts.size()))).containsOnly(EntryBatch.Status.FOUND);
            // what has really expired still goes
            for (int day = 1; day <= 22; day++) {
                now.set(right.plus(Duration.ofDays(day)));
                EntryRef unused = append(wal, "meter/later", "day " + day);
                wal.sweep();
            }
            assertThat(statuses(reader, refs)).containsOnly(EntryBatch.Status.EXPIRED);
        }
    }

    /** A consumer holds what it hasn't read for some days after that expires: by the time that is known, not by a clock that isn't believed. */
    @Test
    void sweep_theClockIsAhead_keepsWhatAConsumerHolds() {
        List<EntryRef> refs = new ArrayList<>();
        WalOptions options = WalOptions.builder().clock(now::get).window(Duration.ofHours(6)).retention(Duration.ofDays(2)).ownSegments(0)
                .streams("meter/*", StreamOptions.builder().retainFor("slow", 1 << 30, Duration.ofDays(30)).build()).sweepInterval(Duration.ZERO).build();
        try (StreamWal wal = StreamWal.open(folder.resolve("log"), options); WalReader reader = wal.reader()) {
            for (int i = 0; i < 24; i++) {
                refs.add(append(wal, "meter/" + i % 5, "held"));
                now.set(now.get().plus(Duration.ofHours(12)));
                int unused = wal.pack();
                wal.sweep();
            }
            assertThat(statuses(reader, refs)).containsOnly(EntryBatch.Status.FOUND);
            Instant right = now.get();
            now.set(right.plus(Duration.ofDays(400)));
            assertThat(wal.sweep().refusedSegments()).isPositive();
            WalHealth health = wal.health();
            assertThat(health.state()).isEqualTo(WalHealth.State.DEGRADED);
            assertThat(health.task()).contains("sweep");
            assertThat(health.cause().orElseThrow()).hasMessageContaining("clock=" + now.get()).hasMessageContaining("sweep --believe-clock");
            assertThat(wal.sweep().refusedSegments()).isPositive();
            assertThat(wal.health().since()).as("when it was kept first").isEqualTo(health.since());
            now.set(right);
            wal.sweep();
            assertThat(wal.health().state()).isEqualTo(WalHealth.State.OK);
            assertThat(statuses(reader, refs)).containsOnly(EntryBatch.Status.FOUND);
        }
    }
}
