package dev.streamwal.bench;

import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.WalReader;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
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
 * What does a record of 128 bytes cost in a scan: of a whole stream of 1 GB, with and without its content, and of ten
 * seconds out of its two hours?
 *
 * <pre>
 *   java -jar bench/target/benchmarks.jar ScanBenchmark
 * </pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgsAppend = "-Xmx1g")
@SuppressWarnings("NullAway.Init") // JMH calls the setup first
public class ScanBenchmark {

    /** A record a millisecond. */
    private static final int IN_RANGE = 10_000;

    private WalReader reader;
    private int next;

    @Setup(Level.Trial)
    public void open() {
        reader = WalReader.open(RecordedLog.of(1, RecordedLog.RECORDS_IN_1_GB));
    }

    @TearDown(Level.Trial)
    public void close() {
        reader.close();
    }

    @Benchmark
    @OperationsPerInvocation(RecordedLog.RECORDS_IN_1_GB)
    public long whole() {
        long sum = 0;
        int count = 0;
        try (EntryCursor cursor = reader.scan(RecordedLog.KEY)) {
            while (cursor.next()) {
                sum += cursor.timestampMillis();
                count++;
            }
        }
        check(count, RecordedLog.RECORDS_IN_1_GB);
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(RecordedLog.RECORDS_IN_1_GB)
    public long wholeWithContents() {
        long sum = 0;
        int count = 0;
        try (EntryCursor cursor = reader.scan(RecordedLog.KEY)) {
            while (cursor.next()) {
                sum += cursor.content().getLongLE(0);
                count++;
            }
        }
        check(count, RecordedLog.RECORDS_IN_1_GB);
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(IN_RANGE)
    public long range() {
        next = (next + 7_919 * IN_RANGE) % (RecordedLog.RECORDS_IN_1_GB - IN_RANGE);
        Instant from = Instant.ofEpochMilli(RecordedLog.START_MILLIS + next);
        long sum = 0;
        int count = 0;
        try (EntryCursor cursor = reader.scan(RecordedLog.KEY, from, from.plusMillis(IN_RANGE))) {
            while (cursor.next()) {
                sum += cursor.timestampMillis();
                count++;
            }
        }
        check(count, IN_RANGE);
        return sum;
    }

    private static void check(int count, int wanted) {
        if (count != wanted) {
            throw new IllegalStateException("unexpected number of records: count=" + count + ", wanted=" + wanted);
        }
    }
}
