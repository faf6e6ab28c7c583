package dev.streamwal.packing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.Window;
import dev.streamwal.manifest.ListedPack;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class MergePlanTest {

    private static final long WINDOW = 100;
    private static final long SETTLE = 10;
    private static final MergePlan.Limits LIMITS = new MergePlan.Limits(4, 1_000, SETTLE, false, pack -> 0);

    private long lastNumber;

    private ListedPack pack(int window, int retention, int options, int level, long bytes, long segments) {
        return pack(window, retention, options, level, false, bytes, segments);
    }

    private ListedPack pack(int window, int retention, int options, int level, boolean isCompressed, long bytes, long segments) {
        long start = window * WINDOW;
        return new ListedPack(++lastNumber, new Window(start, start + WINDOW), start + WINDOW + retention, options, level, isCompressed, bytes, segments, 1);
    }

    @Test
    void of_randomPacks_onlyThoseThatBelongTogetherAndFit() {
        for (int seed = 0; seed < 3_000; seed++) {
            Random random = new Random(seed);
            MergePlan.Limits limits = new MergePlan.Limits(2 + random.nextInt(5), 1 + random.nextInt(60), random.nextInt(50), random.nextBoolean(), pack -> 0);
            List<ListedPack> packs = new ArrayList<>();
            for (int i = random.nextInt(30); i > 0; i--) {
                packs.add(pack(random.nextInt(3), random.nextInt(2), random.nextInt(2), random.nextInt(3), random.nextBoolean(), 1 + random.nextInt(500),
                        1 + random.nextInt(20)));
            }
            Set<Long> merged = new HashSet<>();
            long nowMillis = random.nextInt(400);
            for (List<ListedPack> merge : plan(packs, nowMillis, limits)) {
                ListedPack first = merge.get(0);
                assertThat(merge).hasSizeBetween(1, limits.maxPacks()).isSortedAccordingTo(Comparator.comparingLong(ListedPack::number));
                assertThat(merge.size() > 1 || (limits.compresses() && !first.isCompressed() && MergePlan.isOver(first.window(), nowMillis, limits)))
                        .as("one alone is to be compressed").isTrue();
                assertThat(merge.size() == 1 || merge.stream().mapToLong(ListedPack::segments).sum() <= limits.maxSegments()).isTrue();
                assertThat(merge).allSatisfy(pack -> {
                    assertThat(pack.window()).isEqualTo(first.window());
                    assertThat(pack.expirationMillis()).isEqualTo(first.expirationMillis());
                    assertThat(pack.optionsHash()).isEqualTo(first.optionsHash());
                    assertThat(merged.add(pack.number())).as("pack %s is merged once", pack.number()).isTrue();
                });
            }
        }
    }

    /** Without what they become. */
    private static List<List<ListedPack>> plan(List<ListedPack> packs, long nowMillis, MergePlan.Limits limits) {
        return MergePlan.of(packs, nowMillis, limits).stream().map(MergePlan.Merge::packs).toList();
    }

    /** Until there is nothing to be merged; how many bytes that has written. */
    private long mergeAll(List<ListedPack> packs, long nowMillis, MergePlan.Limits limits) {
        long written = 0;
        for (List<MergePlan.Merge> merges = MergePlan.of(packs, nowMillis, limits); !merges.isEmpty(); merges = MergePlan.of(packs, nowMillis, limits)) {
            for (MergePlan.Merge each : merges) {
                List<ListedPack> merge = each.packs();
                ListedPack first = merge.get(0);
                long bytes = merge.stream().mapToLong(ListedPack::bytes).sum();
                packs.removeAll(merge);
                packs.add(new ListedPack(++lastNumber, each.window(), each.expirationMillis(), first.optionsHash(),
                        merge.stream().mapToInt(ListedPack::level).max().orElseThrow() + 1, limits.compresses(), bytes,
                        merge.stream().mapToLong(ListedPack::segments).sum(), 1));
                written += bytes;
            }
        }
        return written;
    }

    @Test
    void of_openWindow_fewOfEachLevelStay_andEachRecordIsMergedOnceALevel() {
        List<ListedPack> packs = new ArrayList<>();
        long written = 0;
        int count = 4 * 4 * 4 * 4;
        for (int i = 1; i <= count; i++) {
            packs.add(pack(0, 0, 1, 0, 10, 1));
            written += mergeAll(packs, WINDOW + SETTLE - 1, LIMITS);
            for (int level = 0; level < 5; level++) {
                int ofLevel = level;
                assertThat(packs.stream().filter(pack -> pack.level() == ofLevel)).hasSizeLessThan(LIMITS.maxPacks());
            }
        }
        assertThat(packs).hasSize(1);
        assertThat(written).isEqualTo(4L * count * 10);
    }

    @Test
    void of_windowThatIsOver_allBecomeOne() {
        List<ListedPack> packs = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            packs.add(pack(0, 0, 1, 0, 10 + i, 1));
        }
        assertThat(plan(packs, WINDOW + SETTLE - 1, LIMITS)).isEmpty();

        assertThat(plan(packs, WINDOW + SETTLE, LIMITS)).containsExactly(List.copyOf(packs));
    }

    /** What comes late doesn't have a large pack written again each time. */
    @Test
    void of_windowThatIsOver_smallOnesWaitUntilTheyAreAFourth() {
        MergePlan.Limits limits = new MergePlan.Limits(64, 1_000, SETTLE, false, pack -> 0);
        for (int seed = 0; seed < 500; seed++) {
            Random random = new Random(seed);
            List<ListedPack> packs = new ArrayList<>();
            long all = 0;
            long written = 0;
            for (int i = 0; i < 300; i++) {
                ListedPack late = pack(0, 0, 1, 0, 1 + random.nextInt(10) * (long) Math.pow(10, random.nextInt(4)), 1);
                packs.add(late);
                all += late.bytes();
                written += mergeAll(packs, 10 * WINDOW, limits);
                packs.sort(Comparator.comparingLong(ListedPack::bytes));
                long smaller = packs.get(0).bytes();
                for (int p = 1; p < packs.size(); p++) {
                    assertThat(packs.get(p).bytes()).isGreaterThan(MergePlan.MAX_RATIO * smaller);
                    smaller += packs.get(p).bytes();
                }
            }
            // each time a record is merged its pack grows by a fourth
            assertThat(written).isLessThan((long) (all * (1 + Math.log((double) all) / Math.log(1.25))));
        }
    }

    /** What is written raw is compressed once, when its window is over, whatever it is merged with. */
    @Test
    void of_windowThatIsOver_whatStandsAsItIsIsCompressed() {
        MergePlan.Limits limits = new MergePlan.Limits(4, 1_000, SETTLE, true, pack -> 0);
        ListedPack alone = pack(0, 0, 1, 0, 10, 1);
        assertThat(plan(List.of(alone), WINDOW + SETTLE - 1, limits)).isEmpty();
        assertThat(plan(List.of(alone), WINDOW + SETTLE, limits)).containsExactly(List.of(alone));
        assertThat(plan(List.of(alone), WINDOW + SETTLE, LIMITS)).isEmpty();
        // one that is much larger than those that are merged by size isn't forgotten, and as it is written anew they join it
        List<ListedPack> packs = List.of(pack(0, 0, 1, 1, true, 10, 1), pack(0, 0, 1, 1, true, 10, 1), pack(0, 0, 1, 0, 1_000, 1),
                pack(0, 0, 1, 1, true, 5_000, 1));
        assertThat(plan(packs, WINDOW + SETTLE, limits)).containsExactly(packs.subList(0, 3));
        for (int seed = 0; seed < 500; seed++) {
            Random random = new Random(seed);
            List<ListedPack> some = new ArrayList<>();
            for (int i = random.nextInt(20); i >= 0; i--) {
                some.add(pack(0, 0, 1, random.nextInt(3), random.nextBoolean(), 1 + random.nextInt(5_000), 1 + random.nextInt(2_000)));
            }
            long all = some.stream().mapToLong(ListedPack::bytes).sum();
            assertThat(mergeAll(some, 10 * WINDOW, limits)).isLessThan(40 * all);
            assertThat(some).allMatch(ListedPack::isCompressed);
        }
    }

    /** While a window isn't over, more of a level than fit into one pack don't wait for as many as a merge takes. */
    @Test
    void of_openWindow_asManyAsFitBecomeOne() {
        List<ListedPack> packs = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            assertThat(plan(packs, 0, new MergePlan.Limits(64, 10, SETTLE, true, pack -> 0))).isEmpty();
            packs.add(pack(0, 0, 1, 0, 10 + i, 4));
        }
        assertThat(plan(packs, 0, new MergePlan.Limits(64, 10, SETTLE, true, pack -> 0))).containsExactly(packs.subList(0, 2));
    }

    /** Of an open window: its packs have so many segments each, tables of so many bytes, and bytes in all. Merged are the first of them; 0 for none. */
    private int mergedOfOpenWindow(long segments, long tableBytes, long bytes, int count) {
        List<ListedPack> packs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            packs.add(pack(0, 0, 1, 0, bytes, segments));
        }
        List<List<ListedPack>> merges = plan(packs, 0, new MergePlan.Limits(64, 100, SETTLE, true, pack -> tableBytes));
        assertThat(merges.isEmpty() || merges.equals(List.of(packs.subList(0, merges.get(0).size())))).isTrue();
        return merges.isEmpty() ? 0 : merges.get(0).size();
    }

    @Test
    void of_openWindow_mergesWhatFillsMoreThanHalfAPackAndIsShort() {
        long max = MergePlan.MAX_TABLE_BYTES;
        long[] few = {1, max / 3};
        long[] many = {40, max / 3};
        assertThat(mergedOfOpenWindow(few[0], few[1], 100, 3)).as("all fit").isZero();
        assertThat(mergedOfOpenWindow(few[0], few[1], 100, 4)).isEqualTo(3);
        assertThat(mergedOfOpenWindow(few[0], few[1], MergePlan.LONG_SEGMENT_BYTES, 4)).as("long segments").isZero();
        assertThat(mergedOfOpenWindow(few[0], few[1], MergePlan.LONG_SEGMENT_BYTES - 1, 4)).isEqualTo(3);
        assertThat(mergedOfOpenWindow(few[0], max / 2, 100, 3)).as("two tables fit to the byte").isEqualTo(2);
        assertThat(mergedOfOpenWindow(many[0], many[1], 100, 2)).isZero();
        assertThat(mergedOfOpenWindow(many[0], many[1], 100, 3)).isEqualTo(2);
        assertThat(mergedOfOpenWindow(50, 0, 100, 3)).as("two have as many segments as fit").isEqualTo(2);
        assertThat(mergedOfOpenWindow(51, 0, 100, 3)).as("no two fit").isZero();
    }

    /** Of two small ones and a large one that doesn't fit beside them, the small ones wait for more if they fill no more than half a pack. */
    @Test
    void of_openWindow_whatFillsHalfAPackWaits() {
        long max = MergePlan.MAX_TABLE_BYTES;
        for (int more = 0; more < 2; more++) {
            ListedPack first = pack(0, 0, 1, 0, 10, 25);
            ListedPack second = pack(0, 0, 1, 0, 20, 25 + more);
            ListedPack large = pack(0, 0, 1, 0, 30, 90);
            List<ListedPack> packs = List.of(first, second, large);
            assertThat(plan(packs, 0, new MergePlan.Limits(64, 100, SETTLE, true, pack -> 0))).hasSize(more);
            long tableBytes = max / 4 + more;
            assertThat(plan(packs, 0, new MergePlan.Limits(64, 1_000, SETTLE, true, pack -> pack.equals(large) ? max : tableBytes))).hasSize(more);
        }
    }

    /** Packs that are as large as one may be stay, and the others are merged beside them. */
    @Test
    void of_packsThatAreFull_areLeft() {
        List<ListedPack> packs = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            packs.add(pack(0, 0, 1, 2, 1_000, LIMITS.maxSegments()));
        }
        List<ListedPack> small = List.of(pack(0, 0, 1, 0, 100, 10), pack(0, 0, 1, 0, 100, 10));
        packs.addAll(small);

        assertThat(plan(packs, 10 * WINDOW, LIMITS)).containsExactly(small);
    }

    /** The same for packs whose keys are long: they fill a table with fewer segments. A table that is larger than any that is written now is left alone. */
    @Test
    void of_packsWhoseTablesDontFitOne_areLeft() {
        List<ListedPack> small = List.of(pack(0, 0, 1, 0, 300, 10), pack(0, 0, 1, 0, 300, 10));
        List<ListedPack> large = List.of(pack(0, 0, 1, 2, 1_000, 20), pack(0, 0, 1, 2, 1_000, 20));
        List<ListedPack> packs = new ArrayList<>(small);
        packs.addAll(large);
        long max = MergePlan.MAX_TABLE_BYTES;

        assertThat(plan(packs, 10 * WINDOW, limits(large, max / 2))).containsExactly(List.of(small.get(0), small.get(1), large.get(0)));
        assertThat(plan(packs, 10 * WINDOW, limits(large, max))).containsExactly(small);
        assertThat(plan(large, 10 * WINDOW, limits(large, max))).as("each is compressed alone").containsExactly(List.of(large.get(0)));
        assertThat(plan(large, 10 * WINDOW, limits(large, max + 1))).isEmpty();
    }

    private static MergePlan.Limits limits(List<ListedPack> large, long tableBytes) {
        return new MergePlan.Limits(4, 1_000, SETTLE, true, pack -> large.contains(pack) ? tableBytes : 1);
    }

    private static final long DAY = 86_400_000;

    private ListedPack pack(long endMillis, long lengthMillis, long retentionMillis, long bytes) {
        return new ListedPack(++lastNumber, new Window(endMillis - lengthMillis, endMillis), endMillis + retentionMillis, 1, 1, true, bytes, 1, 1);
    }

    /** Whatever windows and retention there are: the packs of a retention are few, nothing is written often, or expires much later than its window. */
    @Tag("exhaustive")
    @Test
    void of_windowsOfAnyLength_fewPacksARetention() {
        MergePlan.Limits limits = new MergePlan.Limits(64, 1_000_000, SETTLE, true, pack -> 0);
        for (long[] each : new long[][] {{60_000, 30 * DAY}, {10_000, 30 * DAY}, {10_000, DAY}, {7_000, 5 * DAY}, {DAY, 20_000 * DAY}}) {
            long window = each[0];
            long retention = each[1];
            List<ListedPack> packs = new ArrayList<>();
            long written = 0;
            long windows = Math.min(retention / window + retention / window / 8, 50_000);
            Random random = new Random(windows);
            int most = 0;
            for (long i = 1; i <= windows; i++) {
                long end = 1_000 * DAY / window * window + i * window;
                packs.add(pack(end, window, retention, 50 + random.nextInt(100)));
                if (random.nextInt(10) == 0) {
                    packs.add(pack(end - random.nextInt((int) Math.min(1_000, i)) * window, window, retention, 1));
                }
                if (i % 32 == 0) {
                    written += mergeAll(packs, end + SETTLE, limits);
                    packs.removeIf(pack -> pack.expirationMillis() <= end);
                    most = Math.max(most, packs.size());
                }
            }
            long few = 8 * MergePlan.SPANS * Math.max(1, retention / MergePlan.MAX_RETENTION_MILLIS);
            assertThat((long) most).as("window=%s, retention=%s", window, retention).isLessThan(few);
            assertThat(written).isLessThan(7 * windows * 100);
            assertThat(packs).allSatisfy(pack -> {
                assertThat(pack.expirationMillis() - pack.window().endMillis()).isEqualTo(retention);
                assertThat(pack.window().endMillis() - pack.window().startMillis()).isLessThanOrEqualTo(Math.max(window, retention / MergePlan.SPANS * 3 / 2));
            });
        }
    }

    /** At the defaults a window is a hundredth of the retention, and four of them make a pack. Whoever chooses one that is longer gets a pack for each. */
    @Test
    void of_windowsThatAreLongBesideTheRetention_stayApart() {
        MergePlan.Limits limits = new MergePlan.Limits(64, 1_000_000, SETTLE, true, pack -> 0);
        List<ListedPack> packs = new ArrayList<>();
        for (int i = 1; i <= 60; i++) {
            packs.add(pack(i * DAY / 2, DAY / 2, 30 * DAY, 100));
        }
        assertThat(plan(packs, 60 * DAY, limits)).isEmpty();

        packs.clear();
        for (int i = 1; i <= 120; i++) {
            packs.add(pack(i * DAY / 4, DAY / 4, 30 * DAY, 100));
        }
        mergeAll(packs, 60 * DAY, limits);
        assertThat(packs).hasSizeBetween(MergePlan.SPANS, MergePlan.SPANS + 1);
    }

    /** What comes late to a span that is merged already makes few packs there, and doesn't have it written again each time. */
    @Test
    void of_lateOnes_joinTheirSpan() {
        MergePlan.Limits limits = new MergePlan.Limits(64, 1_000_000, SETTLE, true, pack -> 0);
        long retention = 30 * DAY;
        List<ListedPack> packs = new ArrayList<>();
        long span = retention / MergePlan.SPANS;
        long all = 0;
        long written = 0;
        Random random = new Random(3);
        for (int i = 0; i < 3_000; i++) {
            long end = span * 10 + (1 + random.nextInt((int) (span / 60_000) - 1)) * 60_000L;
            packs.add(pack(end, 60_000, retention, 1 + random.nextInt(100)));
            all += packs.get(packs.size() - 1).bytes();
            written += mergeAll(packs, 15 * DAY, limits);
        }
        assertThat(packs).hasSizeLessThan(16);
        assertThat(written).isLessThan((long) (all * (1 + Math.log((double) all) / Math.log(1.25))));
    }

    /** With a retention of 3,200 ms a span takes 100. */
    private ListedPack ofSpans(long start, long end) {
        return new ListedPack(++lastNumber, new Window(start, end), end + 3_200, 1, 0, false, 10, 1, 1);
    }

    private boolean isOfSpanUpTo1000(long start, long end) {
        ListedPack short1 = ofSpans(980, 990);
        ListedPack other = ofSpans(start, end);
        return plan(List.of(short1, other), 1_000, new MergePlan.Limits(4, 1_000, 0, false, pack -> 0)).equals(List.of(List.of(short1, other)));
    }

    @Test
    void span_hasWindowsUpToHalfOfIt_andWhatWasMergedUpToItsEnd() {
        assertThat(isOfSpanUpTo1000(900, 950)).isTrue();
        assertThat(isOfSpanUpTo1000(899, 950)).isFalse();
        assertThat(isOfSpanUpTo1000(895, 901)).isTrue();
        assertThat(isOfSpanUpTo1000(890, 900)).isFalse();
        assertThat(isOfSpanUpTo1000(900, 1_000)).isTrue();
        assertThat(isOfSpanUpTo1000(901, 1_000)).isFalse();
        assertThat(isOfSpanUpTo1000(800, 1_000)).isTrue();
        assertThat(isOfSpanUpTo1000(799, 1_000)).isFalse();
        assertThat(isOfSpanUpTo1000(895, 999)).isFalse();
    }

    @Test
    void span_isMergedWhenItIsOverAndHasSettled() {
        List<ListedPack> packs = List.of(ofSpans(910, 920), ofSpans(980, 990));
        MergePlan.Limits limits = new MergePlan.Limits(4, 1_000, 7, false, pack -> 0);
        assertThat(MergePlan.of(packs, 1_006, limits)).isEmpty();
        assertThat(MergePlan.of(packs, 1_007, limits)).containsExactly(new MergePlan.Merge(packs, new Window(900, 1_000), 4_200));
    }
}
