package dev.streamwal.simulation;

import dev.streamwal.commit.JournalSizes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;

/**
 * What is done to a log, and how that is set up. The same workload gives the same history.
 *
 * @param seed it was made from, and its salts are
 * @param mapped whether segments are mapped
 * @param shared whether streams share segments
 * @param encrypted whether records are; then their bytes aren't the same each time
 * @param journal so small that its files are used again after a few blocks
 */
record Workload(long seed, boolean mapped, boolean shared, boolean encrypted, int segmentBytes, JournalSizes journal, List<Step> steps) {

    /** Flushed by the interval. */
    static final String PERIODIC_KEY = "c";

    static final List<String> KEYS = List.of("a", "b", PERIODIC_KEY);

    /** What a sequence of steps is made of: one of each kind. */
    static final List<Step> ALPHABET = List.of(new Step.Append("a", 2, 50), new Step.AppendBatch("a", 3, 100),
            new Step.AppendDurably("a", 1, 50), new Step.Rotate("a"), new Step.Sync("a"), new Step.ExpireAndSweep(),
            new Step.Truncate("a", 1), new Step.Background(), new Step.Reopen());

    /** Others of the same kinds, of two streams and more, and what else can happen. */
    static final List<Step> LARGE_ALPHABET = List.of(new Step.Append("a", 24, 120), new Step.Append(PERIODIC_KEY, 2, 50),
            new Step.AppendBatchDurably("b", 3, 100), new Step.AppendDurably("a", 6, 150), new Step.AppendToAllDurably(2, 40),
            new Step.AppendAsync("a", 2, 60), new Step.SyncAll(), new Step.NextWindow(), new Step.Pack(), new Step.Sweep(), new Step.Purge("a"),
            new Step.Delete("a"), new Step.DeleteAll(), new Step.Erase("a", Step.Erase.Part.NEWEST), new Step.Truncate("a", 20), new Step.Kill(),
            new Step.Restart(1), new Step.Restart(2));

    private static final int[] SEGMENT_BYTES = {4096, 8192};

    /** A block or two in a file, and not more files than there must be. */
    private static final JournalSizes TINY_JOURNAL = new JournalSizes(1024, 1024, 2048, 512, 256);

    private static final List<JournalSizes> JOURNALS =
            List.of(TINY_JOURNAL, new JournalSizes(1024, 2048, 6144, 1024, 512), new JournalSizes(4096, 16384, 32768, 2048, 1024));

    static Workload of(boolean mapped, Step... steps) {
        return of(mapped, List.of(steps));
    }

    private static Workload of(boolean mapped, List<Step> steps) {
        return new Workload(1, mapped, Boolean.getBoolean("shared"), Boolean.getBoolean("encrypted"), SEGMENT_BYTES[0], TINY_JOURNAL, steps);
    }

    /** Several streams, so many steps. */
    static Workload random(long seed, boolean mapped, int steps) {
        Random random = new Random(seed);
        List<Step> chosen = new ArrayList<>();
        List<Kind> kinds = someKinds(random);
        List<String> keys = KEYS.subList(random.nextInt(KEYS.size()), KEYS.size());
        for (int i = 0; i < steps; i++) {
            chosen.add(kinds.get(random.nextInt(kinds.size())).step.apply(random, keys.get(random.nextInt(keys.size()))));
        }
        return new Workload(seed, mapped, seed % 3 == 0, false, SEGMENT_BYTES[random.nextInt(SEGMENT_BYTES.length)],
                JOURNALS.get(random.nextInt(JOURNALS.size())), chosen);
    }

    /** Whether the log has a tier, which stands on the same disk. */
    boolean isTiered() {
        return steps.stream().anyMatch(step -> step instanceof Step.MoveToTier);
    }

    /** The same behind other steps, and with packs that go to the tier now and then. */
    Workload withTier(List<Step> begun) {
        Random random = new Random(seed);
        List<Step> more = new ArrayList<>(begun);
        for (Step step : steps) {
            more.add(step);
            if (random.nextInt(3) == 0) {
                more.addAll(List.of(new Step.NextWindow(), new Step.NextWindow(), new Step.Pack(), new Step.MoveToTier()));
            }
        }
        return new Workload(seed, mapped, shared, encrypted, segmentBytes, journal, more);
    }

