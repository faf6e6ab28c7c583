package dev.streamwal.pack;

import static dev.streamwal.format.FormatException.check;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.Footer;
import dev.streamwal.format.FooterLayout;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.RecordView;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.BadSectors;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.OpenBytes;
import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A pack, open for reading. It keeps header, block index and footer, which are at the file's end. Table blocks, and blocks of frames that were read, are in
 * {@link BlockCache}s. Its {@link PackSource source} is open only while the pack is read. Thread-safe; close it, so that the caches forget its blocks and its
 * file.
 *
 * <p>It returns only bytes whose checksum was right, found through bytes whose checksums were right. The checksum of a block of frames also covers the salt and
 * the position from the table. A frame outside blocks has a checksum of its own, which the scan of the segment's bytes compares. So damage affects only what it
 * hits: a segment, the segments of a table block, or, in header, index or footer, the pack.
 */
public final class PackReader implements AutoCloseable {

    /** Bytes read at opening: header, footer, and the index of 100,000 segments, which is often smaller. */
    private static final int FIRST_READ_BYTES = 64 << 10;

    private static final int MIN_FILE_BYTES = PackHeaderLayout.BYTES + PackFooterLayout.BYTES;

    private final PackSource source;
    private final BlockCache tables;
    private final BlockCache frames;
    private final PackFacts facts;
    /** Header, block index and footer; null if they weren't read, see {@link #of}. */
    private final @Nullable Opening opening;
    /** Whether the header at the beginning was read and found right. */
    private volatile boolean isHeaderRight;
    private final LastLookup<PackTable.Cursor> lastLookup = new LastLookup<>();

    /** As {@link #open(PackSource, long, BlockCache, BlockCache)}, for a caller that reads each block of frames once. */
    public static PackReader open(ChannelCache channels, Path file, long number, BlockCache tables) throws IOException {
        return open(new PackInFile(channels, file), number, tables, new BlockCache(0));
    }

    /**
     * Reads block index, header and footer, by one read if they are in the last 64 KiB.
     *
     * @param number the pack's, by its name
     * @param tables for the table blocks of all packs
     * @param frames for their unpacked blocks
     * @throws CorruptSegmentException if one of them is damaged, or belongs to another pack
     * @throws UnsupportedFormatException if a later version wrote it
     */
    public static PackReader open(PackSource source, long number, BlockCache tables, BlockCache frames) throws IOException {
        try (OpenBytes bytes = source.open()) {
            Opening opening = new Opening(bytes, source, number);
            return new PackReader(source, tables, frames, opening.facts(), opening);
        }
    }

    /** A pack whose facts are known; nothing is read. It finds segments only in table blocks whose places the caller knows: see {@link #isOpened}. */
    public static PackReader of(PackSource source, PackFacts facts, BlockCache tables, BlockCache frames) {
        return new PackReader(source, tables, frames, facts, null);
    }

    private PackReader(PackSource source, BlockCache tables, BlockCache frames, PackFacts facts, @Nullable Opening opening) {
        this.source = source;
        this.tables = tables;
        this.frames = frames;
        this.facts = facts;
        this.opening = opening;
    }

    /** Whether header, block index and footer were read and found right. Going through the table needs them. */
    public boolean isOpened() {
        return opening != null;
    }

    private Opening end() {
        return Objects.requireNonNull(opening, "pack wasn't opened");
    }

    /** Enough to read table blocks by their places. */
    public PackFacts facts() {
        return facts;
    }

    /** Reads footer, header and block index, and keeps track of the part being checked, for exceptions. */
    private static final class Opening {
        private final PackHeader header;
        private final PackFooter footer;
        private final BlockIndex index;

        PackFacts facts() {
            return new PackFacts(header, footer.tableOffset(), footer.indexOffset());
        }

