package dev.streamwal.reader;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LostRangesTest {

    private static final int POSITIONS = 60;

    @Test
    void add_randomRanges_isTheirUnion() {
        Random random = new Random(3);
        for (int run = 0; run < 500; run++) {
            LostRanges ranges = new LostRanges();
            BitSet lost = new BitSet();
            for (int i = 0; i < 12; i++) {
                int from = random.nextInt(POSITIONS);
                int to = from + 1 + random.nextInt(8);
                ranges.add("k", from, to);
                lost.set(from, to);
                assertThat(ranges.list()).isEqualTo(rangesOf(lost));
            }
            assertThat(ranges.isTruncated()).isFalse();
        }
    }

    private static List<LostRange> rangesOf(BitSet lost) {
        List<LostRange> ranges = new ArrayList<>();
        for (int from = lost.nextSetBit(0); from >= 0; from = lost.nextSetBit(lost.nextClearBit(from))) {
            ranges.add(new LostRange("k", from, lost.nextClearBit(from)));
        }
        return ranges;
    }

    @Test
    void behind_whereARangeBegins_isItsEnd() {
        LostRanges ranges = new LostRanges();
        ranges.add("k", 8, 16);
        ranges.add("k", 16, 32);
        assertThat(ranges.behind("k", 8)).isEqualTo(32);
        assertThat(ranges.behind("k", 16)).as("within it").isEqualTo(16);
        assertThat(ranges.behind("other", 8)).isEqualTo(8);
        assertThat(ranges.list()).hasSize(1);
    }

    @Test
    void add_oneTooMany_isLeftOutAndSaid() {
        LostRanges ranges = new LostRanges();
        for (int i = 0; i < LostRanges.MAX_RANGES; i++) {
            ranges.add(i % 2 == 0 ? "a" : "b", i * 16L, i * 16L + 8);
        }
        assertThat(ranges.isTruncated()).isFalse();
        ranges.add("c", 0, 8);
        assertThat(ranges.list()).hasSize(LostRanges.MAX_RANGES).noneMatch(range -> range.key().equals("c"));
        assertThat(ranges.isTruncated()).isTrue();
        ranges.add("a", 0, 40);
        assertThat(ranges.list()).as("ranges that touch still become one").hasSize(LostRanges.MAX_RANGES - 1)
                .contains(new LostRange("a", 0, 40));
    }
}
