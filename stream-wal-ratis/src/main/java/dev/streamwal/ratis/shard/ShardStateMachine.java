package dev.streamwal.ratis.shard;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.PositionMismatchException;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.HeaderTooLargeException;
import dev.streamwal.error.RecordTooLargeException;
import dev.streamwal.error.TimestampOutOfRangeException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.SuppressForbidden;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.LogFile;
import dev.streamwal.ratis.repair.CheckpointExports;
import dev.streamwal.ratis.repair.CheckpointExports.Opened;
import dev.streamwal.ratis.repair.CheckpointFetch;
import dev.streamwal.ratis.wire.AppendAnswer;
import dev.streamwal.ratis.wire.Command;
import dev.streamwal.ratis.wire.Query;
import dev.streamwal.ratis.wire.StreamAppend;
import dev.streamwal.reader.EntryRef;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.exceptions.StaleReadException;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.SnapshotInfo;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.statemachine.impl.SimpleStateMachineStorage;
import org.apache.ratis.statemachine.impl.SingleFileSnapshotInfo;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.LifeCycle;
import org.apache.ratis.util.MD5FileUtil;
import org.jspecify.annotations.Nullable;

/**
 * One shard of a replica, as Ratis sees it. Entries of the Raft log are applied one by one, each to the end, in Ratis' one thread for it.
 *
 * <p><b>Three indexes.</b> Ratis' snapshot is a marker file, with an index and nothing else. The state that is saved is of that index or a later one. The log
 * has what the saved state has, forced, and may have anything that was applied since, or of that what a kill or a loss of power left. So
 * {@code marker <= saved state <= log}, and all of them are below what is committed.
 *
 * <p><b>Why applying again is right.</b> After a restart Ratis applies everything behind the marker. What the saved state has is passed over. From there on
 * the state is what it was when these entries were applied first, since it depends on nothing but them: so each append is for the same position, and
 * {@code appendAt} finds its records there and leaves them, or appends them at the end. A stream can't be short of that position: what is below it was
 * forced with the saved state, or has just been appended again. What {@code appendAt} doesn't find is damage, and stops the replica.
 *
 * <p><b>Expiry</b> is the one thing that takes away what applying again would look for. So the state is saved before an entry expires anything: what is
 * behind the saved state is not older than the entry that deletes.
 *
 * <p><b>A checkpoint</b> from a peer is its state and its log under the lock of applying, so it keeps the same rule with the index that the peer had applied.
 * Ratis is told the marker's index nevertheless, as it knows of no other; what lies between is passed over.
 *
 * <p><b>Failures.</b> Whatever isn't answered to the client as a refusal, which depends on replicated state only, is thrown: Ratis closes the shard, and the
 * server says so. A future that failed would be counted as applied. Where the log is damaged, it is marked: the next opening fetches a peer's.
 */
public final class ShardStateMachine extends BaseStateMachine {

    /** Who is told that a shard has closed: with what made it fail, or null. */
    public interface Closed {
        void closed(int shard, @Nullable Throwable failure);
    }

    private final ShardSettings settings;
    private final int shard;
    private final ShardFolder folder;
    private final Closed listener;
    private final InstantSource leaderClock;
    private final SimpleStateMachineStorage storage = new SimpleStateMachineStorage();
    private final ReentrantLock applying = new ReentrantLock();

    private volatile boolean closing;
    private volatile @Nullable Throwable failure;
    private volatile @Nullable ShardLog log;
    private volatile @Nullable CheckpointExports exports;
    private volatile ShardState state = ShardState.empty();
    /** What the log takes for the time; that of the replica until the first entry. */
    private volatile long clockMillis;

    public ShardStateMachine(ShardSettings settings, Closed listener) {
        this.settings = settings;
        this.shard = settings.shard();
        this.folder = new ShardFolder(settings.root());
        this.listener = listener;
        WalOptions.Builder given = WalOptions.builder();
        settings.wal().accept(given);
        this.leaderClock = given.build().clock();
    }

    // ---------------------------------------------------------------- opening and closing

    @Override
    public void initialize(RaftServer server, RaftGroupId group, RaftStorage raftStorage) throws IOException {
        super.initialize(server, group, raftStorage);
        storage.init(raftStorage);
        getLifeCycle().startAndTransition(this::load);
    }

    /** The log that Ratis' marker promises: the one that is here, or a peer's. */
    private void load() throws IOException {
        folder.finishSwitch();
        exports = new CheckpointExports(folder.outgoing());
        SnapshotInfo marker = storage.loadLatestSnapshot();
        long markerIndex = marker == null ? RaftLog.INVALID_LOG_INDEX : marker.getIndex();
        if (folder.isRepairWanted() || !hasState(markerIndex) || !opensWhole()) {
            fetch(markerIndex);
            if (!opensWhole()) {
                throw new IOException("log that was fetched from a peer can't be opened whole: shard=" + shard + ", folder=" + folder);
            }
        }
        setLastAppliedTermIndex(marker == null ? TermIndex.INITIAL_VALUE : marker.getTermIndex());
    }

