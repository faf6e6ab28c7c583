package dev.streamwal.cli.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TimeFormatTest {

    private static final ZoneId UTC = ZoneId.of("UTC");
    private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

    private static TimeFormat format(String name, ZoneId zone) {
        return TimeFormat.of(name, zone, DoubtfulTime.BAD);
    }

    @ParameterizedTest
    @CsvSource({
            "iso, 2024-05-01T12:00:00Z, 2024-05-01T12:00:00Z, true",
            "iso, 2024-05-01 12:00:00, 2024-05-01T12:00:00Z, true",
            "iso, 2024-05-01T12:00, 2024-05-01T12:00:00Z, true",
            "iso, 2024-05-01, 2024-05-01T00:00:00Z, true",
            "iso, 2024-05-01T14:00:00.1234+02:00, 2024-05-01T12:00:00.123Z, false",
            "ISO, 1969-12-31T23:59:59.9999Z, 1969-12-31T23:59:59.999Z, false",
            "iso, '2024-05-01 12:00:00,5', 2024-05-01T12:00:00.500Z, true",
            "iso, '2024-05-01 14:00:00,0001+02', 2024-05-01T12:00:00Z, false",
            "iso, 2024-05-01T12:00:00+0000, 2024-05-01T12:00:00Z, true",
            "iso, 2024-05-01 06:30:00 -0530, 2024-05-01T12:00:00Z, true",
            "iso, 2024-05-01 14:00:00 +02:00, 2024-05-01T12:00:00Z, true",
            "iso, 2024-05-01 14:00+02, 2024-05-01T12:00:00Z, true",
            "s, 1714564800, 2024-05-01T12:00:00Z, true",
            "s, 1714564800.25, 2024-05-01T12:00:00.250Z, true",
            "s, -0.0001, 1969-12-31T23:59:59.999Z, false",
            "ms, 1714564800001, 2024-05-01T12:00:00.001Z, true",
            "us, 1714564800001002, 2024-05-01T12:00:00.001Z, false",
            "ns, 1714564800001000000, 2024-05-01T12:00:00.001Z, true",
            "ns, 1714564800001000001, 2024-05-01T12:00:00.001Z, false",
            "ns, -1, 1969-12-31T23:59:59.999Z, false",
            "dd.MM.yyyy HH:mm, 01.05.2024 12:00, 2024-05-01T12:00:00Z, true",
            "uuuu-MM-dd HH:mm:ss, 2024-05-01 12:00:00, 2024-05-01T12:00:00Z, true",
            "uuuu-MM-dd HH:mm XXX, 2024-05-01 12:00 +02:00, 2024-05-01T10:00:00Z, true",
            "dd/MM/yyyy, 01/05/2024, 2024-05-01T00:00:00Z, true",
            "MM/dd/yyyy hh:mm a, 05/01/2024 01:30 PM, 2024-05-01T13:30:00Z, true"
    })
    void texts_areTimes_cutTowardsThePast(String format, String text, Instant expected, boolean exact) {
        RowTime time = format(format, UTC).parse(text);
        assertThat(time.millis()).hasValue(expected.toEpochMilli());
        assertThat(time.exact()).isEqualTo(exact);
        assertThat(time.text()).isEqualTo(text);
    }

    @Test
    void zone_isThatOfTimesWithoutOne() {
        TimeFormat format = format("iso", BERLIN);
        assertThat(format.parse("2024-05-01T14:00").millis()).hasValue(Instant.parse("2024-05-01T12:00:00Z").toEpochMilli());
        assertThat(format.parse("2024-05-01T14:00Z").millis()).hasValue(Instant.parse("2024-05-01T14:00:00Z").toEpochMilli());
    }

    @ParameterizedTest
    @CsvSource({
            "iso, ''", "iso, noon", "iso, 2024-02-30", "iso, 2024-05-01T25:00", "iso, +999999999-01-01T00:00Z", "s, 1e9", "s, 0x10", "s, ''",
            "ms, 99999999999999999999", "s, 9999999999999999999", "dd.MM.yyyy, 31.02.2024", "dd.MM.yyyy, 2024-05-01",
            "iso, '2024-05-01 12:00:00,'", "iso, '2024-05-01 12:00,5'", "iso, '2024-05-01 12:00:00.5,6'", "iso, 2024-05-01 12:00:00 +02", "iso, 2024-05-01+02",
            "dd.MM.yyyy[ HH:mm][ hh.mm][ a], 01.05.2024 11.15"
    })
    void otherTexts_areRefused(String format, String text) {
        assertThatThrownBy(() -> format(format, UTC).parse(text)).isInstanceOf(DateTimeException.class);
    }

    @Test
    void formats_thatAreNone_areRefused() {
        assertThatThrownBy(() -> format("nonsense", UTC)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"dd.MM.yyyy hh:mm", "dd.MM.yyyy KK", "dd.MM.yyyy mm:ss", "yyyy-MM-dd[ hh:mm:ss]"})
    void formats_withPartsOfATimeOfDayThatMakeNone_areRefused(String pattern) {
        assertThatThrownBy(() -> format(pattern, UTC)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("pattern has parts of a time of day that make none: pattern=" + pattern);
    }

    @ParameterizedTest
    @CsvSource({
            "iso, 2024-10-27 02:00:00, 2024-10-27T00:00:00Z, 2024-10-27T01:00:00Z",
            "iso, 2024-10-27 02:59:59, 2024-10-27T00:59:59Z, 2024-10-27T01:59:59Z",
            "iso, 2024-03-31 02:30:00, 2024-03-31T00:30:00Z, 2024-03-31T01:30:00Z",
            "yyyy-MM-dd HH:mm VV, 2024-10-27 02:30 Europe/Berlin, 2024-10-27T00:30:00Z, 2024-10-27T01:30:00Z"
    })
    void localTimes_ofTwoInstantsOrNone_areBadUnlessOneIsChosen(String format, String text, Instant earlier, Instant later) {
        assertThatThrownBy(() -> TimeFormat.of(format, BERLIN, DoubtfulTime.BAD).parse(text)).isInstanceOf(DateTimeException.class)
                .hasMessageContaining("time=" + text).hasMessageContaining("zone=Europe/Berlin")
                .hasMessageContaining("earlier=" + earlier).hasMessageContaining("later=" + later);
        RowTime early = TimeFormat.of(format, BERLIN, DoubtfulTime.EARLIER).parse(text);
        RowTime late = TimeFormat.of(format, BERLIN, DoubtfulTime.LATER).parse(text);
        assertThat(early.millis()).hasValue(earlier.toEpochMilli());
        assertThat(late.millis()).hasValue(later.toEpochMilli());
        assertThat(early.doubtful()).isTrue();
        assertThat(late.doubtful()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
            "2024-10-27 01:59:59, 2024-10-26T23:59:59Z", "2024-10-27 03:00:00, 2024-10-27T02:00:00Z",
            "2024-10-27 02:30:00+02:00, 2024-10-27T00:30:00Z", "2024-10-27 02:30:00+01:00, 2024-10-27T01:30:00Z",
            "2024-03-31 01:59:59, 2024-03-31T00:59:59Z", "2024-03-31 03:00:00, 2024-03-31T01:00:00Z", "2024-10-27, 2024-10-26T22:00:00Z"
    })
    void localTimes_besideThose_areNotDoubtful(String text, Instant expected) {
        RowTime time = format("iso", BERLIN).parse(text);
        assertThat(time.millis()).hasValue(expected.toEpochMilli());
        assertThat(time.doubtful()).isFalse();
    }

    @Test
    void date_ofADayThatBeginsAtOne_isItsBeginning() {
        assertThat(format("iso", ZoneId.of("America/Sao_Paulo")).parse("2017-10-15").millis())
                .hasValue(Instant.parse("2017-10-15T03:00:00Z").toEpochMilli());
    }
}
