package dev.streamwal.packing;

import dev.streamwal.append.PackedData;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.segment.SegmentReader;
import java.nio.file.Path;

/** What a stream has in a shared segment, open. */
record HeldPart(SegmentReader reader) implements PackedData.Held {

    @Override
    public SegmentHeader header() {
        return reader.header();
    }

    @Override
    public SegmentBytes bytes() {
        return reader;
    }

    @Override
    public Path file() {
        return reader.segment().file();
    }

    @Override
    public void close() {
        reader.close();
    }
}
