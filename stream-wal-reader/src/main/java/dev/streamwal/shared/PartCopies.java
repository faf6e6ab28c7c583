package dev.streamwal.shared;

import dev.streamwal.format.StreamKey;
import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;

/**
 * Copies parts of shared segments as segments of their streams. The records of a part are scattered over the shared segments, and its frames over the table, so
 * that each access misses the processor's cache. Therefore some parts are copied together, in steps: their frames are listed, all parts in turn; their records
 * are gathered; then each is verified and framed. Within a step no access depends on the one before, and the processor waits for several at once. One thread.
 */
final class PartCopies implements IntUnaryOperator {

    /** This many records are copied together: their gathered bytes stay in the processor's cache. A larger part is copied alone. */
    private static final int MAX_FRAMES = 256;

    /** This many bytes are gathered together, however few records they have. A larger part is copied alone. */
    static final int MAX_GATHERED_BYTES = 1 << 20;

    private static final int FIRST_ROOM = 64 << 10;

    private final SharedIndex index;
    private final List<SegmentBytes> files;
    private final RecordFramer framer = new RecordFramer();

    /** The parts that are copied together. */
    private final List<Part> parts = new ArrayList<>();
    private int count;
    private int bytes;

    /** For each frame, part by part: the place of its record, its length, where its record is gathered, and how many bytes of it there are. */
    private int[] places = new int[MAX_FRAMES];
    private int[] lengths = new int[MAX_FRAMES];
    private int[] gathered = new int[MAX_FRAMES];
    private int[] available = new int[MAX_FRAMES];

    /** While frames are listed: the parts that have more of them, where each part's next one belongs, and its number in the table. */
    private int[] open = new int[MAX_FRAMES];
    private int[] next = new int[MAX_FRAMES];
    private int[] frame = new int[MAX_FRAMES];

    private ByteBuffer stored = room(FIRST_ROOM);
    private ByteBuffer framed = room(FIRST_ROOM);

    /** The frame being made, and where the frames of its part end. */
    private int current;
    private int end;

    /** @param files bytes of the index's segments, by their numbers */
    PartCopies(SharedIndex index, List<SegmentBytes> files) {
        this.index = index;
        this.files = files;
    }

    private static ByteBuffer room(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** A buffer with this much room: the present one, or a larger one. */
    private static ByteBuffer withRoom(ByteBuffer there, int bytes) {
        return bytes <= there.capacity() ? there : room(Math.max(bytes, Math.min(2 * there.capacity(), MAX_GATHERED_BYTES)));
    }

    /** Adds a part, after copying those added before if there are enough. */
    void add(Part part, SharedRun.Target target) throws IOException {
        int ofPart = storedBytes(part);
        if (count + part.count() > MAX_FRAMES || bytes + ofPart > MAX_GATHERED_BYTES) {
            flush(target);
        }
        parts.add(part);
        count += part.count();
        bytes += ofPart;
    }

    /** Upper bound of what the records of a part take in their shared segments. */
    private static int storedBytes(Part part) {
        return part.dataBytes() + part.count() * RecordFramer.storedBytes(0, part.keyLength());
    }

    /** Copies the parts that were added and aren't copied yet, in the order in which they were added. */
    void flush(SharedRun.Target target) throws IOException {
        if (count > places.length) {
            int room = Math.max(count, 2 * places.length);
            places = new int[room];
            lengths = new int[room];
            gathered = new int[room];
            available = new int[room];
        }
        list();
        gather();
        int from = 0;
        for (Part part : parts) {
            copy(part, from, target);
            from += part.count();
        }
        parts.clear();
        count = 0;
        bytes = 0;
    }

    /** Lists the frames: the first of every part, then the second, and so on. */
    private void list() {
        FrameTable frames = index.frames();
        int left = parts.size();
        int from = 0;
        for (int i = 0; i < left; i++) {
            open[i] = i;
            next[i] = from;
            frame[i] = parts.get(i).firstFrame();
            from += parts.get(i).count();
        }
        for (int depth = 1; left > 0; depth++) {
            int kept = 0;
            for (int i = 0; i < left; i++) {
                int at = next[i];
                places[at] = frames.place(frame[i]);
                lengths[at] = frames.bytes(frame[i]);
                if (depth < parts.get(open[i]).count()) {
                    frame[kept] = frames.next(frame[i]);
                    next[kept] = at + 1;
                    open[kept++] = open[i];
                }
            }
            left = kept;
        }
    }

    private void gather() throws IOException {
        int at = 0;
        int i = 0;
        for (Part part : parts) {
            for (int last = i + part.count(); i < last; i++) {
                gathered[i] = at;
                at += RecordFramer.storedBytes(lengths[i], part.keyLength());
            }
        }
        stored = withRoom(stored, bytes);
        for (i = 0; i < count; i++) {
            stored.limit(i + 1 < count ? gathered[i + 1] : bytes).position(gathered[i]);
            available[i] = files.get(FrameTable.segment(places[i])).read(stored, FrameTable.offset(places[i]));
        }
        stored.clear();
    }

    private void copy(Part part, int from, SharedRun.Target target) throws IOException {
        StreamKey key = part.key();
        framer.begin(key);
        framed = withRoom(framed, part.dataBytes());
        framed.clear().limit(part.dataBytes());
        boolean areRecords = true;
        int at = 0;
        int previousSize = 0;
        end = from + part.count();
        for (current = from; current < end; current++) {
            int place = places[current];
            areRecords &= framer.frame(stored, gathered[current], available[current], index.header(FrameTable.segment(place)),
                    FrameTable.offset(place), lengths[current], part.base() + at, previousSize, this, framed, at);
            previousSize = lengths[current];
            at += previousSize;
        }
        target.add(part.header(key, previousSize == 0 ? 0 : part.end() - previousSize), framed, areRecords);
    }

    /** Bytes of the next {@code following} frames behind the one being made, or of all that are left. */
    @Override
    public int applyAsInt(int following) {
        return Arrays.stream(lengths, current + 1, (int) Math.min(end, current + 1L + following)).sum();
    }
}
