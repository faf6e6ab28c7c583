package dev.streamwal.ratis;

import dev.streamwal.WriteEntry;
import dev.streamwal.format.AllowedRange;
import dev.streamwal.format.MessageText;
import dev.streamwal.format.StreamKey;
import dev.streamwal.ratis.settings.RaftSettings;
import dev.streamwal.ratis.shard.Shards;
import dev.streamwal.ratis.wire.AppendAnswer.Appended;
import dev.streamwal.ratis.wire.AppendAnswer.EndDiffers;
import dev.streamwal.ratis.wire.AppendAnswer.Part;
import dev.streamwal.ratis.wire.Command;
import dev.streamwal.ratis.wire.Page;
import dev.streamwal.ratis.wire.Query;
import dev.streamwal.ratis.wire.ShardStatus;
import dev.streamwal.ratis.wire.StreamAppend;
import dev.streamwal.reader.EntryRef;
import java.io.ByteArrayInputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.retry.RetryPolicy;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * A replicated log, from a program that appends to it and reads it. It finds the leaders by itself, also after one was lost.
 *
 * <pre>{@code
 * try (ReplicatedWal wal = ReplicatedWal.connect(replicas, Batching.of(Duration.ofMillis(5), 1000))) {
 *     CompletableFuture<EntryRef> ref = wal.append("meter/4711", WriteEntry.of(bytes));
 *     Optional<ReplicatedRecord> now = wal.latest("meter/4711", Consistency.LINEARIZABLE);
 * }
 * }</pre>
 *
 * <p><b>An append</b> is acknowledged, by its future, when a majority of the replicas has it on disk. One whose future fails may have been appended or
 * not, which the message says; trying again inside the client doesn't append twice. Records that a client appends to one stream by {@link #append} are
 * in the order of the appends, even if a leader is lost meanwhile. If no majority runs, or none can be reached, an append fails after two minutes, or
 * some seconds later; it may still happen afterwards. Once there is a majority again, the same client can append.
 *
 * <p><b>Callbacks of futures</b> are run by one thread of the client's, named {@code stream-wal-callbacks}, or by a thread that waits for the same future
 * with {@code get} or {@code join}. A callback may append in every way, may wait for that with {@code get} or {@code join}, and may close the client. It
 * delays callbacks of other futures, but no append; only if 65,536 answered futures wait for it, each further append waits for its own answer. A callback
 * must not wait for a callback of another future, as by a future of {@code thenApply} or {@code allOf}: nobody would run that.
 *
 * <p>Thread-safe.
 *
 * @since 1.0
 */
public final class ReplicatedWal implements AutoCloseable {

    /** The most bytes of a record that is replicated, header and content, whatever the log's own limit: 512 KiB with its frame. */
    public static final int MAX_RECORD_BYTES = (512 << 10) - 64;
    /** The most records of a page. */
    public static final int MAX_PAGE_RECORDS = 10_000;

    /**
     * The most requests of one record to a shard that are without an answer: of {@link #appendIfEndIs} and {@link #appendOnce}. A further call waits. Of
     * records that have more than 32 KiB there may be fewer, of 32 MiB together.
     */
    public static final int MAX_SINGLES = 1_024;
    private static final int SINGLE_UNIT_BYTES = 32 << 10;

    private static final int MAX_PRODUCER_LENGTH = 255;
    static final int CONNECT_ROUNDS = 60;
    static final long CONNECT_REST_MILLIS = 500;
    private static final long CLOSE_SECONDS = 30;
    private static final long END_SECONDS = 10;

    /** As far as this client has heard. */
    private volatile Replicas replicas;
    private final Shards shards;
    private final Parameters connections;
    private final String client = "client " + UUID.randomUUID();
    private final AtomicLong singles = new AtomicLong();
    private final AtomicInteger nextReplica = new AtomicInteger();
    private final ScheduledThreadPoolExecutor timer = NamedThreads.one("stream-wal-batches");
    /** The accounting of answers: {@link Completions}. */
    private final ScheduledThreadPoolExecutor answers = NamedThreads.thatFinishes("stream-wal-answers");
    private final ScheduledThreadPoolExecutor callbacks = NamedThreads.thatFinishes("stream-wal-callbacks");
    private final Completions completions = new Completions(callbacks);
    private final List<ShardConnection> leaders = new ArrayList<>();
    private final List<RaftClient> readers = new ArrayList<>();
    private final List<Batcher> batchers = new ArrayList<>();
    private final List<Semaphore> singlesRoom = new ArrayList<>();
    private volatile boolean isClosed;

