package dev.streamwal.reader;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SegmentCatalog;
import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.catalog.WriterView;
import dev.streamwal.encryption.KeysFile;
import dev.streamwal.encryption.LogKeys;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.KeyScope;
import dev.streamwal.image.CheckpointFolder;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.FileFunction;
import dev.streamwal.io.FileOperation;
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

    /** Replaced when another log is found at the path; operations ask {@link #current()}. */
    private volatile LogSource log;
    private final LogKeys keys;
    private final ReadThreads threads;
    /** Held while another log takes the place of the former one, and while the reader is closed. */
    private final Object replacing = new Object();

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

    /**
     * The log that is at the path now. Each operation asks once, before it reads anything. If the log's directory was deleted, and created again or
     * restored, nothing that was kept of the former log may be used: its headers have other salts, and its positions other records. So everything
     * that was kept goes, and the cursors over the former log end.
     */
    private LogSource current() {
        LogSource known = log;
        return known.isReplaced() ? anew(known) : known;
    }

    private LogSource anew(LogSource former) {
        synchronized (replacing) {
            if (log == former && !former.channels().isClosed()) {
                log = former.anew();
                keys.forget();
                former.close();
            }
            return log;
        }
    }

    private void checkHasDirectory(String what) {
        if (log.isOfTierAlone()) {
            throw new UnsupportedOperationException(what + ": tier=" + log.root() + "; open the log's directory instead");
        }
    }

    /** Whether the directory has, or had, a stream. */
    static boolean isRoot(Path root) {
        return Files.isDirectory(StreamDirectory.in(root));
    }

    @Override
    public NavigableSet<String> keys(KeyScope scope) {
        LogSource now = opened();
        try {
            return now.keys(scope);
        } catch (IOException e) {
            throw now.failure("listing streams", e, now.streams().path(), null, WalException.NO_POSITION);
        }
    }

    @Override
    public void checkpoint(Path target) {
        LogSource now = opened();
        checkHasDirectory("a tier alone can't be copied as a log, because it doesn't have the newest records");
        try {
            CheckpointFolder.copyLog(now.root(), target, now.settings().tier());
        } catch (IOException e) {
            throw now.failure("making a checkpoint", e, target, null, WalException.NO_POSITION);
        }
    }

    @Override
    public Optional<StreamInfo> describe(String key) {
        return onStream("describing a stream", key, SegmentedLog::describe);
    }

    private static Optional<StreamInfo> describe(LogSource log, SegmentCatalog catalog) throws IOException {
        return new StreamSurvey(log, catalog).describe();
    }

    @Override
    public Map<String, StreamInfo> describe(Collection<String> keys) {
        return onStreams("describing a stream", keys, SegmentedLog::describe);
    }

    @Override
    public EntryBatch readBatch(EntryRef[] refs) {
        LogSource now = opened();
        try {
            return new BatchRead(now, keys, refs, threads).run();
        } catch (CorruptSegmentException e) {
            now.checkNotReplaced();
            throw e;
        }
    }

    @Override
    public Optional<Entry> latest(String key) {
        return onStream("reading the last record", key, this::latest);
    }

    private Optional<Entry> latest(LogSource now, SegmentCatalog catalog) throws IOException {
        Optional<HeldRecord> plain = new LastRecordRead(now, catalog).run();
        return (plain.isPresent() ? plain : new NewestRecords(now, catalog).last()).map(record -> entry(catalog.key().text(), record));
    }

    @Override
    public Map<String, Entry> latest(Collection<String> keys) {
        return onStreams("reading the last record", keys, this::latest);
    }

    @Override
    public Optional<Entry> latestByTimestamp(String key) {
        return onStream("looking for the greatest timestamp", key, (now, catalog) -> new GreatestTimestamp(now, catalog).find())
                .map(last -> entry(key, last));
    }

    private Entry entry(String key, HeldRecord last) {
        byte[] body = last.isSealed() ? keys.open(last.body(), key, last.position(), last.timestampMillis(), last.headerLength()) : last.body();
        return new HeapEntry(new EntryRef(key, last.position(), last.frameBytes()), last.timestampMillis(), last.headerLength(), body);
    }

    @Override
    public RecordWalk scan(String key, TimeRange range) {
        return onStream("opening a scan", key, (now, catalog) -> StreamScan.of(now, catalog, range));
    }

    @Override
    public RecordWalk scanFrom(String key, long position) {
        return onStream("opening a scan", key, (now, catalog) -> new ScanStart(now, catalog).scan(new ScanBegin.At(position)));
    }

    @Override
    public RecordWalk scanLast(String key, int count) {
        return onStream("opening a scan", key, (now, catalog) -> new NewestRecords(now, catalog).walk(count));
    }

    @Override
    public TailWalk follow(String key, ScanBegin begin) {
        return onStream("opening a tail", key, (now, catalog) -> new StreamTail(now, catalog, new ScanStart(now, catalog).tail(begin)));
    }

    @Override
    public TailWalk followAll(KeyScope scope, Map<String, ScanBegin> from) {
        LogSource now = opened();
        try {
            return new FollowedStreams(now, scope, from, key -> new ScanBegin.Oldest());
        } catch (IOException e) {
            throw now.failure("opening a tail", e, now.streams().path(), null, WalException.NO_POSITION);
        }
    }

    @Override
    public RecordWalk scanBackward(String key, long position) {
        return onStream("opening a scan", key, (now, catalog) -> new ScanStart(now, catalog).backwardFrom(position));
    }

    @Override
    public RecordWalk scanMerged(Supplier<? extends Collection<String>> keys, TimeRange range) {
        LogSource now = opened();
        return new MergedScan(now, () -> {
            Collection<String> listed = keys.get();
            // the keys may be those of another log by now
            now.checkNotReplaced();
            return listed;
        }, range);
    }

    @Override
    public VerifyReport verify(String key) {
        return onStream("verifying a stream", key, (now, catalog) -> new StreamSurvey(now, catalog).verify());
    }

    private interface OnStream<T> {
        T run(LogSource now, SegmentCatalog catalog) throws IOException;
    }

    private <T> T onStream(String action, String key, OnStream<T> operation) {
        LogSource now = opened();
        return on(now, action, key, () -> operation.run(now, now.freshCatalog(key)));
    }

    /** As {@link #current()}, and checked that the reader isn't closed. */
    private LogSource opened() {
        LogSource now = current();
        now.checkOpen();
        return now;
    }

    private static <T> T on(LogSource now, String action, @Nullable String key, FileOperation<T> operation) {
        try {
            return operation.run();
        } catch (IOException e) {
            throw now.failure(action, e, now.root(), key, WalException.NO_POSITION);
        } catch (CorruptSegmentException e) {
            // if another log has come since the operation began, what was kept of the former one doesn't fit it
            now.checkNotReplaced();
            throw e;
        }
    }

    /** As {@link ReadableLog#onEach}, after one listing of the log. */
    private <T> Map<String, T> onStreams(String action, Collection<String> keys, OnStream<Optional<T>> operation) {
        LogSource now = opened();
        FileFunction<String, SegmentCatalog> catalogs = on(now, action, null, () -> now.catalogs(keys));
        return ReadableLog.onEach(keys, key -> on(now, action, key, () -> operation.run(now, catalogs.apply(key))));
    }

    @Override
    public LogKeys sessionKeys() {
        return keys;
    }

    @Override
    public Consumers consumers() {
        checkHasDirectory("consumers commit in the log's directory, and only its tier is open");
        return new Consumers(current(), keys);
    }

    @Override
    public ChannelCache channels() {
        return log.channels();
    }

    @Override
    public void close() {
        // first the files, so that threads that read them end
        synchronized (replacing) {
            log.close();
        }
        keys.forget();
        threads.close();
    }
}
