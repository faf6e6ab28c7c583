package dev.streamwal.ratis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.WriteEntry;
import dev.streamwal.ratis.settings.RaftSettings;
import dev.streamwal.ratis.shard.Shards;
import dev.streamwal.reader.EntryRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.exceptions.TransferLeadershipException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** A replica comes, another one goes, and what was acknowledged is on all that there are. */
@Tag("long")
class ChangedReplicasTest {

    private static final int RECORDS = 300;
    private static final int ATTEMPTS = 20;
    /** More than twice the longest time until a replica without a leader stands for election. */
    private static final Duration ELECTIONS = Duration.ofSeconds(5);

    @TempDir
    private Path folder;

    private final Map<String, ReplicatedWalServer> servers = new HashMap<>();
    private final List<EntryRef> acknowledged = new ArrayList<>();

    private void start(String name, Replicas replicas) throws Exception {
        servers.put(name, ReplicatedWalServer.start(name, folder.resolve(name), Replica.options(replicas, 2)));
    }

    private void join(String name, Replicas replicas) throws Exception {
        servers.put(name, ReplicatedWalServer.join(name, folder.resolve(name), Replica.options(replicas, 2)));
    }

    @AfterEach
    void stop() {
        servers.values().forEach(ReplicatedWalServer::close);
    }

    private static Replicas without(Replicas all, String... gone) {
        return Replicas.of(Arrays.stream(all.toString().split(",")).filter(each -> !List.of(gone).contains(each.split("=", 2)[0])).toArray(String[]::new));
    }

    private void append(ReplicatedWal wal) throws Exception {
        for (int i = 0; i < RECORDS; i++) {
            acknowledged.add(wal.append("key/" + i % 7, WriteEntry.of(new byte[] {(byte) i, (byte) (i >> 8)})).get(300, TimeUnit.SECONDS));
        }
    }

    private void startAll(Replicas replicas) throws Exception {
        startAll(replicas, 2);
    }

    private void startAll(Replicas replicas, int shards) {
        for (String name : replicas.names()) {
            servers.put(name, ReplicatedWalServer.start(name, folder.resolve(name), Replica.options(replicas, shards)));
        }
    }

    /** A replica that has just been started may not answer in the seconds that it is given. */
    private static void change(ReplicatedWal wal, Replicas replicas) throws InterruptedException {
        for (int i = 1; i < ATTEMPTS; i++) {
            try {
                wal.changeReplicas(replicas);
                return;
            } catch (ReplicationException e) {
                if (!e.getMessage().contains("try again")) {
                    throw e;
                }
                Thread.sleep(500);
            }
        }
        wal.changeReplicas(replicas);
    }

    private void assertAcknowledgedIsIn(Replicas replicas) throws InterruptedException {
        assertAcknowledgedIsIn(replicas, 2);
    }

    private void assertAcknowledgedIsIn(Replicas replicas, int shards) throws InterruptedException {
        for (String name : replicas.names()) {
            ReplicaFiles files = ReplicaFiles.caughtUp(folder.resolve(name), shards, acknowledged.size());
            assertThat(files.refs()).as(name).containsExactlyInAnyOrderElementsOf(acknowledged);
        }
    }

    /** The log has the addresses by which they were taken in. */
    @Test
    void start_ofAllWithOtherAddresses_goesOn_andOneMoreComes() throws Exception {
        Replicas all = ReplicaProcesses.onFreePorts(7);
        Replicas before = without(all, "n3", "n4", "n5", "n6");
        Replicas after = Replicas.of(Stream.of("n0", "n1", "n2").map(name -> name + '=' + all.addresses().get("n" + (name.charAt(1) - '0' + 3)))
                .toArray(String[]::new));
        Replicas more = Replicas.of((after + ",n6=" + all.addresses().get("n6")).split(","));
        startAll(before, 1);
        try (ReplicatedWal wal = ReplicatedWal.connect(before, Batching.of(Duration.ZERO, 1))) {
            append(wal);
            assertThatThrownBy(() -> wal.changeReplicas(after)).hasMessageContaining("one that stays would have another address");
        }
        stop();
        startAll(after, 1);
        try (ReplicatedWal wal = ReplicatedWal.connect(after, Batching.of(Duration.ZERO, 1));
                RaftClient admin = RaftClient.newBuilder().setRaftGroup(new Shards(1).group(0, more.addresses())).setProperties(RaftSettings.client())
                        .setRetryPolicy(RaftSettings.retry()).build()) {
            assertThat(wal.status()).extracting(ReplicaStatus::replica).containsExactly("n0", "n1", "n2");
            append(wal);
            servers.put("n6", ReplicatedWalServer.join("n6", folder.resolve("n6"), Replica.options(more, 1)));
            change(wal, more);
            append(wal);
            while (servers.get("n6").leads().isEmpty()) {
                handOver(admin, "n6"); // which has to reach the others for that
            }
            append(wal);
            assertAcknowledgedIsIn(more, 1);
        }
    }

