package dev.streamwal.retention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.retention.ExpiryPlan.Cause;
import dev.streamwal.retention.ExpiryPlan.Deletion;
import dev.streamwal.retention.ExpiryPlan.Segment;
import dev.streamwal.retention.ExpiryPlan.Stream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class ExpiryPlanTest {

    private static final long NOW = 1;
    private static final long NONE = Long.MAX_VALUE;

    @Tag("exhaustive")
    @Test
    void of_twoStreamsOfUpToTwoSegments_asTheRulesSay() {
        List<List<Segment>> contents = contents(2);
        for (List<Segment> one : contents) {
            for (List<Segment> other : contents) {
                for (long maxBytes : new long[] {2, NONE}) {
                    List<Stream> streams = List.of(new Stream("a", maxBytes, one), new Stream("b", NONE, other));
                    for (long maxTotalBytes : new long[] {1, 3, NONE}) {
                        assertAsTheRulesSay(maxTotalBytes, streams);
                    }
                }
            }
        }
    }

    @Test
    void of_oneStreamOfUpToThreeSegments_asTheRulesSay() {
        for (List<Segment> content : contents(3)) {
            for (long maxBytes : new long[] {1, 2, 3, 4, 5, NONE}) {
                for (long maxTotalBytes : new long[] {1, 2, 3, 4, 5, NONE}) {
                    assertAsTheRulesSay(maxTotalBytes, List.of(new Stream("a", maxBytes, content)));
                }
            }
        }
    }

    @Test
    void of_threeStreamsOfOneSegment_asTheRulesSay() {
        List<List<Segment>> contents = contents(1);
        for (List<Segment> a : contents) {
            for (List<Segment> b : contents) {
                for (List<Segment> c : contents) {
                    for (long maxTotalBytes = 1; maxTotalBytes < 6; maxTotalBytes++) {
                        assertAsTheRulesSay(maxTotalBytes,
                                List.of(new Stream("c", NONE, c), new Stream("b", NONE, b), new Stream("a", 1, a)));
                    }
                }
            }
        }
    }

    @Test
    void of_manyRandomStreams_asTheRulesSay() {
        long seed = 7;
        Random random = new Random(seed);
        for (int run = 0; run < 2_000; run++) {
            List<Stream> streams = new ArrayList<>();
            for (int s = random.nextInt(8); s > 0; s--) {
                List<Segment> segments = new ArrayList<>();
                for (int i = random.nextInt(8); i > 0; i--) {
                    segments.add(new Segment(segments.size(), random.nextInt(6), random.nextInt(6), random.nextInt(10),
                            random.nextInt(8) != 0));
                }
                streams.add(new Stream("s" + s, random.nextBoolean() ? NONE : 1 + random.nextInt(40), segments));
            }
            assertAsTheRulesSay(1 + random.nextInt(150), streams);
        }
    }

    @Test
    void of_expiredBehindUnexpired_waits() {
        Segment older = new Segment(0, 100, 10, 1, true);
        Segment newer = new Segment(8, 50, 20, 1, true);
        List<Stream> streams = List.of(new Stream("a", NONE, List.of(older, newer)));

        assertThat(ExpiryPlan.of(60, NONE, streams)).isEmpty();
        assertThat(ExpiryPlan.of(100, NONE, streams))
                .containsExactly(new Deletion("a", older, Cause.EXPIRED), new Deletion("a", newer, Cause.EXPIRED));
    }

    @Test
    void of_expiredBehindOneThatGoesByBytes_goesToo() {
        Segment older = new Segment(0, 100, 10, 5, true);
        Segment newer = new Segment(8, 50, 20, 1, true);
        List<Segment> segments = List.of(older, newer);

        assertThat(ExpiryPlan.of(60, NONE, List.of(new Stream("a", 5, segments)))).containsExactly(
                new Deletion("a", older, Cause.STREAM_BYTES), new Deletion("a", newer, Cause.EXPIRED));
        assertThat(ExpiryPlan.of(60, 5, List.of(new Stream("a", NONE, segments)))).containsExactly(
                new Deletion("a", older, Cause.TOTAL_BYTES), new Deletion("a", newer, Cause.EXPIRED));
    }

    @Test
    void of_totalOverLimit_takesTheOldestOfTheWholeLog() {
        Segment oldA = new Segment(0, 900, 10, 4, true);
        Segment newA = new Segment(8, 900, 30, 4, true);
        Segment oldB = new Segment(0, 800, 20, 4, true);
        Segment openB = new Segment(8, 800, 25, 4, false);
        List<Stream> streams =
                List.of(new Stream("a", NONE, List.of(oldA, newA)), new Stream("b", NONE, List.of(oldB, openB)));

        assertThat(ExpiryPlan.of(0, 16, streams)).isEmpty();
        assertThat(ExpiryPlan.of(0, 15, streams)).containsExactly(new Deletion("a", oldA, Cause.TOTAL_BYTES));
        assertThat(ExpiryPlan.of(0, 1, streams)).containsExactly(
                new Deletion("a", oldA, Cause.TOTAL_BYTES),
                new Deletion("b", oldB, Cause.TOTAL_BYTES),
                new Deletion("a", newA, Cause.TOTAL_BYTES));
    }

    /** Every stream of up to so many segments, each expired or not, older or newer, small or large, sealed or not. */
    private static List<List<Segment>> contents(int maxSegments) {
        List<List<Segment>> out = new ArrayList<>(List.of(List.of()));
        for (int from = 0, length = 1; length <= maxSegments; length++) {
            int to = out.size();
            for (int i = from; i < to; i++) {
                for (int bits = 0; bits < 16; bits++) {
                    List<Segment> longer = new ArrayList<>(out.get(i));
                    longer.add(new Segment(
                            longer.size(), NOW + (bits & 1), bits >> 1 & 1, 1 + (bits >> 2 & 1), (bits & 8) != 0));
                    out.add(longer);
                }
            }
            from = to;
        }
        return out;
    }

    private static void assertAsTheRulesSay(long maxTotalBytes, List<Stream> streams) {
        List<Deletion> plan = ExpiryPlan.of(NOW, maxTotalBytes, streams);
        List<Deletion> expected = naive(maxTotalBytes, streams);
        if (!sorted(plan).equals(sorted(expected)) || !inOrder(plan, streams) || !byAge(plan).equals(byAge(expected))) {
            assertThat(plan).as("maxTotalBytes=%d streams=%s", maxTotalBytes, streams).isEqualTo(expected);
        }
    }

    private static List<String> sorted(List<Deletion> plan) {
        return plan.stream().map(Deletion::toString).sorted().toList();
    }

    /** What a stream loses is its beginning, oldest first, and sealed. */
    private static boolean inOrder(List<Deletion> plan, List<Stream> streams) {
        for (Stream stream : streams) {
            List<Segment> gone =
                    plan.stream().filter(d -> d.key().equals(stream.key())).map(Deletion::segment).toList();
            if (!gone.equals(stream.segments().subList(0, gone.size()))
                    || !gone.stream().allMatch(Segment::deletable)) {
                return false;
            }
        }
        return true;
    }

    private static List<Deletion> byAge(List<Deletion> plan) {
        return plan.stream().filter(d -> d.cause() == Cause.TOTAL_BYTES).toList();
    }

    /** The rules one deletion at a time, everything looked at anew before each. */
    private static List<Deletion> naive(long maxTotalBytes, List<Stream> streams) {
        List<Stream> left = new ArrayList<>(streams);
        List<Deletion> plan = new ArrayList<>();
        for (Optional<Deletion> next = next(maxTotalBytes, left); next.isPresent(); next = next(maxTotalBytes, left)) {
            Deletion deletion = next.get();
            plan.add(deletion);
            left.replaceAll(s -> s.key().equals(deletion.key())
                    ? new Stream(s.key(), s.maxBytes(), s.segments().subList(1, s.segments().size()))
                    : s);
        }
        return plan;
    }

    private static Optional<Deletion> next(long maxTotalBytes, List<Stream> left) {
        List<Stream> able = left.stream()
                .filter(s -> !s.segments().isEmpty() && s.segments().get(0).deletable()).toList();
        for (Stream stream : able) {
            if (stream.segments().get(0).expirationMillis() <= NOW) {
                return Optional.of(new Deletion(stream.key(), stream.segments().get(0), Cause.EXPIRED));
            }
        }
        for (Stream stream : able) {
            if (bytes(stream) > stream.maxBytes()) {
                return Optional.of(new Deletion(stream.key(), stream.segments().get(0), Cause.STREAM_BYTES));
            }
        }
        if (left.stream().mapToLong(ExpiryPlanTest::bytes).sum() <= maxTotalBytes) {
            return Optional.empty();
        }
        Optional<Deletion> oldest = Optional.empty();
        for (Stream stream : able) {
            Deletion candidate = new Deletion(stream.key(), stream.segments().get(0), Cause.TOTAL_BYTES);
            if (oldest.isEmpty() || isOlder(candidate, oldest.get())) {
                oldest = Optional.of(candidate);
            }
        }
        return oldest;
    }

    private static boolean isOlder(Deletion one, Deletion other) {
        if (one.segment().windowEndMillis() != other.segment().windowEndMillis()) {
            return one.segment().windowEndMillis() < other.segment().windowEndMillis();
        }
        if (one.segment().expirationMillis() != other.segment().expirationMillis()) {
            return one.segment().expirationMillis() < other.segment().expirationMillis();
        }
        return one.key().compareTo(other.key()) < 0;
    }

    private static long bytes(Stream stream) {
        return stream.segments().stream().mapToLong(Segment::bytes).sum();
    }
}
