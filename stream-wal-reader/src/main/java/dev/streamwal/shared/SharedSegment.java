package dev.streamwal.shared;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.BatchLayout;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.SharedFile;
import dev.streamwal.segment.FooterCache;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.segment.SegmentScan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A segment of the log's own stream, and the places of other streams' records in it. Thread-safe. */
public final class SharedSegment {

    private static final int MAX_READ_BYTES = 1 << 20;
    private static final int FIRST_ROOM = 16;
    /** Limit of a part; a stream with more data has several. No record or batch of a stream that shares segments is larger. */
    public static final int MAX_PART_BYTES = 512 << 10;
    /** A slot takes well under a microsecond to fill, unless its thread is stopped. */
    private static final long WAIT_NANOS = 20_000;
    private static final long MAX_WAIT_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final Segment file;
    private final ChannelCache channels;
    private final FooterCache footers;
    private final Voids voids;
    private final Segment.Moves moves;

    @GuardedBy("this")
    private final StreamTable streams = new StreamTable();

    @GuardedBy("this")
    private final Slot slot = new Slot();

    @GuardedBy("this")
    private final ByteBuffer commitWord = ByteBuffer.allocate(Long.BYTES);

    @GuardedBy("this")
    private byte[] slotBytes = new byte[256];

    @GuardedBy("this")
    private final FrameTable frames = new FrameTable();

    /** Window of the last part that was made. */
    @GuardedBy("this")
    private @Nullable Window newestWindow;

    /** Numbers of the streams whose records came, in the order of arrival. */
    @GuardedBy("this")
    private int[] order = new int[FIRST_ROOM];

    @GuardedBy("this")
    private int arrivals;

    /** Whether the last arrival was already reported: then another record of that stream is a new arrival. */
    @GuardedBy("this")
    private boolean isLastTold;

    /** Position of a slot that is reserved and not published: a thread that has waited for it doesn't wait again. */
    private final Standstill awaited = new Standstill();

    /** Offset of a slot that doesn't verify. */
    private final Standstill damaged = new Standstill();

    /** The first damage found; the stream to which it belongs is unknown. */
    @GuardedBy("this")
    private @Nullable CorruptSegmentException damage;

    /** Offset where the walk continues; 0 before it has begun. */
    @GuardedBy("this")
    private long offset;

    @GuardedBy("this")
    private boolean isComplete;

    /** Offset of the batch record whose first member comes next; 0 for none. */
    @GuardedBy("this")
    private int lead;

    /** Whether recovery, or a thread that gave up its slot, has left out records. Their streams are unknown, and they are missed nowhere. */
    @GuardedBy("this")
    private boolean isHoled;

    /** Upper bound of that batch's bytes in its stream. */
    @GuardedBy("this")
    private int batchBytes;

    /** Knows the ranges that don't count any more. */
    @FunctionalInterface
    public interface Voids {
        /** {@link SharedSegment#cut Cuts} the ranges of a stream that don't count any more from the segment. */
        void cut(SharedSegment segment, StreamKey key) throws IOException;
    }

    /**
     * Wraps a segment of the shared stream.
     *
     * @param voids asked whenever a part is opened
     * @param moves finds a part that has left this segment
     */
    public SharedSegment(Segment file, ChannelCache channels, FooterCache footers, Voids voids, Segment.Moves moves) {
        this.voids = voids;
        this.file = file;
        this.channels = channels;
        this.footers = footers;
        this.moves = moves;
    }

    /** The segment of the shared stream. */
    public Segment file() {
        return file;
    }

    private SegmentReader open() throws IOException {
        return file.open(channels);
    }

    /** Opens the segment for reading a part, after the part was cut to the records that count now. */
    SegmentReader open(Part part) throws IOException {
        voids.cut(this, part.key());
        synchronized (this) {
            if (part.isGone()) {
                throw new NoSuchFileException(file.toString(), null, "the stream's records in it were deleted: stream=" + part.key());
            }
        }
        return open();
    }

