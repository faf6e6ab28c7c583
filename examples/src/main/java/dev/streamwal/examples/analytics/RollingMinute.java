package dev.streamwal.examples.analytics;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The samples of one stream in the last minute, by the second. They are few enough to keep them all, so that percentiles are exact. */
final class RollingMinute {
    static final int SECONDS = 60;

    private final TreeMap<Long, Samples> seconds = new TreeMap<>();

    /** Some samples, which grow. */
    private static final class Samples {
        private double[] values = new double[64];
        private int count;

        void add(double value) {
            if (count == values.length) {
                values = Arrays.copyOf(values, 2 * count);
            }
            values[count++] = value;
        }

        double[] toArray() {
            return Arrays.copyOf(values, count);
        }
    }

    /**
     * What samples come to: by nearest rank, 0 where there are none.
     *
     * @param second since 1970; of a span, its last one
     * @param count how many there are
     */
    record Summary(long second, int count, double mean, double p50, double p95, double p99) {

        private static Summary of(long second, double[] samples) {
            Arrays.sort(samples);
            double mean = Arrays.stream(samples).average().orElse(0);
            return new Summary(second, samples.length, mean, percentile(samples, 50), percentile(samples, 95), percentile(samples, 99));
        }

        private static double percentile(double[] sorted, int percent) {
            return sorted.length == 0 ? 0 : sorted[(sorted.length * percent + 99) / 100 - 1];
        }
    }

    /** What is more than a minute older than the newest sample is forgotten, whether or not anybody has asked for it. */
    void add(long timestampMillis, double value) {
        seconds.computeIfAbsent(Math.floorDiv(timestampMillis, 1_000L), second -> new Samples()).add(value);
        seconds.headMap(seconds.lastKey() - SECONDS, false).clear();
    }

    /** Of all samples of the minute that ends with a second: the newest one, or the one before it. */
    Summary whole(long lastSecond) {
        double[] all = samples(lastSecond).map(Samples::toArray).flatMapToDouble(Arrays::stream).toArray();
        return Summary.of(lastSecond, all);
    }

    private Stream<Samples> samples(long lastSecond) {
        return seconds.subMap(lastSecond - SECONDS, false, lastSecond, true).values().stream();
    }

    /** Of each of its seconds, the oldest first. */
    List<Summary> bySecond(long lastSecond) {
        List<Summary> summaries = new ArrayList<>();
        for (long second = lastSecond - SECONDS + 1; second <= lastSecond; second++) {
            Samples samples = seconds.get(second);
            summaries.add(Summary.of(second, samples == null ? new double[0] : samples.toArray()));
        }
        return summaries;
    }
}
