package dev.streamwal.source;

import dev.streamwal.format.BatchLayout;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.RecordView;
import dev.streamwal.format.SegmentHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Walks the records of one segment, forwards, backwards, and past damage. It is itself the view of the record it stands on, and makes no
 * garbage. The one parser of the format: reading, recovery and the rebuilding of indices all use it. One thread; close it.
 *
 * <pre>
 *   scan.seek(header.headerLength());
 *   while (scan.next()) { … scan.offset(), scan.timestampMillis() … }
 *   switch (scan.judge()) { case CLEAN_END -&gt; … case HOLE -&gt; … scan.nextValid() … }
 * </pre>
 *
 * <p>Every record handed out verifies, control records among them. A member of a batch is a record only if its batch and all that
 * belongs to it verify. Bytes that don't verify are read anew once before the scan stops at them, as they may have been written since.
 */
public final class SegmentScan implements AutoCloseable {

    /** What is read at a time at first; doubled with every read in sequence. */
    private static final int FIRST_READ_BYTES = 64 << 10;

    /** Backwards less at first: mostly the last few records are wanted. */
    private static final int FIRST_BACK_READ_BYTES = 4 << 10;

    private static final int DEFAULT_READ_BYTES = 1 << 20;

    private static final long NOWHERE = -1;

    /** Why the scan doesn't stand on a record. */
    private enum Finding {
        RECORD("a record"),
        END("a record ends before the file does"),
        EMPTY("a commit word isn't zero"),
        NOT_A_RECORD("a commit word starts with NANORC"),
        TOO_LONG("a record's lengths fit the limits and what is left of the segment"),
        BAD_CHECKSUM("a record's checksum is right"),
        BROKEN_BATCH("a batch's members verify, all of them"),
        STRAY_MEMBER("a batch's member follows its batch"),
        TOO_NEW("a data record has only flags this version knows");

        final String rule;

        Finding(String rule) {
            this.rule = rule;
        }
    }

    private final SegmentBytes bytes;
    private final SegmentHeader header;
    private final int maxReadBytes;
    private final RecordView view = new RecordView();

    private ByteBuf window;
    private ByteBuffer windowBytes;
    private long windowStart;
    private int windowLength;
    private int readBytes = FIRST_READ_BYTES;
    private int backReadBytes = FIRST_BACK_READ_BYTES;
    private long reads;

    private long limit = Long.MAX_VALUE;
    private long offset;
    private long next;
    private int back;
    private long batchStart = NOWHERE;
    private long batchEnd = NOWHERE;
    private Finding finding = Finding.END;
    private long nextValid = NOWHERE;

    /** A scan that reads up to 1 MiB at a time. */
    public SegmentScan(SegmentBytes bytes, SegmentHeader header) {
        this(bytes, header, DEFAULT_READ_BYTES);
    }

    /** @param maxReadBytes what is read at a time, at most; larger records are read whole */
    public SegmentScan(SegmentBytes bytes, SegmentHeader header, int maxReadBytes) {
        this.bytes = bytes;
        this.header = header;
        this.maxReadBytes = maxReadBytes;
        int capacity = Math.min(FIRST_READ_BYTES, maxReadBytes);
        this.window = PooledByteBufAllocator.DEFAULT.directBuffer(capacity, capacity);
        this.windowBytes = window.nioBuffer(0, capacity).order(ByteOrder.LITTLE_ENDIAN);
        seek(header.headerLength());
    }

    /** Of the segment that is scanned. */
    public SegmentHeader header() {
        return header;
    }

    /** No record reaches past this offset of the file: where the data is known to end. */
    public void limit(long dataEnd) {
        this.limit = dataEnd;
    }

    /** The following {@link #next()} looks at this offset. */
    public void seek(long recordOffset) {
        this.offset = recordOffset;
        this.next = recordOffset;
        this.back = 0;
        this.readBytes = FIRST_READ_BYTES;
        this.finding = Finding.END;
    }

    /** The following {@link #previous()} goes to the record that ends at this offset and has this size; 0: there is none. */
    public void seekBehind(long recordEnd, int recordSize) {
        seek(recordEnd);
        this.back = recordSize;
    }

