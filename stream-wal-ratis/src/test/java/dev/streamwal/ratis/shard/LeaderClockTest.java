package dev.streamwal.ratis.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** How far ahead of the replicated time a leader's clock is believed. */
class LeaderClockTest {

    private static final long DAY_MILLIS = Duration.ofDays(1).toMillis();
    private static final long START_MILLIS = 20_000 * DAY_MILLIS;

    private long millis = START_MILLIS;
    private long nanos = Long.MAX_VALUE - 5; // it may overflow
    private final LeaderClock clock = new LeaderClock(() -> Instant.ofEpochMilli(millis), 100 * DAY_MILLIS, () -> nanos);

    private void pass(long days) {
        nanos += Duration.ofDays(days).toNanos();
    }

    private void assertRefused() {
        assertThat(clock.isAhead()).isTrue();
        assertThatThrownBy(clock::stamp).isInstanceOf(IOException.class);
    }

    private void assertStamped() throws IOException {
        assertThat(clock.isAhead()).isFalse();
        assertThat(clock.stamp()).isEqualTo(millis);
    }

    @Test
    void stamp_beforeThereIsAReplicatedTime_isBelieved() throws IOException {
        millis += 40_000 * DAY_MILLIS;
        assertStamped();
    }

    @Test
    void stamp_theClockFails_isRefused() {
        LeaderClock failing = new LeaderClock(() -> null, DAY_MILLIS, () -> nanos);
        assertThatThrownBy(failing::stamp).isInstanceOf(IOException.class).hasMessageContaining("the program's clock returned null");
    }

    @Test
    void stamp_furtherAheadThanTheLimit_isRefused_untilTimeConfirmsIt() throws IOException {
        clock.saw(START_MILLIS);
        millis += 100 * DAY_MILLIS;
        assertStamped();
        millis += 1;
        assertRefused();
        assertThatThrownBy(clock::stamp).hasMessageContaining("clock=" + Instant.ofEpochMilli(millis) + ", replicatedClock="
                + Instant.ofEpochMilli(START_MILLIS) + ", maxClockAdvance=PT2400H; set it right");
        millis += 3 * DAY_MILLIS;
        pass(3);
        assertRefused();
        pass(1);
        assertStamped();
    }

    @Test
    void stamp_afterALaterReplicatedTimeWasSeen_countsFromThat_andNotFromAnEarlierOne() throws IOException {
        clock.saw(START_MILLIS);
        clock.saw(START_MILLIS + 90 * DAY_MILLIS);
        clock.saw(START_MILLIS);
        millis += 190 * DAY_MILLIS;
        assertStamped();
        millis += 1;
        assertRefused();
    }

    @Test
    void saw_whatIsBehindWhatHasPassed_takesNothingBack() throws IOException {
        clock.saw(START_MILLIS);
        pass(50);
        clock.saw(START_MILLIS + DAY_MILLIS);
        millis += 150 * DAY_MILLIS;
        assertStamped();
    }

    @Test
    void stamp_ofAClockThatIsBehind_isBelieved() throws IOException {
        clock.saw(START_MILLIS);
        millis -= 15_000 * DAY_MILLIS;
        assertStamped();
    }

    @Test
    void believe_vouchesForTheClock_upToTheLimitBeyond() throws IOException {
        clock.saw(START_MILLIS);
        millis += 400 * DAY_MILLIS;
        assertRefused();
        clock.believe();
        assertStamped();
        clock.saw(START_MILLIS + DAY_MILLIS);
        millis += 100 * DAY_MILLIS;
        assertStamped();
        millis += 1;
        assertRefused();
    }

    @Test
    void believe_ofAClockThatIsBehind_changesNothing() {
        clock.saw(START_MILLIS);
        millis -= 15_000 * DAY_MILLIS;
        clock.believe();
        millis = START_MILLIS + 100 * DAY_MILLIS + 1;
        assertRefused();
    }
}
