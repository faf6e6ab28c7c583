package dev.streamwal.ratis;

import java.nio.file.Path;
import java.time.Duration;

/** A replica as a process of its own: it says when it has started, and why it ends. */
final class Replica {

    private Replica() {}

    /** A log whose replicas make images and purge soon, so that short tests see both. */
    static RatisOptions options(Replicas replicas, int shards) {
        return RatisOptions.builder().replicas(replicas).shards(shards).imageEntries(200).keptEntries(200).raftSegmentBytes(64 << 10)
                .tickInterval(Duration.ofMillis(500)).wal(wal -> wal.window(Duration.ofMinutes(1)).retention(Duration.ofHours(1)).segmentBytes(8 << 20))
                .build();
    }

    /** @param arguments its name, its folder, how many shards there are, and all replicas */
    public static void main(String[] arguments) throws Exception {
        String[] all = arguments[3].split(",");
        try (ReplicatedWalServer server = ReplicatedWalServer.start(arguments[0], Path.of(arguments[1]),
                options(Replicas.of(all), Integer.parseInt(arguments[2])))) {
            System.out.println("started");
            server.awaitClosed();
        } catch (ReplicationException e) {
            System.out.println("failed: " + e.getMessage());
            System.exit(4);
        }
    }
}
