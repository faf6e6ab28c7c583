package dev.streamwal.reader;

import dev.streamwal.encryption.LogKeys;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.KeyScope;
import dev.streamwal.format.NanoWalLayout;
import dev.streamwal.format.NanoWalPosition;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.FileFunction;
import dev.streamwal.io.IoFailure;
import dev.streamwal.io.SharedFile;
import dev.streamwal.lookup.ScanBegin;
import dev.streamwal.nanowal.NanoWalBackward;
import dev.streamwal.nanowal.NanoWalChain;
import dev.streamwal.nanowal.NanoWalDirectory;
import dev.streamwal.nanowal.NanoWalFailures;
import dev.streamwal.nanowal.NanoWalFile;
import dev.streamwal.nanowal.NanoWalForward;
import dev.streamwal.nanowal.NanoWalIndex;
import dev.streamwal.nanowal.NanoWalMerged;
import dev.streamwal.nanowal.NanoWalPlaces;
import dev.streamwal.segment.TimeRange;
import dev.streamwal.walk.RecordWalk;
import dev.streamwal.walk.WalkUpTo;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;

/** A directory of nano-wal 1.0 files, with a stream for each prefix of their names. Only read, never written to. */
final class NanoWalLog implements ReadableLog {

    /** The timestamp of every record: the format has none. */
    private static final long TIMESTAMP_MILLIS = 0;

    private final NanoWalDirectory source;
    /** None: nothing is encrypted in such files. */
    private final LogKeys keys;

    NanoWalLog(Path directory, ReaderOptions options) {
        this.source = new NanoWalDirectory(directory, options.settings());
        this.keys = new LogKeys(directory, null);
    }

    /** Whether the directory has nano-wal files. */
    static boolean isDirectory(Path directory) {
        try {
            return NanoWalDirectory.hasFiles(directory);
        } catch (IOException e) {
            throw IoFailure.of("listing the directory", e, directory, null, WalException.NO_POSITION);
        }
    }

    @Override
    public NavigableSet<String> keys(KeyScope scope) {
        source.checkOpen();
        try {
            return source.keys(scope);
        } catch (IOException e) {
            throw source.failure("listing streams", e, source.path(), null, WalException.NO_POSITION);
        }
    }

    @Override
    public EntryBatch readBatch(EntryRef[] refs) {
        source.checkOpen();
        return new NanoWalBatchRead(source, keys, refs).run();
    }

    @Override
    public LogKeys sessionKeys() {
        return keys;
    }

    private <T> T onStream(String action, String key, FileFunction<NanoWalChain, T> operation) {
        source.checkOpen();
        try {
            return operation.apply(source.freshChain(key));
        } catch (IOException e) {
            throw source.failure(action, e, source.path(), key, WalException.NO_POSITION);
        }
    }

    // ---- the end

    @Override
    public Optional<Entry> latest(String key) {
        return last(key).flatMap(this::find);
    }

    private Optional<EntryRef> last(String key) {
        return onStream("reading the last record", key, chain -> {
            for (int i = chain.size() - 1; i >= 0; i--) {
                NanoWalFile file = chain.get(i);
                Optional<NanoWalIndex.End> end = endOf(file);
                if (end.isPresent() && end.get().isDamaged(chain.isNewest(file))) {
                    throw NanoWalFailures.damaged(file, end.get());
                }
                if (end.isPresent() && end.get().hasRecord()) {
                    return Optional.of(refOfLast(file, end.get()));
                }
            }
            return Optional.empty();
        });
    }

    /** All records have the same timestamp. */
    @Override
    public Optional<Entry> latestByTimestamp(String key) {
        return latest(key);
    }

    private static EntryRef refOfLast(NanoWalFile file, NanoWalIndex.End end) {
        return new EntryRef(file.key(), file.position(end.lastOffset()), NanoWalPosition.size(end.lastFrameBytes()));
    }

