package dev.streamwal.nanowal;

import dev.streamwal.format.NanoWalLayout;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.segment.ReadBuffer;
import dev.streamwal.segment.ReadSizes;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Walks the records of one nano-wal file by their framing: the one parser of that format. One thread; close it.
 *
 * <p>No checksum says that a length is right, so it asks what stands where the record ends: a record is one only if the file ends there,
 * another signature begins, or nothing but zeros follow. Of a signature two bytes may be wrong: then it is the next record that is damaged,
 * and not the length that leads there. A wrong length that happens to lead to a place like that goes unnoticed, and so does every change of
 * a header or content. By the same evidence it tells which of the two orders a record has that {@link NanoWalLayout} shows: the later one,
 * unless only the older one leads to such a place, or only the older one to a signature or the file's end and the later one to zeros.
 *
 * <p>Nothing is read or allocated for a length that goes beyond the file's end, and no buffer is larger than the file.
 */
public final class NanoWalScan implements AutoCloseable {

    /** What is found at an offset. */
    public enum Stop {
        RECORD("a record stands there"),
        /** Nothing behind it. */
        END("the file ends where a record does"),
        /** Being written, or cut. */
        CUT("a record ends in its file"),
        NO_SIGNATURE("a record starts with \"NANORC\""),
        /** Its length is wrong, or what follows it is not what it was. */
        UNCONFIRMED("behind a record's last byte the file ends, or goes on with \"NANORC\", or with zeros only"),
        /** A record, though not one that can be read. */
        TOO_LONG("a record that can be read has at most " + NanoWalLayout.MAX_FRAME_BYTES + " bytes");

        private final String rule;

        Stop(String rule) {
            this.rule = rule;
        }

        /** What isn't so there. */
        String rule() {
            return rule;
        }
    }

    /** Records up to this length are read with their prefix; of longer ones only that, until they are loaded. */
    private static final int READ_WITH_PREFIX_BYTES = 64 << 10;
    /** Of a signature's six: chance has it for one offset in 300 million. */
    private static final int CONFIRMING_BYTES = 4;
    /** So many are no part of a content that a wrong length leads to, mostly. */
    private static final int MAX_ZEROS = 64 << 10;
    private static final int ZEROS_AT_A_TIME = 4 << 10;
    /** How far a record is looked for behind one that the file doesn't hold: farther than most records are long. */
    private static final int MAX_SEARCH_BYTES = 1 << 20;

    private final SegmentBytes bytes;
    private final ReadBuffer buffer;
    private final ByteBuffer following = ByteBuffer.allocate(NanoWalLayout.SIGNATURE_BYTES).order(ByteOrder.LITTLE_ENDIAN);

    private long fileBytes;
    private long offset;
    private long next = NanoWalLayout.FILE_HEADER_BYTES;
    private int headerLength;
    private long contentLength;
    private boolean isLengthBehind;
    /** Whether what follows a record are zeros, which a content may have as well, and nothing more certain. */
    private boolean isConfirmedByZeros;
    private Stop stop = Stop.END;

    /** @param maxReadBytes what is read at a time, at most; a larger record is read whole */
    public NanoWalScan(SegmentBytes bytes, int maxReadBytes) throws IOException {
        this.bytes = bytes;
        this.fileBytes = bytes.size();
        int readBytes = (int) Math.max(NanoWalLayout.PREFIX_BYTES, Math.min(maxReadBytes, fileBytes));
        this.buffer = new ReadBuffer(bytes, NanoWalLayout.FILE_HEADER_BYTES, ReadSizes.large(readBytes));
    }

    // ---- moving

    /** The next record asked for is the one there. */
    public void seek(long to) {
        next = to;
        buffer.restart();
    }

    /** Reads what stands from {@code first} to {@code last} and behind, as far as need be, for records that are read from the last on. */
    void hold(long first, long last) throws IOException {
        if (last < buffer.start() || !buffer.reaches(last + NanoWalLayout.PREFIX_BYTES)) {
            long from = Math.max(first, last - READ_WITH_PREFIX_BYTES);
            boolean unused = buffer.ensure(from, (int) (Math.min(fileBytes, last + READ_WITH_PREFIX_BYTES) - from));
        }
    }

