package dev.streamwal.bench;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * How long does it take until a few bytes, appended to a file, survive power loss? Compares the JDK's ways, in alternation, by one thread; prints a
 * table. {@code bench/run flush} calls it.
 *
 * <pre>
 *   bench/run flush [rounds [bytes a write]]
 * </pre>
 */
public final class FlushOptions {

    private static final int ROUNDS = 10;
    private static final int WRITES_A_ROUND = 500;
    private static final int FRAME_BYTES = 160;
    /** The size and alignment of O_DIRECT's writes: whole blocks of the device, here of the page's size. */
    private static final int BLOCK_BYTES = 4096;
    private static final int FILE_BYTES = 16 << 20;
    private static final int DIGITS = 3;

    /** Writes at an offset, and returns when the bytes survive power loss. */
    @FunctionalInterface
    private interface Write {
        void at(int offset) throws IOException;
    }

    /** A file, a way to write it, and the times. */
    private static final class Way {

        private final String name;
        private final int bytes;
        private final Write write;
        private final AutoCloseable file;
        private final Histogram nanos = new Histogram(DIGITS);
        private final List<Double> perSecond = new ArrayList<>();
        private int offset;

        Way(String name, int bytes, Write write, AutoCloseable file) {
            this.name = name;
            this.bytes = bytes;
            this.write = write;
            this.file = file;
        }

        void writeNext() throws IOException {
            if (offset + bytes > FILE_BYTES) {
                offset = 0;
            }
            write.at(offset);
            offset += bytes;
        }
    }

    private final Path folder = BenchFolder.fresh("flush");

    private final int writeBytes;

    private FlushOptions(int writeBytes) {
        this.writeBytes = writeBytes;
    }

    public static void main(String[] args) throws Exception {
        int rounds = args.length > 0 ? Integer.parseInt(args[0]) : ROUNDS;
        int bytes = args.length > 1 ? Integer.parseInt(args[1]) : FRAME_BYTES;
        FlushOptions options = new FlushOptions(bytes);
        Files.createDirectories(options.folder);
        List<Way> ways = options.ways();
        try {
            BenchFolder.settle();
            for (Way way : ways) {
                warmUp(way);
            }
            for (int i = 0; i < rounds; i++) {
                for (Way way : ways) {
                    round(way);
                }
            }
        } finally {
            for (Way way : ways) {
                way.file.close();
            }
            BenchFolder.delete(options.folder);
        }
        print(ways, rounds, bytes);
    }

