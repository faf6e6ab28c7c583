package dev.streamwal.reader;

import dev.streamwal.catalog.LogListing;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SegmentCatalog;
import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.catalog.WriterView;
import dev.streamwal.encryption.KeysFile;
import dev.streamwal.encryption.LogKeys;
import dev.streamwal.error.WalException;
import dev.streamwal.format.KeyScope;
import dev.streamwal.image.CheckpointFolder;
import dev.streamwal.io.IoFailure;
import dev.streamwal.lookup.GreatestTimestamp;
import dev.streamwal.lookup.LastRecordRead;
import dev.streamwal.lookup.NewestRecords;
import dev.streamwal.lookup.ScanBegin;
import dev.streamwal.lookup.ScanStart;
import dev.streamwal.segment.TimeRange;
import dev.streamwal.tail.FollowedStreams;
import dev.streamwal.tail.StreamTail;
import dev.streamwal.tier.TierAlone;
import dev.streamwal.walk.HeldRecord;
import dev.streamwal.walk.MergedScan;
import dev.streamwal.walk.RecordWalk;
import dev.streamwal.walk.StreamScan;
import dev.streamwal.walk.TailWalk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A log in this project's own format: segments, in a directory for each stream. */
final class SegmentedLog implements ReadableLog {

    private final LogSource log;
    private final LogKeys keys;
    private final ReadThreads threads;

    /** @param writer null in a process that doesn't write the log */
    SegmentedLog(Path root, ReaderOptions options, @Nullable WriterView writer) {
        this(new LogSource(root, options.settings(), writer), new LogKeys(root, options.keys().orElse(null)), options);
    }

    private SegmentedLog(LogSource log, LogKeys keys, ReaderOptions options) {
        this.log = log;
        this.keys = keys;
        this.threads = new ReadThreads(options.parallelReads());
    }

    /** A log of which there is nothing but its tier. */
    static SegmentedLog ofTier(Path tier, ReaderOptions options) {
        try {
            TierAlone alone = TierAlone.open(tier);
            LogKeys keys = new LogKeys(alone.root(), () -> KeysFile.keys(alone.keys(), KeysFile.path(alone.root())), options.keys().orElse(null));
            return new SegmentedLog(LogSource.ofTier(alone, options.settings()), keys, options);
        } catch (IOException e) {
            throw IoFailure.of("opening a tier", e, null, null, WalException.NO_POSITION);
        }
    }

    private void checkHasDirectory(String what) {
        if (log.isOfTierAlone()) {
            throw new UnsupportedOperationException(what + ", tier=" + log.root() + "; open the log's directory instead");
        }
    }

    /** Whether the directory has, or had, a stream. */
    static boolean isRoot(Path root) {
        return Files.isDirectory(StreamDirectory.in(root));
    }

    @Override
    public NavigableSet<String> keys(KeyScope scope) {
        log.checkOpen();
        try {
            return log.keys(scope);
        } catch (IOException e) {
            throw log.failure("listing streams", e, log.streams().path(), null, WalException.NO_POSITION);
        }
    }

    @Override
    public void checkpoint(Path target) {
        log.checkOpen();
        checkHasDirectory("a tier alone can't be copied as a log, as it hasn't the newest records");
        try {
            CheckpointFolder.copyLog(log.root(), target, log.settings().tier());
        } catch (IOException e) {
            throw log.failure("making a checkpoint", e, target, null, WalException.NO_POSITION);
        }
    }

    @Override
    public Optional<StreamInfo> describe(String key) {
        return onStream("describing a stream", key, this::describe);
    }

    private Optional<StreamInfo> describe(SegmentCatalog catalog) throws IOException {
        return new StreamSurvey(log, catalog).describe();
    }

    @Override
    public Map<String, StreamInfo> describe(Collection<String> keys) {
        return onStreams("describing a stream", keys, this::describe);
    }

    @Override
    public EntryBatch readBatch(EntryRef[] refs) {
        log.checkOpen();
        return new BatchRead(log, keys, refs, threads).run();
    }

    @Override
    public Optional<EntryRef> last(String key) {
        return onStream("reading the last record", key, catalog -> last(catalog).map(record -> ref(key, record)));
    }

    @Override
    public Optional<Entry> latest(String key) {
        return onStream("reading the last record", key, this::latest);
    }

    private Optional<Entry> latest(SegmentCatalog catalog) throws IOException {
        return last(catalog).map(record -> entry(catalog.key().text(), record));
    }

