package dev.streamwal.ratis.shard;

import dev.streamwal.WalOptions;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.DiskFullException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.SuppressForbidden;
import dev.streamwal.ratis.repair.ImageExports;
import dev.streamwal.ratis.repair.ImageExports.Opened;
import dev.streamwal.ratis.repair.ImageFetch;
import dev.streamwal.ratis.repair.ImagePeers;
import dev.streamwal.ratis.repair.LogCheck;
import dev.streamwal.ratis.repair.RatisPeers;
import dev.streamwal.ratis.shard.ShardFolder.Image;
import dev.streamwal.ratis.wire.Command;
import dev.streamwal.ratis.wire.Page;
import dev.streamwal.ratis.wire.Query;
import dev.streamwal.ratis.wire.ShardStatus;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.exceptions.StaleReadException;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.SnapshotInfo;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.LifeCycle;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Shard} as Ratis sees it. Entries of the Raft log are applied one by one, each to the end, in Ratis' one thread for it.
 *
 * <p><b>Two indexes.</b> Ratis' snapshot is a marker file, with an index and nothing else; the newest image is of that entry or a later one. After a start
 * Ratis applies everything behind the marker, and what the image has is passed over. An image becomes a marker when the Raft log up to it is forced here:
 * a marker that is ahead of the Raft log, as after a loss of power, would stop the replica for ever.
 *
 * <p><b>A peer's image</b> is fetched where this replica has none that goes with its marker: as one that was away for longer than the Raft log is kept, and was
 * sent a marker; or where its own is damaged, or it wasn't like the others any more. It is opened before it takes the place of the replica's own, and one that
 * can't be is followed by another peer's. Then, too, what the image has beyond the marker is passed over. An image of another version isn't damaged, and no
 * peer is asked for one instead.
 *
 * <p><b>Failures.</b> Whatever isn't answered to the client as a refusal is thrown: Ratis closes the shard, and the server says so. A future that failed would
 * be counted as applied. Where the log is damaged, it is marked: the next start fetches a peer's. Where the Raft log can't be written, the server closes the
 * shard.
 */
public final class ShardStateMachine extends BaseStateMachine {

    /** Who is told what becomes of a shard. */
    public interface Listener {

        /**
         * Its Raft log can't be written, and the shard has to be closed. A snapshot has to be asked for: whatever the thread that applies is doing then, it
         * calls {@link #takeSnapshot}, which throws, and Ratis closes the shard by that thread. Any other thread that closes would wait for that one, which
         * may be looking without an end for an entry that others have acknowledged, and this log doesn't have.
         */
        void failed(int shard);

        /** @param failure what made it fail; null where that isn't known */
        void closed(int shard, @Nullable Throwable failure);
    }

    private final ShardSettings settings;
    private final ShardFolder folder;
    private final Listener listener;
    private final ImagePeers peers;
    private final LeaderClock leaderClock;
    private final MarkerStorage storage = new MarkerStorage();
    private final ImageTimes times = new ImageTimes();
    private final ImageExports exports;
    private final ReentrantLock applying = new ReentrantLock();

    private final AtomicInteger fetchedImages = new AtomicInteger();
    private volatile boolean isFetching;
    private volatile boolean closing;
    private volatile @Nullable Throwable failure;
    private volatile boolean isLogFailed;
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile @Nullable Shard shard;
    private volatile @Nullable ShardReader reader;
    private volatile @Nullable RaftServer server;

    public ShardStateMachine(ShardSettings settings, Listener listener) {
        this(settings, listener, new RatisPeers(settings.group().getGroupId(), settings.connections()), System::nanoTime);
    }

    /**
     * @param peers who is asked for an image; others than Ratis' in tests
     * @param nanoTime monotonic
     */
    ShardStateMachine(ShardSettings settings, Listener listener, ImagePeers peers, LongSupplier nanoTime) {
        this.settings = settings;
        this.peers = peers;
        this.folder = new ShardFolder(settings.root());
        this.exports = new ImageExports(folder);
        this.listener = listener;
        WalOptions.Builder given = WalOptions.builder();
        settings.wal().accept(given);
        WalOptions options = given.build();
        this.leaderClock = new LeaderClock(options.clock(), options.maxClockAdvance().toMillis(), nanoTime);
    }

