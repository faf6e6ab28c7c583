package dev.streamwal.bench;

import dev.streamwal.reader.Entry;
import dev.streamwal.reader.WalReader;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does a key's latest record cost, asked for with those of 999 other keys, in a log of 1,000 streams of 1,000
 * records?
 *
 * <pre>
 *   java -jar bench/target/benchmarks.jar LatestBenchmark
 * </pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgsAppend = "-Xmx1g")
@SuppressWarnings("NullAway.Init") // JMH calls the setup first
public class LatestBenchmark {

    private static final int KEYS = 1_000;

    private WalReader reader;
    private List<String> keys;

    @Setup(Level.Trial)
    public void open() {
        reader = WalReader.open(RecordedLog.of(KEYS, 1_000));
        keys = IntStream.range(0, KEYS).mapToObj(i -> "bench/" + i).toList();
        if (latest().size() != KEYS) {
            throw new IllegalStateException("key without a record");
        }
    }

    @TearDown(Level.Trial)
    public void close() {
        reader.close();
    }

    @Benchmark
    @OperationsPerInvocation(KEYS)
    public Map<String, Entry> latest() {
        return reader.latest(keys);
    }
}
