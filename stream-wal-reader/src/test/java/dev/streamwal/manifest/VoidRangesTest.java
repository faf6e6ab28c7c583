package dev.streamwal.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.StreamKey;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class VoidRangesTest {

    private static final int KEYS = 400;

    private static VoidRange random(Random random) {
        int from = random.nextInt(20);
        return new VoidRange(StreamKey.of("key-" + random.nextInt(KEYS)), from, from + 1 + random.nextInt(20), 1 + random.nextInt(10), random.nextInt(3));
    }

    /** As a list of all of them, from which those go that a new one covers. */
    @Test
    void with_randomOnes_asAListOfThem() {
        Random random = new Random(5);
        for (int run = 0; run < 5; run++) {
            VoidRanges ranges = VoidRanges.NONE;
            VoidRanges.Draft draft = new VoidRanges.Draft(ranges);
            List<VoidRange> all = new ArrayList<>();
            for (int step = 0; step < 300; step++) {
                VoidRanges before = ranges;
                Set<VoidRange> known = new HashSet<>(all);
                if (random.nextInt(60) == 0) {
                    int least = random.nextInt(4);
                    ranges = ranges.only(range -> range.packsBelow() > least);
                    draft.keep(range -> range.packsBelow() > least);
                    all.removeIf(range -> range.packsBelow() <= least);
                } else {
                    List<VoidRange> more = new ArrayList<>();
                    for (int i = random.nextInt(random.nextInt(10) == 0 ? 100 : 3); i >= 0; i--) {
                        more.add(random(random));
                    }
                    for (VoidRange range : more) {
                        all.removeIf(range::covers);
                        all.add(range);
                    }
                    ranges = ranges.with(more);
                    draft.add(more);
                }
                assertThat(ranges.count()).isEqualTo(all.size());
                assertThat(ranges.since(before)).containsExactlyInAnyOrderElementsOf(all.stream().filter(range -> !known.contains(range)).toList());
                assertThat(all).allMatch(range -> range.packsBelow() >= draft.leastPacksBelow());
                for (VoidRange range : step % 50 == 0 ? all : List.<VoidRange>of()) {
                    assertThat(ranges.of(range.key())).contains(range);
                    assertThat(range.packsBelow()).isBetween(ranges.leastPacksBelow(), ranges.packsBelow());
                }
            }
            assertThat(ranges.all()).containsExactlyInAnyOrderElementsOf(all);
            assertThat(draft.all()).containsExactlyInAnyOrderElementsOf(all);
            assertThat(ranges.keys()).containsExactlyInAnyOrderElementsOf(all.stream().map(VoidRange::key).distinct().toList());
            assertThat(VoidRanges.of(all).since(ranges)).isEmpty();
        }
    }
}
