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
            assertThat(server.leads()).containsExactly(0, 1);
        }
    }

    @Test
    void start_ofReplicaWithoutAddress_saysSo(@TempDir Path folder) {
        assertThat(run("start", "n9", folder.toString(), "--replicas", "n1=127.0.0.1:7100")).isEqualTo(1);
        assertThat(err.toString()).contains("replica has no address: name=n9");
    }
}
