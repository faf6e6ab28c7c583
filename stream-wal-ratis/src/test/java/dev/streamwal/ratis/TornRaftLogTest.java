package dev.streamwal.ratis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.WriteEntry;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A replica that was killed, or lost power, in the middle of a write to its Raft log. */
class TornRaftLogTest {

    private static final int PAGE_BYTES = 4_096;
    private static final int ALL = 0;
    private static final int FILE_BYTES = 64 << 10;

    @TempDir
    private Path folder;

    private Replicas replicas;

    @Test
    void start_behindAWriteThatWasCutShort_hasAllThatWasAcknowledged_andGoesOn() throws Exception {
        replicas = ReplicaProcesses.onFreePorts(1);
        append("before");
        appendToRaftLog(PAGE_BYTES);
        append("behind");
        assertThat(append("last")).containsExactly("before", "behind", "last");
    }

    @Test
    void start_withADamagedEntry_isRefused() throws Exception {
        replicas = ReplicaProcesses.onFreePorts(1);
        append("before");
        appendToRaftLog(ALL);
        assertThatThrownBy(() -> append("behind")).isInstanceOf(ReplicationException.class).hasMessageContaining("Failed to initRaftLog")
                .hasMessageContaining("Log entry corrupted");
    }

    /** Starts the only replica, appends a record, ends it; returns what the log has. */
    private List<String> append(String text) throws Exception {
        try (ReplicatedWalServer server = Replica.start("n0", replicas, folder);
                ReplicatedWal wal = ReplicatedWal.connect(replicas, Batching.of(Duration.ofMillis(1), 1))) {
            assertThat(server.status()).hasSize(1);
            var unused = wal.append("key", WriteEntry.of(text.getBytes(UTF_8))).get(60, TimeUnit.SECONDS);
            return wal.scan("key", 0, 100, Consistency.LINEARIZABLE).records().stream().map(each -> new String(each.content(), UTF_8)).toList();
        }
    }

    /**
     * Writes what the kernel writes of an entry before the process dies, whole pages, and zeros behind it, which Ratis has put there before; or, where that is
     * all of the entry, one that is damaged.
     */
    private void appendToRaftLog(int pageBytes) throws Exception {
        Path open;
        try (Stream<Path> files = Files.walk(folder.resolve("n0").resolve("raft"))) {
            open = files.filter(each -> each.getFileName().toString().startsWith("log_inprogress_")).findAny().orElseThrow();
        }
        try (FileChannel file = FileChannel.open(open, StandardOpenOption.WRITE)) {
            long end = file.size();
            ByteBuffer entry = entryWithAnotherChecksum();
            long written = pageBytes == ALL ? entry.remaining() : (end / pageBytes + 2) * pageBytes - end;
            file.write(ByteBuffer.allocate(FILE_BYTES), end);
            file.write(entry.slice(0, (int) written), end);
        }
    }

    private static ByteBuffer entryWithAnotherChecksum() {
        ByteBuffer entry = ByteBuffer.allocate(4 * PAGE_BYTES);
        int length = entry.capacity() - 3 - Integer.BYTES;
        entry.put((byte) ((length & 0x7F) | 0x80)).put((byte) (((length >> 7) & 0x7F) | 0x80)).put((byte) (length >> 14));
        while (entry.hasRemaining()) {
            entry.put((byte) 1);
        }
        return entry.flip();
    }
}
