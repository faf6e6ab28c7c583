package dev.streamwal.ratis;

import dev.streamwal.StreamWal;
import dev.streamwal.WriteEntry;
import dev.streamwal.io.DirectoryTree;
import dev.streamwal.reader.EntryRef;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * Measures three replicas on one machine beside a log of one process that is as durable: records of 128 bytes acknowledged a second, how long each took, and
 * processor time of all processes; then how long nothing is acknowledged when the leader is killed. A program; prints Markdown. The arguments are a folder, and for
 * how many seconds each row is measured.
 */
final class ReplicaSpeed {

    private static final int BYTES = 128;
    private static final int KEYS = 1_000;
    private static final int WARMUP_SECONDS = 20;
    private static final int WARMUP_IN_FLIGHT = 1_600;
    private static final int FAILOVERS = 7;
    /** Records that one request has at most, and records without an answer. */
    private static final int[][] LOADS = {{1, 1}, {1, 16}, {100, 1_600}, {1_000, 16_000}};

    private final Path folder;
    private final int seconds;

    private ReplicaSpeed(Path folder, int seconds) {
        this.folder = folder;
        this.seconds = seconds;
    }

    public static void main(String[] arguments) throws Exception {
        ReplicaSpeed speed = new ReplicaSpeed(Path.of(arguments[0]), Integer.parseInt(arguments[1]));
        System.out.println("| | records a request | in flight | records/s | p50, ms | p99, ms | processor, µs a record |");
        System.out.println("|---|--:|--:|--:|--:|--:|--:|");
        speed.local();
        speed.replicated();
        speed.failovers();
    }

    private interface Target {
        CompletableFuture<EntryRef> append(String key, WriteEntry entry);
    }

    private void local() throws Exception {
        Path log = folder.resolve("local");
        DirectoryTree.delete(log);
        try (StreamWal wal = StreamWal.open(log)) {
            Target target = (key, entry) -> wal.stream(key).appendAsync(entry);
            long[] unused = load(WARMUP_IN_FLIGHT, target, WARMUP_SECONDS);
            for (int[] load : LOADS) {
                row("local, IMMEDIATE", load[0], load[1], target, List.of());
            }
        }
    }

    private void replicated() throws Exception {
        Path replicas = folder.resolve("replicas");
        DirectoryTree.delete(replicas);
        Files.createDirectories(replicas);
        try (ReplicaProcesses processes = new ReplicaProcesses(replicas, 3, 1, false)) {
            processes.startAll();
            int unused = processes.leaderOf(0);
            for (int[] load : LOADS) {
                try (ReplicatedWal wal = ReplicatedWal.connect(processes.replicas, Batching.of(Duration.ofMillis(load[0] == 1 ? 0 : 2), load[0]))) {
                    long[] unusedToo = load(WARMUP_IN_FLIGHT, wal::append, WARMUP_SECONDS);
                    row("three replicas", load[0], load[1], wal::append, ProcessHandle.current().children().toList());
                }
            }
            try (ReplicatedWal wal = ReplicatedWal.connect(processes.replicas, Batching.of(Duration.ofMillis(2), 1_000))) {
                long pauseMillis = wal.status().stream().mapToLong(each -> each.longestImage().toMillis()).max().orElse(0);
                long images = wal.status().stream().mapToLong(ReplicaStatus::images).max().orElse(0);
                System.out.println("\nImages: " + images + ", of which the longest held up a replica for " + pauseMillis + " ms.");
            }
        }
    }

    private void row(String what, int records, int inFlight, Target target, List<ProcessHandle> others) throws Exception {
        long[] unused = load(inFlight, target, WARMUP_SECONDS / 4);
        long processorBefore = processorNanos(others);
        long before = System.nanoTime();
        long[] nanos = load(inFlight, target, seconds);
        double elapsed = (System.nanoTime() - before) / 1e9;
        double processor = processorNanos(others) - processorBefore;
        Arrays.sort(nanos);
        System.out.println(String.format(Locale.ROOT, "| %s | %,d | %,d | %,.0f | %.2f | %.1f | %.1f |", what, records, inFlight, nanos.length / elapsed,
                nanos[nanos.length / 2] / 1e6, nanos[(int) (nanos.length * 0.99)] / 1e6, processor / 1e3 / nanos.length));
    }

    private static long processorNanos(List<ProcessHandle> others) {
        return Stream.concat(Stream.of(ProcessHandle.current()), others.stream())
                .mapToLong(each -> each.info().totalCpuDuration().orElse(Duration.ZERO).toNanos()).sum();
    }

    /** @return how long each record took */
    private static long[] load(int inFlight, Target target, int seconds) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        Semaphore free = new Semaphore(inFlight);
        long[] nanos = new long[20_000_000];
        AtomicInteger count = new AtomicInteger();
        for (int i = 0; System.nanoTime() < end; i++) {
            free.acquire();
            long sent = System.nanoTime();
            target.append("key/" + i % KEYS, WriteEntry.of(new byte[BYTES])).whenComplete((ref, failure) -> {
                if (failure != null) {
                    throw new IllegalStateException(failure);
                }
                nanos[count.getAndIncrement()] = System.nanoTime() - sent;
                free.release();
            });
        }
        free.acquire(inFlight);
        return Arrays.copyOf(nanos, count.get());
    }

    private void failovers() throws Exception {
        Path replicas = folder.resolve("replicas");
        DirectoryTree.delete(replicas);
        Files.createDirectories(replicas);
        long[] millis = new long[FAILOVERS];
        try (ReplicaProcesses processes = new ReplicaProcesses(replicas, 3, 1, false)) {
            processes.startAll();
            try (ReplicatedWal wal = ReplicatedWal.connect(processes.replicas, Batching.of(Duration.ZERO, 1))) {
                for (int i = 0; i < FAILOVERS; i++) {
                    for (int j = 0; j < 100; j++) {
                        EntryRef unused = wal.append("key", WriteEntry.of(new byte[BYTES])).get();
                    }
                    int leader = processes.leaderOf(0);
                    processes.kill(leader);
                    long before = System.nanoTime();
                    EntryRef unused = wal.append("key", WriteEntry.of(new byte[BYTES])).get();
                    millis[i] = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - before);
                    processes.start(leader);
                    Thread.sleep(3_000);
                }
            }
        }
        Arrays.sort(millis);
        System.out.println("\nLeader killed: nothing acknowledged for " + Arrays.toString(millis) + " ms, sorted.");
    }
}