    /**
     * Goes to the next record. Where that can't be, it stands where it looked, tells why, and looks there again the next time.
     *
     * @return whether it stands on a record
     */
    public boolean next() throws IOException {
        int before = finding == Finding.RECORD ? view.frameBytes() : offset == next ? back : 0;
        offset = next;
        if (!acceptAnew(offset)) {
            back = before;
            return false;
        }
        next = offset + view.frameBytes();
        back = view.previousSize();
        return true;
    }

    /** Behind a record whose flags are {@link ScanStop#TOO_NEW}. */
    public void skip() {
        if (finding != Finding.TOO_NEW) {
            throw new IllegalStateException("only a record that verifies can be skipped: offset=" + offset);
        }
        next = offset + view.frameBytes();
    }

    /**
     * Goes to the record before this one, or before where it stopped.
     *
     * @return whether it stands on a record; false also at the first one, then {@link #isAtFirst()}
     */
    public boolean previous() throws IOException {
        if (back == 0) {
            finding = Finding.END;
            return false;
        }
        long start = offset - back;
        int size = back;
        if (size < 0 || start < header.headerLength()) {
            finding = Finding.NOT_A_RECORD;
            return false;
        }
        offset = start;
        next = start;
        ensureBackwards(start, size);
        if (!acceptAnew(start)) {
            return false;
        }
        if (view.frameBytes() != size) {
            finding = Finding.NOT_A_RECORD;
            return false;
        }
        next = start + size;
        back = view.previousSize();
        return true;
    }

    /** Whether {@link #previous()} has nothing to go to. */
    public boolean isAtFirst() {
        return back == 0;
    }

    private boolean acceptAnew(long at) throws IOException {
        long readsBefore = reads;
        if (accept(at)) {
            return true;
        }
        if (finding == Finding.TOO_NEW || finding == Finding.END && reads != readsBefore) {
            return false;
        }
        if (reads != readsBefore && windowStart == at) {
            return false;
        }
        forgetWindow();
        return accept(at);
    }

    /** Looks at an offset with everything that makes a record one. */
    private boolean accept(long at) throws IOException {
        finding = look(at);
        if (finding != Finding.RECORD) {
            return false;
        }
        int flags = view.flags();
        if (RecordLayout.isMember(flags)) {
            return isInBatch(at) || (enterBatchOf(at) ? again(at) : stop(Finding.STRAY_MEMBER));
        }
        if (flags == RecordLayout.BATCH && at != batchStart) {
            return enterBatch(at) ? again(at) : stop(Finding.BROKEN_BATCH);
        }
        return RecordLayout.isControl(flags) || RecordLayout.isKnownData(flags) || stop(Finding.TOO_NEW);
    }

    private boolean again(long at) throws IOException {
        finding = look(at);
        return finding == Finding.RECORD
                && (RecordLayout.isControl(view.flags()) || RecordLayout.isKnownData(view.flags()) || stop(Finding.TOO_NEW));
    }

    private boolean stop(Finding why) {
        finding = why;
        return false;
    }

    /** One frame, by itself. */
    private Finding look(long at) throws IOException {
        if (limit - at < RecordLayout.PREFIX_BYTES || !ensure(at, RecordLayout.PREFIX_BYTES)) {
            return Finding.END;
        }
        Finding peeked = peek(at);
        if (peeked != Finding.RECORD) {
            return peeked;
        }
        int frame = view.frameBytes();
        if (at + frame > windowStart + windowLength) {
            // the only place where a length from the file decides how much is allocated: checked against the file first
            if (frame > bytes.size() - at || !ensure(at, frame)) {
                return Finding.TOO_LONG;
            }
            peeked = peek(at);
            if (peeked != Finding.RECORD || view.frameBytes() != frame) {
                return peeked == Finding.RECORD ? Finding.BAD_CHECKSUM : peeked;
            }
        }
        return view.checksumMatches(header.salt()) ? Finding.RECORD : Finding.BAD_CHECKSUM;
    }