    private List<Way> ways() throws IOException, ReflectiveOperationException {
        List<Way> ways = new ArrayList<>();
        FileChannel growing = FileChannel.open(folder.resolve("growing"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        ways.add(new Way("growing file: write, force(false)", writeBytes, growing(growing), growing));
        FileChannel zeroed = zeroed("zeroed");
        ways.add(new Way("zeroed file: write, force(false)", writeBytes, forced(zeroed, false), zeroed));
        FileChannel withMetadata = zeroed("metadata");
        ways.add(new Way("zeroed file: write, force(true)", writeBytes, forced(withMetadata, true), withMetadata));
        FileChannel synced = zeroed("dsync", StandardOpenOption.DSYNC);
        ways.add(new Way("zeroed file, DSYNC: write", writeBytes, written(synced, writeBytes), synced));
        FileChannel direct = zeroed("direct", StandardOpenOption.DSYNC, direct());
        int blocks = (writeBytes + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
        ways.add(new Way("zeroed file, O_DIRECT and DSYNC: write of whole 4 KiB", blocks, written(direct, blocks), direct));
        ways.add(randomAccess());
        ways.add(mapped());
        return ways;
    }

    private FileChannel zeroed(String name, OpenOption... more) throws IOException {
        Path file = folder.resolve(name);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer zeros = ByteBuffer.allocateDirect(FILE_BYTES);
            while (zeros.hasRemaining()) {
                channel.write(zeros);
            }
            channel.force(true);
        }
        List<OpenOption> options = new ArrayList<>(List.of(more));
        options.add(StandardOpenOption.WRITE);
        return FileChannel.open(file, options.toArray(OpenOption[]::new));
    }

    /** By reflection, as javac warns of the name. */
    private static OpenOption direct() throws ReflectiveOperationException {
        return (OpenOption) Class.forName("com.sun.nio.file.ExtendedOpenOption").getField("DIRECT").get(null);
    }

    private static Write written(FileChannel channel, int bytes) {
        ByteBuffer data = ByteBuffer.allocateDirect(bytes + 2 * BLOCK_BYTES).alignedSlice(BLOCK_BYTES).limit(bytes);
        return offset -> {
            mark(data, offset);
            data.rewind();
            if (channel.write(data, offset) != bytes) {
                throw new IOException("written in part");
            }
        };
    }

    private Write forced(FileChannel channel, boolean metadata) {
        Write write = written(channel, writeBytes);
        return offset -> {
            write.at(offset);
            channel.force(metadata);
        };
    }

    /** A new round begins with an empty file. */
    private Write growing(FileChannel channel) {
        Write write = forced(channel, false);
        return offset -> {
            if (offset == 0) {
                channel.truncate(0);
            }
            write.at(offset);
        };
    }

    private Way randomAccess() throws IOException {
        Path path = folder.resolve("rwd");
        zeroed("rwd").close();
        RandomAccessFile file = new RandomAccessFile(path.toFile(), "rwd");
        ByteBuffer data = ByteBuffer.allocate(writeBytes);
        Write write = offset -> {
            mark(data, offset);
            file.seek(offset);
            file.write(data.array());
        };
        return new Way("zeroed file, RandomAccessFile \"rwd\": write", writeBytes, write, file);
    }

    private Way mapped() throws IOException {
        zeroed("mapped").close();
        FileChannel channel = FileChannel.open(folder.resolve("mapped"), StandardOpenOption.READ, StandardOpenOption.WRITE);
        MappedByteBuffer mapping = channel.map(FileChannel.MapMode.READ_WRITE, 0, FILE_BYTES);
        ByteBuffer data = ByteBuffer.allocate(writeBytes);
        Write write = offset -> {
            mark(data, offset);
            mapping.put(offset, data.array());
            mapping.force(offset, writeBytes);
        };
        return new Way("zeroed file, mapped: put, force(index, length)", writeBytes, write, channel);
    }

    /** No two writes are alike. */
    private static void mark(ByteBuffer data, int offset) {
        data.putInt(0, data.getInt(0) + offset + 1);
    }

    private static void warmUp(Way way) throws IOException {
        for (int i = 0; i < WRITES_A_ROUND; i++) {
            way.writeNext();
        }
    }

    private static void round(Way way) throws IOException {
        long start = System.nanoTime();
        long before = start;
        for (int i = 0; i < WRITES_A_ROUND; i++) {
            way.writeNext();
            long after = System.nanoTime();
            way.nanos.recordValue(after - before);
            before = after;
        }
        way.perSecond.add(WRITES_A_ROUND * 1e9 / (before - start));
    }

    private static void print(List<Way> ways, int rounds, int bytes) {
        System.out.println("Medians of " + rounds + " alternating rounds of " + WRITES_A_ROUND + " writes of " + bytes + " bytes; one thread.");
        System.out.println();
        System.out.println("| | writes a second | lowest | highest | p50 µs | p99 µs | p99.9 µs |");
        System.out.println("|---|--:|--:|--:|--:|--:|--:|");
        for (Way way : ways) {
            double[] sorted = way.perSecond.stream().mapToDouble(Double::doubleValue).sorted().toArray();
            System.out.println(String.format(Locale.ROOT, "| %s | %,.0f | %,.0f | %,.0f | %.0f | %.0f | %.0f |", way.name,
                    DurabilityTable.median(sorted), sorted[0], sorted[sorted.length - 1],
                    way.nanos.getValueAtPercentile(50) / 1e3, way.nanos.getValueAtPercentile(99) / 1e3,
                    way.nanos.getValueAtPercentile(99.9) / 1e3));
        }
    }
}
