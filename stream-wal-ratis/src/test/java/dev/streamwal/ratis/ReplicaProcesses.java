package dev.streamwal.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.ratis.settings.RaftSettings;
import dev.streamwal.ratis.shard.Shards;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.protocol.RaftPeerId;

/** Replicas in processes of their own, on loopback: started, killed, stopped and continued, each by its own handle. */
final class ReplicaProcesses implements AutoCloseable {

    private static final long PATIENCE_MILLIS = 60_000;

    final Replicas replicas;
    private final Path folder;
    private final int shards;
    private final boolean isForTests;
    private final IntFunction<List<String>> flagsOf;
    private final Process[] processes;

    ReplicaProcesses(Path folder, int count, int shards) throws IOException {
        this(folder, count, shards, true);
    }

    /** @param isForTests whether they make images, and purge, soon, and start fast; otherwise options are the defaults */
    ReplicaProcesses(Path folder, int count, int shards, boolean isForTests) throws IOException {
        this(folder, onFreePorts(count), shards, isForTests, replica -> List.of());
    }

    /** With one shard, on a network that can be cut. */
    ReplicaProcesses(Path folder, Network network) {
        this(folder, network.replicas(), 1, true, network::flags);
    }

    private ReplicaProcesses(Path folder, Replicas replicas, int shards, boolean isForTests, IntFunction<List<String>> flagsOf) {
        this.folder = folder;
        this.shards = shards;
        this.isForTests = isForTests;
        this.replicas = replicas;
        this.flagsOf = flagsOf;
        this.processes = new Process[replicas.names().size()];
    }

    /** On ports that were free just now. */
    static Replicas onFreePorts(int count) throws IOException {
        List<ServerSocket> sockets = new ArrayList<>();
        List<String> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
            sockets.add(socket);
            all.add("n" + i + "=127.0.0.1:" + socket.getLocalPort());
        }
        for (ServerSocket socket : sockets) {
            socket.close();
        }
        return Replicas.of(all.toArray(new String[0]));
    }

    Path folder(int replica) {
        return folder.resolve("n" + replica);
    }

    private Path output(int replica) {
        return folder.resolve("n" + replica + ".txt");
    }

    void startAll() throws IOException {
        for (int i = 0; i < processes.length; i++) {
            start(i);
        }
    }

    void start(int replica) throws IOException {
        List<String> flags = new ArrayList<>(isForTests ? List.of("-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-ea")
                : List.of("-Xmx512m"));
        flags.addAll(flagsOf.apply(replica));
        processes[replica] = OwnJvm.of(flags, Replica.class, "n" + replica, folder(replica).toString(), "" + shards, replicas.toString(), "" + isForTests)
                .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(output(replica).toFile())).start();
    }

    String saidBy(int replica) throws IOException {
        return Files.readString(output(replica));
    }

    /** SIGKILL. */
    void kill(int replica) throws InterruptedException {
        processes[replica].destroyForcibly();
        assertThat(processes[replica].waitFor(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)).isTrue();
    }

    /** SIGSTOP. */
    void stop(int replica) throws IOException, InterruptedException {
        signal(replica, "-STOP");
    }

    /** SIGCONT. */
    void goOn(int replica) throws IOException, InterruptedException {
        signal(replica, "-CONT");
    }

    private void signal(int replica, String name) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", name, Long.toString(processes[replica].pid())).start().waitFor()).isZero();
    }

    boolean isAlive(int replica) {
        return processes[replica] != null && processes[replica].isAlive();
    }

    /** Waits until there is one that a majority follows. */
    int leaderOf(int shard) throws Exception {
        Shards all = new Shards(shards);
        long giveUpNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS);
        try (RaftClient client = RaftClient.newBuilder().setRaftGroup(all.group(shard, replicas.addresses())).setProperties(RaftSettings.client())
                .setRetryPolicy(RaftSettings.noRetry()).build()) {
            while (System.nanoTime() < giveUpNanos) {
                for (int i = 0; i < processes.length; i++) {
                    if (isAlive(i) && leads(client, i, all, shard)) {
                        return i;
                    }
                }
                Thread.sleep(50);
            }
        }
        throw new AssertionError("no leader");
    }

    private static boolean leads(RaftClient client, int replica, Shards shards, int shard) {
        try {
            return client.getGroupManagementApi(RaftPeerId.valueOf("n" + replica)).info(shards.groupId(shard)).getRoleInfoProto().hasLeaderInfo();
        } catch (IOException | RuntimeException e) {
            return false; // it is down, or starting
        }
    }

    /** When nothing more is sent, all replicas of the only shard become the same, and keep what the load was told. */
    void assertSame(Load load) throws Exception {
        ReplicaFiles leader = ReplicaFiles.of(folder(leaderOf(0)), 1);
        for (int replica = 0; replica < processes.length; replica++) {
            assertThat(isAlive(replica)).as("n" + replica + " said: " + saidBy(replica)).isTrue();
            ReplicaFiles files = ReplicaFiles.caughtUp(folder(replica), 1, leader);
            assertThat(files).as("n" + replica + " in " + folder).isEqualTo(leader);
            load.check(files);
        }
    }

    @Override
    public void close() {
        for (Process each : processes) {
            if (each != null) {
                each.destroyForcibly();
            }
        }
        try {
            for (Process each : processes) {
                if (each != null) {
                    each.waitFor(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
                }
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
