package dev.streamwal.ratis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.WriteEntry;
import dev.streamwal.ratis.settings.RaftSettings;
import dev.streamwal.reader.EntryRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.retry.RetryPolicies;
import org.apache.ratis.util.TimeDuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A majority is away for longer than a client tries: what was appended meanwhile fails, and the same client goes on when there is a majority again. */
@Tag("long")
@Timeout(300)
class OutageTest {

    private static final int TRIES = 3;
    private static final int ROUNDS = 100;

    @TempDir
    private Path folder;

    private final List<ReplicatedWalServer> servers = new ArrayList<>();
    private Replicas replicas;

    @BeforeEach
    void start() throws IOException {
        replicas = ReplicaProcesses.onFreePorts(3);
        replicas.names().forEach(name -> servers.add(Replica.start(name, replicas, folder)));
    }

    @AfterEach
    void stop() {
        servers.forEach(ReplicatedWalServer::close);
    }

    private static WriteEntry entry(int number) {
        return WriteEntry.of(new byte[] {(byte) number});
    }

    @Test
    void append_afterAnOutage_isAcknowledged_andReadsAreAnswered() throws Exception {
        try (ReplicatedWal wal = ReplicatedWal.connect(replicas, Batching.of(Duration.ZERO, 1), new Parameters(),
                RetryPolicies.retryUpToMaximumCountWithFixedSleep(TRIES, TimeDuration.valueOf(100, TimeUnit.MILLISECONDS)))) {
            EntryRef before = appended(wal, 1);
            for (int i = 1; i < 3; i++) {
                servers.get(i).close();
            }
            assertThatThrownBy(() -> wal.append("key", entry(2)).get()).isInstanceOf(ExecutionException.class)
                    .hasMessageContaining("append isn't acknowledged, and may have happened or not: key=key");
            assertThatThrownBy(() -> wal.appendOnce("producer", 1, "key", entry(3)).get()).isInstanceOf(ExecutionException.class)
                    .hasMessageContaining("append isn't acknowledged, and may have happened or not: key=key");
            for (int i = 1; i < 3; i++) {
                servers.set(i, Replica.start(replicas.names().get(i), replicas, folder));
            }
            EntryRef after = appended(wal, 4);
            assertThat(after.position()).isGreaterThanOrEqualTo(before.end());
            assertThat(untilAnswered(() -> wal.endPosition("key", Consistency.LINEARIZABLE))).isGreaterThanOrEqualTo(after.end());
            assertThat(untilAnswered(() -> wal.appendOnce("producer", 1, "key", entry(3)).get()).key()).isEqualTo("key");
        }
    }

    /** Connections to a process that stands still are accepted, and nothing comes back: as where packets are dropped. */
    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void append_toReplicasThatHang_failsWhenItsTimeIsOver_andALaterOneIsAcknowledged() throws Exception {
        try (ReplicaProcesses hanging = new ReplicaProcesses(Files.createDirectory(folder.resolve("hanging")), 3, 1)) {
            hanging.startAll();
            try (ReplicatedWal wal = ReplicatedWal.connect(hanging.replicas, Batching.of(Duration.ZERO, 1), new Parameters(),
                    RaftSettings.retry(Duration.ofSeconds(10)))) {
                EntryRef before = appended(wal, 1);
                for (int i = 0; i < 3; i++) {
                    hanging.stop(i);
                }
                CompletableFuture<EntryRef> once = wal.appendOnce("producer", 1, "key", entry(2));
                CompletableFuture<EntryRef> behind = wal.append("key", entry(3));
                for (CompletableFuture<EntryRef> each : List.of(once, behind)) {
                    assertThatThrownBy(each::get).isInstanceOf(ExecutionException.class)
                            .hasMessageContaining("append isn't acknowledged, and may have happened or not: key=key; because: no leader acknowledged it")
                            .hasMessageContaining("it may happen later, too: with appendOnce it can be sent again");
                }
                assertThatThrownBy(() -> wal.endPosition("key", Consistency.LINEARIZABLE)).isInstanceOf(ReplicationException.class)
                        .hasMessageContaining("no leader acknowledged it");
                for (int i = 0; i < 3; i++) {
                    hanging.goOn(i);
                }
                EntryRef again = untilAnswered(() -> wal.appendOnce("producer", 1, "key", entry(2)).get());
                EntryRef after = appended(wal, 4);
                assertThat(after.position()).isGreaterThanOrEqualTo(again.end());
                List<Byte> all = wal.scan("key", before.position(), 10, Consistency.LINEARIZABLE).records().stream().map(each -> each.content()[0]).toList();
                assertThat(all).startsWith((byte) 1).contains((byte) 4).containsOnlyOnce((byte) 2);
            }
        }
    }

    /** Half a minute is for requests; this one was to be tried for longer. */
    @Test
    void close_duringAnOutage_failsWhatHasNoAnswer() throws Exception {
        CompletableFuture<EntryRef> once;
        CompletableFuture<Optional<EntryRef>> conditional;
        try (ReplicatedWal wal = ReplicatedWal.connect(replicas, Batching.of(Duration.ZERO, 1))) {
            appended(wal, 1);
            for (int i = 1; i < 3; i++) {
                servers.get(i).close();
            }
            once = wal.appendOnce("producer", 1, "key", entry(2));
            conditional = wal.appendIfEndIs("key", 0, entry(3));
        }
        for (CompletableFuture<?> each : List.of(once, conditional)) {
            assertThatThrownBy(() -> each.get(300, TimeUnit.SECONDS)).hasCauseInstanceOf(ReplicationException.class)
                    .hasMessageContaining("append isn't acknowledged, and may have happened or not: key=key");
        }
    }

    /** The few tries of this test may end before there is a leader. */
    private static <T> T untilAnswered(Callable<T> request) throws Exception {
        for (int i = 1; i < ROUNDS; i++) {
            try {
                return request.call();
            } catch (ExecutionException | ReplicationException e) {
                Thread.sleep(100);
            }
        }
        return request.call();
    }

    private static EntryRef appended(ReplicatedWal wal, int number) throws Exception {
        return untilAnswered(() -> wal.append("key", entry(number)).get());
    }
}
