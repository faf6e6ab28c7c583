package dev.streamwal.bench;

import dev.streamwal.Compression;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStats;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * What packing costs, and what it leaves in the page cache, through the page cache and past it: gigabytes of records, which don't compress, are
 * appended to streams that share segments, window by window, and packed, beside a file of another program that is in the page cache. Needs
 * {@code fincore}. Writes {@code <results>/<date>-<machine>-direct.md}; {@code bench/run direct} calls it.
 *
 * <pre>
 *   bench/run direct [--quick] [--out folder]
 * </pre>
 */
public final class DirectPacks {

    private static final int MEGABYTES = 10_240;
    private static final int QUICK_MEGABYTES = 256;
    private static final int WINDOW_MEGABYTES = 128;
    /** More than is free beside the packs on a machine with 24 GiB. */
    private static final int OTHER_MEGABYTES = 12_288;
    private static final int QUICK_OTHER_MEGABYTES = 512;
    private static final int STREAMS = 1_000;
    private static final int CONTENT_BYTES = 1_000;
    private static final long MEGABYTE = 1 << 20;
    private static final Duration WINDOW = Duration.ofMinutes(10);

    private final RunOptions options;
    private final int megabytes;
    private final int otherMegabytes;
    private final List<String> rows = new ArrayList<>();

    private DirectPacks(RunOptions options) {
        this.options = options;
        this.megabytes = options.quick() ? QUICK_MEGABYTES : MEGABYTES;
        this.otherMegabytes = options.quick() ? QUICK_OTHER_MEGABYTES : OTHER_MEGABYTES;
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        DirectPacks run = new DirectPacks(RunOptions.of(args, 1));
        for (int round = 0; round < run.options.rounds(); round++) {
            run.measure(false);
            run.measure(true);
        }
        run.write();
    }

    private void measure(boolean direct) throws IOException, InterruptedException {
        Path root = BenchFolder.fresh("direct");
        Path other = BenchFolder.fresh("direct-other");
        Files.createDirectories(BenchFolder.root());
        cacheOther(other);
        BenchFolder.settle();
        long cachedBefore = cachedMegabytes();
        long otherBefore = inCache(other);
        long begun = System.nanoTime();
        long cpuBegun = cpuNanos();
        long packNanos = 0;
        WalStats stats;
        Instant[] now = {Instant.ofEpochMilli(RecordedLog.START_MILLIS)};
        try (StreamWal wal = open(root, direct, now)) {
            SplittableRandom random = new SplittableRandom(1);
            byte[] content = new byte[CONTENT_BYTES];
            for (int written = 0; written < megabytes; written += WINDOW_MEGABYTES) {
                for (long i = 0; i < WINDOW_MEGABYTES * MEGABYTE / CONTENT_BYTES; i++) {
                    random.nextBytes(content);
                    wal.stream("bench/" + i % STREAMS).append(now[0].toEpochMilli(), content);
                }
                now[0] = now[0].plus(WINDOW);
                long packBegun = System.nanoTime();
                int unused = wal.pack();
                packNanos += System.nanoTime() - packBegun;
            }
            stats = wal.stats();
        }
        long nanos = System.nanoTime() - begun;
        long cpu = cpuNanos() - cpuBegun;
        long cachedAfter = cachedMegabytes();
        rows.add(String.format(Locale.ROOT, "| %s | %,d | %,d | %.1f | %.1f | %.1f | %+,d | %,d | %,d → %,d |", direct ? "direct" : "through the cache",
                stats.packWrittenBytes() / MEGABYTE, stats.directBytes() / MEGABYTE, packNanos / 1e9, nanos / 1e9, cpu / 1e9, cachedAfter - cachedBefore,
                inCache(packs(root)), otherBefore, inCache(other)));
        System.out.println(rows.get(rows.size() - 1));
        BenchFolder.delete(root);
        Files.delete(other);
    }

    private static StreamWal open(Path root, boolean direct, Instant[] now) {
        return StreamWal.open(root, WalOptions.builder().clock(() -> now[0]).window(WINDOW).retention(Duration.ofDays(1)).ownSegments(0)
                .maxClockAdvance(Duration.ofDays(1)).compression(Compression.NONE).sweepInterval(Duration.ZERO).directPacks(direct).build());
    }

    /** Writes another program's file, and reads it, so that it is in the page cache. */
    private void cacheOther(Path other) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocateDirect((int) MEGABYTE);
        try (FileChannel file = FileChannel.open(other, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            for (int i = 0; i < otherMegabytes; i++) {
                int unused = file.write(chunk.clear(), i * MEGABYTE);
            }
            file.force(true);
            for (int i = 0; i < otherMegabytes; i++) {
                int unused = file.read(chunk.clear(), i * MEGABYTE);
            }
        }
    }

    private static long cpuNanos() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    private static long cachedMegabytes() throws IOException {
        return Files.readAllLines(Path.of("/proc/meminfo")).stream().filter(line -> line.startsWith("Cached:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", ""))).sum() >> 10;
    }

    private static Path[] packs(Path root) throws IOException {
        try (Stream<Path> files = Files.list(root.resolve("packs"))) {
            return files.toArray(Path[]::new);
        }
    }

    /** Megabytes of these files that are in the page cache. */
    private static long inCache(Path... files) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("fincore", "-b", "-n", "-o", "RES"));
        for (Path file : files) {
            command.add(file.toString());
        }
        Process process = new ProcessBuilder(command).start();
        String found = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        int unused = process.waitFor();
        return found.lines().map(String::strip).filter(line -> !line.isEmpty()).mapToLong(Long::parseLong).sum() / MEGABYTE;
    }

    private void write() throws IOException {
        Machine machine = Machine.describe(BenchFolder.root());
        List<String> lines = machine.heading(", direct packs", options.quick());
        lines.add(String.format(Locale.ROOT, """
                %,d MiB of records of %,d bytes, of %,d streams, in windows of %d MiB, each of which is packed when it is over, and merged. Beside it, \
                %,d MiB of another file are in the page cache. In MiB and seconds: what was written to packs, and what of it past the page cache; the \
                time in `pack()`, for all, and of the processor; by how much the page cache grew; what of the packs is in it; what is left of the \
                other file in it.""", megabytes, CONTENT_BYTES, STREAMS, WINDOW_MEGABYTES, otherMegabytes));
        lines.addAll(List.of("", "| packs | written | direct | `pack()`, s | all, s | CPU, s | page cache | packs in it | other file in it |",
                "|---|--:|--:|--:|--:|--:|--:|--:|--:|"));
        lines.addAll(rows);
        options.write(machine, "direct", lines);
    }
}