    /** By a client that is connected all the time, and knows of none of that. */
    @Test
    void changeReplicas_oneComesUnderLoad_losesNothing_andClientsFollow() throws Exception {
        Replicas all = ReplicaProcesses.onFreePorts(4);
        Replicas before = without(all, "n3");
        Replicas after = without(all, "n0");
        startAll(before);
        Load load = new Load(before);
        try (ReplicatedWal admin = ReplicatedWal.connect(before, Batching.of(Duration.ZERO, 1));
                ReplicatedWal other = ReplicatedWal.connect(before, Batching.of(Duration.ZERO, 1));
                ReplicatedWal idle = ReplicatedWal.connect(before, Batching.of(Duration.ZERO, 1));
                ReplicatedWal idleReader = ReplicatedWal.connect(before, Batching.of(Duration.ZERO, 1))) {
            load.awaitMore(1_000);
            join("n3", all);
            change(admin, all);
            load.awaitMore(500);
            assertThat(servers.get("n3").status()).as("what a program monitors").hasSize(2)
                    .allSatisfy(status -> assertThat(status.replica()).isEqualTo("n3"));
            load.close();
            change(admin, after);
            assertThat(other.status()).extracting(ReplicaStatus::replica).containsOnly("n1", "n2", "n3").hasSize(6);
            assertThat(admin.status()).extracting(ReplicaStatus::replica).containsOnly("n1", "n2", "n3").hasSize(6);
            askTheReplicaWithoutShards(idle, idleReader);
        }
        assertThat(load.failed()).isZero();
        assertThat(load.history.violations()).isEmpty();
        ReplicaFiles.assertSame(after.names().stream().map(folder::resolve).toList(), 2, load);
    }

