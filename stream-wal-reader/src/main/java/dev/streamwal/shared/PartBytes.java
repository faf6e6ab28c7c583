package dev.streamwal.shared;

import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.segment.SegmentSummary;
import dev.streamwal.segment.TimeRange;
import dev.streamwal.segment.TimeSpan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A part of a shared segment as if it were a file of its own, for reads at any offset: see {@link RecordFramer}. One thread. */
final class PartBytes implements SegmentBytes {

    private static final int FIRST_ROOM = 512;

    /** So few frames are read faster than looked through. */
    private static final int FEW_FRAMES = 16;

    private final PartPlace part;
    private final SegmentBytes file;
    private final SegmentHeader fileHeader;
    private final long base;
    private final RecordFramer framer = new RecordFramer();
    private ByteBuffer stored = ByteBuffer.allocate(FIRST_ROOM).order(ByteOrder.LITTLE_ENDIAN);
    private ByteBuffer frame = ByteBuffer.allocate(FIRST_ROOM).order(ByteOrder.LITTLE_ENDIAN);
    /** Number of the frame held there; -1 for none. */
    private int framed = -1;
    private boolean isFramedValid;
    private PartFrames.Known frames;

    /** @param file bytes of the shared segment, which the caller closes */
    PartBytes(PartPlace part, SegmentBytes file) {
        this.part = part;
        this.file = file;
        this.fileHeader = part.fileHeader();
        this.base = part.basePosition();
        this.frames = part.frames();
        framer.begin(part.key());
    }

    @Override
    public int read(ByteBuffer target, long offset) throws IOException {
        if (offset + target.remaining() > frames.end()) {
            frames = part.newestFrames();
        }
        return readKnown(target, offset);
    }

    private int readKnown(ByteBuffer target, long offset) throws IOException {
        int start = target.position();
        long at = offset;
        if (at < frames.offset(0)) {
            SegmentHeader header = part.header(frames);
            byte[] bytes = Arrays.copyOf(SegmentHeaderLayout.encode(header).array(), header.headerLength());
            int count = (int) Math.min(target.remaining(), bytes.length - at);
            target.put(bytes, (int) at, count);
            at += count;
        }
        for (int next = frames.at(at); next < frames.count() && target.hasRemaining(); next++) {
            load(next);
            int skipped = (int) (at - frames.offset(next));
            int count = Math.min(target.remaining(), frames.bytes(next) - skipped);
            target.put(target.position(), frame, skipped, count).position(target.position() + count);
            at += count;
        }
        return target.position() - start;
    }

    /** For a scan, which may have stood in the part for long: without what was cut off since. */
    @Override
    public int readOnce(ByteBuffer target, long offset) throws IOException {
        frames = part.countingFrames();
        return readKnown(target, offset);
    }

    /**
     * Where the frames of a range of time can be; null if that isn't known. Each frame of a part is a read of its own, because those of other streams stand
     * between them. So a few are looked at, as in a binary search, to leave the others out.
     *
     * <p><b>Why it is right</b> also if records are late, none by more than a time that is known. If a frame is earlier than the range by more than that
     * time, all frames before it are earlier than the range: else this one would be too late. If a frame is later than the range by at least that time, so
     * are all behind it, by themselves. The binary search keeps both, although times don't only grow: its lower bound stands behind a frame of the first
     * kind, its upper bound at one of the second.
     *
     * <p>The frames that are known here were taken before it is asked how late they are, and between which times: with frames that come later, that can
     * only become more. A frame that doesn't verify any more tells no time; then all are read, and its damage is reported.
     */
    @Nullable TimeSpan spanOf(TimeRange range) throws IOException {
        int count = frames.count();
        SegmentSummary all = part.summary();
        int late = part.mostLateMillis();
        if (count <= FEW_FRAMES || all == null || late == Part.UNORDERED) {
            return null;
        }
        int from = all.smallestTimestampMillis() >= range.fromMillis() ? 0 : firstSince(before(range.fromMillis(), late), 0, count);
        boolean isToEnd = from < 0 || all.largestTimestampMillis() < range.toMillis() || range.toMillis() == Long.MAX_VALUE;
        int to = isToEnd ? count : firstSince(after(range.toMillis(), late), from, count);
        return from < 0 || to < 0 ? null : new TimeSpan(frames.offset(from), frames.offset(to), frames.offset(count));
    }

    private static long before(long millis, int byMillis) {
        return millis < Long.MIN_VALUE + byMillis ? Long.MIN_VALUE : millis - byMillis;
    }

    private static long after(long millis, int byMillis) {
        return millis > Long.MAX_VALUE - byMillis ? Long.MAX_VALUE : millis + byMillis;
    }

    /**
     * One of the frames {@code [from, end]}: its time isn't before the given one, unless it is the end, and that of the frame before it is, unless it is the
     * first. -1 if a frame doesn't verify.
     */
    private int firstSince(long millis, int from, int end) throws IOException {
        int low = from;
        int high = end;
        while (low < high) {
            int middle = (low + high) >>> 1;
            load(middle);
            if (!isFramedValid) {
                return -1;
            }
            if (frame.getLong(RecordLayout.TIMESTAMP) < millis) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    @Override
    public long size() throws IOException {
        frames = part.newestFrames();
        return frames.end();
    }

    private void load(int index) throws IOException {
        if (framed == index) {
            return;
        }
        framed = -1;
        int bytes = frames.bytes(index);
        if (frame.capacity() < bytes) {
            frame = ByteBuffer.allocate(Math.max(bytes, 2 * frame.capacity())).order(ByteOrder.LITTLE_ENDIAN);
        }
        int most = RecordFramer.storedBytes(bytes, part.key().utf8Length());
        if (stored.capacity() < most) {
            stored = ByteBuffer.allocate(Math.max(most, 2 * stored.capacity())).order(ByteOrder.LITTLE_ENDIAN);
        }
        PartFrames.Known known = frames;
        int available = file.read(stored.clear().limit(most), known.place(index));
        isFramedValid = framer.frame(stored, 0, available, fileHeader, known.place(index), bytes, base + known.offset(index) - known.offset(0),
                index == 0 ? 0 : known.bytes(index - 1), following -> known.bytesBehind(index, following), frame, 0);
        framed = index;
    }
}