    FooterCache footers() {
        return footers;
    }

    /** The parts that a stream has, in the order in which they were appended, as far as the segment has been walked. */
    public synchronized List<SharedPart> parts(StreamKey key) {
        StreamParts found = find(key);
        return found == null ? List.of() : shown(found);
    }

    /** The parts of a stream; null where it has never had any. */
    @GuardedBy("this")
    private @Nullable StreamParts find(StreamKey key) {
        byte[] utf8 = key.utf8();
        return streams.find(utf8, 0, utf8.length);
    }

    @GuardedBy("this")
    private List<SharedPart> shown(StreamParts stream) {
        List<SharedPart> parts = new ArrayList<>(1);
        for (Part part = stream.first(); part != null; part = part.next()) {
            parts.add(part.shown(this, moves));
        }
        return parts;
    }

    /** The position where the stream's data in it ends, as far as the segment has been walked; -1 where it has none. */
    public synchronized long end(StreamKey key) {
        StreamParts found = find(key);
        Part last = found == null ? null : found.last();
        return last == null ? -1 : last.endPosition();
    }

    /**
     * The streams whose records have arrived, in the order of arrival, as far as the segment has been walked. Records of one stream in a row count
     * once, unless this method was called between them.
     *
     * @param from number of arrivals to leave out at the beginning
     */
    public synchronized List<StreamKey> arrivals(int from) {
        List<StreamKey> keys = new ArrayList<>(Math.max(0, arrivals - from));
        for (int i = from; i < arrivals; i++) {
            keys.add(streams.all().get(order[i]).key());
        }
        isLastTold = true;
        return keys;
    }

    /** Makes a stream's records at positions {@code [from, to)} not count any more, as far as the segment has been walked. */
    public synchronized void cut(StreamKey key, long from, long to) {
        StreamParts found = find(key);
        if (found != null) {
            found.cut(from, to, frames);
        }
    }

    /** Whether recovery, or a thread that gave up its slot, has left out records, as far as the segment has been walked. */
    public synchronized boolean isHoled() {
        return isHoled;
    }

    /** Whether records may have been left out in it before the stream's first record in it. */
    public synchronized boolean isBehindHole(StreamKey key) {
        StreamParts found = find(key);
        Part first = found == null ? null : found.first();
        return first != null && first.isBehindHole();
    }

    /**
     * Declares that the stream's data before this segment ended at {@code end}, so that nothing counts as missing between: for segments in or behind
     * {@link #isHoled() holed} ones.
     */
    public synchronized void join(StreamKey key, long end) {
        StreamParts found = find(key);
        Part first = found == null ? null : found.first();
        if (first != null) {
            first.join(end);
        }
    }

    /** Whether all of it has been walked, and no record can follow. */
    public synchronized boolean isComplete() {
        return isComplete;
    }

    /** All parts, grouped by window and expiration; the oldest window first. */
    public synchronized List<SharedRun> runs() {
        Map<SharedRun.Span, SharedRun> runs = new TreeMap<>();
        SharedRun run = null;
        for (StreamParts stream : streams.byKey()) {
            for (Part part = stream.first(); part != null; part = part.next()) {
                if (run == null || !run.isOf(part)) {
                    run = runs.computeIfAbsent(SharedRun.Span.of(part), span -> new SharedRun(this, span));
                }
                run.add(part);
            }
        }
        return List.copyOf(runs.values());
    }

    /** Adds the keys of all streams with records in it, as far as the segment has been walked. */
    public synchronized void addKeys(Predicate<String> filter, Collection<String> keys) {
        for (StreamParts stream : streams.all()) {
            String key = stream.isEmpty() ? null : stream.key().text();
            if (key != null && filter.test(key)) {
                keys.add(key);
            }
        }
    }

