package dev.streamwal.bench;

import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryBatch.Status;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
 * What does a ref cost that is read with 511 others, adjacent or anywhere in 64 MB or 1 GB: up to its status (so read
 * and verified), with its entry made, and with its content used? The files are in the page cache.
 *
 * <pre>
 *   java -jar bench/target/benchmarks.jar ReadBatchBenchmark
 * </pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgsAppend = "-Xmx1g")
@SuppressWarnings("NullAway.Init") // JMH calls the setup first
public class ReadBatchBenchmark {

    private static final int REFS = 512;
    private static final int BATCHES = 64;

    /** Which refs a batch reads. */
    public enum Pattern {
        ADJACENT,
        RANDOM
    }

    @Param
    public Pattern pattern;

    @Param({"64", "1024"})
    public int megabytes;

    private WalReader reader;
    private final List<List<EntryRef>> batches = new ArrayList<>();
    private int next;

    @Setup(Level.Trial)
    public void open() {
        int records = megabytes == 64 ? RecordedLog.RECORDS_IN_64_MB : RecordedLog.RECORDS_IN_1_GB;
        reader = WalReader.open(RecordedLog.of(1, records));
        SplittableRandom random = new SplittableRandom(1);
        for (int b = 0; b < BATCHES; b++) {
            EntryRef[] refs = new EntryRef[REFS];
            int first = random.nextInt(records - REFS);
            for (int i = 0; i < REFS; i++) {
                refs[i] = RecordedLog.ref(RecordedLog.KEY,
                        pattern == Pattern.ADJACENT ? first + i : random.nextInt(records));
            }
            batches.add(Arrays.asList(refs));
        }
        for (int b = 0; b < BATCHES; b++) {
            if (statuses() != REFS) {
                throw new IllegalStateException("record not found");
            }
        }
    }

    @TearDown(Level.Trial)
    public void close() {
        reader.close();
    }

    private List<EntryRef> refs() {
        return batches.get(next++ & BATCHES - 1);
    }

    @Benchmark
    @OperationsPerInvocation(REFS)
    public int statuses() {
        try (EntryBatch batch = reader.readBatch(refs())) {
            int found = 0;
            for (int i = 0; i < REFS; i++) {
                found += batch.status(i) == Status.FOUND ? 1 : 0;
            }
            return found;
        }
    }

    @Benchmark
    @OperationsPerInvocation(REFS)
    public long entries() {
        try (EntryBatch batch = reader.readBatch(refs())) {
            long sum = 0;
            for (int i = 0; i < REFS; i++) {
                sum += batch.get(i).timestampMillis();
            }
            return sum;
        }
    }

    @Benchmark
    @OperationsPerInvocation(REFS)
    public long contents() {
        try (EntryBatch batch = reader.readBatch(refs())) {
            long sum = 0;
            for (int i = 0; i < REFS; i++) {
                ByteBuf content = batch.get(i).content();
                for (int at = 0; at < 128; at += Long.BYTES) {
                    sum += content.getLongLE(at);
                }
            }
            return sum;
        }
    }
}
