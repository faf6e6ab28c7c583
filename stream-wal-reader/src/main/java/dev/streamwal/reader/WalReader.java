package dev.streamwal.reader;

import dev.streamwal.catalog.WriterView;
import dev.streamwal.consumer.CursorFiles;
import dev.streamwal.error.ConsumerInUseException;
import dev.streamwal.error.ConsumerMismatchException;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.KeyScope;
import dev.streamwal.format.StreamKey;
import dev.streamwal.lookup.ScanBegin;
import dev.streamwal.segment.TimeRange;
import dev.streamwal.tail.WakeableRest;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;

/**
 * Reads a log, from the process that writes it or from any other, while it is written and swept. It keeps no locks, needs no writer,
 * and writes nothing, but for what its {@link WalConsumer}s commit.
 *
 * <p>The reader is thread-safe; the batches and cursors that it hands out are for one thread each, and are closed by the caller. An
 * interrupted thread finishes its call and keeps its flag. Keys that can't be any stream's are an {@link IllegalArgumentException}, null
 * is a {@link NullPointerException}, and every method but {@link #close()} throws a {@link WalClosedException} after that.
 *
 * @since 1.0
 */
public final class WalReader implements AutoCloseable {

    private final ReadableLog log;
    private final ReaderOptions options;

    private WalReader(ReadableLog log, ReaderOptions options) {
        this.log = log;
        this.options = options;
    }

    /**
     * As {@link #open(Path, ReaderOptions)}, with the defaults.
     *
     * @param root the log's directory
     * @return the reader, to be closed by the caller
     */
    public static WalReader open(Path root) {
        return open(root, ReaderOptions.builder().build());
    }

    /**
     * Opens a log for reading.
     *
     * @param root the log's directory, on any file system; it may be empty as yet
     * @param options how to read
     * @return the reader, to be closed by the caller
     * @throws UnsupportedFormatException where there are nano-wal files instead: see {@link #openNanoWal(Path, ReaderOptions)}
     * @throws WalIOException where the root isn't a directory
     */
    public static WalReader open(Path root, ReaderOptions options) {
        Objects.requireNonNull(options, "options");
        checkDirectory(root, "a log's root");
        if (!SegmentedLog.isRoot(root) && NanoWalLog.isDirectory(root)) {
            throw new UnsupportedFormatException(
                    "a log's root has no nano-wal files: root=" + root + "; open it with openNanoWal", root, null, WalException.NO_POSITION, null);
        }
        return new WalReader(new SegmentedLog(root, options, null), options);
    }

    /**
     * For the writer of the log in this process, whose own way to this is {@code StreamWal.reader()}.
     *
     * @param root the log's directory
     * @param options how to read
     * @param writer says what the log's files don't say yet
     * @return the reader, to be closed by the caller
     */
    @SuppressWarnings("exports") // for dev.streamwal alone, which WriterView is exported to
    public static WalReader open(Path root, ReaderOptions options, WriterView writer) {
        return new WalReader(new SegmentedLog(root, options, writer), options);
    }

    private static void checkDirectory(Path root, String what) {
        if (!Files.isDirectory(root)) {
            String problem = Files.exists(root, LinkOption.NOFOLLOW_LINKS) ? "it is something else" : "there is nothing";
            throw new WalIOException(
                    what + " is a directory: " + problem + ", root=" + root, root, null, WalException.NO_POSITION, null);
        }
    }

    /**
     * As {@link #openNanoWal(Path, ReaderOptions)}, with the defaults.
     *
     * @param directory of the files
     * @return the reader, to be closed by the caller
     */
    public static WalReader openNanoWal(Path directory) {
        return openNanoWal(directory, ReaderOptions.builder().build());
    }

