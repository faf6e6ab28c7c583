package dev.streamwal.pack;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.Footer;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.LogFile;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.segment.SegmentScan;
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
import org.jspecify.annotations.Nullable;

/**
 * Writes a pack: segment by segment, in ascending order of the unsigned bytes of their keys' UTF-8, and of position, then the table, the index
 * and the footer. One thread.
 *
 * <p><b>Memory.</b> A segment is read whole, and then goes through a buffer of {@value #BUFFER_BYTES} bytes. What is kept of it is its entry in
 * the table, some 50 bytes with a key that resembles its neighbours'. A pack whose table would be larger than 256 MiB is refused.
 *
 * <p><b>Why its name never leads to a footer whose data is missing.</b> All that is written, footer and header included, is written under a
 * temporary name, which nothing reads. Then the file is forced, once, and only when that has returned is it given its final name. The rename
 * can't reach the disk before it is asked for, and all the file's bytes are there when it is. So at every moment, also after a power loss
 * that leaves any of the file's pages, a footer without the data, or an index without the table, stands under the temporary name only, and
 * whatever has the final name was forced whole. A second force, between data and footer, would add nothing: it would order pages of a file that
 * isn't believed in either state. When {@link #finish} has returned, the name is durable as well; only then may anything say that the pack
 * is there. A force that fails leaves the temporary name.
 */
public final class PackWriter implements Closeable {

    /** Frames of one segment; a larger one gains nothing by being packed. */
    public static final int MAX_SEGMENT_BYTES = 1 << 20;

    /** Segments of one stream in one pack. */
    public static final int MAX_SEGMENTS = PackTable.MAX_SEGMENTS;

    /** By which the segments are written; see {@link LogFile#CHUNK_BYTES} for why not more. */
    static final int BUFFER_BYTES = LogFile.CHUNK_BYTES;

    private enum State { OPEN, BROKEN, FINISHED }

    private final LogFile file;
    private final Path path;
    private final PackHeader header;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    /** Where in the file the buffer belongs. */
    private long bufferOffset = PackHeaderLayout.BYTES;

    private final List<byte[]> tableBlocks = new ArrayList<>();
    private final PackTable.Builder table = new PackTable.Builder();
    private final List<BlockFacts> blockFacts = new ArrayList<>();
    private byte[] separator = {};
    private long tableBytes;

    private @Nullable StreamKey key;
    /** Of the stream that is being written. */
    private final List<PackEntry> ofStream = new ArrayList<>();
    private byte[] keyBefore = {};
    private long streams;
    private long segments;
    private long records;
    private long dataBytes;
    private long smallest = SegmentIndex.NO_SMALLEST;
    private long largest = SegmentIndex.NO_LARGEST;
    private long blockSmallest = SegmentIndex.NO_SMALLEST;
    private long blockLargest = SegmentIndex.NO_LARGEST;
    private State state = State.OPEN;

    /** What the index says of a table block beside its place. */
    private record BlockFacts(byte[] separator, long smallest, long largest) {}

    private PackWriter(LogFile file, Path path, PackHeader header) {
        this.file = file;
        this.path = path;
        this.header = header;
    }

    /**
     * Makes the file.
     *
     * @param root of the log, where the folder of packs is
     */
    public static PackWriter create(Path root, PackHeader header) throws IOException {
        LogFile temporary = new LogFile(PackFiles.temporary(root, header.number()), StandardOpenOption.READ, StandardOpenOption.WRITE);
        temporary.create();
        return new PackWriter(temporary, PackFiles.pack(root, header.number()), header);
    }

    // ---------------------------------------------------------------- segments

    /**
     * Copies a segment that was sealed.
     *
     * @param bytes the segment's
     * @throws CorruptSegmentException where a frame doesn't verify, or there are others than the footer says: the pack is as before
     * @throws IllegalArgumentException where the segment is of another window, too large, or not behind the one before: the pack is as before
     */
    public void add(SegmentHeader segment, Footer footer, SegmentBytes bytes) throws IOException {
        check(State.OPEN);
        int length = footer.dataEnd() - segment.headerLength();
        checkPlace(segment, length);
        ByteBuffer frames = ByteBuffer.allocate(footer.dataEnd()).order(ByteOrder.LITTLE_ENDIAN);
        int read = bytes.read(frames, 0);
        frames.flip();
        Counted counted = count(segment, footer, new HeldFrames(frames, bytes));
        if (read < footer.dataEnd() || !counted.isAsIn(footer)) {
            throw new CorruptSegmentException("the segment isn't what its footer says: records=" + counted.index.records() + ", footer="
                    + footer.index().records() + ", bytes=" + read + ", dataEnd=" + footer.dataEnd() + ", stream=" + segment.key() + ", file="
                    + bytes + ", offset=" + counted.end + "; verify() lists the damage", path, segment.key().text(), segment.basePosition(),
                    counted.end, footer.dataEnd() - counted.end, null);
        }
        write(segment, footer, frames.position(segment.headerLength()));
    }

