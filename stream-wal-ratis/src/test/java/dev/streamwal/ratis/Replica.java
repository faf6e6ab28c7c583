package dev.streamwal.ratis;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** A replica as a process of its own: it says when it has started, and why it ends. */
final class Replica {

    private Replica() {}

    /** A log whose replicas make images and purge soon, so that short tests see both. */
    static RatisOptions options(Replicas replicas, int shards) {
        return builder(replicas, shards).build();
    }

    static RatisOptions.Builder builder(Replicas replicas, int shards) {
        return RatisOptions.builder().replicas(replicas).shards(shards).imageEntries(200).keptEntries(200).raftSegmentBytes(64 << 10)
                .tickInterval(Duration.ofMillis(500)).wal(wal -> wal.window(Duration.ofMinutes(1)).retention(Duration.ofHours(1)).segmentBytes(8 << 20));
    }

    /** Starts a replica of a log of one shard in this process, in a folder of its name. */
    static ReplicatedWalServer start(String name, Replicas replicas, Path folder) {
        return ReplicatedWalServer.start(name, folder.resolve(name), options(replicas, 1));
    }

    /** Waits until one of these leads a shard; returns its number among them. */
    static int leader(List<ReplicatedWalServer> servers) throws InterruptedException {
        while (true) {
            for (int i = 0; i < servers.size(); i++) {
                if (!servers.get(i).leads().isEmpty()) {
                    return i;
                }
            }
            Thread.sleep(10);
        }
    }

    /** @param arguments its name, its folder, how many shards there are, all replicas, and whether its options are for tests */
    public static void main(String[] arguments) throws Exception {
        String[] all = arguments[3].split(",");
        Replicas replicas = Replicas.of(all);
        int shards = Integer.parseInt(arguments[2]);
        RatisOptions options = Boolean.parseBoolean(arguments[4]) ? options(replicas, shards)
                : RatisOptions.builder().replicas(replicas).shards(shards).build();
        try (ReplicatedWalServer server = ReplicatedWalServer.start(arguments[0], Path.of(arguments[1]), options)) {
            System.out.println("started");
            server.awaitClosed();
        } catch (ReplicationException e) {
            System.out.println("failed: " + e.getMessage());
            System.exit(4);
        }
    }
}