    /** Somebody vouches for this replica's clock, however far it is ahead of the replicated time. For any thread. */
    public void believeClock() {
        leaderClock.believe();
    }

    /** How the shard is. For any thread. */
    public ShardStatus status() throws IOException {
        Shard open = open(shard);
        boolean isLeader = Objects.requireNonNull(server).getDivision(settings.group().getGroupId()).getInfo().isLeader();
        return new ShardStatus(isLeader, getLastAppliedTermIndex().getIndex(), open.newestImage().map(Image::index).orElse(RaftLog.INVALID_LOG_INDEX),
                open.clockMillis(), open.streams(), times.images(), TimeUnit.NANOSECONDS.toMillis(times.longestNanos()), fetchedImages.get(),
                folder.isRepairWanted(), leaderClock.isAhead());
    }

    // ---------------------------------------------------------------- opening and closing

    @Override
    public void initialize(RaftServer newServer, RaftGroupId group, RaftStorage raftStorage) throws IOException {
        super.initialize(newServer, group, raftStorage);
        server = newServer;
        storage.init(raftStorage);
        mendRaftLog(raftStorage);
        getLifeCycle().startAndTransition(() -> load(settings.group()));
    }

    /** Ratis has locked its folder by now, and opens its log when this state machine has been initialized. */
    @SuppressForbidden("Ratis names its folder as a File")
    private void mendRaftLog(RaftStorage raftStorage) throws IOException {
        Path raftLog = raftStorage.getStorageDir().getCurrentDir().toPath();
        RaftLogRemains.mendEnd(raftLog);
        SnapshotInfo marker = storage.loadLatestSnapshot();
        RaftLogRemains.deleteIfBefore(marker == null ? RaftLog.INVALID_LOG_INDEX : marker.getIndex(), raftLog);
    }

    /** The log that Ratis' marker promises: what is here, or a peer's. */
    private void load(RaftGroup group) throws IOException {
        boolean isAlone = group.getPeers().size() == 1;
        if (isAlone) {
            folder.keepLive();
        }
        folder.clean();
        SnapshotInfo marker = storage.loadLatestSnapshot();
        long markerIndex = marker == null ? RaftLog.INVALID_LOG_INDEX : marker.getIndex();
        if (isAlone) {
            openAlone(markerIndex);
        } else {
            try {
                folder.checkNoRepairIsWanted();
                openOwn(markerIndex, settings.isVerified());
            } catch (DamagedImageException own) {
                openPeers(group, markerIndex, own);
            }
        }
        folder.deleteKept();
        setLastAppliedTermIndex(marker == null ? TermIndex.INITIAL_VALUE : marker.getTermIndex());
    }

    /** @param own why a peer's image is needed; if no peer has one, this is what is to be mended */
    private void openPeers(RaftGroup group, long minIndex, DamagedImageException own) throws IOException {
        isFetching = true;
        try {
            new ImageFetch(group, settings.self(), peers, settings.repairBytesPerSecond(), this::checkFetched).into(folder.fetched(), minIndex, () -> closing);
            folder.adoptFetched();
            int unused = fetchedImages.incrementAndGet();
            openOwn(minIndex, false); // all of it was read by the check
        } catch (IOException | RuntimeException e) {
            e.addSuppressed(own);
            throw e;
        } finally {
            isFetching = false;
        }
    }

    /** Whether nothing is applied because a peer's image is being fetched. For any thread. */
    public boolean isFetching() {
        return isFetching;
    }

    /** Without peers nothing is better than what is here, also where a part of it is damaged. */
    private void openAlone(long minIndex) throws IOException {
        try {
            checkIsThere(minIndex);
            begin(openWithRoom());
        } catch (DamagedImageException e) {
            throw new DamagedImageException(e.getMessage() + "; there is no other replica that has an image. The log as it was when this one ended is kept"
                    + ", WalReader may read it: folder=" + folder.kept(), e);
        }
    }

    /**
     * The log as it was when this replica ended may take all the room there is. It is deleted once the image was read and found whole: the image has
     * everything up to its index, and the Raft log has everything since. Otherwise the old log stays, because it may have what a damaged image has
     * lost.
     */
    private Shard openWithRoom() throws IOException {
        try {
            return Shard.open(folder, settings.wal(), settings.images(), times);
        } catch (DiskFullException e) {
            Shard.checkRecords(folder.newest());
            folder.deleteKept();
            folder.clean(); // an empty log must be begun once only, or positions differ
            return Shard.open(folder, settings.wal(), settings.images(), times);
        }
    }