    /** Goes to the next record; false where there is none, which is the case again at the next call unless the file has grown. */
    public boolean next() throws IOException {
        offset = next;
        stop = find();
        if (stop != Stop.RECORD && stop != Stop.TOO_LONG) {
            // written meanwhile, perhaps
            buffer.forget();
            fileBytes = bytes.size();
            stop = find();
        }
        if (stop == Stop.RECORD) {
            next = nextOffset();
        }
        return stop == Stop.RECORD;
    }

    /** Goes past a record that is too long. */
    public void skip() {
        next = nextOffset();
    }

    private Stop find() throws IOException {
        if (fileBytes - offset < NanoWalLayout.PREFIX_BYTES) {
            return offset >= fileBytes ? Stop.END : findBegun((int) (fileBytes - offset));
        }
        if (!buffer.ensure(offset, NanoWalLayout.PREFIX_BYTES)) {
            return Stop.CUT;
        }
        int index = buffer.index(offset);
        if (!NanoWalLayout.isRecord(buffer.bytes(), index)) {
            return Stop.NO_SIGNATURE;
        }
        headerLength = NanoWalLayout.headerLength(buffer.bytes(), index);
        isLengthBehind = false;
        Stop found = judge(NanoWalLayout.contentLength(buffer.bytes(), index));
        return headerLength == 0 || (isRecord(found) && !isConfirmedByZeros) ? found : findOlder(found);
    }

    /** The record with its content length behind its header, or else what was found before. */
    private Stop findOlder(Stop found) throws IOException {
        long inFront = contentLength;
        int upToContent = NanoWalLayout.PREFIX_BYTES + headerLength;
        if (fileBytes - offset >= upToContent && buffer.ensure(offset, upToContent)) {
            Stop older = judge(NanoWalLayout.contentLengthBehind(buffer.bytes(), buffer.index(offset), headerLength));
            if (isRecord(older) && !(isRecord(found) && isConfirmedByZeros)) {
                isLengthBehind = true;
                return older;
            }
        }
        contentLength = inFront;
        return found;
    }

    private static boolean isRecord(Stop found) {
        return found == Stop.RECORD || found == Stop.TOO_LONG;
    }

    /** What a record of that length would be. */
    private Stop judge(long length) throws IOException {
        contentLength = length;
        isConfirmedByZeros = false;
        long frame = NanoWalLayout.checkedFrameBytes(headerLength, contentLength, fileBytes - offset);
        if (frame < 0) {
            return Stop.CUT;
        }
        if (!isConfirmed(frame)) {
            return Stop.UNCONFIRMED;
        }
        return frame > NanoWalLayout.MAX_FRAME_BYTES ? Stop.TOO_LONG : Stop.RECORD;
    }

    /** Fewer bytes than a record's prefix. */
    private Stop findBegun(int available) throws IOException {
        int signature = Math.min(available, NanoWalLayout.SIGNATURE_BYTES);
        boolean begun = buffer.ensure(offset, available)
                && NanoWalLayout.signatureBytes(buffer.bytes(), buffer.index(offset), signature) == signature;
        return begun ? Stop.CUT : Stop.NO_SIGNATURE;
    }

    private boolean isConfirmed(long frame) throws IOException {
        long end = offset + frame;
        int available = (int) Math.min(NanoWalLayout.SIGNATURE_BYTES, fileBytes - end);
        if (available == 0) {
            return true;
        }
        if (frame <= READ_WITH_PREFIX_BYTES && buffer.ensure(offset, (int) frame + available)) {
            return isConfirmed(buffer.bytes(), buffer.index(end), available, end);
        }
        following.clear().limit(available);
        return bytes.read(following, end) == available && isConfirmed(following, 0, available, end);
    }

