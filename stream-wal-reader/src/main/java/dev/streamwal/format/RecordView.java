package dev.streamwal.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A flyweight over one framed record in a buffer. Its values are valid until it is moved or the buffer changes. One
 * thread.
 *
 * <pre>
 *   switch (view.check(buffer, index, available, position, salt)) { case VALID -&gt; … view.timestampMillis() … }
 * </pre>
 */
public final class RecordView {

    /** What a place in a segment turns out to hold. */
    public enum Verdict {
        /** A record whose checksum is right. */
        VALID,
        /** A zero commit word: no record, or none yet. */
        EMPTY,
        /** A word that is neither zero nor a commit word. */
        NOT_A_RECORD,
        /** Lengths that exceed the bytes available, or the limits. */
        TOO_LONG,
        /** The lengths could be right, the checksum isn't. */
        BAD_CHECKSUM
    }

    private final RecordChecksum checksum = new RecordChecksum();
    private ByteBuffer buffer = ByteBuffer.allocate(0);
    private int index;
    private int frameBytes;
    private long position;
    private long commitWord;
    /** Kept, as each is asked for several times a record. */
    private int contentLength;
    private int flags;

    /**
     * Reads only the prefix, and returns {@code EMPTY}, {@code NOT_A_RECORD}, {@code TOO_LONG}, or, with only the lengths checked, {@code VALID}: then the
     * caller reads {@link #frameBytes()} bytes from {@code index} on and checks them. If less than the prefix is available, a complete commit word may still be
     * {@code EMPTY} or {@code NOT_A_RECORD}; otherwise the verdict is {@code TOO_LONG}.
     *
     * @param source little-endian, holding {@link RecordLayout#PREFIX_BYTES} from {@code index} on, or as many as are
     * available
     * @param available bytes in the file from the record's start to the end of the data, or of the file
     */
    public Verdict peek(ByteBuffer source, int index, long available, long position) {
        assert source.order() == ByteOrder.LITTLE_ENDIAN;
        this.buffer = source;
        this.index = index;
        this.position = position;
        this.commitWord = 0;
        this.frameBytes = 0;
        this.contentLength = 0;
        this.flags = 0;
        if (available < Long.BYTES) {
            return Verdict.TOO_LONG;
        }
        this.commitWord = source.getLong(index + RecordLayout.COMMIT_WORD);
        if (commitWord == 0) {
            return Verdict.EMPTY;
        }
        if (!RecordLayout.isCommitWord(commitWord)) {
            return Verdict.NOT_A_RECORD;
        }
        if (available < RecordLayout.PREFIX_BYTES) {
            return Verdict.TOO_LONG;
        }
        this.contentLength = source.getInt(index + RecordLayout.CONTENT_LENGTH);
        this.flags = source.getInt(index + RecordLayout.FLAGS);
        int frame = RecordLayout.checkedFrameBytes(commitWord, contentLength, flags, available);
        if (frame < 0) {
            return Verdict.TOO_LONG;
        }
        this.frameBytes = frame;
        return Verdict.VALID;
    }

    /**
     * As {@link #peek}, then the checksum; the buffer must hold the whole frame, or the verdict is {@code TOO_LONG}.
     */
    public Verdict check(ByteBuffer source, int index, int available, long position, long salt) {
        Verdict verdict = peek(source, index, Math.min(available, source.limit() - index), position);
        return verdict == Verdict.VALID && !checksumMatches(salt) ? Verdict.BAD_CHECKSUM : verdict;
    }

    /** After a {@link #peek} that said {@code VALID}, with the whole frame in the buffer. */
    public boolean checksumMatches(long salt) {
        return checksum(salt) == buffer.getInt(index + RecordLayout.CHECKSUM);
    }

    /** The checksum computed from the frame's bytes. After a {@link #peek} that said {@code VALID}, with the whole frame in the buffer. */
    public int checksum(long salt) {
        checksum.reset();
        int from = index + RecordLayout.PREFIX_BYTES;
        int length = headerLength() + contentLength();
        if (buffer.hasArray()) {
            checksum.update(buffer.array(), buffer.arrayOffset() + from, length);
        } else {
            int limit = buffer.limit();
            int mark = buffer.position();
            buffer.limit(from + length).position(from);
            checksum.update(buffer);
            buffer.limit(limit).position(mark);
        }
        return checksum.finish(salt, position, commitWord, contentLength(), flags(), previousSize(), timestampMillis());
    }

    /** The record's position in its stream. */
    public long position() {
        return position;
    }

    /** Index in the buffer of the frame. */
    public int index() {
        return index;
    }

    /** The frame with its padding; 0 if there is none. */
    public int frameBytes() {
        return frameBytes;
    }

    public int headerLength() {
        return RecordLayout.headerLength(commitWord);
    }

    public int contentLength() {
        return contentLength;
    }

    public int flags() {
        return flags;
    }

    /** How a reader treats the record. */
    public Visibility visibility() {
        return Visibility.of(flags());
    }

    public int previousSize() {
        return buffer.getInt(index + RecordLayout.PREVIOUS_SIZE);
    }

    public long timestampMillis() {
        return buffer.getLong(index + RecordLayout.TIMESTAMP);
    }

    /** Index in the buffer of the record's own header. */
    public int headerIndex() {
        return index + RecordLayout.PREFIX_BYTES;
    }

    /** Index in the buffer of the content. */
    public int contentIndex() {
        return headerIndex() + headerLength();
    }
}