    private ReplicatedWal(Replicas replicas, Shards shards, Batching batching, Parameters connections, RetryPolicy retry) {
        this.replicas = replicas;
        this.shards = shards;
        this.connections = connections;
        for (int i = 0; i < shards.count(); i++) {
            int shard = i;
            ShardConnection leader = new ShardConnection((opened, isOutdated) -> client(shards.group(shard, this.replicas.addresses()), first(opened),
                    failed -> isOutdated.getAsBoolean() ? RetryPolicy.NO_RETRY_ACTION : retry.handleAttemptFailure(failed), connections), answers);
            leaders.add(leader);
            readers.add(client(shards.group(shard, replicas.addresses()), first(0), RaftSettings.noRetry(), connections));
            singlesRoom.add(new Semaphore(MAX_SINGLES, true)); // else large records might wait for ever
            batchers.add(new Batcher(leader, client, batching, timer, this::account, completions));
        }
    }

    /** Where the client is closed meanwhile, here and now: it takes no time, and an answer mustn't be lost. */
    private void account(Runnable task) {
        try {
            answers.execute(task);
        } catch (RejectedExecutionException e) {
            task.run();
        }
    }

    /** The replica that a client asks first: another one for each client that is opened. */
    private RaftPeerId first(int opened) {
        List<String> names = replicas.names();
        return RaftPeerId.valueOf(names.get(opened % names.size()));
    }

    static RaftClient client(RaftGroup group, RaftPeerId first, RetryPolicy retry, Parameters connections) {
        return RaftClient.newBuilder().setRaftGroup(group).setLeaderId(first).setProperties(RaftSettings.client()).setParameters(connections)
                .setRetryPolicy(retry).build();
    }

    /**
     * Connects. How many shards the log has is asked of the replicas; for half a minute or more, if none runs yet.
     *
     * @param replicas the same as the servers'
     * @param batching how appends become requests
     * @return the log
     * @throws ReplicationException if no replica answers, or the thread is interrupted while it waits for one
     */
    public static ReplicatedWal connect(Replicas replicas, Batching batching) {
        return connect(replicas, batching, new Parameters(), RaftSettings.retry());
    }

    /**
     * Connects like {@link #connect(Replicas, Batching)}, encrypted.
     *
     * @param replicas the same as the servers'
     * @param batching how appends become requests
     * @param tls this client's keys
     * @return the log
     * @throws ReplicationException if no replica answers, or the thread is interrupted while it waits for one
     */
    public static ReplicatedWal connect(Replicas replicas, Batching batching, ReplicaTls tls) {
        return connect(replicas, batching, tls.connections(), RaftSettings.retry());
    }

    /** For tests, with another {@code retry}: for how long a request is tried. */
    static ReplicatedWal connect(Replicas replicas, Batching batching, Parameters connections, RetryPolicy retry) {
        return new ReplicatedWal(replicas, askForShards(replicas, connections), batching, connections, retry);
    }

    private static Shards askForShards(Replicas replicas, Parameters connections) {
        Exception last = null;
        try (RaftClient any = client(new Shards(1).group(0, replicas.addresses()), RaftPeerId.valueOf(replicas.names().get(0)), RaftSettings.noRetry(),
                connections)) {
            for (int round = 0; round < CONNECT_ROUNDS; round++) {
                for (String name : replicas.names()) {
                    try {
                        OptionalInt count = Shards.countOf(any.getGroupManagementApi(RaftPeerId.valueOf(name)).list().getGroupIds());
                        if (count.isPresent()) {
                            return new Shards(count.getAsInt());
                        }
                    } catch (IOException | RuntimeException e) { // gRPC's own exceptions as well
                        last = e;
                    }
                }
                Thread.sleep(CONNECT_REST_MILLIS);
            }
        } catch (IOException e) {
            last = e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ReplicationException("thread was interrupted while it waited for a replica: replicas=" + replicas + "; connect again", null, e);
        }
        throw new ReplicationException("no replica answers: replicas=" + replicas
                + "; check whether they are running, and their addresses are right", null, last);
    }

    /** {@return how many shards the log has} */
    public int shards() {
        return shards.count();
    }

