package dev.streamwal.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A replica whose log is damaged, or that was away for longer than the Raft log is kept, gets a peer's log, and is as good as the others again. */
@Tag("long")
class ReplicaRepairTest {

    /** More requests than {@link Replica#options} keeps, and some files of the Raft log: each has at most 20 records. */
    private static final int MORE_THAN_IS_KEPT = 8_000;
    private static final int LOOKS = 3_000;
    private static final long LOOK_MILLIS = 100;

    @Test
    void replica_withDamagedFile_fetchesTheLogOfAPeer(@TempDir Path folder) throws Exception {
        try (ReplicaProcesses processes = new ReplicaProcesses(folder, 3, 1)) {
            processes.startAll();
            int damaged;
            Load load = new Load(processes.replicas);
            try (load) {
                load.awaitMore(8_000);
                damaged = (processes.leaderOf(0) + 1) % 3;
                awaitImage(images(processes, damaged));
                processes.kill(damaged);
                damage(images(processes, damaged));
                processes.start(damaged);
                load.awaitMore(2_000);
            }
            processes.assertSame(load);
            assertThat(images(processes, damaged).getParent().resolve("damaged")).doesNotExist();
        }
    }

    private static Path images(ReplicaProcesses processes, int replica) {
        return processes.folder(replica).resolve("shard-0").resolve("images");
    }

    /** Where it is behind those that acknowledge, it may have made none yet. */
    private static void awaitImage(Path images) throws Exception {
        for (int i = 0; i < LOOKS && !hasImage(images); i++) {
            Thread.sleep(LOOK_MILLIS);
        }
    }

    private static boolean hasImage(Path images) throws IOException {
        try (DirectoryStream<Path> whole = Files.newDirectoryStream(images, "*-*")) {
            return whole.iterator().hasNext();
        }
    }

    /** A byte of a record in the largest file of the newest image. */
    private static void damage(Path images) throws Exception {
        List<Path> files;
        try (Stream<Path> all = Files.walk(images)) {
            files = all.filter(path -> path.toString().endsWith(".seg") || path.toString().endsWith(".pack"))
                    .sorted(Comparator.comparingLong((Path path) -> path.toFile().length()).reversed()).toList();
        }
        assertThat(files).as("there is an image").isNotEmpty();
        try (RandomAccessFile file = new RandomAccessFile(files.get(0).toFile(), "rw")) {
            file.seek(file.length() / 2);
            int before = file.read();
            file.seek(file.length() / 2);
            file.write(before ^ 0x55);
        }
    }

    @Test
    void replica_thatWasAwayForLong_fetchesTheLogOfAPeer(@TempDir Path folder) throws Exception {
        try (ReplicaProcesses processes = new ReplicaProcesses(folder, 3, 1)) {
            processes.startAll();
            int away;
            Load load = new Load(processes.replicas);
            try (load) {
                load.awaitMore(200);
                away = (processes.leaderOf(0) + 1) % 3;
                processes.kill(away);
                load.awaitMore(MORE_THAN_IS_KEPT);
                processes.start(away);
                load.awaitMore(1_000);
            }
            processes.assertSame(load);
        }
    }

    /** As a kill leaves it that comes when a peer's marker is there, and Ratis hasn't deleted its own log for it. */
    @Test
    void replica_whoseRaftLogEndsBeforeItsMarker_goesOnBehindTheMarker(@TempDir Path folder) throws Exception {
        try (ReplicaProcesses processes = new ReplicaProcesses(folder, 3, 1)) {
            processes.startAll();
            int leader;
            int away;
            Load load = new Load(processes.replicas);
            try (load) {
                load.awaitMore(200);
                leader = processes.leaderOf(0);
                away = (leader + 1) % 3;
                processes.kill(away);
                load.awaitMore(MORE_THAN_IS_KEPT);
            }
            Path marker = newestMarker(processes.folder(leader));
            Path markers = processes.folder(away).resolve(processes.folder(leader).relativize(marker)).getParent();
            for (Path each : List.of(marker, marker.resolveSibling(marker.getFileName() + ".md5"))) {
                Files.copy(each, markers.resolve(each.getFileName()));
            }
            processes.start(away);
            processes.assertSame(load);
            assertThat(processes.saidBy(away)).doesNotContain("gap between entries");
        }
    }

    private static Path newestMarker(Path replica) throws IOException {
        try (Stream<Path> all = Files.walk(replica.resolve("raft"))) {
            return all.filter(path -> path.getFileName().toString().matches("snapshot\\.\\d+_\\d+"))
                    .max(Comparator.comparingLong(path -> Long.parseLong(path.getFileName().toString().replaceAll(".*_", "")))).orElseThrow();
        }
    }
}
