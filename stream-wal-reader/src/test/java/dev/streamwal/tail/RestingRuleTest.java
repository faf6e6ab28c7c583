package dev.streamwal.tail;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class RestingRuleTest {

    private static final long[] NANOS = LongStream.concat(
            LongStream.of(0, RestingRule.CHEAP_LOOK_NANOS, RestingRule.CHEAP_LOOK_NANOS + 1, Long.MAX_VALUE),
            LongStream.iterate(1, nanos -> nanos < Long.MAX_VALUE / 2, nanos -> nanos * 2)).toArray();

    @Test
    void restNanos_manyLooksAfterSomethingCame_costABoundedShareOfACore() {
        for (long quiet : NANOS) {
            for (long look : NANOS) {
                long rest = RestingRule.restNanos(RestingRule.LOOKS_AT_ONCE, quiet, look);
                int perLook = quiet < RestingRule.AT_FIRST_NANOS ? RestingRule.REST_PER_LOOK_AT_FIRST : RestingRule.REST_PER_LOOK;
                long cost = RestingRule.WAKE_NANOS + Math.min(RestingRule.MAX_REST_NANOS, look);
                long least = Math.min(RestingRule.MAX_REST_NANOS / perLook, cost) * perLook;
                assertThat(rest).isBetween(least, RestingRule.MAX_REST_NANOS);
            }
        }
    }

    @Test
    void restNanos_cheapLooks_restForAShareOfTheQuietAndAFewMillisecondsAtMost() {
        for (long quiet : NANOS) {
            long rest = RestingRule.restNanos(RestingRule.LOOKS_AT_ONCE, quiet, 3_000);
            assertThat(rest).isLessThanOrEqualTo(Math.max(1_472_000, quiet / RestingRule.QUIET_PER_REST))
                    .isLessThanOrEqualTo(RestingRule.MAX_QUIET_REST_NANOS);
        }
    }

    @Test
    void restNanos_rightAfterSomethingCame_looksAtOnceButOnlyWhereLooksAreCheap() {
        for (int looks = 0; looks < 2 * RestingRule.LOOKS_AT_ONCE; looks++) {
            assertThat(RestingRule.restNanos(looks, 1_000, RestingRule.CHEAP_LOOK_NANOS) == 0).isEqualTo(looks < RestingRule.LOOKS_AT_ONCE);
            assertThat(RestingRule.restNanos(looks, 1_000, RestingRule.CHEAP_LOOK_NANOS + 1)).isPositive();
        }
    }

    @Test
    void restNanos_theQuieterAndTheDearer_theLonger() {
        for (long look : NANOS) {
            long before = 0;
            for (long quiet : LongStream.of(NANOS).sorted().toArray()) {
                long rest = RestingRule.restNanos(RestingRule.LOOKS_AT_ONCE, quiet, look);
                assertThat(rest).isGreaterThanOrEqualTo(before);
                before = rest;
            }
        }
    }

    @Test
    void lookNanos_oneThatWasHeldUp_countsTwiceAtMostAndOneThatIsDearForGoodIsKnownSoon() {
        assertThat(RestingRule.lookNanos(3_000, 20_000_000)).isEqualTo(6_000);
        assertThat(RestingRule.lookNanos(6_000, 3_000)).isEqualTo(3_000);
        assertThat(RestingRule.lookNanos(3_000, 0)).isPositive();
        long known = RestingRule.CHEAP_LOOK_NANOS;
        for (int look = 0; look < 10; look++) {
            known = RestingRule.lookNanos(known, 10_000_000);
        }
        assertThat(known).isEqualTo(10_000_000);
    }
}
