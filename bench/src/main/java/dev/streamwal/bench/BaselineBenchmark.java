package dev.streamwal.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
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
 * What is the least that an append can cost? Records framed and checksummed as ours are, with none of the rest: no
 * streams, no threads, no rotation, no rules. By one write call each; and, the limit, into mapped files whose pages were
 * all allocated and touched before.
 *
 * <pre>
 *   java -jar bench/target/benchmarks.jar BaselineBenchmark
 * </pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2)
@Measurement(iterations = 3)
@Fork(value = 1, jvmArgsAppend = "-Xmx1g")
@SuppressWarnings("NullAway.Init") // JMH calls the setup first
public class BaselineBenchmark {

    private static final int PREFIX_BYTES = 32;
    private static final int CONTEXT_BYTES = 44;
    private static final int FILE_BYTES = 64 << 20;
    private static final int FILES = 15;
    private static final int MAPPED_OF_128 = FILES * (FILE_BYTES / (PREFIX_BYTES + 128));
    private static final int MAPPED_OF_1K = FILES * (FILE_BYTES / (PREFIX_BYTES + 1024));
    private static final int WRITTEN = 1_000_000;

    private final CRC32C crc = new CRC32C();
    private final byte[] context = new byte[CONTEXT_BYTES];
    private Path folder;

    @Setup(Level.Trial)
    public void start() {
        BenchFolder.warmMemory();
    }

    @Setup(Level.Iteration)
    public void open() throws IOException {
        folder = BenchFolder.fresh("baseline");
        Files.createDirectories(folder);
    }

    @TearDown(Level.Iteration)
    public void close() {
        BenchFolder.delete(folder);
    }

    /** Mapped files, prepared. Unmapped when they are collected. */
    @State(Scope.Benchmark)
    public static class Mappings {

        private final MappedByteBuffer[] files = new MappedByteBuffer[FILES];

        @Setup(Level.Iteration)
        public void map(BaselineBenchmark benchmark) throws IOException {
            ByteBuffer zeros = ByteBuffer.allocateDirect(1 << 20);
            for (int i = 0; i < FILES; i++) {
                try (FileChannel channel = benchmark.create("mapped-" + i)) {
                    for (int at = 0; at < FILE_BYTES; at += zeros.capacity()) {
                        channel.write(zeros.clear());
                    }
                    files[i] = channel.map(FileChannel.MapMode.READ_WRITE, 0, FILE_BYTES);
                }
                files[i].order(ByteOrder.LITTLE_ENDIAN);
                for (int at = 0; at < FILE_BYTES; at += 4096) {
                    files[i].put(at, (byte) 0);
                }
            }
        }

        @TearDown(Level.Iteration)
        public void unmap() {
            Arrays.fill(files, null);
            System.gc();
        }
    }

    private FileChannel create(String name) throws IOException {
        return FileChannel.open(folder.resolve(name), StandardOpenOption.CREATE_NEW, StandardOpenOption.READ,
                StandardOpenOption.WRITE);
    }

    @Benchmark
    @OperationsPerInvocation(WRITTEN)
    public void write128() throws IOException {
        write(128);
    }

    @Benchmark
    @OperationsPerInvocation(WRITTEN)
    public void write1k() throws IOException {
        write(1024);
    }

    @Benchmark
    @OperationsPerInvocation(MAPPED_OF_128)
    public void mapped128(Mappings mappings) {
        put(mappings.files, 128);
    }

    @Benchmark
    @OperationsPerInvocation(MAPPED_OF_1K)
    public void mapped1k(Mappings mappings) {
        put(mappings.files, 1024);
    }

    private void write(int bytes) throws IOException {
        byte[] content = AppendBenchmark.content(bytes);
        ByteBuffer frame = ByteBuffer.allocateDirect(PREFIX_BYTES + bytes).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel channel = create("written")) {
            for (int i = 0; i < WRITTEN; i++) {
                content[i & 127] = (byte) i;
                frame(frame, 0, content, i);
                channel.write(frame.clear());
            }
        }
    }

    private void put(MappedByteBuffer[] files, int bytes) {
        byte[] content = AppendBenchmark.content(bytes);
        int i = 0;
        for (MappedByteBuffer file : files) {
            for (int at = 0; at + PREFIX_BYTES + bytes <= FILE_BYTES; at += PREFIX_BYTES + bytes) {
                content[i & 127] = (byte) i;
                frame(file, at, content, i++);
            }
        }
    }

    /** The checksum covers the content and 44 bytes of context, as in the log's format. */
    private void frame(ByteBuffer target, int at, byte[] content, int i) {
        context[i & 7] = (byte) i;
        crc.reset();
        crc.update(content, 0, content.length);
        crc.update(context, 0, CONTEXT_BYTES);
        target.putLong(at, 1).putLong(at + 8, content.length).putLong(at + 16, crc.getValue()).putLong(at + 24, i);
        target.put(at + PREFIX_BYTES, content);
    }
}
