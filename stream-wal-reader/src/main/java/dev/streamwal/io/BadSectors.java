package dev.streamwal.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.function.Predicate;

/**
 * Reads files that many streams share, with their records or tables, around sectors that the disk can't read. A page with such a sector reads as bytes for
 * which no checksum is right. So a bad sector is damage like any other: it affects only what stands in its page. A read that fails is repeated page by page,
 * and gives what is there.
 *
 * <p>The bytes are 0xFF, because zeros would say that nothing was ever written there. Bytes that were read this way must not be written over the page: the next
 * attempt may find what it really has.
 */
public final class BadSectors {

    /** What the page cache reads at once: a bad sector fails all of it. */
    public static final int PAGE_BYTES = 4 << 10;

    private BadSectors() {}

    /** As {@link SegmentBytes#read}, around bad sectors. */
    public static int read(SegmentBytes bytes, ByteBuffer target, long offset) throws IOException {
        return read(bytes, target, offset, page -> {});
    }

    /**
     * As {@link SegmentBytes#read}, around bad sectors.
     *
     * @param unread receives the offset of each page that can't be read, for a caller that has to tell it from bytes that rotted
     */
    public static int read(SegmentBytes bytes, ByteBuffer target, long offset, LongConsumer unread) throws IOException {
        int start = target.position();
        try {
            return bytes.read(target, offset);
        } catch (IOException e) {
            if (!isOfSector(e)) {
                throw e;
            }
            return readPages(bytes, target.position(start), offset, unread);
        }
    }

    /**
     * As {@link LogFile#readSmall}, around bad sectors, if what is left is enough.
     *
     * @throws IOException also if what is left isn't enough: why the disk can't read the file
     */
    public static Optional<byte[]> readSmall(Path path, int maxBytes, Predicate<byte[]> isEnough) throws IOException {
        try {
            return LogFile.readSmall(path, maxBytes);
        } catch (IOException e) {
            if (!isOfSector(e)) {
                throw e;
            }
            try (LogFile file = LogFile.reading(path)) {
                byte[] left = file.ask(open -> LogFile.readStart(around(open), maxBytes));
                if (!isEnough.test(left)) {
                    throw e;
                }
                return Optional.of(left);
            }
        }
    }

    /** The same bytes, around bad sectors. */
    public static SegmentBytes around(SegmentBytes bytes) {
        return new SegmentBytes() {

            @Override
            public int read(ByteBuffer target, long offset) throws IOException {
                return BadSectors.read(bytes, target, offset);
            }

            @Override
            public long size() throws IOException {
                return bytes.size();
            }

            @Override
            public String toString() {
                return bytes.toString();
            }
        };
    }

    /** Whether reading failed for a sector, and not for the whole file: a file that can't be opened has a failure with its name. */
    public static boolean isOfSector(IOException failure) {
        return IoFailure.isOfFile(failure) && !(failure instanceof FileSystemException);
    }

    private static int readPages(SegmentBytes bytes, ByteBuffer target, long offset, LongConsumer unread) throws IOException {
        int start = target.position();
        int limit = (int) Math.min(target.limit(), start + Math.max(0, bytes.size() - offset));
        while (target.position() < limit) {
            int from = target.position();
            long at = offset + from - start;
            int end = (int) Math.min(limit, from + PAGE_BYTES - at % PAGE_BYTES);
            readPage(bytes, target, at, end, unread);
        }
        return target.position() - start;
    }

    private static void readPage(SegmentBytes bytes, ByteBuffer target, long offset, int end, LongConsumer unread) throws IOException {
        int start = target.position();
        ByteBuffer page = target.duplicate().limit(end);
        try {
            int unused = bytes.read(page, offset);
        } catch (IOException e) {
            if (!isOfSector(e)) {
                throw e;
            }
            page.position(start);
            unread.accept(offset - offset % PAGE_BYTES);
        }
        // also if the file has become shorter since: no checksum is right for that either
        while (page.hasRemaining()) {
            page.put((byte) 0xFF);
        }
        target.position(end);
    }
}
