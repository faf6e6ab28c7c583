package dev.streamwal.walk;

import dev.streamwal.catalog.LogListing;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.segment.ReadSizes;
import dev.streamwal.segment.TimeRange;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Walks several streams by timestamp, in the order of a {@link MergeQueue}. One thread; close it.
 *
 * <p>A bounded number of streams is open. If too many are, the stream with the latest next record is closed, because it is needed last, and rests. Opening a
 * stream takes a search for its segment, and unpacking a block of it, for as little as one record. So a resting stream keeps copies of its next records, in an
 * equal share of a bounded memory: the more streams, the fewer records each, and the more often each is opened.
 *
 * <p>It works in rounds. In a round every stream is opened, and read to its end. The call after that begins the next round, with the streams that
 * exist then.
 */
public final class MergedScan extends WalkOfWalks {

    /**
     * Maximum number of open streams. Each takes a descriptor, so fewer are open if the reader has no room for that many. Small enough for a linear search for
     * the latest one.
     */
    static final int MAX_OPEN_STREAMS = 64;

    /** Maximum size of the buffers of all streams together, unless a single record is larger. */
    static final long MAX_BUFFER_BYTES = 16 << 20;

    /** Maximum size of the copies that all resting streams have together, at most a sixteenth of the heap. */
    public static final long MAX_HELD_BYTES = Math.min(128 << 20, Runtime.getRuntime().maxMemory() / 16);

    private final LogSource log;
    private final Supplier<? extends Collection<String>> keys;
    private final TimeRange range;
    private final ReadSizes sizes;

    private final Set<String> known = new HashSet<>();
    /** Streams whose first record in this round isn't known yet. */
    private final Queue<MergedStream> unread = new ArrayDeque<>();
    private final MergeQueue<MergedStream> queue = new MergeQueue<>();
    /** Streams that have no more records in this round. */
    private final List<MergedStream> ended = new ArrayList<>();

    private final List<MergedStream> open = new ArrayList<>();
    private final ReadMemory memory = new ReadMemory(MAX_BUFFER_BYTES, MAX_OPEN_STREAMS);

    /** The segments of streams that are opened for the first time, listed at once when the round began; null if there are none. */
    private @Nullable LogListing listing;
    private @Nullable MergedStream current;
    private boolean inRound;
    private boolean onRecord;
    private boolean closed;

    /** @param keys of the streams, asked for at the beginning of a round */
    public MergedScan(LogSource log, Supplier<? extends Collection<String>> keys, TimeRange range) {
        this.log = log;
        this.keys = keys;
        this.range = range;
        this.sizes = ReadSizes.small(memory.readBytes(log.settings()));
    }

    // ---- moving

    @Override
    public boolean next() {
        checkUsable();
        onRecord = false;
        if (!inRound) {
            beginRound();
        }
        readFirstRecords();
        MergedStream moved = current;
        current = queue.next(moved == null ? null : moveOn(moved));
        while (current != null && !current.isReady()) {
            // goes to the record that it rests at, or to a later one if that was deleted
            current = queue.next(moveOn(current));
        }
        onRecord = current != null;
        inRound = onRecord;
        return onRecord;
    }

    private void beginRound() {
        for (String key : keys.get()) {
            if (known.add(key)) {
                ended.add(new MergedStream(key, memory));
            }
        }
        listing = listNew();
        // all of them: a round begins when every stream has come to its end
        ended.sort(Comparator.comparing(MergedStream::key, StreamKey::compare));
        for (int rank = 0; rank < ended.size(); rank++) {
            ended.get(rank).ranked(rank);
        }
        unread.addAll(ended);
        ended.clear();
        inRound = true;
    }

    private @Nullable LogListing listNew() {
        List<String> streams = ended.stream().filter(MergedStream::isFirst).map(MergedStream::key).toList();
        try {
            return streams.isEmpty() ? null : log.listing(streams);
        } catch (IOException e) {
            throw log.failure("opening a scan", e, log.root(), null, WalException.NO_POSITION);
        }
    }

    private void readFirstRecords() {
        for (MergedStream stream = unread.peek(); stream != null; stream = unread.peek()) {
            MergedStream found = moveOn(stream);
            unread.remove();
            if (found != null) {
                queue.add(found);
            }
        }
        listing = null;
    }

    private void open(MergedStream stream) {
        try {
            stream.open(log, listing, range, sizes);
            open.add(stream);
        } catch (IOException e) {
            stream.markStuck();
            throw log.failure("opening a scan", e, log.root(), stream.key(), WalException.NO_POSITION);
        } catch (WalException e) {
            stream.markStuck();
            throw e;
        }
    }

    /** Moves a stream to its next record; null if it has none. After an exception the next call moves the same stream on. */
    private @Nullable MergedStream moveOn(MergedStream stream) {
        if (stream.nextHeld()) {
            return stream;
        }
        try {
            WalException behindHeld = stream.takeFailure();
            if (behindHeld != null) {
                throw behindHeld;
            }
            // records that have come since then belong to the next round
            if (!stream.takeEnd() && isOnNext(stream)) {
                makeRoom();
                return stream;
            }
        } catch (WalException e) {
            if (stream.isStuck()) {
                leaveOut(stream);
            }
            throw e;
        }
        end(stream);
        return null;
    }

    private boolean isOnNext(MergedStream stream) {
        if (!stream.isOpen()) {
            open(stream);
        }
        return stream.next();
    }

    /** Leaves a stream out until the next round. */
    private void leaveOut(MergedStream stream) {
        end(stream);
        if (stream == current) {
            current = null;
        } else {
            unread.remove();
        }
    }

    private void end(MergedStream stream) {
        if (open.remove(stream)) {
            stream.rest();
        }
        ended.add(stream);
    }

    // ---- which streams are open

    private void makeRoom() {
        while (open.size() > 1 && (open.size() > MAX_OPEN_STREAMS || memory.isExceeded() || log.channels().room() < 0)) {
            rest(latest());
        }
    }

    private MergedStream latest() {
        MergedStream latest = open.get(0);
        for (int i = 1; i < open.size(); i++) {
            if (open.get(i).compareTo(latest) > 0) {
                latest = open.get(i);
            }
        }
        return latest;
    }

    private void rest(MergedStream stream) {
        open.remove(stream);
        stream.restHolding(log, MAX_HELD_BYTES / known.size());
    }

    int openStreams() {
        return open.size();
    }

    long bufferBytes() {
        return memory.bytes();
    }

    // ---- the record it stands on

    @Override
    public void checkUsable() {
        if (closed) {
            throw new WalClosedException("cursor is closed; open another one", null, null, WalException.NO_POSITION, null);
        }
        log.checkOpen();
    }

    @Override
    protected RecordWalk onRecord() {
        MergedStream stream = current;
        if (!onRecord || stream == null) {
            checkUsable();
            throw new IllegalStateException("cursor is on no record; call next() first, until it returns true");
        }
        return stream.onRecord();
    }

    @Override
    public void close() {
        closed = true;
        onRecord = false;
        open.forEach(MergedStream::rest);
        listing = null;
        known.clear();
        unread.clear();
        queue.clear();
        ended.clear();
        current = null;
        open.clear();
    }
}