    /** The same with encryption. */
    Workload withEncryption() {
        return new Workload(seed, mapped, shared, true, segmentBytes, journal, steps);
    }

    /** Every sequence of so many steps. */
    static List<Workload> every(int length, List<Step> alphabet, boolean mapped) {
        List<List<Step>> sequences = List.of(List.of());
        for (int i = 0; i < length; i++) {
            List<List<Step>> longer = new ArrayList<>();
            for (List<Step> steps : sequences) {
                for (Step step : alphabet) {
                    List<Step> extended = new ArrayList<>(steps);
                    extended.add(step);
                    longer.add(extended);
                }
            }
            sequences = longer;
        }
        return sequences.stream().map(steps -> of(mapped, steps)).toList();
    }

    /** A kind of steps, and how often it is drawn. */
    private record Kind(int weight, BiFunction<Random, String, Step> step) {}

    private static final List<Kind> KINDS = List.of(
            new Kind(14, (random, key) -> new Step.Append(key, 1 + random.nextInt(3), random.nextInt(400))),
            new Kind(4, (random, key) -> new Step.Append(key, 20 + random.nextInt(30), 20 + random.nextInt(60))),
            new Kind(2, (random, key) -> new Step.Append(key, 2, 1_300)),
            new Kind(5, (random, key) -> new Step.AppendBatch(key, 2 + random.nextInt(3), random.nextInt(300))),
            new Kind(12, (random, key) -> new Step.AppendDurably(key, 1 + random.nextInt(3), random.nextInt(300))),
            new Kind(4, (random, key) -> new Step.AppendBatchDurably(key, 2 + random.nextInt(3), random.nextInt(300))),
            new Kind(4, (random, key) -> new Step.AppendToAllDurably(1 + random.nextInt(2), random.nextInt(200))),
            new Kind(4, (random, key) -> new Step.AppendAsync(key, 1 + random.nextInt(4), random.nextInt(200))),
            new Kind(4, (random, key) -> new Step.Sync(key)),
            new Kind(2, (random, key) -> new Step.SyncAll()),
            new Kind(4, (random, key) -> new Step.NextWindow()),
            new Kind(6, (random, key) -> new Step.Rotate(key)),
            new Kind(2, (random, key) -> new Step.Expire()),
            new Kind(4, (random, key) -> new Step.Sweep()),
            new Kind(8, (random, key) -> new Step.Pack()),
            new Kind(4, (random, key) -> new Step.Purge(key)),
            new Kind(2, (random, key) -> new Step.Delete(key)),
            new Kind(4, (random, key) -> new Step.Erase(key, Step.Erase.Part.values()[random.nextInt(3)])),
            new Kind(6, (random, key) -> new Step.Truncate(key, 1 + random.nextInt(8))),
            new Kind(9, (random, key) -> new Step.Background()),
            new Kind(4, (random, key) -> new Step.Reopen()),
            new Kind(4, (random, key) -> new Step.Kill()),
            new Kind(4, (random, key) -> new Step.Restart(random.nextInt(100))));

    /**
     * Some kinds of steps, drawn by their weights. Where each workload has others, combinations come up that are drowned where all have
     * everything.
     */
    private static List<Kind> someKinds(Random random) {
        double share = 0.3 + random.nextDouble() * 0.7;
        List<Kind> some = new ArrayList<>();
        for (Kind kind : KINDS) {
            if (random.nextDouble() < share) {
                some.addAll(Collections.nCopies(kind.weight, kind));
            }
        }
        return some.isEmpty() ? List.of(KINDS.get(0)) : some;
    }

    /** As this, without one of the steps. */
    Workload without(int step) {
        List<Step> left = new ArrayList<>(steps);
        left.remove(step);
        return new Workload(seed, mapped, shared, encrypted, segmentBytes, journal, left);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("seed=" + seed + ", mapped=" + mapped + ", segmentBytes=" + segmentBytes + ", journal=" + journal);
        for (int i = 0; i < steps.size(); i++) {
            text.append("\n    ").append(i).append(' ').append(steps.get(i));
        }
        return text.toString();
    }
}