    /**
     * Walks on through the appended records, up to the first slot that isn't published.
     *
     * @param reserved position up to which writers have reserved slots: this method waits until they are filled
     * @throws java.nio.file.NoSuchFileException where the segment has been deleted
     */
    public void catchUp(long reserved) throws IOException {
        while (walk() && walkedTo() < reserved && !awaited.isLong(walkedTo())) {
            LockSupport.parkNanos(WAIT_NANOS);
        }
    }

    /** Measures how long a place has stayed the same. */
    private static final class Standstill {
        private long at = -1;
        private long sinceNanos;

        /** Whether all calls for longer than {@code MAX_WAIT_NANOS} were for this place. */
        synchronized boolean isLong(long place) {
            long now = System.nanoTime();
            if (place != at) {
                at = place;
                sinceNanos = now;
            }
            return now - sinceNanos > MAX_WAIT_NANOS;
        }
    }

    /** The position in the shared stream that the walk has come to. */
    public synchronized long walkedTo() throws IOException {
        return offset == 0 ? file.basePosition() : file.header(channels).positionAt(offset);
    }

    /** Walks on; returns whether more records may follow later. */
    private synchronized boolean walk() throws IOException {
        if (isComplete) {
            return false;
        }
        try {
            return (offset > 0 && !isAnythingNew()) || walkOn();
        } catch (CorruptSegmentException e) {
            // the header is damaged
            damage = e;
            isComplete = true;
            return false;
        }
    }

    /** Whether a record, padding or the footer stands where the walk has stopped. */
    @GuardedBy("this")
    private boolean isAnythingNew() throws IOException {
        commitWord.clear();
        try (SharedFile bytes = channels.acquire(file.file())) {
            return bytes.read(commitWord, offset) == Long.BYTES && commitWord.getLong(0) != 0;
        }
    }

    @GuardedBy("this")
    private boolean walkOn() throws IOException {
        try (SegmentReader reader = open(); SegmentScan scan = new SegmentScan(reader, reader.header(), MAX_READ_BYTES)) {
            SegmentEnd end = reader.end();
            if (end.isFinal()) {
                scan.limit(end.offset());
            }
            if (offset > 0) {
                scan.seek(offset);
            }
            walk(scan, reader.header(), end.isFinal(), end.offset());
            isComplete = end.isFinal();
            return !isComplete;
        }
    }

    @GuardedBy("this")
    private void walk(SegmentScan scan, SegmentHeader header, boolean isFinal, long end) throws IOException {
        while (true) {
            while (scan.next()) {
                add(scan, header);
                offset = scan.nextOffset();
            }
            if (scan.isEnd() || !(isFinal || isDamage(scan))) {
                return;
            }
            // a hole, or damage: positions of later records show which records are missing
            var unused = scan.judge();
            if (scan.nextValid() < 0) {
                if (isFinal) {
                    damaged(scan.fault(), offset, end - offset);
                }
                return;
            }
            damaged(scan.fault(), offset, scan.nextValid() - offset);
            scan.seek(scan.nextValid());
        }
    }

    @GuardedBy("this")
    private void damaged(String fault, long from, long length) {
        if (damage == null) {
            damage = new CorruptSegmentException("damaged: " + fault + ": file=" + file.file() + ", offset=" + from
                    + ", length=" + length, file.file(), file.key().text(), file.basePosition(), from, length, null);
        }
    }

    /** The first damage found, as far as it has been walked. */
    public synchronized Optional<CorruptSegmentException> damage() {
        return Optional.ofNullable(damage);
    }

    /**
     * Whether it has been walked to its end, or as far as possible: a file that ends before its data was shortened, which is damage.
     *
     * @param end position where its data ends, by the next segment
     */
    public synchronized boolean isWalkedTo(long end) throws IOException {
        if (damage != null || isComplete || walkedTo() >= end) {
            return true;
        }
        try (SegmentReader reader = open()) {
            long size = reader.size();
            if (size < reader.header().offsetOf(end)) {
                damaged("file ends before the data end in the next segment's header", size, reader.header().offsetOf(end) - size);
            }
        }
        return damage != null;
    }