    /**
     * Opens a directory of nano-wal 1.0 files, {@code <prefix>_<expiration>.seg}, for reading: a stream for each prefix, whose files follow
     * each other by expiration. A prefix ends at the name's last underscore; files with other names, and those whose prefix can't be a
     * stream's key, are ignored. All that reads a log reads these files, while nano-wal writes and deletes them, and never writes
     * anything. Where they differ from a log's segments:
     *
     * <ul>
     *   <li>There are no timestamps. All are 0, so a range of time has either all records or none.
     *   <li>There are no checksums. A record is one if its lengths lead to the file's end or to the next record. What doesn't is told as
     *       damage, once, and reading goes on with the next file, since nothing behind the damage can be told from a record's content. A
     *       record at the newest file's end that isn't there whole is one that is being written. Changed bytes of a header or content go
     *       unnoticed, and so does a wrong length that leads to where another record, or the file, ends.
     *   <li>Positions are made up: they, and refs, count for this reader only. A later one numbers the files anew.
     *   <li>Nothing leads backwards: reading a file's last record walks it once from its beginning, which this reader remembers.
     *   <li>A record of 256 MiB or more, and a file of more than 128 GiB, is an {@link UnsupportedFormatException}.
     * </ul>
     *
     * @param directory of the files
     * @param options how to read
     * @return the reader, to be closed by the caller
     * @throws UnsupportedFormatException where this is a log's root
     * @throws WalIOException where it isn't a directory
     */
    public static WalReader openNanoWal(Path directory, ReaderOptions options) {
        Objects.requireNonNull(options, "options");
        checkDirectory(directory, "what holds nano-wal files");
        if (SegmentedLog.isRoot(directory) && !NanoWalLog.isDirectory(directory)) {
            throw new UnsupportedFormatException("a directory of nano-wal files is no log's root: root=" + directory + "; open it with open",
                    directory, null, WalException.NO_POSITION, null);
        }
        return new WalReader(new NanoWalLog(directory, options), options);
    }

    /**
     * The keys of all streams that have a segment: a snapshot, the caller's own.
     *
     * @return in their natural order
     */
    public NavigableSet<String> keys() {
        return keys(Keys.all());
    }

    /**
     * The keys of the streams that have a segment, of those that are meant: a snapshot, the caller's own. It takes a listing of all streams,
     * whatever is meant.
     *
     * @param keys which streams
     * @return in their natural order
     */
    public NavigableSet<String> keys(Keys keys) {
        return log.keys(keys.scope());
    }

    /** The keys that were given, whether their streams are there or not; where none were, of the streams that are. */
    private NavigableSet<String> givenOrListed(KeyScope scope) {
        return scope.exactKeys().orElseGet(() -> log.keys(scope));
    }

    /**
     * What there is of a stream. It reads the segments that aren't sealed.
     *
     * @param key of the stream
     * @return empty where there is no such stream
     */
    public Optional<StreamInfo> describe(String key) {
        StreamKey.checkedUtf8(key);
        return log.describe(key);
    }

    /**
     * Reads records by ref; neighbours are read together, and every checksum is verified. One ref that is expired, unknown or damaged fails
     * alone: see {@link EntryBatch#status}. All that it reads is in memory until the batch is closed.
     *
     * @param refs in any order, of any streams, duplicates allowed; at most {@link ReaderOptions#maxBatchRefs()}, of records that take at most
     *     {@link ReaderOptions#maxBatchBytes()} together
     * @return the records in the order asked, to be closed by the caller
     * @throws IllegalArgumentException where there are too many refs, or their records take too much: ask for fewer at a time
     * @throws WalIOException where the file system fails, or the process has no direct memory left for as much
     */
    public EntryBatch readBatch(Collection<EntryRef> refs) {
        if (refs.size() > options.maxBatchRefs()) {
            throw new IllegalArgumentException(
                    "a batch has at most maxBatchRefs refs: refs=" + refs.size() + ", maxBatchRefs=" + options.maxBatchRefs());
        }
        return log.readBatch(refs.toArray(EntryRef[]::new));
    }

    /**
     * Reads one record.
     *
     * @param ref where it stands
     * @return a copy on the heap; empty where it has expired or isn't there
     * @throws CorruptSegmentException where it is damaged
     */
    public Optional<Entry> find(EntryRef ref) {
        return log.find(Objects.requireNonNull(ref, "ref"));
    }

    /**
     * The record that was appended last: the one at the greatest position. Where records come late, another one may have a greater
     * timestamp: see {@link #latestByTimestamp}.
     *
     * @param key of the stream
     * @return a copy on the heap; empty where there is no record
     * @throws CorruptSegmentException where the end of the stream is damaged
     */
    public Optional<Entry> latest(String key) {
        StreamKey.checkedUtf8(key);
        return log.latest(key);
    }

