package dev.streamwal.bench;

import java.util.Locale;
import org.HdrHistogram.Histogram;

/** One run of one contender at one point. */
record DurabilityResult(int round, int streams, DurableLoad load, String contender, DurableLoad.Sample sample) {

    static final String CSV_HEADER = "round,streams,load,contender,records,seconds,records_per_second,p50_us,p99_us,p99.9_us,max_us";

    private static final double NANOS_PER_MICRO = 1e3;

    double perSecond() {
        return sample.perSecond();
    }

    double micros(double percentile) {
        return sample.latencies().getValueAtPercentile(percentile) / NANOS_PER_MICRO;
    }

    String csv() {
        Histogram latencies = sample.latencies();
        return String.format(Locale.ROOT, "%d,%d,%s,%s,%d,%.3f,%.0f,%.1f,%.1f,%.1f,%.1f", round, streams, load.label().replace(",", ""),
                contender, sample.records(), sample.nanos() / 1e9, perSecond(), micros(50), micros(99), micros(99.9),
                latencies.getMaxValue() / NANOS_PER_MICRO);
    }
}
