package dev.streamwal.tail;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LookPaceTest {

    private static final int REST_PER_LOOK = 32;
    private static final long MICRO = 1_000;
    private static final long MILLI = 1_000_000;

    private final LookPace pace = new LookPace(REST_PER_LOOK, 0);

    /** The rest behind a look that begins at 0. */
    private long restAfter(long lookNanos) {
        pace.looked(0, lookNanos);
        long rest = 0;
        while (!pace.isDue(lookNanos + rest)) {
            rest += MICRO;
        }
        return rest;
    }

    @Test
    void isDue_theFirstTime_is() {
        assertThat(pace.isDue(Long.MIN_VALUE)).isTrue();
    }

    @Test
    void isDue_behindALook_isAfterAMultipleOfWhatItTook() {
        assertThat(restAfter(10 * MICRO)).isEqualTo(REST_PER_LOOK * 10 * MICRO);
        assertThat(restAfter(80 * MICRO)).isEqualTo(REST_PER_LOOK * 80 * MICRO);
        assertThat(restAfter(10 * MICRO)).isEqualTo(REST_PER_LOOK * 10 * MICRO);
    }

    @Test
    void isDue_aLookThatWasHeldUp_isSoonNevertheless() {
        assertThat(restAfter(10_000 * MILLI)).isEqualTo(REST_PER_LOOK * 100 * MICRO);
        assertThat(restAfter(10 * MICRO)).isEqualTo(REST_PER_LOOK * 10 * MICRO);
    }

    @Test
    void isDue_looksThatTakeLonger_areKnownToAfterAFew() {
        long rest = 0;
        for (int i = 0; i < 10; i++) {
            rest = restAfter(5 * MILLI);
        }
        assertThat(rest).isEqualTo(REST_PER_LOOK * 5 * MILLI);
    }

    @Test
    void isDue_manyLooksInARowWereHeldUp_isWithinTheLongestRest() {
        for (int look = 0; look < 50; look++) {
            pace.looked(0, 1_000 * MILLI);
            assertThat(pace.isDue(1_000 * MILLI + LookPace.MAX_REST_NANOS)).as("after look %s", look).isTrue();
        }
        assertThat(pace.isDue(1_000 * MILLI + LookPace.MAX_REST_NANOS - 1)).isFalse();
    }

    @Test
    void isDue_manyListingsInARowWereHeldUp_isSoonNevertheless() {
        LookPace listings = LookPace.ofListings();
        for (int listing = 0; listing < 50; listing++) {
            listings.looked(0, 1_000 * MILLI);
            assertThat(listings.isDue(1_500 * MILLI)).as("after listing %s", listing).isTrue();
        }
    }

    @Test
    void isDue_cheapLooks_areAtLeastSoFarApart() {
        LookPace rare = new LookPace(1, 4 * MILLI);
        rare.looked(0, MICRO);
        assertThat(rare.isDue(4 * MILLI)).isFalse();
        assertThat(rare.isDue(4 * MILLI + MICRO)).isTrue();
    }
}
