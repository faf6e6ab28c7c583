package dev.streamwal.bench;

import dev.streamwal.Storage;
import dev.streamwal.WalStream;
import java.util.SplittableRandom;
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
 * What does an append cost, sustained over fresh segments: small and large records, one thread and four, one stream and
 * a thousand?
 *
 * <p>An iteration appends 1 GB to a new log, which is deleted after it: some 15 segments of one stream, with their
 * preparation, rotation and sealing on the log's own threads. So dirty pages stay below where the kernel holds writers
 * up, and all memory was used before. Of a thousand streams each has its segment mapped before the iteration.
 *
 * <pre>
 *   java -jar bench/target/benchmarks.jar AppendBenchmark
 *   java -jar bench/target/benchmarks.jar AppendBenchmark.append128 -p streams=1 -p threads=1
 * </pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2)
@Measurement(iterations = 3)
@Fork(value = 1, jvmArgsAppend = "-Xmx1g")
@SuppressWarnings("NullAway.Init") // JMH calls the setup first
public class AppendBenchmark {

    static final int RECORDS_OF_128 = 6_000_000;
    static final int RECORDS_OF_1K = 960_000;

    @Param({"1", "1000"})
    public int streams;

    @Param({"1", "4"})
    public int threads;

    private Workers workers;
    private AppendLog log;

    @Setup(Level.Trial)
    public void start() {
        BenchFolder.warmMemory();
        workers = new Workers(threads);
    }

    @Setup(Level.Iteration)
    public void open() {
        log = AppendLog.open(Storage.MAPPED, streams);
        log.appendToEach(AppendLog.APPENDS_TO_WARM_UP, content(128));
    }

    @TearDown(Level.Iteration)
    public void close() {
        log.close();
    }

    @TearDown(Level.Trial)
    public void stop() {
        workers.close();
    }

    @Benchmark
    @OperationsPerInvocation(RECORDS_OF_128)
    public void append128() throws Exception {
        append(workers, log, RECORDS_OF_128, 128);
    }

    @Benchmark
    @OperationsPerInvocation(RECORDS_OF_1K)
    public void append1k() throws Exception {
        append(workers, log, RECORDS_OF_1K, 1024);
    }

    /** Timestamps advance by a millisecond every 1,024 records; contents differ. */
    static void append(Workers workers, AppendLog log, int records, int bytes) throws Exception {
        long now = System.currentTimeMillis();
        workers.run(records, (worker, operations) -> {
            byte[] content = content(bytes);
            if (log.streams() == 1) {
                WalStream stream = log.stream(0);
                for (int i = 0; i < operations; i++) {
                    content[i & 127] = (byte) i;
                    stream.append(now + (i >>> 10), content);
                }
            } else {
                int first = worker * operations;
                for (int i = 0; i < operations; i++) {
                    content[i & 127] = (byte) i;
                    log.stream(first + i).append(now + (i >>> 10), content);
                }
            }
        });
    }

    static byte[] content(int bytes) {
        byte[] content = new byte[bytes];
        new SplittableRandom(bytes).nextBytes(content);
        return content;
    }
}