    /**
     * Which shard has the records of a key.
     *
     * @param key of a stream
     * @return 0 to {@link #shards()} - 1
     */
    public int shardOf(String key) {
        return shards.of(key);
    }

    /**
     * Appends a record. Waits where as many are without an answer as {@link Batching} allows.
     *
     * @param key of the stream
     * @param entry the record; its buffers are read until the future is done, so they mustn't change. {@link WriteEntry#NOW} becomes the leader's time
     * @return where the record is. It fails with {@link ReplicationException} where the record is refused, or no answer comes
     * @throws ReplicationException if the record has more than {@link #MAX_RECORD_BYTES}, the client is closed, or the thread is interrupted while it
     *     waits; nothing was appended then
     * @throws IllegalArgumentException if the key is empty, has more than 1,024 bytes of UTF-8, or a lone surrogate
     */
    public CompletableFuture<EntryRef> append(String key, WriteEntry entry) {
        check(key, entry);
        return batchers.get(shards.of(key)).append(key, entry);
    }

    /**
     * Appends a record if the stream ends where it is expected to: so a program can decide by what it has read, and no other append comes in between. It
     * takes a request of its own, and waits while {@value #MAX_SINGLES} of these are without an answer.
     *
     * @param key of the stream
     * @param expectedEnd where the stream must end, as {@link #endPosition} says
     * @param entry the record; its buffers are read until the future is done
     * @return where the record is; empty if the stream ends elsewhere, and nothing was appended. It fails as {@link #append} does
     * @throws ReplicationException as {@link #append} throws it
     * @throws IllegalArgumentException if {@code expectedEnd} is negative, or the key is empty, has more than 1,024 bytes of UTF-8, or a lone surrogate
     */
    public CompletableFuture<Optional<EntryRef>> appendIfEndIs(String key, long expectedEnd, WriteEntry entry) {
        if (expectedEnd < 0) {
            throw new IllegalArgumentException("expectedEnd is negative: expectedEnd=" + expectedEnd
                    + "; give 0 for an empty stream, or what endPosition() says");
        }
        return appendAlone(client + " single", singles.getAndIncrement(), key, expectedEnd, entry, Function.identity());
    }

    /**
     * Appends a record once, however often it is called, even by another process: the same producer and sequence for the same key aren't appended again until
     * the record expires, however many others come in between. From then on a record with a timestamp of its own is refused, as too old, so that it is never
     * there twice; one without is a new record. It takes a request of its own, and waits while {@value #MAX_SINGLES} of these are without an answer.
     *
     * <p>A repeated call gets the answer of the first if it has the last sequence of its producer and key, or is among the last 4,096 requests of the shard,
     * fewer if their answers have more than 16 MiB. A call with an earlier sequence fails, and appends nothing. So does a sequence that comes first after a
     * greater one and as many other requests.
     *
     * <p>For each producer and key replicas keep some 150 bytes in memory, and some 80 in each image, until the producer's records of that key have expired. So
     * let a producer keep its name when it is started again.
     *
     * @param producer who appends: 1 to 255 characters, no NUL and no lone surrogate among them
     * @param sequence of the producer's records for this key, growing; not negative
     * @param key of the stream
     * @param entry the record; its buffers are read until the future is done
     * @return where the record is. It fails as {@link #append} does
     * @throws ReplicationException as {@link #append} throws it
     * @throws IllegalArgumentException if the producer, the sequence or the key is invalid
     */
    public CompletableFuture<EntryRef> appendOnce(String producer, long sequence, String key, WriteEntry entry) {
        check(producer, sequence);
        return appendAlone("producer " + producer + '\0' + key, sequence, key, StreamAppend.ANY_END, entry,
                ref -> ref.orElseThrow(() -> new ReplicationException("replica answered an append without a condition as if it had one: key=" + key
                        + "; read the stream to find out whether it has the record", key, null)));
    }

