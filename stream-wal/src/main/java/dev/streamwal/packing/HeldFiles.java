package dev.streamwal.packing;

import dev.streamwal.io.SegmentBytes;
import dev.streamwal.segment.Segment;
import dev.streamwal.shared.SharedBatch;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** The shared segments that are packed together, held in memory or mapped until all of them are packed. For one thread; close it. */
final class HeldFiles implements SharedBatch.Holding, AutoCloseable {

    /** How much may be held in memory if there are no mappings: once it is reached, no more files are added. */
    private static final long MAX_MEMORY_BYTES = 64 << 20;

    private final SegmentStorage storage;
    private final Predicate<Path> isUnreadable;
    private final List<HeldFile> files = new ArrayList<>();
    private long memoryBytes;

    /** @param isUnreadable says for which segments unreadable sectors are given as damage; for others they are a failure */
    HeldFiles(SegmentStorage storage, Predicate<Path> isUnreadable) {
        this.storage = storage;
        this.isUnreadable = isUnreadable;
    }

    @Override
    public SegmentBytes hold(Segment segment) throws IOException {
        HeldFile file = HeldFile.of(segment, storage, isUnreadable.test(segment.file()));
        files.add(file);
        memoryBytes += file.memoryBytes();
        return file;
    }

    /** Whether another file may be held. */
    boolean hasRoom() {
        return memoryBytes < MAX_MEMORY_BYTES;
    }

    @Override
    public void close() {
        files.forEach(HeldFile::close);
    }
}
