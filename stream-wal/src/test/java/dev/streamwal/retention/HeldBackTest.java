package dev.streamwal.retention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.retention.ExpiryPlan.Cause;
import dev.streamwal.retention.ExpiryPlan.Deletion;
import dev.streamwal.retention.ExpiryPlan.Segment;
import dev.streamwal.retention.ExpiryPlan.Stream;
import dev.streamwal.retention.HeldBack.Due;
import dev.streamwal.retention.HeldBack.Hold;
import dev.streamwal.retention.HeldBack.Outcome;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class HeldBackTest {

    private static final long NOW = 10;
    private static final long NONE = Long.MAX_VALUE;
    /** Of positions that a segment takes. */
    private static final long SPAN = 8;

    @Tag("exhaustive")
    @Test
    void of_oneStreamOfUpToThreeSegmentsAndTwoHolds_asTheRulesSay() {
        List<List<Hold>> holds = holds();
        int checked = 0;
        for (List<Segment> segments : contents(3)) {
            for (long maxBytes : new long[] {1, 3, NONE}) {
                for (long maxTotalBytes : new long[] {2, NONE}) {
                    List<Stream> streams = List.of(new Stream("a", maxBytes, segments));
                    List<Deletion> plan = ExpiryPlan.of(NOW, maxTotalBytes, streams);
                    if (!plan.isEmpty()) {
                        for (List<Hold> held : holds) {
                            check(streams, plan, Map.of("a", held));
                            checked++;
                        }
                    }
                }
            }
        }
        assertThat(checked).isGreaterThan(200_000);
    }

    @Test
    void of_manyRandomStreamsAndHolds_asTheRulesSay() {
        Random random = new Random(11);
        for (int run = 0; run < 3_000; run++) {
            List<Stream> streams = new ArrayList<>();
            Map<String, List<Hold>> holds = new HashMap<>();
            for (int s = random.nextInt(6); s > 0; s--) {
                List<Segment> segments = new ArrayList<>();
                for (int i = random.nextInt(8); i > 0; i--) {
                    segments.add(new Segment(SPAN * segments.size(), random.nextInt(20), random.nextInt(6), random.nextInt(10),
                            random.nextInt(8) != 0));
                }
                streams.add(new Stream("s" + s, random.nextBoolean() ? NONE : 1 + random.nextInt(40), segments));
                List<Hold> held = new ArrayList<>();
                for (int h = random.nextInt(4); h > 0; h--) {
                    held.add(new Hold(random.nextInt(70), 1 + random.nextInt(40), random.nextInt(15)));
                }
                holds.put("s" + s, held);
            }
            check(streams, ExpiryPlan.of(NOW, 1 + random.nextInt(100), streams), holds);
        }
    }

    /** None, one or two of every small one: how far committed, in the middle of a segment too; how much; how long. */
    private static List<List<Hold>> holds() {
        List<Hold> each = new ArrayList<>();
        for (long committed : new long[] {0, SPAN, 2 * SPAN + 4, 3 * SPAN}) {
            for (long maxBytes : new long[] {1, 2, 3, NONE}) {
                for (long maxTime : new long[] {0, 1, 2, NONE}) {
                    each.add(new Hold(committed, maxBytes, maxTime));
                }
            }
        }
        List<List<Hold>> all = new ArrayList<>(List.of(List.of()));
        for (int i = 0; i < each.size(); i++) {
            all.add(List.of(each.get(i)));
            // two, where neither says it all
            for (int j = i + 1; j < each.size(); j += 37) {
                all.add(List.of(each.get(i), each.get(j)));
            }
        }
        return all;
    }

    /** Every stream of up to so many segments: expired for long, just now, or not; small or large; sealed or not. */
    private static List<List<Segment>> contents(int maxSegments) {
        List<List<Segment>> out = new ArrayList<>(List.of(List.of()));
        for (int from = 0, length = 1; length <= maxSegments; length++) {
            int to = out.size();
            for (int i = from; i < to; i++) {
                for (int kind = 0; kind < 9; kind++) {
                    List<Segment> longer = new ArrayList<>(out.get(i));
                    boolean unsealed = kind == 8;
                    longer.add(new Segment(SPAN * longer.size(), NOW - 2 + kind % 4, longer.size(), 1 + (kind >> 2 & 1), !unsealed));
                    out.add(longer);
                }
            }
            from = to;
        }
        return out;
    }

    private static void check(List<Stream> streams, List<Deletion> plan, Map<String, List<Hold>> holds) {
        List<Due> dues = plan.stream().map(deletion -> new Due(deletion, end(deletion.segment()))).toList();
        Outcome outcome = HeldBack.of(NOW, dues, holds);
        if (!isAsTheRulesSay(streams, plan, holds, outcome)) {
            assertThat(outcome).as("plan=%s holds=%s", plan, holds).isNull();
        }
    }

    private static long end(Segment segment) {
        return segment.basePosition() + SPAN;
    }

    private static boolean isAsTheRulesSay(
            List<Stream> streams, List<Deletion> plan, Map<String, List<Hold>> holds, Outcome outcome) {
        boolean inOrder = outcome.deletions().equals(plan.stream().filter(outcome.deletions()::contains).toList());
        long heldBytes = plan.stream().filter(d -> !outcome.deletions().contains(d)).mapToLong(d -> d.segment().bytes()).sum();
        boolean counted = outcome.segments() == plan.size() - outcome.deletions().size() && outcome.bytes() == heldBytes;
        return inOrder && counted && streams.stream().allMatch(stream -> isAsTheRulesSay(
                due(plan, stream.key()), due(outcome.deletions(), stream.key()).size(), holds.getOrDefault(stream.key(), List.of())));
    }

    private static List<Segment> due(List<Deletion> deletions, String key) {
        return deletions.stream().filter(deletion -> deletion.key().equals(key)).map(Deletion::segment).toList();
    }

    /** What goes is the beginning of what was to go; none of it is held by anybody, and the first that stays is. */
    private static boolean isAsTheRulesSay(List<Segment> due, int gone, List<Hold> holds) {
        for (int i = 0; i < gone; i++) {
            if (isHeld(due, i, holds)) {
                return false;
            }
        }
        return gone == due.size() || isHeld(due, gone, holds);
    }

    private static boolean isHeld(List<Segment> due, int index, List<Hold> holds) {
        long bytes = due.subList(index, due.size()).stream().mapToLong(Segment::bytes).sum();
        Segment segment = due.get(index);
        for (Hold hold : holds) {
            boolean wanted = hold.committed() < end(segment);
            boolean intime = hold.maxTimeMillis() == NONE || NOW < segment.expirationMillis() + hold.maxTimeMillis();
            if (wanted && intime && bytes <= hold.maxBytes()) {
                return true;
            }
        }
        return false;
    }

    @Test
    void of_overTheLimitOfBytes_theOldestGoes() {
        Deletion oldest = deletion(0, 5, 4);
        Deletion newer = deletion(SPAN, 6, 4);
        Deletion newest = deletion(2 * SPAN, 7, 4);
        List<Due> plan = List.of(new Due(oldest, SPAN), new Due(newer, 2 * SPAN), new Due(newest, 3 * SPAN));

        assertThat(HeldBack.of(NOW, plan, Map.of("a", List.of(new Hold(0, 8, 100))))).isEqualTo(new Outcome(List.of(oldest), 2, 8));
        assertThat(HeldBack.of(NOW, plan, Map.of("a", List.of(new Hold(0, 3, 100))))).isEqualTo(
                new Outcome(List.of(oldest, newer, newest), 0, 0));
    }

    @Test
    void of_overTheLimitOfTime_theOldestGoes() {
        Deletion oldest = deletion(0, 5, 4);
        Deletion newer = deletion(SPAN, 6, 4);
        List<Due> plan = List.of(new Due(oldest, SPAN), new Due(newer, 2 * SPAN));

        assertThat(HeldBack.of(NOW, plan, Map.of("a", List.of(new Hold(0, 100, 6))))).isEqualTo(new Outcome(List.of(), 2, 8));
        assertThat(HeldBack.of(NOW, plan, Map.of("a", List.of(new Hold(0, 100, 5))))).isEqualTo(new Outcome(List.of(oldest), 1, 4));
    }

    @Test
    void of_committed_goes() {
        Deletion oldest = deletion(0, 5, 4);
        Deletion newer = deletion(SPAN, 6, 4);
        List<Due> plan = List.of(new Due(oldest, SPAN), new Due(newer, 2 * SPAN));

        assertThat(HeldBack.of(NOW, plan, Map.of("a", List.of(new Hold(SPAN - 1, NONE, 100)))).deletions()).isEmpty();
        assertThat(HeldBack.of(NOW, plan, Map.of("a", List.of(new Hold(SPAN, NONE, 100)))).deletions()).containsExactly(oldest);
        assertThat(HeldBack.of(NOW, plan, Map.of("b", List.of(new Hold(0, NONE, 100)))).deletions()).containsExactly(oldest, newer);
    }

    private static Deletion deletion(long basePosition, long expirationMillis, long bytes) {
        return new Deletion("a", new Segment(basePosition, expirationMillis, 0, bytes, true), Cause.EXPIRED);
    }

    /** Until that time the outcome is the same, and at it it may be another. */
    @Test
    void nextReleaseMillis_isTheFirstTimeFromNowOn() {
        List<Due> dues = new ArrayList<>();
        for (long expiration : new long[] {4, 7}) {
            dues.add(new Due(new Deletion("a", new Segment(SPAN * dues.size(), expiration, 0, 1, true), Cause.EXPIRED), SPAN * dues.size() + SPAN));
        }
        List<Hold> holds = List.of(new Hold(0, NONE, 5), new Hold(0, NONE, 20));
        assertThat(HeldBack.nextReleaseMillis(8, dues, holds)).isEqualTo(9);
        assertThat(HeldBack.nextReleaseMillis(9, dues, holds)).isEqualTo(12);
        assertThat(HeldBack.nextReleaseMillis(23, dues, holds)).isEqualTo(24);
        assertThat(HeldBack.nextReleaseMillis(27, dues, holds)).isEqualTo(NONE);
        assertThat(HeldBack.nextReleaseMillis(8, dues, List.of())).isEqualTo(NONE);
        assertThat(HeldBack.nextReleaseMillis(8, dues, List.of(new Hold(0, NONE, NONE)))).isEqualTo(NONE);
    }
}