    private void begin(Shard opened) {
        shard = opened;
        sawClock(opened);
        reader = new ShardReader(folder.wal());
    }

    /** All that beginning with a peer's image needs, and all of its records, before anything of this replica's own is deleted for it. */
    private void checkFetched(long index) throws IOException {
        Image image = folder.fetchedImage();
        if (image.index() != index) {
            throw new IOException("image is of another entry than its peer said: index=" + image.index() + ", said=" + index);
        }
        LogCheck.check(image.wal());
        Shard.check(folder, image, settings.wal(), settings.images(), times);
    }

    /**
     * Begins with what is here.
     *
     * @param minIndex an image with a lower index isn't enough
     * @param isVerified whether all records are read
     * @throws DamagedImageException if that isn't possible, and why
     */
    private void openOwn(long minIndex, boolean isVerified) throws IOException {
        checkIsThere(minIndex);
        Shard opened = Shard.open(folder, settings.wal(), settings.images(), times);
        if (isVerified) {
            checkIsWhole(opened);
        }
        begin(opened);
    }

    private void checkIsThere(long minIndex) throws IOException {
        long newest = folder.newest().map(Image::index).orElse(RaftLog.INVALID_LOG_INDEX);
        if (newest < minIndex) {
            throw new DamagedImageException("image is missing from which the Raft log goes on: newest=" + newest + ", needed=" + minIndex
                    + ", folder=" + folder, null);
        }
    }

    private void sawClock(Shard open) {
        if (open.isBegun()) {
            leaderClock.saw(open.clockMillis());
        }
    }

    /** Reads the live log, which is a copy of the image, or the same files. Unless it is whole, the shard is closed. */
    private void checkIsWhole(Shard opened) throws DamagedImageException {
        boolean isWhole = false;
        try {
            LogCheck.check(folder.wal());
            isWhole = true;
        } catch (IOException damaged) {
            throw new DamagedImageException(String.valueOf(damaged.getMessage()), damaged);
        } finally {
            if (!isWhole) {
                opened.close();
            }
        }
    }

    @Override
    public void pause() {
        getLifeCycle().transition(LifeCycle.State.PAUSING);
        getLifeCycle().transition(LifeCycle.State.PAUSED);
    }

    /** Ratis has installed a peer's marker. Called by the thread that applies, so nothing is applied meanwhile. */
    @Override
    public void reinitialize() throws IOException {
        applying.lock();
        try {
            closeShard();
            RaftGroup group = groupNow();
            getLifeCycle().startAndTransition(() -> load(group));
        } catch (IOException | RuntimeException e) {
            if (closing && e instanceof InterruptedIOException) {
                return; // thrown, it would keep Ratis from ever closing: its thread goes round and round then, short of the last committed entry
            }
            failure = e;
            throw e;
        } finally {
            applying.unlock();
        }
    }

    /** With the replicas that have come since the start; and those that were there, as one of them may have an image, by the addresses that they have now. */
    private RaftGroup groupNow() throws IOException {
        Map<RaftPeerId, RaftPeer> peers = new LinkedHashMap<>();
        Objects.requireNonNull(server).getDivision(settings.group().getGroupId()).getRaftConf().getAllPeers().forEach(peer -> peers.put(peer.getId(), peer));
        settings.group().getPeers().forEach(peer -> peers.put(peer.getId(), peer));
        return RaftGroup.valueOf(settings.group().getGroupId(), peers.values());
    }

    /**
     * Ratis has no room for its log, say. It only tells: nothing that comes would be written any more, and this replica would be there all the same. What it
     * fails with later follows from the first failure.
     */
    @Override
    public void notifyLogFailed(Throwable cause, @Nullable LogEntryProto entry) {
        if (failure == null) {
            failure = first(cause);
            isLogFailed = true;
            listener.failed(settings.shard());
        }
    }

    /** Ratis says "log already failed", and of what by the causes only. */
    public static Throwable first(Throwable failure) {
        Throwable first = failure;
        while (first.getCause() != null) {
            first = first.getCause();
        }
        return first;
    }

