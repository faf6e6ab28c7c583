package dev.streamwal.pack;

import static dev.streamwal.pack.PackHeaderLayout.check;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A pack that is open for reading. It keeps the block index, the sources and the footer; table blocks are in a {@link TableCache}. Thread-safe;
 * close it, so that the cache forgets its blocks. The file's bytes are the caller's.
 *
 * <p>Nothing that it hands out is believed before a checksum over it, and over what led there, was right; and a part's own header must say
 * the key and the positions of the entry that led to it. Frames have checksums of their own, with which the scan of a part's bytes verifies
 * them. So damage costs what it hits: a part, the parts of a table block, or the pack where it hits header, index, sources or footer.
 */
public final class PackReader implements AutoCloseable {

    /** Read when it is opened: footer, sources and index of a million parts would take 200 KB, of most packs this is enough. */
    public static final int FIRST_READ_BYTES = 64 << 10;

    private static final int MIN_FILE_BYTES = PackHeaderLayout.BYTES + PackFooterLayout.BYTES;

    private final SegmentBytes bytes;
    private final Path file;
    private final TableCache cache;
    private final PackFooter footer;
    private final byte[] index;
    private final List<PackSource> sources;
    private volatile @Nullable PackHeader header;

    private PackReader(SegmentBytes bytes, Path file, TableCache cache, PackFooter footer, byte[] index, List<PackSource> sources,
            @Nullable PackHeader header) {
        this.bytes = bytes;
        this.file = file;
        this.cache = cache;
        this.footer = footer;
        this.index = index;
        this.sources = sources;
        this.header = header;
    }

    // ---------------------------------------------------------------- opening

    /**
     * Reads the file's end, at once where index and sources are in its last 64 KiB. Where that is the whole file the header is checked, too;
     * else it is when it is asked for.
     *
     * @param file named in errors
     * @throws CorruptSegmentException where footer, index, sources or header are damaged
     * @throws UnsupportedFormatException where a later version wrote it
     */
    public static PackReader open(SegmentBytes bytes, Path file, TableCache cache) throws IOException {
        Opening opening = new Opening(bytes, file, cache);
        try {
            return opening.open();
        } catch (FormatException e) {
            throw unreadable(e, opening.what, file, null, WalException.NO_POSITION, opening.at, opening.length, "the pack can't be read");
        }
    }

    /** What is looked at, for an error to name. */
    private static final class Opening {
        private final SegmentBytes bytes;
        private final Path file;
        private final TableCache cache;
        private String what = "file";
        private long at;
        private long length;

        Opening(SegmentBytes bytes, Path file, TableCache cache) {
            this.bytes = bytes;
            this.file = file;
            this.cache = cache;
        }

        PackReader open() throws IOException, FormatException {
            long size = bytes.size();
            length = size;
            check(size >= MIN_FILE_BYTES, "a pack has at least " + MIN_FILE_BYTES + " bytes", size);
            check(size < PackFooterLayout.MAX_FILE_BYTES, "a pack is shorter than 1 TiB", size);
            int tailBytes = (int) Math.min(size, FIRST_READ_BYTES);
            long tailStart = size - tailBytes;
            ByteBuffer tail = read(tailStart, tailBytes);
            at("footer", size - PackFooterLayout.BYTES, PackFooterLayout.BYTES);
            PackFooter footer = PackFooterLayout.decode(tail, tailBytes - PackFooterLayout.BYTES, size);
            at("block index", footer.indexOffset(), footer.indexBytes());
            byte[] index = part(tail, tailStart, footer.indexOffset(), footer.indexBytes());
            check(PackChecksum.of(ByteBuffer.wrap(index), 0, index.length) == footer.indexChecksum(), "the block index is the footer's",
                    footer.indexChecksum());
            BlockIndex.check(index, footer);
            at("sources", footer.sourcesOffset(), footer.sourcesBytes());
            ByteBuffer sources = ByteBuffer.wrap(part(tail, tailStart, footer.sourcesOffset(), footer.sourcesBytes()))
                    .order(ByteOrder.LITTLE_ENDIAN);
            check(PackChecksum.of(sources, 0, sources.limit()) == footer.sourcesChecksum(), "the checksum of the sources is right",
                    footer.sourcesChecksum());
            List<PackSource> decoded = PackSources.decode(sources);
            at("header", 0, PackHeaderLayout.BYTES);
            PackHeader header = tailStart == 0 ? decodeHeader(tail, footer) : null;
            return new PackReader(bytes, file, cache, footer, index, decoded, header);
        }

        private void at(String newWhat, long offset, long newLength) {
            what = newWhat;
            at = offset;
            length = newLength;
        }

        private ByteBuffer read(long offset, int count) throws IOException, FormatException {
            return PackReader.read(bytes, offset, count);
        }

        /** From what was read already if that has all of it. */
        private byte[] part(ByteBuffer tail, long tailStart, long offset, int count) throws IOException, FormatException {
            if (offset < tailStart) {
                return read(offset, count).array();
            }
            byte[] found = new byte[count];
            tail.get((int) (offset - tailStart), found);
            return found;
        }
    }