    /** Whether a published slot has not verified for so long that it is damage. */
    @GuardedBy("this")
    private boolean isDamage(SegmentScan scan) {
        return !scan.isEmpty() && damaged.isLong(offset);
    }

    @GuardedBy("this")
    private void add(SegmentScan scan, SegmentHeader header) {
        int flags = scan.flags();
        if (RecordLayout.isControl(flags) || scan.headerLength() == 0) {
            isHoled |= flags == RecordLayout.PADDING;
            lead = flags == RecordLayout.BATCH ? (int) scan.offset() : 0;
            batchBytes = lead == 0 ? 0 : BatchLayout.bytes(ByteBuffer.wrap(scan.copyBody()).order(ByteOrder.LITTLE_ENDIAN), 0);
            return;
        }
        if (slotBytes.length < scan.headerLength()) {
            slotBytes = new byte[scan.headerLength()];
        }
        scan.copyHeader(slotBytes);
        try {
            add(slot.read(slotBytes, scan.headerLength()), scan, header);
        } catch (FormatException e) {
            // no writer writes this; positions of later records show that one is missing
        }
        lead = 0;
    }

    @GuardedBy("this")
    private void add(Slot read, SegmentScan scan, SegmentHeader header) throws FormatException {
        if (read.headerLength() > scan.contentLength()) {
            throw FormatException.corrupt("record's own header is longer than the content that holds it: headerLength=" + read.headerLength()
                    + ", contentLength=" + scan.contentLength());
        }
        Window window = read.window(scan.timestampMillis(), newestWindow);
        newestWindow = window;
        long expiration = read.expirationMillis(window);
        int leadBytes = lead == 0 ? 0 : BatchLayout.FRAME_BYTES;
        long begins = read.position() - leadBytes;
        int contentLength = scan.contentLength() - read.headerLength();
        int frameBytes = (int) RecordLayout.frameBytes(read.headerLength(), contentLength);
        StreamParts stream = streams.findOrAdd(read.bytes(), read.keyOffset(), read.keyLength());
        Part last = stream.last();
        // a batch stands in one part
        boolean isMember = RecordLayout.isMember(scan.flags()) && lead == 0;
        boolean goesOn = last != null && (isMember || last.dataBytes() + Math.max(frameBytes, batchBytes) <= MAX_PART_BYTES)
                && last.goesOnWith(window, expiration, begins, read.previousEnd());
        Part part = goesOn && last != null ? last : newPart(stream, window, expiration, begins, read, header);
        if (lead != 0) {
            part.add(frames, lead, leadBytes);
        }
        part.add(frames, (int) scan.offset(), frameBytes);
        arrives(stream.number());
    }

    @GuardedBy("this")
    private void arrives(int stream) {
        if (arrivals > 0 && order[arrivals - 1] == stream && !isLastTold) {
            return;
        }
        isLastTold = false;
        order = arrivals == order.length ? Arrays.copyOf(order, 2 * arrivals) : order;
        order[arrivals++] = stream;
    }

    @GuardedBy("this")
    private Part newPart(StreamParts stream, Window window, long expiration, long begins, Slot read, SegmentHeader header) {
        Part last = stream.last();
        Part part = new Part(stream, window, expiration, begins, read.previousEnd(), read.isFirst(), isHoled, header);
        if (last != null && isHoled) {
            part.join(last.endPosition());
        }
        stream.add(part);
        return part;
    }

    // ---------------------------------------------------------------- the current state of a part

    synchronized PartFrames.Known frames(Part part, PartFrames known) {
        return known.upTo(part, frames);
    }

    /** As {@link #frames(Part, PartFrames)}, after the shared segment was walked to its current end. */
    PartFrames.Known newestFrames(Part part, PartFrames known) throws IOException {
        boolean unused = walk();
        return frames(part, known);
    }

    synchronized SegmentHeader header(Part part) {
        return part.header(frames);
    }

    synchronized int end(Part part) {
        return part.end();
    }

    synchronized long endPosition(Part part) {
        return part.endPosition();
    }
}