    /** Nothing newer than a snapshot that is asked for, so that Ratis asks for it. */
    @Override
    public @Nullable SnapshotInfo getLatestSnapshot() {
        return isLogFailed ? null : super.getLatestSnapshot();
    }

    /** Whether the Raft log can't be written, and the shard isn't closed yet. */
    public boolean isToBeClosed() {
        return isLogFailed && closed.getCount() > 0;
    }

    /** Where the Raft log has failed, waits until the shard is closed, or for so long. */
    public void awaitClosedIfFailed(long millis) throws InterruptedException {
        boolean unused = !isLogFailed || closed.await(millis, TimeUnit.MILLISECONDS);
    }

    /** The server is closing: this isn't a failure. */
    public void closing() {
        closing = true;
    }

    @Override
    public void close() {
        applying.lock();
        try {
            closeShard();
        } finally {
            applying.unlock();
            closed.countDown();
            if (!closing) {
                listener.closed(settings.shard(), failure);
            }
        }
    }

    private void closeShard() {
        exports.close();
        ShardReader reading = reader;
        if (reading != null) {
            reader = null;
            reading.close();
        }
        Shard open = shard;
        if (open != null) {
            shard = null;
            open.close();
        }
    }

    private static <T> T open(@Nullable T part) {
        if (part == null) {
            throw new IllegalStateException("shard is closed, or fetching its log from a peer; ask another replica, or later");
        }
        return part;
    }

    // ---------------------------------------------------------------- entries

    /**
     * The leader's time goes in front of the command, so that windows and expiry are the same everywhere. What can't be decoded stays out of the Raft log, and
     * so does a time that isn't believed: all replicas would delete by it. A refusal is an answer, not thrown (trap 19).
     */
    @Override
    public TransactionContext startTransaction(RaftClientRequest request) {
        TransactionContext.Builder started = TransactionContext.newBuilder().setStateMachine(this).setClientRequest(request);
        try {
            return started.setLogData(stamped(request.getMessage().getContent())).build();
        } catch (IOException | RuntimeException e) {
            return started.build().setException(e);
        }
    }

    private ByteString stamped(ByteString command) throws IOException {
        if (command.size() > Command.MAX_BYTES) {
            throw new IOException("request is too large: bytes=" + command.size() + ", max=" + Command.MAX_BYTES + "; send smaller batches");
        }
        Command decoded = Command.decode(new DataInputStream(command.newInput()));
        if (decoded instanceof Command.Append append && append.streams().stream().anyMatch(stream -> stream.entries().isEmpty())) {
            throw new IOException("request appends no record to a stream: producer=" + append.producer() + ", sequence=" + append.sequence());
        }
        ByteString stamp = ByteString.copyFrom(ByteBuffer.allocate(Long.BYTES).putLong(leaderClock.stamp()).flip());
        return stamp.concat(decoded instanceof Command.Tick ? ByteString.copyFrom(open(shard).lastTick().encode()) : command);
    }

    /**
     * Ratis closes behind the last committed entry. What comes on its way there isn't applied, and nothing is written any more: to the next start it is as if
     * the process had been killed. Whoever waits for an answer isn't told that it is there.
     */
    private boolean isClosedWhileFetching() {
        return closing && shard == null;
    }