    private boolean isConfirmed(ByteBuffer source, int index, int available, long end) throws IOException {
        if (NanoWalLayout.signatureBytes(source, index, available) >= CONFIRMING_BYTES) {
            return true;
        }
        int begun = 0;
        while (begun < available && NanoWalLayout.signatureBytes(source, index, begun + 1) > begun) {
            begun++;
        }
        isConfirmedByZeros = true;
        return isZeroFrom(end + begun);
    }

    /** Whether there is nothing, or nothing but zeros: where the file's length outlived a loss of power, and what was written last didn't. */
    private boolean isZeroFrom(long from) throws IOException {
        ByteBuffer some = ByteBuffer.allocate((int) Math.min(ZEROS_AT_A_TIME, fileBytes - from));
        long to = Math.min(fileBytes, from + MAX_ZEROS);
        for (long at = from; at < to; at += some.limit()) {
            some.clear().limit((int) Math.min(some.capacity(), to - at));
            if (bytes.read(some, at) < some.limit() || some.flip().mismatch(ByteBuffer.allocate(some.limit())) >= 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * Whether a record is found close behind the place where the scan stopped, because the one there is cut: then that one's length is
     * garbage, and nobody is writing it any more.
     */
    boolean isFollowed() throws IOException {
        long from = offset + 1;
        try (NanoWalScan search = new NanoWalScan(bytes, MAX_SEARCH_BYTES)) {
            int length = (int) Math.min(MAX_SEARCH_BYTES, search.fileBytes - from);
            return length >= NanoWalLayout.PREFIX_BYTES && search.isRecordIn(from, length);
        }
    }

    private boolean isRecordIn(long from, int length) throws IOException {
        for (long at = from; at <= from + length - NanoWalLayout.PREFIX_BYTES; at++) {
            if (!buffer.ensure(at, NanoWalLayout.PREFIX_BYTES)) {
                return false;
            }
            if (NanoWalLayout.isRecord(buffer.bytes(), buffer.index(at))) {
                offset = at;
                Stop found = find();
                if (isRecord(found)) {
                    return true;
                }
            }
        }
        return false;
    }

    // ---- where it is

    /** What the last call of {@link #next()} found. */
    public Stop stop() {
        return stop;
    }

    /** Where the record starts in the file, or where the scan stopped. */
    public long offset() {
        return offset;
    }

    /** Where the next record is looked for. */
    long resumeOffset() {
        return next;
    }

    /** Where the record ends. */
    public long nextOffset() {
        return offset + frameBytes();
    }

    /** How long the file was when it was asked last. */
    long fileBytes() {
        return fileBytes;
    }

    /** Of the record. */
    public long frameBytes() {
        return NanoWalLayout.PREFIX_BYTES + headerLength + contentLength;
    }

    /** Bytes. */
    public int headerLength() {
        return headerLength;
    }

    /** Bytes. */
    public int contentLength() {
        return (int) contentLength;
    }

    // ---- its bytes

    /** Reads the record whole, before it is copied; false where the file has been cut meanwhile. */
    public boolean load() throws IOException {
        return buffer.ensure(offset, (int) frameBytes());
    }

    /** Appends the header to the target. */
    public void copyHeader(ByteBuf target) {
        buffer.copy(headerIndex(), headerLength, target);
    }

    /** Appends the content to the target. */
    public void copyContent(ByteBuf target) {
        buffer.copy(contentIndex(), contentLength(), target);
    }

    /** The header, then the content. */
    public byte[] copyBody() {
        ByteBuf body = Unpooled.wrappedBuffer(new byte[headerLength + contentLength()]).clear();
        copyHeader(body);
        copyContent(body);
        return body.array();
    }

    private int headerIndex() {
        return buffer.index(offset) + (isLengthBehind ? NanoWalLayout.EARLY_HEADER : NanoWalLayout.PREFIX_BYTES);
    }

    /** The same in both orders. */
    private int contentIndex() {
        return buffer.index(offset) + NanoWalLayout.PREFIX_BYTES + headerLength;
    }

    @Override
    public void close() {
        buffer.close();
    }
}
