package dev.streamwal.retention;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DefaultWindowTest {

    @ParameterizedTest
    @CsvSource({"PT0S, PT1M", "PT1M, PT1M", "PT1H, PT1M", "PT6H, PT5M", "PT24H, PT15M", "P7D, PT1H", "P14D, PT6H", "P30D, PT6H", "P90D, P1D", "P365D, P7D",
            "P3652500D, P7D"})
    void of_retention_isAboutAHundredth(Duration retention, Duration window) {
        assertThat(DefaultWindow.of(retention)).isEqualTo(window);
    }

    /** Between the shortest and the longest there is, what is kept beyond the retention is no more than a thirtieth of it, and there are at most 300 windows. */
    @Test
    void of_everyHour_isNeverFarFromAHundredth() {
        for (long hours = 2; hours < 2 * 365 * 24; hours++) {
            Duration retention = Duration.ofHours(hours);
            double part = retention.toMillis() / (double) DefaultWindow.of(retention).toMillis();
            assertThat(part).as(retention.toString()).isBetween(30.0, 300.0);
        }
    }
}
