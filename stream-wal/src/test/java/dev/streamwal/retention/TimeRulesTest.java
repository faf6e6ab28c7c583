package dev.streamwal.retention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.HeaderTooLargeException;
import dev.streamwal.error.RecordTooLargeException;
import dev.streamwal.error.TimestampOutOfRangeException;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which timestamps and sizes are accepted, at the edge of each rule, and what is said of the others. */
class TimeRulesTest {

    private static final long WINDOW = 1_000;
    private static final long RETENTION = 10_000;
    private static final long SKEW = 500;
    /** A window's end. */
    private static final long NOW = 1_772_366_400_000L;
    private static final long END_OF_TIME = 1L << 60;

    private static TimeRules rules(long retention, long skew) {
        return new TimeRules(new StreamPolicy(WINDOW, retention, 64 << 20, 16 << 20, Long.MAX_VALUE), skew);
    }

    /** A date, and otherwise the number. */
    private static String text(long millis) {
        boolean isDate = millis >= StreamPolicy.MIN_TIMESTAMP_MILLIS && millis <= StreamPolicy.MAX_TIMESTAMP_MILLIS;
        return isDate ? Instant.ofEpochMilli(millis).toString() : String.valueOf(millis);
    }

    private static void accept(long timestamp, long now) {
        assertThatCode(() -> rules(RETENTION, SKEW).check(timestamp, now, "k")).doesNotThrowAnyException();
    }

    private static void refuse(long timestamp, long now, String message) {
        assertThatThrownBy(() -> rules(RETENTION, SKEW).check(timestamp, now, "k")).isInstanceOf(TimestampOutOfRangeException.class)
                .hasMessageStartingWith(message).hasMessageContaining("timestamp=" + text(timestamp)).hasMessageContaining("clock=" + text(now))
                .hasMessageContaining("stream=k");
    }

    @Test
    void timestamp_isAtMostTheSkewAhead() {
        accept(NOW, NOW);
        accept(NOW + SKEW, NOW);
        refuse(NOW + SKEW + 1, NOW, "timestamp is too far ahead of the log's clock: timestamp=" + text(NOW + SKEW + 1) + ", maxClockSkew=PT0.5S");
    }

    @Test
    void timestamp_mayBeAsOldAsItsWindowLives() {
        accept(NOW - RETENTION, NOW);
        accept(NOW - RETENTION, NOW + WINDOW - 1);
        refuse(NOW - RETENTION, NOW + WINDOW, "record's window has expired: timestamp=" + text(NOW - RETENTION) + ", window=[" + text(NOW - RETENTION) + ", "
                + text(NOW - RETENTION + WINDOW) + "), retention=PT10S");
        refuse(NOW - RETENTION - 1, NOW, "record's window has expired");
    }

    @Test
    void timestamp_isInTheYears1To9999_whateverTheClock() {
        accept(StreamPolicy.MIN_TIMESTAMP_MILLIS, StreamPolicy.MIN_TIMESTAMP_MILLIS);
        accept(StreamPolicy.MAX_TIMESTAMP_MILLIS, StreamPolicy.MAX_TIMESTAMP_MILLIS);
        refuse(StreamPolicy.MIN_TIMESTAMP_MILLIS - 1, StreamPolicy.MIN_TIMESTAMP_MILLIS - 1, "timestamp is outside the years 0001 to 9999: timestamp=");
        refuse(StreamPolicy.MAX_TIMESTAMP_MILLIS + 1, StreamPolicy.MAX_TIMESTAMP_MILLIS + 1, "timestamp is outside the years 0001 to 9999: timestamp=");
    }

    @Test
    void message_showsTimesThatAreDates_asDates() {
        refuse(NOW + SKEW + 1, NOW, "timestamp is too far ahead of the log's clock: timestamp=2026-03-01T12:00:00.501Z, maxClockSkew=PT0.5S,"
                + " clock=2026-03-01T12:00:00Z, stream=k; compare the sender's clock with the log's, or raise maxClockSkew. Timestamps are epoch milliseconds");
        long late = StreamPolicy.MAX_TIMESTAMP_MILLIS;
        refuse(late + 1, late, "timestamp is outside the years 0001 to 9999: timestamp=" + (late + 1) + ", clock=9999-12-31T23:59:59.999Z,"
                + " stream=k; give epoch milliseconds");
        long early = StreamPolicy.MIN_TIMESTAMP_MILLIS;
        refuse(early - 1, early, "timestamp is outside the years 0001 to 9999: timestamp=" + (early - 1) + ", clock=0001-01-01T00:00:00Z,"
                + " stream=k; give epoch milliseconds");
    }

    @Test
    void clockBefore1970_nothingHasExpired() {
        assertThatCode(() -> rules(0, SKEW).check(-5_000, -1, "k")).doesNotThrowAnyException();
        assertThatThrownBy(() -> rules(0, SKEW).check(-5_000, 0, "k")).isInstanceOf(TimestampOutOfRangeException.class);
    }

    @Test
    void millis_ofAnyInstant_isRoundedDownOrAnEndOfTime() {
        assertThat(TimeRules.millis(Instant.ofEpochSecond(0, 1_999_999))).isEqualTo(1);
        assertThat(TimeRules.millis(Instant.ofEpochSecond(0, -1))).isEqualTo(-1);
        long last = END_OF_TIME / 1_000;
        assertThat(TimeRules.millis(Instant.ofEpochSecond(last))).isEqualTo(END_OF_TIME);
        assertThat(TimeRules.millis(Instant.ofEpochSecond(last - 1))).isEqualTo((last - 1) * 1_000);
        assertThat(TimeRules.millis(Instant.ofEpochSecond(-last))).isEqualTo(-END_OF_TIME);
        assertThat(TimeRules.millis(Instant.ofEpochSecond(1 - last))).isEqualTo((1 - last) * 1_000);
        assertThat(TimeRules.millis(Instant.MAX)).isEqualTo(END_OF_TIME);
        assertThat(TimeRules.millis(Instant.MIN)).isEqualTo(-END_OF_TIME);
    }

    @ParameterizedTest
    @CsvSource({"65535, 0", "0, 100000", "65535, 34465", "0, 0"})
    void size_thatFits_isAccepted(int header, int content) {
        assertThatCode(() -> SizeRules.check(header, content, 100_000, "k")).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource({"0, 100001", "65535, 34466", "1, 2147483647"})
    void size_ofARecordThatIsTooLarge_isRefused(int header, int content) {
        assertThatThrownBy(() -> SizeRules.check(header, content, 100_000, "k")).isInstanceOf(RecordTooLargeException.class)
                .hasMessageContaining("maxRecordBytes=100000").hasMessageContaining("headerBytes=" + header).hasMessageContaining("contentBytes=" + content)
                .hasMessageEndingWith("; split it, or raise maxRecordBytes, which segmentBytes limits");
    }

    @ParameterizedTest
    @ValueSource(ints = {65_536, 100_001})
    void size_ofAHeaderThatIsTooLarge_isRefusedFirst(int header) {
        assertThatThrownBy(() -> SizeRules.check(header, 0, 100_000, "k")).isInstanceOf(HeaderTooLargeException.class)
                .hasMessageContaining("headerBytes=" + header);
    }
}
