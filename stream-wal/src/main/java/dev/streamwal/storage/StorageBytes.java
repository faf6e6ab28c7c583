package dev.streamwal.storage;

import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A writer's file, as the reader's code wants it. */
public final class StorageBytes implements SegmentBytes {

    private final SegmentFile file;

    private StorageBytes(SegmentFile file) {
        this.file = file;
    }

    public static SegmentBytes of(SegmentFile file) {
        return new StorageBytes(file);
    }

    @Override
    public int read(ByteBuffer target, long offset) throws IOException {
        return file.read(offset, target);
    }

    @Override
    public long size() throws IOException {
        return file.length();
    }
}
