package dev.streamwal.reader;

import dev.streamwal.encryption.LogKeys;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.error.KeyUnavailableException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The records that {@link WalReader#readBatch} was asked for, in the order asked. All were read and verified before the call returned. The batch
 * owns the buffers: {@link #get} what you need, then close it. Not thread-safe.
 *
 * @since 1.0
 */
public final class EntryBatch implements AutoCloseable {

    /** The result for a ref. */
    public enum Status {
        /** The record is there, and verifies. If it is encrypted, {@link EntryBatch#get} tells whether it can be decrypted. */
        FOUND,
        /** The record has been deleted: it expired, or was purged, or its stream was deleted. Also if nothing is left that tells whether there was one. */
        EXPIRED,
        /**
         * There is no such record: there never was one, or it was erased or cut off. In another process than the writer's, also for a record that was
         * just appended to a shared segment, until the records before it there are complete.
         */
        NOT_FOUND,
        /** The bytes there don't verify, or need a newer version. */
        CORRUPT
    }

    private final EntryRef[] refs;
    private final Status[] statuses;
    /** Where a found record's frame is: index of its buffer in the high half, offset in the buffer in the low. */
    private final long[] places;
    /** Why refs can't be read, by their indexes; null if all can. */
    private final @Nullable WalException @Nullable [] failures;
    private final List<ByteBuf> buffers;
    private final FrameShape shape;
    private final LogKeys keys;
    private @Nullable Entry @Nullable [] entries;
    private boolean closed;

    /** @param answers to all refs */
    EntryBatch(BatchAnswers answers, FrameShape shape, LogKeys keys) {
        this.refs = answers.refs;
        this.statuses = answers.statuses;
        this.places = answers.places;
        this.failures = answers.failures();
        this.buffers = answers.memory.buffers();
        this.shape = shape;
        this.keys = keys;
    }

    /** {@return how many refs were asked for} */
    public int size() {
        return refs.length;
    }

    /**
     * The result for a ref.
     *
     * @param index of the ref, in the order asked
     * @return its status
     */
    public Status status(int index) {
        checkOpen();
        return statuses[index];
    }

    /**
     * The record, the same object at every call. Its buffers are valid until {@link #close()}, or longer if they are retained.
     *
     * @param index of the ref, in the order asked
     * @return the record
     * @throws EntryExpiredException if the status is {@code EXPIRED}
     * @throws EntryNotFoundException if it is {@code NOT_FOUND}
     * @throws CorruptSegmentException if it is {@code CORRUPT}, or if the record is encrypted and its bytes aren't those that were encrypted for this
     *     place
     * @throws UnsupportedFormatException if it is {@code CORRUPT} because the record needs a newer version
     * @throws KeyUnavailableException if the record is encrypted, and a key that it needs isn't available
     */
    public Entry get(int index) {
        checkOpen();
        if (statuses[index] != Status.FOUND) {
            throw failure(index);
        }
        @Nullable Entry[] known = entries;
        if (known == null) {
            known = new Entry[refs.length];
            entries = known;
        }
        Entry entry = known[index];
        if (entry == null) {
            ByteBuf buffer = buffers.get((int) (places[index] >>> 32));
            int frame = (int) places[index];
            entry = shape.isSealed(buffer, frame) ? opened(refs[index], buffer, frame) : new Slice(this, refs[index], buffer, frame);
            known[index] = entry;
        }
        return entry;
    }

    /** Decrypts the record to the heap; the buffers keep the encrypted bytes. */
    private Entry opened(EntryRef ref, ByteBuf buffer, int frame) {
        int headerLength = shape.headerLength(buffer, frame);
        long timestampMillis = shape.timestampMillis(buffer, frame);
        byte[] sealed = ByteBufUtil.getBytes(buffer, frame + shape.prefixBytes(), headerLength + shape.contentLength(buffer, frame));
        return new HeapEntry(ref, timestampMillis, headerLength, keys.open(sealed, ref.key(), ref.position(), timestampMillis, headerLength));
    }

    private WalException failure(int index) {
        EntryRef ref = refs[index];
        WalException known = failures == null ? null : failures[index];
        if (known != null) {
            return known;
        }
        return statuses[index] == Status.EXPIRED
                ? new EntryExpiredException("record has been deleted: ref=" + ref + "; it expired, or was purged, deleted or cut off", null,
                        ref.key(), ref.position(), ref.end(), true, null)
                : new EntryNotFoundException("no record at the ref: ref=" + ref + "; it was erased or cut off, or the ref is of another log", null,
                        ref.key(), ref.position(), null);
    }

    /**
     * The records that were found, in the order asked.
     *
     * @return those whose status is {@code FOUND}
     * @throws KeyUnavailableException if one is encrypted, and a key that it needs isn't available
     */
    public List<Entry> found() {
        checkOpen();
        List<Entry> found = new ArrayList<>(refs.length);
        for (int i = 0; i < refs.length; i++) {
            if (statuses[i] == Status.FOUND) {
                found.add(get(i));
            }
        }
        return found;
    }

    /** Releases the buffers. A second call does nothing. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            buffers.forEach(ByteBuf::release);
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new WalClosedException("batch is closed; read the records again", null, null, WalException.NO_POSITION, null);
        }
    }

    /** How many buffers hold the records. */
    int bufferCount() {
        return buffers.size();
    }

    /** A record in one of the batch's buffers; slices are made when they are asked for, because they cost more than the reading. */
    private static final class Slice implements Entry {

        private final EntryBatch batch;
        private final EntryRef ref;
        private final ByteBuf buffer;
        private final int frame;
        private final int headerLength;
        private @Nullable ByteBuf header;
        private @Nullable ByteBuf content;

        Slice(EntryBatch batch, EntryRef ref, ByteBuf buffer, int frame) {
            this.batch = batch;
            this.ref = ref;
            this.buffer = buffer;
            this.frame = frame;
            this.headerLength = batch.shape.headerLength(buffer, frame);
        }

        @Override
        public EntryRef ref() {
            return ref;
        }

        @Override
        public long timestampMillis() {
            batch.checkOpen();
            return batch.shape.timestampMillis(buffer, frame);
        }

        @Override
        public ByteBuf header() {
            ByteBuf known = header;
            if (known == null) {
                batch.checkOpen();
                known = headerLength == 0 ? Unpooled.EMPTY_BUFFER : buffer.slice(headerIndex(), headerLength).asReadOnly();
                header = known;
            }
            return known;
        }

        @Override
        public ByteBuf content() {
            ByteBuf known = content;
            if (known == null) {
                batch.checkOpen();
                known = buffer.slice(contentIndex(), contentLength()).asReadOnly();
                content = known;
            }
            return known;
        }

        @Override
        public byte[] headerBytes() {
            batch.checkOpen();
            return ByteBufUtil.getBytes(buffer, headerIndex(), headerLength);
        }

        @Override
        public byte[] contentBytes() {
            batch.checkOpen();
            return ByteBufUtil.getBytes(buffer, contentIndex(), contentLength());
        }

        private int headerIndex() {
            return frame + batch.shape.prefixBytes();
        }

        private int contentIndex() {
            return headerIndex() + headerLength;
        }

        private int contentLength() {
            return batch.shape.contentLength(buffer, frame);
        }

        @Override
        public String toString() {
            return ref.toString();
        }
    }
}
