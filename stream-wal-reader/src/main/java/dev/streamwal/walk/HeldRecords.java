package dev.streamwal.walk;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.segment.WalkedRecord;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A walk along records that have been read already. One thread; close it. */
public final class HeldRecords implements RecordWalk {

    private final LogSource log;
    private final String key;
    /** Newest first; without those that were passed. */
    private final List<HeldRecord> held;
    private final long endPosition;
    private @Nullable HeldRecord current;
    private boolean closed;

    /**
     * @param newestFirst taken over, and emptied
     * @param endPosition where the newest of them ends
     */
    public HeldRecords(LogSource log, String key, List<HeldRecord> newestFirst, long endPosition) {
        this.log = log;
        this.key = key;
        this.held = newestFirst;
        this.endPosition = endPosition;
    }

    @Override
    public boolean next() {
        checkUsable();
        current = held.isEmpty() ? null : held.remove(held.size() - 1);
        return current != null;
    }

    @Override
    public void checkUsable() {
        if (closed) {
            throw new WalClosedException("cursor is closed: stream=" + key + "; open another one", null, key, nextPosition(), null);
        }
        log.checkOpen();
    }

    @Override
    public String key() {
        return key;
    }

    @Override
    public WalkedRecord record() {
        HeldRecord record = current;
        if (record == null) {
            checkUsable();
            throw new IllegalStateException("cursor is on no record: stream=" + key + "; call next() first, until it returns true");
        }
        return record;
    }

    @Override
    public long nextPosition() {
        HeldRecord record = current;
        if (record != null) {
            return record.position() + record.frameBytes();
        }
        return held.isEmpty() ? endPosition : held.get(held.size() - 1).position();
    }

    @Override
    public void close() {
        closed = true;
        current = null;
    }
}
