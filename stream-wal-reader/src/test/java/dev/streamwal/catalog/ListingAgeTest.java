package dev.streamwal.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ListingAgeTest {

    private static final Instant SECOND = Instant.parse("2024-05-01T10:00:00Z");
    private static final FileTime FINE = FileTime.from(SECOND.plusNanos(123_456_789));
    private static final FileTime OF_MILLIS = FileTime.from(SECOND.plusMillis(123));
    private static final FileTime OF_SECONDS = FileTime.from(SECOND);

    private final long[] now = {7};
    private final ListingAge age = new ListingAge(() -> now[0]);

    private boolean isCurrent(FileTime modified) {
        boolean current = age.isCurrent(modified);
        if (!current) {
            age.listed();
        }
        return current;
    }

    @Test
    void isCurrent_fineTime_afterATenthOfASecond() {
        assertSettlesAfter(FINE, ListingAge.SETTLING_NANOS_OF_FINE_TIMES);
    }

    @Test
    void isCurrent_timeThatMayBeRounded_afterTwoSeconds() {
        assertSettlesAfter(OF_MILLIS, ListingAge.SETTLING_NANOS);
        assertSettlesAfter(OF_SECONDS, ListingAge.SETTLING_NANOS);
    }

    private void assertSettlesAfter(FileTime modified, long nanos) {
        assertThat(isCurrent(modified)).as("listed for the first time").isFalse();
        now[0] += nanos - 1;
        assertThat(isCurrent(modified)).isFalse();
        assertThat(isCurrent(modified)).as("the listing before was made too early").isFalse();
        now[0]++;
        assertThat(isCurrent(modified)).isFalse();
        assertThat(isCurrent(modified)).as("the listing before was made late enough").isTrue();
    }

    @Test
    void isCurrent_anotherTime_isNot() {
        assertSettlesAfter(FINE, ListingAge.SETTLING_NANOS_OF_FINE_TIMES);
        assertThat(isCurrent(FileTime.from(FINE.toInstant().plusNanos(1)))).isFalse();
        assertThat(isCurrent(FINE)).isFalse();
    }

    @Test
    void forget_isNotCurrent() {
        assertSettlesAfter(FINE, ListingAge.SETTLING_NANOS_OF_FINE_TIMES);
        age.forget();
        assertThat(isCurrent(FINE)).isFalse();
    }
}
