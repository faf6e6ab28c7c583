package dev.streamwal.shared;

import dev.streamwal.format.BatchLayout;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.segment.SegmentScan;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntConsumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Which streams have records in one or more shared segments, and where these stand. Filled by {@link SharedWalk}s, one segment after the other, the oldest
 * first: a part goes on in the next segment if the stream does. Guarded by its owner.
 */
final class SharedIndex implements SharedRecords {

    private final StreamTable table = new StreamTable();
    /** The streams, by their numbers in the table. */
    private final List<StreamParts> streams = new ArrayList<>();
    private final FrameTable frames = new FrameTable();
    private final List<SegmentHeader> headers = new ArrayList<>(1);
    private final PendingSlots pending = new PendingSlots();
    private final IntConsumer arrivals;
    /** Of the only stream whose records it has: {@link SlotLayout#keyInSlot}; null if it has those of all. */
    private final byte @Nullable [] only;

    /** Window of the last part that was made. */
    private @Nullable Window newestWindow;
    /** Offset of the batch record whose first member comes next; 0 for none. */
    private int lead;
    /** Upper bound of that batch's bytes in its stream. */
    private int batchBytes;
    /** Whether records were left out in the segment being walked; see {@link #isHoled()}. */
    private boolean isHoled;
    /** Whether damaged records were left out so far. */
    private boolean isAfterDamage;

    /**
     * @param arrivals receives the number of each record's stream
     * @param isAfterDamage whether damaged records were left out in earlier segments, which this index doesn't have
     * @param only the only stream whose records it has; null if it has all
     */
    SharedIndex(IntConsumer arrivals, boolean isAfterDamage, @Nullable StreamKey only) {
        this.arrivals = arrivals;
        this.only = only == null ? null : SlotLayout.keyInSlot(only);
        this.isAfterDamage = isAfterDamage;
    }

    @Override
    public void begin(SegmentHeader header) {
        headers.add(header);
        lead = 0;
        isHoled = false;
    }

    SegmentHeader header(int segment) {
        return headers.get(segment);
    }

    /** All streams that have, or had, records; the index of each is its number. */
    List<StreamParts> streams() {
        return streams;
    }

    FrameTable frames() {
        return frames;
    }

    /**
     * Whether recovery, or a thread that abandoned its slot, has left out records in the segment begun last. Their streams are unknown, and they don't count as
     * missing.
     */
    boolean isHoled() {
        return isHoled;
    }

    /** The parts of a stream; null if it has never had any. */
    @Nullable StreamParts find(StreamKey key) {
        int number = table.find(key);
        return number < 0 ? null : streams.get(number);
    }

    /** Makes a stream's records at positions {@code [from, to)} not count any more. */
    void cut(StreamKey key, long from, long to) {
        StreamParts found = find(key);
        if (found != null) {
            found.cut(from, to, frames);
        }
    }

    @Override
    public void add(SegmentScan scan) {
        int flags = scan.flags();
        if (RecordLayout.isControl(flags) || scan.headerLength() == 0) {
            settle();
            isHoled |= flags == RecordLayout.PADDING;
            lead = flags == RecordLayout.BATCH ? (int) scan.offset() : 0;
            batchBytes = lead == 0 ? 0 : BatchLayout.bytes(ByteBuffer.wrap(scan.copyBody()).order(ByteOrder.LITTLE_ENDIAN), 0);
            return;
        }
        if (!pending.add(scan)) {
            settle();
            boolean unused = pending.add(scan);
        }
        if (only != null && !pending.isLastOf(only)) {
            pending.removeLast();
            // it may be the first member of a batch
            lead = pending.count() == 0 ? 0 : lead;
        }
    }

    @Override
    public void damaged() {
        isAfterDamage = true;
    }

    @Override
    public void settle() {
        pending.decode();
        if (only == null) {
            table.lookAhead(pending, number -> {
                Part last = streams.get(number).last();
                return last == null ? 0 : last.count();
            });
        }
        for (int i = 0; i < pending.count(); i++) {
            if (pending.isStreams(i)) {
                add(pending.slot(i), i);
            }
            lead = 0;
        }
        pending.clear();
    }

    private void add(Slot read, int i) {
        Window window = read.window(pending.timestampMillis(i), newestWindow);
        newestWindow = window;
        long expiration = read.expirationMillis(window);
        int leadBytes = lead == 0 ? 0 : BatchLayout.FRAME_BYTES;
        long begins = read.position() - leadBytes;
        int contentLength = pending.contentLength(i) - read.headerLength();
        int frameBytes = (int) RecordLayout.frameBytes(read.headerLength(), contentLength);
        int number = table.findOrAdd(read.bytes(), read.keyOffset(), read.keyLength());
        if (number < 0) {
            return;
        }
        if (number == streams.size()) {
            streams.add(new StreamParts(table, number));
        }
        StreamParts stream = streams.get(number);
        Part last = stream.last();
        // a batch stands in one part
        boolean isMember = RecordLayout.isMember(pending.flags(i)) && lead == 0;
        boolean goesOn = last != null && (isMember || last.dataBytes() + Math.max(frameBytes, batchBytes) <= SharedSegment.MAX_PART_BYTES)
                && goesOnHere(last, read) && last.goesOnWith(window, expiration, begins, read.previousEnd());
        Part part = goesOn && last != null ? last : newPart(stream, window, expiration, begins, read);
        int segment = headers.size() - 1;
        if (lead != 0) {
            part.add(frames, FrameTable.place(segment, lead), leadBytes);
        }
        part.add(frames, FrameTable.place(segment, pending.offset(i)), frameBytes, pending.timestampMillis(i));
        arrivals.accept(number);
    }

    /**
     * Whether a part may go on with a record of the segment begun last: always in the segment in which the part ends; in the next one if one writer has written
     * both, and the stream has not begun anew.
     */
    private boolean goesOnHere(Part part, Slot read) {
        return endsHere(part) || (part.fileHeader().incarnation() == headers.get(headers.size() - 1).incarnation() && !read.isFirst());
    }

    /** Whether a part's last record is in the segment begun last. */
    private boolean endsHere(Part part) {
        return part.lastSegment() == headers.size() - 1;
    }

    private Part newPart(StreamParts stream, Window window, long expiration, long begins, Slot read) {
        Part last = stream.last();
        // where the stream ended before isn't known of its first part here: a reader of the pack compares that
        boolean misses = last == null || read.previousEnd() > last.endPosition();
        Part part = new Part(stream, window, expiration, begins, read.previousEnd(), read.isFirst(), isHoled, isAfterDamage && misses,
                headers.get(headers.size() - 1));
        if (last != null && isHoled && endsHere(last)) {
            part.join(last.endPosition());
        }
        stream.add(part);
        return part;
    }

    /**
     * All parts, grouped; the oldest window first.
     *
     * @param files bytes of the segments, by their numbers
     * @param groups gives the group of a window and expiration: its window contains that window, and it expires no earlier
     */
    List<SharedRun> runs(List<SegmentBytes> files, UnaryOperator<SharedRun.Span> groups) {
        Map<SharedRun.Span, SharedRun> runs = new TreeMap<>();
        SharedRun.Span own = null;
        SharedRun run = null;
        for (int number : table.byKey()) {
            for (Part part = streams.get(number).first(); part != null; part = part.next()) {
                if (run == null || own == null || !own.isOf(part)) {
                    own = SharedRun.Span.of(part);
                    run = runs.computeIfAbsent(groups.apply(own), span -> new SharedRun(this, files, span));
                }
                run.add(part);
            }
        }
        return List.copyOf(runs.values());
    }
}
