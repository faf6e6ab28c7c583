package dev.streamwal.bench;

import com.sun.management.OperatingSystemMXBean;
import dev.streamwal.MergedPacks;
import dev.streamwal.PackedSegments;
import dev.streamwal.StreamWal;
import dev.streamwal.WalListener;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * A gateway: many keys, each with a record a second, in short windows that are packed, merged and swept meanwhile. How late are appends, counted from
 * when each was due, how many files are there, and how much is written? Writes {@code <results>/<date>-<machine>-gateway.md};
 * {@code bench/run gateway} calls it. Done twice: by a thread that rests until an append is due, which the system wakes late, and by one that looks at the
 * clock until then, so that it has a core to itself, and what it is late is the log's doing. Takes five minutes.
 *
 * <pre>
 *   bench/run gateway [--quick] [--out folder]
 * </pre>
 */
public final class Gateway {

    private static final int KEYS = 20_000;
    private static final int CONTENT_BYTES = 96;
    private static final Duration WINDOW = Duration.ofSeconds(10);
    private static final Duration RETENTION = Duration.ofSeconds(30);
    private static final Duration SWEEP_INTERVAL = Duration.ofSeconds(1);
    private static final int SECONDS = 120;
    private static final int QUICK_SECONDS = 3;
    private static final long REST_NANOS = 50_000;
    private static final int LOOK_SECONDS = 1;
    /** The time in which classes are loaded, and code is compiled. */
    private static final int WARM_UP_SECONDS = 10;
    private static final int IDLE_SECONDS = 20;
    private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final RunOptions options;
    private final Path root = BenchFolder.fresh("gateway");
    private final int seconds;
    /** By a thread that rests. */
    private final long[] lateNanos;
    /** By a thread that looks at the clock. */
    private final long[] lateNanosAwake;
    /** Written by a thread that does nothing else. */
    private final long[] idleNanos;
    private final Written written = new Written();
    private volatile int mostFiles;
    /** Segments and packs that were written two windows before or earlier. */
    private volatile int mostOldFiles;
    private long cpuNanos;
    /** Of the thread that rests and appends nothing. */
    private long idleCpuNanos;

    private Gateway(RunOptions options) {
        this.options = options;
        this.seconds = options.quick() ? QUICK_SECONDS : SECONDS;
        this.lateNanos = new long[KEYS * seconds];
        this.lateNanosAwake = new long[KEYS * seconds];
        this.idleNanos = new long[KEYS * Math.min(seconds, IDLE_SECONDS)];
    }

    public static void main(String[] args) throws IOException {
        Gateway gateway = new Gateway(RunOptions.of(args, 1));
        BenchFolder.deleteLeftovers();
        Thread counts = new Thread(gateway::countFiles, "counts files");
        counts.setDaemon(true);
        counts.start();
        try {
            gateway.idle();
            gateway.cpuNanos = gateway.run(Gateway::rest, gateway.lateNanos, gateway.written);
            BenchFolder.deleteLeftovers();
            long unused = gateway.run(Gateway::look, gateway.lateNanosAwake, new Written());
            gateway.write();
        } finally {
            counts.interrupt();
            BenchFolder.deleteLeftovers();
        }
    }

    /** Sums up what the log reports to have written behind the appends. */
    private static final class Written implements WalListener {
        private final AtomicLong packs = new AtomicLong();
        private final AtomicLong packBytes = new AtomicLong();
        private final AtomicLong merges = new AtomicLong();
        private final AtomicLong mergedBytes = new AtomicLong();

        @Override
        public void onPacked(PackedSegments packed) {
            packs.incrementAndGet();
            packBytes.addAndGet(packed.bytes());
        }

        @Override
        public void onMerged(MergedPacks merged) {
            merges.incrementAndGet();
            mergedBytes.addAndGet(merged.bytes());
        }

        @Override
        public void onFailure(String task, Optional<String> stream, Throwable failure) {
            throw new IllegalStateException(task, failure);
        }
    }

    /** Measures how late the machine is without a log. */
    private void idle() {
        long cpuBefore = cpu();
        long start = System.nanoTime();
        for (int i = 0; i < idleNanos.length; i++) {
            idleNanos[i] = System.nanoTime() - await(start, i, Gateway::rest);
        }
        idleCpuNanos = cpu() - cpuBefore;
    }

    /** Passes some of the time that is left. */
    private interface Wait {
        void pass(long leftNanos);
    }

    private static void rest(long leftNanos) {
        LockSupport.parkNanos(Math.min(leftNanos, REST_NANOS));
    }

    private static void look(long unusedNanos) {
        Thread.onSpinWait();
    }

