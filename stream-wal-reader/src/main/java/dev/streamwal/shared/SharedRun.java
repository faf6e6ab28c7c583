package dev.streamwal.shared;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;

/**
 * The parts of a shared segment that share a window and an expiration, in ascending order of the unsigned bytes of their keys; parts of one stream
 * in the order in which they were appended. One thread.
 */
public final class SharedRun {

    /** Window and expiration of parts that may stand in one pack. */
    record Span(Window window, long expirationMillis) implements Comparable<Span> {

        private static final Comparator<Span> BY_TIME = Comparator.<Span>comparingLong(span -> span.window().startMillis())
                .thenComparingLong(span -> span.window().endMillis()).thenComparingLong(Span::expirationMillis);

        static Span of(Part part) {
            return new Span(part.window(), part.expirationMillis());
        }

        @Override
        public int compareTo(Span other) {
            return BY_TIME.compare(this, other);
        }
    }

    private final SharedSegment shared;
    private final Span span;
    private final List<Part> parts = new ArrayList<>();
    private long dataBytes;

    /** A run without parts. */
    SharedRun(SharedSegment shared, Span span) {
        this.shared = shared;
        this.span = span;
    }

    /** Guarded by the segment. */
    void add(Part part) {
        parts.add(part);
        dataBytes += part.dataBytes();
    }

    boolean isOf(Part part) {
        return span.window().equals(part.window()) && span.expirationMillis() == part.expirationMillis();
    }

    /** Window of the records of all parts. */
    public Window window() {
        return span.window();
    }

    /** Epoch ms. */
    public long expirationMillis() {
        return span.expirationMillis();
    }

    /** Number of parts. */
    public int parts() {
        return parts.size();
    }

    /** Bytes of all parts, without their headers. */
    public long dataBytes() {
        return dataBytes;
    }

    /** Whether the test holds for the streams of all parts. */
    public boolean isOfAll(Predicate<StreamKey> test) {
        return parts.stream().allMatch(part -> test.test(part.key()));
    }

    /** Receives segments, with the bytes that they would have in files of their own. */
    @FunctionalInterface
    public interface Target {
        /** Receives one segment. Its bytes are valid until this returns; read them once, from the header's end to the data's end. */
        void add(SegmentHeader header, int dataEnd, SegmentBytes bytes) throws IOException;
    }

    /**
     * Copies each part as a segment of its stream.
     *
     * @param file bytes of the shared segment
     */
    public void copyTo(Target target, SegmentBytes file) throws IOException {
        Copy copy = new Copy(file);
        for (Part part : parts) {
            SegmentHeader header = copy.begin(part);
            target.add(header, copy.end(), copy);
        }
    }

    /** The part being copied; all its frames have to be read at once. */
    private final class Copy implements SegmentBytes, RecordFramer.Following {

        private final RecordFramer framer;
        private final PartFrames frames;
        private PartFrames.Known known;
        private long base;
        /** The frame that is copied. */
        private int frame;

        Copy(SegmentBytes file) {
            Part first = parts.get(0);
            framer = new RecordFramer(file, first.fileHeader());
            frames = new PartFrames(first.headerLength());
            known = shared.frames(first, frames);
        }

        SegmentHeader begin(Part part) {
            StreamKey key = part.key();
            frames.restart(part.headerLength());
            known = shared.frames(part, frames);
            base = part.base();
            framer.begin(key);
            return part.header(key, known.mark());
        }

        int end() {
            return known.end();
        }

        @Override
        public int read(ByteBuffer target, long offset) throws IOException {
            int length = known.end() - known.offset(0);
            if (offset != known.offset(0) || target.remaining() < length) {
                throw new IllegalArgumentException("read doesn't cover the whole part: offset=" + offset + ", remaining=" + target.remaining()
                        + ", part=" + this);
            }
            int start = target.position();
            for (frame = 0; frame < known.count(); frame++) {
                int at = known.offset(frame) - known.offset(0);
                framer.frame(known.place(frame), known.bytes(frame), base + at, frame == 0 ? 0 : known.bytes(frame - 1), this, target, start + at);
            }
            target.position(start + length);
            return length;
        }

        @Override
        public int bytes(int following) {
            return known.bytesBehind(frame, following);
        }

        @Override
        public long size() {
            return known.end();
        }

        @Override
        public String toString() {
            return shared.file().toString();
        }
    }
}