    private Finding peek(long at) {
        return switch (view.peek(windowBytes, (int) (at - windowStart), limit - at, header.positionAt(at))) {
            case VALID -> Finding.RECORD;
            case EMPTY -> Finding.EMPTY;
            case TOO_LONG -> Finding.TOO_LONG;
            case NOT_A_RECORD, BAD_CHECKSUM -> Finding.NOT_A_RECORD;
        };
    }

    private boolean isInBatch(long at) {
        return at > batchStart && at < batchEnd;
    }

    /** Verifies the batch that starts here, and its members; the view is somewhere else afterwards. */
    private boolean enterBatch(long at) throws IOException {
        if (view.contentLength() != BatchLayout.CONTENT_BYTES) {
            return false;
        }
        int members = BatchLayout.members(windowBytes, view.contentIndex());
        int memberBytes = BatchLayout.bytes(windowBytes, view.contentIndex());
        long member = at + view.frameBytes();
        if (!BatchLayout.plausible(members, memberBytes, limit - member)) {
            return false;
        }
        long end = member + memberBytes;
        for (int i = 0; i < members; i++) {
            if (member >= end || look(member) != Finding.RECORD || !RecordLayout.isMember(view.flags())) {
                return false;
            }
            member += view.frameBytes();
        }
        if (member != end) {
            return false;
        }
        batchStart = at;
        batchEnd = end;
        return true;
    }

    /** Walks back from a member to its batch. */
    private boolean enterBatchOf(long member) throws IOException {
        long at = member;
        do {
            int size = view.previousSize();
            if (size < RecordLayout.PREFIX_BYTES || at - size < header.headerLength()) {
                return false;
            }
            at -= size;
            ensureBackwards(at, size);
            if (look(at) != Finding.RECORD || view.frameBytes() != size) {
                return false;
            }
        } while (RecordLayout.isMember(view.flags()));
        return view.flags() == RecordLayout.BATCH && enterBatch(at) && isInBatch(member);
    }

    /** Whether a frame at this offset verifies, be it a batch's member or not; the scan stays where it is. */
    public boolean verifies(long at) throws IOException {
        Finding kept = finding;
        boolean verified = at >= header.headerLength() && at % RecordLayout.ALIGNMENT == 0 && look(at) == Finding.RECORD;
        finding = kept == Finding.RECORD ? look(offset) : kept;
        return verified;
    }

    /**
     * Searches for the next record that verifies, past damage; the members of a batch count only with it. The scan must be moved with
     * {@link #seek} afterwards.
     *
     * @param from offset of the first place that may hold it
     * @param end offset of which the search doesn't go past
     * @return the record's offset; -1 where there is none
     */
    public long findValid(long from, long end) throws IOException {
        for (long at = RecordLayout.align(from); end - at >= RecordLayout.PREFIX_BYTES; at += RecordLayout.ALIGNMENT) {
            if (!ensure(at, Long.BYTES)) {
                return NOWHERE;
            }
            if (RecordLayout.isCommitWord(windowBytes.getLong((int) (at - windowStart))) && isWholeRecord(at)) {
                return at;
            }
        }
        return NOWHERE;
    }

    private boolean isWholeRecord(long at) throws IOException {
        if (look(at) != Finding.RECORD || RecordLayout.isMember(view.flags())) {
            return false;
        }
        return view.flags() != RecordLayout.BATCH || at == batchStart || enterBatch(at);
    }

    /** Tells what it has stopped at, after a {@link #next()} that said false; that may take a search to the end of the file. */
    public ScanStop judge() throws IOException {
        Finding stopped = finding;
        if (stopped == Finding.END) {
            nextValid = NOWHERE;
            return ScanStop.CLEAN_END;
        }
        if (stopped == Finding.TOO_NEW) {
            nextValid = NOWHERE;
            return ScanStop.TOO_NEW;
        }
        nextValid = findValid(offset + RecordLayout.ALIGNMENT, Math.min(limit, bytes.size()));
        finding = stopped;
        boolean found = nextValid != NOWHERE;
        if (stopped == Finding.EMPTY) {
            return found ? ScanStop.HOLE : ScanStop.CLEAN_END;
        }
        return found ? ScanStop.CORRUPT : ScanStop.TORN_TAIL;
    }

