package dev.streamwal.lookup;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ReadPlanTest {

    private static final int GAP = 2;

    /** A run as the model sees it: the bytes it covers, and which refs. */
    private record Run(long offset, long length, List<Integer> refs) {}

    @Test
    void plan_everyChoiceOfSmallRefs_isTheModels() {
        // every multiset of up to four refs with offsets 0..7 and sizes 1..3
        int kinds = 8 * 3;
        for (int count = 1; count <= 4; count++) {
            int[] chosen = new int[count];
            do {
                long[] offsets = new long[count];
                int[] sizes = new int[count];
                for (int i = 0; i < count; i++) {
                    offsets[i] = chosen[i] / 3;
                    sizes[i] = chosen[i] % 3 + 1;
                }
                check(offsets, sizes, GAP);
            } while (advance(chosen, kinds));
        }
    }

    private static boolean advance(int[] chosen, int kinds) {
        for (int i = chosen.length - 1; i >= 0; i--) {
            if (++chosen[i] < kinds) {
                return true;
            }
            chosen[i] = 0;
        }
        return false;
    }

    @Test
    void plan_randomRefs_isTheModels() {
        long seed = 20_260_101;
        Random random = new Random(seed);
        for (int round = 0; round < 500; round++) {
            int count = 1 + random.nextInt(2_000);
            long[] offsets = new long[count];
            int[] sizes = new int[count];
            int spread = 1 << (10 + random.nextInt(20));
            for (int i = 0; i < count; i++) {
                offsets[i] = 8L * random.nextInt(spread);
                sizes[i] = 32 + 8 * random.nextInt(random.nextInt(50) == 0 ? 300_000 : 64);
            }
            check(offsets, sizes, random.nextInt(8_192));
        }
    }

    @Test
    void plan_adjacentRefs_areOneRun() {
        int count = ReadPlan.MAX_RUN_ENTRIES;
        long[] offsets = new long[count];
        int[] sizes = new int[count];
        for (int i = 0; i < count; i++) {
            offsets[i] = 112 + 160L * i;
            sizes[i] = 160;
        }
        ReadPlan plan = planned(offsets, sizes, 0);
        assertThat(plan.runs()).isEqualTo(1);
        assertThat(plan.length(0)).isEqualTo(160 * count);
    }

    @Test
    void plan_duplicates_addNothing() {
        long[] offsets = new long[10_000];
        int[] sizes = new int[10_000];
        Arrays.fill(offsets, 4_096);
        Arrays.fill(sizes, 32 << 20);
        ReadPlan plan = planned(offsets, sizes, 4_096);
        assertThat(plan.runs()).isEqualTo(1);
        assertThat(plan.totalBytes()).isEqualTo(32 << 20);
    }

    @Test
    void plan_largeRecord_isARunOfItsOwn() {
        ReadPlan plan = planned(new long[] {0, 160, 160 + (8 << 20)}, new int[] {160, 8 << 20, 160}, 4_096);
        assertThat(plan.runs()).isEqualTo(3);
        assertThat(plan.length(1)).isEqualTo(8 << 20);
    }

    @Test
    void pack_extremes_areUnpacked() {
        long packed = ReadPlan.pack(Integer.MAX_VALUE, 65_535);
        assertThat(ReadPlan.offset(packed)).isEqualTo(Integer.MAX_VALUE);
        assertThat(ReadPlan.index(packed)).isEqualTo(65_535);
    }

    private static ReadPlan planned(long[] offsets, int[] sizes, int gap) {
        long[] packed = new long[offsets.length];
        Arrays.setAll(packed, i -> ReadPlan.pack(offsets[i], i));
        Arrays.sort(packed);
        ReadPlan plan = new ReadPlan(gap);
        plan.plan(packed, packed.length, sizes);
        return plan;
    }

    private static void check(long[] offsets, int[] sizes, int gap) {
        List<Run> expected = model(offsets, sizes, gap);
        long[] packed = new long[offsets.length];
        Arrays.setAll(packed, i -> ReadPlan.pack(offsets[i], i));
        Arrays.sort(packed);
        ReadPlan plan = new ReadPlan(gap);
        plan.plan(packed, packed.length, sizes);
        List<Run> actual = new ArrayList<>();
        long total = 0;
        for (int run = 0; run < plan.runs(); run++) {
            List<Integer> refs = new ArrayList<>();
            for (int i = plan.firstRef(run); i < plan.endRef(run); i++) {
                refs.add(ReadPlan.index(packed[i]));
            }
            actual.add(new Run(plan.offset(run), plan.length(run), refs));
            total += plan.length(run);
        }
        if (!actual.equals(expected) || total != plan.totalBytes()) {
            assertThat(actual).as("offsets=%s sizes=%s gap=%s", Arrays.toString(offsets), Arrays.toString(sizes), gap).isEqualTo(expected);
            assertThat(plan.totalBytes()).isEqualTo(total);
        }
    }

    /** The rules said plainly: one ref after the other, each into the last run if that may grow so far. */
    private static List<Run> model(long[] offsets, int[] sizes, int gap) {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < offsets.length; i++) {
            order.add(i);
        }
        order.sort((a, b) -> offsets[a] != offsets[b] ? Long.compare(offsets[a], offsets[b]) : Integer.compare(a, b));
        List<Run> runs = new ArrayList<>();
        for (int ref : order) {
            Run last = runs.isEmpty() ? null : runs.get(runs.size() - 1);
            long end = offsets[ref] + sizes[ref];
            if (last != null && end <= last.offset + last.length) {
                last.refs.add(ref);
            } else if (last != null && offsets[ref] - last.offset - last.length <= gap && last.refs.size() < 512
                    && end - last.offset <= 1 << 20) {
                last.refs.add(ref);
                runs.set(runs.size() - 1, new Run(last.offset, end - last.offset, last.refs));
            } else {
                runs.add(new Run(offsets[ref], sizes[ref], new ArrayList<>(List.of(ref))));
            }
        }
        return runs;
    }
}
