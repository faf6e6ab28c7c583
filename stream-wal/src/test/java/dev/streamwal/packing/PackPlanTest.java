package dev.streamwal.packing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.packing.PackPlan.Job;
import dev.streamwal.packing.PackPlan.Limits;
import dev.streamwal.packing.PackPlan.Source;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class PackPlanTest {

    private static final int STREAMS = 4;
    /** Of a stream; more than there are in any test. */
    private static final int MOST = 16;
    private static final PackPlan.Packed NONE = (window, expirationMillis) -> false;
    private static final Limits LIMITS = new Limits(3, 4, 50, MOST);

    @Tag("exhaustive")
    @Test
    void of_allSmallInputs_eachStreamLosesItsBeginningInOrder() {
        int[] lists = new int[STREAMS];
        int kinds = windowLists().size();
        long inputs = 0;
        do {
            check(streams(lists), LIMITS);
            inputs++;
        } while (next(lists, kinds));
        assertEquals((long) Math.pow(kinds, STREAMS), inputs);
    }

    @Test
    void of_randomInputs() {
        Random random = new Random(7);
        for (int run = 0; run < 2_000; run++) {
            List<List<Source>> streams = new ArrayList<>();
            for (int stream = 0; stream < random.nextInt(30); stream++) {
                List<Source> sources = new ArrayList<>();
                int window = 0;
                for (int i = 0; i < random.nextInt(6); i++) {
                    window += random.nextInt(3);
                    sources.add(source(stream, i, window, stream % 2, 1 + random.nextInt(40)));
                }
                streams.add(sources);
            }
            check(streams, new Limits(1 + random.nextInt(5), 1 + random.nextInt(10), 1 + random.nextInt(100), random.nextBoolean() ? MOST : 1 + random.nextInt(4)));
        }
    }

    /** A stream whose oldest segment is alone in its window keeps all, and the others don't wait for it. */
    @Test
    void of_oldestAloneInItsWindow_blocksOnlyItsStream() {
        List<List<Source>> streams = List.of(
                List.of(source(0, 0, 0, 0, 1), source(0, 1, 1, 0, 1)),
                List.of(source(1, 0, 1, 0, 1)), List.of(source(2, 0, 1, 0, 1)), List.of(source(3, 0, 1, 0, 1)));

        List<Job> jobs = PackPlan.of(streams, NONE, LIMITS);

        assertEquals(1, jobs.size());
        assertEquals(List.of("k1", "k2", "k3"), jobs.get(0).sources().stream().map(source -> source.key().text()).toList());
    }

    private static void check(List<List<Source>> streams, Limits limits) {
        check(streams, NONE, limits);
        check(streams, (window, expirationMillis) -> window.startMillis() % 20 == 0, limits);
    }

    private static void check(List<List<Source>> streams, PackPlan.Packed hasPack, Limits limits) {
        List<Job> jobs = PackPlan.of(streams, hasPack, limits);
        Map<String, List<Source>> packed = new HashMap<>();
        for (Job job : jobs) {
            checkJob(job, limits);
            job.sources().forEach(source -> packed.computeIfAbsent(source.key().text(), key -> new ArrayList<>()).add(source));
        }
        for (List<Source> stream : streams) {
            if (!stream.isEmpty()) {
                List<Source> gone = packed.getOrDefault(stream.get(0).key().text(), List.of());
                assertEquals(stream.subList(0, gone.size()), gone, "a stream loses its beginning, in order");
            }
        }
        Map<List<Object>, Integer> heads = new HashMap<>();
        for (List<Source> stream : streams) {
            int gone = stream.isEmpty() ? 0 : packed.getOrDefault(stream.get(0).key().text(), List.of()).size();
            if (gone < stream.size()) {
                List<Object> span = span(stream.get(gone));
                int same = (int) stream.subList(gone, stream.size()).stream().takeWhile(source -> span(source).equals(span)).count();
                heads.merge(span, same, Integer::sum);
            }
        }
        Map<List<Object>, Integer> inJobs = jobs.stream().collect(Collectors.toMap(
                job -> List.<Object>of(job.window(), job.expirationMillis()), job -> job.sources().size(), Integer::sum));
        inJobs.forEach((span, count) -> assertTrue(count >= limits.minSegments() || has(hasPack, span), "a window has enough to be worth a pack"));
        heads.forEach((span, count) -> assertTrue(
                limits.maxOfStream() < MOST || (count < limits.minSegments() && !has(hasPack, span)) || inJobs.containsKey(span),
                "what is worth it is packed"));
    }

    private static boolean has(PackPlan.Packed packed, List<Object> span) {
        return packed.has((Window) span.get(0), (Long) span.get(1));
    }

    private static void checkJob(Job job, Limits limits) {
        List<Source> sources = job.sources();
        for (int i = 1; i < sources.size(); i++) {
            int byKey = Arrays.compareUnsigned(sources.get(i - 1).key().utf8(), sources.get(i).key().utf8());
            assertTrue(byKey < 0 || (byKey == 0 && sources.get(i - 1).name().basePosition() < sources.get(i).name().basePosition()));
        }
        sources.forEach(source -> assertEquals(List.of(job.window(), job.expirationMillis()), span(source)));
        sources.stream().collect(Collectors.groupingBy(Source::key, Collectors.counting()))
                .forEach((key, count) -> assertTrue(count <= limits.maxOfStream()));
        boolean isOneStream = sources.stream().map(Source::key).distinct().count() == 1;
        assertTrue(isOneStream || (sources.size() <= limits.maxSegments()
                && sources.stream().mapToLong(Source::bytes).sum() <= limits.maxBytes()), "a pack is no larger than it may be");
    }

    private static List<Object> span(Source source) {
        return List.of(source.window(), source.name().expirationMillis());
    }

    private static Source source(int stream, int index, int window, int retention, long bytes) {
        return new Source(StreamKey.of("k" + stream), new SegmentName(index * 100L, window * 10L + 10 + retention),
                new Window(window * 10L, window * 10L + 10), bytes);
    }

    /** Every stream with up to three segments in up to three windows, and one with a large one. */
    private static List<List<Integer>> windowLists() {
        List<List<Integer>> lists = new ArrayList<>();
        lists.add(List.of());
        for (int a = 0; a < 3; a++) {
            lists.add(List.of(a));
            for (int b = a; b < 3; b++) {
                lists.add(List.of(a, b));
                for (int c = b; c < 3; c++) {
                    lists.add(List.of(a, b, c));
                }
            }
        }
        return lists;
    }

    private static List<List<Source>> streams(int[] chosen) {
        List<List<Integer>> lists = windowLists();
        List<List<Source>> streams = new ArrayList<>();
        for (int stream = 0; stream < chosen.length; stream++) {
            List<Integer> windows = lists.get(chosen[stream]);
            List<Source> sources = new ArrayList<>();
            for (int i = 0; i < windows.size(); i++) {
                sources.add(source(stream, i, windows.get(i), 0, stream == 2 ? 60 : 10));
            }
            streams.add(sources);
        }
        return streams;
    }

    private static boolean next(int[] digits, int base) {
        for (int i = 0; i < digits.length; i++) {
            if (++digits[i] < base) {
                return true;
            }
            digits[i] = 0;
        }
        return false;
    }
}
