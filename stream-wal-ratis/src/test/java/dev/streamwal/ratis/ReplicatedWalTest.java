package dev.streamwal.ratis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.WriteEntry;
import dev.streamwal.reader.EntryRef;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a program is told by a replicated log with two shards, whose three replicas all run, in this process. */
class ReplicatedWalTest {

    @TempDir
    private static Path folder;

    private static final List<ReplicatedWalServer> SERVERS = new ArrayList<>();
    private static Replicas replicas;
    private static ReplicatedWal wal;

    @BeforeAll
    static void start() throws Exception {
        replicas = ReplicaProcesses.onFreePorts(3);
        for (String name : replicas.names()) {
            SERVERS.add(ReplicatedWalServer.start(name, folder.resolve(name), Replica.options(replicas, 2)));
        }
        wal = ReplicatedWal.connect(replicas, Batching.of(Duration.ofMillis(5), 100));
    }

    @AfterAll
    static void stop() throws Exception {
        wal.close();
        for (ReplicatedWalServer each : SERVERS) {
            each.close();
            each.awaitClosed();
        }
    }

    private static WriteEntry entry(String text) {
        return WriteEntry.of(text.getBytes(UTF_8));
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(300, TimeUnit.SECONDS);
    }

    private static String text(ReplicatedRecord record) {
        return new String(record.content(), UTF_8);
    }

