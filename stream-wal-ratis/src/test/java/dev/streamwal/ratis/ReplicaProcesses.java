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
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.protocol.RaftPeerId;

/** Replicas in processes of their own, on loopback: started, killed, stopped and continued, each by its own handle. */
final class ReplicaProcesses implements AutoCloseable {

    private static final long PATIENCE_MILLIS = 60_000;

    final Replicas replicas;
    private final Path folder;
    private final int shards;
    private final boolean isForTests;
    private final Process[] processes;

    ReplicaProcesses(Path folder, int count, int shards) throws IOException {
        this(folder, count, shards, true);
    }

    /** @param isForTests whether they make images, and purge, soon, and start fast; otherwise options are the defaults */
    ReplicaProcesses(Path folder, int count, int shards, boolean isForTests) throws IOException {
        this.folder = folder;
        this.shards = shards;
        this.isForTests = isForTests;
        this.replicas = onFreePorts(count);
        this.processes = new Process[count];
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
        List<String> flags = isForTests ? List.of("-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-ea") : List.of("-Xmx512m");
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
        return processes[replica].isAlive();
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
