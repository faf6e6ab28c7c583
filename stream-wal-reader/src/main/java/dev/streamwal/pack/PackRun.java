package dev.streamwal.pack;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The segments of a pack, one after the other, for merging it with other packs. Runs compare by their current segments, in the order of the merged
 * pack. Begins before the first segment. One thread.
 */
public final class PackRun implements Comparable<PackRun> {

    private final PackReader pack;
    private final PackWalk walk;
    private final ReadAhead bytes;
    /** Keeps nothing: each block is read once. */
    private final BlockCache readOnce = new BlockCache(0);
    private @Nullable PackEntry entry;

    PackRun(PackReader pack, ReadAhead bytes) {
        this.pack = pack;
        this.walk = pack.walk();
        this.bytes = bytes;
    }

    /**
     * Goes to the next segment.
     *
     * @return false at the end
     * @throws CorruptSegmentException if a table block is damaged
     */
    public boolean next() throws IOException {
        entry = walk.next() ? walk.entry() : null;
        return entry != null;
    }

    /** The current segment. */
    public PackEntry entry() {
        if (entry == null) {
            throw new IllegalStateException("run stands on no segment: pack=" + pack + "; call next() first");
        }
        return entry;
    }

    public PackReader pack() {
        return pack;
    }

    /** Adds the current segment to another pack. */
    public void copyTo(PackWriter writer) throws IOException {
        PackEntry segment = entry();
        SegmentHeader header = pack.segmentHeader(segment);
        writer.add(header, pack.segmentFooter(segment, bytes), new PackedBytes(bytes, pack, () -> { }, readOnce, segment, header));
    }

    @Override
    public int compareTo(PackRun other) {
        int byKey = StreamKey.compare(entry().key(), other.entry().key());
        return byKey != 0 ? byKey : Long.compare(entry().basePosition(), other.entry().basePosition());
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
