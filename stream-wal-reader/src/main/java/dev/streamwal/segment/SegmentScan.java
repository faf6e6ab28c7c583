package dev.streamwal.segment;

import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.RecordView;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.Visibility;
import dev.streamwal.io.SegmentBytes;
import io.netty.buffer.ByteBuf;
import java.io.IOException;

/**
 * Walks the records of one segment, forwards, backwards, and past damage. It is also the view of the current record, and makes no garbage. The
 * one parser of the format: reading, recovery and the rebuilding of indices all use it. One thread; close it.
 *
 * <pre>
 *   scan.seek(header.headerLength());
 *   while (scan.next()) { … scan.offset(), scan.timestampMillis() … }
 *   switch (scan.judge()) { case CLEAN_END -&gt; … case HOLE -&gt; … scan.nextValid() … }
 * </pre>
 *
 * <p>Every record it goes to verifies, or stands where {@link SegmentBytes#isVerified frames are verified already}, and is data or padding, or leads a batch;
 * {@link #isShown()} says whether readers see it. A member of a batch counts only if its batch record and all members verify. The data ends at a footer. Bytes
 * that don't verify are read again once before the scan stops at them, because they may have been written since.
 */
public final class SegmentScan implements WalkedRecord, AutoCloseable {

    private static final int DEFAULT_READ_BYTES = 1 << 20;

    private final SegmentHeader header;
    private final ReadBuffer buffer;
    private final FrameCheck frames;
    private final BatchCheck batches;
    private final RecordSearch search;
    private final RecordView view;

    private long offset;
    private long next;
    /** Whether a frame is known to begin where it looks next: behind the header, or behind another frame. */
    private boolean isAtBegin;
    private int back;
    private Finding finding = Finding.END;
    private boolean believesEmpty;
    private long nextValid = RecordSearch.NOWHERE;

    /** A scan that reads up to 1 MiB at a time. */
    public SegmentScan(SegmentBytes bytes, SegmentHeader header) throws IOException {
        this(bytes, header, ReadSizes.large(DEFAULT_READ_BYTES));
    }

    public SegmentScan(SegmentBytes bytes, SegmentHeader header, ReadSizes sizes) throws IOException {
        this.header = header;
        this.buffer = new ReadBuffer(bytes, header.headerLength(), sizes);
        this.frames = new FrameCheck(header, buffer);
        this.batches = new BatchCheck(buffer, frames, header.headerLength());
        this.search = new RecordSearch(buffer, frames, batches, header.headerLength());
        this.view = frames.view();
        seek(header.headerLength());
    }

    /** Header of the scanned segment. */
    public SegmentHeader header() {
        return header;
    }

    // ---- moving

    /** Sets the offset of the file where the data is known to end: no record reaches past it. */
    public void limit(long dataEnd) {
        buffer.limit(dataEnd);
    }

    /** Sets the offset from which on nothing is likely to be read. */
    public void readAheadTo(long end) {
        buffer.readAheadTo(end);
    }

    /** The following {@link #next()} looks at this offset. */
    public void seek(long recordOffset) {
        this.offset = recordOffset;
        this.next = recordOffset;
        this.isAtBegin = recordOffset == header.headerLength();
        this.back = 0;
        this.finding = Finding.END;
        buffer.restart();
    }

    /** The following {@link #previous()} goes to the record that ends at this offset and has this size; 0: there is none. */
    public void seekBehind(long recordEnd, int recordSize) {
        seek(recordEnd);
        this.back = recordSize;
    }

    /**
     * Goes to the next record. If there is none, it stays at the offset where it looked, keeps the reason, and looks there again at the next call.
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
        isAtBegin = true;
        back = view.previousSize();
        return true;
    }

    /** As {@link #next()}, to the next record that readers see. */
    public boolean nextShown() throws IOException {
        while (next()) {
            if (isShown()) {
                return true;
            }
        }
        return false;
    }

    /** Goes behind the record at which it has stopped, if {@link #isSkippable()}. */
    public void skip() {
        if (!isSkippable()) {
            throw new IllegalStateException("no record to skip: offset=" + offset);
        }
        next = offset + view.frameBytes();
    }