    /** Empty if the file has been deleted. */
    private Optional<NanoWalIndex.End> endOf(NanoWalFile file) throws IOException {
        try (SharedFile bytes = file.open(source.channels())) {
            return Optional.of(file.index().extend(bytes, source.settings().scanBufferBytes()));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    // ---- walks

    @Override
    public RecordWalk scan(String key, TimeRange range) {
        return onStream("opening a scan", key, chain -> range.contains(TIMESTAMP_MILLIS)
                ? NanoWalForward.from(source, key, 0)
                : NanoWalForward.nowhere(source, key, NanoWalPosition.base(chain.nextOrdinal())));
    }

    @Override
    public RecordWalk scanFrom(String key, long position) {
        return onStream("opening a scan", key, chain -> from(key, chain, position));
    }

    private NanoWalForward from(String key, NanoWalChain chain, long position) throws IOException {
        Optional<NanoWalFile> file = startIn(key, chain, position);
        long base = NanoWalPosition.base(NanoWalPosition.ordinal(position));
        if (file.isEmpty()) {
            return NanoWalForward.from(source, key, base);
        }
        try {
            return NanoWalForward.from(source, file.get(), startAt(file.get(), position));
        } catch (NoSuchFileException | CorruptSegmentException | UnsupportedFormatException e) {
            // the walk begins with the next file, or reports the damage
            return NanoWalForward.from(source, key, base);
        }
    }

    /** The file that has the position; empty if the file was deleted, or if the position is where the next file will begin. */
    private Optional<NanoWalFile> startIn(String key, NanoWalChain chain, long position) {
        boolean isKnown = NanoWalPosition.ordinal(position) < chain.nextOrdinal()
                || position == NanoWalPosition.base(chain.nextOrdinal()) || chain.size() == 0;
        if (!isKnown) {
            throw notFound(key, position, source.path());
        }
        return chain.at(position);
    }

    /**
     * The offset of a position in the file. Behind the data any offset up to the file's end is accepted, because there may be damage or a
     * half-written record.
     */
    private long startAt(NanoWalFile file, long position) throws IOException {
        long offset = NanoWalPosition.offset(position);
        if (position == NanoWalPosition.base(file.ordinal())) {
            return offset;
        }
        try (SharedFile bytes = file.open(source.channels());
                NanoWalPlaces known = new NanoWalPlaces(file, bytes, source.settings().scanBufferBytes())) {
            NanoWalIndex.End end = known.end();
            if ((offset >= end.offset() && offset <= Math.max(end.offset(), end.fileBytes())) || known.isRecord(offset)) {
                return offset;
            }
            // the position behind a record whose ref couldn't tell its length
            long start = NanoWalPosition.offset(position - NanoWalPosition.MAX_SIZE);
            if (position - NanoWalPosition.MAX_SIZE >= NanoWalPosition.base(file.ordinal()) && known.isRecord(start)
                    && NanoWalPosition.size(known.scan().frameBytes()) == NanoWalPosition.MAX_SIZE) {
                return known.scan().nextOffset();
            }
        }
        throw notFound(file.key(), position, file.path());
    }

    private static EntryNotFoundException notFound(String key, long position, Path file) {
        return new EntryNotFoundException(
                "no record starts or ends at the position: stream=" + key + ", position=" + position + ", file=" + file
                        + "; a position in nano-wal files is valid only in the reader that gave it",
                file, key, position, null);
    }

    @Override
    public RecordWalk scanLast(String key, int count) {
        return onStream("opening a scan", key, chain -> last(key, chain, count));
    }

    private RecordWalk last(String key, NanoWalChain chain, int count) throws IOException {
        long start = 0;
        long lastPosition = -1;
        // damage is reported by the scan that goes forward
        DamageList passed = new DamageList(key);
        try (NanoWalBackward walk = new NanoWalBackward(source, key, Long.MAX_VALUE)) {
            for (int left = count; left > 0 && passed.next(walk); left--) {
                start = walk.record().position();
                lastPosition = Math.max(lastPosition, start);
            }
        }
        return new WalkUpTo(from(key, chain, start), lastPosition);
    }

    @Override
    public RecordWalk scanBackward(String key, long position) {
        return onStream("opening a scan", key, chain -> {
            Optional<NanoWalFile> file = position == Long.MAX_VALUE ? Optional.empty() : startIn(key, chain, position);
            return new NanoWalBackward(source, key, file.isEmpty() ? position : checked(file.get(), position));
        });
    }

    /** The position itself, or the real end of a record whose ref couldn't tell its length. */
    private long checked(NanoWalFile file, long position) throws IOException {
        try {
            return file.position(startAt(file, position));
        } catch (NoSuchFileException | CorruptSegmentException | UnsupportedFormatException e) {
            // the walk reports it
            return position;
        }
    }

    @Override
    public NanoWalMerged scanMerged(Supplier<? extends Collection<String>> keys, TimeRange range) {
        source.checkOpen();
        return new NanoWalMerged(source, range.contains(TIMESTAMP_MILLIS) ? keys : List::of, Map.of());
    }

    @Override
    public NanoWalForward follow(String key, ScanBegin begin) {
        return onStream("opening a tail", key, chain -> begin instanceof ScanBegin.At at
                ? from(key, chain, at.position()).tellingGaps()
                : isAtEnd(begin) ? atEnd(key, chain).tellingGaps() : NanoWalForward.from(source, key, 0));
    }

    private static boolean isAtEnd(ScanBegin begin) {
        return begin instanceof ScanBegin.End
                || (begin instanceof ScanBegin.Time time && time.instant().isAfter(Instant.ofEpochMilli(TIMESTAMP_MILLIS)));
    }

    @Override
    public NanoWalMerged followAll(KeyScope scope, Map<String, ScanBegin> from) {
        source.checkOpen();
        Map<String, Long> positions = new HashMap<>();
        from.forEach((key, begin) -> {
            if (begin instanceof ScanBegin.At || isAtEnd(begin)) {
                try (NanoWalForward walk = follow(key, begin)) {
                    positions.put(key, walk.nextPosition());
                }
            }
        });
        return new NanoWalMerged(source, () -> scope.exactKeys().orElseGet(() -> keys(scope)), positions);
    }

    /** A walk from the end of the stream; behind the damage, if the stream ends with some. */
    private NanoWalForward atEnd(String key, NanoWalChain chain) throws IOException {
        if (chain.size() > 0) {
            NanoWalFile newest = chain.get(chain.size() - 1);
            try {
                Optional<NanoWalIndex.End> end = endOf(newest);
                if (end.isPresent()) {
                    return NanoWalForward.from(
                            source, newest, end.get().isDamaged(true) ? end.get().fileBytes() : end.get().offset());
                }
            } catch (CorruptSegmentException | UnsupportedFormatException e) {
                // none of its records are read
            }
        }
        return NanoWalForward.from(source, key, NanoWalPosition.base(chain.nextOrdinal()));
    }

    // ---- the whole

    @Override
    public Optional<StreamInfo> describe(String key) {
        return onStream("describing a stream", key, chain -> {
            int files = 0;
            long bytes = 0;
            long dataBytes = 0;
            long first = 0;
            NanoWalIndex.End end = NanoWalIndex.EMPTY;
            long endPosition = 0;
            for (int i = chain.size() - 1; i >= 0; i--) {
                NanoWalFile file = chain.get(i);
                try (SharedFile open = source.channels().acquire(file.path())) {
                    bytes += open.size();
                    dataBytes += Math.max(0, open.size() - NanoWalLayout.FILE_HEADER_BYTES);
                    end = end.hasRecord() ? end : endOfReadable(file);
                    endPosition = files == 0 ? file.position(end.offset()) : endPosition;
                    first = NanoWalPosition.base(file.ordinal());
                    files++;
                } catch (NoSuchFileException e) {
                    // deleted since it was listed
                }
            }
            OptionalLong timestamp = end.hasRecord() ? OptionalLong.of(TIMESTAMP_MILLIS) : OptionalLong.empty();
            return files == 0 ? Optional.empty() : Optional.of(
                    new StreamInfo(key, files, bytes, dataBytes, first, endPosition, timestamp, timestamp));
        });
    }

    private NanoWalIndex.End endOfReadable(NanoWalFile file) throws IOException {
        try {
            return endOf(file).orElse(NanoWalIndex.EMPTY);
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            return NanoWalIndex.EMPTY;
        }
    }

    @Override
    public VerifyReport verify(String key) {
        DamageList damage = new DamageList(key);
        long records = 0;
        long bytes = 0;
        try (RecordWalk walk = scan(key, TimeRange.ALL)) {
            while (damage.next(walk)) {
                records++;
                bytes += FrameShape.NANO_WAL.prefixBytes() + walk.record().headerLength() + walk.record().contentLength();
            }
        }
        return damage.report(records, bytes);
    }

    // ---- the reader's life

    @Override
    public ChannelCache channels() {
        return source.channels();
    }

    @Override
    public void close() {
        source.close();
    }
}
