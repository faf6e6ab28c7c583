package dev.streamwal.pack;

import static dev.streamwal.pack.PackHeaderLayout.check;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.Window;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a part's frames come from several segments: what the headers of all but the first said. It stands behind the frames, little-endian.
 *
 * <pre>
 *   0  4  checksum          CRC32C over all that follows
 *   4  4  sections          how many, at least 1
 *   8     sections, see below
 * </pre>
 *
 * <p>Each section:
 *
 * <pre>
 *   0  8  logical offset    of its first frame among the part's frames
 *   8  8  position          of that in the stream
 *  16  8  previous end      stream position where the data before it ends
 *  24  8  window start      epoch ms, inclusive
 *  32  8  window end        epoch ms, exclusive
 *  40  8  salt              of its frames' checksums
 * </pre>
 */
final class PartSections {

    static final int CHECKSUM = 0;
    static final int SECTIONS = 4;
    static final int FIXED_BYTES = 8;

    static final int LOGICAL_OFFSET = 0;
    static final int POSITION = 8;
    static final int PREVIOUS_END = 16;
    static final int WINDOW_START = 24;
    static final int WINDOW_END = 32;
    static final int SALT = 40;
    static final int SECTION_BYTES = 48;

    /** Behind the first; one for each segment that is joined. */
    static final int MAX_SECTIONS = 1 << 16;
    static final int MAX_BYTES = FIXED_BYTES + MAX_SECTIONS * SECTION_BYTES;

    private PartSections() {}

    /**
     * Where frames of one segment begin.
     *
     * @param logicalOffset among the part's frames
     * @param header of that segment
     */
    record Start(long logicalOffset, SegmentHeader header) {

        /** The stream position behind it, where it ends at this logical offset. */
        long end(long logicalEnd) {
            return header.basePosition() + (logicalEnd - logicalOffset);
        }
    }

    /** Whether so many bytes hold sections, and nothing else. */
    static boolean isPossible(int bytes) {
        return bytes > FIXED_BYTES && bytes <= MAX_BYTES && (bytes - FIXED_BYTES) % SECTION_BYTES == 0;
    }

    /** A segment's header as a part has it: with no mark, and a capacity that says nothing. */
    static SegmentHeader headerOf(SegmentHeader header, Window window, long base, long previousEnd, long salt, int flags) {
        int capacity = (int) Math.min(Integer.MAX_VALUE, Long.MAX_VALUE - base);
        return new SegmentHeader(header.key(), window, header.expirationMillis(), base, previousEnd, header.incarnation(), salt,
                header.createdMillis(), capacity, 0, flags);
    }

    /** @param starts all, the first one among them, which isn't written */
    static ByteBuffer encode(List<Start> starts) {
        ByteBuffer out = ByteBuffer.allocate(FIXED_BYTES + (starts.size() - 1) * SECTION_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(SECTIONS, starts.size() - 1);
        int index = FIXED_BYTES;
        for (Start start : starts.subList(1, starts.size())) {
            SegmentHeader header = start.header();
            out.putLong(index + LOGICAL_OFFSET, start.logicalOffset());
            out.putLong(index + POSITION, header.basePosition());
            out.putLong(index + PREVIOUS_END, header.previousEnd());
            out.putLong(index + WINDOW_START, header.window().startMillis());
            out.putLong(index + WINDOW_END, header.window().endMillis());
            out.putLong(index + SALT, header.salt());
            index += SECTION_BYTES;
        }
        out.putInt(CHECKSUM, PackChecksum.of(out, SECTIONS, out.capacity()));
        return out;
    }

    /**
     * @param in little-endian, from index 0 to its limit, which is {@link #isPossible}
     * @param first what the part's header says
     * @return all, the first one among them
     */
    static List<Start> decode(ByteBuffer in, SegmentHeader first, long logicalBytes) throws FormatException {
        int checksum = in.getInt(CHECKSUM);
        check(checksum == PackChecksum.of(in, SECTIONS, in.limit()), "the checksum of a part's sections is right", checksum);
        int count = in.getInt(SECTIONS);
        check(count == (in.limit() - FIXED_BYTES) / SECTION_BYTES, "sections fill their place, " + in.limit(), count);
        List<Start> starts = new ArrayList<>(count + 1);
        Start before = new Start(0, first);
        starts.add(before);
        for (int index = FIXED_BYTES; index < in.limit(); index += SECTION_BYTES) {
            long logicalOffset = in.getLong(index + LOGICAL_OFFSET);
            check(logicalOffset > before.logicalOffset() && logicalOffset < logicalBytes && logicalOffset % RecordLayout.ALIGNMENT == 0,
                    "sections follow each other, behind " + before.logicalOffset(), logicalOffset);
            long end = before.end(logicalOffset);
            long previousEnd = in.getLong(index + PREVIOUS_END);
            long position = in.getLong(index + POSITION);
            check(previousEnd >= end && position >= previousEnd && position <= Long.MAX_VALUE - logicalBytes - SegmentHeaderLayout.MAX_BYTES,
                    "a section begins at or behind the end of the one before, at " + end, position);
            long windowStart = in.getLong(index + WINDOW_START);
            long windowEnd = in.getLong(index + WINDOW_END);
            check(windowStart < windowEnd, "a window ends after it starts, at " + windowStart, windowEnd);
            before = new Start(logicalOffset, headerOf(first, new Window(windowStart, windowEnd), position, previousEnd,
                    in.getLong(index + SALT), first.featureFlags() & ~SegmentHeaderLayout.FIRST));
            starts.add(before);
        }
        return starts;
    }
}
