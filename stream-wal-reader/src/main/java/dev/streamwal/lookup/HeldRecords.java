package dev.streamwal.lookup;

import dev.streamwal.error.WalClosedException;
import dev.streamwal.walk.RecordWalk;
import dev.streamwal.walk.StreamScan;
import io.netty.buffer.ByteBuf;
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

    /** Null where the scan stands on the record, or there is none. */
    private @Nullable LastRecord held() {
        if (current == null && !held.isEmpty()) {
            checkUsable();
            throw new IllegalStateException("a scan has a record only after next() said so: stream=" + key);
        }
        if (closed) {
            checkUsable();
        }
        return current;
    }

    @Override
    public String key() {
        return key;
    }

    @Override
    public long position() {
        LastRecord record = held();
        return record == null ? behind.position() : record.position();
    }

    @Override
    public int size() {
        LastRecord record = held();
        return record == null ? behind.size() : record.size();
    }

    @Override
    public long timestampMillis() {
        LastRecord record = held();
        return record == null ? behind.timestampMillis() : record.timestampMillis();
    }

    @Override
    public int headerLength() {
        LastRecord record = held();
        return record == null ? behind.headerLength() : record.headerLength();
    }

    @Override
    public int contentLength() {
        LastRecord record = held();
        return record == null ? behind.contentLength() : record.body().length - record.headerLength();
    }

    @Override
    public void copyHeader(ByteBuf target) {
        LastRecord record = held();
        if (record == null) {
            behind.copyHeader(target);
        } else {
            target.writeBytes(record.body(), 0, record.headerLength());
        }
    }

    @Override
    public void copyContent(ByteBuf target) {
        LastRecord record = held();
        if (record == null) {
            behind.copyContent(target);
        } else {
            target.writeBytes(record.body(), record.headerLength(), record.body().length - record.headerLength());
        }
    }

    @Override
    public byte[] copyBody() {
        LastRecord record = held();
        return record == null ? behind.copyBody() : record.body().clone();
    }

    @Override
    public long nextPosition() {
        LastRecord record = current;
        if (record != null) {
            return record.position() + record.size();
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
