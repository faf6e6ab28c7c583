package dev.streamwal.engine;

import dev.streamwal.codec.RecordCodec;
import dev.streamwal.error.RecordTooLargeException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.SchemaTag;
import dev.streamwal.retention.StreamPolicy;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledHeapByteBuf;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A typed record as a program's codec has written it, in an array that the thread reuses: the content, then the header with its tag. So the codec is
 * done before the record gets a place, and copying the record there runs none of the program's code.
 */
public final class EncodedRecord {

    /** A buffer that grew beyond this for one large record isn't kept. */
    private static final int MAX_KEPT_BYTES = 1 << 20;
    private static final int INITIAL_BYTES = 256;
    private static final int NO_LIMIT = Integer.MAX_VALUE;

    /** Null while the thread's record is in use: a codec that appends another record while it writes one gets a record of its own for that. */
    private static final ThreadLocal<@Nullable EncodedRecord> REUSED = ThreadLocal.withInitial(EncodedRecord::new);

    private static final byte[] NO_HEADER = {};

    private final Target target = new Target();
    private int contentLength;

    private EncodedRecord() {}

    /**
     * Asks the codec; to be {@link #giveBack given back}.
     *
     * @param stream named if the record is too large
     */
    public static <T> EncodedRecord of(RecordCodec<T> codec, long tag, byte[] header, T value, int maxBytes, String stream) {
        EncodedRecord record = take();
        try {
            record.encode(codec, value, maxBytes, stream);
            record.endWith(header, tag);
            return record;
        } catch (Throwable e) {
            record.giveBack();
            throw e;
        }
    }

    /** As above, for a stream that isn't known yet: its limit may be lower than that of all streams. */
    public static <T> EncodedRecord of(RecordCodec<T> codec, long tag, byte[] header, T value) {
        return of(codec, tag, header, value, StreamPolicy.MAX_RECORD_BYTES, "");
    }

    /** To be {@link #giveBack given back}. */
    public static EncodedRecord ofSample(double value) {
        EncodedRecord record = take();
        record.target.begin(NO_LIMIT, "");
        record.target.writeDoubleLE(value);
        record.endWith(NO_HEADER, SchemaTag.SAMPLE);
        return record;
    }

    private static EncodedRecord take() {
        EncodedRecord reused = REUSED.get();
        REUSED.set(null);
        return reused == null ? new EncodedRecord() : reused;
    }

    private <T> void encode(RecordCodec<T> codec, T value, int maxBytes, String stream) {
        target.begin(maxBytes, stream);
        try {
            codec.encode(value, target);
        } catch (RuntimeException e) {
            throw target.refusal == null ? e : target.refusal;
        }
        if (target.refusal != null) {
            throw target.refusal;
        }
    }

    private void endWith(byte[] header, long tag) {
        contentLength = target.writerIndex();
        target.end();
        target.writeBytes(header).writeLongLE(tag);
    }

    public byte[] array() {
        return target.array();
    }

    /** The content is at the array's beginning. */
    public int contentLength() {
        return contentLength;
    }

    /** The header follows the content. */
    public int headerLength() {
        return target.writerIndex() - contentLength;
    }

    /** A copy of the header, of the caller's own. */
    public byte[] headerBytes() {
        return Arrays.copyOfRange(array(), contentLength, contentLength + headerLength());
    }

    /** A copy of the content, of the caller's own. */
    public byte[] contentBytes() {
        return Arrays.copyOf(array(), contentLength);
    }

    /** Its array may be used for the thread's next record from now on. */
    public void giveBack() {
        REUSED.set(target.capacity() <= MAX_KEPT_BYTES && target.refCnt() == 1 ? this : new EncodedRecord());
    }

    /** What the codec writes to. */
    private static final class Target extends UnpooledHeapByteBuf {

        private int maxBytes = NO_LIMIT;
        private String stream = "";
        /** Was thrown to the codec, which may have swallowed it. */
        private @Nullable RecordTooLargeException refusal;

        Target() {
            super(UnpooledByteBufAllocator.DEFAULT, INITIAL_BYTES, Integer.MAX_VALUE);
        }

        void begin(int newMaxBytes, String newStream) {
            clear();
            maxBytes = newMaxBytes;
            stream = newStream;
            refusal = null;
        }

        /** What is written from now on isn't the codec's. */
        void end() {
            maxBytes = NO_LIMIT;
        }

        /** Grows while it has less than the limit, to more than the limit if need be: the record's size is checked when the record is written. */
        @Override
        public ByteBuf capacity(int newCapacity) {
            if (newCapacity > capacity() && capacity() >= maxBytes) {
                refusal = stream.isEmpty()
                        ? new RecordTooLargeException("encoded record is too large: max=" + maxBytes + "; split it", null, null,
                                WalException.NO_POSITION)
                        : new RecordTooLargeException("encoded record is too large: maxRecordBytes=" + maxBytes + ", stream=" + stream
                                + "; split it, or raise maxRecordBytes, which segmentBytes limits", null, stream, WalException.NO_POSITION);
                throw refusal;
            }
            return super.capacity(newCapacity);
        }
    }
}
