package dev.streamwal.packing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.manifest.Manifest;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ManyVoidsTest {

    private final ManyVoids many = new ManyVoids(1_000);

    @Test
    void decide_many_eachPackOnce() {
        many.decide(999, List.of(1L, 2L, 3L), List.of(1L, 3L), Set.of());
        assertThat(left(1, 2, 3)).isEmpty();
        many.decide(1_000, List.of(1L, 2L, 3L), List.of(1L, 3L), Set.of());
        assertThat(left(1, 2, 3)).as("nothing of 2 was deleted").containsExactly(1L, 3L);
        many.tried(1);
        assertThat(left(1, 2, 3)).containsExactly(3L);
        many.decide(1_200, List.of(2L, 3L, 4L), List.of(3L, 4L), Set.of());
        assertThat(left(2, 3, 4)).as("one round at a time").containsExactly(3L);
        many.decide(1_200, List.of(2L, 4L), List.of(4L), Set.of());
        assertThat(left(2, 3, 4)).as("it has expired").isEmpty();
    }

    private List<Long> left(long... numbers) {
        return LongStream.of(numbers).filter(many::isToBeWritten).boxed().toList();
    }

    /** As where packs can't be read, or the tier is away: what was in vain isn't done again for each deletion. */
    @Test
    void decide_manyStay_againWhenThereAreManyMore() {
        many.decide(1_000, List.of(1L), List.of(1L), Set.of());
        many.tried(1);
        many.written();
        assertThat(many.isToLook(1_000, Set.of())).isTrue();
        many.looked(1_000);
        many.decide(1_499, List.of(1L), List.of(1L), Set.of());
        assertThat(left(1)).isEmpty();
        many.decide(1_500, List.of(1L), List.of(1L), Set.of());
        assertThat(left(1)).containsExactly(1L);
    }

    /** A pack in the tier may never come: others are asked for, and what is here is written anew again. */
    @Test
    void toFetch_aPackDoesNotCome_othersDo() {
        many.decide(1_000, List.of(1L, 2L, 3L), List.of(1L, 2L, 3L), Set.of(1L, 2L));
        Set<Long> asked = new LinkedHashSet<>();
        for (int pass = 0; pass < 100; pass++) {
            asked.add(many.toFetch(Set.of(1L, 2L)).orElseThrow());
        }
        assertThat(asked).containsExactly(1L, 2L);
        many.tried(3);
        many.written();
        assertThat(many.isToLook(1_000, Set.of(1L, 2L))).as("all that is here").isTrue();
        many.looked(900);
        many.decide(1_350, List.of(1L, 2L, 3L), List.of(1L, 2L, 3L), Set.of(1L, 2L));
        assertThat(left(1, 2, 3)).containsExactly(1L, 2L, 3L);
        assertThat(many.toFetch(Set.of())).isEmpty();
    }

    @Test
    void decide_nearlyAllThatThereMayBeStay_thereIsAlwaysAnotherAttempt() {
        int attempts = 0;
        for (int voids = 0; voids <= Manifest.MAX_VOID_RANGES; voids++) {
            many.decide(voids, List.of(1L), List.of(1L), Set.of());
            if (many.isToBeWritten(1)) {
                attempts++;
                many.tried(1);
                many.looked(voids);
            }
        }
        assertThat(attempts).isBetween(20, 60);
        many.decide(Manifest.MAX_VOID_RANGES, List.of(1L), List.of(1L), Set.of());
        assertThat(left(1)).containsExactly(1L);
    }

    @Test
    void isToLook_twiceAsManyOrAnyWritten() {
        assertThat(many.isToLook(4_095, Set.of())).isFalse();
        assertThat(many.isToLook(4_096, Set.of())).isTrue();
        many.written();
        assertThat(many.isToLook(1, Set.of())).isTrue();
        many.looked(4_000);
        assertThat(many.isToLook(7_999, Set.of())).isFalse();
        assertThat(many.isToLook(8_000, Set.of())).isTrue();
    }
}