    private static ByteBuffer read(SegmentBytes bytes, long offset, int count) throws IOException, FormatException {
        ByteBuffer target = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        int read = bytes.read(target, offset);
        check(read == count, "the file has " + count + " bytes there", read);
        return target.flip();
    }

    private static PackHeader decodeHeader(ByteBuffer bytes, PackFooter footer) throws FormatException {
        PackHeader decoded = PackHeaderLayout.decode(bytes);
        check(bytes.getInt(PackHeaderLayout.HEADER_CHECKSUM) == footer.headerChecksum() && decoded.packNumber() == footer.packNumber()
                && decoded.logId() == footer.logId(), "header and footer are of one pack, " + footer.packNumber(), decoded.packNumber());
        return decoded;
    }

    private static WalException unreadable(FormatException e, String what, Path file, @Nullable StreamKey key, long position, long offset,
            long length, String then) {
        String message = e.getMessage() + ", in the pack's " + what + ", file=" + file + ", offset=" + offset;
        String stream = key == null ? null : key.text();
        return e.isUnsupported() ? new UnsupportedFormatException(message, file, stream, position, e)
                : new CorruptSegmentException(message + "; " + then, file, stream, position, offset, length, e);
    }

    // ---------------------------------------------------------------- what it says of itself

    /** The footer. */
    public PackFooter footer() {
        return footer;
    }

    /** The files that the pack replaces. */
    public List<PackSource> sources() {
        return sources;
    }

    /** What is kept in memory, bytes. */
    public long keptBytes() {
        return index.length;
    }

    /**
     * The header, which is read once unless it was when the pack was opened.
     *
     * @throws CorruptSegmentException where it is damaged
     */
    public PackHeader header() throws IOException {
        PackHeader known = header;
        if (known != null) {
            return known;
        }
        try {
            PackHeader found = decodeHeader(read(bytes, 0, PackHeaderLayout.BYTES), footer);
            header = found;
            return found;
        } catch (FormatException e) {
            throw unreadable(e, "header", file, null, WalException.NO_POSITION, 0, PackHeaderLayout.BYTES, "don't believe the pack");
        }
    }

    // ---------------------------------------------------------------- parts

    /**
     * What the table says of a stream's part; reads one table block at most, and none that the cache has.
     *
     * @throws CorruptSegmentException where the table block is damaged that would have it
     */
    public Optional<PackEntry> find(StreamKey key) throws IOException {
        byte[] wanted = key.utf8();
        BlockIndex.Cursor place = new BlockIndex.Cursor(index);
        PackTable.Cursor found = null;
        try {
            if (place.floor(wanted)) {
                byte[] block = cache.get(this, place.offset());
                if (block == null) {
                    block = readBlock(place);
                    cache.put(this, place.offset(), block);
                }
                found = new PackTable.Cursor(block, footer.tableOffset());
            }
            return found != null && found.floor(wanted) && found.compareKey(wanted) == 0 ? Optional.of(found.entry()) : Optional.empty();
        } catch (FormatException e) {
            throw new AssertionError("a block that was checked is right: file=" + file + ", offset=" + place.offset(), e);
        }
    }

    /** All parts, in the order of their keys; which of them, is said by its methods. */
    public PackWalk walk() {
        return new PackWalk(this);
    }

    /** To walk through. */
    BlockIndex.Cursor index() {
        return new BlockIndex.Cursor(index);
    }

    /** A table block, for a walk: of the cache, which doesn't keep it if it hasn't got it. */
    PackTable.Cursor block(BlockIndex.Cursor place) throws IOException {
        byte[] known = cache.get(this, place.offset());
        return new PackTable.Cursor(known == null ? readBlock(place) : known, footer.tableOffset());
    }

    /** Reads a table block and checks all of it, but that its keys are UTF-8: that costs more than all the rest. */
    private byte[] readBlock(BlockIndex.Cursor place) throws IOException {
        try {
            byte[] block = read(bytes, place.offset(), place.length()).array();
            KeyCursor.checkFrame(block);
            PackTable.Cursor cursor = new PackTable.Cursor(block, footer.tableOffset());
            check(cursor.entries() <= PackTable.MAX_BLOCK_ENTRIES, "a table block has at most " + PackTable.MAX_BLOCK_ENTRIES + " parts",
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

    /** A table block, or what it says of a part. */
    WalException unreadable(FormatException e, BlockIndex.Cursor place) {
        byte[] next = separatorBehind(place);
        String range = "keys=[" + text(place.key()) + ", " + (next == null ? "the last" : text(next)) + ")";
        return unreadable(e, "table block of " + range, file, null, WalException.NO_POSITION, place.offset(), place.length(),
                "the parts of other keys can be read");
    }

    private byte @Nullable [] separatorBehind(BlockIndex.Cursor place) {
        BlockIndex.Cursor following = index();
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

    /**
     * Reads the part's header, and with it the part's first 16 KiB; where it has sections these, too.
     *
     * @param entry of this pack
     * @throws CorruptSegmentException where the header or the sections are damaged, or another part's
     */
    public PackPart part(PackEntry entry) throws IOException {
        try {
            return new PackPart(bytes, entry);
        } catch (FormatException e) {
            throw unreadable(e, "part", file, entry.key(), entry.basePosition(), entry.offset(), entry.storedBytes(),
                    "the other parts can be read");
        }
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