    /** Waits; returns when it was due. */
    private static long await(long startNanos, int number, Wait wait) {
        long due = startNanos + (long) ((double) number / KEYS * SECOND_NANOS);
        for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
            wait.pass(left);
        }
        return due;
    }

    /** Returns the processor time of the appends and all that goes on meanwhile. */
    private long run(Wait wait, long[] late, Written listener) {
        WalOptions options = WalOptions.builder().window(WINDOW).retention(RETENTION).sweepInterval(SWEEP_INTERVAL).listener(listener).build();
        byte[] content = new byte[CONTENT_BYTES];
        try (StreamWal wal = StreamWal.open(root, options)) {
            WalStream[] streams = new WalStream[KEYS];
            for (int i = 0; i < KEYS; i++) {
                streams[i] = wal.stream("site-" + i % 100 + "/meter-" + i);
            }
            long cpuBefore = cpu();
            long start = System.nanoTime();
            for (int i = 0; i < late.length; i++) {
                long due = await(start, i, wait);
                streams[i % KEYS].append(content);
                late[i] = System.nanoTime() - due;
            }
            return cpu() - cpuBefore;
        }
    }

    /** Runs beside the appends, until it is interrupted. */
    private void countFiles() {
        try {
            while (true) {
                TimeUnit.SECONDS.sleep(LOOK_SECONDS);
                mostFiles = Math.max(mostFiles, files(Long.MAX_VALUE));
                mostOldFiles = Math.max(mostOldFiles, files(System.currentTimeMillis() - 2 * WINDOW.toMillis()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static long cpu() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    /** Counts those that were written before a time; of these only segments and packs. */
    private int files(long beforeMillis) {
        boolean isAny = beforeMillis == Long.MAX_VALUE;
        int count = 0;
        try (Stream<Path> all = Files.walk(root)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                boolean isData = file.toString().endsWith(".seg") || file.toString().endsWith(".pack");
                count += isAny || (isData && Files.getLastModifiedTime(file).toMillis() < beforeMillis) ? 1 : 0;
            }
            return count;
        } catch (IOException | UncheckedIOException e) {
            // some were deleted while they were counted
            return 0;
        }
    }

    private static String late(double part, long[]... sorted) {
        StringBuilder cells = new StringBuilder();
        for (long[] nanos : sorted) {
            cells.append(String.format(Locale.ROOT, " %,.0f µs |", nanos[(int) Math.min(nanos.length - 1, part * nanos.length)] / 1e3));
        }
        return cells.toString();
    }

    private void write() throws IOException {
        int warmUp = seconds > WARM_UP_SECONDS ? KEYS * WARM_UP_SECONDS : 0;
        long[] warm = Arrays.copyOfRange(lateNanos, warmUp, lateNanos.length);
        long[] awake = Arrays.copyOfRange(lateNanosAwake, warmUp, lateNanosAwake.length);
        Arrays.sort(lateNanos);
        Arrays.sort(warm);
        Arrays.sort(awake);
        Arrays.sort(idleNanos);
        Machine machine = Machine.describe(root);
        List<String> lines = new ArrayList<>(machine.heading(", gateway", options.quick()));
        lines.add(String.format(Locale.ROOT, """
                %,d keys, each with a record of %d bytes a second, paced, for %d s; windows of %d s, kept for %d s; packed, merged and swept every \
                second meanwhile. Late: from when an append was due to when it returned. One thread appends, and rests at most %d µs at a time, which \
                the processor time has in it; in a second run it looks at the clock instead, and has a core to itself.""", KEYS, CONTENT_BYTES, seconds, WINDOW.toSeconds(), RETENTION.toSeconds(), REST_NANOS / 1_000));
        lines.add("");
        lines.add(String.format(Locale.ROOT, "| late | without a log, for %d s | appends | behind the first %d s | looking at the clock, behind the first %d s |",
                idleNanos.length / KEYS, WARM_UP_SECONDS, WARM_UP_SECONDS));
        lines.addAll(List.of("|---|--:|--:|--:|--:|",
                "| median |" + late(0.5, idleNanos, lateNanos, warm, awake),
                "| 99 % |" + late(0.99, idleNanos, lateNanos, warm, awake),
                "| 99.9 % |" + late(0.999, idleNanos, lateNanos, warm, awake),
                "| latest |" + late(1, idleNanos, lateNanos, warm, awake)));
        lines.addAll(List.of("", "| | |", "|---|--:|",
                String.format(Locale.ROOT, "| processor | %.2f cores |", (double) cpuNanos / SECOND_NANOS / seconds),
                String.format(Locale.ROOT, "| … of which resting takes, measured without a log | %.2f cores |",
                        (double) idleCpuNanos * KEYS / SECOND_NANOS / idleNanos.length),
                String.format(Locale.ROOT, "| most files, looked at every second | %,d |", mostFiles),
                String.format(Locale.ROOT, "| of these, segments and packs that were written %d s before or earlier | %,d |", 2 * WINDOW.toSeconds(), mostOldFiles),
                String.format(Locale.ROOT, "| packs made, MB | %,d, %,d |", written.packs.get(), written.packBytes.get() >> 20),
                String.format(Locale.ROOT, "| of these merged into, MB | %,d, %,d |", written.merges.get(), written.mergedBytes.get() >> 20),
                String.format(Locale.ROOT, "| appended, MB of frames | %,d |", ((long) lateNanos.length * (32 + CONTENT_BYTES)) >> 20)));
        options.write(machine, "gateway", lines);
    }
}