    /**
     * Goes to the record before the current one, or before the place where it stopped.
     *
     * @return whether it stands on a record; false also at the first one, then {@link #isAtFirst()}
     */
    public boolean previous() throws IOException {
        if (back == 0) {
            return stop(Finding.END);
        }
        long behind = offset;
        int size = back;
        if (size < 0 || behind - size < header.headerLength()) {
            return stop(Finding.BAD_PREVIOUS_SIZE);
        }
        try {
            return goBack(behind - size, size);
        } catch (IOException e) {
            // the next call looks there again, and not before it
            seekBehind(behind, size);
            throw e;
        }
    }

    private boolean goBack(long start, int size) throws IOException {
        offset = start;
        next = start;
        isAtBegin = false;
        if (size <= RecordLayout.MAX_FRAME_BYTES) {
            buffer.ensureBackwards(start, size);
        }
        if (!acceptAnew(start)) {
            return false;
        }
        if (view.frameBytes() != size) {
            return stop(Finding.BAD_PREVIOUS_SIZE);
        }
        next = start + size;
        isAtBegin = true;
        back = view.previousSize();
        return true;
    }

    /** As {@link #previous()}, to the previous record that readers see. */
    public boolean previousShown() throws IOException {
        while (previous()) {
            if (isShown()) {
                return true;
            }
        }
        return false;
    }

    /** Whether there is no record for {@link #previous()}. */
    public boolean isAtFirst() {
        return back == 0;
    }

    // ---- checking a record

    /** Checks a record. Reads bytes that don't verify again once, unless they were read just now. */
    private boolean acceptAnew(long at) throws IOException {
        long readsBefore = buffer.reads();
        if (accept(at)) {
            return true;
        }
        boolean isFresh = buffer.reads() != readsBefore && (finding == Finding.END || buffer.start() == at);
        if (isSkippable() || isFresh || isBelieved(at)) {
            return false;
        }
        buffer.forget();
        return accept(at);
    }

    private boolean isBelieved(long at) {
        return believesEmpty && (finding == Finding.EMPTY || buffer.limit() - at < RecordLayout.PREFIX_BYTES);
    }

    private boolean accept(long at) throws IOException {
        finding = frames.look(at, isAtBegin);
        if (finding != Finding.RECORD) {
            return false;
        }
        int flags = view.flags();
        if (RecordLayout.isMember(flags)) {
            return batches.contains(at) ? isHandedOut() : batches.enterFrom(at) ? acceptAlone(at) : stop(Finding.STRAY_MEMBER);
        }
        if (flags == RecordLayout.BATCH && !batches.startsAt(at)) {
            return batches.enter(at) ? acceptAlone(at) : stop(Finding.BROKEN_BATCH);
        }
        return isHandedOut();
    }

    /** Checks a frame again after its batch was checked. */
    private boolean acceptAlone(long at) throws IOException {
        finding = frames.look(at);
        return finding == Finding.RECORD && isHandedOut();
    }

    private boolean isHandedOut() {
        return switch (view.visibility()) {
            case SHOWN, HIDDEN -> true;
            case END -> stop(Finding.FOOTER);
            case TOO_NEW -> stop(Finding.TOO_NEW);
        };
    }

    private boolean stop(Finding why) {
        finding = why;
        return false;
    }

    /** Whether a frame at this offset verifies, whether or not it is a batch's member; the scan doesn't move. */
    public boolean verifies(long at) throws IOException {
        Finding kept = finding;
        boolean verified = at >= header.headerLength() && at % RecordLayout.ALIGNMENT == 0 && frames.look(at) == Finding.RECORD;
        finding = kept == Finding.RECORD ? frames.look(offset) : kept;
        return verified;
    }

    // ---- where there is no further record

    /**
     * Searches for the next record that verifies, past damage; the members of a batch count only with it. Move the scan with {@link #seek}
     * afterwards. A search that reaches the limit of its work, as in forged bytes, ends without a record.
     *
     * @param from offset of the first place that may hold it
     * @param end offset where the search ends
     * @return the record's offset; -1 if none was found
     */
    public long findValid(long from, long end) throws IOException {
        return search.find(from, end);
    }

