package dev.streamwal.ratis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.WriteEntry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A leader whose clock is set ahead: it deletes nothing, refuses appends and says so, until its clock is right again or somebody vouches for it. */
class WrongClockTest {

    private static final Instant START = Instant.parse("2027-03-01T12:00:00Z");

    @TempDir
    private Path folder;

    /** By how much the clock is ahead of what it said first. */
    private final AtomicLong days = new AtomicLong();

    private RatisOptions options(Replicas replicas) {
        return RatisOptions.builder().replicas(replicas).tickInterval(Duration.ofMillis(50))
                .wal(wal -> wal.retention(Duration.ofDays(3)).maxClockAdvance(Duration.ofDays(5)).clock(() -> START.plus(Duration.ofDays(days.get())))).build();
    }

    private static void append(ReplicatedWal wal, String text) throws Exception {
        assertThat(wal.append("a", WriteEntry.of(text.getBytes(UTF_8))).get(300, TimeUnit.SECONDS)).isNotNull();
    }

    private static List<String> texts(ReplicatedWal wal) {
        return wal.scan("a", 0, 100, Consistency.LINEARIZABLE).records().stream().map(each -> new String(each.content(), UTF_8)).toList();
    }

    private static ReplicaStatus status(ReplicatedWalServer server) {
        return server.status().get(0);
    }

    /** When ticks of before have been carried out; where there are always more, the last one. */
    private static long settledIndex(ReplicatedWalServer server) throws InterruptedException {
        long applied = status(server).appliedIndex();
        for (int i = 0; i < 60; i++) {
            TimeUnit.MILLISECONDS.sleep(500);
            long now = status(server).appliedIndex();
            if (now == applied) {
                break;
            }
            applied = now;
        }
        return applied;
    }

    @Test
    void append_toALeaderWhoseClockIsAhead_isRefused_andNothingIsDeleted() throws Exception {
        Replicas replicas = ReplicaProcesses.onFreePorts(1);
        try (ReplicatedWalServer server = ReplicatedWalServer.start("n0", folder, options(replicas));
                ReplicatedWal wal = ReplicatedWal.connect(replicas, Batching.of(Duration.ZERO, 1))) {
            append(wal, "x");
            assertThat(status(server).isClockAhead()).isFalse();
            days.set(400);
            assertThat(status(server).isClockAhead()).isTrue();
            long applied = settledIndex(server);
            assertThatThrownBy(() -> append(wal, "y")).hasMessageContaining("too far ahead of the log's: clock=2028-04-04").hasMessageContaining("2027-03-01")
                    .hasMessageContaining("maxClockAdvance=PT120H");
            TimeUnit.MILLISECONDS.sleep(500); // ten ticks
            assertThat(status(server).clock()).as("the replicated time").isEqualTo(START);
            assertThat(status(server).appliedIndex()).as("nothing is in the Raft log").isLessThanOrEqualTo(applied + 2);
            assertThat(texts(wal)).containsExactly("x");
            days.set(0);
            append(wal, "z");
            assertThat(texts(wal)).containsExactly("x", "z");
            days.set(2);
            append(wal, "two days later");
            assertThat(texts(wal)).containsExactly("x", "z", "two days later");
        }
        days.set(300); // all replicas were off
        try (ReplicatedWalServer server = ReplicatedWalServer.start("n0", folder, options(replicas));
                ReplicatedWal wal = ReplicatedWal.connect(replicas, Batching.of(Duration.ZERO, 1))) {
            assertThat(texts(wal)).hasSize(3);
            assertThat(status(server).isClockAhead()).isTrue();
            assertThatThrownBy(() -> append(wal, "y")).hasMessageContaining("believeClock()");
            server.believeClock();
            append(wal, "later");
            assertThat(status(server).isClockAhead()).isFalse();
            assertThat(texts(wal)).containsExactly("later");
        }
    }
}
