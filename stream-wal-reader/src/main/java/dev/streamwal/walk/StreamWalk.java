package dev.streamwal.walk;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentScan;
import dev.streamwal.segment.WalkedRecord;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What ways through one stream's segments have in common: the record they stand on is the one that their segment's scan stands on. */
abstract class StreamWalk implements RecordWalk {

    final LogSource log;
    final String key;

    /** Stream position where a later walk goes on. */
    long resume;
    private boolean onRecord;
    private boolean closed;

    StreamWalk(LogSource log, String key, long resume) {
        this.log = log;
        this.key = key;
        this.resume = resume;
    }

    /** Goes to the next record; false where there is none. */
    abstract boolean advance() throws IOException;

    /** Of the segment that it stands in; null where it stands in none. */
    abstract @Nullable SegmentScan scan();

    /** The segment that it stands in, or enters; null for none. */
    abstract @Nullable Segment around();

    /** Gives back what it has of a segment. */
    abstract void leave();

    @Override
    public final boolean next() {
        checkUsable();
        onRecord = false;
        try {
            onRecord = advance();
            return onRecord;
        } catch (IOException e) {
            throw log.failure("reading a segment", e, file(), key, resume);
        }
    }

    @Override
    public final void checkUsable() {
        if (closed) {
            throw new WalClosedException("cursor is closed: stream=" + key, null, key, resume, null);
        }
        log.checkOpen();
    }

    /** The segment's that is read, or else the stream's directory, which is listed then. */
    private Path file() {
        Segment segment = around();
        return segment == null ? log.streams().of(StreamKey.of(key)) : segment.file();
    }

    final boolean isOnRecord() {
        return onRecord;
    }

    /** So that nothing of it is needed any more. */
    final void leaveRecord() {
        onRecord = false;
    }

    /** What it stands on. */
    final SegmentScan onRecord() {
        SegmentScan scan = scan();
        if (!onRecord || scan == null) {
            checkUsable();
            throw new IllegalStateException("scan stands on no record: stream=" + key + "; next() must return true first");
        }
        return scan;
    }

    @Override
    public final String key() {
        return key;
    }

    @Override
    public final WalkedRecord record() {
        return onRecord();
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
