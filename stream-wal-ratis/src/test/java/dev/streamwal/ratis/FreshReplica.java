package dev.streamwal.ratis;

import dev.streamwal.WriteEntry;
import dev.streamwal.reader.EntryRef;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Measures how long a replica with an empty disk takes until it has what the others have: two of three replicas, in processes of their own, get so many bytes of
 * records, which don't compress, and then the third one is started for the first time. A program; prints Markdown. The arguments are a folder, and how
 * many MiB.
 */
final class FreshReplica {

    private static final int BYTES = 4_096;
    private static final int KEYS = 1_000;
    private static final int IN_FLIGHT = 4_000;
    private static final int FRESH = 2;
    private static final Batching BATCHES = Batching.of(Duration.ofMillis(2), 250);

    private final ReplicaProcesses processes;
    private final Random random = new Random(1);
    private final Semaphore free = new Semaphore(IN_FLIGHT);
    private long sent;

    private FreshReplica(ReplicaProcesses processes) {
        this.processes = processes;
    }

    public static void main(String[] arguments) throws Exception {
        Path folder = Files.createDirectories(Path.of(arguments[0]));
        try (ReplicaProcesses processes = new ReplicaProcesses(folder, 3, 1, false)) {
            processes.start(0);
            processes.start(1);
            new FreshReplica(processes).run(Long.parseLong(arguments[1]) << 20);
        }
    }

    private void run(long bytes) throws Exception {
        int leader = processes.leaderOf(0);
        try (ReplicatedWal wal = ReplicatedWal.connect(processes.replicas, BATCHES)) {
            long begun = System.nanoTime();
            while (sent * BYTES < bytes) {
                append(wal);
            }
            free.acquire(IN_FLIGHT);
            free.release(IN_FLIGHT);
            System.out.println(String.format(Locale.ROOT, "%,d records of %,d bytes in two of three replicas, in %.0f s; the leader's disk has %,d MiB of its log and %,d MiB of all.%n",
                    sent, BYTES, seconds(begun), size(ReplicaFiles.wal(processes.folder(leader), 0)) >> 20, size(processes.folder(leader)) >> 20));
            System.out.println("| the replica has all after | MiB/s of its log | images fetched |");
            System.out.println("|--:|--:|--:|");
            fresh(wal);
        }
    }

    private void fresh(ReplicatedWal wal) throws Exception {
        long begun = System.nanoTime();
        processes.start(FRESH);
        while (!isThere(wal)) {
            TimeUnit.MILLISECONDS.sleep(100);
        }
        double seconds = seconds(begun);
        System.out.println(String.format(Locale.ROOT, "| %.1f s | %.0f | %d |", seconds, (size(ReplicaFiles.wal(processes.folder(FRESH), 0)) >> 20) / seconds,
                status(wal, "n" + FRESH).fetchedImages()));
    }

    /** Whether the fresh replica has applied what the leader has. */
    private boolean isThere(ReplicatedWal wal) {
        long leaders = wal.status().stream().filter(each -> each.role() == ReplicaStatus.Role.LEADER).mapToLong(ReplicaStatus::appliedIndex).max()
                .orElse(Long.MAX_VALUE);
        return status(wal, "n" + FRESH).appliedIndex() >= leaders;
    }

    private static ReplicaStatus status(ReplicatedWal wal, String replica) {
        return wal.status().stream().filter(each -> each.replica().equals(replica)).findFirst().orElseThrow();
    }

    private void append(ReplicatedWal wal) throws InterruptedException {
        byte[] content = new byte[BYTES];
        random.nextBytes(content);
        free.acquire();
        wal.append("key/" + sent++ % KEYS, WriteEntry.of(content)).whenComplete((EntryRef ref, Throwable failure) -> {
            if (failure != null) {
                failure.printStackTrace();
                System.exit(1);
            }
            free.release();
        });
    }

    private static double seconds(long begunNanos) {
        return (System.nanoTime() - begunNanos) / 1e9;
    }

    /** Of all files in a folder, hard links counted once. */
    private static long size(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).collect(Collectors.toMap(FreshReplica::identity, FreshReplica::length, (a, b) -> a))
                    .values().stream().mapToLong(Long::longValue).sum();
        }
    }

    private static Object identity(Path file) {
        try {
            return Files.getAttribute(file, "unix:ino");
        } catch (NoSuchFileException e) {
            return -1L; // gone meanwhile
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long length(Path file) {
        return file.toFile().length();
    }
}