    /**
     * The record with the greatest timestamp; of several with the same one, that at the greatest position. Where no record came late, it is the
     * {@link #latest(String) latest}, which costs less to find.
     *
     * <p>It reads the footers of the stream's sealed segments, which are kept for later calls, then a block (64 KiB) or two of those that have the
     * greatest timestamp, and all of the segment that isn't sealed.
     *
     * @param key of the stream
     * @return a copy on the heap; empty where there is no record
     * @throws CorruptSegmentException where something is damaged among what has to be read
     */
    public Optional<Entry> latestByTimestamp(String key) {
        StreamKey.checkedUtf8(key);
        return log.latestByTimestamp(key);
    }

    /**
     * The record that was appended last to each of several streams.
     *
     * @param keys of the streams
     * @return by key, in the order asked, without the streams that have no record
     * @throws CorruptSegmentException where the end of a stream is damaged
     */
    public Map<String, Entry> latest(Collection<String> keys) {
        Map<String, Entry> latest = new LinkedHashMap<>();
        for (String key : keys) {
            latest(key).ifPresent(entry -> latest.put(key, entry));
        }
        return latest;
    }

    /**
     * The record that was appended last to each of several streams.
     *
     * @param keys which streams
     * @return by key, in the keys' natural order, without the streams that have no record
     * @throws CorruptSegmentException where the end of a stream is damaged
     */
    public Map<String, Entry> latest(Keys keys) {
        return latest(givenOrListed(keys.scope()));
    }

    /**
     * All records of a stream. In the process that writes the log the cursor sees everything that was appended before its call to
     * {@code next()}; in others it stops at the first record that isn't there yet.
     *
     * @param key of the stream
     * @return to be closed by the caller; empty where there is no such stream
     */
    public EntryCursor scan(String key) {
        return scan(key, TimeRange.ALL);
    }

    /**
     * The records of a stream whose timestamps are in a range. Segments and parts of them that have none such aren't read, where they are
     * sealed.
     *
     * @param key of the stream
     * @param fromInclusive the range's start
     * @param toExclusive the range's end
     * @return in order of position, to be closed by the caller; empty where there is no such stream
     * @throws IllegalArgumentException where the range ends before it starts
     */
    public EntryCursor scan(String key, Instant fromInclusive, Instant toExclusive) {
        return scan(key, TimeRange.of(fromInclusive, toExclusive));
    }

    private EntryCursor scan(String key, TimeRange range) {
        StreamKey.checkedUtf8(key);
        return new EntryCursor(log.scan(key, range));
    }

    /**
     * The records of a stream from a position on: the first one that is left if that one has been deleted, none as yet if the position is
     * the end.
     *
     * @param key of the stream
     * @param position of a record, or where one ends, as {@link EntryRef#end()} and {@link EntryCursor#nextPosition()} give it
     * @return to be closed by the caller; empty where there is no such stream
     * @throws EntryNotFoundException where no record starts at the position, and none ends there
     * @throws IllegalArgumentException where the position is negative
     */
    public EntryCursor scanFrom(String key, long position) {
        checkPosition(position);
        StreamKey.checkedUtf8(key);
        return new EntryCursor(log.scanFrom(key, position));
    }

    /**
     * The newest records of a stream, the oldest of them first, as they were at one moment of the call, also while the stream's end is cut
     * off. Where they are more than {@link ReaderOptions#scanBufferBytes()}, or something between them is damaged, they are read by and by,
     * and a cut meanwhile may take some.
     *
     * @param key of the stream
     * @param count how many at most, 0 or more
     * @return to be closed by the caller; empty where there is no such stream; without what is appended after the call, also where there are
     *     fewer than {@code count}
     * @throws CorruptSegmentException where the end of the stream is damaged
     * @throws IllegalArgumentException where the count is negative
     */
    public EntryCursor scanLast(String key, int count) {
        if (count < 0) {
            throw new IllegalArgumentException("a count is not negative: count=" + count);
        }
        StreamKey.checkedUtf8(key);
        return new EntryCursor(log.scanLast(key, count), count);
    }

    /**
     * Follows a stream through everything that will be appended to it; also one that isn't there yet.
     *
     * @param key of the stream
     * @param from where to begin. What has been deleted behind a position is told of. A position that was cut off, or lost with the machine's
     *     power, and where nothing more can come, is taken for the end
     * @return to be closed by the caller
     * @throws EntryNotFoundException where no record starts at the position, and none ends there
     */
    public EntryTail follow(String key, ReadFrom from) {
        return follow(key, from, new WakeableRest());
    }

