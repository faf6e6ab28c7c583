package dev.streamwal.shared;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.SharedFile;
import dev.streamwal.segment.FooterCache;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.segment.SegmentScan;
import dev.streamwal.segment.SegmentSummary;
import dev.streamwal.segment.TimeRange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A segment of the log's own stream, and the places of other streams' records in it. Thread-safe. */
public final class SharedSegment {

    private static final int FIRST_ROOM = 16;
    /** Limit of a part; a stream with more data has several. No record or batch of a stream that shares segments is larger. */
    public static final int MAX_PART_BYTES = 512 << 10;
    /** A slot takes well under a microsecond to fill, unless its thread is stopped. */
    private static final long WAIT_NANOS = 20_000;

    private final Segment file;
    private final ChannelCache channels;
    private final FooterCache footers;
    private final Voids voids;
    private final @Nullable StreamKey only;

    @GuardedBy("this")
    private final SharedIndex index;

    @GuardedBy("this")
    private final SharedWalk walk;

    @GuardedBy("this")
    private final ByteBuffer commitWord = ByteBuffer.allocate(Long.BYTES);

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

    /** Knows the ranges that don't count any more. */
    @FunctionalInterface
    public interface Voids {
        /**
         * {@link SharedSegment#cut Cuts} the ranges of a stream that don't count any more from the segment.
         *
         * @throws NoSuchFileException if the segment is packed; it is cut all the same
         */
        void cut(SharedSegment segment, StreamKey key) throws IOException;
    }

    /**
     * Wraps a segment of the shared stream.
     *
     * @param only the only stream whose records are found in it; null if those of all are
     * @param voids asked whenever a part is opened, and when a scan reads on in it
     */
    @SuppressWarnings("GuardedBy") // records arrive by the walk, which is guarded
    public SharedSegment(Segment file, @Nullable StreamKey only, ChannelCache channels, FooterCache footers, Voids voids) {
        this.only = only;
        this.voids = voids;
        this.file = file;
        this.channels = channels;
        this.footers = footers;
        this.index = new SharedIndex(this::arrives, false, only);
        this.walk = new SharedWalk(file, index);
    }

    /** The segment of the shared stream. */
    public Segment file() {
        return file;
    }

    /** Whether a stream's records are found in it; those of all, if the stream is null. */
    public boolean finds(@Nullable StreamKey stream) {
        return only == null || Objects.equals(only, stream);
    }

    /** Where the data of the segment before it ends, by its header; below all positions if that can't be read. */
    public long previousEnd() throws IOException {
        try {
            return file.header(channels).previousEnd();
        } catch (CorruptSegmentException e) {
            return Long.MIN_VALUE;
        }
    }

    private SegmentReader open() throws IOException {
        return file.open(channels);
    }

    /**
     * Opens the file for reading a part, after the part was cut to the records that count now. It needn't ask whether the file was deleted, because the
     * manifest says before that the segment is packed. And what the walk has found stands in every copy of the file.
     *
     * @throws NoSuchFileException if the part isn't here any more
     */
    SharedFile open(Part part) throws IOException {
        voids.cut(this, part.key());
        synchronized (this) {
            if (part.isGone()) {
                throw new NoSuchFileException(file.toString(), null, "the stream's records in it were deleted: stream=" + part.key());
            }
        }
        SharedFile opened = channels.acquireAsOpened(file.file()).aroundBadSectors();
        if (channels.isMapping() && file.knownFooter() != null) {
            opened.map();
        }
        return opened;
    }

    FooterCache footers() {
        return footers;
    }

    /** The parts that a stream has, in the order in which they were appended, as far as the segment has been walked. */
    public synchronized List<SharedPart> parts(StreamKey key) {
        StreamParts found = index.find(key);
        return found == null ? List.of() : shown(found);
    }

    @GuardedBy("this")
    private List<SharedPart> shown(StreamParts stream) {
        List<SharedPart> parts = new ArrayList<>(1);
        for (Part part = stream.first(); part != null; part = part.next()) {
            parts.add(part.shown(this));
        }
        return parts;
    }

    /** The position where the stream's data in it ends, as far as the segment has been walked; -1 if it has none. */
    public synchronized long end(StreamKey key) {
        StreamParts found = index.find(key);
        Part last = found == null ? null : found.last();
        return last == null ? -1 : last.endPosition();
    }

