package dev.streamwal.packing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.Window;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.shared.SharedRun;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RunPlanTest {

    private static final long MINUTE = TimeUnit.MINUTES.toMillis(1);
    private static final long RETENTION = TimeUnit.DAYS.toMillis(30);
    private static final long NOW = TimeUnit.DAYS.toMillis(20_000);
    private static final long HASH = 7;

    private static SharedRun.Span window(long endMillis) {
        return new SharedRun.Span(new Window(endMillis - MINUTE, endMillis), endMillis + RETENTION);
    }

    private static Map<SharedRun.Span, Long> minutes(int count, long hash) {
        Map<SharedRun.Span, Long> runs = new HashMap<>();
        for (int i = 0; i < count; i++) {
            runs.put(window(NOW - i * MINUTE), hash);
        }
        return runs;
    }

    private static Set<SharedRun.Span> packs(RunPlan plan, Map<SharedRun.Span, Long> runs) {
        Set<SharedRun.Span> packs = new HashSet<>();
        runs.keySet().forEach(run -> packs.add(plan.packOf(run)));
        return packs;
    }

    @Test
    void of_aWeekOfMinutes_isAHundredPacksAsTheyWouldBeMerged() {
        Map<SharedRun.Span, Long> runs = minutes(7 * 24 * 60, HASH);
        RunPlan plan = RunPlan.of(runs, NOW, MINUTE);
        assertThat(plan.joinsAny()).isTrue();
        assertThat(packs(plan, runs)).hasSizeLessThan(100);
        runs.keySet().forEach(run -> {
            SharedRun.Span pack = plan.packOf(run);
            assertThat(plan.optionsHash(pack)).isEqualTo(HASH);
            assertThat(pack.window().startMillis()).isLessThanOrEqualTo(run.window().startMillis());
            assertThat(pack.window().endMillis()).isGreaterThanOrEqualTo(run.window().endMillis());
            // expires no earlier, and by no more than a span later
            assertThat(pack.expirationMillis() - run.expirationMillis()).isBetween(0L, RETENTION / MergePlan.SPANS);
            // of several windows is only what is over: a stream goes on in the window of its last record there
            assertThat(pack.equals(run) || pack.window().endMillis() + MINUTE <= NOW).isTrue();
            ListedPack written = new ListedPack(1, pack.window(), pack.expirationMillis(), HASH, 0, false, 1, 1, 1);
            assertThat(MergePlan.Span.longest(written)).isEqualTo(MergePlan.Span.longest(
                    new ListedPack(1, run.window(), run.expirationMillis(), HASH, 0, false, 1, 1, 1)));
        });
    }

    @Test
    void of_asManyWindowsAsAMergeTakes_joinsNone() {
        Map<SharedRun.Span, Long> runs = minutes(RunPlan.MAX_APART, HASH);
        RunPlan plan = RunPlan.of(runs, NOW, MINUTE);
        assertThat(plan.joinsAny()).isFalse();
        assertThat(packs(plan, runs)).isEqualTo(runs.keySet());
        assertThat(plan.optionsHash(window(NOW))).isEqualTo(HASH);
    }

    @Test
    void of_otherOptions_joinsNoneOfTheirWindows() {
        Map<SharedRun.Span, Long> runs = minutes(1_000, ListedPack.OTHER_OPTIONS);
        RunPlan plan = RunPlan.of(runs, NOW, MINUTE);
        assertThat(packs(plan, runs)).isEqualTo(runs.keySet());
        assertThat(runs.keySet()).allSatisfy(run -> assertThat(plan.optionsHash(run)).isEqualTo(ListedPack.OTHER_OPTIONS));
    }

    /** Whose windows are as long as a span of the others: nobody knows any more in which order what is in that pack expires. */
    @Test
    void of_otherOptionsGaveAWindowThatIsASpan_thePackIsOfOtherOptions() {
        Map<SharedRun.Span, Long> runs = minutes(7 * 24 * 60, HASH);
        RunPlan before = RunPlan.of(runs, NOW, MINUTE);
        SharedRun.Span span = before.packOf(window(NOW - TimeUnit.DAYS.toMillis(3)));
        runs.put(span, ListedPack.OTHER_OPTIONS);
        RunPlan plan = RunPlan.of(runs, NOW, MINUTE);
        assertThat(plan.packOf(span)).isEqualTo(span);
        assertThat(plan.optionsHash(span)).isEqualTo(ListedPack.OTHER_OPTIONS);
        assertThat(packs(plan, runs)).isEqualTo(packs(before, minutes(7 * 24 * 60, HASH)));
    }
}
