package dev.streamwal.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A replica whose log is damaged, or that was away for longer than the Raft log is kept, gets a peer's log, and is as good as the others again. */
class ReplicaRepairTest {

    /** More requests than {@link Replica#options} keeps, and some files of the Raft log: each has at most 20 records. */
    private static final int MORE_THAN_IS_KEPT = 8_000;

    @Test
    void replica_withDamagedFile_fetchesTheLogOfAPeer(@TempDir Path folder) throws Exception {
        try (ReplicaProcesses processes = new ReplicaProcesses(folder, 3, 1)) {
            processes.startAll();
            int damaged;
            Load load = new Load(processes.replicas);
            try (load) {
                load.awaitMore(4_000);
                damaged = (processes.leaderOf(0) + 1) % 3;
                processes.kill(damaged);
                damage(ReplicaFiles.wal(processes.folder(damaged), 0));
                Files.writeString(ReplicaFiles.wal(processes.folder(damaged), 0).resolve("mark-of-the-damaged-log"), "x");
                processes.start(damaged);
                load.awaitMore(2_000);
            }
            awaitSame(processes, damaged, load);
            assertThat(ReplicaFiles.wal(processes.folder(damaged), 0).resolve("mark-of-the-damaged-log")).as("the log is another one").doesNotExist();
        }
    }

    /** The header of the first segment there is: what stands behind it, the commit journal may have, too. */
    private static void damage(Path wal) throws Exception {
        List<Path> segments;
        try (Stream<Path> all = Files.walk(wal)) {
            segments = all.filter(path -> path.toString().endsWith(".seg") && path.toString().contains("key")).sorted().toList();
        }
        assertThat(segments).isNotEmpty();
        try (RandomAccessFile file = new RandomAccessFile(segments.get(0).toFile(), "rw")) {
            byte[] bytes = new byte[64];
            file.seek(0);
            file.readFully(bytes);
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] ^= 0x55;
            }
            file.seek(0);
            file.write(bytes);
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
                Files.writeString(ReplicaFiles.wal(processes.folder(away), 0).resolve("mark-of-the-old-log"), "x");
                load.awaitMore(MORE_THAN_IS_KEPT);
                processes.start(away);
                load.awaitMore(1_000);
            }
            awaitSame(processes, away, load);
            assertThat(ReplicaFiles.wal(processes.folder(away), 0).resolve("mark-of-the-old-log")).as("the log is another one").doesNotExist();
        }
    }

    private static void awaitSame(ReplicaProcesses processes, int repaired, Load load) throws Exception {
        ReplicaFiles leader = ReplicaFiles.of(processes.folder(processes.leaderOf(0)), 1);
        load.check(leader);
        ReplicaFiles files = new ReplicaFiles(Map.of());
        for (int i = 0; i < 600 && files.records() < leader.records(); i++) {
            assertThat(processes.isAlive(repaired)).as(processes.saidBy(repaired)).isTrue();
            Thread.sleep(100);
            try {
                files = ReplicaFiles.of(processes.folder(repaired), 1);
            } catch (RuntimeException e) {
                files = new ReplicaFiles(Map.of()); // the one is being replaced by the other
            }
        }
        assertThat(files).isEqualTo(leader);
    }
}
