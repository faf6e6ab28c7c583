package dev.streamwal.ratis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.io.DirectoryTree;
import dev.streamwal.storage.SmallDisk;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The disk of one replica is full: its shard closes, the server says why, and the others go on. With room it is as good as the others again. The leader's disk,
 * and a follower's; three replicas in this process. Linux, and root.
 */
@Tag("long")
@Timeout(600)
class DiskFullTest {

    private static final int REPLICAS = 3;
    private static final int DISK_BYTES = 512 << 20;
    private static final int PIECE_BYTES = 64 << 10;
    private static final int IMAGES_BYTES = 1 << 20;

    private final List<SmallDisk> disks = new ArrayList<>();
    private final ReplicatedWalServer[] servers = new ReplicatedWalServer[REPLICAS];
    private Replicas replicas;

    @BeforeEach
    void start() throws IOException {
        replicas = ReplicaProcesses.onFreePorts(REPLICAS);
        for (int i = 0; i < REPLICAS; i++) {
            disks.add(SmallDisk.mount(DISK_BYTES));
            start(i);
        }
    }

    private Path folder(int replica) {
        return disks.get(replica).directory().resolve("replica");
    }

    private void start(int replica) {
        servers[replica] = ReplicatedWalServer.start("n" + replica, folder(replica), Replica.options(replicas, 1));
    }

    @AfterEach
    void stop() throws IOException {
        for (ReplicatedWalServer each : servers) {
            if (each != null) {
                each.close();
            }
        }
        for (SmallDisk each : disks) {
            each.close();
        }
    }

    @Test
    void replica_whoseDiskIsFull_closesItsShard_andComesBackWhenThereIsRoom() throws Exception {
        Load load = new Load(replicas);
        try (load) {
            load.awaitMore(500);
            int led = Replica.leader(List.of(servers));
            fillAndFree(led, load);
            // the first one may still be fetching what it missed
            int leads = Replica.leader(List.of(servers));
            fillAndFree(leads == led ? (led + 1) % REPLICAS : REPLICAS - led - leads, load);
            load.awaitMore(500);
        }
        assertThat(load.failed()).isZero();
        assertThat(load.history.violations()).isEmpty();
        ReplicaFiles.assertSame(IntStream.range(0, REPLICAS).mapToObj(this::folder).toList(), 1, load);
    }

    /**
     * Its Raft log and its own records have room, and images are on a disk of their own, so that nothing else meets the full disk. Where the leader
     * still has all of its Raft log, it sends that, and the first image that the replica has no room for is of its own records.
     */
    @Test
    void replica_withoutRoomForAPeersImage_saysSo_leavesNothingOfIt_andHasItWhenThereIsRoom() throws Exception {
        Load load = new Load(replicas);
        try (load) {
            load.awaitMore(2_000);
            int fresh = (Replica.leader(List.of(servers)) + 1) % REPLICAS;
            servers[fresh].close();
            DirectoryTree.delete(folder(fresh).resolve("shard-0"));
            Path images = folder(fresh).resolve("shard-0/images");
            try (SmallDisk disk = SmallDisk.mount(IMAGES_BYTES)) {
                Files.createDirectories(images.getParent());
                Files.createSymbolicLink(images, disk.directory());
                start(fresh);
                assertThatThrownBy(() -> servers[fresh].awaitClosed()).isInstanceOf(ReplicationException.class)
                        .hasMessageMatching("(?s).*(image of a peer can't be stored: file=|making a checkpoint failed: ).*")
                        .hasMessageContaining("o space left on device");
                assertThat(images.resolve("fetched")).doesNotExist();
                servers[fresh].close();
            }
            Files.delete(images);
            start(fresh);
            load.awaitMore(500);
        }
        assertThat(load.failed()).isZero();
        ReplicaFiles.assertSame(IntStream.range(0, REPLICAS).mapToObj(this::folder).toList(), 1, load);
    }

    /** The Raft log meets the full disk first, and then it's the system that says so, or the log of records does. */
    private void fillAndFree(int replica, Load load) throws Exception {
        Path filler = fill(disks.get(replica).directory());
        assertThatThrownBy(() -> servers[replica].awaitClosed()).isInstanceOf(ReplicationException.class)
                .hasMessageContaining("one replica fewer: name=n" + replica + ", shard=0").hasMessageMatching("(?s).*(o space left on device|the disk is full).*");
        load.awaitMore(500);
        servers[replica].close();
        Files.delete(filler);
        start(replica);
        load.awaitMore(500);
    }

    /** To the last byte. */
    private static Path fill(Path disk) throws IOException {
        Path filler = disk.resolve("filler");
        byte[] piece = new byte[PIECE_BYTES];
        try (OutputStream out = Files.newOutputStream(filler)) {
            while (true) {
                out.write(piece);
            }
        } catch (IOException full) {
            assertThat(full).hasMessageContaining("o space left on device");
            return filler;
        }
    }
}
