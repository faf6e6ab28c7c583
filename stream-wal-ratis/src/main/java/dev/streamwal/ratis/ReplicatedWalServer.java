package dev.streamwal.ratis;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.LeftOpen;
import dev.streamwal.io.LogFile;
import dev.streamwal.ratis.settings.RaftSettings;
import dev.streamwal.ratis.shard.ImageRule;
import dev.streamwal.ratis.shard.ShardSettings;
import dev.streamwal.ratis.shard.ShardStateMachine;
import dev.streamwal.ratis.shard.Shards;
import dev.streamwal.ratis.wire.Command;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.GroupInfoReply;
import org.apache.ratis.protocol.GroupManagementRequest;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SnapshotManagementRequest;
import org.apache.ratis.protocol.TransferLeadershipRequest;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * A replica of a log: one process of several, each with a folder and an address of its own. It takes part while a majority of the replicas runs and can be
 * reached, and catches up by itself after it was away.
 *
 * <pre>{@code
 * Replicas replicas = Replicas.of("n1=10.0.0.1:7100", "n2=10.0.0.2:7100", "n3=10.0.0.3:7100");
 * RatisOptions options = RatisOptions.builder().replicas(replicas).wal(wal -> wal.retention(Duration.ofDays(30))).build();
 * try (ReplicatedWalServer server = ReplicatedWalServer.start("n1", Path.of("/data/wal"), options)) {
 *     server.awaitClosed();
 * }
 * }</pre>
 *
 * <p>Replicas that begin a log together are started by {@link #start}, each with all of them. One that comes to a log that is there already is started by
 * {@link #join}, and waits until {@link ReplicatedWal#changeReplicas} takes it in. By {@link #start}, new ones that are a majority of what they were given
 * would elect a leader among themselves, and begin an empty log in place of the one that is there.
 *
 * <p>A shard that fails, such as on a full disk, closes, and has one replica fewer until the server is started again; {@link #awaitClosed()} throws
 * then. If the shard's log was found damaged, or different from the others', a peer's is fetched at the next start.
 *
 * <p>Thread-safe.
 *
 * @since 1.0
 */
public final class ReplicatedWalServer implements AutoCloseable {

    /** How long Ratis may take to close a shard whose Raft log has failed, before it is asked again. */
    private static final int CLOSE_MILLIS = 1_000;
    private static final int MAX_CLOSE_TRIES = 20;
    /** How often a replica looks whether it leads while it fetches an image. By then another replica has been elected, if one can be. */
    private static final long STEP_DOWN_MILLIS = 1_000;
    private static final long CLOSE_SECONDS = 60;
    /** A file that says that the folder was begun by {@link #join}. */
    private static final String JOINS = "joins";

    private final String name;
    private final Shards shards;
    private final RatisOptions options;
    private final Path folder;
    private final boolean joins;
    private final ClientId clientId = ClientId.randomId();
    private final AtomicLong calls = new AtomicLong();
    private final CompletableFuture<@Nullable Void> closed = new CompletableFuture<>();
    private final Map<RaftGroupId, ShardStateMachine> machines = new ConcurrentHashMap<>();
    private final ScheduledThreadPoolExecutor ticks;
    private final Parameters connections;
    private final RaftServer server;

    private ReplicatedWalServer(String name, String address, Path folder, RatisOptions options) throws IOException {
        this.name = name;
        this.folder = folder;
        this.joins = Files.exists(folder.resolve(JOINS));
        this.options = options;
        this.shards = new Shards(options.shards());
        this.ticks = NamedThreads.one("stream-wal-ticks-" + name);
        // what comes while the server is being closed
        ticks.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
        this.connections = options.tls().map(ReplicaTls::connections).orElseGet(Parameters::new);
        Path raft = folder.resolve("raft");
        if (!joins && !Files.exists(raft)) {
            checkNoLogWithout(RaftPeerId.valueOf(name));
        }
        this.server = RaftServer.newBuilder()
                .setServerId(RaftPeerId.valueOf(name))
                .setGroup(begun(0))
                .setStateMachineRegistry(group -> machines.computeIfAbsent(group, this::newMachine))
                .setProperties(RaftSettings.server(raft, address, options.keptEntries(), options.raftSegmentBytes()))
                .setParameters(connections)
                .setOption(RaftStorage.StartupOption.RECOVER)
                .build();
    }

    /**
     * Starts a replica, and returns when it takes part; others may not run yet. In an empty folder it begins a log with the others. Where there is a log
     * without it, call {@link #join}: it looks for one where others answer, but one that can't be reached it can't see.
     *
     * @param name which of the replicas it is
     * @param folder where it keeps everything; it is made if need be. Each replica has its own
     * @param options the same on all replicas
     * @return it
     * @throws IllegalArgumentException if the replicas have no such name
     * @throws ReplicationException if it can't start, or its log is damaged and no peer can be reached, or it is new, and others have a log without
     *     it, or know that it had the log before
     */
    public static ReplicatedWalServer start(String name, Path folder, RatisOptions options) {
        return start(name, folder, options, false);
    }

    /**
     * Starts a replica that comes to a log that others have. It has no part in elections, and nothing to read, until {@link ReplicatedWal#changeReplicas}
     * takes it in; from then on it is like the others. Its next starts may be by {@link #start} or by this.
     *
     * @param name what it is called; none of the log's replicas may ever have had the name
     * @param folder where it keeps everything; it is made if need be
     * @param options as the others', with all replicas that there will be, this one included
     * @return it; it isn't part of the log yet
     * @throws IllegalArgumentException if the replicas have no such name
     * @throws ReplicationException if it can't start
     */
    public static ReplicatedWalServer join(String name, Path folder, RatisOptions options) {
        return start(name, folder, options, true);
    }

    private static ReplicatedWalServer start(String name, Path folder, RatisOptions options, boolean isJoining) {
        String address = options.replicas().addresses().get(name);
        if (address == null) {
            throw new IllegalArgumentException("replica has no address: name=" + name + ", replicas=" + options.replicas()
                    + "; name it among the replicas, or start it by one of their names");
        }
        ReplicatedWalServer started = null;
        try {
            DirectoryForce.create(folder);
            if (isJoining) {
                // kept for good: if it is started again before it was taken in, it must go on waiting; behind that, what Ratis has stored counts
                LogFile.replace(folder.resolve(JOINS + ".new"), folder.resolve(JOINS), file -> file.write(0, ByteBuffer.wrap(name.getBytes(UTF_8))));
            }
            started = new ReplicatedWalServer(name, address, folder, options);
            started.start();
            return started;
        } catch (IOException | RuntimeException e) {
            if (started != null) {
                LeftOpen.close(started, e);
            }
            if (e instanceof IllegalArgumentException invalid) {
                throw invalid;
            }
            throw new ReplicationException("replica can't start: name=" + name + ", folder=" + folder + "; because: " + withCause(e), null, e);
        }
    }

    private RaftGroup group(int shard) {
        return shards.group(shard, options.replicas().addresses());
    }

    /** What a shard is begun with, unless Ratis has stored which replicas it has. Without any, it doesn't vote, and waits for a leader that takes it in. */
    private RaftGroup begun(int shard) {
        return joins ? RaftGroup.valueOf(shards.groupId(shard)) : group(shard);
    }

    /**
     * A new replica that voted, or stood for election, with other new ones could begin an empty log in place of that which others have. So could one that was
     * there before, and has lost its disk: what it had acknowledged, with one other, would be gone when that other one fails. The others may have forgotten
     * it, if they were started again meanwhile.
     */
    private void checkNoLogWithout(RaftPeerId self) throws IOException {
        RaftGroup all = group(0);
        try (RaftClient client = RaftClient.newBuilder().setRaftGroup(all).setProperties(RaftSettings.client()).setParameters(connections)
                .setRetryPolicy(RaftSettings.noRetry()).build()) {
            for (RaftPeer other : all.getPeers()) {
                if (other.getId().equals(self)) {
                    continue;
                }
                Optional<GroupInfoReply> said = Memberships.of(other.getId(), all.getGroupId(), client);
                if (said.isPresent() && Memberships.isMember(other.getId(), said.get()) && !Memberships.has(said.get().getGroup().getPeers(), self)) {
                    throw new IOException("another replica has the log without this one: other=" + other.getId() + ", replicas="
                            + Memberships.text(said.get().getGroup().getPeers()) + "; join the log instead: ReplicatedWalServer.join, or start --join");
                }
                if (said.isPresent() && Memberships.committed(self, said.get()) > 0) {
                    throw new IOException("replica has had the log before, as another replica knows, and has nothing of it now: other=" + other.getId()
                            + ", hadEntries=" + Memberships.committed(self, said.get()) + "; it must not vote, as it has forgotten what it has acknowledged."
                            + " Take it out of the replicas, and join by another name: ReplicatedWalServer.join, or start --join");
                }
            }
        }
    }

    private ShardStateMachine newMachine(RaftGroupId group) {
        OptionalInt shard = shards.shardOf(group);
        if (shard.isEmpty()) {
            throw new IllegalArgumentException("folder was begun with another number of shards: shards=" + shards.count() + ", folder=" + folder
                    + "; start with the number that it was begun with");
        }
        Path root = folder.resolve("shard-" + shard.getAsInt());
        ImageRule images = new ImageRule(options.imageEntries(), options.imageBytes(), options.imageInterval().toMillis());
        return new ShardStateMachine(new ShardSettings(shard.getAsInt(), group(shard.getAsInt()), name, root, options.wal(), images,
                connections, options.isVerifiedAtStart(), options.repairBytesPerSecond()), new ShardStateMachine.Listener() {
                    @Override
                    public void failed(int shard) {
                        ticks.execute(() -> close(shard));
                    }

                    @Override
                    public void closed(int shard, @Nullable Throwable failure) {
                        shardClosed(shard, failure);
                    }
                });
    }

    /** Of a shard whose Raft log has failed: asks for a snapshot, again until it is closed. See {@link ShardStateMachine.Listener#failed}. */
    private void close(int shard) {
        ShardStateMachine machine = machines.get(shards.groupId(shard));
        if (machine == null || !machine.isToBeClosed()) {
            return;
        }
        var unusedReply = server.snapshotManagementAsync(SnapshotManagementRequest.newCreate(
                clientId, server.getId(), shards.groupId(shard), calls.incrementAndGet(), CLOSE_MILLIS, 1));
        var unused = ticks.schedule(() -> close(shard), CLOSE_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void start() throws IOException {
        server.getServerRpc().addRaftPeers(group(0).getPeers()); // trap 28: what Ratis has stored are addresses of former times
        server.start();
        Set<RaftGroupId> begun = new HashSet<>();
        server.getGroupIds().forEach(begun::add);
        for (int shard = 0; shard < shards.count(); shard++) {
            if (!begun.contains(shards.groupId(shard))) {
                // as a client would: the first start makes the groups, or goes on where it was cut short
                RaftClientReply reply = server.groupManagement(
                        GroupManagementRequest.newAdd(clientId, server.getId(), calls.incrementAndGet(), begun(shard), false));
                if (!reply.isSuccess()) {
                    throw new IOException("shard can't be opened: shard=" + shard, reply.getException());
                }
            }
        }
        long intervalMillis = options.tickInterval().toMillis();
        var unusedTicks = ticks.scheduleWithFixedDelay(this::tick, intervalMillis, intervalMillis, TimeUnit.MILLISECONDS);
        var unusedLooks = ticks.scheduleWithFixedDelay(this::stepDownWhereFetching, STEP_DOWN_MILLIS, STEP_DOWN_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** Lets time pass in the shards that this replica leads. What fails is tried again after an interval; the status tells of a clock that isn't believed. */
    private void tick() {
        leads().forEach(shard -> {
            try {
                RaftClientRequest request = RaftClientRequest.newBuilder()
                        .setClientId(clientId)
                        .setServerId(server.getId())
                        .setGroupId(shards.groupId(shard))
                        .setCallId(calls.incrementAndGet())
                        .setMessage(Message.valueOf(ByteString.copyFrom(Command.Tick.UNSTAMPED.encode())))
                        .setType(RaftClientRequest.writeRequestType())
                        .build();
                var unused = server.submitClientRequestAsync(request);
            } catch (IOException | RuntimeException e) {
                // it doesn't lead any more, or is closing
                return;
            }
        });
    }

    /**
     * Ratis elects by Raft logs, and this replica's Raft log may be the longest while it fetches a peer's image. As the leader it would apply nothing
     * until it has the image, for minutes. So it steps down, as a leader that has lost its majority does, and again if it is elected again; the others
     * stand for election as soon as it steps down.
     *
     * <p>Nothing is lost by that: acknowledged entries are in the Raft logs of a majority, and clients send the others again. If the other replicas
     * lack entries of this one's Raft log, they get them while it leads, and may be elected after that.
     */
    private void stepDownWhereFetching() {
        machines.forEach((group, machine) -> {
            try {
                if (machine.isFetching() && server.getDivision(group).getInfo().isLeader()) {
                    var unused = server.transferLeadershipAsync(
                            new TransferLeadershipRequest(clientId, server.getId(), group, calls.incrementAndGet(), null, STEP_DOWN_MILLIS));
                }
            } catch (IOException | RuntimeException e) {
                // it doesn't lead any more, or is closing
                return;
            }
        });
    }

    /**
     * Which shards this replica leads right now.
     *
     * @return their numbers, in order
     */
    public List<Integer> leads() {
        return IntStream.range(0, shards.count()).filter(this::leads).boxed().toList();
    }

    private boolean leads(int shard) {
        try {
            return server.getDivision(shards.groupId(shard)).getInfo().isLeaderReady();
        } catch (IOException closedShard) {
            return false;
        }
    }

    /**
     * Vouches for what this replica's clock says now, however far that is ahead of the log's time. A clock that is ahead by more than the log's {@code
     * maxClockAdvance}, 100 days by default, isn't believed otherwise, since by it all replicas would delete what has expired, for good: while such a replica
     * leads, appends are refused, and no time passes ({@link ReplicaStatus#isClockAhead()}). Call this where all replicas did stand still for so long, and
     * the clock is right, on each of them, or on whichever leads. It counts until this is closed; once an entry has the time, all replicas go on from there.
     */
    public void believeClock() {
        machines.values().forEach(ShardStateMachine::believeClock);
    }

    /**
     * How this replica's shards are. For metrics: asks nobody else, and costs little.
     *
     * @return of each shard
     */
    public List<ReplicaStatus> status() {
        return IntStream.range(0, shards.count()).mapToObj(this::status).toList();
    }

    private ReplicaStatus status(int shard) {
        ShardStateMachine machine = machines.get(shards.groupId(shard));
        try {
            return machine == null ? ReplicaStatus.noAnswer(shard, name) : ReplicaStatus.of(shard, name, machine.status());
        } catch (IOException | RuntimeException e) { // it is closed, or fetching a peer's log
            return ReplicaStatus.noAnswer(shard, name);
        }
    }

    private void shardClosed(int shard, @Nullable Throwable failure) {
        boolean unused = closed.completeExceptionally(new ReplicationException("shard has closed on this replica, and has one replica fewer: name=" + name
                + ", shard=" + shard + ", folder=" + folder + "; because: " + reason(failure), null, failure));
    }

    private static String reason(@Nullable Throwable failure) {
        if (failure == null) {
            return "Ratis closed it, see its log; if the other replicas have left this one out, end it; otherwise start it again";
        }
        return withCause(failure) + "; mend that, and start the replica again";
    }

    /** Ratis says which file it couldn't write, or that it couldn't open its log, and what the system said, or is damaged, is the cause. */
    private static String withCause(Throwable failure) {
        String said = String.valueOf(failure.getMessage());
        String behind = String.valueOf(ShardStateMachine.first(failure).getMessage());
        return said.contains(behind) ? said : said + ": " + behind;
    }

    /**
     * Waits until the server is closed.
     *
     * @throws ReplicationException as soon as a shard has failed; the others go on until {@link #close()}
     * @throws InterruptedException if the thread is interrupted meanwhile
     */
    public void awaitClosed() throws InterruptedException {
        try {
            closed.get();
        } catch (ExecutionException e) {
            Throwable failure = e.getCause();
            throw new ReplicationException(String.valueOf(failure == null ? null : failure.getMessage()), null, failure);
        }
    }

    /**
     * Stops taking part, and closes the logs. A second call does nothing.
     *
     * @throws ReplicationException if Ratis didn't close within a minute, or failed to
     */
    @Override
    public void close() {
        awaitFailedShards();
        ticks.shutdownNow();
        machines.values().forEach(ShardStateMachine::closing);
        try {
            closeRatis();
        } catch (IOException e) {
            boolean isFirst = closed.completeExceptionally(e);
            throw new ReplicationException("replica didn't close as it should: name=" + name + ", folder=" + folder + "; because: " + e.getMessage()
                    + (isFirst ? "" : "; a shard had failed before"), null, e);
        }
        boolean unused = closed.complete(null);
    }

    /** Not by this thread: Ratis waits for its own threads for a day, which may be waiting for a lock that is held meanwhile. */
    private void closeRatis() throws IOException {
        FutureTask<@Nullable Void> closing = new FutureTask<>(() -> {
            server.close();
            return null;
        });
        Thread thread = new Thread(closing, "stream-wal-close-" + name);
        thread.setDaemon(true);
        thread.start();
        try {
            closing.get(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new IOException("Ratis hasn't closed: seconds=" + CLOSE_SECONDS + "; end the process", e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while Ratis was closing; end the process", e);
        }
    }

    private void awaitFailedShards() {
        try {
            for (ShardStateMachine machine : machines.values()) {
                machine.awaitClosedIfFailed(CLOSE_MILLIS * MAX_CLOSE_TRIES);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String toString() {
        return "ReplicatedWalServer[name=" + name + ", folder=" + folder + ", shards=" + shards.count() + ']';
    }
}
