package dev.streamwal.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.WriteEntry;
import dev.streamwal.reader.EntryRef;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Three replicas whose network is cut and healed under load, while clients reach all of them. */
@Tag("long")
@EnabledOnOs(OS.LINUX)
class PartitionTest {

    private static final int ROUNDS = Math.max(1, (int) Math.round(Scale.factor() * 5));

    @TempDir
    private Path folder;

    @Test
    void everythingAcknowledged_isOnAllReplicas_whenTheNetworkIsHealed() throws Exception {
        try (Network network = new Network(folder, 3); ReplicaProcesses processes = new ReplicaProcesses(folder, network)) {
            processes.startAll();
            Load load = new Load(network.replicas());
            try (load) {
                load.awaitMore(200);
                for (int round = 0; round < ROUNDS; round++) {
                    cutOffLeader(network, processes, load);
                    cutOffFollower(network, processes, load);
                }
            }
            assertThat(load.failed()).isZero();
            assertThat(load.history.reads()).isPositive();
            assertThat(load.history.violations()).isEmpty();
            processes.assertSame(load);
        }
    }

    /** It goes on believing that it leads, and clients reach it. The others choose another one. */
    private static void cutOffLeader(Network network, ReplicaProcesses processes, Load load) throws Exception {
        network.cutOff(processes.leaderOf(0));
        assertStaleReadsAreSeen(network.replicas());
        load.awaitMore(200);
        network.heal();
        load.awaitMore(200);
    }

    /** More than is kept of the Raft log, at times. */
    private static void cutOffFollower(Network network, ReplicaProcesses processes, Load load) throws Exception {
        network.cutOff((processes.leaderOf(0) + 1) % 3);
        load.awaitMore(2_000);
        network.heal();
        load.awaitMore(200);
    }

    /**
     * The check of histories isn't blind: of three replicas that are asked for what they have, the one that was cut off has less than was acknowledged.
     * Linearizable reads have it.
     */
    private static void assertStaleReadsAreSeen(Replicas replicas) throws Exception {
        History history = new History();
        try (ReplicatedWal wal = ReplicatedWal.connect(replicas, Batching.of(Duration.ZERO, 1))) {
            long began = System.nanoTime();
            EntryRef ref = wal.append("stale", WriteEntry.of(new byte[1])).get(300, TimeUnit.SECONDS);
            history.append("stale", began, System.nanoTime(), ref.position(), ref.end());
            assertThat(wal.endPosition("stale", Consistency.LINEARIZABLE)).isEqualTo(ref.end());
            for (int i = 0; i < 3; i++) {
                began = System.nanoTime();
                long end = wal.endPosition("stale", Consistency.STALE);
                history.read("stale", began, System.nanoTime(), end);
            }
            assertThat(history.violations()).anyMatch(each -> each.contains("read without a record that was acknowledged before"));
        }
    }

    @Test
    void append_whileEveryReplicaIsAlone_isNotAcknowledged_untilTheNetworkIsHealed() throws Exception {
        try (Network network = new Network(folder, 3); ReplicaProcesses processes = new ReplicaProcesses(folder, network)) {
            processes.startAll();
            try (ReplicatedWal wal = ReplicatedWal.connect(network.replicas(), Batching.of(Duration.ZERO, 1))) {
                EntryRef before = wal.append("alone", WriteEntry.of(new byte[1])).get(300, TimeUnit.SECONDS);
                network.cutAll();
                CompletableFuture<EntryRef> alone = wal.append("alone", WriteEntry.of(new byte[1]));
                for (int i = 0; i < 6; i++) { // each replica in turn, twice: they have what they had
                    assertThat(wal.endPosition("alone", Consistency.STALE)).isIn(0L, before.end());
                }
                assertThat(alone).isNotDone();
                network.heal();
                assertThat(alone.get(300, TimeUnit.SECONDS).position()).isEqualTo(before.end());
            }
        }
    }
}
