package dev.streamwal.shared;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.segment.SegmentScan;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Consecutive shared segments that are packed together, the oldest first. A stream's records in several of them become one part, unless there is a gap, because
 * a part of many records costs little more than a part of one. One thread.
 */
public final class SharedBatch {

    /** Limit of the heap for a batch's index, which takes as much as its segments have bytes if each of many small records is of another stream. */
    private static final long HEAP_BYTES = Runtime.getRuntime().maxMemory() / 4;

    /** Bytes of segments at which a batch is full: about a second's work, for which a deletion may have to wait; less if the heap is small. */
    public static final long MAX_BYTES = Math.min(256L << 20, HEAP_BYTES);

    /** Streams at which a batch is full: they take some 200 bytes of the heap each. */
    private static final long MAX_STREAMS = Math.min(1 << 20, HEAP_BYTES / 200);

    private final ChannelCache channels;
    private final Holding holding;
    private final SharedIndex index;
    private final List<Segment> segments = new ArrayList<>();
    private final Map<Segment, CorruptSegmentException> damaged = new LinkedHashMap<>();
    /** The bytes of the segments that the index has, by their numbers there. */
    private final List<SegmentBytes> held = new ArrayList<>();
    private long bytes;

    /** Holds a segment's bytes until the batch is packed. */
    @FunctionalInterface
    public interface Holding {
        /** The bytes of a segment that never changes again; reads of a few hundred bytes each have to be cheap. */
        SegmentBytes hold(Segment segment) throws IOException;
    }

    /**
     * An empty batch.
     *
     * @param isAfterDamage whether damage was found in a batch before
     */
    public SharedBatch(ChannelCache channels, Holding holding, boolean isAfterDamage) {
        this.channels = channels;
        this.holding = holding;
        this.index = new SharedIndex(stream -> {}, isAfterDamage, null);
    }

    /**
     * Adds the next segment, unless something may still be appended to it. Returns whether it was added.
     *
     * @param isComplete whether its writer knows that nothing is appended to it any more, because the damage may be in its footer
     */
    public boolean add(Segment segment, boolean isComplete) throws IOException {
        try (SegmentReader reader = segment.open(channels)) {
            SegmentEnd end = reader.end();
            if (!end.isFinal() && !isComplete) {
                return false;
            }
            SegmentBytes content = holding.hold(segment);
            held.add(content);
            bytes += content.size();
            SharedWalk walk = new SharedWalk(segment, index);
            try (SegmentScan scan = new SegmentScan(content, reader.header())) {
                walk.on(scan, end, true);
            }
            if (walk.damage() != null || !end.isFinal()) {
                index.damaged();
                damaged.put(segment, walk.damage() != null ? walk.damage() : withoutFooter(segment, content.size()));
            }
        } catch (CorruptSegmentException e) {
            if (!isComplete) {
                return false;
            }
            // its header is damaged: nobody knows what was in it
            index.damaged();
            damaged.put(segment, e);
        }
        segments.add(segment);
        return true;
    }

    private static CorruptSegmentException withoutFooter(Segment segment, long size) {
        return new CorruptSegmentException("the footer of a shared segment is damaged: file=" + segment.file() + ", bytes=" + size, segment.file(),
                segment.key().text(), segment.basePosition(), size, 0, null);
    }

    /** Whether it is to be packed before more segments are added. */
    public boolean isFull() {
        return segments.size() == FrameTable.MAX_SEGMENTS || bytes >= MAX_BYTES || index.streams().size() >= MAX_STREAMS;
    }

    /** Size of the segments. */
    public long bytes() {
        return bytes;
    }

    /** The segments, the oldest first. */
    public List<Segment> segments() {
        return segments;
    }

    /** Those with damage, and what was found in each. */
    public Map<Segment, CorruptSegmentException> damaged() {
        return damaged;
    }

    /** Makes a stream's records at positions {@code [from, to)} not count; to be called when all segments have been added. */
    public void cut(StreamKey key, long from, long to) {
        index.cut(key, from, to);
    }

    /** All parts, grouped by window and expiration; the oldest window first. */
    public List<SharedRun> runs() {
        return runs(span -> span);
    }

    /**
     * The same, with parts of several windows packed together.
     *
     * @param groups gives the window and expiration under which the parts of a window and expiration are packed
     */
    public List<SharedRun> runs(UnaryOperator<SharedRun.Span> groups) {
        return index.runs(held, groups);
    }
}
