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

/** A segment's file before it has its name: with its mapping, if the storage has mappings, and finally with a header. */
final class NewSegment {

    private final SegmentStorage storage;
    private final SegmentFile file;
    private final @Nullable SegmentMapping mapping;
    private final int preparedBytes;

    private NewSegment(SegmentStorage storage, SegmentFile file, @Nullable SegmentMapping mapping, int preparedBytes) {
        this.storage = storage;
        this.file = file;
        this.mapping = mapping;
        this.preparedBytes = preparedBytes;
    }

    /** As small as possible: space for the stream's records is added with them. */
    static NewSegment create(SegmentStorage storage, Path temporary, SegmentHeader header) throws IOException {
        SegmentFile file = storage.create(temporary);
        try {
            file.write(0, SegmentHeaderLayout.encode(header));
            return map(storage, file, header.headerLength(), header.capacity(), FooterLayout.PAGE_BYTES);
        } catch (IOException | RuntimeException | Error e) {
            file.close();
            storage.deleteAfter(e, temporary);
            throw e;
        }
    }

    /** Prepared ahead of time, with space for the first records. */
    static NewSegment prepare(SegmentStorage storage, Path temporary, int capacity, int preparedBytes) throws IOException {
        SegmentFile file = storage.create(temporary);
        try {
            // a page first, so that the file is never cut to length zero
            int page = Math.min(FooterLayout.PAGE_BYTES, capacity);
            file.zero(0, page);
            return map(storage, file, page, capacity, preparedBytes);
        } catch (IOException | RuntimeException | Error e) {
            file.close();
            storage.deleteAfter(e, temporary);
            throw e;
        }
    }

    /** A mapped file keeps no descriptor: it is opened again for each extension. */
    private static NewSegment map(SegmentStorage storage, SegmentFile file, int written, int capacity, int preparedBytes) throws IOException {
        SegmentMapping mapping = file.map(capacity);
        if (mapping == null) {
            return new NewSegment(storage, file, null, written);
        }
        try {
            int prepared = Math.min(preparedBytes, capacity);
            file.truncate(written);
            file.zero(written, prepared);
            mapping.touch(0, prepared);
            file.close();
            return new NewSegment(storage, file, mapping, prepared);
        } catch (IOException | RuntimeException | Error e) {
            mapping.unmap();
            throw e;
        }
    }

    /** For a file that was prepared without a header. */
    void writeHeader(SegmentHeader header) throws IOException {
        if (mapping == null) {
            file.write(0, SegmentHeaderLayout.encode(header));
        } else {
            mapping.buffer().put(0, SegmentHeaderLayout.encode(header), 0, header.headerLength());
        }
    }

    /** The last step that can fail. */
    void name(Path name) throws IOException {
        storage.name(file.path(), name);
        file.renamed(name);
    }

    SegmentFile file() {
        return file;
    }

    /** Null if the file is written by position. */
    @Nullable SegmentMapping mapping() {
        return mapping;
    }

    /** Up to this offset there are blocks, and touched pages. */
    int preparedBytes() {
        return preparedBytes;
    }

    void discard() throws IOException {
        if (mapping != null) {
            mapping.unmap();
        }
        file.close();
        storage.delete(file.path());
    }
}