    /** After {@link #judge()}: offset of the next valid record behind; -1 where there is none. */
    public long nextValid() {
        return nextValid;
    }

    /** Whether it stopped at a zero commit word. */
    public boolean isEmpty() {
        return finding == Finding.EMPTY;
    }

    /** Whether it stopped where the limit, or the file, leaves no room for a record. */
    public boolean isEnd() {
        return finding == Finding.END;
    }

    /** Whether it stopped at a record whose flags this version doesn't know. */
    public boolean isTooNew() {
        return finding == Finding.TOO_NEW;
    }

    /** The rule that is broken where it stopped. */
    public String rule() {
        return finding.rule;
    }

    /** Makes sure that the window holds these bytes, and what follows them; false where the file ends before. */
    private boolean ensure(long from, int length) throws IOException {
        if (holds(from, length)) {
            return true;
        }
        if (from > windowStart && from <= windowStart + windowLength) {
            readBytes = Math.min(readBytes * 2, maxReadBytes);
        }
        fill(from, Math.max(length, Math.min(readBytes, maxReadBytes)));
        return holds(from, length);
    }

    /** Makes sure that the window holds these bytes, and what precedes them. */
    private void ensureBackwards(long from, int length) throws IOException {
        if (!holds(from, length)) {
            long end = from + length;
            long start = Math.max(header.headerLength(), Math.min(from, end - backReadBytes));
            fill(start, (int) (end - start));
            backReadBytes = Math.min(backReadBytes * 2, maxReadBytes);
        }
    }

    private boolean holds(long from, int length) {
        return from >= windowStart && from + length <= windowStart + windowLength;
    }

    private void fill(long start, int length) throws IOException {
        int wanted = (int) Math.max(0, Math.min(length, limit - start));
        if (wanted > window.capacity()) {
            replaceWindow(wanted);
        }
        windowLength = 0;
        windowBytes.clear().limit(wanted);
        windowStart = start;
        windowLength = bytes.read(windowBytes, start);
        windowBytes.clear();
        reads++;
    }

    private void replaceWindow(int capacity) {
        ByteBuf larger = PooledByteBufAllocator.DEFAULT.directBuffer(capacity, capacity);
        window.release();
        window = larger;
        windowBytes = larger.nioBuffer(0, capacity).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void forgetWindow() {
        windowLength = 0;
        readBytes = FIRST_READ_BYTES;
    }

    /** Offset in the file of the record it stands on, or of where it stopped. */
    public long offset() {
        return offset;
    }

    /** Offset in the file that the following {@link #next()} looks at. */
    public long nextOffset() {
        return next;
    }

    /** Stream position of {@link #offset()}. */
    public long position() {
        return header.positionAt(offset);
    }

    /** The record's frame with its padding. */
    public int frameBytes() {
        return view.frameBytes();
    }

    /** See {@link RecordLayout}. */
    public int flags() {
        return view.flags();
    }

    /** Whether it stands on a record that isn't a control record. */
    public boolean isData() {
        return !RecordLayout.isControl(view.flags());
    }

    /** Bytes back to the record before; 0 for the first. */
    public int previousSize() {
        return view.previousSize();
    }

    /** Epoch ms. */
    public long timestampMillis() {
        return view.timestampMillis();
    }

    /** Of the record's own header, bytes. */
    public int headerLength() {
        return view.headerLength();
    }

    /** Of the record's content, bytes. */
    public int contentLength() {
        return view.contentLength();
    }

    /** Copies the record's own header. */
    public void copyHeader(ByteBuf target) {
        target.writeBytes(window, view.headerIndex(), view.headerLength());
    }

    /** Copies the record's content. */
    public void copyContent(ByteBuf target) {
        target.writeBytes(window, view.contentIndex(), view.contentLength());
    }

    /** Copies the record's own header, then its content. */
    public void copyBody(byte[] target) {
        window.getBytes(view.headerIndex(), target, 0, view.headerLength() + view.contentLength());
    }

    /** Gives the buffer back. */
    @Override
    public void close() {
        if (window.refCnt() > 0) {
            window.release();
            windowLength = 0;
        }
    }
}
