package dev.streamwal;

import dev.streamwal.append.DeletionLog;
import dev.streamwal.append.Draft;
import dev.streamwal.append.LogContext;
import dev.streamwal.append.RecordSealer;
import dev.streamwal.append.SegmentTotals;
import dev.streamwal.append.SessionKeys;
import dev.streamwal.append.SharedLog;
import dev.streamwal.append.StreamLog;
import dev.streamwal.catalog.WriterView;
import dev.streamwal.codec.RecordCodec;
import dev.streamwal.commit.CommitCursor;
import dev.streamwal.commit.CommitTarget;
import dev.streamwal.commit.GroupCommitter;
import dev.streamwal.engine.Acknowledgement;
import dev.streamwal.engine.BackgroundRecovery;
import dev.streamwal.engine.CallFailures;
import dev.streamwal.engine.Checkpoint;
import dev.streamwal.engine.CompletionThreads;
import dev.streamwal.engine.Environment;
import dev.streamwal.engine.Erasure;
import dev.streamwal.engine.Purge;
import dev.streamwal.engine.RecoverAll;
import dev.streamwal.engine.RecoverySettings;
import dev.streamwal.engine.RestingThread;
import dev.streamwal.engine.StackRoom;
import dev.streamwal.engine.StreamDeletions;
import dev.streamwal.engine.StreamFolders;
import dev.streamwal.engine.StreamRegistry;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.TimestampOutOfRangeException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalFailedException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.error.WalLockedException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.IoFailure;
import dev.streamwal.io.ProcessLock;
import dev.streamwal.io.ProgramClock;
import dev.streamwal.keys.MasterKeys;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.packing.PackStore;
import dev.streamwal.packing.PackSweep;
import dev.streamwal.packing.Packer;
import dev.streamwal.packing.Tiering;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalReader;
import dev.streamwal.retention.KnownTime;
import dev.streamwal.retention.StreamPolicy;
import dev.streamwal.retention.TimeRules;
import dev.streamwal.storage.StorageErrors;
import dev.streamwal.storage.WriterFile;
import dev.streamwal.sweep.ConsumerHolds;
import dev.streamwal.sweep.RetainedFor;
import dev.streamwal.sweep.Sweeper;
import dev.streamwal.sweep.SweptLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A log of many streams in a directory, open for writing. A log has one writer at a time; any number of {@link WalReader}s read it at the same time,
 * in this process and in others. Thread-safe.
 *
 * <pre>{@code
 * try (StreamWal wal = StreamWal.open(Path.of("telemetry"))) {
 *     EntryRef ref = wal.stream("machine/cpu").append("0.25".getBytes(UTF_8));
 * }
 * }</pre>
 *
 * <p>The log has up to eleven daemon threads of its own. They prepare space, seal, sweep, pack, merge packs, move packs to the tier, and call the
 * listener. If records have to become durable, the threads also flush those that no caller waits for, force large writes, and free journal space.
 * After a writer that did not close the log, they recover its streams for a while. Up to eight more threads run the continuations of asynchronous
 * appends while there are any (see {@link WalOptions.Builder#completionExecutor}). {@link #close()} ends all of them. The log never prints anything:
 * it reports failures that no caller waits for to {@link WalOptions#listener()} and in {@link #health()}.
 *
 * @since 1.0
 */
public final class StreamWal implements AutoCloseable {

    /** How long closing waits for a call of the tier. */
    private static final long TIER_STOP_NANOS = 10_000_000_000L;

    private final Path root;
    private final WalOptions options;
    private final InstantSource clock;
    private final ProcessLock lock;
    private final WriterFile writer;
    private final LogContext log;
    private final BackgroundReport report;
    private final StreamRegistry<WalStream> streams;
    /** Keeps a stream that has segments reachable. */
    private final StreamLog.SegmentsWatch hold = this::hold;
    private final StreamFolders folders;
    private final PackStore packs;
    private final Packer packer;
    /** One for all streams of a policy, so that an append touches as little memory as possible. */
    private final Map<StreamPolicy, Map<Durability, WalStream.Rules>> rules = new ConcurrentHashMap<>();
    private final RestingThread packing;
    private final RestingThread merging;
    /** Null in a log without a tier. */
    private final @Nullable Tiering tiering;
    private final @Nullable RestingThread tieringThread;
    private final Sweeper sweeper;
    private final KnownTime time;
    private final GroupCommitter commits;
    private final RecoverySettings settings;
    private final BackgroundRecovery recovery;
    private final CompletionThreads completions;
    private final CallFailures failures;
    private final Acknowledgement acknowledgement;
    private final StreamDeletions deletions;
    /** Null in a log that encrypts nothing, and never has. */
    private final @Nullable SessionKeys sessionKeys;
    private final ReentrantLock closing = new ReentrantLock();
    private volatile boolean closed;

    StreamWal(Path root, WalOptions options, LogOpening.Parts parts, Environment environment) {
        this.root = root;
        this.options = options;
        this.clock = new ProgramClock(options.clock());
        this.lock = parts.lock();
        this.writer = parts.writer();
        this.time = parts.time();
        this.log = parts.log();
        this.report = parts.report();
        this.commits = parts.commits();
        this.folders = parts.folders();
        this.packs = parts.packs();
        this.settings = parts.settings();
        this.sessionKeys = SessionKeys.of(root, options.encryption(), clock, writer).orElse(null);
        this.streams = new StreamRegistry<>(this::newStream);
        commits.streams(this::knownLog);
        PackSweep packSweep = new PackSweep(packs);
        this.packer = new Packer(packs, packSweep, log.storage(), new Packed(), report, options.ownSegments(), options.spansHash());
        this.packing = inBackground("stream-wal-pack", this::packAtIntervals);
        this.merging = inBackground("stream-wal-merge", packer::mergeAtIntervals);
        this.tiering = options.tier().map(folder -> new Tiering(packs, new Packed(), report, new Tiering.Settings(folder, options.tierAfter().toMillis(),
                options.sweepInterval().toNanos()), environment.salts(), environment.steadyClock())).orElse(null);
        this.tieringThread = tiering == null ? null : inBackground("stream-wal-tier", tiering::passAtIntervals);
        this.sweeper = new Sweeper(new Swept(), report, new ConsumerHolds(root, this::retainedFor, options.maxHeldMillis(), report), packs, packSweep,
                new Sweeper.Limits(options.maxTotalBytes(), options.sweepInterval().toNanos(), options.maxClockAdvance().toMillis(),
                environment.maxIdleStreams(), options.presentRetention()), time);
        this.recovery = new BackgroundRecovery(this::loadedLogs, report);
        this.completions = new CompletionThreads(options.completionExecutor(), settings.withThreads());
        this.failures = new CallFailures(root, writer, () -> closed);
        this.acknowledgement = new Acknowledgement(root, commits, completions, failures);
        this.deletions = new StreamDeletions(packs, packer, log::deletions, failures, new Told());
    }

    /**
     * Opens a log with the default options; creates it if there is none.
     *
     * @param root its directory
     * @return the log; close it
     * @throws WalLockedException if the log already has a writer, in this process or another
     * @throws WalException if it can't be opened; the message says why
     */
    public static StreamWal open(Path root) {
        return open(root, WalOptions.builder().build());
    }

    /**
     * Opens a log; creates it if there is none. Opening redoes what the commit journal holds, and reads the shared segments that aren't packed yet,
     * which takes some 2 s a GiB after a crash. It reads no other segment: each stream is recovered when it is first used.
     *
     * <p>Open it as the user that owns its directory. The superuser may open any log, but new files are then the superuser's, and the owner's
     * program can't append where they are.
     *
     * @param root its directory
     * @param options how to write it and what to keep
     * @return the log; close it
     * @throws WalLockedException if the log already has a writer, in this process or another
     * @throws WalException if it can't be opened; the message says why
     */
    public static StreamWal open(Path root, WalOptions options) {
        return open(root, options, Environment.ofThisMachine(Objects.requireNonNull(options, "options").storage().kind()));
    }

    /** Like the public method, for tests that restart the machine or replace its disk. */
    static StreamWal open(Path root, WalOptions options, Environment environment) {
        return LogOpening.open(Objects.requireNonNull(root, "root"), Objects.requireNonNull(options, "options"), environment);
    }

    private RestingThread inBackground(String name, Consumer<BooleanSupplier> pass) {
        return RestingThread.atIntervals(name, options.sweepInterval().toNanos(), isStopped -> pass.accept(() -> closed || isStopped.getAsBoolean()));
    }

    private void packAtIntervals(BooleanSupplier isStopped) {
        if (tiering != null) {
            tiering.reportStuckPass();
        }
        packer.passAtIntervals(isStopped);
    }

    /** To be called once what an earlier writer left is in order. */
    void start(boolean withThreads) {
        if (withThreads) {
            log.start();
            sweeper.start();
            packing.start();
            merging.start();
            if (tieringThread != null) {
                tieringThread.start();
            }
        }
        if (!settings.isAllInOrder() && settings.withThreads()) {
            recovery.start();
        }
    }

    void wakePacking() {
        packing.wake();
    }

    private @Nullable StreamLog knownLog(StreamKey key) {
        WalStream stream = streams.find(key.text());
        return stream == null ? null : stream.log();
    }

    /** The log's own stream: see {@link SharedLog}. */
    StreamLog sharedLog() {
        return streams.get(StreamKey.SHARED.text()).log();
    }

    private static boolean isShared(WalStream stream) {
        return stream.log().key().equals(StreamKey.SHARED);
    }

    private WalStream newStream(StreamKey key) {
        StreamPolicy policy = key.equals(StreamKey.SHARED) ? options.policyOfShared() : options.policyOf(key.text());
        StreamLog stream = new StreamLog(log, key, policy, options.segmentsOf(key.text()).choice());
        WalStream created = new WalStream(stream, rulesOf(policy, options.durabilityOf(key.text())), sealerOf(key));
        stream.watch(hold, created);
        return created;
    }

    private WalStream.Rules rulesOf(StreamPolicy policy, Durability durability) {
        return rules.computeIfAbsent(policy, unused -> new ConcurrentHashMap<>()).computeIfAbsent(durability,
                unused -> new WalStream.Rules(this, new TimeRules(policy, options.maxClockSkew().toMillis()), durability));
    }

    private @Nullable RecordSealer sealerOf(StreamKey key) {
        SessionKeys keys = sessionKeys;
        // records in the shared stream are encrypted as those of their own streams
        return keys == null || key.equals(StreamKey.SHARED) || !options.encryptedOf(key.text()).orElse(true) ? null : new RecordSealer(keys, key);
    }

    private void hold(StreamLog stream, boolean own, boolean any) {
        if (stream.holder() instanceof WalStream holder) {
            streams.owns(holder, own);
            streams.hold(stream.key().text(), holder, any);
        }
    }

    // ---------------------------------------------------------------- keys

    /**
     * Changes the keys: wraps all of the log's session keys under the current master key, and encrypts later appends with a new session key. No
     * segment is touched, whatever the log's size. After this method has returned, the log needs only the current master key; copies that were made
     * before need the former ones. So does the log's tier, if it is read without the log's directory, until a pass that begins in the background
     * after this call has succeeded: call {@link #moveToTier()} before you destroy a key.
     *
     * <p>If the process ends during the call, or the call throws, each of the log's two files of keys has either the former or the new state: keep
     * the former master keys, and call this method again.
     *
     * @throws IllegalStateException if the log was opened without {@link WalOptions.Builder#encryption}
     * @throws dev.streamwal.error.KeyUnavailableException if the master key of a session key is missing: then nothing has changed
     * @throws dev.streamwal.error.WalIOException if the keys can't be written
     */
    public void rotateKeys() {
        checkWritable();
        SessionKeys keys = sessionKeys;
        if (keys == null || options.encryption().isEmpty()) {
            throw new IllegalStateException("log has no master keys: root=" + root + "; open it with WalOptions.encryption");
        }
        keys.rotate();
        if (tieringThread != null) {
            // the tier has the wrapped keys, too
            tieringThread.wake();
        }
    }

    // ---------------------------------------------------------------- streams

    /**
     * The stream of a key, which is created by its first append. Always the same object while the program holds a reference to it.
     *
     * @param key 1 to 1,024 bytes of UTF-8; any characters. One key is reserved for the log: a NUL followed by {@code shared}
     * @return the stream
     * @throws IllegalArgumentException if the key is empty, too long, not valid Unicode, or the reserved one
     */
    public WalStream stream(String key) {
        checkOpen();
        StreamKey.checkNotShared(key);
        return streams.get(key);
    }

    /**
     * The stream of a key, for values of a type.
     *
     * @param <T> type of the values
     * @param key 1 to 1,024 bytes of UTF-8; any characters
     * @param codec writes the values
     * @return the stream
     * @throws IllegalArgumentException if the key is empty, too long, not valid Unicode, or the log's own; or if the codec's schema id or version is
     *     out of range
     */
    public <T> TypedStream<T> stream(String key, RecordCodec<T> codec) {
        return new TypedStream<>(stream(key), codec);
    }

    /**
     * The stream of a key, for numbers with a time.
     *
     * @param key 1 to 1,024 bytes of UTF-8; any characters
     * @return the stream
     * @throws IllegalArgumentException if the key is empty, too long, not valid Unicode, or the log's own
     */
    public SampleStream samples(String key) {
        return new SampleStream(stream(key));
    }

    /**
     * Appends to many streams. Atomic per stream: readers, and a log that is opened after a crash, have all of a stream's records or none.
     * Not atomic across streams, even if they share segments: a reader may see one stream's records before another's, and a crash or a full
     * disk may leave some streams with their records and others without. All records are checked before the first is appended, so a record
     * that could never be stored leaves the log as it was. Each stream's records are as durable as the stream's options say; those that are
     * to survive power loss when this method returns share one flush.
     *
     * @param batch left as it is
     * @return where the records are, in the order in which they were added
     * @throws dev.streamwal.error.WalException as {@link WalStream} says. Unless it is about a record's size or timestamp, some of the streams may have
     *     their records
     */
    public List<EntryRef> append(WriteBatch batch) {
        return append(batch, Optional.empty());
    }

    /**
     * Like {@link #append(WriteBatch)}, with the given durability.
     *
     * @param batch left as it is
     * @param durability of all the records, in place of their streams'
     * @return where the records are, in the order in which they were added
     */
    public List<EntryRef> append(WriteBatch batch, Durability durability) {
        return append(batch, Optional.of(Objects.requireNonNull(durability, "durability")));
    }

    /**
     * Like {@link #append(WriteBatch)}, without waiting until the records survive power loss. When this method returns, the records are
     * copied and visible, and the batch and its buffers may be used again. This method throws if a record is invalid or can't be appended.
     *
     * @param batch left as it is
     * @return completes like the future of {@link WalStream#appendAsync} when all records survive power loss, with where they are, in the
     *     order in which they were added. Completes exceptionally with a {@link dev.streamwal.error.WalException}: then all records are in
     *     the log, but some may not be durable
     */
    public CompletableFuture<List<EntryRef>> appendAsync(WriteBatch batch) {
        Objects.requireNonNull(batch, "batch");
        List<CommitTarget> awaited = new ArrayList<>();
        List<EntryRef> refs = counted(false, () -> append(batch, Optional.of(Durability.IMMEDIATE), awaited));
        return acknowledgement.later(furthest(awaited), refs, null);
    }

    private List<EntryRef> append(WriteBatch batch, Optional<Durability> durability) {
        Objects.requireNonNull(batch, "batch");
        List<CommitTarget> awaited = new ArrayList<>();
        boolean isImmediate = batch.streams().stream()
                .anyMatch(part -> durability.orElseGet(() -> options.durabilityOf(part.key().text())) == Durability.IMMEDIATE);
        return counted(isImmediate, () -> {
            List<EntryRef> refs = append(batch, durability, awaited);
            acknowledgement.await(furthest(awaited), null);
            return refs;
        });
    }

    /**
     * Counts a call that appends several records, or that waits for nothing.
     *
     * @param isMeasured whether it waits for a flush
     */
    <T> T counted(boolean isMeasured, Supplier<T> append) {
        long begun = System.nanoTime();
        try {
            T result = append.get();
            if (isMeasured) {
                counts().appended(Durability.IMMEDIATE, System.nanoTime() - begun);
            }
            return result;
        } catch (WalException e) {
            counts().rejected(e);
            throw e;
        }
    }

    /** Adds to {@code awaited} the targets that have to be durable before the append is answered. */
    private List<EntryRef> append(WriteBatch batch, Optional<Durability> durability, List<CommitTarget> awaited) {
        checkWritable();
        List<WriteBatch.StreamEntries> parts = new ArrayList<>(batch.streams());
        List<WalStream> targets = new ArrayList<>(parts.size());
        List<List<Draft>> drafts = new ArrayList<>(parts.size());
        for (WriteBatch.StreamEntries part : parts) {
            WalStream stream = stream(part.key().text());
            targets.add(stream);
            drafts.add(stream.checkedDrafts(part.entries()));
        }
        targets.stream().map(stream -> durability.orElse(stream.durability())).distinct().forEach(level -> ready(level, null));
        EntryRef[] refs = new EntryRef[batch.size()];
        for (int i = 0; i < parts.size(); i++) {
            WalStream stream = targets.get(i);
            List<EntryRef> appended = stream.appendDrafts(drafts.get(i));
            for (int j = 0; j < appended.size(); j++) {
                refs[parts.get(i).indexInBatch(j)] = appended.get(j);
            }
            awaited.addAll(stream.wantDurable(durability.orElse(stream.durability()), appended.get(appended.size() - 1).end()));
        }
        return Arrays.asList(refs);
    }

    /** One target per cursor: streams that share segments have the same cursor. */
    private static List<CommitTarget> furthest(List<CommitTarget> targets) {
        Map<CommitCursor, CommitTarget> furthest = new LinkedHashMap<>();
        targets.forEach(target -> furthest.merge(target.cursor(), target, (one, other) -> one.end() >= other.end() ? one : other));
        return List.copyOf(furthest.values());
    }

    /**
     * Returns when everything that was appended to any stream before the call survives power loss. A stream that has not been used since the log was
     * opened, or that can't be opened for writing, is as durable as its earlier writer left it.
     *
     * @throws WalFailedException if a flush fails, or has failed before
     * @throws dev.streamwal.error.WalIOException if something can't be read, or the commit journal has no room
     */
    public void sync() {
        checkOpen();
        syncAll();
    }

    private void syncAll() {
        acknowledgement.sync(undurable(stream -> true), null);
    }

    private List<CommitTarget> undurable(Predicate<WalStream> filter) {
        List<CommitTarget> targets = new ArrayList<>();
        for (WalStream stream : streams.owning()) {
            if (filter.test(stream) && stream.log().isUndurable()) {
                targets.add(new CommitTarget(stream.log().cursor(), stream.log().ownEnd()));
            }
        }
        return targets;
    }

    /**
     * Like {@link #sync()}, without waiting.
     *
     * @return completes like the future of {@link WalStream#appendAsync}; exceptionally with what {@code sync} would throw
     */
    public CompletableFuture<Void> syncAsync() {
        checkOpen();
        return acknowledgement.syncLater(undurable(stream -> true));
    }

    /** Refuses an append before its record has a place. */
    void ready(Durability level, @Nullable String key) {
        if (level == Durability.IMMEDIATE) {
            acknowledgement.ready(key);
        } else {
            acknowledgement.checkNotFailed(key);
        }
    }

    Acknowledgement acknowledgement() {
        return acknowledgement;
    }

    GroupCommitter commits() {
        return commits;
    }

    /**
     * The keys of the streams that have a segment.
     *
     * @return a snapshot, in natural order
     */
    public NavigableSet<String> keys() {
        checkOpen();
        NavigableSet<String> keys = new TreeSet<>();
        try {
            List<StreamLog> streams = loadedLogs();
            for (StreamLog stream : streams) {
                if (!stream.key().equals(StreamKey.SHARED) && hasSegments(stream)) {
                    keys.add(stream.key().text());
                }
            }
            packs.places().addKeys(streams, keys);
        } catch (IOException e) {
            throw StorageErrors.translate("list the streams", e, root);
        }
        return keys;
    }

    /** Also true if the segments can't be listed: the directory shows that there is a stream. */
    private static boolean hasSegments(StreamLog stream) throws IOException {
        try {
            return stream.mayHaveSegments() && stream.segmentCount() > 0;
        } catch (IOException e) {
            if (!IoFailure.isOfFile(e)) {
                throw e;
            }
            return true;
        }
    }

    /**
     * As {@link #reader(ReaderOptions)}, with the defaults.
     *
     * @return the reader; close it
     */
    public WalReader reader() {
        return reader(ReaderOptions.builder().build());
    }

    /**
     * A reader that sees everything appended so far and later. It stays usable after the log is closed.
     *
     * @param reading how to read; if it has no {@link ReaderOptions#keys} or no {@link ReaderOptions#tier}, this log's are used
     * @return the reader; close it
     */
    public WalReader reader(ReaderOptions reading) {
        Objects.requireNonNull(reading, "reading");
        checkOpen();
        ReaderOptions.Builder here = reading.toBuilder();
        if (reading.keys().isEmpty()) {
            options.encryption().ifPresent(here::keys);
        }
        if (reading.tier().isEmpty()) {
            options.tier().ifPresent(here::tier);
        }
        return WalReader.open(root, here.build(), new View());
    }

    /** What readers in this process learn from the writer. After another writer has opened the log they read like other processes. */
    private final class View implements WriterView {

        private boolean isOver() {
            return closed || writer.isLost();
        }

        @Override
        public OptionalLong reservedEnd(String key) {
            try {
                WalStream stream = isOver() ? null : known(key);
                long end = stream == null ? -1 : stream.log().reservedEnd();
                return end < 0 ? OptionalLong.empty() : OptionalLong.of(end);
            } catch (WalException e) {
                // the log was just closed, or the stream can't be written to: the reader reads it like another process
                return OptionalLong.empty();
            }
        }

        @Override
        public boolean abandoned(String key, long position) {
            WalStream stream = known(key);
            return stream != null && stream.log().isAbandoned(position);
        }

        @Override
        public boolean unfinished(String key, long position) {
            WalStream stream = known(key);
            return stream != null && stream.log().isUnfinished(position);
        }

        @Override
        public @Nullable Manifest manifest() {
            return isOver() ? null : packs.manifest();
        }

        /** Reading a key that has no stream doesn't create one. */
        private @Nullable WalStream known(String key) {
            WalStream stream = streams.find(key);
            return stream != null || !Files.isDirectory(folders.of(StreamKey.of(key))) ? stream : streams.get(key);
        }
    }

    /** All streams that have a segment, and perhaps others. Lists the log's directories on the first call. */
    List<WalStream> loadedStreams() {
        discoverStreams();
        return streams.all();
    }

    private void discoverStreams() {
        try {
            folders.discover(key -> streams.get(key).log(), log::deleteLeftovers);
        } catch (IOException e) {
            throw StorageErrors.translate("list the streams", e, root);
        }
    }

    /** A stream stays reachable while its log is: the log's watch refers to it. */
    private List<StreamLog> loadedLogs() {
        return loadedStreams().stream().map(WalStream::log).toList();
    }

    private List<RetainedFor> retainedFor(String key) {
        List<RetainFor> consumers = options.retainedFor(key);
        return consumers.isEmpty() ? List.of() : consumers.stream().map(RetainFor::inMillis).toList();
    }

    // ---------------------------------------------------------------- retention

    private class Swept implements SweptLog {

        @Override
        public void checkWriter() {
            StreamWal.this.checkWriter();
        }

        @Override
        public long nowMillis() {
            return StreamWal.this.nowMillis();
        }

        @Override
        public List<StreamLog> streams() {
            discoverStreams();
            return streams.owning().stream().filter(stream -> !isShared(stream)).map(WalStream::log).toList();
        }

        @Override
        public Iterator<StreamLog> inMemory() {
            return streams.stream().map(WalStream::log).iterator();
        }

        @Override
        public int countInMemory() {
            return streams.held();
        }

        @Override
        public DeletionLog deletions() {
            return log.deletions();
        }
    }

    private final class Packed extends Swept implements Packer.PackedLog {

        @Override
        public long incarnation() {
            return log.positions().current().incarnation();
        }

        @Override
        public StreamLog sharedLog() {
            return StreamWal.this.sharedLog();
        }

        @Override
        public long shortestWindowMillis() {
            return options.shortestWindowMillis();
        }

        @Override
        public void setAside(Path file, CorruptSegmentException damage) throws IOException {
            log.setAside(StreamKey.SHARED, file);
            report.damagedInShared(damage);
        }

        @Override
        public StreamPolicy policyOf(StreamKey key) {
            return options.policyOf(key.text());
        }

        @Override
        public Optional<StreamPolicy> policyOfAll() {
            return options.policyOfAll();
        }

        @Override
        public void sharedPacked(boolean isDone) {
            SharedLog shared = log.shared();
            if (shared != null) {
                shared.packed(isDone);
            }
            merging.wake();
        }

        @Override
        public void forceOwnSegments() throws IOException {
            commits.sync(undurable(stream -> !isShared(stream)));
        }
    }

    /**
     * Moves segments into packs: shared segments that are full or were begun a window ago, and small segments of single streams whose windows are
     * over, if there are enough of them. See {@link WalOptions.Builder#ownSegments}. The log does this in the background at
     * {@link WalOptions#sweepInterval()}; this method does it now and waits. Then it merges packs. It throws no failure of this work: the listener
     * and {@link #health()} get it. If the log is closed during the call, the call ends early.
     *
     * @return how many segments were moved
     * @throws IllegalStateException within the callback of {@link #sweep(Instant, Consumer)}
     */
    public int pack() {
        checkWritable();
        packs.checkNotDeletedByCaller("pack");
        return packer.pass();
    }

    /**
     * Moves packs that are older than {@link WalOptions#tierAfter} to the log's tier, deletes expired packs from the tier, and returns when that is
     * done. The log does this in the background at {@link WalOptions#sweepInterval()}; this method does it now and waits, as long as the tier takes.
     *
     * @return how many packs were moved
     * @throws IllegalStateException if the log has no {@link WalOptions.Builder#tier}, and within the callback of {@link #sweep(Instant, Consumer)}
     * @throws dev.streamwal.error.TierUnavailableException if the tier can't be reached, refuses, belongs to another log, or gives back other bytes
     *     than it was given. Packs that were moved before stay moved, all others are where they were
     */
    public int moveToTier() {
        checkWritable();
        if (tiering == null) {
            throw new IllegalStateException("log has no tier: root=" + root + "; open it with WalOptions.tier");
        }
        packs.checkNotDeletedByCaller("move packs to the tier");
        try {
            return tiering.pass();
        } catch (IOException e) {
            throw StorageErrors.translate("move packs to the tier", e, root);
        }
    }

    /**
     * Seals idle segments and deletes those that have expired by the log's clock or exceed a limit of bytes. A clock that is implausibly far
     * ahead is not believed: see {@link WalOptions.Builder#maxClockAdvance}.
     *
     * @return what was done
     */
    public SweepResult sweep() {
        packSharedByClock();
        return SweepResult.of(sweeper.sweepByClock());
    }

    /** By the later one of the clock and what is known of the time: a pack that is made too early does no harm, and only what is packed can be swept. */
    private void packSharedByClock() {
        packShared(Math.max(time.millis(), nowMillis()));
    }

    /** Data that expires in shared segments is deleted with the packs made of it. */
    private void packShared(long nowMillis) {
        checkWritable();
        int unused = packer.packShared(nowMillis);
    }

    /**
     * Like {@link #sweep()}, at the given time, which is believed.
     *
     * @param now in place of the clock's time
     * @return what was done
     */
    public SweepResult sweep(Instant now) {
        return sweep(now, each -> {});
    }

    /**
     * Like {@link #sweep(Instant)}.
     *
     * @param now in place of the clock's time
     * @param each is called by this thread with each segment after it was deleted; a pack's file goes after the last call. The sweep holds its locks
     *     during the calls: don't pack, cut, erase or close the log in them. An exception ends the sweep and is thrown by this method
     * @return what was done
     */
    public SweepResult sweep(Instant now, Consumer<DeletedSegment> each) {
        Objects.requireNonNull(now, "now");
        Objects.requireNonNull(each, "each");
        packShared(TimeRules.millis(now));
        return SweepResult.of(sweeper.sweep(now, segment -> each.accept(DeletedSegment.of(segment))));
    }

    /**
     * Sweeps like {@link #sweep()}, but by the retention that is set now; so does every later sweep, also in the background, until the log is closed. A
     * segment's expiration follows from the retention that was set when the segment was created. So after the retention was shortened, sweeps keep
     * old segments for as long as planned, together with everything that their streams append behind them; after this call they don't. After the
     * retention was lengthened, old segments expire as planned.
     *
     * <p>Call it each time that the log is opened, until no segment from before the change is left: for the time of the new retention, plus a window
     * or a 20th of the longer retention, from the change on. After that time it changes nothing. With {@link WalOptions.Builder#maxTotalBytes}, which
     * bounds the log anyway, it counts for this call only.
     *
     * <p>A pack in which only some streams' data has expired is rewritten without it, which may take as long as reading all of it.
     *
     * @param keys the streams to which the present retention is applied; all others are swept as before. Of calls with different selections, the last
     *     16 count in later sweeps: {@link Keys#all()}, a prefix or a pattern takes the place of many
     * @return what was done, of the whole log
     */
    public SweepResult applyRetention(Keys keys) {
        Objects.requireNonNull(keys, "keys");
        packSharedByClock();
        return SweepResult.of(sweeper.applyRetention(keys.scope()));
    }

    /**
     * Deletes the data of streams before a time, even if it has not expired: of each stream the oldest segments, as long as they are sealed
     * and their windows end at or before that time. If windows are a 64th of the retention or shorter, as with the default retention, several may
     * have been merged; then the records that stay may be up to a 20th of the retention older. One pass serves all streams: their data in packs is
     * deleted by one change.
     *
     * <p>A stream that can't be opened for writing, or read, doesn't stop the others: the first such failure is thrown after the others were purged, and has
     * further ones as suppressed exceptions.
     *
     * @param keys the streams
     * @param before segments whose windows end at or before this time are deleted
     * @return what was done, over all these streams
     * @throws WalFailedException if a flush fails, or has failed before: then nothing more is deleted
     * @throws WalException if a stream's segments can't be read or deleted; what was deleted before stays deleted, and a second call does the rest;
     *     or if more than 1,048,576 streams have records in packs of which only a part goes
     */
    public SweepResult purge(Keys keys, Instant before) {
        Objects.requireNonNull(before, "before");
        checkWritable();
        Collection<String> chosen = chosen(keys);
        List<DeletedSegment> gone = new ArrayList<>();
        Purge purge = new Purge(packs, log.deletions(), TimeRules.millis(before), failures,
                (key, segment) -> gone.add(DeletedSegment.of(segment, key.text(), DeletedSegment.Reason.PURGED)));
        try {
            sweeper.betweenPasses(() -> packs.whileDeleting(() -> {
                for (String key : chosen) {
                    purge.purge(stream(key).log());
                }
                purge.finish();
            }));
            return purged(chosen, gone);
        } catch (IOException e) {
            throw failures.notDone("purge", e, root, null);
        } finally {
            report.deleted(gone);
        }
    }

    private SweepResult purged(Collection<String> keys, List<DeletedSegment> gone) throws IOException {
        int live = 0;
        for (String key : keys) {
            StreamLog stream = stream(key).log();
            live += stream.segmentCount() + packs.places().find(stream.key()).size();
        }
        return new SweepResult(new SweepResult.Fields(
                gone.size(), 0, live, gone.stream().mapToLong(DeletedSegment::bytes).sum(), 0, 0, 0));
    }

    /**
     * Deletes a stream and its files. If the stream is appended to again, it continues at positions that it never had. From this call on, its records
     * in packs and shared segments can't be read; their bytes, and the key, stay in these files until the files are packed, rewritten or expire. To
     * remove the records' bytes now, {@link #erase} first.
     *
     * <p>On a full disk, files are deleted even if there is no room to write that down, because this makes room. It is written down with the next deletion
     * for which there is room, or by {@link #close()}. If the process ends before that, records may be back at the next opening.
     *
     * @param key of the stream
     * @return whether there was one
     * @throws WalFailedException if a flush has failed before: then nothing is deleted; or if one fails: then the stream is deleted, or isn't, when the
     *     log is opened again
     * @throws WalException if it can't be deleted; or if 1,048,576 deletions wait for their packs to be written anew, and these can't be now, as on a full
     *     disk
     */
    public boolean delete(String key) {
        checkWritable();
        return deletions.delete(List.of(stream(key).log()).iterator()) > 0;
    }

    /**
     * Deletes streams and their files, each as by {@link #delete(String)}. Many of them share what makes one deletion durable, so a hundred thousand
     * streams take little longer to delete than their files, or than to be looked up. Not all go at one moment: readers may find some of the streams while
     * others are gone already, and a crash may leave some. Of each stream either everything is left then, or the beginning has gone, or all of it.
     *
     * <p>A stream that can't be deleted doesn't stop the others: the first such failure is thrown after the others were deleted, and has the others as
     * suppressed exceptions. Streams that come during the call stay.
     *
     * @param keys the streams
     * @return how many there were
     * @throws WalFailedException if a flush has failed before, or fails: then nothing more is deleted
     * @throws WalException as {@link #delete(String)} throws it; what was deleted before stays deleted, and a second call does the rest
     */
    public int delete(Keys keys) {
        checkWritable();
        return deletions.delete(chosen(keys).stream().map(key -> stream(key).log()).iterator());
    }

    private Collection<String> chosen(Keys keys) {
        Optional<NavigableSet<String>> exact = Objects.requireNonNull(keys, "keys").scope().exactKeys();
        return exact.isPresent() ? exact.get() : keys().stream().filter(keys::contains).toList();
    }

    /**
     * Erases the records of streams with timestamps in a range, and returns when none of the log's files has them any more. The records that stay,
     * before and after them, keep their places and refs. Readers pass over the places of the erased records, and a ref to one is not found. If a crash
     * cuts the call short, some of the records may be erased, and others not: call it again.
     *
     * <p>A batch of which a record is erased is no batch any more. Its other records stay, each by itself, and {@link WalStream#truncateAfter} may cut
     * between them. A consumer passes over erased records and isn't told. But if their segment expires before the consumer has committed a position
     * after them, their positions count as lost like others: see {@link dev.streamwal.reader.WalConsumer}.
     *
     * <p>Each file that has such records is rewritten, which takes about as long as reading and writing it, and room for a second copy of the largest
     * of these files. Segments that are appended to, and may have such records, are sealed first, and everything in shared segments is packed. During
     * the call packing, sweeping, deletions and checkpoints wait; appends and readers do not, except that a stream waits for its next segment while
     * one of its own is rewritten.
     *
     * <p>What this method cannot erase:
     *
     * <ul>
     *   <li>What readers hold: batches, entries, and up to 1 MiB that a cursor has read ahead; a cursor that merges many streams by time has copies
     *       of up to 128 MiB of their next records, and delivers them. A cursor in a segment of at most 1 MiB, in a pack or a shared segment, may
     *       read that segment to its end. A read that begins after this method has returned finds none of the erased records.
     *   <li>Checkpoints and other copies of the log: open each of them and erase there too.
     *   <li>What a recovery has set aside: see {@link ErasureReport#quarantined()}.
     *   <li>Records that are appended later, or during the call, even if their timestamps are in the range.
     *   <li>Keys, which name directories, and blocks that the file system has freed and not overwritten. To remove a key, {@link #delete} its stream:
     *       if the stream was in packs or shared segments, the key goes when these are rewritten or expire.
     * </ul>
     *
     * <p>A file that is damaged, or can't be read, written or deleted, is left as it is, and so is a pack that the log's tier doesn't give or take. The
     * first such failure is thrown after everything else was erased, and has the others as suppressed exceptions.
     *
     * @param keys the streams
     * @param from timestamp of the oldest records to erase, inclusive
     * @param to exclusive
     * @return what was done
     * @throws IllegalArgumentException if {@code to} is before {@code from}
     * @throws IllegalStateException within the callback of {@link #sweep(Instant, Consumer)}
     * @throws dev.streamwal.error.CorruptSegmentException if a file is damaged, and may still have such records
     * @throws dev.streamwal.error.TierUnavailableException if the log's tier fails, and may still have such records: call it again when the tier can be
     *     reached
     * @throws WalFailedException if a flush fails, or has failed before
     * @throws WalException if a file cannot be read or written; what was erased before stays erased, and a second call does the rest
     */
    public ErasureReport erase(Keys keys, Instant from, Instant to) {
        Objects.requireNonNull(keys, "keys");
        Objects.requireNonNull(from, "from");
        Objects.requireNonNull(to, "to");
        Erasure erasure = Erasure.of(root, packs, packer, commits, keys::contains, from, to);
        checkWriter();
        try {
            erasure.run(loadedLogs());
            return new ErasureReport(new ErasureReport.Fields(erasure.streams(), erasure.erased().records(), erasure.erased().bytes(),
                    erasure.rewritten(), erasure.quarantined()));
        } catch (IOException e) {
            throw failures.notDone("erase records", e, root, null);
        } catch (WalClosedException | WalIOException e) {
            // the stream that the exception names may be the log's own
            throw closed ? failures.closed(e) : e;
        }
    }

    /** Reads the record first, so that a wrong ref gets an exception that says what is wrong with it. */
    void truncate(StreamLog stream, EntryRef last) {
        checkWritable();
        packs.checkNotDeletedByCaller("cut a stream");
        try (WalReader reader = reader(); EntryBatch batch = reader.readBatch(List.of(last))) {
            if (batch.status(0) != EntryBatch.Status.FOUND) {
                Entry unused = batch.get(0);
            }
        }
        List<CommitTarget> shared = stream.sharedTargets();
        if (!shared.isEmpty()) {
            // a segment of the stream's own is forced when it is cut
            acknowledgement.await(shared, stream.key().text());
        }
        List<StreamLog.Deleted> gone = new ArrayList<>();
        try {
            boolean isDone = false;
            while (!isDone) {
                Optional<ListedPack> fetched = packs.fetchAt(stream.key(), last.position());
                try {
                    isDone = cut(stream, last, gone);
                } finally {
                    fetched.ifPresent(packs::release);
                }
            }
        } catch (IOException e) {
            // a cut that was recorded is carried out before anything else is appended
            String left = stream.isCutLeft(last.end()) ? "the rest is cut before the next append, " : "nothing was cut, ";
            throw failures.notDone("cut the stream", left, e, stream.directory(), last.key(), last.position());
        } finally {
            tell(gone, last.key(), DeletedSegment.Reason.TRUNCATED);
        }
    }

    /** Records deletions before they happen. */
    DeletionLog deletions() {
        return log.deletions();
    }

    /** For tests: replaces the log's. */
    void deletions(DeletionLog deletions) {
        log.deletions(deletions);
    }

    /**
     * Never runs beside packing: see {@link PackStore}.
     *
     * @return false if a pack with the record has gone to the tier since one was fetched, and nothing was cut
     */
    private boolean cut(StreamLog stream, EntryRef last, List<StreamLog.Deleted> gone) throws IOException {
        return packs.whilePacking(() -> {
            if (packs.isInTierAt(stream.key(), last.position())) {
                return false;
            }
            try {
                stream.truncateAfter(last, gone::add);
            } finally {
                packs.keepForCut(stream, last.end());
            }
            return true;
        });
    }

    /** Receives what was deleted with whole streams. */
    private final class Told implements StreamDeletions.Told {

        @Override
        public void streamDeleted(String key) {
            report.streamDeleted(key);
        }

        @Override
        public void segmentsDeleted(String key, List<StreamLog.Deleted> gone) {
            tell(gone, key, DeletedSegment.Reason.STREAM_DELETED);
        }
    }

    private void tell(List<StreamLog.Deleted> gone, String key, DeletedSegment.Reason reason) {
        report.deleted(gone.stream().map(segment -> DeletedSegment.of(segment, key, reason)).toList());
    }

    // ---------------------------------------------------------------- recovery

    /**
     * What recovery has found and done since the log was opened, in the streams that were used, or recovered in the background. After
     * {@link #recoverAll} that is all of them.
     *
     * @return as known now
     */
    public RecoveryReport recoveryReport() {
        checkOpen();
        return report.ledger().report();
    }

    /**
     * Recovers every stream now, several at a time, instead of each at its first use. A stream that can't be opened for writing doesn't stop the
     * others; the report says why it can't. Other threads may use the log during the call. If none is left and the commit journal was lost, which
     * {@link RecoveryPolicy#SKIP_BAD_RECORDS} passes over, a new one takes its place, so that the next opening needs no such policy.
     *
     * @param progress is called by this thread: at the beginning, at the end, and now and then in between, even while one long segment is read. An
     *     exception ends the recovery, after the streams that are being recovered, and is thrown by this method
     * @return what was found, as {@link #recoveryReport()}
     */
    public RecoveryReport recoverAll(Consumer<RecoveryProgress> progress) {
        Objects.requireNonNull(progress, "progress");
        checkOpen();
        // the shared stream was recovered when the log was opened
        List<StreamLog> all = loadedStreams().stream().filter(stream -> !isShared(stream)).map(WalStream::log).toList();
        RecoverAll recovering = new RecoverAll(all, this::recover, report.ledger()::bytesRead);
        recovering.run(settings.withThreads() ? RecoverAll.threadsFor(all.size()) : 0, told -> progress.accept(RecoveryProgress.of(told)));
        // to readers in other processes, and to backups, a segment awaits recovery until it has a footer
        loadedLogs().forEach(StreamLog::finishSealed);
        RecoveryReport found = recoveryReport();
        if (found.refusedStreams() == 0) {
            replaceLostJournal();
        }
        return found;
    }

    /**
     * Reports what opening a log and {@link #recoverAll recovering} all its streams would find and do, without changing a byte or a time of
     * the log's files. It recovers a log of links to the segments and copies each segment before its first change. That takes room for the
     * commit journal and for the segments that recovery would change, which are at most those without a footer. Until this method returns,
     * the log can't be opened for writing.
     *
     * @param root the log's directory
     * @param policy for damage
     * @param scratch an existing directory outside of the log, in which a folder is created and removed again; if it takes no symbolic links,
     *     all segments are copied
     * @param progress is called by this thread; an exception ends the rehearsal, and is thrown by this method
     * @return what {@link #recoverAll} would return, with the paths that it would name
     * @throws IllegalArgumentException if the scratch directory is in the log's
     * @throws WalLockedException if the log is open for writing
     * @throws dev.streamwal.error.CorruptSegmentException if opening the log would throw it: the commit journal or the file {@code positions}
     *     is damaged
     * @throws WalException if the rehearsal fails; the message says why
     */
    public static RecoveryReport rehearseRecovery(
            Path root, RecoveryPolicy policy, Path scratch, Consumer<RecoveryProgress> progress) {
        return RecoveryRehearsal.run(root, policy, scratch, progress);
    }

    private void replaceLostJournal() {
        try {
            commits.replaceLost();
        } catch (IOException e) {
            throw failures.notDone("begin a commit journal in place of the one that was lost", e, root, null);
        }
    }

    /**
     * Recovers a stream, or notes why that can't be done.
     *
     * @throws WalClosedException if the log was closed in between
     * @throws WalLockedException if another writer has opened the log
     */
    private void recover(StreamLog stream) {
        try {
            stream.recoverNow();
        } catch (WalClosedException | WalLockedException e) {
            throw e;
        } catch (RuntimeException e) {
            report.ledger().refused(stream.key().text(), e);
        }
    }

    // ---------------------------------------------------------------- the whole

    /**
     * Whether the log's background work succeeds. Cheap: it does no I/O.
     *
     * @return as known now
     */
    public WalHealth health() {
        checkOpen();
        return report.health();
    }

    /**
     * Properties and counters of the log. The first call lists the files of segments, unless a sweep has; later ones take as long with one stream as
     * with 100,000, and read no file: only the segments that are appended to are looked at, which are hardly more than
     * {@link WalOptions#ownSegments()}, unless streams were told to have {@link Segments#OWN segments of their own}.
     *
     * @return as known now
     */
    public WalStats stats() {
        checkOpen();
        int sharedSegments;
        long sharedBytes;
        discoverStreams();
        try {
            sharedSegments = sharedLog().segmentCount();
            sharedBytes = sharedLog().bytes();
        } catch (IOException e) {
            throw StorageErrors.translate("list the streams", e, root);
        }
        long packed = packs.places().segments();
        SegmentTotals.Sums own = log.totals().sums();
        Manifest manifest = packs.manifest();
        List<ListedPack> listed = manifest.packsInOrder();
        long tieredBytes = listed.stream().filter(manifest::isInTier).mapToLong(ListedPack::bytes).sum();
        long packedBytes = listed.stream().mapToLong(ListedPack::bytes).sum() - tieredBytes;
        return new WalStats(new WalStats.Fields(streams.held(), (int) Math.min(Integer.MAX_VALUE, own.segments() + packed), sharedSegments,
                (int) Math.min(Integer.MAX_VALUE, packed), listed.size(), manifest.objects().size(), tieredBytes, own.bytes() + packedBytes, sharedBytes,
                packedBytes, log.mappedSegments(), log.openFiles(), own.appended().records(), own.appended().bytes(), packs.writtenBytes(),
                packs.directBytes(), report.flushes(), report.sweepFailures(),
                options.encryption().map(MasterKeys::isLocked).orElse(false)));
    }

    /**
     * What the log has done since it was opened, and how long that took: waits of appends, flushes, packing, sweeps, failures. Cheap: it does no
     * I/O.
     *
     * @return as known now
     */
    public WalActivity activity() {
        checkOpen();
        return report.activity(commits.waiters(), commits.journalBytes(), sharedLog().completeBytes());
    }

    /** Counts appends, and those that throw. */
    LogCounts counts() {
        return report.counts();
    }

    /**
     * Copies the log as it is now, while it is written to. Each stream is copied as of one moment, but not all streams as of the same.
     * Complete segments are linked if the file system can do that, so that they take no space twice. On another disk everything is copied
     * while packing, sweeps and appends go on. When this method has returned, the copy survives power loss. It opens as a log. It
     * has the consumers that existed when the copy was begun, with the commits that each had made by then; records that are swept or deleted during the
     * copy may be lost to them.
     *
     * <p>Packs in the log's tier are read from there, however long that takes; appends, sweeps and packing go on during that time. The copy has these
     * packs in its directory, and has no tier.
     *
     * @param target a directory that is empty or doesn't exist yet, outside of the log
     * @throws IllegalArgumentException if it is not empty, or a file, or in the log's directory
     * @throws dev.streamwal.error.TierUnavailableException if the log has packs in a tier that can't be read, or was opened without it: the copy is
     *     incomplete then, and no log; delete it
     */
    public void checkpoint(Path target) {
        Objects.requireNonNull(target, "target");
        checkOpen();
        try {
            Checkpoint.create(root, target, this::loadedLogs, packs);
        } catch (IOException e) {
            throw failures.notDone("make a checkpoint", e, target, null);
        }
    }

    /**
     * Closes the log: appends that have begun finish, later calls throw {@link WalClosedException}. Makes everything durable, ends the log's
     * threads, writes outstanding footers, and releases mappings, files and the lock. Readers stay usable. A second call does nothing. A thread that
     * hangs in a call of the tier, or in the program's own code, is waited for up to 10 seconds and then left. The callback of a sweep is the
     * exception: it is waited for without a limit.
     *
     * <p>What a killed writer left of a stream that was neither used nor recovered since is as durable as that writer left it. {@link #recoverAll}
     * before this call includes it.
     *
     * <p>Calls of other threads that change segments and packs, such as {@link #sweep()}, {@link #pack()}, {@link #erase} and {@link #delete}, are
     * waited for: they finish the step that they have begun, or throw {@link WalClosedException} before they change more. A later call does the rest.
     *
     * @throws WalFailedException if a flush fails, or has failed before; the log is closed nevertheless
     * @throws WalException if something can't be made durable or written for another reason, or another process has become the log's writer; the log is
     *     closed nevertheless
     * @throws IllegalStateException within the callback of {@link #sweep(Instant, Consumer)}: the log isn't closed
     */
    @Override
    public void close() {
        if (packs.isDeletedByCaller()) {
            throw new IllegalStateException("can't close the log within a callback about a deletion: root=" + root
                    + "; close it when the deletion is done");
        }
        if (!report.isListening() && !completions.isCurrent()) {
            closing.lock();
        } else if (!closing.tryLock()) {
            return; // the thread that is closing waits for this one
        }
        try {
            if (closed) {
                return;
            }
            closed = true;
            try {
                endThreads();
            } finally {
                closeDurably();
            }
        } catch (IOException e) {
            throw StorageErrors.translate("close the log", e, root);
        } finally {
            packs.close();
            completions.end();
            report.end();
            closing.unlock();
        }
    }

    /** Ends the background threads, then the calls that callers have begun, and then the threads that prepare and seal for them. */
    private void endThreads() {
        packs.refuseSteps();
        try {
            sweeper.stop();
            packing.stop();
            merging.stop();
            stopTiering();
            recovery.stop();
        } finally {
            packer.end();
            packs.end();
            log.refuseNewSegments();
            log.stop();
        }
    }

    /**
     * Ends the threads and files of a log whose opening has failed, because no caller has the log to close it. Its files are left to the next
     * opening, as after a kill.
     */
    void abandon(Throwable cause) {
        closed = true;
        try {
            endThreads();
            boolean unused = closeStreams();
            commits.close(failures.closed(null));
        } catch (RuntimeException | Error e) {
            cause.addSuppressed(e);
        } finally {
            packs.close();
        }
    }

    /** A call of the tier may hang. Its result isn't recorded any more, and its thread ends when the call does. */
    private void stopTiering() {
        if (tiering != null && tieringThread != null) {
            tiering.end();
            tieringThread.stopWithin(TIER_STOP_NANOS);
        }
    }

    /** Releases everything, then throws the first failure. */
    private void closeDurably() throws IOException {
        boolean durable = false;
        try {
            syncAll();
            durable = true;
        } finally {
            boolean complete = false;
            try {
                complete = closeStreams();
            } finally {
                SessionKeys keys = sessionKeys;
                if (keys != null) {
                    keys.close();
                }
                closeCommits(durable, complete);
            }
        }
    }

    /** @param complete whether no thread is still appending to a segment, and all of each segment survives power loss once it is synced */
    private void closeCommits(boolean durable, boolean complete) throws IOException {
        boolean clean = false;
        try {
            // for records that were appended in between; no more can follow. Done even if one stream could not be made durable: the others are not
            // affected by that
            syncAll();
            log.deletions().writeOutstanding();
            clean = durable;
        } finally {
            try {
                commits.close(failures.closed(null));
                // by now everything that can fail has ended. After a failed flush the next writer must not trust the page cache
                if (clean && complete && !commits.hasFailed() && !writer.isLost()) {
                    log.positions().close();
                }
            } finally {
                release();
            }
        }
    }

    /** Done whatever has failed: otherwise the process could not open the log again. */
    private void release() throws IOException {
        log.positions().end();
        try {
            writer.close(time.millis());
        } finally {
            lock.close();
        }
    }

    private boolean closeStreams() {
        boolean complete = true;
        for (WalStream stream : streams.all()) {
            try {
                if (!stream.log().close()) {
                    complete = false;
                    report.failed("close", stream.key(), new IllegalStateException(
                            "an append never completed: stream=" + stream.key() + ", root=" + root + "; its mapping stays until the process ends"));
                }
            } catch (RuntimeException | Error e) {
                // includes errors of a mapping whose pages can't be read: the other streams are closed, and the lock is released
                complete = false;
                report.failed("close", stream.key(), e);
            }
        }
        return complete && streams.all().stream().noneMatch(stream -> stream.log().hasEmptySegment());
    }

    /** Does the work of the threads that prepare, seal, commit and free journal files, for logs without these threads. */
    void runBackground() {
        log.runBackground();
        try {
            commits.runBackground();
            report.succeeded(GroupCommitter.CHECKPOINT);
        } catch (IOException e) {
            report.failed(GroupCommitter.CHECKPOINT, null, e);
        }
    }

    /** For tests: returns when the listener has received all events so far. */
    void awaitListener() {
        report.awaitListener();
    }

    /** Each operation begins with it. */
    void checkOpen() {
        StackRoom.check();
        if (closed) {
            throw failures.closed(null);
        }
    }

    /** Like {@link #checkOpen()}, for operations that change the log. */
    void checkWritable() {
        checkOpen();
        writer.throwIfLost();
    }

    /** Like {@link #checkWritable()}, but looks at the file; also records the time now and then. */
    void checkWriter() {
        checkOpen();
        writer.check();
        writer.known(time.millis());
    }

    long nowMillis() {
        return millis(clock, root);
    }

    /** @throws TimestampOutOfRangeException if the clock's time isn't one in milliseconds */
    @SuppressWarnings("UnusedException") // which has no other news than the time
    static long millis(InstantSource clock, Path root) {
        try {
            return clock.millis();
        } catch (ArithmeticException e) {
            throw new TimestampOutOfRangeException("the log's clock is beyond all timestamps: now=" + clock.instant() + ", root=" + root
                    + "; set the clock right, or look at WalOptions.clock", root, null, WalException.NO_POSITION);
        }
    }

    @Override
    public String toString() {
        return "StreamWal[" + root + "]";
    }
}