        Opening(OpenBytes bytes, PackSource source, long number) throws IOException {
            String what = "footer";
            long at = 0;
            long length = PackFooterLayout.BYTES;
            try {
                long size = bytes.size();
                check(size >= MIN_FILE_BYTES && size < PackFooterLayout.MAX_FILE_BYTES, "pack has less than " + MIN_FILE_BYTES
                        + " bytes, or 1 TiB or more", size);
                at = size - PackFooterLayout.BYTES;
                int tailBytes = (int) Math.max(MIN_FILE_BYTES, Math.min(size - bytes.nearFrom(), FIRST_READ_BYTES));
                ByteBuffer tail = PackReader.read(bytes, size - tailBytes, tailBytes);
                footer = PackFooterLayout.decode(tail, tailBytes - PackFooterLayout.BYTES, size);
                what = footer.repeatsHeader() ? "second header" : "header";
                at = PackFooterLayout.header(footer);
                length = PackHeaderLayout.BYTES;
                header = header(footer.repeatsHeader() ? tail.slice((int) (at - (size - tailBytes)), PackHeaderLayout.BYTES).order(ByteOrder.LITTLE_ENDIAN)
                        : PackReader.read(bytes, 0, PackHeaderLayout.BYTES), footer);
                check(header.number() == number, "pack number differs from that in the file's name, " + number, header.number());
                what = "block index";
                at = footer.indexOffset();
                length = footer.indexBytes();
                byte[] indexBytes = new byte[footer.indexBytes()];
                if (at >= size - tailBytes) {
                    tail.get((int) (at - (size - tailBytes)), indexBytes);
                } else {
                    check(BadSectors.read(bytes, ByteBuffer.wrap(indexBytes), at) == indexBytes.length, "file ends inside its block index", at);
                }
                index = BlockIndex.decode(indexBytes, footer.tableBlocks(), footer.tableOffset(), footer.indexOffset(),
                        PackTable.MAX_BLOCK_BYTES);
                check(ByteBuffer.wrap(indexBytes).order(ByteOrder.LITTLE_ENDIAN).getInt(KeyBlockLayout.CHECKSUM) == footer.indexChecksum(),
                        "block index differs from the footer's checksum", footer.indexChecksum());
            } catch (FormatException e) {
                throw unreadable(e, what, source, null, WalException.NO_POSITION, at, length, "the pack can't be read");
            }
        }
    }

    private static PackHeader header(ByteBuffer bytes, PackFooter footer) throws FormatException {
        PackHeader header = PackHeaderLayout.decode(bytes);
        int checksum = bytes.getInt(PackHeaderLayout.HEADER_CHECKSUM);
        check(checksum == footer.headerChecksum(), "header and footer are of different packs", checksum);
        return header;
    }

    /**
     * Reads the header at the file's beginning, for a caller that verifies the file. Opening doesn't read it if it stands once more at the end.
     *
     * @throws CorruptSegmentException if it is damaged, or another pack's
     */
    public void checkHeader() throws IOException {
        if (isHeaderRight) {
            return;
        }
        PackFooter footer = end().footer;
        try (OpenBytes bytes = source.open()) {
            PackHeader unused = header(read(bytes, 0, PackHeaderLayout.BYTES), footer);
            isHeaderRight = true;
        } catch (FormatException e) {
            throw unreadable(e, "header", source, null, WalException.NO_POSITION, 0, PackHeaderLayout.BYTES,
                    "the pack can be read, because its end has a copy of the header");
        }
    }

    static ByteBuffer read(SegmentBytes bytes, long offset, int count) throws IOException, FormatException {
        ByteBuffer target = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        int read = BadSectors.read(bytes, target, offset);
        check(read == count, "file has less than " + count + " bytes there", read);
        return target.flip();
    }

    private static WalException unreadable(FormatException e, String what, PackSource source, @Nullable StreamKey key, long position, long offset,
            long length, String then) {
        PackSource.Place place = source.damaged(offset);
        String message = e.at("in the pack's " + what + ", file=" + place.file() + ", offset=" + place.offset());
        String stream = key == null ? null : key.text();
        return e.isUnsupported() ? new UnsupportedFormatException(message, place.file(), stream, position, e)
                : new CorruptSegmentException(message + "; " + then + (place.advice().isEmpty() ? "" : "; " + place.advice()), place.file(), stream,
                        position, place.offset(), length, e);
    }

    public Path file() {
        return source.file();
    }

    /** Number of the pack, never given twice in a log. */
    public long number() {
        return facts.header().number();
    }

    public PackHeader header() {
        return facts.header();
    }

    public PackFooter footer() {
        return end().footer;
    }

    /** Bytes in the file of all segments, without the table. */
    public long segmentBytes() {
        return facts.tableOffset() - PackHeaderLayout.BYTES;
    }

    PackSource source() {
        return source;
    }

    BlockIndex index() {
        return end().index;
    }

    // ---------------------------------------------------------------- the table

