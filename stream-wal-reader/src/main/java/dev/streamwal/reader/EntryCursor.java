package dev.streamwal.reader;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.segment.WalkedRecord;
import dev.streamwal.walk.RecordWalk;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.time.Instant;

/**
 * Goes through a stream's records in order of position, unless it was asked for in another one; late records make timestamps go back. It
 * stands on a record after {@link #next()} returned true, and its other methods are about that record. It makes no garbage but by
 * {@link #timestamp()}, {@link #ref()} and {@link #copy()}, and is not an {@link Entry}, so that it can't be collected by mistake. One thread; close it.
 *
 * <p>A cursor at the end sees what is appended later: call {@link #next()} again. One that goes backwards has no such end.
 *
 * @since 1.0
 */
public class EntryCursor implements AutoCloseable {

    private static final int NO_LIMIT = Integer.MAX_VALUE;

    private final RecordWalk walk;
    private long left;
    private final Part header = new Part();
    private final Part content = new Part();

    EntryCursor(RecordWalk walk) {
        this(walk, NO_LIMIT);
    }

    EntryCursor(RecordWalk walk, int limit) {
        this.walk = walk;
        this.left = limit == NO_LIMIT ? Long.MAX_VALUE : limit;
    }

    /** A part of the record, copied when it is asked for, so that its buffer's indices start at 0 whatever it was read with. */
    private static final class Part {
        private ByteBuf bytes = Unpooled.EMPTY_BUFFER;
        private CursorBuffer lent = CursorBuffer.EMPTY;
        private boolean loaded;

        ByteBuf prepare(int length) {
            if (length > bytes.capacity()) {
                bytes.release();
                int capacity = Math.max(64, Integer.highestOneBit(length - 1) << 1);
                bytes = PooledByteBufAllocator.DEFAULT.buffer(capacity, capacity);
                lent = new CursorBuffer(bytes);
            }
            return bytes.clear();
        }

        ByteBuf expose(int length) {
            loaded = true;
            return lent.setIndex(0, length);
        }

        void release() {
            bytes.release();
            bytes = Unpooled.EMPTY_BUFFER;
            lent = CursorBuffer.EMPTY;
        }
    }

    /**
     * Goes to the next record.
     *
     * @return false where there is none, for now
     * @throws CorruptSegmentException where there is damage; the call after goes on behind it
     * @throws UnsupportedFormatException where there is something this version doesn't know; the call after goes on behind it
     * @throws EntryExpiredException where what was to be read has been deleted meanwhile; the call after goes on behind it
     * @throws WalIOException where the file system fails, or a slot was given up by its writer, in which case the call after goes on
     *     behind it
     * @throws WalClosedException where the cursor or its reader has been closed
     */
    public boolean next() {
        header.loaded = false;
        content.loaded = false;
        if (left == 0) {
            // still the place that says whether the cursor may be used
            walk.checkUsable();
            return false;
        }
        if (!walk.next()) {
            return false;
        }
        left--;
        return true;
    }

    /** {@return the key of the stream} */
    public String key() {
        return walk.key();
    }

    /** {@return where the record stands in the stream} */
    public long position() {
        return walk.record().position();
    }

    /** {@return the record's frame with its padding, bytes} */
    public int size() {
        return walk.record().frameBytes();
    }

    /** {@return epoch milliseconds} */
    public long timestampMillis() {
        return walk.record().timestampMillis();
    }

    /** {@return the same as an instant, made anew} */
    public Instant timestamp() {
        return Instant.ofEpochMilli(timestampMillis());
    }

    /**
     * The record's header, read-only, empty where it has none; valid until {@link #next()} or {@link #close()}. It can't be retained: keep
     * {@link #copy()}. Whatever releases it does nothing.
     *
     * @return the cursor's own buffer
     */
    public ByteBuf header() {
        WalkedRecord record = walk.record();
        int length = record.headerLength();
        if (header.loaded) {
            return header.lent;
        }
        record.copyHeader(header.prepare(length));
        return header.expose(length);
    }

    /**
     * The record's content, read-only; valid until {@link #next()} or {@link #close()}. It can't be retained: keep {@link #copy()}. Whatever
     * releases it does nothing.
     *
     * @return the cursor's own buffer
     */
    public ByteBuf content() {
        WalkedRecord record = walk.record();
        int length = record.contentLength();
        if (content.loaded) {
            return content.lent;
        }
        record.copyContent(content.prepare(length));
        return content.expose(length);
    }

    /** {@return where the record stands, to be found again by} */
    public EntryRef ref() {
        return new EntryRef(walk.key(), position(), size());
    }

    /** {@return the record, on the heap} */
    public Entry copy() {
        WalkedRecord record = walk.record();
        return new HeapEntry(ref(), record.timestampMillis(), record.headerLength(), record.copyBody());
    }

    /**
     * Where a later {@link WalReader#scanFrom} resumes, or, of one that goes backwards, a later {@link WalReader#scanBackward}: beyond
     * everything that this cursor has gone past.
     *
     * @return a position in the stream; of a cursor over several, in the record's
     * @throws IllegalStateException where it is over several, and stands on no record
     */
    public long nextPosition() {
        return walk.nextPosition();
    }

    /** While it stands on no record: gives back what it copied the last one to. */
    final void releaseParts() {
        header.release();
        content.release();
    }

    /** Gives its buffers back; a second time it does nothing. */
    @Override
    public void close() {
        walk.close();
        releaseParts();
    }
}
