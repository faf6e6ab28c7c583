package dev.streamwal.storage;

import dev.streamwal.io.LogFile;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** A segment that is written by position. */
class ChannelFile extends LogFile implements SegmentFile {

    ChannelFile(Path path) {
        super(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    @Override
    public @Nullable SegmentMapping map(int capacity) throws IOException {
        return null;
    }

    @Override
    public void close() {
        try {
            super.close();
        } catch (IOException e) {
            // nothing is buffered here: closing a descriptor could only report errors of writes, which force reports
        }
    }
}