    /**
     * The stream's segments, in the order of their base positions; empty if there is none. Reads one table block, and those in which the
     * stream's entries continue, except blocks in the cache.
     *
     * @throws CorruptSegmentException if a table block that may have them is damaged
     */
    public List<PackEntry> find(StreamKey key) throws IOException {
        byte[] wanted = key.utf8();
        BlockIndex index = index();
        int block = index.find(wanted);
        List<PackEntry> found = new ArrayList<>();
        try {
            for (boolean goesOn = block >= 0; goesOn; goesOn = index.goesOnWith(++block, wanted)) {
                int at = block;
                addEntries(wanted, place(at), () -> block(at, true), found);
            }
            return List.copyOf(found);
        } catch (FormatException e) {
            throw unreadable(e, block);
        }
    }

    private void addEntries(byte[] wanted, int place, LastLookup.Opening<PackTable.Cursor> block, List<PackEntry> found) throws IOException, FormatException {
        PackTable.Cursor segments = lastLookup.seek(place, wanted, block);
        while (segments != null && segments.compareKey(wanted) == 0) {
            found.add(segments.entry());
            segments = segments.next() ? segments : null;
        }
        if (segments != null) {
            lastLookup.endsAt(place, segments);
        }
    }

    /**
     * As {@link #find(StreamKey)}, for one table block alone. Reads only that block, or nothing if it is in the cache.
     *
     * @param place of the block: see {@link CatalogedSegment}
     */
    public List<PackEntry> find(StreamKey key, int place) throws IOException {
        List<PackEntry> found = new ArrayList<>(1);
        long offset = facts.tableOffset() + (long) place * RecordLayout.ALIGNMENT;
        try {
            addEntries(key.utf8(), place, () -> entries(blockAt(offset)), found);
            return found;
        } catch (FormatException e) {
            throw unreadable(e, "table block", source, key, WalException.NO_POSITION, offset, PackTable.MAX_BLOCK_BYTES,
                    "the segments of other keys can be read");
        }
    }

    /** The place of a table block: see {@link CatalogedSegment}. */
    int place(int block) {
        return (int) ((index().offset(block) - facts.tableOffset()) / RecordLayout.ALIGNMENT);
    }

    /** All segments. */
    public PackWalk walk() {
        return new PackWalk(this);
    }

    /** All segments, for merging the pack with others: the file is read with few large reads. */
    public PackRun run() {
        return new PackRun(this, new ReadAhead(source, footer().fileLength()));
    }

    /** A table block, from its beginning on. */
    PackTable.Cursor block(int block, boolean isKept) throws IOException {
        BlockIndex index = index();
        byte[] bytes = tables.get(this, index.offset(block));
        if (bytes == null) {
            bytes = readBlock(block);
            if (isKept) {
                tables.put(this, index.offset(block), bytes);
            }
        }
        return entries(bytes);
    }

    private PackTable.Cursor entries(byte[] block) {
        return new PackTable.Cursor(block, facts.header(), facts.tableOffset());
    }

    /** Reads the table block that begins there, and checks all of it, except its keys against the index. */
    private byte[] blockAt(long offset) throws IOException, FormatException {
        byte[] known = tables.get(this, offset);
        if (known != null) {
            return known;
        }
        try (OpenBytes bytes = source.open()) {
            ByteBuffer read = read(bytes, offset, (int) Math.min(PackTable.MAX_BLOCK_BYTES, facts.indexOffset() - offset));
            check(read.limit() > KeyBlockLayout.PREFIX_BYTES, "table ends inside a block", offset);
            int length = read.getInt(KeyBlockLayout.BLOCK_BYTES);
            check(length > 0 && length <= read.limit(), "table block reaches beyond the table, or is too long", length);
            byte[] block = Arrays.copyOf(read.array(), length);
            KeyCursor.checkFrame(block);
            PackTable.Cursor each = entries(block);
            while (each.next()) {
                // checks the entry
            }
            tables.put(this, offset, block);
            return block;
        }
    }

    /** Reads a table block and checks all of it except that its keys are UTF-8, which would cost more than all other checks. */
    private byte[] readBlock(int block) throws IOException {
        BlockIndex index = index();
        try (OpenBytes bytes = source.open()) {
            byte[] read = read(bytes, index.offset(block), index.length(block)).array();
            KeyCursor.checkFrame(read);
            PackTable.Cursor cursor = entries(read);
            String fault = "keys of a table block differ from the index";
            while (cursor.next()) {
                int order = cursor.ordinal() > 0 ? 1 : cursor.compareKey(index.separator(block));
                check((index.isContinued(block) && cursor.ordinal() == 0) ? order == 0 : order >= 0, fault, cursor.ordinal());
            }
            byte[] next = index.separatorBehind(block);
            int order = next == null ? -1 : cursor.compareKey(next);
            check(index.isContinued(block + 1) ? order == 0 : order < 0, fault, cursor.ordinal());
            return read;
        } catch (FormatException e) {
            throw unreadable(e, block);
        }
    }

