package dev.streamwal.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.error.WalException;
import dev.streamwal.ratis.settings.RaftSettings;
import dev.streamwal.ratis.shard.Shards;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.protocol.RaftPeerId;

/** Replicas in processes of their own, on loopback: started, killed, stopped and continued, each by its own handle. */
final class ReplicaProcesses implements AutoCloseable {

    private static final long PATIENCE_MILLIS = 60_000;
    /** Below the ports that systems give to who asks for any: from 32,768 on Linux, from 49,152 elsewhere. */
    private static final int LOWEST_PORT = 20_000;
    private static final int HIGHEST_PORT = 32_000;
    private static final int PORT_ATTEMPTS = 1_000;
    private static final int SAID_CHARS = 10_000;

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

    /** On ports that were free just now, and that the system gives nobody who asks for any: a replica's is free while it is down. */
    static Replicas onFreePorts(int count) throws IOException {
        List<ServerSocket> sockets = new ArrayList<>();
        List<String> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ServerSocket socket = onFreePort();
            sockets.add(socket);
            all.add("n" + i + "=127.0.0.1:" + socket.getLocalPort());
        }
        for (ServerSocket socket : sockets) {
            socket.close();
        }
        return Replicas.of(all.toArray(new String[0]));
    }

    private static ServerSocket onFreePort() throws IOException {
        for (int attempt = 0; attempt < PORT_ATTEMPTS; attempt++) {
            try {
                return new ServerSocket(ThreadLocalRandom.current().nextInt(LOWEST_PORT, HIGHEST_PORT), 1, InetAddress.getLoopbackAddress());
            } catch (BindException e) {
                // somebody has it
            }
        }
        throw new IOException("no free port between " + LOWEST_PORT + " and " + HIGHEST_PORT);
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
        assertAlive(); // one that has ended says why; without it, nobody would wait for the others
        try {
            ReplicaFiles.assertSame(IntStream.range(0, processes.length).mapToObj(this::folder).toList(), 1, load);
        } catch (AssertionError | WalException e) {
            throw new AssertionError(lastSaid(), e);
        }
        assertAlive();
    }

    private void assertAlive() throws IOException {
        for (int replica = 0; replica < processes.length; replica++) {
            assertThat(isAlive(replica)).as(lastSaid()).isTrue();
        }
    }

    private String lastSaid() throws IOException {
        StringBuilder all = new StringBuilder();
        for (int replica = 0; replica < processes.length; replica++) {
            String said = saidBy(replica);
            all.append("n").append(replica).append(isAlive(replica) ? " runs, and said last: " : " has ended, and said last: ")
                    .append(said.substring(Math.max(0, said.length() - SAID_CHARS))).append(System.lineSeparator());
        }
        return all.toString();
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
