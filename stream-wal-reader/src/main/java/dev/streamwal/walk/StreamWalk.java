package dev.streamwal.walk;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.segment.SegmentScan;
import dev.streamwal.segment.WalkedRecord;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The common part of walks through one stream's segments: the record is the one that the segment's scan stands on.
 *
 * @param <P> its pass through one segment
 */
abstract class StreamWalk<P extends StreamWalk.Pass> implements RecordWalk {

    /** One segment's part of a walk. */
    interface Pass extends AutoCloseable {

        SegmentReader reader();

        SegmentScan scan();

        @Override
        void close();
    }

    final LogSource log;
    final String key;

    /** Stream position where a later walk goes on. */
    long resume;
    /** Through the segment that it stands in; null for none. */
    @Nullable P pass;
    /** The segment that it enters next, if that is known already. */
    @Nullable Segment entering;
    /** The exception to throw first; null for none, or after it was thrown. */
    @Nullable WalException first;
    private boolean onRecord;
    private boolean closed;

    StreamWalk(LogSource log, String key, long resume) {
        this.log = log;
        this.key = key;
        this.resume = resume;
    }

    /** Goes to the next record; false if there is none. */
    abstract boolean advance() throws IOException;

    /** Closes the segment that it stands in, if there is one. */
    void leave() {
        P current = pass;
        if (current != null) {
            current.close();
            pass = null;
        }
    }

    /** The segment that it stands in, or enters; null for none. */
    final @Nullable Segment around() {
        P current = pass;
        return current == null ? entering : current.reader().segment();
    }

    /** The pass through the segment that it stands in. */
    final P passing() {
        P current = pass;
        if (current == null) {
            throw new IllegalStateException("scan stands in no segment: stream=" + key);
        }
        return current;
    }

    @Override
    public final boolean next() {
        checkUsable();
        onRecord = false;
        try {
            throwFirst();
            onRecord = advance();
            return onRecord;
        } catch (IOException e) {
            throw log.failure("reading a segment", e, file(), key, resume);
        } catch (WalException e) {
            // what looks damaged, or deleted, may belong to another log than what was read before
            log.checkNotReplaced();
            throw e;
        }
    }

    private void throwFirst() {
        WalException toBeThrown = first;
        if (toBeThrown != null) {
            first = null;
            throw toBeThrown;
        }
    }

    @Override
    public final void checkUsable() {
        if (closed) {
            throw new WalClosedException("cursor is closed: stream=" + key + "; open another one", null, key, resume, null);
        }
        log.checkOpen();
    }

    /** The file of the segment that is being read; else the stream's directory, which is being listed. */
    private Path file() {
        Segment segment = around();
        return segment == null ? log.streams().of(StreamKey.of(key)) : segment.file();
    }

    final boolean isOnRecord() {
        return onRecord;
    }

    /** Ends the use of the record it stands on. */
    final void leaveRecord() {
        onRecord = false;
    }

    /** The scan that stands on the record. */
    final SegmentScan onRecord() {
        P current = pass;
        if (!onRecord || current == null) {
            checkUsable();
            throw new IllegalStateException("cursor is on no record: stream=" + key + "; call next() first, until it returns true");
        }
        return current.scan();
    }

    @Override
    public final String key() {
        return key;
    }

    @Override
    public final WalkedRecord record() {
        return onRecord();
    }

    /** The segment that the record is in. */
    public final Segment segment() {
        onRecord();
        return passing().reader().segment();
    }

    /** The record's offset in its file. */
    public final long offset() {
        return onRecord().offset();
    }

    @Override
    public final long nextPosition() {
        return resume;
    }

    @Override
    public final void close() {
        closed = true;
        onRecord = false;
        leave();
    }
}