    /** As {@link #end}, of all records that the stream has had in it, those that don't count any more included. */
    public synchronized long seenTo(StreamKey key) {
        StreamParts found = index.find(key);
        return found == null ? -1 : found.seenTo();
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
            keys.add(index.streams().get(order[i]).key());
        }
        isLastTold = true;
        return keys;
    }

    /** Makes a stream's records at positions {@code [from, to)} not count any more, as far as the segment has been walked. */
    public synchronized void cut(StreamKey key, long from, long to) {
        index.cut(key, from, to);
    }

    /** Whether recovery, or a thread that abandoned its slot, has left out records, as far as the segment has been walked. */
    public synchronized boolean isHoled() {
        return index.isHoled();
    }

    /** Whether records may have been left out in it before the stream's first record in it. */
    public synchronized boolean isBehindHole(StreamKey key) {
        StreamParts found = index.find(key);
        Part first = found == null ? null : found.first();
        return first != null && first.isBehindHole();
    }

    /**
     * Declares that the stream's data before this segment ended at {@code end}, so that nothing counts as missing in between: for segments that are
     * {@link #isHoled() holed}, or come after one that is.
     */
    public synchronized void join(StreamKey key, long end) {
        StreamParts found = index.find(key);
        Part first = found == null ? null : found.first();
        if (first != null) {
            first.join(end);
        }
    }

    /** Whether all of it has been walked, and no record can follow. */
    public synchronized boolean isComplete() {
        return walk.isComplete();
    }

    /** Adds the keys of all streams with records in it, as far as the segment has been walked. */
    public synchronized void addKeys(Predicate<String> filter, Collection<String> keys) {
        for (StreamParts stream : index.streams()) {
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
     * @throws java.nio.file.NoSuchFileException if the segment has been deleted
     */
    public void catchUp(long reserved) throws IOException {
        while (walk() && walkedTo() < reserved && !awaited.isLong(walkedTo())) {
            LockSupport.parkNanos(WAIT_NANOS);
        }
    }

    /** The position in the shared stream that the walk has come to. */
    public synchronized long walkedTo() throws IOException {
        return walk.offset() == 0 ? file.basePosition() : file.header(channels).positionAt(walk.offset());
    }

    /** Walks on; returns whether more records may follow later. */
    private synchronized boolean walk() throws IOException {
        if (walk.isComplete()) {
            return false;
        }
        try {
            return (walk.offset() > 0 && !isAnythingNew()) || walkOn();
        } catch (CorruptSegmentException e) {
            // the header is damaged
            walk.fails(e);
            return false;
        }
    }

    /** Whether a record, padding or the footer stands where the walk has stopped. */
    @GuardedBy("this")
    private boolean isAnythingNew() throws IOException {
        commitWord.clear();
        try (SharedFile bytes = channels.acquire(file.file()).aroundBadSectors()) {
            return bytes.read(commitWord, walk.offset()) == Long.BYTES && commitWord.getLong(0) != 0;
        }
    }

    @GuardedBy("this")
    private boolean walkOn() throws IOException {
        try (SegmentReader reader = open(); SegmentScan scan = new SegmentScan(reader, reader.header())) {
            // before the walk: what it looks at then was published as a whole
            int mark = reader.mark();
            walk.on(scan, reader.end());
            if (walk.hasFaultAtEnd() && mark >= scan.offset()) {
                walk.endsBehind((long) mark + RecordLayout.PREFIX_BYTES);
            }
        }
        if (walk.isComplete()) {
            // nothing is added any more
            order = Arrays.copyOf(order, arrivals);
            index.frames().trim();
        }
        return !walk.isComplete();
    }

    /** The first damage found, as far as it has been walked. */
    public synchronized Optional<CorruptSegmentException> damage() {
        return Optional.ofNullable(walk.damage());
    }

    /**
     * Whether it has been walked to its end, or as far as possible. A file that ends before its data was shortened, which is damage. Bytes that don't verify at
     * the end of a file without a footer are damage, too.
     *
     * @param end position where its data ends, by the next segment
     */
    public synchronized boolean isWalkedTo(long end) throws IOException {
        if (walk.damage() != null || walk.isComplete() || walkedTo() >= end) {
            return true;
        }
        try (SegmentReader reader = open()) {
            long size = reader.size();
            long dataEnd = reader.header().offsetOf(end);
            if (size < dataEnd) {
                walk.damaged("file ends before the data end in the next segment's header", size, dataEnd - size);
            }
            walk.endsBehind(dataEnd);
        }
        return walk.damage() != null;
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

    // ---------------------------------------------------------------- the current state of a part

    synchronized PartFrames.Known frames(Part part, PartFrames known) {
        return known.upTo(part, index.frames());
    }

    /** As {@link #frames(Part, PartFrames)}, after the shared segment was walked to its current end. */
    PartFrames.Known newestFrames(Part part, PartFrames known) throws IOException {
        boolean unused = walk();
        return frames(part, known);
    }

    /** As {@link #newestFrames}, after the part was cut to the records that count now: not under the lock, as in {@link #open(Part)}. */
    PartFrames.Known countingFrames(Part part, PartFrames known) throws IOException {
        boolean unused = walk();
        try {
            voids.cut(this, part.key());
        } catch (NoSuchFileException e) {
            // the segment was packed since, and is cut all the same; the file stays readable while it is open
        }
        return frames(part, known);
    }

    synchronized int mostLateMillis(Part part) {
        return part.mostLateMillis();
    }

    synchronized SegmentHeader header(Part part) {
        return part.header(index.frames());
    }

    synchronized @Nullable SegmentSummary summary(Part part) {
        return part.summary();
    }

    synchronized boolean isOutside(Part part, TimeRange range) {
        return part.isOutside(range);
    }

    synchronized long endPosition(Part part) {
        return part.endPosition();
    }
}
