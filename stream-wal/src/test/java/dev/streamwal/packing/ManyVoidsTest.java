package dev.streamwal.packing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.manifest.Manifest;
import java.util.List;
import org.junit.jupiter.api.Test;

class ManyVoidsTest {

    private final ManyVoids many = new ManyVoids(1_000);

    @Test
    void decide_many_eachPackOnce() {
        many.decide(999, List.of(1L, 2L, 3L), List.of(1L, 3L));
        assertThat(many.first()).isEmpty();
        many.decide(1_000, List.of(1L, 2L, 3L), List.of(1L, 3L));
        assertThat(many.isToBeWritten(1)).isTrue();
        assertThat(many.isToBeWritten(2)).as("nothing of it was deleted").isFalse();
        many.tried(1);
        assertThat(many.first()).hasValue(3);
        many.decide(1_200, List.of(2L, 3L, 4L), List.of(3L, 4L));
        assertThat(many.isToBeWritten(4)).as("one at a time around").isFalse();
        assertThat(many.isToBeWritten(3)).isTrue();
        many.decide(1_200, List.of(2L, 4L), List.of(4L));
        assertThat(many.first()).as("it has expired").isEmpty();
    }

    /** As where packs can't be read, or the tier is away: what was in vain isn't done again for each deletion. */
    @Test
    void decide_manyStay_againWhenThereAreManyMore() {
        many.decide(1_000, List.of(1L), List.of(1L));
        many.tried(1);
        assertThat(many.isToLook(1_000, true)).isTrue();
        many.looked(1_000);
        many.decide(1_499, List.of(1L), List.of(1L));
        assertThat(many.first()).isEmpty();
        many.decide(1_500, List.of(1L), List.of(1L));
        assertThat(many.first()).hasValue(1);
    }

    @Test
    void decide_nearlyAllThatThereMayBeStay_thereIsAlwaysAnotherAttempt() {
        int attempts = 0;
        for (int voids = 0; voids <= Manifest.MAX_VOID_RANGES; voids++) {
            many.decide(voids, List.of(1L), List.of(1L));
            if (many.first().isPresent()) {
                attempts++;
                many.tried(1);
                many.looked(voids);
            }
        }
        assertThat(attempts).isBetween(20, 60);
        many.decide(Manifest.MAX_VOID_RANGES, List.of(1L), List.of(1L));
        assertThat(many.first()).hasValue(1);
    }

    @Test
    void isToLook_twiceAsManyOrAnyWritten() {
        assertThat(many.isToLook(4_095, false)).isFalse();
        assertThat(many.isToLook(4_096, false)).isTrue();
        assertThat(many.isToLook(1, true)).isTrue();
        many.looked(4_000);
        assertThat(many.isToLook(7_999, false)).isFalse();
        assertThat(many.isToLook(8_000, false)).isTrue();
    }
}
