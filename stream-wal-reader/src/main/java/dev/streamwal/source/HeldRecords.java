package dev.streamwal.source;

import dev.streamwal.reader.WalClosedException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Records that were read beforehand, and then what a scan finds behind them. One thread; close it. */
final class HeldRecords implements RecordWalk {

    private final String key;
    /** Newest first; those that were passed have gone. */
    private final List<LastRecord> held;
    private final StreamScan behind;
    private @Nullable LastRecord current;
    private boolean closed;

    /** @param newestFirst one or more; taken over, and emptied */
    HeldRecords(String key, List<LastRecord> newestFirst, StreamScan behind) {
        this.key = key;
        this.held = newestFirst;
        this.behind = behind;
    }

    @Override
    public boolean next() {
        checkUsable();
        current = held.isEmpty() ? null : held.remove(held.size() - 1);
        return current != null || behind.next();
    }

    @Override
    public void checkUsable() {
        if (closed) {
            throw new WalClosedException("a cursor is not used after it was closed: stream=" + key, null, key, nextPosition(), null);
        }
        behind.checkUsable();
    }

    @Override
    public String key() {
        return key;
    }

    @Override
    public WalkedRecord record() {
        LastRecord record = current;
        if (record == null && !held.isEmpty()) {
            checkUsable();
            throw new IllegalStateException("a scan has a record only after next() said so: stream=" + key);
        }
        return record == null ? behind.record() : record;
    }

    @Override
    public long nextPosition() {
        LastRecord record = current;
        if (record != null) {
            return record.position() + record.frameBytes();
        }
        return held.isEmpty() ? behind.nextPosition() : held.get(held.size() - 1).position();
    }

    @Override
    public void close() {
        closed = true;
        current = null;
        behind.close();
    }
}