    @Test
    void append_ofManyRecords_tellsWhereEachStands_inOrder() throws Exception {
        List<CompletableFuture<EntryRef>> futures = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            futures.add(wal.append("many/" + i % 7, entry("record " + i)));
        }
        for (int key = 0; key < 7; key++) {
            RecordPage page = wal.scan("many/" + key, 0, 1_000, Consistency.LINEARIZABLE);
            List<EntryRef> told = new ArrayList<>();
            List<String> texts = new ArrayList<>();
            for (int i = key; i < 1_000; i += 7) {
                told.add(get(futures.get(i)));
                texts.add("record " + i);
            }
            page = wal.scan("many/" + key, 0, 1_000, Consistency.LINEARIZABLE);
            assertThat(page.records()).extracting(ReplicatedRecord::ref).isEqualTo(told);
            assertThat(page.records()).extracting(ReplicatedWalTest::text).isEqualTo(texts);
            assertThat(wal.endPosition("many/" + key, Consistency.LINEARIZABLE)).isEqualTo(page.nextPosition());
        }
        assertThat(wal.shards()).isEqualTo(2);
    }

    @Test
    void connect_byAThreadThatIsInterrupted_saysSo() {
        Replicas nobody = Replicas.of("n1=127.0.0.1:1");
        Batching batching = Batching.of(Duration.ZERO, 1);
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> ReplicatedWal.connect(nobody, batching)).isInstanceOf(ReplicationException.class)
                .hasMessageStartingWith("thread was interrupted while it waited for a replica: replicas=n1=127.0.0.1:1");
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void latest_ofAClosedClient_saysThatItIsClosed() {
        ReplicatedWal other = ReplicatedWal.connect(replicas, Batching.of(Duration.ZERO, 1));
        other.close();
        for (Consistency consistency : Consistency.values()) {
            assertThatThrownBy(() -> other.latest("a", consistency)).isInstanceOf(ReplicationException.class)
                    .hasMessage("stream can't be read: key=a; because: client is closed; open another one");
        }
    }

    @Test
    void scan_inPages_goesOnWhereThePageBeforeEnded() throws Exception {
        List<CompletableFuture<EntryRef>> futures = new ArrayList<>();
        for (int i = 0; i < 25; i++) {
            futures.add(wal.append("pages", entry("" + i)));
        }
        for (CompletableFuture<EntryRef> each : futures) {
            get(each);
        }
        List<String> read = new ArrayList<>();
        RecordPage page = wal.scan("pages", 0, 10, Consistency.LINEARIZABLE);
        while (!page.records().isEmpty()) {
            page.records().forEach(each -> read.add(text(each)));
            page = wal.scan("pages", page.nextPosition(), 10, Consistency.LINEARIZABLE);
        }
        assertThat(read).hasSize(25).startsWith("0").endsWith("24");
    }

    @Test
    void latest_isTheNewestRecord_withHeaderAndTime() throws Exception {
        assertThat(wal.latest("latest", Consistency.LINEARIZABLE)).isEmpty();
        long before = System.currentTimeMillis();
        EntryRef ref = get(wal.append("latest", WriteEntry.of(new byte[] {1}, new byte[] {2, 3}, WriteEntry.NOW)));
        ReplicatedRecord latest = wal.latest("latest", Consistency.LINEARIZABLE).orElseThrow();
        assertThat(latest.ref()).isEqualTo(ref);
        assertThat(latest.header()).containsExactly(1);
        assertThat(latest.content()).containsExactly(2, 3);
        assertThat(latest.timestampMillis()).isBetween(before, System.currentTimeMillis());
    }

    @Test
    void staleRead_isOfTheSameRecord_onceTheReplicaHasIt() throws Exception {
        get(wal.append("stale", entry("a")));
        for (int i = 0; i < 6; i++) { // each replica in turn
            Optional<ReplicatedRecord> read = wal.latest("stale", Consistency.STALE);
            for (int j = 0; j < 600 && read.isEmpty(); j++) {
                Thread.sleep(100);
                read = wal.latest("stale", Consistency.STALE);
            }
            assertThat(text(read.orElseThrow())).isEqualTo("a");
        }
    }

    @Test
    void appendIfEndIs_appendsForOneOfTwo() throws Exception {
        EntryRef first = get(wal.appendIfEndIs("register", 0, entry("a"))).orElseThrow();
        assertThat(get(wal.appendIfEndIs("register", 0, entry("b")))).isEmpty();
        assertThat(get(wal.appendIfEndIs("register", first.end(), entry("c"))).orElseThrow().position()).isEqualTo(first.end());
    }

    @Test
    void appendOnce_again_tellsTheSamePosition_andAppendsNothing() throws Exception {
        EntryRef first = get(wal.appendOnce("shop", 1, "once", entry("a")));
        EntryRef second = get(wal.appendOnce("shop", 2, "once", entry("b")));
        try (ReplicatedWal other = ReplicatedWal.connect(replicas, Batching.of(Duration.ZERO, 1))) {
            assertThat(get(other.appendOnce("shop", 1, "once", entry("a")))).isEqualTo(first);
        }
        assertThat(wal.endPosition("once", Consistency.LINEARIZABLE)).isEqualTo(second.end());
    }

    /** More than a client's requests may be without an answer, and than Ratis' client has room for by default. */
    @Test
    void appendOnce_ofManyAtOnce_waitsForRoom_andAppendsEachOnce() throws Exception {
        List<CompletableFuture<EntryRef>> refs = new ArrayList<>();
        for (int i = 0; i < ReplicatedWal.MAX_SINGLES + 500; i++) {
            refs.add(wal.appendOnce("many", i, "many", entry("record " + i)));
        }
        Set<EntryRef> distinct = new HashSet<>();
        for (CompletableFuture<EntryRef> each : refs) {
            distinct.add(get(each));
        }
        assertThat(distinct).hasSize(refs.size());
    }

    @Test
    void appendOnce_byAProducerWhoseNameCouldBeReadInTwoWays_isRefused() throws Exception {
        EntryRef first = get(wal.appendOnce("p", 7, "x\0once", entry("a")));
        assertThat(first.key()).isEqualTo("x\0once");
        for (String producer : List.of("p\0x", "p\ud800", "", "p".repeat(256))) {
            assertThatThrownBy(() -> wal.appendOnce(producer, 7, "once", entry("b"))).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("producer ");
        }
        String longest = "東".repeat(341) + "k";
        assertThat(get(wal.appendOnce("東".repeat(255), 1, longest, entry("c"))).key()).isEqualTo(longest);
    }

    @Test
    void append_ofWhatNoLogTakes_isRefused_andTheReplicasGoOn() throws Exception {
        CompletableFuture<EntryRef> future = wal.append("refused", WriteEntry.of(new byte[1], System.currentTimeMillis() + Duration.ofDays(40).toMillis()));
        assertThatThrownBy(() -> get(future)).isInstanceOf(ExecutionException.class).hasCauseInstanceOf(ReplicationException.class)
                .hasMessageContaining("too far ahead");
        byte[] tooLarge = new byte[ReplicatedWal.MAX_RECORD_BYTES + 1];
        assertThatThrownBy(() -> wal.append("refused", WriteEntry.of(tooLarge))).isInstanceOf(ReplicationException.class)
                .hasMessageContaining("too large to be replicated");
        assertThat(get(wal.append("refused", entry("fine"))).position()).isZero();
    }

    /** In UTF-8 a lone surrogate becomes a question mark. */
    @Test
    void appendsAndReads_ofTextsThatAreNoKeys_areRefused() throws Exception {
        get(wal.append("no?key", entry("a")));
        for (String key : List.of("no\ud800key", "", "k".repeat(1_025))) {
            assertIsNoKey(() -> wal.append(key, entry("b")));
            assertIsNoKey(() -> wal.appendIfEndIs(key, 0, entry("b")));
            assertIsNoKey(() -> wal.appendOnce("shop", 1, key, entry("b")));
            assertIsNoKey(() -> wal.latest(key, Consistency.LINEARIZABLE));
            assertIsNoKey(() -> wal.scan(key, 0, 1, Consistency.STALE));
            assertIsNoKey(() -> wal.endPosition(key, Consistency.LINEARIZABLE));
        }
        assertThat(wal.scan("no?key", 0, 10, Consistency.LINEARIZABLE).records()).hasSize(1);
    }

    private static void assertIsNoKey(ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith("key ");
    }

    @Test
    void append_ofRecordsOfWhichOneIsRefused_appendsTheOthers() throws Exception {
        List<CompletableFuture<EntryRef>> futures = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            futures.add(wal.append("some", i % 4 == 0 ? WriteEntry.of(new byte[1], 1_000) : entry("" + i)));
        }
        long end = 0;
        for (int i = 0; i < 10; i++) {
            CompletableFuture<EntryRef> future = futures.get(i);
            if (i % 4 == 0) {
                assertThatThrownBy(() -> get(future)).hasCauseInstanceOf(ReplicationException.class).hasMessageContaining("record's window has expired");
            } else {
                end = get(future).end();
            }
        }
        RecordPage page = wal.scan("some", 0, 100, Consistency.LINEARIZABLE);
        assertThat(page.records()).extracting(ReplicatedWalTest::text).containsExactly("1", "2", "3", "5", "6", "7", "9");
        assertThat(page.nextPosition()).isEqualTo(end);
    }

    @Test
    void append_ofTheLargestRecord_isThere() throws Exception {
        byte[] largest = new byte[ReplicatedWal.MAX_RECORD_BYTES];
        largest[largest.length - 1] = 7;
        get(wal.append("largest", WriteEntry.of(largest)));
        assertThat(wal.latest("largest", Consistency.LINEARIZABLE).orElseThrow().content()).isEqualTo(largest);
    }

    @Test
    void append_toClosedClient_isRefused() {
        ReplicatedWal other = ReplicatedWal.connect(replicas, Batching.of(Duration.ofMillis(5), 10));
        CompletableFuture<EntryRef> last = other.append("closed", entry("sent by close"));
        CompletableFuture<EntryRef> alone = other.appendOnce("closing", 0, "closed", entry("sent alone"));
        other.close();
        assertThat(last).isCompleted();
        assertThat(alone).isCompleted();
        assertThatThrownBy(() -> other.append("closed", entry("x"))).isInstanceOf(ReplicationException.class).hasMessageContaining("client is closed");
        assertThatThrownBy(() -> other.appendOnce("closing", 1, "closed", entry("x"))).isInstanceOf(ReplicationException.class)
                .hasMessageContaining("client is closed: key=closed; nothing was appended");
        other.close();
    }

    @Test
    void close_byACallback_ends_andWhatWasAppendedBeforeIsAcknowledged() throws Exception {
        ReplicatedWal other = ReplicatedWal.connect(replicas, Batching.of(Duration.ZERO, 1));
        List<CompletableFuture<EntryRef>> before = new ArrayList<>();
        get(other.append("closing", entry("first")).thenRun(() -> {
            for (int i = 0; i < 10; i++) { // requests of their own
                before.add(other.append("closing", entry("before " + i)));
            }
            assertThat(other.appendOnce("closing", 1, "closing", entry("once")).join().key()).isEqualTo("closing");
            other.close();
        }));
        for (CompletableFuture<EntryRef> each : before) {
            assertThat(get(each).key()).isEqualTo("closing");
        }
    }
}