    /** As the public one, resting as a test wants it to. */
    EntryTail follow(String key, ReadFrom from, WakeableRest rest) {
        StreamKey.checkedUtf8(key);
        return new EntryTail(log.follow(key, from.begin()), rest);
    }

    /**
     * Follows several streams, each entry with its key. Those that come later, where a prefix, a pattern or all are meant, are followed too, from
     * their first record. Among what is there now the entry with the smallest timestamp comes first, as far as can be told from the 64 streams
     * that are read at a time; no stream waits for long while others have more. The first call of {@code next} looks at every stream; a stream
     * that rests holds no file and no buffer.
     *
     * @param keys which streams
     * @param from where to begin with those that are there, each by itself; from anything but {@link ReadFrom#first()} on, this call looks at
     *     every one of them
     * @return to be closed by the caller
     * @throws IllegalArgumentException where it is a position, which is one stream's, and not one key: give each key its own
     */
    public EntryTail follow(Keys keys, ReadFrom from) {
        KeyScope scope = keys.scope();
        if (scope instanceof KeyScope.One one) {
            return follow(one.key(), from);
        }
        ScanBegin begin = from.begin();
        if (begin instanceof ScanBegin.At) {
            throw new IllegalArgumentException("a position is one stream's: keys=" + keys + ", from=" + from
                    + "; give each key its own, in a map");
        }
        Map<String, ScanBegin> begins = new HashMap<>();
        if (!(begin instanceof ScanBegin.Oldest)) {
            givenOrListed(scope).forEach(key -> begins.put(key, begin));
        }
        return new EntryTail(log.followAll(scope, begins), new WakeableRest());
    }

    /**
     * Follows several streams, as {@link #follow(Keys, ReadFrom)} does, each from a place of its own: so a tail goes on where an earlier one
     * had come to.
     *
     * @param keys which streams
     * @param from where to begin, by key. A stream whose key isn't in it, be it there already or not, is delivered from its first record: to
     *     leave out what is there, give its key with {@link ReadFrom#end()}
     * @return to be closed by the caller
     * @throws EntryNotFoundException where no record starts at a position, and none ends there
     * @throws IllegalArgumentException where a key is none of the {@code keys}
     */
    public EntryTail follow(Keys keys, Map<String, ReadFrom> from) {
        Map<String, ScanBegin> begins = new HashMap<>();
        from.forEach((key, each) -> {
            StreamKey.checkedUtf8(key);
            if (!keys.contains(key)) {
                throw new IllegalArgumentException(
                        "where to begin is given for a key that isn't followed: key=" + key + ", followed=" + keys + "; drop it, or follow it by itself");
            }
            begins.put(key, each.begin());
        });
        return new EntryTail(log.followAll(keys.scope(), begins), new WakeableRest());
    }

    /**
     * Follows some streams, as {@link #follow(Keys, ReadFrom)} does, each from a place of its own, and no others.
     *
     * @param from where to begin, by key
     * @return to be closed by the caller
     * @throws EntryNotFoundException where no record starts at a position, and none ends there
     */
    public EntryTail follow(Map<String, ReadFrom> from) {
        return follow(Keys.of(from.keySet()), from);
    }

    /**
     * The records of a stream that end at or before a position, the newest first. It sees what was there when it was called, and what
     * wasn't published by then is not waited for in other processes than the writer's. Damage is told of once, by
     * {@link EntryCursor#next()}, and the call after goes on before it. Where retention takes what was still to be read, it throws an
     * {@link EntryExpiredException} once, and ends. {@link EntryCursor#nextPosition()} is where a later call goes on.
     *
     * @param key of the stream
     * @param position of a record, or where one ends; {@link Long#MAX_VALUE} for the end of the stream
     * @return to be closed by the caller; empty where there is no such stream
     * @throws EntryNotFoundException where no record starts at the position, and none ends there
     * @throws IllegalArgumentException where the position is negative
     */
    public EntryCursor scanBackward(String key, long position) {
        checkPosition(position);
        StreamKey.checkedUtf8(key);
        return new EntryCursor(log.scanBackward(key, position));
    }

