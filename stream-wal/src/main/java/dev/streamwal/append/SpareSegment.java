package dev.streamwal.append;

import dev.streamwal.format.FooterLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentMapping;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A segment that has space and a mapping already, but no header and no name: what a full one is followed by in a tenth of a
 * millisecond.
 */
final class SpareSegment {

    private final SegmentFile file;
    private final SegmentMapping mapping;
    private final int preparedBytes;

    private SpareSegment(SegmentFile file, SegmentMapping mapping, int preparedBytes) {
        this.file = file;
        this.mapping = mapping;
        this.preparedBytes = preparedBytes;
    }

    /** @return null where the storage has no mappings */
    static @Nullable SpareSegment prepare(SegmentStorage storage, Path temporary, int capacity, int preparedBytes) throws IOException {
        SegmentFile file = storage.create(temporary);
        SegmentMapping mapping = null;
        try {
            // a page first, so that the file is never cut to nothing
            file.zero(0, Math.min(FooterLayout.PAGE_BYTES, capacity));
            mapping = file.map(capacity);
            if (mapping != null) {
                int prepared = Math.min(preparedBytes, capacity);
                file.truncate(Math.min(FooterLayout.PAGE_BYTES, capacity));
                file.zero(Math.min(FooterLayout.PAGE_BYTES, capacity), prepared);
                mapping.touch(0, prepared);
                file.close();
                return new SpareSegment(file, mapping, prepared);
            }
            discard(storage, file, null);
            return null;
        } catch (IOException | RuntimeException | Error e) {
            discard(storage, file, mapping);
            throw e;
        }
    }

    void writeHeader(SegmentHeader header) {
        mapping.buffer().put(0, SegmentHeaderLayout.encode(header), 0, header.headerLength());
    }

    SegmentFile file() {
        return file;
    }

    SegmentMapping mapping() {
        return mapping;
    }

    int preparedBytes() {
        return preparedBytes;
    }

    void discard(SegmentStorage storage) throws IOException {
        discard(storage, file, mapping);
    }

    private static void discard(SegmentStorage storage, SegmentFile file, @Nullable SegmentMapping mapping) throws IOException {
        if (mapping != null) {
            mapping.unmap();
        }
        file.close();
        storage.delete(file.path());
    }
}
