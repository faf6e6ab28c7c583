package dev.streamwal.bench;

import dev.streamwal.Storage;
import dev.streamwal.WalStream;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * How long does an append of 128 bytes take at a given pace, by one thread to one stream? Measured from the moment at
 * which it was due, so that a hold-up counts for all the appends that it delays. Each round is three seconds in a new
 * log, after {@value #ROUNDS_TO_WARM_UP} that don't count: until then the JVM's compilers take a processor now and then,
 * and where there are two, an append waits for one.
 *
 * <pre>
 *   java -Xmx1g -cp bench/target/benchmarks.jar dev.streamwal.bench.LatencyBenchmark [records a second] [rounds]
 * </pre>
 */
public final class LatencyBenchmark {

    static final int PACE = 2_000_000;

    private static final long ROUND_NANOS = 3_000_000_000L;
    private static final int DIGITS = 3;
    private static final int ROUNDS_TO_WARM_UP = 5;

    private LatencyBenchmark() {}

    public static void main(String[] args) {
        int pace = args.length > 0 ? Integer.parseInt(args[0]) : PACE;
        int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 3;
        warmUp(pace, ROUND_NANOS);
        for (int i = 0; i < rounds; i++) {
            System.out.println(describe(round(pace, ROUND_NANOS)));
        }
    }

    /** One of {@link BenchmarkRun}'s rounds. */
    static List<Histogram> rounds(boolean quick) {
        long nanos = quick ? ROUND_NANOS / 30 : ROUND_NANOS;
        warmUp(PACE, nanos);
        return List.of(round(PACE, nanos));
    }

    private static void warmUp(int pace, long nanos) {
        BenchFolder.warmMemory();
        for (int i = 0; i < ROUNDS_TO_WARM_UP; i++) {
            Histogram unusedRound = round(pace, nanos);
        }
    }

    /** Nanoseconds from when an append was due to when it returned. */
    static Histogram round(int pace, long nanos) {
        byte[] content = AppendBenchmark.content(128);
        Histogram latencies = new Histogram(DIGITS);
        try (AppendLog log = AppendLog.open(Storage.MAPPED, 1)) {
            log.appendToEach(AppendLog.APPENDS_TO_WARM_UP, content);
            WalStream stream = log.stream(0);
            long now = System.currentTimeMillis();
            double gap = 1e9 / pace;
            long start = System.nanoTime();
            long due = 0;
            for (int i = 0; due < nanos; due = (long) (++i * gap)) {
                while (System.nanoTime() - start < due) {
                    Thread.onSpinWait();
                }
                content[i & 127] = (byte) i;
                stream.append(now + (i >>> 10), content);
                latencies.recordValue(Math.max(0, System.nanoTime() - start - due));
            }
        }
        return latencies;
    }

    private static String describe(Histogram latencies) {
        return String.format(Locale.ROOT, "%,d appends: p50 %,d ns, p99 %,d ns, p99.9 %,d ns, max %,d ns",
                latencies.getTotalCount(), latencies.getValueAtPercentile(50), latencies.getValueAtPercentile(99),
                latencies.getValueAtPercentile(99.9), latencies.getMaxValue());
    }
}