    /**
     * The records of several streams whose timestamps are in a range, by timestamp, those with the same one by key, in the order of
     * {@link EntryRef}s. Each stream is in its order of position: a record that is late, older than one before it in its stream, comes
     * right behind that one. So a record's place is that of the greatest timestamp in the range in its stream up to it.
     *
     * <p>Memory is bounded whatever the number of streams: some 64 of them have buffers, of 16 MiB together, unless a single record is
     * larger; the others rest, each as a few numbers, and are opened again for their next record. What a stream throws it throws once, and
     * the others go on; where the file system fails, its stream is left out until the end is reached. A cursor at its end sees
     * what has been appended since: call {@link EntryCursor#next()} again. What comes then may be older than what came before.
     * {@link EntryCursor#nextPosition()} is the record's stream's.
     *
     * <p>Streams that come while it goes on are found when it has come to its end: the call of {@link EntryCursor#next()} after the one that
     * said false lists them anew.
     *
     * @param keys which streams
     * @param fromInclusive the range's start
     * @param toExclusive the range's end
     * @return to be closed by the caller
     * @throws IllegalArgumentException where the range ends before it starts
     */
    public EntryCursor scanMerged(Keys keys, Instant fromInclusive, Instant toExclusive) {
        KeyScope scope = keys.scope();
        return new EntryCursor(log.scanMerged(() -> givenOrListed(scope), TimeRange.of(fromInclusive, toExclusive)));
    }

    static void checkPosition(long position) {
        if (position < 0) {
            throw new IllegalArgumentException("a position is not negative: position=" + position);
        }
    }

    /**
     * Opens a consumer, and makes it if there is none: see {@link WalConsumer}. To make or open it looks at every stream that it reads once.
     *
     * @param name of the consumer, 1 to 1,024 bytes of UTF-8
     * @param keys which streams it reads, which needn't be there yet. It is bound to them: opened again, it is given the same. A set of
     *     keys ({@link Keys#of}) takes at most 32,768 bytes: of each key its UTF-8, and 2 more
     * @return to be closed by the caller
     * @throws ConsumerInUseException where somebody has it open, in this process or another
     * @throws ConsumerMismatchException where the consumer is bound to other keys
     * @throws IllegalArgumentException where the name can't be one, or the keys are too many
     * @throws CorruptSegmentException where what it has committed can't be read: put the file back from a copy, or remove the consumer
     * @throws WalIOException where the file system fails; not where nothing can be written
     */
    public WalConsumer consumer(String name, Keys keys) {
        return log.consumers().open(CursorFiles.name(name), keys.scope());
    }

    /**
     * The names of all consumers: a snapshot, the caller's own.
     *
     * @return in their natural order
     */
    public NavigableSet<String> consumers() {
        return log.consumers().names();
    }

    /**
     * What a consumer is and has committed, whoever has it open.
     *
     * @param name of the consumer
     * @return empty where there is none of that name
     * @throws CorruptSegmentException where it can't be read
     */
    public Optional<ConsumerInfo> describeConsumer(String name) {
        return log.consumers().describe(CursorFiles.name(name));
    }

    /**
     * How far a consumer is in each of the streams that it reads and that are there, whoever has it open. It looks at every one of them.
     *
     * @param name of the consumer
     * @return in the order of keys, the caller's own; empty where there is no consumer of that name
     * @throws CorruptSegmentException where what it has committed can't be read
     */
    public List<ConsumerLag> consumerLags(String name) {
        return log.consumers().lags(CursorFiles.name(name));
    }

    /**
     * Removes a consumer, with what it has committed; what was kept for it may then be kept for one that has committed nothing, until the
     * log's writer is told otherwise.
     *
     * @param name of the consumer
     * @return whether there was one
     * @throws ConsumerInUseException where somebody has it open, in this process or another
     * @throws WalIOException where the file system fails, or nothing can be written
     */
    public boolean removeConsumer(String name) {
        return log.consumers().remove(CursorFiles.name(name));
    }

    /**
     * Reads a whole stream and verifies every checksum.
     *
     * @param key of the stream
     * @return what was found; an empty report where there is no such stream
     */
    public VerifyReport verify(String key) {
        StreamKey.checkedUtf8(key);
        return log.verify(key);
    }

    /** {@return read calls made so far, of headers and footers too} */
    public long readCalls() {
        return log.readCalls();
    }

    /** {@return bytes read so far, of headers and footers too} */
    public long readBytes() {
        return log.readBytes();
    }

    /** Files open now. */
    int openFiles() {
        return log.openFiles();
    }

    /** Closes its files; cursors can't go on, batches stay valid until they are closed themselves. A second time it does nothing. */
    @Override
    public void close() {
        log.close();
    }
}
