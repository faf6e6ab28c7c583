package dev.streamwal.simulation;

import dev.streamwal.Durability;
import dev.streamwal.MasterKeysForTests;
import dev.streamwal.RecoveryPolicy;
import dev.streamwal.RecoveryReport;
import dev.streamwal.Segments;
import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.WalListener;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStream;
import dev.streamwal.error.WalException;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.keys.MasterKeys;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBufUtil;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/** A log that is open on a simulated disk, and what it said in the background. */
final class LogUnderTest implements AutoCloseable {

    private static final MasterKeys KEYS = MasterKeysForTests.ring("a");

    private final StreamWal wal;
    private final WorkloadRun.Clock clock;
    /** Held, so that nothing depends on the collector. */
    private final Map<String, WalStream> streams = new HashMap<>();
    private final List<String> failures = new ArrayList<>();

    /** A record as it was read. */
    record Found(long position, long end, byte[] content) {}

    LogUnderTest(SimulatedDisk disk, Workload workload, String bootId, long salts, WorkloadRun.Clock clock) {
        this(disk, workload, bootId, salts, clock, RecoveryPolicy.STOP_AT_FIRST_ERROR);
    }

    private LogUnderTest(
            SimulatedDisk disk, Workload workload, String bootId, long salts, WorkloadRun.Clock clock, RecoveryPolicy policy) {
        this.clock = clock;
        Segments segments = workload.shared() ? Segments.SHARED : Segments.OWN;
        WalOptions.Builder builder = WalOptions.builder();
        if (workload.encrypted()) {
            builder.encryption(KEYS);
        }
        if (workload.isTiered()) {
            builder.tier(tier(disk)).tierAfter(Duration.ZERO);
        }
        WalOptions options = builder
                .clock(clock)
                .window(WorkloadRun.WINDOW)
                .retention(WorkloadRun.RETENTION)
                .segmentBytes(workload.segmentBytes())
                .sweepInterval(Duration.ZERO)
                .ownSegments(0)
                .streams(Workload.PERIODIC_KEY, StreamOptions.builder().segments(segments).durability(Durability.PERIODIC).build())
                .streams("*", StreamOptions.builder().segments(segments).build())
                .recoveryPolicy(policy)
                .completionExecutor(Runnable::run)
                .listener(new Listener())
                .build();
        this.wal = SimulatedLog.open(disk.path("/log"), options, bootId, workload.mapped(), new Random(salts)::nextLong,
                workload.journal());
        Workload.KEYS.forEach(key -> streams.put(key, wal.stream(key)));
    }

    /** It was there before the log. */
    private static Path tier(SimulatedDisk disk) {
        Path tier = disk.path("/tier");
        try {
            if (Files.notExists(tier)) {
                Files.createDirectory(tier);
                DirectoryForce.force(disk.path("/"));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return tier;
    }

    /** On what a crash has left. */
    static LogUnderTest after(SimulatedDisk disk, Workload workload, String bootId, Instant now) {
        return after(disk, workload, bootId, now, RecoveryPolicy.STOP_AT_FIRST_ERROR);
    }

    static LogUnderTest after(SimulatedDisk disk, Workload workload, String bootId, Instant now, RecoveryPolicy policy) {
        return new LogUnderTest(disk, workload, bootId, bootId.hashCode(), new WorkloadRun.Clock(now), policy);
    }

    private final class Listener implements WalListener {

        @Override
        public void onRecovered(RecoveryReport.StreamFindings segment) {
            // what it has found is checked, not what it says
        }

        @Override
        public void onFailure(String task, Optional<String> stream, Throwable failure) {
            failures.add(task + " " + stream + " " + failure);
        }
    }

    StreamWal wal() {
        return wal;
    }

    WalStream stream(String key) {
        return streams.get(key);
    }

    List<String> failures() {
        return failures;
    }

    /** All that is in shared segments, as a window is over then. */
    void pack() {
        clock.advance(WorkloadRun.WINDOW);
        int unused = wal.pack();
    }

    /** A stream's records, when it has been recovered. */
    List<Found> recoverAndRead(String key) {
        long unused = stream(key).endPosition();
        return read(key);
    }

    List<Found> read(String key) {
        List<Found> found = new ArrayList<>();
        try (WalReader reader = wal.reader(); EntryCursor cursor = reader.scan(key)) {
            while (cursor.next()) {
                found.add(new Found(cursor.position(), cursor.position() + cursor.size(), ByteBufUtil.getBytes(cursor.content())));
            }
        }
        return found;
    }

    @Override
    public void close() {
        wal.close();
    }

    /** After the process was killed: gives back what the dead one held of this one. */
    void abandon() {
        try {
            wal.close();
        } catch (WalException e) {
            // it can't reach its disk any more
        }
    }
}