    private boolean hasState(long markerIndex) {
        try {
            state = folder.readState().orElseGet(ShardState::empty);
            return state.appliedIndex() >= markerIndex;
        } catch (IOException damaged) {
            return false;
        }
    }

    /** Where a stream is damaged, recovery refuses it or cuts it, and the replica wants another copy instead. */
    private boolean opensWhole() {
        clockMillis = state.clockMillis() == 0 ? leaderClock.millis() : state.clockMillis();
        ShardLog opened = ShardLog.open(folder.wal(), settings.wal(), () -> Instant.ofEpochMilli(clockMillis));
        if (opened.recoverAll().refusedStreams() > 0 || isShort(opened)) {
            opened.close();
            return false;
        }
        log = opened;
        return true;
    }

    /** What was forced with the state isn't all there: a segment is gone, or the end of one was taken for what a crash tears. */
    private boolean isShort(ShardLog opened) {
        for (Map.Entry<String, Long> each : state.ends().entrySet()) {
            if (opened.endOf(each.getKey()) < each.getValue()) {
                return true;
            }
        }
        return false;
    }

    private void fetch(long minIndex) throws IOException {
        new CheckpointFetch(settings.group(), settings.self(), settings.repairBytesPerSecond(), ShardFolder.WAL)
                .into(folder.incoming(), minIndex, () -> closing);
        folder.switchToIncoming();
        if (!hasState(minIndex)) {
            throw new IOException("state that was fetched from a peer is damaged or too old: shard=" + shard + ", minIndex=" + minIndex
                    + ", folder=" + folder);
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
            closeLog();
            getLifeCycle().startAndTransition(this::load);
        } catch (IOException | RuntimeException e) {
            failure = e;
            throw e;
        } finally {
            applying.unlock();
        }
    }

    /** The server is closing: this isn't a failure. */
    public void closing() {
        closing = true;
    }

    @Override
    public void close() throws IOException {
        applying.lock();
        try {
            closeLog();
        } finally {
            applying.unlock();
            if (!closing) {
                listener.closed(shard, failure);
            }
        }
    }

    private void closeLog() throws IOException {
        CheckpointExports exported = exports;
        if (exported != null) {
            exported.close();
        }
        ShardLog open = log;
        if (open != null) {
            log = null;
            open.close();
        }
    }

    private ShardLog open() {
        ShardLog open = log;
        if (open == null) {
            throw new IllegalStateException("shard is closed, or fetching its log from a peer: shard=" + shard + "; ask another replica, or later");
        }
        return open;
    }

    // ---------------------------------------------------------------- entries

    /** The leader's time goes in front of the command, so that windows and expiry are the same everywhere. What can't be decoded stays out of the Raft log. */
    @Override
    public TransactionContext startTransaction(RaftClientRequest request) throws IOException {
        ByteString command = request.getMessage().getContent();
        if (command.size() > Command.MAX_BYTES) {
            throw new IOException("request is too large: bytes=" + command.size() + ", at most=" + Command.MAX_BYTES + "; send smaller batches");
        }
        Command decoded = Command.decode(new DataInputStream(command.newInput()));
        if (decoded instanceof Command.Append append && append.streams().stream().anyMatch(stream -> stream.entries().isEmpty())) {
            throw new IOException("request appends no record to a stream: producer=" + append.producer() + ", sequence=" + append.sequence());
        }
        ByteString stamp = ByteString.copyFrom(ByteBuffer.allocate(Long.BYTES).putLong(leaderClock.millis()).flip());
        return TransactionContext.newBuilder().setStateMachine(this).setClientRequest(request).setLogData(stamp.concat(command)).build();
    }