    /** The exception for a damaged table block, or a damaged entry in it. */
    WalException unreadable(FormatException e, int block) {
        BlockIndex index = index();
        byte[] next = index.separatorBehind(block);
        String range = "keys=[" + text(index.separator(block)) + ", " + (next == null ? "the last" : text(next))
                + (index.isContinued(block + 1) ? "]" : ")");
        return unreadable(e, "table block of " + range, source, null, WalException.NO_POSITION, index.offset(block), index.length(block),
                "the segments of other keys can be read");
    }

    /** A separator may end within a character. */
    private static String text(byte[] key) {
        return new String(key, StandardCharsets.UTF_8);
    }

    // ---------------------------------------------------------------- segments

    /** The segment's bytes; the caller closes them. */
    public PackedBytes open(PackEntry entry) throws IOException {
        OpenBytes bytes = source.open();
        return new PackedBytes(bytes, this, bytes::close, frames, entry, segmentHeader(entry));
    }

    /** The segment's header, with the data's end as capacity, and the last record as mark. */
    public SegmentHeader segmentHeader(PackEntry entry) {
        return segmentHeader(facts.header(), entry);
    }

    static SegmentHeader segmentHeader(PackHeader pack, PackEntry entry) {
        int mark = entry.lastRecordSize() == 0 ? 0 : entry.dataEnd() - entry.lastRecordSize();
        return new SegmentHeader(entry.key(), pack.window(), pack.expirationMillis(), entry.basePosition(), entry.previousEnd(),
                entry.incarnation(), entry.salt(), entry.createdMillis(), entry.dataEnd(), mark, entry.featureFlags());
    }

    /**
     * The segment's footer: read if its index has several blocks, else made from the entry.
     *
     * @throws CorruptSegmentException if it is damaged
     */
    public Footer segmentFooter(PackEntry entry) throws IOException {
        if (entry.indexBytes() == 0) {
            return ofOneBlock(entry);
        }
        try (OpenBytes bytes = source.open()) {
            return readFooter(entry, bytes);
        }
    }

    /** As {@link #segmentFooter(PackEntry)}, from the bytes of the pack. */
    Footer segmentFooter(PackEntry entry, SegmentBytes bytes) throws IOException {
        return entry.indexBytes() == 0 ? ofOneBlock(entry) : readFooter(entry, bytes);
    }

    /** The segment's footer as far as the entry tells it: with an index of one block. */
    public static Footer ofOneBlock(PackEntry entry) {
        SegmentIndex all = entry.records() == 0 ? new SegmentIndex() : SegmentIndex.ofOneBlock(entry.records(),
                entry.headerLength() + entry.firstRecord(), entry.smallestMillis(), entry.largestMillis());
        return new Footer(entry.dataEnd(), entry.lastRecordSize(), all);
    }

    private Footer readFooter(PackEntry entry, SegmentBytes bytes) throws IOException {
        int dataEnd = entry.dataEnd();
        long offset = entry.offset() + entry.frameBytes();
        try {
            ByteBuffer frame = read(bytes, offset, entry.indexBytes());
            SegmentHeader segment = segmentHeader(entry);
            RecordView view = new RecordView();
            RecordView.Verdict verdict = view.check(frame, 0, frame.limit(), segment.positionAt(dataEnd), segment.salt());
            check(verdict == RecordView.Verdict.VALID && view.frameBytes() == frame.limit(), "checksum mismatch of a packed segment's footer",
                    offset);
            Footer footer = FooterLayout.decode(view, frame, dataEnd, segment);
            check(footer.lastRecordSize() == entry.lastRecordSize() && footer.index().records() == entry.records(),
                    "packed segment's footer contradicts the table", footer.index().records());
            return footer;
        } catch (FormatException e) {
            throw unreadable(e, "footer of a segment", source, entry.key(), entry.basePosition(), offset, entry.indexBytes(),
                    "the segment can be read without it");
        }
    }

    @Override
    public void close() {
        tables.remove(this);
        frames.remove(this);
        // a walk that isn't being used may keep this object for long
        lastLookup.forget();
        source.forget();
    }

    @Override
    public String toString() {
        return source.file().toString();
    }
}