    private Optional<HeldRecord> last(SegmentCatalog catalog) throws IOException {
        Optional<HeldRecord> plain = new LastRecordRead(log, catalog).run();
        return plain.isPresent() ? plain : new NewestRecords(log, catalog).last();
    }

    private static EntryRef ref(String key, HeldRecord record) {
        return new EntryRef(key, record.position(), record.frameBytes());
    }

    @Override
    public Map<String, Entry> latest(Collection<String> keys) {
        return onStreams("reading the last record", keys, this::latest);
    }

    @Override
    public Optional<Entry> latestByTimestamp(String key) {
        return onStream("looking for the greatest timestamp", key, catalog -> new GreatestTimestamp(log, catalog).find()).map(last -> entry(key, last));
    }

    private Entry entry(String key, HeldRecord last) {
        byte[] body = last.isSealed() ? keys.open(last.body(), key, last.position(), last.timestampMillis(), last.headerLength()) : last.body();
        return new HeapEntry(ref(key, last), last.timestampMillis(), last.headerLength(), body);
    }

    @Override
    public RecordWalk scan(String key, TimeRange range) {
        return onStream("opening a scan", key, catalog -> StreamScan.of(log, catalog, range));
    }

    @Override
    public RecordWalk scanFrom(String key, long position) {
        return onStream("opening a scan", key, catalog -> new ScanStart(log, catalog).scan(new ScanBegin.At(position)));
    }

    @Override
    public RecordWalk scanLast(String key, int count) {
        return onStream("opening a scan", key, catalog -> new NewestRecords(log, catalog).walk(count));
    }

    @Override
    public TailWalk follow(String key, ScanBegin begin) {
        return onStream("opening a tail", key, catalog -> new StreamTail(log, catalog, new ScanStart(log, catalog).tail(begin)));
    }

    @Override
    public TailWalk followAll(KeyScope scope, Map<String, ScanBegin> from) {
        log.checkOpen();
        try {
            return new FollowedStreams(log, scope, from, key -> new ScanBegin.Oldest());
        } catch (IOException e) {
            throw log.failure("opening a tail", e, log.streams().path(), null, WalException.NO_POSITION);
        }
    }

    @Override
    public RecordWalk scanBackward(String key, long position) {
        return onStream("opening a scan", key, catalog -> new ScanStart(log, catalog).backwardFrom(position));
    }

    @Override
    public RecordWalk scanMerged(Supplier<? extends Collection<String>> keys, TimeRange range) {
        log.checkOpen();
        return new MergedScan(log, keys, range);
    }

    @Override
    public VerifyReport verify(String key) {
        return onStream("verifying a stream", key, catalog -> new StreamSurvey(log, catalog).verify());
    }

    private interface OnStream<T> {
        T run(SegmentCatalog catalog) throws IOException;
    }

    private interface Reading<T> {
        T run() throws IOException;
    }

    private <T> T onStream(String action, String key, OnStream<T> operation) {
        log.checkOpen();
        return on(action, key, () -> operation.run(log.freshCatalog(key)));
    }

    private <T> T on(String action, String key, Reading<T> operation) {
        try {
            return operation.run();
        } catch (IOException e) {
            throw log.failure(action, e, log.root(), key, WalException.NO_POSITION);
        }
    }

    /** As {@link ReadableLog#onEach}, after one listing of the log. */
    private <T> Map<String, T> onStreams(String action, Collection<String> keys, OnStream<Optional<T>> operation) {
        if (keys.size() <= 1) {
            return ReadableLog.onEach(keys, key -> onStream(action, key, operation));
        }
        log.checkOpen();
        LogListing listing = listing(action, keys);
        return ReadableLog.onEach(keys, key -> on(action, key, () -> operation.run(listing.catalog(key))));
    }

    private LogListing listing(String action, Collection<String> keys) {
        try {
            return log.listing(keys);
        } catch (IOException e) {
            throw log.failure(action, e, log.root(), null, WalException.NO_POSITION);
        }
    }

    @Override
    public LogKeys sessionKeys() {
        return keys;
    }

    @Override
    public Consumers consumers() {
        checkHasDirectory("consumers commit in the log's directory, which a tier alone hasn't");
        return new Consumers(log, keys);
    }

    @Override
    public long readCalls() {
        return log.channels().readCalls();
    }

    @Override
    public long readBytes() {
        return log.channels().readBytes();
    }

    @Override
    public long directReadBytes() {
        return log.channels().directReadBytes();
    }

    @Override
    public int openFiles() {
        return log.channels().openFiles();
    }

    @Override
    public void close() {
        // first the files, so that threads that read them end
        log.close();
        keys.forget();
        threads.close();
    }
}
