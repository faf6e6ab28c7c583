package dev.streamwal.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.ratis.command.ReplicaCommand;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line against one replica in this process. */
class ReplicaCommandTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return ReplicaCommand.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
    }

    @Test
    void commands_appendAndRead(@TempDir Path folder) throws Exception {
        Replicas replicas = ReplicaProcesses.onFreePorts(1);
        try (ReplicatedWalServer server = ReplicatedWalServer.start("n0", folder, Replica.options(replicas, 2))) {
            assertThat(run("append", "--replicas", replicas.toString(), "meter/1", "one", "two")).isZero();
            assertThat(run("latest", "--replicas", replicas.toString(), "meter/1")).isZero();
            assertThat(run("latest", "--stale", "--replicas", replicas.toString(), "meter/2")).isEqualTo(1);
            assertThat(run("shards", "--replicas", replicas.toString())).isZero();
            assertThat(out.toString().lines().skip(2)).containsExactly(out.toString().lines().skip(1).findFirst().orElseThrow() + " two", "2");
            assertThat(err.toString()).isEmpty();
            // which is answered by a leader: by then there is one
            for (int shard = 0, key = 0; shard < 2; key++) {
                out.getBuffer().setLength(0);
                assertThat(run("shards", "--replicas", replicas.toString(), "key/" + key)).isZero();
                if (out.toString().startsWith(shard + " ")) {
                    assertThat(run("latest", "--replicas", replicas.toString(), "key/" + key)).isEqualTo(1);
                    shard++;
                }
            }
            assertThat(server.leads()).containsExactly(0, 1);
            out.getBuffer().setLength(0);
            assertThat(run("cluster", "--replicas", replicas.toString())).isZero();
            assertThat(out.toString().lines().skip(1)).hasSize(2).allSatisfy(line -> assertThat(line).contains("n0").contains("LEADER"));
        }
    }

    @Test
    void start_ofReplicaWithoutAddress_saysSo(@TempDir Path folder) {
        assertThat(run("start", "n9", folder.toString(), "--replicas", "n1=127.0.0.1:7100")).isEqualTo(1);
        assertThat(err.toString()).contains("replica has no address: name=n9");
    }
}
