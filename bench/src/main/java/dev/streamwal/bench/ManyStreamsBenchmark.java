package dev.streamwal.bench;

import dev.streamwal.Storage;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does an append cost, uniform over 100,000 streams, in a heap of 1 GB? All but the first 64 streams share segments.
 *
 * <p>The first fork creates the log, with a record in each stream; the others open it again, and the program that runs the set deletes it. It grows
 * by 32 or 210 MB an iteration. Creating 100,000 files takes seconds on a fresh file system, and a minute or more on ext4 if as many were deleted in
 * the last minutes.
 *
 * <pre>
 *   java -jar bench/target/benchmarks.jar ManyStreamsBenchmark
 * </pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2)
@Measurement(iterations = 3)
@Fork(value = 1, jvmArgsAppend = "-Xmx1g")
@SuppressWarnings("NullAway.Init") // JMH calls the setup first
public class ManyStreamsBenchmark {

    private static final int STREAMS = 100_000;
    private static final int RECORDS = 200_000;

    @Param({"1", "4"})
    public int threads;

    private Workers workers;
    private AppendLog log;

    @Setup(Level.Trial)
    public void open() {
        BenchFolder.warmMemory();
        workers = new Workers(threads);
        log = AppendLog.openKept(Storage.MAPPED, STREAMS);
        log.appendToEach(1, AppendBenchmark.content(128));
    }

    @TearDown(Level.Trial)
    public void close() {
        workers.close();
        log.keep();
    }

    @Benchmark
    @OperationsPerInvocation(RECORDS)
    public void append128() throws Exception {
        AppendBenchmark.append(workers, log, RECORDS, 128);
    }

    @Benchmark
    @OperationsPerInvocation(RECORDS)
    public void append1k() throws Exception {
        AppendBenchmark.append(workers, log, RECORDS, 1024);
    }
}
