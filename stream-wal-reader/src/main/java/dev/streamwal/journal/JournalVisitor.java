package dev.streamwal.journal;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Receives a journal's entries, one by one; those that it doesn't care about, it ignores. */
public interface JournalVisitor {

    /**
     * Frames of a segment.
     *
     * @param segment whose file they stand in
     * @param offset in that file
     * @param frames from its position to its limit, little-endian; the buffer's content changes after the call
     */
    default void bytes(SegmentHeader segment, int offset, ByteBuffer frames) throws IOException {}

    /** The stream's segments with a lower base position are deleted. */
    default void deletedBelow(StreamKey key, long position) throws IOException {}

    /** The records at positions {@code [from, to)} of the stream are cut. */
    default void truncated(StreamKey key, long from, long to) throws IOException {}

    /** Returns whether to go on behind this damage; otherwise the scan ends here. */
    boolean damaged(JournalDamage damage) throws IOException;
}
