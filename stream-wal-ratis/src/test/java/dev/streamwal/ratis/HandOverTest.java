package dev.streamwal.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.ratis.settings.RaftSettings;
import dev.streamwal.ratis.shard.Shards;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.exceptions.TransferLeadershipException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A leader hands over to another replica, as Ratis has it do where the one comes back that a shard prefers. */
@Tag("long")
@Timeout(300)
class HandOverTest {

    private static final int ROUNDS = 6;
    private static final long TRANSFER_MILLIS = 5_000;

    @TempDir
    private Path folder;

    private final List<ReplicatedWalServer> servers = new ArrayList<>();
    private Replicas replicas;

    @BeforeEach
    void start() throws IOException {
        replicas = ReplicaProcesses.onFreePorts(3);
        replicas.names().forEach(name -> servers.add(Replica.start(name, replicas, folder)));
    }

    @AfterEach
    void stop() {
        servers.forEach(ReplicatedWalServer::close);
    }

    @Test
    void appendsUnderLoad_whileTheLeadIsHandedOver_areAcknowledged() throws Exception {
        Load load = new Load(replicas);
        try (load; RaftClient admin = RaftClient.newBuilder().setRaftGroup(new Shards(1).group(0, replicas.addresses())).setProperties(RaftSettings.client())
                .setRetryPolicy(RaftSettings.retry()).build()) {
            load.awaitMore(200);
            for (int round = 0; round < ROUNDS; round++) {
                handOver(admin);
                load.awaitMore(200);
            }
        }
        assertThat(load.failed()).isZero();
        assertThat(load.history.violations()).isEmpty();
        ReplicaFiles.assertSame(replicas.names().stream().map(folder::resolve).toList(), 1, load);
    }

    /** Ratis gives a hand-over up where the next leader is too far behind, or another one is elected meanwhile: then it is asked for again. */
    private void handOver(RaftClient admin) throws Exception {
        boolean isHandedOver = false;
        while (!isHandedOver) {
            RaftPeerId next = RaftPeerId.valueOf(replicas.names().get((Replica.leader(servers) + 1) % 3));
            try {
                isHandedOver = admin.admin().transferLeadership(next, TRANSFER_MILLIS).isSuccess();
            } catch (TransferLeadershipException e) {
                assertThat(e).hasMessageContaining("Failed to transfer leadership to " + next);
            }
        }
    }
}
