package dev.streamwal.pack;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.Footer;
import dev.streamwal.format.FooterLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.io.DirectWrites;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.LeftOpen;
import dev.streamwal.io.LogFile;
import dev.streamwal.io.SegmentBytes;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Writes a pack: segment by segment, in ascending order of the unsigned bytes of their keys' UTF-8, then of their base positions; then its
 * table, index and footer. One thread.
 *
 * <p>A segment that begins where the one before ends, and whose frames have the same salt, is joined to it, up to
 * {@value #MAX_SEGMENT_BYTES} bytes: see {@link SegmentDraft}.
 *
 * <p><b>Memory.</b> A segment is read into memory once, at most {@value #MAX_SEGMENT_BYTES} bytes, verified there, and written from there: so the pack holds
 * exactly the verified bytes. Each segment's table entry stays in memory: some 40 bytes with a key that resembles its neighbours', at most its key and
 * {@value PackTable#MAX_FACTS_BYTES} bytes. A pack whose table would be larger than 64 MiB is refused; a caller that has more to write begins another one when
 * this one {@link #isFull is full}.
 *
 * <p><b>Why the pack's name never leads to a footer whose data is missing.</b> The whole file, header and footer included, is written under a
 * temporary name, which nothing reads. Then the file is forced, once, and renamed to its final name only when the force has returned. The rename
 * can't reach the disk before it is requested, and by then all the file's bytes are there. So at every moment, also after a power loss that
 * keeps any subset of the file's pages, a footer without its data, or an index without its table, stands under the temporary name only; a file
 * with the final name was forced whole. When {@link #finish} has returned, the name is durable as well; only then may the manifest list the
 * pack. A force that fails leaves the temporary name.
 */
public final class PackWriter implements Closeable {

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    /** Limit of a segment's frames; larger segments stay in files of their own. */
    public static final int MAX_SEGMENT_BYTES = 1 << 20;

    /**
     * A pack is full when its table has this many bytes. A fourth is left, because the same segments may take more in another table when they are compressed or
     * merged later: their differences to the pack and to their neighbours are larger there. A merged pack has a million segments, and each takes less than 16
     * bytes more.
     */
    public static final long FULL_TABLE_BYTES = PackTable.MAX_BYTES / 4 * 3;

    private static final byte[] NO_KEY = {};

    private enum State { OPEN, BROKEN, FINISHED }

    private final LogFile file;
    private final Path path;
    private final PackHeader header;
    /** Null if frames are stored plain. */
    private final FrameBlocks.@Nullable Encoder encoder;
    private final SequentialFile out;

    private final PackTable.Builder table;
    private final List<byte[]> tableBlocks = new ArrayList<>();
    private final BlockIndex.Builder index = new BlockIndex.Builder();
    private long tableBytes;
    /** The first key of the block that isn't full. */
    private byte[] firstKey = NO_KEY;

    private byte[] lastKey = NO_KEY;
    /** The segment added last, which isn't written yet: the next one may be joined to it. */
    private @Nullable SegmentDraft draft;
    /** Reused for the next segment. */
    private @Nullable SegmentDraft spare;
    private long segments;
    private long records;
    private long dataBytes;
    private long smallest = SegmentIndex.NO_SMALLEST;
    private long largest = SegmentIndex.NO_LARGEST;
    private State state = State.OPEN;

    private PackWriter(LogFile file, Path path, PackHeader header, @Nullable DirectWrites direct) throws IOException {
        this.file = file;
        this.path = path;
        this.header = header;
        this.table = new PackTable.Builder(header);
        this.out = new SequentialFile(file, direct == null ? null : direct.writer(file));
        // last: nobody would close it if the file couldn't be opened for direct writes
        this.encoder = header.isInBlocks() ? new FrameBlocks.Encoder() : null;
    }

    /**
     * Makes the file in the directory of a log's packs, which must exist.
     *
     * @param direct writes it past the page cache; null for writing it through the page cache
     */
    public static PackWriter create(Path root, PackHeader header, @Nullable DirectWrites direct) throws IOException {
        return create(new LogFile(PackFiles.temporary(root, header.number()), StandardOpenOption.READ, StandardOpenOption.WRITE),
                PackFiles.pack(root, header.number()), header, direct);
    }

    /**
     * Makes the file.
     *
     * @param temporary the file to write, under an unused name that nothing reads, in the directory of the pack
     * @param path final path of the pack
     * @param direct writes it past the page cache; null for writing it through the page cache
     */
    public static PackWriter create(LogFile temporary, Path path, PackHeader header, @Nullable DirectWrites direct) throws IOException {
        temporary.create();
        try {
            PackWriter writer = new PackWriter(temporary, path, header, direct);
            writer.out.add(PackHeaderLayout.encode(header));
            return writer;
        } catch (IOException | RuntimeException e) {
            LeftOpen.close(temporary, e);
            boolean unused = Files.deleteIfExists(temporary.path());
            throw e;
        }
    }

    // ---------------------------------------------------------------- segments

    /**
     * Copies the frames of a sealed segment. If the segment is damaged or doesn't belong in this pack, nothing of it is added, and the caller leaves it out. If
     * writing fails, the pack can only be closed.
     *
     * @param segment all its bytes from the header on
     * @throws CorruptSegmentException if a frame doesn't verify, or the footer contradicts the frames
     * @throws IllegalArgumentException if it is too large, its window exceeds the pack's, it expires later, or it isn't behind the segment before
     */
    public void add(SegmentHeader segmentHeader, Footer footer, SegmentBytes segment) throws IOException {
        SegmentDraft next = next(segmentHeader, footer.dataEnd() - segmentHeader.headerLength());
        next.read(segmentHeader, footer.dataEnd(), segment);
        next.checkFooter(footer);
        add(next);
    }

    /** As {@link #add(SegmentHeader, Footer, SegmentBytes)}, for a segment without a footer. */
    public void add(SegmentHeader segmentHeader, int dataEnd, SegmentBytes segment) throws IOException {
        SegmentDraft next = next(segmentHeader, dataEnd - segmentHeader.headerLength());
        next.read(segmentHeader, dataEnd, segment);
        add(next);
    }

    /**
     * Copies the frames of a segment without a footer, as {@link #add(SegmentHeader, Footer, SegmentBytes)}.
     *
     * @param frames from the position to the limit; both stay
     * @param areRecords whether all of them are known to be records outside batches, and to verify; otherwise they are verified
     */
    public void add(SegmentHeader segmentHeader, ByteBuffer frames, boolean areRecords) throws IOException {
        SegmentDraft next = next(segmentHeader, frames.remaining());
        next.take(segmentHeader, frames, areRecords);
        add(next);
    }

    /** The draft to be filled with a segment, which may be the next one. */
    private SegmentDraft next(SegmentHeader segmentHeader, int bytes) {
        checkOpen();
        checkPlace(segmentHeader, bytes);
        SegmentDraft next = spare;
        return next == null ? new SegmentDraft(segmentHeader) : next;
    }

    private void add(SegmentDraft next) throws IOException {
        SegmentDraft before = draft;
        if (before != null && before.goesOnWith(next)) {
            before.append(next);
            spare = next;
            return;
        }
        if (before != null) {
            write(before);
        }
        draft = next;
        spare = before;
    }

    private void write(SegmentDraft segment) throws IOException {
        state = State.BROKEN;
        ByteBuffer frames = segment.frames();
        Optional<FrameBlocks.Stored> blocks = encoder == null ? Optional.empty() : segment.inBlocks(encoder, frames);
        Extent extent = blocks.map(stored -> new Extent(out.length(), stored.bytes().remaining(), stored.listBytes()))
                .orElseGet(() -> Extent.asTheyAre(out.length()));
        PackEntry entry = segment.entry(header.window(), extent, 0);
        boolean hasIndex = segment.hasFooter();
        ByteBuffer indexBytes = hasIndex
                ? FooterLayout.encode(PackReader.segmentHeader(header, entry), entry.dataEnd(), entry.lastRecordSize(), segment.index()) : NOTHING;
        addEntry(segment.key(), hasIndex ? segment.entry(header.window(), extent, indexBytes.remaining()) : entry);
        out.add(blocks.map(FrameBlocks.Stored::bytes).orElse(frames));
        out.add(indexBytes);
        lastKey = segment.key();
        state = State.OPEN;
    }

    /** Copies a segment of another pack, as {@link #add(SegmentHeader, Footer, SegmentBytes)}. */
    public void add(PackReader from, PackEntry entry) throws IOException {
        try (PackedBytes bytes = from.open(entry)) {
            add(from.segmentHeader(entry), from.segmentFooter(entry), bytes);
        }
    }

    /** Whether no segment was added. */
    public boolean isEmpty() {
        return segments == 0 && draft == null;
    }

    /** Whether further segments are to be written to another pack. */
    public boolean isFull() {
        return tableBytes >= FULL_TABLE_BYTES || out.length() >= PackFooterLayout.MAX_FILE_BYTES / 2;
    }

    private void checkOpen() {
        if (state != State.OPEN) {
            throw new IllegalStateException("pack is " + state + ", not OPEN: file=" + path + "; close it and write another one");
        }
    }

    private void checkPlace(SegmentHeader segment, int bytes) {
        SegmentDraft before = draft;
        byte[] key = segment.key().utf8();
        int order = before == null ? 1 : Arrays.compareUnsigned(key, before.key());
        if (order < 0 || (order == 0 && before != null && segment.basePosition() < before.endPosition())) {
            throw new IllegalArgumentException("segment is out of order, by its key's bytes or its position: stream="
                    + segment.key() + ", basePosition=" + segment.basePosition() + ", file=" + path);
        }
        boolean isInSpan = segment.window().startMillis() >= header.window().startMillis() && segment.window().endMillis() <= header.window().endMillis()
                && segment.expirationMillis() <= header.expirationMillis();
        if (!isInSpan || bytes < 0 || bytes > MAX_SEGMENT_BYTES) {
            throw new IllegalArgumentException("segment doesn't fit the pack, by its window, its expiration, or the limit of " + MAX_SEGMENT_BYTES
                    + " bytes: stream=" + segment.key() + ", window=" + segment.window() + ", expiration=" + segment.expirationMillis()
                    + ", bytes=" + bytes + ", file=" + path + "; leave the segment as it is");
        }
        // at most three blocks are still to come: the one that isn't full, one for the segment before, and one for this segment
        if (tableBytes > PackTable.MAX_BYTES - 3 * PackTable.MAX_BLOCK_BYTES
                || out.length() > PackFooterLayout.MAX_FILE_BYTES - PackTable.MAX_BYTES - BlockIndex.MAX_BYTES - 2 * MAX_SEGMENT_BYTES) {
            throw new IllegalArgumentException("pack is full, by the limit of " + PackTable.MAX_BYTES
                    + " bytes for its table or of 1 TiB for the file: tableBytes=" + tableBytes + ", bytes=" + out.length()
                    + ", file=" + path + "; write several packs");
        }
    }

    private void addEntry(byte[] key, PackEntry entry) {
        if (!table.isEmpty() && !table.hasRoomFor(key)) {
            endBlock();
        }
        if (table.isEmpty()) {
            firstKey = key;
        }
        table.add(key, entry);
        segments++;
        records += entry.records();
        dataBytes += entry.dataBytes();
        smallest = Math.min(smallest, entry.smallestMillis());
        largest = Math.max(largest, entry.largestMillis());
    }

    private void endBlock() {
        byte[] block = table.finish();
        tableBlocks.add(block);
        tableBytes += block.length;
        index.add(firstKey, lastKey, block.length);
    }

    // ---------------------------------------------------------------- the end

    /**
     * Writes table, index and footer, forces the file, renames it to its final name, and makes the name durable. If it throws, no pack is left once this writer
     * is closed. A crash before it is closed may leave a whole pack, if only forcing the directory failed.
     */
    public PackFooter finish() throws IOException {
        checkOpen();
        if (draft == null) {
            throw new IllegalStateException("pack has no segment: file=" + path + "; close it");
        }
        write(draft);
        draft = null;
        state = State.BROKEN;
        endBlock();
        PackFooter footer = writeTable();
        out.flush();
        out.close();
        // once, for segments, table and footer alike: the class comment says why that is enough
        file.force();
        file.close();
        LogFile.rename(file.path(), path);
        file.renamed(path);
        DirectoryForce.force(Objects.requireNonNull(path.toAbsolutePath().getParent(), "pack has no parent directory"));
        state = State.FINISHED;
        return footer;
    }

    private PackFooter writeTable() throws IOException {
        long tableOffset = out.length();
        for (byte[] block : tableBlocks) {
            out.add(ByteBuffer.wrap(block));
        }
        ByteBuffer indexBytes = ByteBuffer.wrap(index.finish()).order(ByteOrder.LITTLE_ENDIAN);
        long indexOffset = out.length();
        ByteBuffer headerAgain = PackHeaderLayout.encode(header);
        PackFooter footer = new PackFooter(tableOffset, indexOffset, indexBytes.limit(), indexBytes.getInt(KeyBlockLayout.CHECKSUM), segments,
                records, dataBytes, smallest, largest, indexOffset + indexBytes.limit() + PackHeaderLayout.BYTES + PackFooterLayout.BYTES,
                tableBlocks.size(), headerAgain.getInt(PackHeaderLayout.HEADER_CHECKSUM), true);
        out.add(indexBytes);
        out.add(headerAgain);
        out.add(PackFooterLayout.encode(footer));
        return footer;
    }

    /** Deletes the file, whatever name it has by then, unless it was finished. */
    @Override
    public void close() throws IOException {
        boolean isPack = state == State.FINISHED;
        state = isPack ? state : State.BROKEN;
        if (encoder != null) {
            encoder.close();
        }
        out.close();
        file.close();
        if (!isPack) {
            boolean unused = Files.deleteIfExists(file.path());
        }
    }
}
