package dev.streamwal.bench;

import dev.streamwal.Storage;
import dev.streamwal.WalStream;
import java.util.concurrent.TimeUnit;
import net.openhft.chronicle.bytes.Bytes;
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
 * What does each way of appending cost, for one thread, one mapped stream and records of 128 bytes: the caller's timestamp or the clock's, an array
 * or Chronicle's bytes, one by one or in batches? An iteration is as in {@link AppendBenchmark}.
 *
 * <pre>
 *   java -jar bench/target/benchmarks.jar AppendWaysBenchmark
 * </pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2)
@Measurement(iterations = 3)
@Fork(value = 1, jvmArgsAppend = "-Xmx1g")
@SuppressWarnings("NullAway.Init") // JMH calls the setup first
public class AppendWaysBenchmark {

    private static final int RECORDS = 6_000_000 / Batches.SIZE * Batches.SIZE;

    private final byte[] content = AppendBenchmark.content(128);
    private final Batches batches = new Batches();
    private AppendLog log;
    private WalStream stream;

    @Setup(Level.Trial)
    public void start() {
        BenchFolder.warmMemory();
    }

    @Setup(Level.Iteration)
    public void open() {
        log = AppendLog.open(Storage.MAPPED, 1);
        log.appendToEach(AppendLog.APPENDS_TO_WARM_UP, content);
        stream = log.stream(0);
    }

    @TearDown(Level.Iteration)
    public void close() {
        log.close();
    }

    @Benchmark
    @OperationsPerInvocation(RECORDS)
    public void timestamp() {
        long now = System.currentTimeMillis();
        for (int i = 0; i < RECORDS; i++) {
            content[i & 127] = (byte) i;
            stream.append(now + (i >>> 10), content);
        }
    }

    @Benchmark
    @OperationsPerInvocation(RECORDS)
    public void clock() {
        for (int i = 0; i < RECORDS; i++) {
            content[i & 127] = (byte) i;
            stream.append(content);
        }
    }

    @Benchmark
    @OperationsPerInvocation(RECORDS)
    public void bytes() {
        long now = System.currentTimeMillis();
        Bytes<?> header = Bytes.allocateDirect(0);
        Bytes<?> encoded = Bytes.allocateDirect(content.length);
        try {
            encoded.write(content);
            for (int i = 0; i < RECORDS; i++) {
                encoded.writeByte(i & 127, (byte) i);
                stream.appendBytes(now + (i >>> 10), header, encoded);
            }
        } finally {
            encoded.releaseLast();
            header.releaseLast();
        }
    }

    @Benchmark
    @OperationsPerInvocation(RECORDS)
    public void batchesOf64() {
        batches.append(stream, RECORDS);
    }
}