    @Override
    public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
        applying.lock();
        try {
            TermIndex at = TermIndex.valueOf(Objects.requireNonNull(transaction.getLogEntry()));
            byte[] answer = apply(at.getIndex(), transaction.getLogEntry().getStateMachineLogEntry().getLogData());
            updateLastAppliedTermIndex(at);
            return CompletableFuture.completedFuture(Message.valueOf(ByteString.copyFrom(answer)));
        } catch (IOException e) {
            failure = e;
            throw new UncheckedIOException(e);
        } catch (CorruptSegmentException | PositionMismatchException e) {
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

    private byte[] apply(long index, ByteString data) throws IOException {
        DataInputStream source = new DataInputStream(data.newInput());
        long stampMillis = source.readLong();
        Command command = Command.decode(source);
        if (index <= state.appliedIndex()) {
            return command instanceof Command.Append append ? answerAgain(append) : new byte[0];
        }
        if (command instanceof Command.Append append) {
            advanceClock(stampMillis);
            byte[] answer = append(append);
            state.appliedUpTo(index);
            return answer;
        }
        save(); // as of the entry before
        advanceClock(stampMillis);
        open().sweep(Instant.ofEpochMilli(clockMillis));
        state.onlyTheseHaveRecords(open().keys());
        state.appliedUpTo(index);
        return new byte[0];
    }

    private void advanceClock(long stampMillis) {
        state.advanceClock(stampMillis);
        clockMillis = state.clockMillis();
    }

    private byte[] append(Command.Append command) throws IOException {
        Producers producers = state.producers();
        if (producers.answerOf(command.producer(), command.sequence()) != null
                || producers.mayHaveBeenApplied(command.producer(), command.sequence())) {
            return answerAgain(command);
        }
        List<AppendAnswer.Part> parts = new ArrayList<>();
        for (StreamAppend stream : command.streams()) {
            parts.add(append(stream));
        }
        byte[] answer = new AppendAnswer(parts).encode();
        producers.applied(command.producer(), command.sequence(), answer);
        return answer;
    }

    private byte[] answerAgain(Command.Append command) throws IOException {
        byte[] known = state.producers().answerOf(command.producer(), command.sequence());
        return known == null ? AppendAnswer.forgotten(command.streams().size()).encode() : known;
    }

    private AppendAnswer.Part append(StreamAppend stream) {
        long end = state.endOf(stream.key());
        if (stream.expectedEnd() != StreamAppend.ANY_END && stream.expectedEnd() != end) {
            return new AppendAnswer.EndDiffers(end);
        }
        List<EntryRef> refs;
        try {
            refs = open().appendAt(stream.key(), end, stamped(stream.entries()));
        } catch (TimestampOutOfRangeException | RecordTooLargeException | HeaderTooLargeException | IllegalArgumentException e) {
            return new AppendAnswer.Refused(String.valueOf(e.getMessage())); // checked before anything is appended, by replicated state only
        }
        for (int i = 1; i < refs.size(); i++) {
            if (refs.get(i).position() != refs.get(i - 1).end()) {
                throw new IllegalStateException("records of a batch don't stand one behind the other: ref=" + refs.get(i));
            }
        }
        state.ends(stream.key(), refs.get(refs.size() - 1).end());
        return new AppendAnswer.Appended(refs.get(0).position());
    }

    private List<WriteEntry> stamped(List<WriteEntry> entries) {
        return entries.stream()
                .map(entry -> entry.timestampMillis() == WriteEntry.NOW ? new WriteEntry(entry.header(), entry.content(), clockMillis) : entry)
                .toList();
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
            return open().latest(latest.key()).encode();
        } else if (query instanceof Query.Scan scan) {
            return open().scan(scan.key(), scan.position(), scan.records()).encode();
        } else if (query instanceof Query.End end) {
            return ByteBuffer.allocate(Long.BYTES).putLong(state.endOf(end.key())).array();
        }
        CheckpointExports exported = Objects.requireNonNull(exports, "shard isn't open yet");
        if (query instanceof Query.ReadCheckpoint read) {
            return exported.read(read.checkpoint(), read.file(), read.offset()).encode();
        } else if (query instanceof Query.DropCheckpoint drop) {
            exported.drop(drop.checkpoint());
            return new byte[0];
        }
        Opened opened = exported.open(this::checkpoint);
        return ByteBuffer.allocate(Long.BYTES + Integer.BYTES).putLong(opened.number()).putInt(opened.files()).array();
    }

    /** State and log between two entries. */
    private void checkpoint(Path target) throws IOException {
        applying.lock();
        try {
            open().checkpoint(target.resolve(ShardFolder.WAL));
            ShardFolder.writeState(target, state);
        } finally {
            applying.unlock();
        }
    }

    // ---------------------------------------------------------------- snapshots

    /** All that was applied is durable, and so is what is known of it. Called by the thread that applies, or under its lock. */
    private void save() throws IOException {
        open().sync();
        state.appliedUpTo(getLastAppliedTermIndex().getIndex());
        folder.saveState(state);
    }

    /** Thrown unchecked, as Ratis would only log an {@link IOException} and go on with a log that a force has failed of. */
    @Override
    public long takeSnapshot() {
        applying.lock();
        try {
            TermIndex at = getLastAppliedTermIndex();
            if (at.getIndex() < 0) {
                return RaftLog.INVALID_LOG_INDEX;
            }
            save();
            mark(at);
            return at.getIndex();
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

    @SuppressForbidden("Ratis names its snapshot files as File")
    private void mark(TermIndex at) throws IOException {
        Path marker = storage.getSnapshotFile(at.getTerm(), at.getIndex()).toPath();
        byte[] text = at.toString().getBytes(UTF_8);
        LogFile.replace(marker.resolveSibling("marker.new"), marker, file -> file.write(0, ByteBuffer.wrap(text)));
        FileInfo file = new FileInfo(marker, MD5FileUtil.computeAndSaveMd5ForFile(marker.toFile()));
        DirectoryForce.force(Objects.requireNonNull(marker.getParent()));
        storage.updateLatestSnapshot(new SingleFileSnapshotInfo(file, at));
    }

    @Override
    public SimpleStateMachineStorage getStateMachineStorage() {
        return storage;
    }
}
