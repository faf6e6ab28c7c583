package dev.streamwal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

/** What is shown and understood: numbers, times, text. */
class FiguresTest {

    @ParameterizedTest
    @CsvSource({
        "0, 0 B", "1023, 1023 B", "1024, 1.0 KiB", "1536, 1.5 KiB", "655360, 640 KiB", "67108864, 64.0 MiB", "9223372036854775807, 8.0 EiB"
    })
    void bytes_anyNumber_threeDigitsOrSo(long bytes, String text) {
        assertThat(Figures.bytes(bytes)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"0, 0 ms", "999, 999 ms", "1500, 1.5 s", "600000, 10 min", "3600000, 1 h", "604800000, 7 d"})
    void duration_anyLength_inItsUnit(long millis, String text) {
        assertThat(Figures.duration(millis)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"2500, '2,500/s'", "12.25, 12.3/s", "0.5, 30.0/min", "0.01, 36.0/h"})
    void rate_anyRate_inAUnitThatShowsIt(double perSecond, String text) {
        assertThat(Figures.rate(perSecond)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({
        "now, 2024-05-01T12:00:00Z", "-1h, 2024-05-01T11:00:00Z", "+1h30m, 2024-05-01T13:30:00Z", "-2d, 2024-04-29T12:00:00Z",
        "-1w, 2024-04-24T12:00:00Z", "-250ms, 2024-05-01T11:59:59.750Z", "-90s, 2024-05-01T11:58:30Z", "0, 1970-01-01T00:00:00Z",
        "100000000000, 1973-03-03T09:46:40Z", "-100000000000, 1966-10-31T14:13:20Z", "1714564800000, 2024-05-01T12:00:00Z", "2024-05-01T10:00:00.5Z, 2024-05-01T10:00:00.500Z",
        "2024-05-01T14:00+02:00, 2024-05-01T12:00:00Z", "2024-05-01T14:00[Europe/Berlin], 2024-05-01T12:00:00Z",
        "2024-01-01T14:00:05[Europe/Berlin], 2024-01-01T13:00:05Z", "2024-05-01T14:00+02:00[Europe/Berlin], 2024-05-01T12:00:00Z",
        "2024-05-01, 2024-05-01T00:00:00Z", "2024-05-01T12:00, 2024-05-01T12:00:00Z", "2024-05-01 9:05, 2024-05-01T09:05:00Z",
        "2024-05-01 14:00 Europe/Berlin, 2024-05-01T12:00:00Z", "2024-05-01 14:00 +0200, 2024-05-01T12:00:00Z",
        "2024-05-01Z, 2024-05-01T00:00:00Z", "2024-05-01 14:00 UTC, 2024-05-01T14:00:00Z",
        "today, 2024-05-01T00:00:00Z", "yesterday, 2024-04-30T00:00:00Z", "yesterday 9:30, 2024-04-30T09:30:00Z",
        "tomorrow Europe/Berlin, 2024-05-01T22:00:00Z", "11:59:59.5, 2024-05-01T11:59:59.500Z", "14:00 Europe/Berlin, 2024-05-01T12:00:00Z"
    })
    void time_everySyntax_thatInstant(String text, Instant time) {
        assertThat(new TimeArgument(InstantSource.fixed(CliRun.NOW)).convert(text)).isEqualTo(time);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "", "someday", "2024-05", "2024-02-30", "2024-13-01T12:00:00Z", "-1y", "1h", "+", "--1h", "99999999999999999999",
        "2024-05-01T12:00[Nowhere]", "2024-05-01 12:00 Nowhere", "-999999999999w", "NOW", "25:00", "2024-05-0112:00", "Z", "[UTC]", " 12:00"
    })
    void time_anythingElse_refusedWithTheSyntax(String text) {
        assertThatThrownBy(() -> new TimeArgument(InstantSource.fixed(CliRun.NOW)).convert(text))
                .isInstanceOf(TypeConversionException.class).hasMessageContaining("'" + text + "'").hasMessageContaining("Europe/Berlin");
    }

    @ParameterizedTest
    @CsvSource({"20261201, 1970-08-23T12:06:41Z, 1970-01-01T05:37:41.201Z", "1795600000, 2026-11-25T09:46:40Z, 1970-01-21T18:46:40Z",
        "20261201120000, +644021-11-26T14:13:20Z, 2612-01-20T15:25:20Z", "-1, 1969-12-31T23:59:59Z, 1969-12-31T23:59:59.999Z"})
    void time_numberOfOtherDigits_refusedWithWhatItMayMean(String text, String seconds, String millis) {
        assertThatThrownBy(() -> new TimeArgument(InstantSource.fixed(CliRun.NOW)).convert(text)).isInstanceOf(TypeConversionException.class)
                .hasMessageContainingAll("'" + text + "' isn't clear", seconds + " as seconds", millis + " as milliseconds", "dashes", "2024-05-01T14:00");
    }

    @ParameterizedTest
    @CsvSource({"2024-10-27 02:30 Europe/Berlin, back, 2024-10-27T00:30:00Z, 2024-10-27T01:30:00Z",
        "2024-03-31T02:30[Europe/Berlin], forward, 2024-03-31T01:30:00Z, 2024-03-31T00:30:00Z"})
    void time_twoInstantsOrNone_refusedWithBoth(String text, String direction, String before, String after) {
        assertThatThrownBy(() -> new TimeArgument(InstantSource.fixed(CliRun.NOW)).convert(text)).isInstanceOf(TypeConversionException.class)
                .hasMessageContainingAll("'" + text + "' isn't clear", "clocks are put " + direction, before + " or " + after);
    }

    /** A day begins where its first instant is: where clocks are put forward at midnight, that is one o'clock. */
    @Test
    void time_dayWithoutMidnight_itsFirstInstant() {
        assertThat(new TimeArgument(InstantSource.fixed(CliRun.NOW)).convert("2018-11-04 America/Sao_Paulo")).isEqualTo(Instant.parse("2018-11-04T03:00:00Z"));
    }

    @Test
    void recordsOverTime_anyTimes_countsEachOnceInItsColumn() {
        Random random = new Random(20_240_501);
        for (int round = 0; round < 2_000; round++) {
            long span = 1L << random.nextInt(46);
            long base = random.nextLong(-1L << 45, 1L << 45);
            long[] times = random.longs(1 + random.nextInt(20), base, base + span).toArray();
            RecordsOverTime over = new RecordsOverTime();
            Arrays.stream(times).forEach(time -> over.add(time, 1));
            long[] expected = new long[over.columns().length];
            for (long time : times) {
                expected[(int) ((time - over.startMillis()) / over.widthMillis())]++;
            }
            assertThat(over.columns()).isEqualTo(expected).hasSizeLessThanOrEqualTo(64);
            assertThat(over.sparkline()).hasSize(expected.length);
            assertThat(over.first()).isEqualTo(Arrays.stream(times).min().orElseThrow());
            assertThat(over.last()).isEqualTo(Arrays.stream(times).max().orElseThrow());
        }
    }

    @Test
    void recordsOverTime_extremes_fit() {
        RecordsOverTime over = new RecordsOverTime();
        over.add(Long.MIN_VALUE, 1);
        over.add(Long.MAX_VALUE, 2);
        assertThat(Arrays.stream(over.columns()).sum()).isEqualTo(3);
        assertThat(new RecordsOverTime().sparkline()).isEmpty();
    }

    @Test
    void recordsOverTime_spread_allOfThemFromFirstToLast() {
        for (int records = 0; records < 200; records++) {
            RecordsOverTime over = new RecordsOverTime();
            over.add(1_000, 1_000 + records / 2 * 997L, records);
            assertThat(Arrays.stream(over.columns()).sum()).isEqualTo(records);
            if (records > 1) {
                assertThat(over.first()).isEqualTo(1_000);
                assertThat(over.last()).isEqualTo(1_000 + records / 2 * 997L);
            }
        }
    }

    @Test
    void sparkline_counts_eightHeightsAndABlank() {
        RecordsOverTime over = new RecordsOverTime();
        for (int column = 1; column <= 8; column++) {
            over.add(column, column);
        }
        over.add(0, 8);
        over.add(10, 8);
        assertThat(over.sparkline()).isEqualTo("█▁▂▃▄▅▆▇█ █");
    }

    @Test
    void byteRate_slow_perMinuteOrHour() {
        assertThat(Figures.byteRate(1_536)).isEqualTo("1.5 KiB/s");
        assertThat(Figures.byteRate(1)).isEqualTo("1 B/s");
        assertThat(Figures.byteRate(0.5)).isEqualTo("30 B/min");
        assertThat(Figures.byteRate(0.01)).isEqualTo("36 B/h");
    }
}