    /** With a NUL another producer and key would have the same name, with a lone surrogate another producer: on its way it is UTF-8. */
    private static void check(String producer, long sequence) {
        if (producer.isEmpty()) {
            throw new IllegalArgumentException("producer is empty; give 1 to " + MAX_PRODUCER_LENGTH + " characters");
        }
        if (producer.length() > MAX_PRODUCER_LENGTH) {
            throw new IllegalArgumentException("producer is too long: characters=" + producer.length() + ", max=" + MAX_PRODUCER_LENGTH
                    + "; choose a shorter name");
        }
        if (sequence < 0) {
            throw new IllegalArgumentException("sequence is negative: sequence=" + sequence + ", producer=" + MessageText.of(producer)
                    + "; give 0 or more");
        }
        if (producer.indexOf('\0') >= 0 || !StandardCharsets.UTF_8.newEncoder().canEncode(producer)) {
            throw new IllegalArgumentException("producer has a NUL or a lone surrogate: producer=" + MessageText.of(producer) + "; choose another name");
        }
    }

    /** Another text would go into another stream: on its way it is UTF-8. */
    private static void check(String key, WriteEntry entry) {
        StreamKey.check(key);
        long bytes = (long) entry.header().remaining() + entry.content().remaining();
        if (bytes > MAX_RECORD_BYTES) {
            throw new ReplicationException("record is too large to be replicated: bytes=" + bytes + ", max=" + MAX_RECORD_BYTES + ", key=" + key
                    + "; split it", key, null);
        }
    }

    private <T> CompletableFuture<T> appendAlone(String producer, long sequence, String key, long expectedEnd, WriteEntry entry,
            Function<Optional<EntryRef>, T> result) {
        check(key, entry);
        Semaphore room = singlesRoom.get(shards.of(key));
        int units = 1 + (entry.header().remaining() + entry.content().remaining()) / SINGLE_UNIT_BYTES;
        awaitRoom(key, room, units);
        Answer<T> told;
        try {
            if (isClosed) {
                throw AnswerCheck.closed(key);
            }
            told = completions.newAnswer(key);
        } catch (ReplicationException e) {
            room.release(units);
            throw e;
        }
        CompletableFuture<byte[]> reply;
        try {
            reply = leaders.get(shards.of(key))
                    .send(new Command.Append(producer, sequence, List.of(new StreamAppend(key, expectedEnd, List.of(entry)))).encode());
        } catch (IOException | RuntimeException e) {
            reply = CompletableFuture.failedFuture(e);
        }
        var unused = reply.whenCompleteAsync((answer, failure) -> {
            room.release(units);
            try {
                told.set(result.apply(single(key, entry, answer, failure)), null);
            } catch (RuntimeException e) {
                told.set(null, e);
            }
            completions.deliver(List.of(told));
        }, this::account);
        told.awaitIfHeld();
        return told;
    }

