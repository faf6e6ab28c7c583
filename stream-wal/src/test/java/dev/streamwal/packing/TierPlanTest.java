package dev.streamwal.packing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.Window;
import dev.streamwal.manifest.ListedPack;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TierPlanTest {

    private static final long WINDOW = 100;
    private static final long SETTLE = 10;
    private static final MergePlan.Limits LIMITS = new MergePlan.Limits(4, 1_000, SETTLE, true, pack -> 0);

    private long lastNumber;

    private ListedPack pack(long start, long end, long retention, boolean isCompressed, long bytes) {
        return new ListedPack(++lastNumber, new Window(start, end), end + retention, 7, 0, isCompressed, bytes, 3, 1);
    }

    private ListedPack pack(int window, long bytes) {
        return pack(window * WINDOW, (window + 1) * WINDOW, 1_000, true, bytes);
    }

    private static List<ListedPack> plan(List<ListedPack> here, List<ListedPack> inTier, long now, long after) {
        return TierPlan.of(here, inTier, now, after, LIMITS);
    }

    @Test
    void of_aPack_goesWhenItIsOldAndFinal() {
        List<ListedPack> one = List.of(pack(0, 50));
        assertThat(plan(one, List.of(), 100 + 30 - 1, 30)).as("too young").isEmpty();
        assertThat(plan(one, List.of(), 100 + 30, 30)).isEqualTo(one);
        assertThat(plan(one, List.of(), 100 + SETTLE - 1, 0)).as("more may come of its window").isEmpty();
        assertThat(plan(one, List.of(), 100 + SETTLE, 0)).isEqualTo(one);
        assertThat(plan(one, List.of(), 1_100, 0)).as("expired").isEmpty();
    }

    @Test
    void of_packsThatAreMergedOrCompressedFirst_waitButNotForEver() {
        List<ListedPack> two = List.of(pack(0, 50), pack(0, 60));
        assertThat(plan(two, List.of(), 150, 0)).as("will be one").isEmpty();
        assertThat(plan(two, List.of(), 100 + 2 * WINDOW - 1, 0)).isEmpty();
        assertThat(plan(two, List.of(), 100 + 2 * WINDOW, 0)).as("they aren't merged, for whatever reason").isEqualTo(two);
        List<ListedPack> plain = List.of(pack(0, WINDOW, 1_000, false, 50));
        assertThat(plan(plain, List.of(), 150, 0)).as("will be compressed").isEmpty();
        assertThat(plan(plain, List.of(), 100 + 2 * WINDOW, 0)).isEqualTo(plain);
    }

    /** Windows of 10 kept for 32,000: packs of 1,000 are made of them. */
    @Test
    void of_shortWindows_waitForTheirSpan() {
        ListedPack early = pack(0, 10, 32_000, true, 50);
        assertThat(plan(List.of(early), List.of(), 900, 0)).isEmpty();
        assertThat(plan(List.of(early), List.of(), 1_000 + SETTLE, 0)).containsExactly(early);
    }

    @Test
    void of_aLatePack_staysUnlessItHasAFourthOfWhatIsThere() {
        ListedPack there = pack(0, 400);
        assertThat(plan(List.of(pack(0, 99)), List.of(there), 500, 0)).isEmpty();
        assertThat(plan(List.of(pack(0, 100)), List.of(there), 500, 0)).hasSize(1);
        assertThat(plan(List.of(pack(1, 1)), List.of(there), 500, 0)).as("of another window").hasSize(1);
        assertThat(plan(List.of(pack(0, 110)), List.of(there, pack(0, 100)), 500, 0)).as("a fourth of both together").isEmpty();
    }

    /** However late data come: of each span the number of packs in the tier grows as the logarithm of its bytes. */
    @Test
    void of_dataThatComeLateForEver_areFewPacksInTheTier() {
        Random random = new Random(3);
        List<ListedPack> inTier = new ArrayList<>();
        List<ListedPack> here = new ArrayList<>();
        long bytes = 0;
        for (int round = 0; round < 2_000; round++) {
            ListedPack late = pack(0, 1 + random.nextInt(100));
            bytes += late.bytes();
            // what is here is merged with it
            long together = here.stream().mapToLong(ListedPack::bytes).sum() + late.bytes();
            here.clear();
            here.add(pack(0, together));
            List<ListedPack> going = plan(here, inTier, 500, 0);
            here.removeAll(going);
            inTier.addAll(going);
        }
        assertThat(inTier.stream().mapToLong(ListedPack::bytes).sum()).isGreaterThan(bytes / 2);
        assertThat(inTier).hasSizeLessThan(2 + (int) (Math.log((double) bytes) / Math.log(1.25)));
    }

    @Test
    void of_randomPacks_onlyThoseThatAreHereAndInOrder() {
        for (int seed = 0; seed < 2_000; seed++) {
            Random random = new Random(seed);
            List<ListedPack> here = new ArrayList<>();
            List<ListedPack> inTier = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                ListedPack pack = pack(random.nextInt(4) * WINDOW, 400 + random.nextInt(2) * WINDOW, 200 + random.nextInt(3) * 400, random.nextBoolean(),
                        1 + random.nextInt(300));
                (random.nextBoolean() ? here : inTier).add(pack);
            }
            long now = random.nextInt(2_000);
            long after = random.nextInt(300);
            List<ListedPack> going = plan(here, inTier, now, after);
            Set<ListedPack> rest = new HashSet<>(here);
            assertThat(rest).containsAll(going);
            assertThat(going).allMatch(pack -> pack.window().endMillis() + after <= now && pack.expirationMillis() > now).doesNotHaveDuplicates();
            assertThat(plan(here, inTier, now, after)).isEqualTo(going);
        }
    }
}
