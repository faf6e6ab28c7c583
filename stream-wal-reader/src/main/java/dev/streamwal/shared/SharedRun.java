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
 * Parts of shared segments that may stand in one pack: those of one window and expiration, or of several windows that are packed as one. They are in
 * ascending order of the unsigned bytes of their keys; parts of one stream are in the order in which they were appended. One thread.
 */
public final class SharedRun {

    /** Window and expiration of parts that may stand in one pack. */
    public record Span(Window window, long expirationMillis) implements Comparable<Span> {

        private static final Comparator<Span> BY_TIME = Comparator.<Span>comparingLong(span -> span.window().startMillis())
                .thenComparingLong(span -> span.window().endMillis()).thenComparingLong(Span::expirationMillis);

        static Span of(Part part) {
            return new Span(part.window(), part.expirationMillis());
        }

        boolean isOf(Part part) {
            return window.equals(part.window()) && expirationMillis == part.expirationMillis();
        }

        @Override
        public int compareTo(Span other) {
            return BY_TIME.compare(this, other);
        }
    }

    private final SharedIndex index;
    private final List<SegmentBytes> files;
    private final Span span;
    private final List<Part> parts = new ArrayList<>();
    private long dataBytes;

    /** A run without parts. */
    SharedRun(SharedIndex index, List<SegmentBytes> files, Span span) {
        this.index = index;
        this.files = files;
        this.span = span;
    }

    void add(Part part) {
        parts.add(part);
        dataBytes += part.dataBytes();
    }

    /** Window and expiration of the pack. */
    public Span span() {
        return span;
    }

    /** Window of the records of all parts. */
    public Window window() {
        return span.window();
    }

    /** Epoch ms. */
    public long expirationMillis() {
        return span.expirationMillis();
    }

    public int parts() {
        return parts.size();
    }

    /** Bytes of all parts, without their headers. */
    public long dataBytes() {
        return dataBytes;
    }

    /** Whether records before one of the parts may be missing because they were damaged. */
    public boolean isAfterDamage() {
        return parts.stream().anyMatch(Part::isAfterDamage);
    }

    /** Whether the test holds for the streams of all parts. */
    public boolean isOfAll(Predicate<StreamKey> test) {
        return parts.stream().allMatch(part -> test.test(part.key()));
    }

    /** Receives segments, with the bytes that they would have in files of their own. */
    @FunctionalInterface
    public interface Target {
        /**
         * Receives one segment.
         *
         * @param frames its frames, without its header, from the position to the limit; valid until this returns
         * @param areRecords whether all of them are records outside batches, and verify
         */
        void add(SegmentHeader header, ByteBuffer frames, boolean areRecords) throws IOException;
    }

    /** Copies each part as a segment of its stream. */
    public void copyTo(Target target) throws IOException {
        PartCopies copies = new PartCopies(index, files);
        for (Part part : parts) {
            copies.add(part, target);
        }
        copies.flush(target);
    }
}
