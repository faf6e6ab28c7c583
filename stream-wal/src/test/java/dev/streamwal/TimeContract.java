package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.TimestampOutOfRangeException;
import dev.streamwal.format.SegmentName;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Timestamps, windows and rotation: which segment a record goes to, and which timestamps are refused. */
abstract class TimeContract extends LogContract {

    private static final long YEAR_ONE = Instant.parse("0001-01-01T00:00:00Z").toEpochMilli();
    private static final long YEAR_9999 = Instant.parse("9999-12-31T23:59:59.999Z").toEpochMilli();

    private static final Duration YEAR = Duration.ofDays(365);

    TimeContract(LogHome home) {
        super(home);
    }

    private Written append(WalStream stream, long timestampMillis) {
        byte[] content = bytes("at " + timestampMillis);
        return Written.of(stream.append(timestampMillis, content), timestampMillis, content);
    }

    private List<Long> expirations(String key) {
        return names(key).stream().map(SegmentName::expirationMillis).toList();
    }

    private List<Long> bases(String key) {
        return names(key).stream().map(SegmentName::basePosition).toList();
    }

    private List<SegmentName> names(String key) {
        return segmentsOf(key).stream().map(Path::getFileName).map(Path::toString)
                .map(name -> SegmentName.parse(name).orElseThrow()).toList();
    }

    private static long expirationOf(long windowStart) {
        return windowStart + WINDOW.plus(RETENTION).toMillis();
    }

    // ---------------------------------------------------------------- timestamps

