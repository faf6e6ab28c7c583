package dev.streamwal.shared;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.StreamKey;
import org.jspecify.annotations.Nullable;

/**
 * What one stream has in a shared segment: mostly one part of a few records, and of these there are as many as streams. So it is a list of parts
 * that needs no list. Guarded by the segment.
 */
final class StreamParts {

    private final byte[] utf8;
    private final int hash;
    private final StreamKey key;
    private final int number;
    private @Nullable Part first;
    private @Nullable Part last;

    /**
     * Without parts.
     *
     * @param hash of the key's bytes
     * @param number of the stream in the segment
     * @throws FormatException where the bytes are no key
     */
    StreamParts(byte[] utf8, int hash, int number) throws FormatException {
        this.utf8 = utf8;
        this.hash = hash;
        this.key = StreamKey.ofUtf8(utf8);
        this.number = number;
    }

    byte[] utf8() {
        return utf8;
    }

    int hash() {
        return hash;
    }

    StreamKey key() {
        return key;
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
    void cut(long from, long to) {
        Part kept = null;
        Part head = null;
        for (Part part = first; part != null; part = part.next()) {
            if (part.base() < to) {
                part.cutFrom(from);
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
