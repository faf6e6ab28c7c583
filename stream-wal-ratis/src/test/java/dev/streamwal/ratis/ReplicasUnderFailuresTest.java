package dev.streamwal.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three replicas in processes of their own, under load, of which the leader or a follower is killed, or stopped for a while and continued: nothing acknowledged
 * is lost, there twice, or at another position; what clients have seen is linearizable; in the end all replicas have the same.
 */
class ReplicasUnderFailuresTest {

    private static final int ROUNDS = Math.max(1, (int) Math.round(Scale.factor() * 7));

    @Test
    void everythingAcknowledged_isOnAllReplicas_onceAndWhereItWasSaid(@TempDir Path folder) throws Exception {
        try (ReplicaProcesses processes = new ReplicaProcesses(folder, 3, 1)) {
            processes.startAll();
            Load load = new Load(processes.replicas);
            try (load) {
                load.awaitMore(200);
                for (int round = 0; round < ROUNDS; round++) {
                    killLeader(processes, load);
                    killFollower(processes, load);
                    stopFollower(processes, load);
                    stopLeader(processes, load);
                }
                load.awaitMore(1_000); // so that who is behind has something to catch up with
            }
            assertThat(load.failed()).isZero();
            assertThat(load.history.appends()).isPositive();
            assertThat(load.history.reads()).isPositive();
            assertThat(load.history.violations()).isEmpty();
            processes.assertSame(load);
        }
    }

    private static void killLeader(ReplicaProcesses processes, Load load) throws Exception {
        int leader = processes.leaderOf(0);
        processes.kill(leader);
        load.awaitMore(200);
        processes.start(leader);
        load.awaitMore(200);
    }

    private static void killFollower(ReplicaProcesses processes, Load load) throws Exception {
        int follower = (processes.leaderOf(0) + 1) % 3;
        processes.kill(follower);
        load.awaitMore(100);
        processes.start(follower);
        load.awaitMore(400);
    }

    private static void stopFollower(ReplicaProcesses processes, Load load) throws Exception {
        int follower = (processes.leaderOf(0) + 2) % 3;
        processes.stop(follower);
        load.awaitMore(200);
        processes.goOn(follower);
    }

    /** It goes on believing that it leads; nobody must be told what it then says. */
    private static void stopLeader(ReplicaProcesses processes, Load load) throws Exception {
        int leader = processes.leaderOf(0);
        processes.stop(leader);
        load.awaitMore(200);
        processes.goOn(leader);
        load.awaitMore(200);
    }
}