    private static void awaitRoom(String key, Semaphore room, int units) {
        try {
            // who is interrupted doesn't wait, and needn't where there is room
            boolean isThere = Thread.currentThread().isInterrupted() && room.tryAcquire(units);
            if (!isThere && !room.tryAcquire(units, Batcher.PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new ReplicationException("too few requests were answered within " + Batcher.PATIENCE_SECONDS + " s: key=" + key + ", unitsInFlight="
                        + (MAX_SINGLES - room.availablePermits()) + "; nothing was appended: check whether most replicas"
                        + " are running, then try again", key, null);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw AnswerCheck.interrupted(key, e);
        }
    }

    private static Optional<EntryRef> single(String key, WriteEntry entry, byte @Nullable [] answer, @Nullable Throwable failure) {
        Part part;
        try {
            part = AnswerCheck.decode(answer, failure).streams().get(0);
        } catch (IOException | RuntimeException e) {
            throw AnswerCheck.unknown(key, e);
        }
        if (part instanceof Appended appended && appended.refused().isEmpty()) {
            return Optional.of(AnswerCheck.ref(key, appended.position(), entry));
        }
        if (part instanceof Appended appended) {
            throw AnswerCheck.refused(key, appended.refused().get(0));
        }
        if (part instanceof EndDiffers) {
            return Optional.empty();
        }
        throw AnswerCheck.notAppended(key, part);
    }

    /**
     * The newest record of a stream.
     *
     * @param key of the stream
     * @param consistency what may be missed
     * @return it; empty where the stream has none
     * @throws ReplicationException if no replica that may answer does
     * @throws IllegalArgumentException if the key is empty, has more than 1,024 bytes of UTF-8, or a lone surrogate
     */
    public Optional<ReplicatedRecord> latest(String key, Consistency consistency) {
        return page(key, new Query.Latest(key), consistency).records().stream().findFirst();
    }

    /**
     * Some records of a stream, from a position on. A page ends also where it has a mebibyte.
     *
     * @param key of the stream
     * @param position where to begin: 0, the end of a record, or {@link RecordPage#nextPosition()}
     * @param records how many at most; 1 to {@value #MAX_PAGE_RECORDS}
     * @param consistency what may be missed
     * @return them
     * @throws ReplicationException if no replica that may answer does
     * @throws IllegalArgumentException if {@code position} is negative, {@code records} is out of range, or the key is empty, has more than 1,024 bytes of
     *     UTF-8, or a lone surrogate
     */
    public RecordPage scan(String key, long position, int records, Consistency consistency) {
        if (position < 0) {
            throw new IllegalArgumentException("position is negative: position=" + position + "; give 0, or where an earlier page ended");
        }
        AllowedRange.check("records", records, 1, MAX_PAGE_RECORDS);
        return page(key, new Query.Scan(key, position, records), consistency);
    }

    private RecordPage page(String key, Query query, Consistency consistency) {
        try {
            Page page = Page.decode(ask(key, query, consistency));
            return new RecordPage(page.records().stream().map(each -> new ReplicatedRecord(new EntryRef(key, each.position(),
                    EntryRef.sizeOf(each.header().length, each.content().length)), each.timestampMillis(), each.header(), each.content())).toList(),
                    page.nextPosition());
        } catch (IOException e) {
            throw notRead(key, e);
        }
    }

    /**
     * Where a stream ends: the position of its next record, or before that.
     *
     * @param key of the stream
     * @param consistency what may be missed
     * @return the position; 0 where the stream has no record that is younger than its retention
     * @throws ReplicationException if no replica that may answer does
     * @throws IllegalArgumentException if the key is empty, has more than 1,024 bytes of UTF-8, or a lone surrogate
     */
    public long endPosition(String key, Consistency consistency) {
        try {
            return ask(key, new Query.End(key), consistency).readLong();
        } catch (IOException e) {
            throw notRead(key, e);
        }
    }

    /**
     * How each shard is on each replica. Asks a leader which replicas there are: so this client's stale reads follow, too.
     *
     * @return by shard, and by replica in their order
     */
    public List<ReplicaStatus> status() {
        followReplicas();
        List<ReplicaStatus> all = new ArrayList<>();
        for (int shard = 0; shard < shards.count(); shard++) {
            for (String name : replicas.names()) {
                all.add(status(readers.get(shard), shard, name));
            }
        }
        return all;
    }

    static ReplicaStatus status(RaftClient asking, int shard, String name) {
        try {
            Message message = Message.valueOf(ByteString.copyFrom(new Query.Status().encode()));
            DataInputStream said = content(asking.io().sendStaleRead(message, 0, RaftPeerId.valueOf(name)));
            return ReplicaStatus.of(shard, name, ShardStatus.decode(said));
        } catch (IOException | RuntimeException e) { // gRPC's own exceptions as well
            return ReplicaStatus.noAnswer(shard, name);
        }
    }

    /**
     * Changes which replicas the log has, shard by shard, while it is appended to. The new ones have to run already, started by
     * {@link ReplicatedWalServer#join} with all replicas that there will be; they get what the others have, which takes its time. After that, start each
     * replica with the new ones at its next start. One that is left out closes its shards, which {@link ReplicatedWalServer#awaitClosed} reports as it
     * reports a failure; end its process, as Ratis may not close them if it led under load, and don't start it again.
     * Clients go on, as long as one of the replicas that they were given stays.
     *
     * <p><b>When this returns, a new replica may still be fetching</b> what the others have, for minutes or more: until then it would be of no help if another
     * one were lost. {@link #status()} shows {@link ReplicaStatus.Role#NO_ANSWER} for as long. A replica is taken out only where each one that stays answers,
     * and has applied what the leader has: else this fails, after some ten seconds, and has changed nothing. Replicas that are down for good are taken out
     * all at once.
     *
     * <p>Change one replica at a time: add one, or take one out, and call this again for the next. What would have as many new replicas as old ones, or more,
     * is refused, but for one that is added to one; so is a new replica that wasn't started by {@link ReplicatedWalServer#join}, and another address of one
     * that stays. So is the later one of two changes at the same time.
     *
     * <p>A majority of the old and of the new replicas has to run. Where this fails, some shards may have the new replicas and others the old ones: call it
     * again.
     *
     * @param newReplicas all that there will be
     * @throws ReplicationException if a shard still has the old ones
     */
    public void changeReplicas(Replicas newReplicas) {
        List<ReplicaChange> changes = new ArrayList<>();
        for (int shard = 0; shard < shards.count(); shard++) {
            changes.add(change(shard, newReplicas));
        }
        changes.forEach(ReplicaChange::check);
        changes.forEach(ReplicaChange::make);
        follow(newReplicas);
    }

    /** Tests make a change late, and again. */
    ReplicaChange change(int shard, Replicas newReplicas) {
        return new ReplicaChange(shards, shard, replicas, newReplicas, leaders.get(shard), readers.get(shard), connections);
    }

    /** Whoever leads the first shard knows. Without an answer they are the same as before. */
    private void followReplicas() {
        Memberships.ofLeader(shards.group(0, replicas.addresses()), readers.get(0))
                .ifPresent(group -> follow(Replicas.of(Memberships.text(group.getPeers()).split(","))));
    }

    private void follow(Replicas newReplicas) {
        for (int shard = 0; shard < shards.count(); shard++) {
            readers.get(shard).getClientRpc().addRaftPeers(shards.group(shard, newReplicas.addresses()).getPeers());
        }
        boolean areOthers = !replicas.addresses().equals(newReplicas.addresses());
        replicas = newReplicas;
        if (areOthers) {
            leaders.forEach(ShardConnection::renew);
        }
    }

    private static ReplicationException notRead(String key, Exception failure) {
        return new ReplicationException("stream can't be read: key=" + key + "; because: " + failure.getMessage(), key, failure);
    }

    private DataInputStream ask(String key, Query query, Consistency consistency) throws IOException {
        StreamKey.check(key);
        if (isClosed) {
            throw new IOException("client is closed; open another one");
        }
        int shard = shards.of(key);
        Message message = Message.valueOf(ByteString.copyFrom(query.encode()));
        if (consistency == Consistency.LINEARIZABLE) {
            return new DataInputStream(new ByteArrayInputStream(leaders.get(shard).call(leader -> leader.io().sendReadOnly(message))));
        }
        List<String> names = replicas.names();
        IOException last = new IOException("no replica was asked");
        int first = Math.floorMod(nextReplica.getAndIncrement(), names.size());
        for (int i = 0; i < names.size(); i++) {
            String name = names.get((first + i) % names.size());
            try {
                return content(readers.get(shard).io().sendStaleRead(message, 0, RaftPeerId.valueOf(name)));
            } catch (IOException | RuntimeException e) {
                last = new IOException("replica gave no answer: name=" + name + "; because: " + e.getMessage(), e);
            }
        }
        throw last;
    }

    private static DataInputStream content(RaftClientReply reply) throws IOException {
        return new DataInputStream(new ByteArrayInputStream(ShardConnection.content(reply)));
    }

    /**
     * Sends the appends that wait, and waits for the answers, half a minute at most. Appends without an answer fail then. Then it waits for callbacks of
     * futures, 10 seconds at most. A callback may call this method: then it doesn't wait for callbacks, and the others run later. A second call does nothing.
     */
    @Override
    public void close() {
        isClosed = true;
        batchers.forEach(Batcher::close);
        long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(CLOSE_SECONDS);
        try {
            for (Batcher each : batchers) {
                each.awaitAnswers(deadlineNanos - System.nanoTime());
            }
            for (ShardConnection each : leaders) { // of requests of their own
                each.awaitAnswers(deadlineNanos - System.nanoTime());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        batchers.forEach(Batcher::failUnanswered);
        timer.shutdownNow();
        IOException failure = null;
        for (List<? extends Closeable> all : List.of(leaders, readers)) {
            for (Closeable each : all) {
                try {
                    each.close();
                } catch (IOException e) {
                    failure = e;
                }
            }
        }
        end(answers);
        callbacks.shutdown(); // behind the accounting, which hands over to it
        if (!completions.isCurrent()) {
            end(callbacks);
        }
        if (failure != null) {
            throw new ReplicationException("client didn't close as it should: replicas=" + replicas + "; because: " + failure.getMessage(), null, failure);
        }
    }

    /** What waits still runs. A thread that is interrupted doesn't wait for that. */
    private static void end(ExecutorService thread) {
        thread.shutdown();
        try {
            boolean unused = thread.awaitTermination(END_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