    @Test
    void append_now_isTheClocksTime() {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            clock.advance(Duration.ofMillis(1_234));
            byte[] content = bytes(10, i);
            EntryRef ref = i % 3 == 0 ? stream.append(content)
                    : i % 3 == 1 ? stream.append(WriteEntry.NOW, content) : stream.append(WriteEntry.of(content));
            written.add(Written.of(ref, clock.millis(), content));
        }
        assertThat(written.get(MANY - 1).timestampMillis()).isEqualTo(NOW + MANY * 1_234);
        assertHoldsEverywhere(wal, "s", written);
    }

    @Test
    void append_lateRecords_stayInTheCurrentSegmentAndAreFoundByTime() {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = new ArrayList<>();
        written.add(append(stream, NOW));
        written.add(append(stream, NOW - 30 * MINUTE));
        written.add(append(stream, NOW + 1));
        written.add(append(stream, NOW - 59 * MINUTE));
        assertThat(expirations("s")).containsExactly(expirationOf(NOW));
        try (WalReader reader = wal.reader()) {
            assertThat(Written.drain(reader.scan("s", at(NOW - 60 * MINUTE), at(NOW))))
                    .isEqualTo(List.of(written.get(1), written.get(3)));
            assertThat(Written.drain(reader.scan("s", at(NOW), at(NOW + 2)))).isEqualTo(List.of(written.get(0), written.get(2)));
        }
        assertHoldsEverywhere(wal, "s", written);
    }

    private static Instant at(long millis) {
        return Instant.ofEpochMilli(millis);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, MANY})
    void append_futureWithinTheSkew_opensItsWindowAndStaysThere(int before) {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, before);
        written.add(append(stream, NOW + 60 * MINUTE));
        written.add(append(stream, NOW));
        clock.advance(Duration.ofMinutes(30));
        written.addAll(appendSome(stream, 1));
        List<Long> expected = before == 0 ? List.of(expirationOf(NOW + 60 * MINUTE))
                : List.of(expirationOf(NOW), expirationOf(NOW + 60 * MINUTE));
        assertThat(expirations("s")).isEqualTo(expected);
        assertHoldsEverywhere(wal, "s", written);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, MANY})
    void append_futureBeyondTheSkew_refused(int before) {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, before);
        long tooLate = NOW + 60 * MINUTE + 1;
        assertThatThrownBy(() -> append(stream, tooLate))
                .isInstanceOf(TimestampOutOfRangeException.class)
                .hasMessageContaining("maxClockSkew=PT1H").hasMessageContaining("timestamp=" + at(tooLate))
                .hasMessageContaining("clock=" + at(NOW)).hasMessageContaining("stream=s");
        clock.advance(Duration.ofMillis(1));
        written.add(append(stream, tooLate));
        assertHoldsEverywhere(wal, "s", written);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, MANY})
    void append_windowHasExpired_refused(int before) {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, before);
        // the window [-70, -60) min expires at -60 + 60 = 0
        long lastOfExpired = NOW - 60 * MINUTE - 1;
        assertThatThrownBy(() -> append(stream, lastOfExpired))
                .isInstanceOf(TimestampOutOfRangeException.class)
                .hasMessageContaining("window=[" + at(NOW - 70 * MINUTE) + ", " + at(NOW - 60 * MINUTE) + ")")
                .hasMessageContaining("retention=PT1H").hasMessageContaining("timestamp=" + at(lastOfExpired))
                .hasMessageContaining("stream=s");
        written.add(append(stream, NOW - 60 * MINUTE));
        clock.advance(Duration.ofMillis(-1));
        written.add(append(stream, lastOfExpired));
        assertHoldsEverywhere(wal, "s", written);
    }

    @Test
    void append_absurdTimestamps_refused() {
        StreamWal wal = open(options().retention(Duration.ofDays(3_652_500)).maxClockSkew(Duration.ofDays(3_652_500)));
        WalStream stream = wal.stream("s");
        for (long absurd : new long[] {
                Long.MAX_VALUE, Long.MIN_VALUE + 1, YEAR_ONE - 1, YEAR_9999 + 1, NOW * 1_000, NOW * 1_000_000, -NOW * 1_000_000}) {
            assertThatThrownBy(() -> append(stream, absurd)).as("timestamp " + absurd)
                    .isInstanceOf(TimestampOutOfRangeException.class)
                    .hasMessageContaining("0001 to 9999").hasMessageContaining("timestamp=" + absurd)
                    .hasMessageContaining("stream=s");
        }
        assertThat(stream.endPosition()).isZero();
        List<Written> written = new ArrayList<>();
        for (long extreme : new long[] {YEAR_ONE, -1, 0, 1, YEAR_9999}) {
            written.add(append(stream, extreme));
        }
        assertHoldsEverywhere(wal, "s", written);
    }

    @Test
    void append_partsOfAMillisecond_areRoundedDownAlsoBefore1970() {
        StreamWal wal = open(options().retention(Duration.ofDays(3_652_500)));
        WalStream stream = wal.stream("s");
        List<Written> written = new ArrayList<>();
        for (long millis : new long[] {YEAR_ONE, -1_001, -1_000, -1, 0, 1, NOW}) {
            for (long nanos : new long[] {0, 1, 500_000, 999_999}) {
                Instant timestamp = Instant.ofEpochMilli(millis).plusNanos(nanos);
                byte[] content = bytes("at " + timestamp);
                EntryRef ref = switch (written.size() % 4) {
                    case 0 -> stream.append(timestamp, content);
                    case 1 -> stream.append(timestamp, new byte[0], content);
                    case 2 -> stream.append(WriteEntry.of(content, timestamp));
                    default -> stream.append(WriteEntry.of(new byte[0], content, timestamp));
                };
                written.add(Written.of(ref, millis, content));
            }
        }
        assertHoldsEverywhere(wal, "s", written);
    }

    @Test
    void append_instantsThatAreNoTimestamp_refused() {
        WalStream stream = open(options().retention(Duration.ofDays(3_652_500)).maxClockSkew(Duration.ofDays(3_652_500))).stream("s");
        Instant first = Instant.ofEpochMilli(YEAR_ONE);
        Instant last = Instant.ofEpochMilli(YEAR_9999).plusNanos(999_999);
        // no instant is taken for WriteEntry.NOW
        for (Instant absurd : List.of(Instant.MIN, Instant.ofEpochMilli(WriteEntry.NOW), first.minusNanos(1), last.plusNanos(1), Instant.MAX)) {
            assertThatThrownBy(() -> stream.append(absurd, bytes("x"))).as("timestamp " + absurd)
                    .isInstanceOf(TimestampOutOfRangeException.class).hasMessageContaining("0001 to 9999").hasMessageContaining("stream=s");
            assertThatThrownBy(() -> stream.append(WriteEntry.of(bytes("x"), absurd))).as("timestamp " + absurd)
                    .isInstanceOf(TimestampOutOfRangeException.class);
        }
        assertThat(stream.append(first, bytes("x")).position()).isZero();
        assertThat(stream.append(last, bytes("x")).position()).isPositive();
    }

    @Test
    void append_clockGoesBack_windowsNeverDo() {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, 2);
        clock.advance(Duration.ofMinutes(-25));
        written.addAll(appendSome(stream, 2));
        assertThat(expirations("s")).containsExactly(expirationOf(NOW));
        wal.close();
        StreamWal again = open();
        written.addAll(appendSome(again.stream("s"), 1_500));
        assertThat(expirations("s")).hasSizeGreaterThan(1).containsOnly(expirationOf(NOW));
        assertHoldsEverywhere(again, "s", written);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, MANY})
    void append_clockWasAYearAhead_goesOnInTheWindowOfTheTimeThatItIs(int each) {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, each);
        clock.advance(YEAR);
        written.addAll(appendSome(stream, each));
        clock.set(NOW + MINUTE);
        written.addAll(appendSome(stream, each));
        clock.set(NOW + 15 * MINUTE);
        written.addAll(appendSome(stream, each));
        assertThat(expirations("s")).containsExactly(expirationOf(NOW), expirationOf(NOW + YEAR.toMillis()), expirationOf(NOW),
                expirationOf(NOW + 10 * MINUTE));
        assertContiguous(written);
        assertFoundByTime(wal, written);
        assertHoldsEverywhere(wal, "s", written);
    }

    @Test
    void reopen_clockWasAYearAhead_goesOnInTheWindowOfTheTimeThatItIs() {
        StreamWal wal = open();
        List<Written> written = appendSome(wal.stream("s"), 3);
        clock.advance(YEAR);
        written.addAll(appendSome(wal.stream("s"), 3));
        wal.close();
        clock.set(NOW + MINUTE);
        wal = open();
        written.addAll(appendSome(wal.stream("s"), 3));
        assertThat(expirations("s")).containsExactly(expirationOf(NOW), expirationOf(NOW + YEAR.toMillis()), expirationOf(NOW));
        assertContiguous(written);
        assertHoldsEverywhere(wal, "s", written);
    }

    /** As on a machine that doesn't know the time until it has asked: what it began in the past would be swept as soon as it does. */
    @Test
    void append_clockIsAYearBehindForAWhile_staysWhereItIs() {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, MANY);
        clock.advance(YEAR.negated());
        written.addAll(appendSome(stream, MANY));
        assertThat(wal.sweep().deletedSegments()).isZero();
        written.addAll(appendSome(stream, MANY));
        clock.set(NOW + MINUTE);
        written.addAll(appendSome(stream, MANY));
        assertThat(wal.sweep().deletedSegments()).isZero();
        assertThat(expirations("s")).containsExactly(expirationOf(NOW));
        assertFoundByTime(wal, written);
        assertHoldsEverywhere(wal, "s", written);
    }

    private void assertFoundByTime(StreamWal wal, List<Written> written) {
        try (WalReader within = wal.reader(); WalReader without = WalReader.open(root)) {
            for (Written from : written) {
                for (Written to : List.of(written.get(0), written.get(written.size() / 2), written.get(written.size() - 1))) {
                    if (from.timestampMillis() <= to.timestampMillis()) {
                        List<Written> expected = written.stream().filter(one -> one.timestampMillis() >= from.timestampMillis()
                                && one.timestampMillis() < to.timestampMillis() + 1).toList();
                        for (WalReader reader : List.of(within, without)) {
                            assertThat(Written.drain(reader.scan("s", at(from.timestampMillis()), at(to.timestampMillis() + 1))))
                                    .isEqualTo(expected);
                        }
                    }
                }
            }
        }
    }

    // ---------------------------------------------------------------- windows

    @ParameterizedTest
    @ValueSource(ints = {1, MANY})
    void append_nextWindow_goesToItsOwnSegmentAtTheNextPosition(int each) {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        clock.advance(Duration.ofSeconds(17));
        List<Written> written = new ArrayList<>();
        List<Long> expected = new ArrayList<>();
        List<Long> positions = new ArrayList<>();
        // the last millisecond of a window, the first of the next, and two windows without a record
        long start = NOW;
        for (long skip : new long[] {1, 3, 1, 1}) {
            positions.add(stream.endPosition());
            written.addAll(appendSome(stream, each));
            written.add(append(stream, start + WINDOW.toMillis() - 1));
            expected.add(expirationOf(start));
            start += skip * WINDOW.toMillis();
            clock.set(start);
        }
        assertThat(expirations("s")).isEqualTo(expected);
        assertThat(bases("s")).isEqualTo(positions);
        assertContiguous(written);
        awaitSealed(3);
        assertHoldsEverywhere(wal, "s", written);
    }

    @Test
    void append_windowsAreAlignedToTheEpoch_notToTheFirstRecord() {
        long seven = Duration.ofMinutes(7).toMillis();
        StreamWal wal = open(options().window(Duration.ofMinutes(7)));
        append(wal.stream("s"), NOW);
        assertThat(expirations("s")).containsExactly(Math.floorDiv(NOW, seven) * seven + seven + RETENTION.toMillis());
    }

    @Test
    void append_before1970_windowsAreAlignedToo() {
        clock.set(-5 * MINUTE);
        StreamWal wal = open(options().retention(Duration.ofDays(1)));
        Written one = append(wal.stream("s"), -1);
        assertThat(expirations("s")).containsExactly(Duration.ofDays(1).toMillis());
        assertHoldsEverywhere(wal, "s", List.of(one));
    }

    @Test
    void append_segmentFull_goesOnInAnotherOfTheSameWindow() {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, 300, 1_000);
        assertContiguous(written);
        assertThat(expirations("s")).hasSize(5).containsOnly(expirationOf(NOW));
        long bytesPerSegment = 63 * (1_000L + 32);
        assertThat(bases("s")).isEqualTo(List.of(0L, bytesPerSegment, 2 * bytesPerSegment, 3 * bytesPerSegment, 4 * bytesPerSegment));
        assertHoldsEverywhere(wal, "s", written);
    }

    @Test
    void append_toTwoWindowsInTurn_doesNotRotateEachTime() {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        for (int i = 0; i < 20; i++) {
            append(stream, NOW + (i % 2) * WINDOW.toMillis());
        }
        assertThat(segmentsOf("s")).hasSize(2);
    }

    @Test
    void reopen_otherRetention_governsNewSegmentsOnly() {
        StreamWal wal = open();
        List<Written> written = appendSome(wal.stream("s"), 3);
        wal.close();
        StreamWal shorter = open(options().retention(Duration.ofMinutes(20)));
        written.addAll(appendSome(shorter.stream("s"), 3));
        clock.advance(WINDOW);
        written.addAll(appendSome(shorter.stream("s"), 3));
        assertThat(expirations("s")).containsExactly(expirationOf(NOW), NOW + WINDOW.toMillis() + 20 * MINUTE,
                NOW + 2 * WINDOW.toMillis() + 20 * MINUTE);
        assertHoldsEverywhere(shorter, "s", written);
    }

    @Test
    void reopen_otherWindowAndSegmentSize_governNewSegmentsOnly() {
        StreamWal wal = open();
        List<Written> written = appendSome(wal.stream("s"), 3);
        wal.close();
        StreamWal other = open(options().window(Duration.ofMinutes(1)).segmentBytes(8_192));
        clock.advance(Duration.ofMinutes(9));
        written.addAll(appendSome(other.stream("s"), 10, 1_000));
        clock.advance(Duration.ofMinutes(1));
        written.addAll(appendSome(other.stream("s"), 10, 1_000));
        long expiration = NOW + 10 * MINUTE + RETENTION.toMillis();
        assertThat(expirations("s")).containsExactly(
                expirationOf(NOW), expiration, expiration, expiration + MINUTE, expiration + MINUTE);
        assertContiguous(written);
        assertHoldsEverywhere(other, "s", written);
    }

    @Test
    void append_streamsWithOptionsOfTheirOwn_firstPatternThatMatchesWins() {
        StreamWal wal = open(options()
                .streams("cpu/*/fast", StreamOptions.builder().window(Duration.ofMinutes(1)).build())
                .streams("cpu/*", StreamOptions.builder().retention(Duration.ofMinutes(5)).segmentBytes(8_192).build())
                .streams("?", StreamOptions.builder().window(Duration.ofHours(1)).retention(Duration.ofDays(1)).build()));
        for (String key : List.of("cpu/a/b/fast", "cpu/a/slow", "x", "xx")) {
            appendSome(wal.stream(key), 10, 1_000);
        }
        assertThat(expirations("cpu/a/b/fast")).containsExactly(NOW + MINUTE + RETENTION.toMillis());
        assertThat(expirations("cpu/a/slow")).containsExactly(NOW + 15 * MINUTE, NOW + 15 * MINUTE);
        assertThat(expirations("x")).containsExactly(NOW + Duration.ofHours(25).toMillis());
        assertThat(expirations("xx")).containsExactly(expirationOf(NOW));
        // what has expired for one has not for another
        long old = NOW - 30 * MINUTE;
        assertThatThrownBy(() -> append(wal.stream("cpu/a/slow"), old)).isInstanceOf(TimestampOutOfRangeException.class);
        append(wal.stream("xx"), old);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void scan_byTimeOverManyWindowsWithLateRecords_givesExactlyThoseInTheRange(boolean clockGoesWrong) {
        StreamWal wal = open(options().segmentBytes(16 << 10).sweepInterval(Duration.ZERO));
        WalStream stream = wal.stream("s");
        Random random = new Random(4);
        List<Written> written = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            clock.advance(Duration.ofSeconds(random.nextInt(4)));
            long right = clock.millis();
            if (clockGoesWrong && random.nextInt(100) == 0) {
                clock.advance(Duration.ofHours(2 + random.nextInt(3)));
            }
            long timestamp = clock.millis() - (random.nextInt(5) == 0 ? random.nextInt(20) * MINUTE : 0);
            written.add(append(stream, timestamp));
            clock.set(right);
        }
        assertThat(segmentsOf("s")).hasSizeGreaterThan(5);
        for (int reopened = 0; reopened < 2; reopened++) {
            try (WalReader within = wal.reader(); WalReader without = WalReader.open(root)) {
                for (int i = 0; i < 40; i++) {
                    long from = NOW + random.nextInt(60) * MINUTE - 10 * MINUTE;
                    long to = from + random.nextInt(30) * MINUTE;
                    List<Written> expected = written.stream()
                            .filter(one -> one.timestampMillis() >= from && one.timestampMillis() < to).toList();
                    assertThat(Written.drain(within.scan("s", at(from), at(to)))).isEqualTo(expected);
                    assertThat(Written.drain(without.scan("s", at(from), at(to)))).isEqualTo(expected);
                }
            }
            wal.close();
            wal = open(options().segmentBytes(16 << 10));
        }
    }
}