    /** Copies a segment of another pack, as {@link #add(SegmentHeader, Footer, SegmentBytes)} does. */
    public void add(PackReader from, PackEntry entry, SegmentBytes pack) throws IOException {
        SegmentHeader segment = from.segmentHeader(entry);
        add(segment, from.segmentFooter(entry), new PackedBytes(pack, segment, entry));
    }

    /** How many there are. */
    public long segments() {
        return segments + ofStream.size();
    }

    private void check(State wanted) {
        if (state != wanted) {
            throw new IllegalStateException("a pack that is " + state + " takes nothing: file=" + path + "; close it and write another one");
        }
    }

    private void checkPlace(SegmentHeader segment, int length) {
        if (length < 0 || length > MAX_SEGMENT_BYTES || !segment.window().equals(header.window())
                || segment.expirationMillis() != header.expirationMillis()) {
            throw new IllegalArgumentException("a pack has segments of one window and one expiration, of at most " + MAX_SEGMENT_BYTES
                    + " bytes: bytes=" + length + ", window=" + segment.window() + ", expiration=" + segment.expirationMillis() + ", stream="
                    + segment.key() + ", file=" + path);
        }
        StreamKey before = key;
        boolean isBehind = before == null || Arrays.compareUnsigned(before.utf8(), segment.key().utf8()) < 0;
        if (segment.key().equals(before)) {
            PackEntry last = ofStream.get(ofStream.size() - 1);
            isBehind = last.endPosition() <= segment.previousEnd() && ofStream.size() < MAX_SEGMENTS;
        }
        if (!isBehind) {
            throw new IllegalArgumentException("segments come in ascending order of their keys' bytes, a stream's in order of position, and at"
                    + " most " + MAX_SEGMENTS + ": basePosition=" + segment.basePosition() + ", stream=" + segment.key() + ", before=" + before
                    + ", file=" + path);
        }
    }

    /** What a walk over a segment's frames found. */
    private static final class Counted {
        private final SegmentIndex index = new SegmentIndex();
        private int firstRecord = -1;
        private int lastRecordSize;
        private int end;

        boolean isAsIn(Footer footer) {
            SegmentIndex said = footer.index();
            return end == footer.dataEnd() && lastRecordSize == footer.lastRecordSize() && index.records() == said.records()
                    && index.smallestTimestampMillis() == said.smallestTimestampMillis()
                    && index.largestTimestampMillis() == said.largestTimestampMillis() && index.blocks() == said.blocks();
        }
    }

    private static Counted count(SegmentHeader segment, Footer footer, SegmentBytes frames) throws IOException {
        Counted counted = new Counted();
        try (SegmentScan scan = new SegmentScan(frames, segment)) {
            scan.limit(footer.dataEnd());
            while (scan.next()) {
                counted.lastRecordSize = scan.frameBytes();
                if (scan.isShown()) {
                    counted.index.add((int) scan.offset(), scan.timestampMillis());
                    counted.firstRecord = counted.firstRecord < 0 ? (int) scan.offset() : counted.firstRecord;
                }
            }
            counted.end = (int) scan.nextOffset();
        }
        return counted;
    }

    /** What was read once: what is verified is what is written. */
    private record HeldFrames(ByteBuffer bytes, SegmentBytes of) implements SegmentBytes {

        @Override
        public int read(ByteBuffer target, long offset) {
            int count = (int) Math.max(0, Math.min(target.remaining(), bytes.limit() - offset));
            if (count > 0) {
                target.put(target.position(), bytes, (int) offset, count).position(target.position() + count);
            }
            return count;
        }

        @Override
        public long size() {
            return bytes.limit();
        }

        @Override
        public String toString() {
            return of.toString();
        }
    }

    private void write(SegmentHeader segment, Footer footer, ByteBuffer frames) throws IOException {
        if (!segment.key().equals(key)) {
            endStream();
            key = segment.key();
        }
        SegmentIndex index = footer.index();
        state = State.BROKEN;
        ofStream.add(new PackEntry(segment.key(), segment.basePosition(), segment.previousEnd(), segment.incarnation(), segment.salt(),
                segment.createdMillis(), segment.featureFlags(), offset(), frames.remaining(), footer.lastRecordSize(), index.records(),
                index.records() == 0 ? 0 : index.firstOffset(0) - segment.headerLength(), index.smallestTimestampMillis(),
                index.largestTimestampMillis(), IndexLayout.bytes(index)));
        write(frames);
        if (IndexLayout.bytes(index) > 0) {
            write(IndexLayout.encode(index));
        }
        state = State.OPEN;
    }

