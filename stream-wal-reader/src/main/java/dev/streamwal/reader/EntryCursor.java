package dev.streamwal.reader;

import dev.streamwal.codec.RecordCodec;
import dev.streamwal.codec.SampleCodec;
import dev.streamwal.encryption.LogKeys;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.KeyUnavailableException;
import dev.streamwal.error.UndecodableRecordException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.SchemaTag;
import dev.streamwal.format.SealLayout;
import dev.streamwal.io.DirectMemory;
import dev.streamwal.io.IoFailure;
import dev.streamwal.segment.WalkedRecord;
import dev.streamwal.walk.RecordWalk;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Goes through records: of one stream in order of position, or in another order if the method that made the cursor says so. Late records make
 * timestamps go back. The cursor stands on a record after {@link #next()} returned true, and its other methods are about that record. It makes no
 * garbage except in {@link #timestamp()}, {@link #ref()}, {@link #copy()} and {@link #typed}. It is not an {@link Entry}, so that it can't be put
 * into a collection by mistake. One thread; close it.
 *
 * <p>An encrypted record is decrypted when its header or content is asked for, which makes some garbage. So these methods, and those that return or
 * decode a copy of them, throw a {@link KeyUnavailableException} if a key that the record needs isn't available, and a
 * {@link CorruptSegmentException} if its bytes aren't those that were encrypted for this place. The cursor can go on. Keys, times and positions can
 * be read without keys.
 *
 * <p>A cursor at the end sees what is appended later: call {@link #next()} again. Those of {@link WalReader#scanBackward} and
 * {@link WalReader#scanLast} don't.
 *
 * @since 1.0
 */
public class EntryCursor implements AutoCloseable {

    private static final long NO_LIMIT = Long.MAX_VALUE;

    private final RecordWalk walk;
    private final LogKeys keys;
    private long left;
    private final Part header = new Part();
    private final Part content = new Part();
    /** The record's header and content decrypted, if it is encrypted and either was asked for. */
    private byte @Nullable [] opened;

    EntryCursor(RecordWalk walk, LogKeys keys) {
        this(walk, keys, NO_LIMIT);
    }

    EntryCursor(RecordWalk walk, LogKeys keys, long limit) {
        this.walk = walk;
        this.keys = keys;
        this.left = limit;
    }

    /** A part of the record, header or content. It is copied when asked for, so that its buffer's indices start at 0. */
    private static final class Part {
        private ByteBuf bytes = Unpooled.EMPTY_BUFFER;
        private CursorBuffer lent = CursorBuffer.EMPTY;
        private boolean loaded;

        ByteBuf prepare(int length, RecordWalk walk) {
            if (length > bytes.capacity()) {
                // there may be no room for a larger one
                release();
                int capacity = Math.max(64, Integer.highestOneBit(length - 1) << 1);
                try {
                    bytes = DirectMemory.buffer(capacity);
                } catch (DirectMemory.UsedUpException e) {
                    throw IoFailure.of("copying a record", e, null, walk.key(), walk.record().position());
                }
                lent = new CursorBuffer(bytes);
            }
            return bytes.clear();
        }

        ByteBuf expose(int length) {
            loaded = true;
            return lent.setIndex(0, length);
        }

        void release() {
            if (bytes.capacity() > 0) {
                lent.end();
            }
            bytes.release();
            bytes = Unpooled.EMPTY_BUFFER;
            lent = CursorBuffer.EMPTY;
        }
    }

    /**
     * Goes to the next record.
     *
     * @return false if there is none, for now
     * @throws CorruptSegmentException if there is damage; the next call continues after it
     * @throws UnsupportedFormatException if a record needs a newer version; the next call continues after it
     * @throws EntryExpiredException if the records to be read next have been deleted; the next call continues after them
     * @throws WalIOException if the file system fails, or a slot was given up by its writer; in the latter case the next call continues after the
     *     slot
     * @throws WalClosedException if the cursor or its reader has been closed
     */
    public boolean next() {
        header.loaded = false;
        content.loaded = false;
        opened = null;
        if (left == 0) {
            // at the limit too, a closed cursor throws
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

    /** {@return the record's position in the stream} */
    public long position() {
        return walk.record().position();
    }

    /**
     * {@return the size of the record's frame as it is stored, with its padding, in bytes; an encrypted record's is larger: see
     * {@link EntryRef#size()}}
     */
    public int size() {
        return walk.record().frameBytes();
    }

    /** {@return epoch milliseconds} */
    public long timestampMillis() {
        return walk.record().timestampMillis();
    }

    /** {@return {@link #timestampMillis()} as an instant, a new object at each call} */
    public Instant timestamp() {
        return Instant.ofEpochMilli(timestampMillis());
    }

    /**
     * The record's header, read-only, empty if it has none; valid until {@link #next()} or {@link #close()}. It can't be retained: keep
     * {@link #copy()}. Releasing it does nothing.
     *
     * @return the cursor's own buffer
     */
    public ByteBuf header() {
        WalkedRecord record = walk.record();
        int length = record.headerLength();
        if (header.loaded) {
            return header.lent;
        }
        if (record.isSealed()) {
            header.prepare(length, walk).writeBytes(opened(record), 0, length);
        } else {
            record.copyHeader(header.prepare(length, walk));
        }
        return header.expose(length);
    }

    /**
     * The record's content, read-only; valid until {@link #next()} or {@link #close()}. It can't be retained: keep {@link #copy()}. Releasing it
     * does nothing.
     *
     * @return the cursor's own buffer
     */
    public ByteBuf content() {
        WalkedRecord record = walk.record();
        int length = contentLength(record);
        if (content.loaded) {
            return content.lent;
        }
        if (record.isSealed()) {
            content.prepare(length, walk).writeBytes(opened(record), record.headerLength(), length);
        } else {
            record.copyContent(content.prepare(length, walk));
        }
        return content.expose(length);
    }

    private static int contentLength(WalkedRecord record) {
        return record.isSealed() ? record.contentLength() - SealLayout.BYTES : record.contentLength();
    }

    /** The record decrypted, once. */
    private byte[] opened(WalkedRecord record) {
        byte[] known = opened;
        if (known == null) {
            known = keys.open(record.copyBody(), walk.key(), record.position(), record.timestampMillis(), record.headerLength());
            opened = known;
        }
        return known;
    }

    /**
     * The value of a sample, as {@code StreamWal.samples} and {@link SampleCodec} write it; its time is {@link #timestampMillis()}.
     *
     * @return the number that was appended
     * @throws UndecodableRecordException if the record isn't a sample; the cursor can go on
     */
    public double sampleValue() {
        if (schemaTag() == SchemaTag.SAMPLE && contentLength(walk.record()) == Double.BYTES) {
            return content().getDoubleLE(0);
        }
        return Decoding.value(SampleCodec.instance(), schemaTag(), wholeContent(), key(), position());
    }

    /**
     * This cursor, with values of a type in place of bytes. Both move together; closing either closes both.
     *
     * @param <T> type of the values
     * @param codec makes them of the records' contents
     * @return to be closed by the caller, in place of this one
     * @throws IllegalArgumentException if the codec's schema id or version is out of range
     */
    public <T> TypedCursor<T> typed(RecordCodec<T> codec) {
        return new TypedCursor<>(this, codec);
    }

    /** The tag at the end of the record's header; {@link SchemaTag#NONE} if there is none. */
    final long schemaTag() {
        return SchemaTag.in(header(), walk.record().headerLength());
    }

    /** The header without the tag, with its indices set again. */
    final ByteBuf headerBeforeTag() {
        int length = walk.record().headerLength();
        return header().setIndex(0, schemaTag() == SchemaTag.NONE ? length : length - SchemaTag.BYTES);
    }

    /** The content, with its indices set again. */
    final ByteBuf wholeContent() {
        return content().setIndex(0, contentLength(walk.record()));
    }

    /** {@return a reference to the record, by which it can be read again} */
    public EntryRef ref() {
        return new EntryRef(walk.key(), position(), size());
    }

    /** {@return a copy of the record, on the heap} */
    public Entry copy() {
        WalkedRecord record = walk.record();
        byte[] body = record.isSealed() ? opened(record).clone() : record.copyBody();
        return new HeapEntry(ref(), record.timestampMillis(), record.headerLength(), body);
    }

    /**
     * Where a later {@link WalReader#scanFrom} resumes: after everything that this cursor has passed. For a cursor that goes backwards, where a later
     * {@link WalReader#scanBackward} resumes.
     *
     * @return a position in the stream; for a cursor over several streams, in the stream of the record
     * @throws IllegalStateException if the cursor is over several streams, and is on no record
     */
    public long nextPosition() {
        return walk.nextPosition();
    }

    /** Releases the buffers that the last record was copied to. Only while the cursor stands on no record. */
    final void releaseParts() {
        header.release();
        content.release();
    }

    /** Releases its buffers. A second call does nothing. */
    @Override
    public void close() {
        try {
            walk.close();
        } finally {
            releaseParts();
        }
    }
}
