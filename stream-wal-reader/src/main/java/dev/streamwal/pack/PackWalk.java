package dev.streamwal.pack;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.StreamKey;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Goes through the segments of a pack in the order of their keys' unsigned bytes, then of their base positions. One thread. */
public final class PackWalk {

    private final PackReader pack;
    private int block = -1;
    private PackTable.@Nullable Cursor segments;

    PackWalk(PackReader pack) {
        this.pack = pack;
    }

    /**
     * Goes to the next segment.
     *
     * @return false at the end
     * @throws CorruptSegmentException once for a damaged table block; the next call continues behind it
     */
    public boolean next() throws IOException {
        try {
            while (segments == null || !segments.next()) {
                segments = null;
                if (block + 1 >= pack.index().blocks()) {
                    return false;
                }
                block++;
                segments = pack.block(block, false);
            }
            return true;
        } catch (FormatException e) {
            throw pack.unreadable(e, block);
        }
    }

    /**
     * Goes forward to the first segment whose key isn't before this one; stays if it already stands on such a segment. Skips the table blocks
     * between without reading them.
     *
     * @return false if there is none
     */
    public boolean seek(byte[] key) throws IOException {
        if (segments != null && segments.ordinal() >= 0 && segments.compareKey(key) >= 0) {
            return true;
        }
        int first = pack.index().find(key);
        if (first > block) {
            block = first - 1;
            segments = null;
        }
        while (next()) {
            if (segment().compareKey(key) >= 0) {
                return true;
            }
        }
        return false;
    }

    private PackTable.Cursor segment() {
        if (segments == null) {
            throw new IllegalStateException("walk stands on no segment: pack=" + pack + "; call next() or seek() first");
        }
        return segments;
    }

    /** The current segment. */
    public PackEntry entry() throws IOException {
        try {
            return segment().entry();
        } catch (FormatException e) {
            throw pack.unreadable(e, block);
        }
    }

    /** The key of the current segment. */
    public byte[] key() {
        return segment().key();
    }

    /** As {@link #key}. */
    public StreamKey streamKey() throws IOException {
        try {
            return StreamKey.ofUtf8(key());
        } catch (FormatException e) {
            throw pack.unreadable(e, block);
        }
    }

    /** Compares that key with another one: less than 0 if that key is before the other. */
    public int compareKey(byte[] other) {
        return segment().compareKey(other);
    }

    /** Compares that key's first bytes: 0 if it begins with these, less than 0 if it is before all keys that do. */
    public int compareBeginning(byte[] beginning) {
        return segment().compareBeginning(beginning);
    }

    public long basePosition() {
        return segment().basePosition();
    }

    public long endPosition() {
        return segment().endPosition();
    }

    /** Its bytes in the pack's file, without the table entry. */
    public int storedBytes() {
        return segment().storedBytes();
    }

    /** Place of its table block: see {@link CatalogedSegment}. */
    public int block() {
        return pack.place(block);
    }

    /** The {@link TimeSpread} of its timestamps. */
    public long spread() {
        return segment().spread();
    }
}
