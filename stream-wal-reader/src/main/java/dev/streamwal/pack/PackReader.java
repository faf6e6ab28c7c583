package dev.streamwal.pack;

import static dev.streamwal.pack.PackHeaderLayout.check;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.Footer;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.io.SharedFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A pack that can be read. It keeps the pack's header, footer and block index; table blocks are in a {@link TableCache}, and the file is open
 * only while it is read. Thread-safe; close it, so that the cache forgets its blocks.
 *
 * <p>Nothing that it hands out is believed before a checksum over it was right, and over what led there. Frames have checksums of their own,
 * which depend on the salt and the positions that the table says. So damage costs what it hits: a segment, the streams of a table block, or the
 * pack where it hits header, index or footer.
 */
public final class PackReader implements AutoCloseable {

    /** Read when it is opened: footer and index; an index of a million streams takes 200 KB, of most packs this is enough. */
    public static final int FIRST_READ_BYTES = 64 << 10;

    private static final int MIN_FILE_BYTES = PackHeaderLayout.BYTES + PackFooterLayout.BYTES;

    private final ChannelCache channels;
    private final Path file;
    private final TableCache cache;
    private final PackHeader header;
    private final PackFooter footer;
    private final byte[] index;

    private PackReader(ChannelCache channels, Path file, TableCache cache, PackHeader header, PackFooter footer, byte[] index) {
        this.channels = channels;
        this.file = file;
        this.cache = cache;
        this.header = header;
        this.footer = footer;
        this.index = index;
    }

    // ---------------------------------------------------------------- opening

    /**
     * Reads the file's end and its header.
     *
     * @param number that the pack must have
     * @throws CorruptSegmentException where footer, index or header are damaged, or another pack's
     * @throws UnsupportedFormatException where a later version wrote it
     */
    public static PackReader open(ChannelCache channels, Path file, long number, TableCache cache) throws IOException {
        try (SharedFile bytes = channels.acquire(file)) {
            Opening opening = new Opening(bytes);
            try {
                opening.read(number);
                return new PackReader(channels, file, cache, opening.header, opening.footer, opening.index);
            } catch (FormatException e) {
                throw unreadable(e, opening.what, file, null, WalException.NO_POSITION, opening.at, opening.length, "the pack can't be read");
            }
        }
    }

    /** What is looked at, for an error to name. */
    private static final class Opening {
        private final SegmentBytes bytes;
        private String what = "file";
        private long at;
        private long length;
        private PackHeader header;
        private PackFooter footer;
        private byte[] index;

        @SuppressWarnings("NullAway.Init") // read() sets them, or throws
        Opening(SegmentBytes bytes) {
            this.bytes = bytes;
        }

        void read(long number) throws IOException, FormatException {
            long size = bytes.size();
            length = size;
            check(size >= MIN_FILE_BYTES, "a pack has at least " + MIN_FILE_BYTES + " bytes", size);
            check(size < PackFooterLayout.MAX_FILE_BYTES, "a pack is shorter than 1 TiB", size);
            int tailBytes = (int) Math.min(size, FIRST_READ_BYTES);
            long tailStart = size - tailBytes;
            ByteBuffer tail = PackReader.read(bytes, tailStart, tailBytes);
            at("footer", size - PackFooterLayout.BYTES, PackFooterLayout.BYTES);
            footer = PackFooterLayout.decode(tail, tailBytes - PackFooterLayout.BYTES, size);
            at("block index", footer.indexOffset(), footer.indexBytes());
            index = part(tail, tailStart);
            check(PackChecksum.of(ByteBuffer.wrap(index), 0, index.length) == footer.indexChecksum(), "the block index is the footer's",
                    footer.indexChecksum());
            BlockIndex.check(index, footer);
            at("header", 0, PackHeaderLayout.BYTES);
            ByteBuffer first = tailStart == 0 ? tail : PackReader.read(bytes, 0, PackHeaderLayout.BYTES);
            header = PackHeaderLayout.decode(first);
            check(first.getInt(PackHeaderLayout.HEADER_CHECKSUM) == footer.headerChecksum() && header.number() == footer.number(),
                    "header and footer are of one pack, " + footer.number(), header.number());
            check(header.number() == number, "a pack has the number in its name, " + number, header.number());
        }

        private void at(String newWhat, long offset, long newLength) {
            what = newWhat;
            at = offset;
            length = newLength;
        }

        /** The index, from what was read already if that has all of it. */
        private byte[] part(ByteBuffer tail, long tailStart) throws IOException, FormatException {
            if (footer.indexOffset() < tailStart) {
                return PackReader.read(bytes, footer.indexOffset(), footer.indexBytes()).array();
            }
            byte[] found = new byte[footer.indexBytes()];
            tail.get((int) (footer.indexOffset() - tailStart), found);
            return found;
        }
    }

    private static ByteBuffer read(SegmentBytes bytes, long offset, int count) throws IOException, FormatException {
        ByteBuffer target = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        int read = bytes.read(target, offset);
        check(read == count, "the file has " + count + " bytes there", read);
        return target.flip();
    }

    private ByteBuffer read(long offset, int count) throws IOException, FormatException {
        try (SharedFile bytes = channels.acquire(file)) {
            return read(bytes, offset, count);
        }
    }

    private static WalException unreadable(FormatException e, String what, Path file, @Nullable StreamKey key, long position, long offset,
            long length, String then) {
        String message = e.getMessage() + ", in the pack's " + what + ", file=" + file + ", offset=" + offset;
        String stream = key == null ? null : key.text();
        return e.isUnsupported() ? new UnsupportedFormatException(message, file, stream, position, e)
                : new CorruptSegmentException(message + "; " + then, file, stream, position, offset, length, e);
    }