    private void endStream() {
        StreamKey ended = key;
        if (ended == null) {
            return;
        }
        byte[] utf8 = ended.utf8();
        if (!table.isEmpty() && !table.hasRoomFor(utf8, ofStream.size())) {
            endBlock();
        }
        if (table.isEmpty()) {
            if (tableBytes > PackTable.MAX_BYTES - PackTable.MAX_BLOCK_BYTES) {
                throw new IllegalArgumentException("a pack's table has at most " + PackTable.MAX_BYTES + " bytes: bytes=" + tableBytes
                        + ", streams=" + streams + ", file=" + path + "; write several packs");
            }
            separator = streams == 0 ? utf8 : BlockIndex.separator(keyBefore, utf8);
        }
        table.add(utf8, ofStream);
        for (PackEntry entry : ofStream) {
            records += entry.records();
            dataBytes += entry.dataBytes();
            blockSmallest = Math.min(blockSmallest, entry.smallestMillis());
            blockLargest = Math.max(blockLargest, entry.largestMillis());
        }
        streams++;
        segments += ofStream.size();
        ofStream.clear();
        keyBefore = utf8;
    }

    private void endBlock() {
        byte[] block = table.finish();
        tableBlocks.add(block);
        tableBytes += block.length;
        blockFacts.add(new BlockFacts(separator, blockSmallest, blockLargest));
        smallest = Math.min(smallest, blockSmallest);
        largest = Math.max(largest, blockLargest);
        blockSmallest = SegmentIndex.NO_SMALLEST;
        blockLargest = SegmentIndex.NO_LARGEST;
    }

    /** How long the file is with what was written so far. */
    private long offset() {
        return bufferOffset + buffer.position();
    }

    private void write(ByteBuffer bytes) throws IOException {
        if (bytes.remaining() > PackFooterLayout.MAX_FILE_BYTES - 1 - offset() || bytes.remaining() % RecordLayout.ALIGNMENT != 0) {
            throw new IllegalArgumentException("a pack is shorter than 1 TiB, and all in it is aligned: bytes=" + (offset() + bytes.remaining())
                    + ", file=" + path + "; write several packs");
        }
        while (bytes.hasRemaining()) {
            int count = Math.min(bytes.remaining(), buffer.remaining());
            buffer.put(buffer.position(), bytes, bytes.position(), count).position(buffer.position() + count);
            bytes.position(bytes.position() + count);
            if (!buffer.hasRemaining()) {
                flush();
            }
        }
    }

    private void flush() throws IOException {
        int length = buffer.position();
        file.write(bufferOffset, buffer.flip());
        bufferOffset += length;
        buffer.clear();
    }

    // ---------------------------------------------------------------- the end

    /**
     * Writes what is behind the segments, forces the file, gives it its name, and makes that durable. Where it throws, the pack isn't there, or,
     * where only the directory couldn't be forced, it is whole and its name may be lost.
     */
    public PackFooter finish() throws IOException {
        check(State.OPEN);
        if (segments() == 0) {
            throw new IllegalStateException("a pack has a segment: file=" + path + "; close it");
        }
        state = State.BROKEN;
        endStream();
        endBlock();
        ByteBuffer first = PackHeaderLayout.encode(header);
        PackFooter footer = writeTable(first.getInt(PackHeaderLayout.HEADER_CHECKSUM));
        flush();
        file.write(0, first);
        // once, for segments, table and footer alike: why that is enough stands above
        file.force();
        file.close();
        LogFile.rename(file.path(), path);
        file.renamed(path);
        state = State.FINISHED;
        DirectoryForce.force(Objects.requireNonNull(path.toAbsolutePath().getParent(), "a pack is in a directory"));
        return footer;
    }

    private PackFooter writeTable(int headerChecksum) throws IOException {
        long tableOffset = offset();
        BlockIndex.Builder index = new BlockIndex.Builder();
        for (int i = 0; i < tableBlocks.size(); i++) {
            BlockFacts facts = blockFacts.get(i);
            index.add(facts.separator(), offset(), tableBlocks.get(i).length, facts.smallest(), facts.largest());
            write(ByteBuffer.wrap(tableBlocks.get(i)));
        }
        long indexOffset = offset();
        ByteBuffer indexBytes = ByteBuffer.wrap(index.finish());
        PackFooter footer = new PackFooter(tableOffset, tableBlocks.size(), indexOffset, indexBytes.limit(),
                PackChecksum.of(indexBytes, 0, indexBytes.limit()), streams, segments, records, dataBytes, smallest, largest,
                indexOffset + indexBytes.limit() + PackFooterLayout.BYTES, header.number(), headerChecksum);
        write(indexBytes);
        write(PackFooterLayout.encode(footer));
        return footer;
    }

    /** Deletes what was written, unless it has become a pack. */
    @Override
    public void close() throws IOException {
        boolean isPack = state == State.FINISHED;
        state = isPack ? state : State.BROKEN;
        file.close();
        if (!isPack) {
            boolean unused = Files.deleteIfExists(file.path());
        }
    }
}
