package dev.streamwal.journal;

import dev.streamwal.format.RecordLayout;
import dev.streamwal.io.BadSectors;
import dev.streamwal.io.LogFile;
import dev.streamwal.journal.JournalBlockLayout.Prefix;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Reads blocks of one journal file after the other, through a window. A block that is larger than the window is checked piece by piece
 * before memory is taken for it.
 *
 * <p>A sector that the disk can't read doesn't keep the rest of a journal from being read: most of a journal's bytes aren't needed any more, or not
 * yet. Bytes in the page of such a sector count as no block.
 */
final class JournalReader implements Closeable {

    /** Large enough that the cost of a read call doesn't matter. */
    static final int WINDOW_BYTES = 1 << 20;

    private final ByteBuffer window;
    private ByteBuffer large = ByteBuffer.allocate(0);
    private @Nullable LogFile file;
    private long length;
    /** The window holds [start, end) of the file. */
    private long start;
    private long end;
    private long checksummed;
    /** By file, the pages that the disk couldn't read: one bit each. */
    private final Map<Path, BitSet> unread = new HashMap<>();

    /** @param longest bytes of the longest file, which bound the memory */
    JournalReader(long longest) {
        long bytes = Math.max(JournalBlockLayout.PREFIX_BYTES, Math.min(WINDOW_BYTES, longest));
        window = ByteBuffer.allocateDirect((int) bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Sets the file to read from now on. */
    void open(Path newFile) throws IOException {
        if (file != null && newFile.equals(file.path())) {
            return;
        }
        close();
        file = LogFile.reading(newFile);
        start = 0;
        end = 0;
        length = file.size();
    }

    /** Bytes checksummed so far, which is most of the work. */
    long checksummed() {
        return checksummed;
    }

    /** The prefix of a block, if one can be there. */
    @Nullable Prefix prefixAt(long offset) throws IOException {
        if (length - offset < JournalBlockLayout.PREFIX_BYTES || !load(offset, JournalBlockLayout.PREFIX_BYTES)) {
            return null;
        }
        return JournalBlockLayout.decode(window, (int) (offset - start), length - offset);
    }

    /**
     * The block, if it is whole: from index 0 to its limit, little-endian, valid until the next call.
     *
     * @param prefix that stands at the offset
     */
    @Nullable ByteBuffer blockAt(long offset, Prefix prefix) throws IOException {
        checksummed += prefix.length();
        if (prefix.length() > window.capacity()) {
            return isWhole(offset, prefix.length()) ? readLarge(offset, prefix.length()) : null;
        }
        if (!load(offset, prefix.length()) || !JournalBlockLayout.isWhole(window, (int) (offset - start), prefix.length())) {
            return null;
        }
        return window.slice((int) (offset - start), prefix.length()).order(ByteOrder.LITTLE_ENDIAN);
    }

    private boolean isWhole(long offset, int blockLength) throws IOException {
        if (!load(offset, JournalBlockLayout.PREFIX_BYTES)) {
            return false;
        }
        int index = (int) (offset - start);
        int checksum = window.getInt(index + JournalBlockLayout.CHECKSUM);
        CRC32C crc = new CRC32C();
        crc.update(window.slice(index, JournalBlockLayout.CHECKSUM));
        long to = offset + blockLength;
        for (long at = offset + JournalBlockLayout.PREFIX_BYTES; at < to; ) {
            int piece = (int) Math.min(window.capacity(), to - at);
            if (!load(at, piece)) {
                return false;
            }
            crc.update(window.slice((int) (at - start), piece));
            at += piece;
        }
        return (int) crc.getValue() == checksum;
    }

    private @Nullable ByteBuffer readLarge(long offset, int blockLength) throws IOException {
        if (large.capacity() < blockLength) {
            large = ByteBuffer.allocateDirect(blockLength).order(ByteOrder.LITTLE_ENDIAN);
        }
        large.clear().limit(blockLength);
        return read(large, offset) == blockLength ? large.slice(0, blockLength).order(ByteOrder.LITTLE_ENDIAN) : null;
    }

    /**
     * The first multiple of 8, from {@code from} on, at which the prefix of a block stands.
     *
     * @return -1 if there is none
     */
    long findPrefix(long from) throws IOException {
        for (long offset = RecordLayout.align(from); length - offset >= JournalBlockLayout.PREFIX_BYTES; ) {
            if (!load(offset, JournalBlockLayout.PREFIX_BYTES)) {
                return -1;
            }
            for (offset += zeros((int) (offset - start)); end - offset >= JournalBlockLayout.PREFIX_BYTES; offset += RecordLayout.ALIGNMENT) {
                int index = (int) (offset - start);
                if (window.getLong(index + JournalBlockLayout.MAGIC) == JournalBlockLayout.MAGIC_VALUE
                        && JournalBlockLayout.decode(window, index, length - offset) != null) {
                    return offset;
                }
            }
        }
        return -1;
    }

    /** Bytes from an index of the window on, a multiple of 8, that are zero, as most bytes behind the end of a journal are: no block begins there. */
    private int zeros(int index) {
        if (window.getLong(index) != 0) {
            return 0;
        }
        // each byte is compared with the one eight further on, so no zeros need to be kept to compare with
        int compared = (int) (end - start) - index - Long.BYTES;
        int differs = window.slice(index, compared).mismatch(window.slice(index + Long.BYTES, compared));
        int zeros = (differs < 0 ? compared : differs) + Long.BYTES;
        return zeros - zeros % RecordLayout.ALIGNMENT;
    }

    /** Makes the window hold {@code bytes} bytes from the offset on; false if the file has fewer. */
    private boolean load(long offset, int bytes) throws IOException {
        if (offset < start || offset + bytes > end) {
            window.clear();
            start = offset;
            end = offset;
            end += read(window, offset);
            window.clear();
        }
        return offset + bytes <= end;
    }

    private int read(ByteBuffer target, long offset) throws IOException {
        if (file == null) {
            throw new IllegalStateException("no journal file is open");
        }
        Path path = file.path();
        return BadSectors.read(file, target, offset,
                page -> unread.computeIfAbsent(path, none -> new BitSet()).set((int) (page / BadSectors.PAGE_BYTES)));
    }

    /** Whether one of these bytes of the present file was to be read, and couldn't be: then nothing is known of what stands there. */
    boolean isUnread(long from, long to) {
        BitSet pages = file == null ? null : unread.get(file.path());
        int first = pages == null ? -1 : pages.nextSetBit((int) (from / BadSectors.PAGE_BYTES));
        return first >= 0 && (long) first * BadSectors.PAGE_BYTES < to;
    }

    /** Whether the disk couldn't read a part of the file. */
    boolean hasUnread(Path any) {
        return unread.containsKey(any);
    }

    @Override
    public void close() throws IOException {
        LogFile open = file;
        file = null;
        if (open != null) {
            open.close();
        }
    }
}
