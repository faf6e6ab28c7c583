package dev.streamwal.reader;

import dev.streamwal.catalog.WriterView;
import dev.streamwal.codec.RecordCodec;
import dev.streamwal.consumer.CursorFiles;
import dev.streamwal.error.ConsumerInUseException;
import dev.streamwal.error.ConsumerMismatchException;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.error.TierUnavailableException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.KeyScope;
import dev.streamwal.format.MessageText;
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
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;

/**
 * Reads a log while it is written and swept, in the writer's process or in any other. Reading needs no writer, takes no locks, and writes nothing.
 * Only a {@link WalConsumer} locks a file, its own, and writes its commits.
 *
 * <p>The reader is thread-safe. Its batches and cursors are for one thread each, and the caller closes them. An interrupted thread finishes its
 * call and keeps its interrupt flag. An invalid key is an {@link IllegalArgumentException}, null is a {@link NullPointerException}. After
 * {@link #close()} every other method throws a {@link WalClosedException}, except the counts of what the reader has read.
 *
 * <p>Every method that reads throws
 *
 * <ul>
 *   <li>{@link WalIOException} if the file system fails, or the process has no descriptor or direct memory left,
 *   <li>{@link CorruptSegmentException} if the data is damaged, and the method has no other way to say so,
 *   <li>{@link UnsupportedFormatException} if a later version wrote the data,
 *   <li>{@link TierUnavailableException} if the data is in the log's tier, and the tier can't be read,
 *   <li>{@link dev.streamwal.error.KeyUnavailableException} if the data is encrypted, and its master key isn't available.
 * </ul>
 *
 * <p>If the log's directory is deleted, and created again or restored at the same path, a reader in another process than the writer's reads the new
 * log from then on. The cursors, tails and consumers that it opened over the former log end with a {@link WalClosedException}: open them again.
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
     * @param root the log's directory, on any file system; it may still be empty
     * @param options how to read
     * @return the reader, to be closed by the caller
     * @throws UnsupportedFormatException if the directory has nano-wal files instead: see {@link #openNanoWal(Path, ReaderOptions)}
     * @throws WalIOException if the root isn't a directory
     */
    public static WalReader open(Path root, ReaderOptions options) {
        Objects.requireNonNull(options, "options");
        checkDirectory(root, "a log");
        if (!SegmentedLog.isRoot(root) && NanoWalLog.isDirectory(root)) {
            throw new UnsupportedFormatException(
                    "directory has nano-wal files, and is no log: root=" + root + "; open it with openNanoWal", root, null,
                    WalException.NO_POSITION, null);
        }
        return new WalReader(new SegmentedLog(root, options, null), options);
    }

    /**
     * As {@link #openTier(Path, ReaderOptions)}, with the defaults.
     *
     * @param tier the log's tier
     * @return the reader, to be closed by the caller
     */
    public static WalReader openTier(Path tier) {
        return openTier(tier, ReaderOptions.builder().build());
    }

    /**
     * Opens a log's tier (see the writer's {@code WalOptions.tier}) without the log's directory: on another machine, or after the directory was lost.
     * The tier has the records of the packs that were moved to it, and none newer. The reader notices what the log's writer changes in the tier
     * within some seconds, and at once if a pack is missing. Records can be read as from a log, but with more requests, because nothing is on this
     * machine. Encrypted records need {@link ReaderOptions#keys}, as in the log. The methods for consumers, and {@link #checkpoint}, throw an
     * {@link UnsupportedOperationException}.
     *
     * @param tier the log's tier, a folder on any file system
     * @param options how to read; its {@link ReaderOptions#tier} is ignored
     * @return the reader, to be closed by the caller
     * @throws TierUnavailableException if the tier can't be read, or the folder isn't a tier
     * @throws UnsupportedFormatException if a newer version wrote the tier's content
     */
    public static WalReader openTier(Path tier, ReaderOptions options) {
        Objects.requireNonNull(tier, "tier");
        ReaderOptions there = Objects.requireNonNull(options, "options").toBuilder().tier(tier).build();
        return new WalReader(SegmentedLog.ofTier(tier, there), there);
    }

    /**
     * For the library's own packages: opens a reader in the process that writes the log. Programs call {@code StreamWal.reader()}.
     *
     * @param root the log's directory
     * @param options how to read
     * @param writer tells what the log's files don't tell yet
     * @return the reader, to be closed by the caller
     */
    @SuppressWarnings("exports") // for dev.streamwal alone, which WriterView is exported to
    public static WalReader open(Path root, ReaderOptions options, WriterView writer) {
        return new WalReader(new SegmentedLog(root, options, writer), options);
    }

    /** @throws WalIOException if it isn't a directory */
    static void checkDirectory(Path root, String what) {
        if (!Files.isDirectory(Objects.requireNonNull(root, "root"))) {
            throw new WalIOException(
                    problem(root) + ": root=" + root + "; give the directory of " + what, root, null, WalException.NO_POSITION, null);
        }
    }

    private static String problem(Path root) {
        if (Files.exists(root)) {
            return "not a directory";
        }
        return Files.exists(root, LinkOption.NOFOLLOW_LINKS) ? "symbolic link leads to nothing" : "no such directory";
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
     * Opens a directory of nano-wal 1.0 files, {@code <prefix>_<expiration>.seg}, for reading. Each prefix is a stream, and its files are in order of
     * expiration. A prefix ends at the name's last underscore; files with other names, and those whose prefix can't be a stream's key, are ignored.
     * Every method that reads records works on these files too, while nano-wal writes and deletes them. Nothing is written, so there are no consumers
     * and no checkpoints. The files differ from a log's segments:
     *
     * <ul>
     *   <li>There are no timestamps: every record's is 0, so a range of time has either all records or none.
     *   <li>There are no checksums. A record counts as valid if its lengths lead to the next record or to the file's end. Anything else is reported
     *       as damage, once, and reading goes on with the next file: after the damage, the start of a record can't be told from bytes in a record's
     *       content. An incomplete record at the end of the newest file is still being written. Changed bytes of a header or content go unnoticed,
     *       and so does a wrong length that leads to the start of another record, or to the end of the file.
     *   <li>Positions are assigned by this reader. Positions and refs are valid in this reader only; a later one numbers the files again.
     *   <li>Files can be read forwards only: reading a file's last record walks the file from its beginning, once per reader.
     *   <li>A record of 256 MiB or more, and a file of more than 128 GiB, is an {@link UnsupportedFormatException}.
     * </ul>
     *
     * @param directory of the files
     * @param options how to read
     * @return the reader, to be closed by the caller
     * @throws UnsupportedFormatException if the directory is a log's root
     * @throws WalIOException if it isn't a directory
     */
    public static WalReader openNanoWal(Path directory, ReaderOptions options) {
        Objects.requireNonNull(options, "options");
        checkDirectory(directory, "nano-wal files");
        if (SegmentedLog.isRoot(directory) && !NanoWalLog.isDirectory(directory)) {
            throw new UnsupportedFormatException("directory is a log, and has no nano-wal files: root=" + directory + "; open it with open",
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
     * The selected keys whose streams have a segment: a snapshot, the caller's own. The call lists all streams, however few are selected.
     *
     * @param keys which streams
     * @return in their natural order
     */
    public NavigableSet<String> keys(Keys keys) {
        return log.keys(scope(keys));
    }

    private static KeyScope scope(Keys keys) {
        return Objects.requireNonNull(keys, "keys").scope();
    }

    /** The single keys that the scope names, whether or not their streams exist; for a prefix or pattern, the keys of the streams that exist. */
    private NavigableSet<String> givenOrListed(KeyScope scope) {
        return scope.exactKeys().orElseGet(() -> log.keys(scope));
    }

    /**
     * Describes a stream. It reads the segments that aren't sealed.
     *
     * @param key of the stream
     * @return empty if there is no such stream
     */
    public Optional<StreamInfo> describe(String key) {
        StreamKey.check(key);
        return log.describe(key);
    }

    /**
     * Describes several streams. It lists the log once for all of them, and reads the segments that aren't sealed.
     *
     * @param keys of the streams
     * @return by key, in the order asked, without the streams that don't exist
     */
    public Map<String, StreamInfo> describe(Collection<String> keys) {
        check(keys);
        return log.describe(keys);
    }

    private static void check(Collection<String> keys) {
        for (String key : Objects.requireNonNull(keys, "keys")) {
            StreamKey.check(key);
        }
    }

    /**
     * Describes several streams, as {@link #describe(Collection)} does.
     *
     * @param keys which streams
     * @return by key, in the keys' natural order, without the streams that don't exist
     */
    public Map<String, StreamInfo> describe(Keys keys) {
        return log.describe(givenOrListed(scope(keys)));
    }

    /**
     * Reads records by ref; neighbours are read together, and every checksum is verified. A ref that is expired, unknown or damaged doesn't affect
     * the others: see {@link EntryBatch#status}. All records are in memory until the batch is closed.
     *
     * @param refs in any order, of any streams, duplicates allowed; at most {@link ReaderOptions#maxBatchRefs()}, and their records take at most
     *     {@link ReaderOptions#maxBatchBytes()} together
     * @return the records in the order asked, to be closed by the caller
     * @throws IllegalArgumentException if there are too many refs, or their records are too large together: ask for fewer at a time
     * @throws WalIOException if the file system fails, or the process has too little direct memory left
     */
    public EntryBatch readBatch(Collection<EntryRef> refs) {
        if (Objects.requireNonNull(refs, "refs").size() > options.maxBatchRefs()) {
            throw new IllegalArgumentException(
                    "too many refs in the batch: refs=" + refs.size() + ", maxBatchRefs=" + options.maxBatchRefs() + "; ask for fewer at a time");
        }
        refs.forEach(ref -> StreamKey.checkNotShared(ref.key()));
        return log.readBatch(refs.toArray(EntryRef[]::new));
    }

    /**
     * Reads one record.
     *
     * @param ref of the record
     * @return a copy on the heap; empty if it has expired or isn't there
     * @throws CorruptSegmentException if it is damaged
     */
    public Optional<Entry> find(EntryRef ref) {
        StreamKey.checkNotShared(Objects.requireNonNull(ref, "ref").key());
        return log.find(ref);
    }

    /**
     * The record that was appended last: the one at the greatest position. If records come late, another one may have a greater timestamp: see
     * {@link #latestByTimestamp}.
     *
     * @param key of the stream
     * @return a copy on the heap; empty if there is no record
     * @throws CorruptSegmentException if the end of the stream is damaged
     */
    public Optional<Entry> latest(String key) {
        StreamKey.check(key);
        return log.latest(key);
    }

    /**
     * The record with the greatest timestamp; of several with the same one, that at the greatest position. If no record came late, it is the
     * {@link #latest(String) latest}, which costs less to find.
     *
     * <p>It reads the footers of the sealed segments, which are kept for later calls. Then it reads one or two blocks (64 KiB) of the segments that
     * have the greatest timestamp, and all of the unsealed segment.
     *
     * @param key of the stream
     * @return a copy on the heap; empty if there is no record
     * @throws CorruptSegmentException if a part that has to be read is damaged
     */
    public Optional<Entry> latestByTimestamp(String key) {
        StreamKey.check(key);
        return log.latestByTimestamp(key);
    }

    /**
     * The record that was appended last to each of several streams. It lists the log once for all of them. Each record was its stream's last one at
     * some moment during the call.
     *
     * @param keys of the streams
     * @return by key, in the order asked, without the streams that have no record
     * @throws CorruptSegmentException if the end of a stream is damaged
     */
    public Map<String, Entry> latest(Collection<String> keys) {
        check(keys);
        return log.latest(keys);
    }

    /**
     * The record that was appended last to each of several streams, as by {@link #latest(Collection)}.
     *
     * @param keys which streams
     * @return by key, in the keys' natural order, without the streams that have no record
     * @throws CorruptSegmentException if the end of a stream is damaged
     */
    public Map<String, Entry> latest(Keys keys) {
        return latest(givenOrListed(scope(keys)));
    }

    /**
     * All records of a stream. In the process that writes the log the cursor sees everything that was appended before its call to {@code next()};
     * in other processes it stops at the first record that isn't visible yet.
     *
     * @param key of the stream
     * @return to be closed by the caller; empty if there is no such stream
     */
    public EntryCursor scan(String key) {
        return scan(key, TimeRange.ALL);
    }

    /**
     * All records of a stream, as values of a type. Other cursors, tails and entries can give values, too: see {@link EntryCursor#typed},
     * {@link EntryTail#typed} and {@link Entry#value}.
     *
     * @param <T> type of the values
     * @param key of the stream
     * @param codec makes them of the records' contents
     * @return to be closed by the caller; empty if there is no such stream
     * @throws IllegalArgumentException if the codec's schema id or version is out of range
     */
    public <T> TypedCursor<T> scan(String key, RecordCodec<T> codec) {
        Decoding.check(codec);
        return scan(key).typed(codec);
    }

    /**
     * The records of a stream whose timestamps are in a range. Sealed segments, or parts of them, that have no such records aren't read.
     *
     * @param key of the stream
     * @param fromInclusive the range's start
     * @param toExclusive the range's end
     * @return in order of position, to be closed by the caller; empty if there is no such stream
     * @throws IllegalArgumentException if the range ends before it starts
     */
    public EntryCursor scan(String key, Instant fromInclusive, Instant toExclusive) {
        return scan(key, TimeRange.of(fromInclusive, toExclusive));
    }

    private EntryCursor scan(String key, TimeRange range) {
        StreamKey.check(key);
        return new EntryCursor(log.scan(key, range), log.sessionKeys());
    }

    /**
     * The records of a stream from a position on. If the record there has been deleted, the cursor begins with the oldest one left; if the position
     * is the end, it has none yet.
     *
     * @param key of the stream
     * @param position of a record, or where one ends, as {@link EntryRef#end()} and {@link EntryCursor#nextPosition()} give it
     * @return to be closed by the caller; empty if there is no such stream
     * @throws EntryNotFoundException if no record starts or ends at the position. A position that the stream has skipped, between the end of a
     *     segment and the beginning of the next one, counts as that end
     * @throws IllegalArgumentException if the position is negative
     */
    public EntryCursor scanFrom(String key, long position) {
        checkPosition(position);
        StreamKey.check(key);
        return new EntryCursor(log.scanFrom(key, position), log.sessionKeys());
    }

    /**
     * The newest records of a stream, the oldest of them first. They are the newest ones at one moment during the call, even if the stream's end is
     * being cut off. If they take more than {@link ReaderOptions#scanBufferBytes()}, or there is damage between them, the cursor reads them as it
     * goes, and a cut that is made before it has read them may remove some.
     *
     * @param key of the stream
     * @param count how many at most, 0 or more
     * @return to be closed by the caller; empty if there is no such stream. The cursor never has records appended after the call, even if there are fewer
     *     than {@code count}
     * @throws CorruptSegmentException if the end of the stream is damaged
     * @throws IllegalArgumentException if the count is negative
     */
    public EntryCursor scanLast(String key, int count) {
        if (count < 0) {
            throw new IllegalArgumentException("count is negative: count=" + count + "; give 0 or more");
        }
        StreamKey.check(key);
        return new EntryCursor(log.scanLast(key, count), log.sessionKeys(), count);
    }

    /**
     * Follows a stream, and waits for the records that will be appended to it. The stream needn't exist yet.
     *
     * @param key of the stream
     * @param from where to begin. If that is a position, deleted records from there on are reported. A position that was cut off, or lost in a power
     *     failure, and at which no record can be appended any more, counts as the end
     * @return to be closed by the caller
     * @throws EntryNotFoundException if no record starts or ends at the position. A position that the stream has skipped, between the end of a
     *     segment and the beginning of the next one, counts as that end
     */
    public EntryTail follow(String key, ReadFrom from) {
        return follow(key, from, new WakeableRest());
    }

    /** As {@link #follow(String, ReadFrom)}, with a rest that a test controls. */
    EntryTail follow(String key, ReadFrom from, WakeableRest rest) {
        StreamKey.check(key);
        return new EntryTail(log.follow(key, Objects.requireNonNull(from, "from").begin()), log.sessionKeys(), rest);
    }

    /**
     * Follows several streams; the cursor tells each record's key. If a prefix, a pattern or all streams are given, streams that are created later
     * are followed too, from their first record. Existing records are merged by timestamp, among the 64 streams that are read at a time; no stream
     * waits for long while others have more records. The first call of {@code next} looks at every stream. A stream that rests holds no file and no
     * buffer. All buffers together take an eighth of the heap's size in direct memory, at most 128 MiB, and one record; fewer streams are read at a
     * time if their records are too large for that.
     *
     * @param keys which streams
     * @param from where to begin in each existing stream; unless it is {@link ReadFrom#first()}, this call looks at every one of them
     * @return to be closed by the caller
     * @throws IllegalArgumentException if {@code from} is a position, which belongs to one stream, and {@code keys} is not a single key: give
     *     each key its own
     */
    public EntryTail follow(Keys keys, ReadFrom from) {
        KeyScope scope = scope(keys);
        if (scope instanceof KeyScope.One one) {
            return follow(one.key(), from);
        }
        ScanBegin begin = Objects.requireNonNull(from, "from").begin();
        if (begin instanceof ScanBegin.At) {
            throw new IllegalArgumentException("one position is given for several streams: keys=" + keys + ", from=" + from
                    + "; give a map with a position for each key");
        }
        Map<String, ScanBegin> begins = new HashMap<>();
        if (!(begin instanceof ScanBegin.Oldest)) {
            givenOrListed(scope).forEach(key -> begins.put(key, begin));
        }
        return new EntryTail(log.followAll(scope, begins), log.sessionKeys(), new WakeableRest());
    }

    /**
     * Follows several streams, as {@link #follow(Keys, ReadFrom)} does, each from a place of its own. So a tail can go on where an earlier one
     * stopped.
     *
     * @param keys which streams
     * @param from where to begin, by key. A stream without an entry, existing or not, is delivered from its first record; to leave out its existing
     *     records, give its key with {@link ReadFrom#end()}
     * @return to be closed by the caller
     * @throws EntryNotFoundException if no record starts or ends at a position
     * @throws IllegalArgumentException if a key is not one of the {@code keys}
     */
    public EntryTail follow(Keys keys, Map<String, ReadFrom> from) {
        KeyScope scope = scope(keys);
        Map<String, ScanBegin> begins = new HashMap<>();
        Objects.requireNonNull(from, "from").forEach((key, each) -> {
            StreamKey.check(key);
            if (!keys.contains(key)) {
                throw new IllegalArgumentException(MessageText.of(
                        "start given for a key that is not followed: key=" + key + ", followed=" + keys + "; drop it, or follow it by itself"));
            }
            begins.put(key, each.begin());
        });
        return new EntryTail(log.followAll(scope, begins), log.sessionKeys(), new WakeableRest());
    }

    /**
     * Follows some streams, as {@link #follow(Keys, ReadFrom)} does, each from a place of its own, and no others.
     *
     * @param from where to begin, by key
     * @return to be closed by the caller
     * @throws EntryNotFoundException if no record starts or ends at a position
     */
    public EntryTail follow(Map<String, ReadFrom> from) {
        return follow(Keys.of(Objects.requireNonNull(from, "from").keySet()), from);
    }

    /**
     * The records of a stream that end at or before a position, the newest first. The cursor has the records that existed at the call; in other
     * processes than the writer's it doesn't wait for records that weren't visible by then. {@link EntryCursor#next()} reports damage once, and the
     * next call goes on with the records before the damage. If retention deletes records that were still to be read, the cursor throws an
     * {@link EntryExpiredException} once, and ends. To go on later, give {@link EntryCursor#nextPosition()} to this method.
     *
     * @param key of the stream
     * @param position of a record, or where one ends; {@link Long#MAX_VALUE} for the end of the stream
     * @return to be closed by the caller; empty if there is no such stream
     * @throws EntryNotFoundException if no record starts or ends at the position. A position that the stream has skipped, between the end of a
     *     segment and the beginning of the next one, counts as that end
     * @throws IllegalArgumentException if the position is negative
     */
    public EntryCursor scanBackward(String key, long position) {
        checkPosition(position);
        StreamKey.check(key);
        return new EntryCursor(log.scanBackward(key, position), log.sessionKeys());
    }

    /**
     * The records of several streams whose timestamps are in a range, ordered by timestamp. Those with the same timestamp are ordered by key, as
     * {@link EntryRef}s are. Within a stream the order is that of positions: a late record, older than the one before it in its stream, comes right
     * after that one. So a record's place is that of the greatest timestamp in the range that its stream has up to this record.
     *
     * <p>Memory is bounded, except for some 0.5 KB a stream. At most 64 streams have buffers, of 16 MiB together, unless a single record is larger.
     * The other streams rest, with copies of their next records; all copies together take a sixteenth of the heap, at most 128 MiB. When a stream's
     * copies are used up, the stream is opened again: with 20,000 streams, for some ten records at a time. An exception of one stream is thrown once,
     * and the others go on; if the file system failed, that stream is left out until the end is reached. A cursor at its end sees later appends: call
     * {@link EntryCursor#next()} again. Those records may be older than the ones before. {@link EntryCursor#nextPosition()} is a position in the
     * record's stream.
     *
     * <p>Streams that are created during the scan are found at its end: the call of {@link EntryCursor#next()} after one that returned false lists
     * the streams again.
     *
     * @param keys which streams
     * @param fromInclusive the range's start
     * @param toExclusive the range's end
     * @return to be closed by the caller
     * @throws IllegalArgumentException if the range ends before it starts
     */
    public EntryCursor scanMerged(Keys keys, Instant fromInclusive, Instant toExclusive) {
        KeyScope scope = scope(keys);
        return new EntryCursor(log.scanMerged(() -> givenOrListed(scope), TimeRange.of(fromInclusive, toExclusive)), log.sessionKeys());
    }

    static void checkPosition(long position) {
        if (position < 0) {
            throw new IllegalArgumentException("position is negative: position=" + position + "; give what an append or a reader gave");
        }
    }

    /**
     * Opens a consumer, and creates it if there is none: see {@link WalConsumer}. The call looks at every stream of the consumer once.
     *
     * @param name of the consumer, 1 to 1,024 bytes of UTF-8
     * @param keys which streams it reads; they needn't exist yet. The consumer is bound to them: give the same keys whenever you open it. A set of
     *     keys ({@link Keys#of}) takes at most 32,768 bytes: for each key its UTF-8, and 2 more
     * @return to be closed by the caller
     * @throws ConsumerInUseException if it is open already, in this process or another
     * @throws ConsumerMismatchException if the consumer is bound to other keys
     * @throws IllegalArgumentException if the name isn't valid, or the keys are too many
     * @throws CorruptSegmentException if its commits can't be read: put the file back from a copy, or remove the consumer
     * @throws WalIOException if the file system fails; a read-only file system is allowed
     */
    public WalConsumer consumer(String name, Keys keys) {
        return log.consumers().open(CursorFiles.name(name), scope(keys));
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
     * A consumer's streams and commits, whether or not it is open anywhere.
     *
     * @param name of the consumer
     * @return empty if there is none of that name
     * @throws CorruptSegmentException if it can't be read
     */
    public Optional<ConsumerInfo> describeConsumer(String name) {
        return log.consumers().describe(CursorFiles.name(name));
    }

    /**
     * How far a consumer is in each of its streams that exist, whether or not it is open anywhere. It looks at every one of them.
     *
     * @param name of the consumer
     * @return in the order of keys, the caller's own; empty if there is no consumer of that name
     * @throws CorruptSegmentException if its commits can't be read
     * @throws WalIOException if the file system fails
     */
    public List<ConsumerLag> consumerLags(String name) {
        return log.consumers().lags(CursorFiles.name(name));
    }

    /**
     * Removes a consumer and its commits. Records may still be kept for it, as for a consumer that has committed nothing, until the writer's option
     * {@code StreamOptions.retainFor} is changed.
     *
     * @param name of the consumer
     * @return whether there was one
     * @throws ConsumerInUseException if it is open already, in this process or another
     * @throws WalIOException if the file system fails, or nothing can be written
     */
    public boolean removeConsumer(String name) {
        return log.consumers().remove(CursorFiles.name(name));
    }

    /**
     * Reads a whole stream and verifies every checksum.
     *
     * @param key of the stream
     * @return the report; an empty one if there is no such stream
     */
    public VerifyReport verify(String key) {
        StreamKey unused = StreamKey.of(key); // the log's own, too: its damage is that of the files that streams share
        return log.verify(key);
    }

    /**
     * Copies the log as it is now, while it is written or not, in the writer's process or in any other. The copy opens as a log. Each stream is
     * copied as of one moment, but not all streams as of the same; records appended after that moment aren't in the copy. The copy has the consumers
     * that existed when it was begun, with the commits that each had made by then. Packs are linked if the file system can do that; other files are
     * copied. When this method has returned, the copy survives power loss.
     *
     * <p>It refuses a log that only a writer can bring in order: one that its writer had open when the machine was last restarted, one with a stream
     * that awaits recovery after a kill or a crash, and the directory of an earlier version that no writer has upgraded. Open such a log for writing
     * once, and recover all of it. If a copy fails, delete what it has left of the target.
     *
     * @param target a directory that is empty or doesn't exist yet, outside of the log
     * @throws IllegalArgumentException if it is not empty, or a file, or in the log's directory
     * @throws WalException if the log has to be recovered first, or a file can't be read or written
     * @throws UnsupportedOperationException if this is a directory of nano-wal files
     */
    public void checkpoint(Path target) {
        Objects.requireNonNull(target, "target");
        log.checkpoint(target);
    }

    /** {@return read calls made so far, of headers and footers too} */
    public long readCalls() {
        return log.channels().readCalls();
    }

    /** {@return bytes read so far, of headers and footers too} */
    public long readBytes() {
        return log.channels().readBytes();
    }

    /**
     * {@return how many of the {@link #readBytes} were read without the page cache, in whole blocks; 0 without
     * {@link ReaderOptions.Builder#directScans}, and on file systems that can't do that}
     */
    public long directReadBytes() {
        return log.channels().directReadBytes();
    }

    /** Files open now. */
    int openFiles() {
        return log.channels().openFiles();
    }

    /**
     * Closes the reader's files. Its cursors can't go on. Its batches stay valid until they are closed themselves: even an encrypted record that
     * wasn't asked for before can still be decrypted, which needs the log's file of keys and the master keys again. A second call does nothing.
     */
    @Override
    public void close() {
        log.close();
    }
}