    /** Judges the place where it has stopped, after a {@link #next()} that returned false; this may search to the end of the file. */
    public ScanStop judge() throws IOException {
        Finding stopped = finding;
        nextValid = RecordSearch.NOWHERE;
        if (stopped == Finding.END || stopped == Finding.FOOTER) {
            return ScanStop.CLEAN_END;
        }
        if (stopped == Finding.TOO_NEW) {
            return ScanStop.TOO_NEW;
        }
        nextValid = search.find(offset + RecordLayout.ALIGNMENT, buffer.limit());
        if (search.gaveUp()) {
            return ScanStop.CORRUPT;
        }
        boolean found = nextValid != RecordSearch.NOWHERE;
        if (stopped == Finding.EMPTY) {
            return found ? ScanStop.HOLE : ScanStop.CLEAN_END;
        }
        return found ? ScanStop.CORRUPT : ScanStop.TORN_TAIL;
    }

    /** After {@link #judge()}: offset of the next valid record behind that place; -1 if there is none, or none is known. */
    public long nextValid() {
        return nextValid;
    }

    /** Whether it stopped at a zero commit word. */
    public boolean isEmpty() {
        return finding == Finding.EMPTY;
    }

    /** Whether it stopped at a footer, or where the limit, or the file, leaves no room for a record. */
    public boolean isEnd() {
        return finding == Finding.END || finding == Finding.FOOTER;
    }

    /** Whether it stopped at a record whose flags this version doesn't know. */
    public boolean isTooNew() {
        return finding == Finding.TOO_NEW;
    }

    /** Whether it stopped at a record that verifies: a footer, or one whose flags this version doesn't know. */
    public boolean isSkippable() {
        return finding == Finding.TOO_NEW || finding == Finding.FOOTER;
    }

    /** The fault at the place where it stopped. */
    public String fault() {
        return finding.fault();
    }

    // ---- the current record

    /** Offset in the file of the current record, or of the place where it stopped. */
    public long offset() {
        return offset;
    }

    /** Offset in the file that the following {@link #next()} looks at. */
    public long nextOffset() {
        return next;
    }

    /** Stream position of {@link #offset()}. */
    @Override
    public long position() {
        return header.positionAt(offset);
    }

    @Override
    public int frameBytes() {
        return view.frameBytes();
    }

    /** See {@link RecordLayout}. */
    public int flags() {
        return view.flags();
    }

    /** Whether readers see the current record. */
    public boolean isShown() {
        return view.visibility() == Visibility.SHOWN;
    }

    /** Bytes back to the record before; 0 for the first. */
    public int previousSize() {
        return view.previousSize();
    }

    @Override
    public long timestampMillis() {
        return view.timestampMillis();
    }

    @Override
    public int headerLength() {
        return view.headerLength();
    }

    @Override
    public int contentLength() {
        return view.contentLength();
    }

    @Override
    public void copyHeader(ByteBuf target) {
        buffer.copy(view.headerIndex(), view.headerLength(), target);
    }

    /** Copies the header into an array that is long enough, from an index on. */
    public void copyHeader(byte[] target, int at) {
        buffer.copy(view.headerIndex(), view.headerLength(), target, at);
    }

    @Override
    public void copyContent(ByteBuf target) {
        buffer.copy(view.contentIndex(), view.contentLength(), target);
    }

    @Override
    public boolean isSealed() {
        return RecordLayout.isSealed(view.flags());
    }

    @Override
    public byte[] copyBody() {
        byte[] body = new byte[view.headerLength() + view.contentLength()];
        buffer.copy(view.headerIndex(), body.length, body, 0);
        return body;
    }

    /** Releases its memory until the next read; then it stands on no record. */
    public void releaseMemory() {
        finding = Finding.END;
        offset = next;
        buffer.releaseMemory();
    }

    /** Doesn't read an empty place again, for callers that want only the records that were there when the scan began. */
    public void believeEmpty() {
        believesEmpty = true;
    }

    /** Size of its read buffer. */
    public int bufferBytes() {
        return buffer.capacity();
    }

    /** Releases its memory. */
    @Override
    public void close() {
        buffer.close();
    }
}
