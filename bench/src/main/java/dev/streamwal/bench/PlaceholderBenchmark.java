package dev.streamwal.bench;

import org.openjdk.jmh.annotations.Benchmark;

/** Proves that the benchmark processor runs. */
public class PlaceholderBenchmark {
    @Benchmark
    public long nothing() {
        return 0;
    }
}
