package dev.streamwal.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * What is done to a log, and how that is set up. The same workload gives the same history.
 *
 * @param seed it was made from, and its salts are
 * @param mapped whether busy segments are mapped
 * @param maxMapped segments that may be mapped at once
 */
record Workload(long seed, boolean mapped, int segmentBytes, int maxMapped, List<Step> steps) {

    static final List<String> KEYS = List.of("a", "b", "c");

    /** One of each kind; a stream that is appended to by a busy program, so that it is mapped where there are mappings. */
    private static final List<Step> ALPHABET = List.of(new Step.Append("a", 1, 50), new Step.Append("a", 24, 120),
            new Step.AppendBatch("b", 3, 200), new Step.NextWindow(), new Step.Expire(), new Step.Sweep(), new Step.Purge("a"),
            new Step.Delete("a"), new Step.Background(), new Step.Reopen(), new Step.Kill());

    private static final int[] SEGMENT_BYTES = {4096, 8192};

    static Workload of(boolean mapped, Step... steps) {
        return new Workload(1, mapped, SEGMENT_BYTES[0], 1, List.of(steps));
    }

    /** Several streams, so many steps. */
    static Workload random(long seed, boolean mapped, int steps) {
        Random random = new Random(seed);
        List<Step> chosen = new ArrayList<>();
        for (int i = 0; i < steps; i++) {
            chosen.add(anyStep(random));
        }
        return new Workload(seed, mapped, SEGMENT_BYTES[random.nextInt(SEGMENT_BYTES.length)], 1 + random.nextInt(2), chosen);
    }

    /** Every sequence of one to so many steps, of one stream, or two where a batch comes in. */
    static List<Workload> every(int maxSteps, boolean mapped) {
        List<Workload> all = new ArrayList<>();
        List<List<Step>> longest = List.of(List.of());
        for (int length = 1; length <= maxSteps; length++) {
            List<List<Step>> longer = new ArrayList<>();
            for (List<Step> steps : longest) {
                for (Step step : ALPHABET) {
                    List<Step> extended = new ArrayList<>(steps);
                    extended.add(step);
                    longer.add(extended);
                    all.add(of(mapped, extended.toArray(Step[]::new)));
                }
            }
            longest = longer;
        }
        return all;
    }

    private static Step anyStep(Random random) {
        String key = KEYS.get(random.nextInt(KEYS.size()));
        int n = random.nextInt(100);
        if (n < 30) return new Step.Append(key, 1 + random.nextInt(3), random.nextInt(400));
        if (n < 38) return new Step.Append(key, 20 + random.nextInt(30), 20 + random.nextInt(60));
        if (n < 43) return new Step.Append(key, 2, 1_300);
        if (n < 53) return new Step.AppendBatch(key, 2 + random.nextInt(3), random.nextInt(300));
        if (n < 63) return new Step.NextWindow();
        if (n < 66) return new Step.Expire();
        if (n < 73) return new Step.Sweep();
        if (n < 77) return new Step.Purge(key);
        if (n < 80) return new Step.Delete(key);
        if (n < 90) return new Step.Background();
        return n < 95 ? new Step.Reopen() : new Step.Kill();
    }

    /** As this, without one of the steps. */
    Workload without(int step) {
        List<Step> left = new ArrayList<>(steps);
        left.remove(step);
        return new Workload(seed, mapped, segmentBytes, maxMapped, left);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("seed=" + seed + ", mapped=" + mapped + ", segmentBytes=" + segmentBytes + ", maxMapped="
                + maxMapped);
        for (int i = 0; i < steps.size(); i++) {
            text.append("\n    ").append(i).append(' ').append(steps.get(i));
        }
        return text.toString();
    }
}
