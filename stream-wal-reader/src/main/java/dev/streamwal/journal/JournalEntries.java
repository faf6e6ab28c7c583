package dev.streamwal.journal;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Receives a block's entries as they stand there. */
interface JournalEntries {

    void segment(int number, SegmentHeader header) throws FormatException, IOException;

    /** @param frames from its position to its limit; the buffer's content changes after the call */
    void bytes(int number, int offset, ByteBuffer frames) throws FormatException, IOException;

    void deletedBelow(StreamKey key, long position) throws FormatException, IOException;

    void truncated(StreamKey key, long from, long to) throws FormatException, IOException;
}