    @Override
    public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
        applying.lock();
        try {
            if (isClosedWhileFetching()) {
                return CompletableFuture.failedFuture(new IOException("replica is being closed while it fetches a peer's log; ask another one"));
            }
            TermIndex at = TermIndex.valueOf(Objects.requireNonNull(transaction.getLogEntry()));
            DataInputStream source = new DataInputStream(transaction.getLogEntry().getStateMachineLogEntry().getLogData().newInput());
            long stampMillis = source.readLong();
            Shard open = open(shard);
            byte[] answer = open.apply(at.getTerm(), at.getIndex(), stampMillis, Command.decode(source));
            sawClock(open);
            updateLastAppliedTermIndex(at);
            return CompletableFuture.completedFuture(Message.valueOf(ByteString.copyFrom(answer)));
        } catch (IOException e) {
            failure = e;
            throw new UncheckedIOException(e);
        } catch (CorruptSegmentException | DivergenceException e) {
            failure = e;
            markDamaged(e);
            throw e;
        } catch (RuntimeException | Error e) {
            failure = e;
            throw e;
        } finally {
            applying.unlock();
        }
    }

    private void markDamaged(WalException damage) {
        try {
            folder.wantRepair(String.valueOf(damage.getMessage()));
        } catch (IOException e) {
            damage.addSuppressed(e);
        }
    }

    // ---------------------------------------------------------------- queries

    @Override
    public CompletableFuture<Message> query(Message request) {
        try {
            byte[] answer = answer(Query.decode(new DataInputStream(request.getContent().newInput())));
            return CompletableFuture.completedFuture(Message.valueOf(ByteString.copyFrom(answer)));
        } catch (CorruptSegmentException e) {
            markDamaged(e);
            return CompletableFuture.failedFuture(e);
        } catch (IOException | RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** Refuses instead of waiting: who asks a certain replica can ask another one. */
    @Override
    public CompletableFuture<Message> queryStale(Message request, long minIndex) {
        if (getLastAppliedTermIndex().getIndex() < minIndex) {
            return CompletableFuture.failedFuture(new StaleReadException("replica hasn't applied that yet: applied=" + getLastAppliedTermIndex()
                    + ", needed=" + minIndex));
        }
        return query(request);
    }

    private byte[] answer(Query query) throws IOException {
        if (query instanceof Query.Latest latest) {
            return page(latest.key(), 0, reading -> reading.latest(latest.key()));
        } else if (query instanceof Query.Scan scan) {
            return page(scan.key(), scan.position(), reading -> reading.scan(scan.key(), scan.position(), scan.records()));
        } else if (query instanceof Query.End end) {
            return ByteBuffer.allocate(Long.BYTES).putLong(open(shard).endOf(end.key())).array();
        } else if (query instanceof Query.Status) {
            return status().encode();
        } else if (query instanceof Query.ReadImage read) {
            return exports.read(read.number(), read.file(), read.offset()).encode();
        } else if (query instanceof Query.ReleaseImage release) {
            exports.release(release.number());
            return new byte[0];
        }
        ShardReader unused = open(reader); // while a peer's image takes the place of this replica's, nobody gets either
        Opened opened = exports.open();
        return ByteBuffer.allocate(Long.BYTES + Long.BYTES + Integer.BYTES).putLong(opened.number()).putLong(opened.index()).putInt(opened.files()).array();
    }

    private interface Reading {
        Page of(ShardReader reader);
    }

    /** Of a stream whose records have all expired replicas have files for different times. So nothing of it is shown. */
    private byte[] page(String key, long position, Reading reading) throws IOException {
        return (open(shard).endOf(key) > 0 ? reading.of(open(reader)) : new Page(List.of(), position)).encode();
    }

    // ---------------------------------------------------------------- snapshots

    /** Tells Ratis of the newest image. Thrown unchecked, as Ratis would only log an {@link IOException} and go on. */
    @Override
    public long takeSnapshot() {
        if (isLogFailed) {
            // Ratis closes the shard
            throw new IllegalStateException("Raft log can't be written: shard=" + settings.shard(), failure);
        }
        exports.releaseForgotten();
        applying.lock();
        try {
            if (isClosedWhileFetching()) {
                return RaftLog.INVALID_LOG_INDEX;
            }
            Optional<Image> newest = open(shard).newestImage();
            SnapshotInfo marker = storage.getLatestSnapshot();
            long marked = marker == null ? RaftLog.INVALID_LOG_INDEX : marker.getIndex();
            if (newest.isEmpty() || newest.get().index() <= marked || newest.get().index() > forcedIndex()
                    || newest.get().index() > getLastAppliedTermIndex().getIndex()) { // a peer's image may be ahead of what this replica's log has for certain
                return RaftLog.INVALID_LOG_INDEX;
            }
            storage.mark(TermIndex.valueOf(newest.get().term(), newest.get().index()));
            return newest.get().index();
        } catch (IOException e) {
            failure = e;
            throw new UncheckedIOException(e);
        } catch (RuntimeException e) {
            failure = e;
            throw e;
        } finally {
            applying.unlock();
        }
    }

    private long forcedIndex() throws IOException {
        return Objects.requireNonNull(server).getDivision(settings.group().getGroupId()).getRaftLog().getFlushIndex();
    }

    @Override
    public MarkerStorage getStateMachineStorage() {
        return storage;
    }
}