    /** The first that a client asks is n0, which was left out and still runs. */
    private void askTheReplicaWithoutShards(ReplicatedWal idle, ReplicatedWal idleReader) throws Exception {
        assertThatThrownBy(() -> servers.get("n0").awaitClosed()).as("was left out").isInstanceOf(ReplicationException.class);
        List<CompletableFuture<EntryRef>> refs = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            refs.add(idle.append("idle", WriteEntry.of(new byte[1])));
        }
        for (CompletableFuture<EntryRef> each : refs) {
            assertThat(each.get(300, TimeUnit.SECONDS).key()).isEqualTo("idle");
        }
        assertThat(idleReader.endPosition("idle", Consistency.LINEARIZABLE)).isEqualTo(refs.get(19).get().end());
    }

    @Test
    void changeReplicas_oneComesAndOneGoes_allHaveEverything() throws Exception {
        Replicas all = ReplicaProcesses.onFreePorts(4);
        Replicas before = without(all, "n3");
        Replicas after = without(all, "n0");
        startAll(before);
        try (ReplicatedWal wal = ReplicatedWal.connect(before, Batching.of(Duration.ofMillis(1), 100))) {
            append(wal); // more than is kept of the Raft log, so that who comes gets an image
            join("n3", all);
            change(wal, all);
            append(wal);
        }
        try (ReplicatedWal wal = ReplicatedWal.connect(all, Batching.of(Duration.ofMillis(1), 100))) {
            assertThat(wal.status()).extracting(ReplicaStatus::replica).contains("n3").hasSize(8);
            change(wal, after);
            append(wal);
        }
        assertThatThrownBy(() -> servers.get("n0").awaitClosed()).as("was left out").isInstanceOf(ReplicationException.class);
        servers.values().forEach(ReplicatedWalServer::close);
        servers.clear();
        startAll(after);
        try (ReplicatedWal wal = ReplicatedWal.connect(after, Batching.of(Duration.ofMillis(1), 100))) {
            append(wal);
            Map<String, Long> ends = new HashMap<>();
            acknowledged.forEach(ref -> ends.merge(ref.key(), ref.end(), Math::max));
            for (Map.Entry<String, Long> each : ends.entrySet()) {
                assertThat(wal.endPosition(each.getKey(), Consistency.LINEARIZABLE)).isEqualTo(each.getValue());
            }
        }
        assertAcknowledgedIsIn(after);
        servers.values().forEach(ReplicatedWalServer::close);
        assertAcknowledgedIsIn(after);
        servers.clear();
    }

    /** They are a majority of what they were given, and don't elect one of themselves: that began an empty log in place of the one that is there. */
    @Test
    void join_ofMoreThanThereAre_leavesTheLogAlone_untilTheyAreTakenIn() throws Exception {
        Replicas all = ReplicaProcesses.onFreePorts(3);
        Replicas before = without(all, "n1", "n2");
        start("n0", before);
        try (ReplicatedWal wal = ReplicatedWal.connect(before, Batching.of(Duration.ofMillis(1), 100))) {
            append(wal); // more than is kept of the Raft log, so that who comes gets an image
            join("n1", all);
            join("n2", all);
            servers.get("n2").close();
            start("n2", all); // it goes on waiting
            long overNanos = System.nanoTime() + ELECTIONS.toNanos();
            while (System.nanoTime() < overNanos) {
                acknowledged.add(wal.append("meanwhile", WriteEntry.of(new byte[1])).get(300, TimeUnit.SECONDS));
                servers.forEach((name, server) -> assertThat(server.leads()).as(name).isEqualTo(name.equals("n0") ? List.of(0, 1) : List.of()));
                Thread.sleep(100);
            }
            assertThatThrownBy(() -> wal.changeReplicas(all)).isInstanceOf(ReplicationException.class).hasMessageContaining("change one replica at a time");
            change(wal, without(all, "n2"));
            change(wal, all);
            acknowledged.add(wal.append("meanwhile", WriteEntry.of(new byte[1])).get(300, TimeUnit.SECONDS));
        }
        assertAcknowledgedIsIn(all);
        servers.values().forEach(ReplicatedWalServer::close);
        servers.clear();
        join("n1", all); // a member, whatever it is started by
        start("n2", all);
        try (ReplicatedWal wal = ReplicatedWal.connect(all, Batching.of(Duration.ofMillis(1), 100))) {
            long end = acknowledged.stream().filter(ref -> ref.key().equals("meanwhile")).mapToLong(EntryRef::end).max().orElseThrow();
            assertThat(wal.endPosition("meanwhile", Consistency.LINEARIZABLE)).isEqualTo(end);
        }
    }

    /** So slowly that it isn't over before the test is. */
    private static RatisOptions fetchingSlowly(Replicas replicas, int shards) {
        return Replica.builder(replicas, shards).repairBytesPerSecond(1 << 10).build();
    }

    /** Which don't compress: an image of them takes minutes where it is fetched slowly. */
    private void appendRandom(ReplicatedWal wal, int records) throws Exception {
        Random random = new Random(1);
        byte[] content = new byte[1_024];
        List<CompletableFuture<EntryRef>> refs = new ArrayList<>();
        for (int i = 0; i < records; i++) {
            random.nextBytes(content);
            refs.add(wal.append("key/" + i % 7, WriteEntry.of(content.clone())));
        }
        for (CompletableFuture<EntryRef> ref : refs) {
            acknowledged.add(ref.get(300, TimeUnit.SECONDS));
        }
    }

    @Test
    void changeReplicas_whileTheNewOneFetchesItsImage_keepsTheOneThatHasTheData() throws Exception {
        Replicas all = ReplicaProcesses.onFreePorts(2);
        Replicas after = without(all, "n0");
        servers.put("n0", ReplicatedWalServer.start("n0", folder.resolve("n0"), Replica.options(without(all, "n1"), 1)));
        try (ReplicatedWal wal = ReplicatedWal.connect(without(all, "n1"), Batching.of(Duration.ZERO, 1))) {
            appendRandom(wal, 600);
            servers.put("n1", ReplicatedWalServer.join("n1", folder.resolve("n1"), fetchingSlowly(all, 1)));
            change(wal, all);
            assertThatThrownBy(() -> wal.changeReplicas(after)).isInstanceOf(ReplicationException.class)
                    .hasMessageContaining("one that stays doesn't answer, or lacks records: replica=n1, applied=-1, needed=");
            assertThat(wal.status()).as("nothing has changed").extracting(ReplicaStatus::replica).containsExactly("n0", "n1");
            servers.get("n1").close();
            servers.put("n1", ReplicatedWalServer.start("n1", folder.resolve("n1"), Replica.options(all, 1)));
            change(wal, after);
            assertThatThrownBy(() -> servers.get("n0").awaitClosed()).as("was left out").isInstanceOf(ReplicationException.class);
        }
        try (ReplicatedWal wal = ReplicatedWal.connect(after, Batching.of(Duration.ZERO, 1))) {
            acknowledged.add(wal.append("key/0", WriteEntry.of(new byte[1])).get(300, TimeUnit.SECONDS));
        }
        ReplicaFiles files = ReplicaFiles.caughtUp(folder.resolve("n1"), 1, acknowledged.size());
        assertThat(files.refs()).containsExactlyInAnyOrderElementsOf(acknowledged);
    }

    /** The client was connected to this one only. It closes while requests come: it refuses them then, for as long as its process runs, or is gone. */
    @Test
    void changeReplicas_thatTakesOutTheLeaderUnderLoad_leadsTheClientToTheOneThatStays() throws Exception {
        Replicas all = ReplicaProcesses.onFreePorts(2);
        Replicas before = without(all, "n1");
        Replicas after = without(all, "n0");
        Process leader = OwnJvm.of(List.of(), Replica.class, "n0", folder.resolve("n0").toString(), "1", before.toString(), "true")
                .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        try (ReplicatedWal wal = ReplicatedWal.connect(before, Batching.of(Duration.ZERO, 1))) {
            append(wal);
            servers.put("n1", ReplicatedWalServer.join("n1", folder.resolve("n1"), Replica.options(all, 1)));
            change(wal, all);
            CompletableFuture<Boolean> changed = CompletableFuture.supplyAsync(() -> isChanged(wal, after));
            List<CompletableFuture<EntryRef>> refs = new ArrayList<>();
            while (!changed.isDone()) {
                refs.add(wal.append("load/" + refs.size() % 16, WriteEntry.of(new byte[1])));
            }
            assertThat(changed.get()).isTrue();
            refs.add(wal.append("behind", WriteEntry.of(new byte[1])));
            for (CompletableFuture<EntryRef> each : refs) {
                acknowledged.add(each.get(300, TimeUnit.SECONDS));
            }
        } finally {
            leader.destroyForcibly().waitFor();
        }
        ReplicaFiles files = ReplicaFiles.caughtUp(folder.resolve("n1"), 1, acknowledged.size());
        assertThat(files.refs()).containsExactlyInAnyOrderElementsOf(acknowledged);
    }

    private static boolean isChanged(ReplicatedWal wal, Replicas replicas) {
        try {
            change(wal, replicas);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Ratis elects by Raft logs: who fetches an image has one that is long enough, and would apply nothing for as long as it leads and fetches. */
    @Test
    @EnabledIfSystemProperty(named = "scale", matches = "[1-9].*", disabledReason = "takes two minutes")
    void leadership_ofAReplicaThatFetchesItsImage_isGivenUp() throws Exception {
        Replicas all = ReplicaProcesses.onFreePorts(2);
        servers.put("n0", ReplicatedWalServer.start("n0", folder.resolve("n0"), Replica.options(without(all, "n1"), 1)));
        try (ReplicatedWal wal = ReplicatedWal.connect(without(all, "n1"), Batching.of(Duration.ZERO, 1));
                RaftClient admin = RaftClient.newBuilder().setRaftGroup(new Shards(1).group(0, all.addresses())).setProperties(RaftSettings.client())
                        .setRetryPolicy(RaftSettings.retry()).build()) {
            appendRandom(wal, 600);
            servers.put("n1", ReplicatedWalServer.join("n1", folder.resolve("n1"), fetchingSlowly(all, 1)));
            change(wal, all);
            for (int round = 0; round < 3; round++) {
                handOver(admin, "n1");
                acknowledged.add(wal.append("key/0", WriteEntry.of(new byte[1])).get(300, TimeUnit.SECONDS));
                assertThat(servers.get("n1").status()).as("still fetching").extracting(ReplicaStatus::role).containsExactly(ReplicaStatus.Role.NO_ANSWER);
            }
            servers.get("n1").close();
            servers.put("n1", ReplicatedWalServer.start("n1", folder.resolve("n1"), Replica.options(all, 1)));
            acknowledged.add(wal.append("key/0", WriteEntry.of(new byte[1])).get(300, TimeUnit.SECONDS));
        }
        assertAcknowledgedIsIn(all, 1);
    }

    /** To one that has all of the Raft log; it may have lost the lead again before the answer. */
    private static void handOver(RaftClient admin, String to) throws IOException {
        try {
            var unused = admin.admin().transferLeadership(RaftPeerId.valueOf(to), 5_000);
        } catch (TransferLeadershipException e) {
            assertThat(e).hasMessageContaining("Failed to transfer leadership to " + to);
        }
    }

    @Test
    void changeReplicas_thatTakesOutOneThatIsDown_needsOnlyThoseThatStay() throws Exception {
        Replicas all = ReplicaProcesses.onFreePorts(3);
        startAll(all);
        try (ReplicatedWal wal = ReplicatedWal.connect(all, Batching.of(Duration.ofMillis(1), 100))) {
            append(wal);
            servers.remove("n2").close();
            assertThatThrownBy(() -> wal.changeReplicas(without(all, "n1"))).isInstanceOf(ReplicationException.class)
                    .hasMessageContaining("one that stays doesn't answer, or lacks records: replica=n2");
            change(wal, without(all, "n2"));
            append(wal);
        }
        assertAcknowledgedIsIn(without(all, "n2"));
    }

    /** Where the answer to the first try is late, Ratis' client tries it again, and is refused: the shard has other replicas than were checked by then. */
    @Test
    void changeReplicas_thatIsTriedAgain_whenItIsInForce_isDone() throws Exception {
        Replicas all = ReplicaProcesses.onFreePorts(4);
        Replicas before = without(all, "n3");
        startAll(before);
        try (ReplicatedWal wal = ReplicatedWal.connect(before, Batching.of(Duration.ofMillis(1), 100))) {
            append(wal);
            join("n3", all);
            awaitAnswerOf(wal, all);
            ReplicaChange again = wal.change(0, all);
            again.check();
            change(wal, all);
            again.make();
            ReplicaChange backAgain = wal.change(0, before);
            backAgain.check();
            change(wal, before);
            backAgain.make();
            assertThat(wal.status()).extracting(ReplicaStatus::replica).containsOnly("n0", "n1", "n2");
            append(wal);
        }
        assertAcknowledgedIsIn(before);
    }

    /** A replica that has just been started may not answer yet. */
    private static void awaitAnswerOf(ReplicatedWal wal, Replicas replicas) throws InterruptedException {
        for (int i = 1; i < ATTEMPTS; i++) {
            try {
                wal.change(0, replicas).check();
                return;
            } catch (ReplicationException e) {
                Thread.sleep(500);
            }
        }
    }

    @Test
    void changeReplicas_byTwo_theLaterOfWhichHasCheckedBefore_refusesThatOne_andSaysWhatToDo() throws Exception {
        Replicas all = ReplicaProcesses.onFreePorts(5);
        Replicas before = without(all, "n3", "n4");
        startAll(before);
        try (ReplicatedWal first = ReplicatedWal.connect(before, Batching.of(Duration.ofMillis(1), 100));
                ReplicatedWal later = ReplicatedWal.connect(before, Batching.of(Duration.ZERO, 1))) {
            append(first);
            join("n3", without(all, "n4"));
            join("n4", without(all, "n3"));
            awaitAnswerOf(later, without(all, "n3"));
            ReplicaChange late = later.change(0, without(all, "n3"));
            late.check();
            change(first, without(all, "n4"));
            assertThatThrownBy(late::make).isInstanceOf(ReplicationException.class)
                    .hasMessageContaining("somebody else may have changed them meanwhile: checked=" + before + ", now=" + without(all, "n4"))
                    .hasMessageContaining("; see which there are, by status() or cluster, and try again");
            assertThat(later.status()).as("which there are").extracting(ReplicaStatus::replica).containsOnly("n0", "n1", "n2", "n3");
            change(later, all);
            assertThat(first.status()).extracting(ReplicaStatus::replica).containsOnly("n0", "n1", "n2", "n3", "n4");
            append(first);
        }
        assertAcknowledgedIsIn(all);
    }

    /** One of them is told, unless it has come when the other one was done; and the shard has what one of them has asked for. */
    @Test
    void changeReplicas_byTwoAtOnce_doesWhatOneOfThemHasAskedFor() throws Exception {
        Replicas all = ReplicaProcesses.onFreePorts(4);
        Replicas before = without(all, "n2", "n3");
        for (String name : before.names()) {
            servers.put(name, ReplicatedWalServer.start(name, folder.resolve(name), Replica.options(before, 1)));
        }
        try (ReplicatedWal one = ReplicatedWal.connect(before, Batching.of(Duration.ofMillis(1), 100));
                ReplicatedWal other = ReplicatedWal.connect(before, Batching.of(Duration.ZERO, 1))) {
            append(one);
            for (String name : List.of("n2", "n3")) {
                Replicas with = without(all, name.equals("n2") ? "n3" : "n2");
                servers.put(name, ReplicatedWalServer.join(name, folder.resolve(name), Replica.options(with, 1)));
                awaitAnswerOf(one, with);
            }
            CompletableFuture<String> saidToOne = CompletableFuture.supplyAsync(() -> saidTo(one, without(all, "n3")));
            CompletableFuture<String> saidToOther = CompletableFuture.supplyAsync(() -> saidTo(other, without(all, "n2")));
            List<String> said = List.of(saidToOne.get(300, TimeUnit.SECONDS), saidToOther.get(300, TimeUnit.SECONDS));
            assertThat(said).contains("").allSatisfy(each -> assertThat(each).matches("|.*somebody else may have changed them meanwhile.*, and try again"));
            List<String> now = one.status().stream().map(ReplicaStatus::replica).toList();
            assertThat(now).isIn(List.of("n0", "n1", "n2"), List.of("n0", "n1", "n3"));
            assertThat(said.get(now.contains("n2") ? 0 : 1)).as("who has what he has asked for").isEmpty();
            append(other);
            assertAcknowledgedIsIn(without(all, now.contains("n2") ? "n3" : "n2"), 1);
        }
    }

    private static String saidTo(ReplicatedWal wal, Replicas replicas) {
        try {
            wal.changeReplicas(replicas);
            return "";
        } catch (ReplicationException e) {
            return e.getMessage();
        }
    }

    /** As one whose disk was lost, and which is started again as before. */
    @Test
    void start_ofAReplicaThatHadTheLog_andHasNothingOfItNow_isRefused() throws Exception {
        Replicas all = ReplicaProcesses.onFreePorts(3);
        startAll(all);
        try (ReplicatedWal wal = ReplicatedWal.connect(all, Batching.of(Duration.ofMillis(1), 100))) {
            append(wal);
            servers.remove("n2").close();
            Files.move(folder.resolve("n2"), folder.resolve("lost"));
            assertThatThrownBy(() -> start("n2", all)).isInstanceOf(ReplicationException.class).hasMessageContaining("has nothing of it now: other=n");
            Files.move(folder.resolve("lost"), folder.resolve("n2"), StandardCopyOption.REPLACE_EXISTING);
            start("n2", all);
            append(wal);
        }
        assertAcknowledgedIsIn(all);
    }

    @Test
    void start_ofAReplicaThatComesAfterTheFirstAppends_isNot() throws Exception {
        Replicas all = ReplicaProcesses.onFreePorts(3);
        start("n0", all);
        start("n1", all);
        try (ReplicatedWal wal = ReplicatedWal.connect(all, Batching.of(Duration.ofMillis(1), 100))) {
            append(wal);
            start("n2", all);
            append(wal);
        }
        assertAcknowledgedIsIn(all);
    }

    @Test
    void replicasThatDontJoin_areRefused() throws Exception {
        Replicas all = ReplicaProcesses.onFreePorts(2);
        start("n0", without(all, "n1"));
        try (ReplicatedWal wal = ReplicatedWal.connect(without(all, "n1"), Batching.of(Duration.ZERO, 1))) {
            EntryRef ref = wal.append("key", WriteEntry.of(new byte[1])).get(300, TimeUnit.SECONDS);
            assertThatThrownBy(() -> start("n1", all)).as("new, and the log is there").isInstanceOf(ReplicationException.class)
                    .hasMessageContaining("another replica has the log without this one: other=n0, replicas=" + without(all, "n1"));
            assertThatThrownBy(() -> wal.changeReplicas(all)).isInstanceOf(ReplicationException.class).hasMessageContaining("a new one doesn't answer");
            start("n1", without(all, "n0")); // a log of its own
            assertThatThrownBy(() -> wal.changeReplicas(all)).isInstanceOf(ReplicationException.class)
                    .hasMessageContaining("a new one wasn't started to join, and may have a log of its own: new=" + without(all, "n0"));
            assertThat(wal.endPosition("key", Consistency.LINEARIZABLE)).isEqualTo(ref.end());
        }
    }
}
