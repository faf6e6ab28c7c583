package dev.streamwal.shared;

import dev.streamwal.format.StreamKey;
import org.jspecify.annotations.Nullable;

/**
 * What one stream has in a shared segment: mostly one part of a few records, and of these there are as many as streams. So it is a list of parts
 * that needs no list. Guarded by the segment.
 */
final class StreamParts {

    private final StreamTable table;
    private final int number;
    private @Nullable Part first;
    private @Nullable Part last;

    /**
     * Without parts.
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

    int number() {
        return number;
    }

    /** Whether nothing counts of what the stream had. */
    boolean isEmpty() {
        return first == null;
    }

    @Nullable Part first() {
        return first;
    }

    @Nullable Part last() {
        return last;
    }

    void add(Part part) {
        if (last == null) {
            first = part;
        } else {
            last.next(part);
        }
        last = part;
    }

    /** What stands at positions {@code [from, to)} doesn't count any more. */
    void cut(long from, long to, FrameTable frames) {
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
