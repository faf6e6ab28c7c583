package dev.streamwal.pack;

import dev.streamwal.format.SegmentHeader;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Where the frames of a part are written to, in the order of their positions. */
public interface PartFrames {

    /**
     * Whole frames that verify, one behind the other: all that remains in the buffer. They stand in the stream where those before them end.
     * Not the footer of a segment.
     */
    void frames(ByteBuffer wholeFrames) throws IOException;

    /** Bytes between frames that don't verify, and are kept as they are: a multiple of 8. Whether they have records isn't known. */
    void damaged(ByteBuffer bytes) throws IOException;

    /**
     * What follows stood in another segment of the stream, behind all that was written so far: with other positions, or another salt. Only
     * once there is a frame of the one before.
     *
     * @param header of that segment: window, base position, previous end and salt count
     */
    void section(SegmentHeader header) throws IOException;
}