    // ---------------------------------------------------------------- what it says of itself

    /** Where it is. */
    public Path file() {
        return file;
    }

    /** Never given twice in a log. */
    public long number() {
        return header.number();
    }

    /** Its header. */
    public PackHeader header() {
        return header;
    }

    /** Its footer. */
    public PackFooter footer() {
        return footer;
    }

    // ---------------------------------------------------------------- segments

    /**
     * What the table says of a stream's segments, in order of position; empty where it has none here. Reads one table block at most, and none
     * that the cache has.
     *
     * @throws CorruptSegmentException where the table block is damaged that would have it
     */
    public List<PackEntry> find(StreamKey key) throws IOException {
        byte[] wanted = key.utf8();
        BlockIndex.Cursor place = new BlockIndex.Cursor(index);
        try {
            if (!place.floor(wanted)) {
                return List.of();
            }
            PackTable.Cursor block = block(place, true);
            return block.floor(wanted) && block.compareKey(wanted) == 0 ? block.entries(key) : List.of();
        } catch (FormatException e) {
            throw new AssertionError("a block that was checked is right: file=" + file + ", offset=" + place.offset(), e);
        }
    }

    /** All segments, in the order of their keys. */
    public PackWalk walk() {
        return new PackWalk(this, new BlockIndex.Cursor(index));
    }

    /**
     * A table block.
     *
     * @param isKept whether the cache gets what it hasn't got: not for who passes by
     */
    PackTable.Cursor block(BlockIndex.Cursor place, boolean isKept) throws IOException {
        byte[] block = cache.get(this, place.offset());
        if (block == null) {
            block = readBlock(place);
            if (isKept) {
                cache.put(this, place.offset(), block);
            }
        }
        return new PackTable.Cursor(block, footer.tableOffset());
    }

    /** Reads a table block and checks all of it, but that its keys are UTF-8: that costs more than all the rest. */
    private byte[] readBlock(BlockIndex.Cursor place) throws IOException {
        try {
            byte[] block = read(place.offset(), place.length()).array();
            KeyCursor.checkFrame(block);
            PackTable.Cursor cursor = new PackTable.Cursor(block, footer.tableOffset());
            check(cursor.entries() <= PackTable.MAX_BLOCK_ENTRIES, "a table block has at most " + PackTable.MAX_BLOCK_ENTRIES + " streams",
                    cursor.entries());
            byte[] next = separatorBehind(place);
            while (cursor.next()) {
                check(cursor.ordinal() > 0 || cursor.compareKey(place.key()) >= 0, "a table block's keys are those that the index says",
                        cursor.ordinal());
            }
            check(next == null || cursor.compareKey(next) < 0, "a table block's keys are those that the index says", cursor.ordinal());
            return block;
        } catch (FormatException e) {
            throw unreadable(e, place);
        }
    }

    /** A table block, or what it says of a stream. */
    WalException unreadable(FormatException e, BlockIndex.Cursor place) {
        byte[] next = separatorBehind(place);
        String range = "keys=[" + text(place.key()) + ", " + (next == null ? "the last" : text(next)) + ")";
        return unreadable(e, "table block of " + range, file, null, WalException.NO_POSITION, place.offset(), place.length(),
                "the segments of other keys can be read");
    }

    private byte @Nullable [] separatorBehind(BlockIndex.Cursor place) {
        BlockIndex.Cursor following = new BlockIndex.Cursor(index);
        try {
            boolean isThere = following.floor(place.key()) && following.next();
            return isThere ? following.key() : null;
        } catch (FormatException e) {
            throw new AssertionError("an index that was checked is right: file=" + file, e);
        }
    }

    /** A separator may end within a character. */
    private static String text(byte[] key) {
        return new String(key, StandardCharsets.UTF_8);
    }

    /** The header of a segment, as it was but for a mark and a capacity that say where it ends. */
    public SegmentHeader segmentHeader(PackEntry entry) {
        int end = entry.headerLength() + entry.dataBytes();
        return new SegmentHeader(entry.key(), header.window(), header.expirationMillis(), entry.basePosition(), entry.previousEnd(),
                entry.incarnation(), entry.salt(), entry.createdMillis(), end, entry.lastRecordSize() == 0 ? 0 : end - entry.lastRecordSize(),
                entry.featureFlags());
    }

    /**
     * What the footer of a segment said. Reads the index where it has one.
     *
     * @throws CorruptSegmentException where that is damaged
     */
    public Footer segmentFooter(PackEntry entry) throws IOException {
        return new Footer(entry.headerLength() + entry.dataBytes(), entry.lastRecordSize(), segmentIndex(entry));
    }

    private SegmentIndex segmentIndex(PackEntry entry) throws IOException {
        if (entry.indexBytes() > 0) {
            long offset = entry.offset() + entry.dataBytes();
            try {
                return IndexLayout.decode(read(offset, entry.indexBytes()), entry);
            } catch (FormatException e) {
                throw unreadable(e, "segment", file, entry.key(), entry.basePosition(), offset, entry.indexBytes(),
                        "the other segments can be read");
            }
        }
        SegmentIndex.Builder found = new SegmentIndex.Builder(entry.records(), entry.smallestMillis(), entry.largestMillis());
        if (entry.records() > 0) {
            found.block(entry.headerLength() + entry.firstRecord(), entry.smallestMillis(), entry.largestMillis());
        }
        return found.build();
    }

    @Override
    public void close() {
        cache.remove(this);
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
