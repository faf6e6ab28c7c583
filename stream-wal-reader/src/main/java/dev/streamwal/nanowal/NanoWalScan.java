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
 * <p>No checksum proves that a length is right, so the scan looks at the bytes behind the record: it accepts a record only if the file ends
 * there, another signature begins, or only zeros follow. Two bytes of that signature may be wrong: then the next record is damaged, not the
 * length that leads there. A wrong length that happens to lead to such a place goes unnoticed, and so does every change of a header or
 * content.
 *
 * <p>The same evidence decides between the two orders of a record that {@link NanoWalLayout} shows. The later order is assumed, unless only
 * the older one leads to such a place, or the older one leads to a signature or the file's end, and the later one only to zeros.
 *
 * <p>For a length beyond the file's end nothing is read or allocated, and no buffer is larger than the file.
 */
public final class NanoWalScan implements AutoCloseable {

    /** What the scan finds at an offset, with the fault if it isn't a readable record. */
    public enum Stop {
        RECORD("a record"),
        /** The file ends here. */
        END("file ends"),
        /** The record is being written, or was cut. */
        CUT("record reaches beyond the file's end"),
        NO_SIGNATURE("record doesn't start with \"NANORC\""),
        /** The record's length is wrong, or the bytes behind it have changed. */
        UNCONFIRMED("record is followed neither by the file's end nor by \"NANORC\" nor by zeros only"),
        /** A valid record that is too long to be read. */
        TOO_LONG("record is longer than " + NanoWalLayout.MAX_FRAME_BYTES + " bytes");

        private final String fault;

        Stop(String fault) {
            this.fault = fault;
        }

        /** The fault found there. */
        String fault() {
            return fault;
        }
    }

    /** Records up to this length are read with their prefix; of longer ones only the prefix, until they are loaded. */
    private static final int READ_WITH_PREFIX_BYTES = 64 << 10;
    /** Matching bytes of a signature's six that confirm a record: by chance they match at one offset in 300 million. */
    private static final int CONFIRMING_BYTES = 4;
    /** Zeros that confirm a record's end: a content to which a wrong length leads rarely has this many. */
    private static final int MAX_ZEROS = 64 << 10;
    private static final int ZEROS_AT_A_TIME = 4 << 10;
    /** Search range for a record behind an incomplete one: more than the length of most records. */
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
    /** Whether only zeros confirm the record's end: weak evidence, because contents have zeros too. */
    private boolean isConfirmedByZeros;
    private Stop stop = Stop.END;

    /** @param maxReadBytes limit of one read; a larger record is read whole */
    public NanoWalScan(SegmentBytes bytes, int maxReadBytes) throws IOException {
        this.bytes = bytes;
        this.fileBytes = bytes.size();
        int readBytes = (int) Math.max(NanoWalLayout.PREFIX_BYTES, Math.min(maxReadBytes, fileBytes));
        this.buffer = new ReadBuffer(bytes, NanoWalLayout.FILE_HEADER_BYTES, ReadSizes.large(readBytes));
    }

    // ---- moving

    /** Makes {@link #next()} look at this offset. */
    public void seek(long to) {
        next = to;
        buffer.restart();
    }

    /** Buffers the bytes around {@code last}, from {@code first} on at the earliest, for records that are read from the last to the first. */
    void hold(long first, long last) throws IOException {
        if (last < buffer.start() || !buffer.reaches(last + NanoWalLayout.PREFIX_BYTES)) {
            long from = Math.max(first, last - READ_WITH_PREFIX_BYTES);
            boolean unused = buffer.ensure(from, (int) (Math.min(fileBytes, last + READ_WITH_PREFIX_BYTES) - from));
        }
    }

    /** Goes to the next record; false if there is none. The next call looks at the same place again, because the file may have grown. */
    public boolean next() throws IOException {
        offset = next;
        stop = find();
        if (stop != Stop.RECORD && stop != Stop.TOO_LONG) {
            // the record may have been written since the file was read
            buffer.forget();
            fileBytes = bytes.size();
            stop = find();
        }
        if (stop == Stop.RECORD) {
            next = nextOffset();
        }
        return stop == Stop.RECORD;
    }

    /** Skips a record that is too long. */
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

    /** Tries the order with the content length behind the header. If no record stands there in that order, keeps the earlier finding. */
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

    /** Judges a record with that content length. */
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

    /** Judges fewer bytes than a record's prefix. */
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

    /** Whether no bytes or only zeros follow: after a power loss the file may keep its length and lose the bytes written last. */
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
     * Whether another record stands close behind an incomplete one at which the scan stopped. Then the incomplete one's length is garbage,
     * and no process is writing it any more.
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

    // ---- the current place

    /** The finding of the last {@link #next()}. */
    public Stop stop() {
        return stop;
    }

    /** Offset in the file of the record, or of the place where the scan stopped. */
    public long offset() {
        return offset;
    }

    /** Offset where the next record is looked for. */
    long resumeOffset() {
        return next;
    }

    /** Offset where the record ends. */
    public long nextOffset() {
        return offset + frameBytes();
    }

    /** Length of the file when it was last determined. */
    long fileBytes() {
        return fileBytes;
    }

    /** Bytes of the record with its framing. */
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

    /** Reads the whole record, which has to precede copying it; false if the file has been cut since {@link #next()}. */
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
