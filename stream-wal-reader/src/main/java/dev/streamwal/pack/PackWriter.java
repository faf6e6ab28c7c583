package dev.streamwal.pack;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.Footer;
import dev.streamwal.format.FooterLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.io.DirectoryForce;
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
 * <p>A segment that goes on where the one before ends, and whose frames have the same salt, becomes one with it, up to
 * {@value #MAX_SEGMENT_BYTES} bytes: see {@link SegmentDraft}.
 *
 * <p><b>Memory.</b> A segment is read into memory once, {@value #MAX_SEGMENT_BYTES} bytes at most, verified there, and written from there: so
 * what is in the pack is what was verified. Of a segment its entry in the table is kept, some 40 bytes with a key that resembles its
 * neighbours', at most its key and {@value PackTable#MAX_FACTS_BYTES} bytes. A pack whose table would be larger than 64 MiB is refused.
 *
 * <p><b>Why its name never leads to a footer whose data is missing.</b> All that is written, footer and header included, is written under a
 * temporary name, which nothing reads. Then the file is forced, once, and only when that has returned is it given its final name. The rename
 * can't reach the disk before it is asked for, and all the file's bytes are there when it is. So at every moment, also after a power loss
 * that leaves any of the file's pages, a footer without the data, or an index without the table, stands under the temporary name only, and
 * what has the final name was forced whole. When {@link #finish} has returned, the name is durable as well; only then may anything say
 * that the pack is there. A force that fails leaves the temporary name.
 */
public final class PackWriter implements Closeable {

    /** Frames of a segment; larger ones stay files of their own. */
    public static final int MAX_SEGMENT_BYTES = 1 << 20;

    private static final byte[] NO_KEY = {};

    private enum State { OPEN, BROKEN, FINISHED }

    private final LogFile file;
    private final Path path;
    private final PackHeader header;
    /** Null where frames stand as they are. */
    private final FrameBlocks.@Nullable Encoder encoder;
    private final SequentialFile out;

    private final PackTable.Builder table;
    private final List<byte[]> tableBlocks = new ArrayList<>();
    private final BlockIndex.Builder index = new BlockIndex.Builder();
    private long tableBytes;
    /** The first key of the block that isn't full. */
    private byte[] firstKey = NO_KEY;

    private byte[] lastKey = NO_KEY;
    /** What was added last, and isn't written: the next one may go on where it ends. */
    private @Nullable SegmentDraft draft;
    /** For the next one. */
    private @Nullable SegmentDraft spare;
    private long segments;
    private long records;
    private long dataBytes;
    private long smallest = SegmentIndex.NO_SMALLEST;
    private long largest = SegmentIndex.NO_LARGEST;
    private State state = State.OPEN;

    private PackWriter(LogFile file, Path path, PackHeader header) {
        this.file = file;
        this.path = path;
        this.header = header;
        this.encoder = header.isInBlocks() ? new FrameBlocks.Encoder() : null;
        this.table = new PackTable.Builder(header);
        this.out = new SequentialFile(file);
    }

    /** Makes the file in the folder of a log's packs, which is there. */
    public static PackWriter create(Path root, PackHeader header) throws IOException {
        return create(new LogFile(PackFiles.temporary(root, header.number()), StandardOpenOption.READ, StandardOpenOption.WRITE),
                PackFiles.pack(root, header.number()), header);
    }

    /**
     * Makes the file.
     *
     * @param temporary to be written, under a name that nothing reads, and that is not taken, in the directory of the pack
     * @param path the pack's
     */
    public static PackWriter create(LogFile temporary, Path path, PackHeader header) throws IOException {
        temporary.create();
        PackWriter writer = new PackWriter(temporary, path, header);
        writer.out.add(PackHeaderLayout.encode(header));
        return writer;
    }

    // ---------------------------------------------------------------- segments

    /**
     * Copies the frames of a sealed segment. Where it says that the segment is damaged or may not be in this pack, nothing of it is there, and
     * the caller leaves it out; where writing fails, the pack can only be closed.
     *
     * @param segment all its bytes from the header on
     * @throws CorruptSegmentException where a frame doesn't verify, or the footer says what isn't so
     * @throws IllegalArgumentException where it is too large, of a window that isn't in the pack's, expires later, or isn't behind the segment before
     */
    public void add(SegmentHeader segmentHeader, Footer footer, SegmentBytes segment) throws IOException {
        check(State.OPEN);
        checkPlace(segmentHeader, footer.dataEnd() - segmentHeader.headerLength());
        SegmentDraft next = read(segmentHeader, footer.dataEnd(), segment);
        next.checkFooter(footer);
        add(next);
    }

    /** As the other one, of a segment that nothing says of what is in it. */
    public void add(SegmentHeader segmentHeader, int dataEnd, SegmentBytes segment) throws IOException {
        check(State.OPEN);
        checkPlace(segmentHeader, dataEnd - segmentHeader.headerLength());
        add(read(segmentHeader, dataEnd, segment));
    }

    private SegmentDraft read(SegmentHeader segmentHeader, int dataEnd, SegmentBytes segment) throws IOException {
        SegmentDraft next = spare;
        if (next == null) {
            return SegmentDraft.of(segmentHeader, dataEnd, segment);
        }
        next.read(segmentHeader, dataEnd, segment);
        return next;
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
        Optional<FrameBlocks.Stored> blocks = encoder == null ? Optional.empty() : segment.inBlocks(encoder);
        Extent extent = blocks.map(stored -> new Extent(out.length(), stored.bytes().remaining(), stored.listBytes(), 0))
                .orElseGet(() -> Extent.asTheyAre(out.length()));
        PackEntry entry = segment.entry(extent, 0);
        ByteBuffer indexBytes = ByteBuffer.allocate(0);
        if (segment.index().blocks() > 1) {
            indexBytes = FooterLayout.encode(PackReader.segmentHeader(header, entry), entry.dataEnd(), entry.lastRecordSize(), segment.index());
            entry = segment.entry(extent, indexBytes.remaining());
        }
        addEntry(segment.key(), entry);
        out.add(blocks.map(FrameBlocks.Stored::bytes).orElseGet(segment::frames));
        out.add(indexBytes);
        lastKey = segment.key();
        state = State.OPEN;
    }

    /** Copies a segment of another pack; as the other one. */
    public void add(PackReader from, PackEntry entry) throws IOException {
        try (PackedBytes bytes = from.open(entry)) {
            add(from.segmentHeader(entry), from.segmentFooter(entry), bytes);
        }
    }

    /** Whether there is no segment. */
    public boolean isEmpty() {
        return segments == 0 && draft == null;
    }

    private void check(State wanted) {
        if (state != wanted) {
            throw new IllegalStateException("a pack that is " + state + " takes nothing: file=" + path + "; close it and write another one");
        }
    }

    private void checkPlace(SegmentHeader segment, int bytes) {
        SegmentDraft before = draft;
        byte[] key = segment.key().utf8();
        int order = before == null ? 1 : Arrays.compareUnsigned(key, before.key());
        if (order < 0 || (order == 0 && before != null && segment.basePosition() < before.endPosition())) {
            throw new IllegalArgumentException("segments come in ascending order of their keys' bytes, then of their positions: stream="
                    + segment.key() + ", basePosition=" + segment.basePosition() + ", file=" + path);
        }
        boolean isInSpan = segment.window().startMillis() >= header.window().startMillis() && segment.window().endMillis() <= header.window().endMillis()
                && segment.expirationMillis() <= header.expirationMillis();
        if (!isInSpan || bytes < 0 || bytes > MAX_SEGMENT_BYTES) {
            throw new IllegalArgumentException("a pack's segments have windows in its own, expire no later, and have at most " + MAX_SEGMENT_BYTES
                    + " bytes: stream=" + segment.key() + ", window=" + segment.window() + ", expiration=" + segment.expirationMillis()
                    + ", bytes=" + bytes + ", file=" + path + "; leave the segment as it is");
        }
        boolean isNewBlock = table.isEmpty() || !table.hasRoomFor(key);
        if ((isNewBlock && tableBytes > PackTable.MAX_BYTES - 2 * PackTable.MAX_BLOCK_BYTES)
                || out.length() > PackFooterLayout.MAX_FILE_BYTES - PackTable.MAX_BYTES - BlockIndex.MAX_BYTES - 2 * MAX_SEGMENT_BYTES) {
            throw new IllegalArgumentException("a pack's table has at most " + PackTable.MAX_BYTES + " bytes, and a pack is shorter than 1 TiB: "
                    + "tableBytes=" + tableBytes + ", bytes=" + out.length() + ", file=" + path + "; write several packs");
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
     * Writes what is behind the segments, forces the file, gives it its name, and makes that durable. Where it throws, the pack isn't there,
     * or, where only the directory couldn't be forced, it is whole and its name may be lost.
     */
    public PackFooter finish() throws IOException {
        check(State.OPEN);
        if (draft == null) {
            throw new IllegalStateException("a pack has a segment: file=" + path + "; close it");
        }
        write(draft);
        draft = null;
        state = State.BROKEN;
        endBlock();
        PackFooter footer = writeTable();
        out.flush();
        // once, for segments, table and footer alike: why that is enough stands above
        file.force();
        file.close();
        LogFile.rename(file.path(), path);
        file.renamed(path);
        state = State.FINISHED;
        DirectoryForce.force(Objects.requireNonNull(path.toAbsolutePath().getParent(), "a pack is in a directory"));
        return footer;
    }

    private PackFooter writeTable() throws IOException {
        long tableOffset = out.length();
        for (byte[] block : tableBlocks) {
            out.add(ByteBuffer.wrap(block));
        }
        ByteBuffer indexBytes = ByteBuffer.wrap(index.finish()).order(ByteOrder.LITTLE_ENDIAN);
        long indexOffset = out.length();
        PackFooter footer = new PackFooter(tableOffset, indexOffset, indexBytes.limit(), indexBytes.getInt(KeyBlockLayout.CHECKSUM), segments,
                records, dataBytes, smallest, largest, indexOffset + indexBytes.limit() + PackFooterLayout.BYTES, tableBlocks.size(),
                PackHeaderLayout.encode(header).getInt(PackHeaderLayout.HEADER_CHECKSUM));
        out.add(indexBytes);
        out.add(PackFooterLayout.encode(footer));
        return footer;
    }

    /** Deletes what was written, unless it has become a pack. */
    @Override
    public void close() throws IOException {
        boolean isPack = state == State.FINISHED;
        state = isPack ? state : State.BROKEN;
        if (encoder != null) {
            encoder.close();
        }
        file.close();
        if (!isPack) {
            boolean unused = Files.deleteIfExists(file.path());
        }
    }
}
