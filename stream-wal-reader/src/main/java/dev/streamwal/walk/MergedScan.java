package dev.streamwal.walk;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.segment.ReadSizes;
import dev.streamwal.segment.TimeRange;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Walks several streams by timestamp; {@link MergeQueue} says in which order. One thread; close it.
 *
 * <p>A bounded number of streams are open. For the others it is known when their next record is, and where, and nothing else is kept. If
 * there are too many, the one rests whose next record is the latest: it is the one that will be missed last.
 *
 * <p>It goes on in rounds. In a round every stream is opened, and read to its end; with the call after that the next round begins, with the
 * streams that there are then.
 */
public final class MergedScan extends WalkOfWalks {

    /** A descriptor each, so fewer where the reader has no room for as many; and few enough to be looked through for the one that is to rest. */
    static final int MAX_OPEN_STREAMS = 64;

    /** Of all streams together, unless a single record is larger. */
    static final long MAX_BUFFER_BYTES = 16 << 20;

    private final LogSource log;
    private final Supplier<? extends Collection<String>> keys;
    private final TimeRange range;
    private final ReadSizes sizes;

    private final Set<String> known = new HashSet<>();
    /** Streams whose first record in this round isn't known yet. */
    private final Queue<MergedStream> unread = new ArrayDeque<>();
    private final MergeQueue<MergedStream> queue = new MergeQueue<>();
    /** Streams that have nothing more in this round. */
    private final List<MergedStream> ended = new ArrayList<>();

    private final List<MergedStream> open = new ArrayList<>();
    private long bufferBytes;

    private @Nullable MergedStream current;
    private boolean inRound;
    private boolean onRecord;
    private boolean closed;

    /** @param keys of the streams, asked for at the beginning of a round */
    public MergedScan(LogSource log, Supplier<? extends Collection<String>> keys, TimeRange range) {
        this.log = log;
        this.keys = keys;
        this.range = range;
        this.sizes = ReadSizes.small(Math.min(log.settings().scanBufferBytes(), (int) (MAX_BUFFER_BYTES / MAX_OPEN_STREAMS)));
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
        if (moved != null) {
            current = queue.next(moveOn(moved));
        } else {
            current = queue.next(null);
        }
        while (current != null && !current.isOpen()) {
            // to the record that it rests at, or another one if that has gone
            open(current);
            current = queue.next(moveOn(current));
        }
        onRecord = current != null;
        inRound = onRecord;
        return onRecord;
    }

    private void beginRound() {
        for (String key : keys.get()) {
            if (known.add(key)) {
                unread.add(new MergedStream(key));
            }
        }
        unread.addAll(ended);
        ended.clear();
        inRound = true;
    }

    private void readFirstRecords() {
        for (MergedStream stream = unread.peek(); stream != null; stream = unread.peek()) {
            if (!stream.isOpen()) {
                open(stream);
            }
            MergedStream found = moveOn(stream);
            unread.remove();
            if (found != null) {
                queue.add(found);
            }
        }
    }

    private void open(MergedStream stream) {
        try {
            stream.open(log, range, sizes);
            open.add(stream);
        } catch (IOException e) {
            leaveOut(stream);
            throw log.failure("opening a scan", e, log.root(), stream.key(), WalException.NO_POSITION);
        }
    }

    /** The stream, at its next record; null where it has none. What it throws is thrown, and the stream moves on with the next call. */
    private @Nullable MergedStream moveOn(MergedStream stream) {
        long before = stream.scan().nextPosition();
        try {
            if (stream.next()) {
                makeRoom(stream);
                return stream;
            }
        } catch (WalIOException e) {
            if (stream.scan().nextPosition() == before) {
                leaveOut(stream);
            }
            throw e;
        }
        end(stream);
        return null;
    }

    /** Until the next round. */
    private void leaveOut(MergedStream stream) {
        end(stream);
        if (stream == current) {
            current = null;
        } else {
            unread.remove();
        }
    }

    private void end(MergedStream stream) {
        rest(stream);
        ended.add(stream);
    }

    // ---- which streams are open

    private void makeRoom(MergedStream moved) {
        bufferBytes += moved.bufferGrowth();
        while (open.size() > 1 && (open.size() > MAX_OPEN_STREAMS || bufferBytes > MAX_BUFFER_BYTES || log.channels().room() < 0)) {
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
        if (open.remove(stream)) {
            stream.rest();
            bufferBytes += stream.bufferGrowth();
        }
    }

    /** Streams that are read now. */
    int openStreams() {
        return open.size();
    }

    /** Memory that there is now to read into. */
    long bufferBytes() {
        return bufferBytes;
    }

    // ---- the record it stands on

    @Override
    public void checkUsable() {
        if (closed) {
            throw new WalClosedException("cursor is closed", null, null, WalException.NO_POSITION, null);
        }
        log.checkOpen();
    }

    @Override
    protected StreamScan onRecord() {
        MergedStream stream = current;
        if (!onRecord || stream == null) {
            checkUsable();
            throw new IllegalStateException("scan stands on no record; next() must return true first");
        }
        return stream.scan();
    }

    @Override
    public void close() {
        closed = true;
        onRecord = false;
        open.forEach(MergedStream::rest);
        open.clear();
        bufferBytes = 0;
    }
}
