package dev.streamwal.shared;

import dev.streamwal.format.StreamKey;
import org.jspecify.annotations.Nullable;

/**
 * The parts of one stream in a shared segment, mostly one of a few records. There is such an object for every stream, so the parts are linked, which
 * saves the memory of a list. Guarded by the segment.
 */
final class StreamParts {

    private final StreamTable table;
    private final int number;
    private @Nullable Part first;
    private @Nullable Part last;
    /** Where its last record ended when records were cut; -1 if none were. */
    private long endBeforeCut = -1;

    /**
     * A stream without parts.
     *
     * @param number of the stream in the table
     */
    StreamParts(StreamTable table, int number) {
        this.table = table;
        this.number = number;
    }

    /** Made anew each time. */
    StreamKey key() {
        return table.key(number);
    }

    int keyLength() {
        return table.keyLength(number);
    }

    /** Whether no record of the stream counts. */
    boolean isEmpty() {
        return first == null;
    }

    @Nullable Part first() {
        return first;
    }

    @Nullable Part last() {
        return last;
    }

    /** Where its last record ends, or ended if that doesn't count any more; -1 for none. */
    long seenTo() {
        return last == null ? endBeforeCut : Math.max(endBeforeCut, last.endPosition());
    }

    void add(Part part) {
        if (last == null) {
            first = part;
        } else {
            last.next(part);
        }
        last = part;
    }

    /** Removes the records at positions {@code [from, to)}. No part goes on behind {@code to}: its writer leaves out a position there. */
    void cut(long from, long to, FrameTable frames) {
        endBeforeCut = seenTo();
        Part kept = null;
        Part head = null;
        for (Part part = first; part != null; part = part.next()) {
            if (part.base() < to) {
                part.cutFrom(from, frames);
            }
            if (part.isGone()) {
                continue;
            }
            if (kept == null) {
                head = part;
            } else {
                kept.next(part);
                if (part.isJoined()) {
                    part.join(kept.endPosition());
                }
            }
            kept = part;
        }
        if (kept != null) {
            kept.next(null);
        }
        first = head;
        last = kept;
    }
}
