package dev.streamwal.pack;

import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.LogFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Writes a pack: part by part, in ascending order of the unsigned bytes of their keys' UTF-8, then its table, index, sources and footer. One
 * thread. It reads nothing, and believes that frames verify: who hands them over has looked.
 *
 * <p><b>Memory.</b> The parts go through a buffer of {@value #BUFFER_BYTES} bytes. Of a part it keeps its entry in the table, some 30 to 40
 * bytes with a key that resembles its neighbours', at most its key and {@value PackTable#MAX_FACTS_BYTES} bytes; of a table block of 4 KiB
 * also an entry in the index, some 25 bytes. A pack whose table would be larger than 256 MiB is refused. While a part is written, its sections
 * are kept, too, of which there are at most {@value PartSections#MAX_SECTIONS}.
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

    /** By which the parts are written; see {@link LogFile#CHUNK_BYTES} for why not more. */
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

    private byte[] lastKey = {};
    private long parts;
    private long records;
    private long logicalBytes;
    private long smallest = Long.MAX_VALUE;
    private long largest = Long.MIN_VALUE;
    private long blockSmallest = Long.MAX_VALUE;
    private long blockLargest = Long.MIN_VALUE;
    private long lowestBase = Long.MAX_VALUE;
    private long highestEnd;
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
     * @param temporary to be written, under a name that nothing reads, and that is not taken, in the directory of the pack
     * @param path the pack's
     * @param header {@link PackHeader#ofRaw}
     */
    public static PackWriter create(LogFile temporary, Path path, PackHeader header) throws IOException {
        if (header.featureFlags() != PackHeaderLayout.PACK || header.codecs() != 1 << PackEntry.RAW) {
            throw new IllegalArgumentException("a pack of raw parts is all that is written: featureFlags=0x"
                    + Integer.toHexString(header.featureFlags()) + ", codecs=" + header.codecs());
        }
        PackWriter writer = new PackWriter(temporary, path, header);
        temporary.create();
        return writer;
    }

    // ---------------------------------------------------------------- parts

    /**
     * Writes a part. Where it throws anything but an {@code IllegalArgumentException} for the order of keys, the pack can only be closed.
     *
     * @param first header of the segment in which the first frames stood; its mark and capacity don't count
     * @throws IllegalArgumentException where the key isn't behind that of the part before, or the frames are none
     */
    public void part(SegmentHeader first, PartSource source) throws IOException {
        check(State.OPEN);
        byte[] key = first.key().utf8();
        if (Arrays.compareUnsigned(key, lastKey) <= 0) {
            throw new IllegalArgumentException("parts come in ascending order of their keys' bytes, each once: stream=" + first.key()
                    + ", file=" + path);
        }
        state = State.BROKEN;
        Part part = new Part(PartSections.headerOf(first, first.window(), first.basePosition(), first.previousEnd(), first.salt(),
                first.featureFlags()));
        part.write(source);
        add(key, part.entry());
        lowestBase = Math.min(lowestBase, first.basePosition());
        highestEnd = Math.max(highestEnd, part.end());
        lastKey = key;
        state = State.OPEN;
    }

    private void check(State wanted) {
        if (state != wanted) {
            throw new IllegalStateException("a pack that is " + state + " takes nothing: file=" + path + "; close it and write another one");
        }
    }

    private void add(byte[] key, PackEntry entry) {
        if (!table.isEmpty() && !table.hasRoomFor(key)) {
            endBlock();
        }
        if (table.isEmpty()) {
            if (tableBytes > PackTable.MAX_BYTES - PackTable.MAX_BLOCK_BYTES) {
                throw new IllegalArgumentException("a pack's table has at most " + PackTable.MAX_BYTES + " bytes: bytes=" + tableBytes
                        + ", parts=" + parts + ", file=" + path + "; write several packs");
            }
            separator = parts == 0 ? key : BlockIndex.separator(lastKey, key);
        }
        table.add(key, entry);
        parts++;
        records += entry.records();
        logicalBytes += entry.logicalBytes();
        blockSmallest = Math.min(blockSmallest, entry.smallestMillis());
        blockLargest = Math.max(blockLargest, entry.largestMillis());
    }

    private void endBlock() {
        byte[] block = table.finish();
        tableBlocks.add(block);
        tableBytes += block.length;
        blockFacts.add(new BlockFacts(separator, blockSmallest, blockLargest));
        smallest = Math.min(smallest, blockSmallest);
        largest = Math.max(largest, blockLargest);
        blockSmallest = Long.MAX_VALUE;
        blockLargest = Long.MIN_VALUE;
    }

    /** What is kept in memory of the parts so far, bytes, but for the block that isn't full. */
    public long keptBytes() {
        long kept = tableBytes;
        for (BlockFacts facts : blockFacts) {
            kept += facts.separator().length + 2L * Long.BYTES;
        }
        return kept;
    }

    /** How long the file is with the parts so far. */
    private long offset() {
        return bufferOffset + buffer.position();
    }

    private void write(ByteBuffer bytes) throws IOException {
        if (bytes.remaining() > PackFooterLayout.MAX_FILE_BYTES - 1 - offset()) {
            throw new IllegalArgumentException("a pack is shorter than 1 TiB: bytes=" + (offset() + bytes.remaining()) + ", file=" + path
                    + "; write several packs");
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

    /** The part that is being written. */
    private final class Part implements PartFrames {
        private final long offset = offset();
        private final List<PartSections.Start> starts = new ArrayList<>();
        private long length;
        private long recordsHere;
        private long smallestHere = Long.MAX_VALUE;
        private long largestHere = Long.MIN_VALUE;
        private long lastRecord;
        private int sectionsBytes;
        private boolean isDamaged;

        Part(SegmentHeader first) {
            starts.add(new PartSections.Start(0, first));
        }

        private PartSections.Start current() {
            return starts.get(starts.size() - 1);
        }

        long end() {
            return current().end(length);
        }

        void write(PartSource source) throws IOException {
            PackWriter.this.write(SegmentHeaderLayout.encode(current().header()));
            source.writeTo(this);
            if (starts.size() > 1) {
                if (current().logicalOffset() == length) {
                    throw new IllegalArgumentException("a section has frames: " + where());
                }
                ByteBuffer sections = PartSections.encode(starts);
                sectionsBytes = sections.remaining();
                PackWriter.this.write(sections);
            }
        }

        PackEntry entry() {
            SegmentHeader first = starts.get(0).header();
            int flags = (starts.size() > 1 ? PackTable.SECTIONS : 0) | (isDamaged ? PackTable.DAMAGED : 0);
            return new PackEntry(first.key(), flags, first.basePosition(), first.previousEnd(), length, offset, recordsHere, smallestHere,
                    largestHere, recordsHere == 0 ? 0 : length - lastRecord, sectionsBytes);
        }

        @Override
        public void frames(ByteBuffer wholeFrames) throws IOException {
            ByteBuffer in = wholeFrames.slice().order(ByteOrder.LITTLE_ENDIAN);
            for (int index = 0; index < in.limit(); ) {
                index += look(in, index);
            }
            append(wholeFrames);
        }

        /** Counts what the frame says, and returns its size. */
        private int look(ByteBuffer in, int index) {
            int left = in.limit() - index;
            long word = left < RecordLayout.PREFIX_BYTES ? 0 : in.getLong(index + RecordLayout.COMMIT_WORD);
            int flags = RecordLayout.isCommitWord(word) ? in.getInt(index + RecordLayout.FLAGS) : RecordLayout.FOOTER;
            int frame = flags == RecordLayout.FOOTER ? -1
                    : RecordLayout.checkedFrameBytes(word, in.getInt(index + RecordLayout.CONTENT_LENGTH), flags, left);
            if (frame < 0) {
                throw new IllegalArgumentException("a part is made of whole frames, without a footer: index=" + index + ", bytes=" + in.limit()
                        + ", " + where());
            }
            if (!RecordLayout.isControl(flags)) {
                long timestamp = in.getLong(index + RecordLayout.TIMESTAMP);
                recordsHere++;
                smallestHere = Math.min(smallestHere, timestamp);
                largestHere = Math.max(largestHere, timestamp);
                lastRecord = length + index;
            }
            return frame;
        }

        @Override
        public void damaged(ByteBuffer bytes) throws IOException {
            if (bytes.remaining() % RecordLayout.ALIGNMENT != 0) {
                throw new IllegalArgumentException("damage ends where a frame may begin: bytes=" + bytes.remaining() + ", " + where());
            }
            isDamaged |= bytes.hasRemaining();
            append(bytes);
        }

        private void append(ByteBuffer bytes) throws IOException {
            long more = bytes.remaining();
            SegmentHeader current = current().header();
            if (length + more >= PackEntry.MAX_PART_BYTES - SegmentHeaderLayout.MAX_BYTES - PartSections.MAX_BYTES
                    || end() > Long.MAX_VALUE - SegmentHeaderLayout.MAX_BYTES - more) {
                throw new IllegalArgumentException("a part is shorter than 64 GiB, and positions have 63 bits: bytes=" + (length + more)
                        + ", basePosition=" + current.basePosition() + ", " + where() + "; write the rest to another pack");
            }
            PackWriter.this.write(bytes);
            length += more;
        }

        @Override
        public void section(SegmentHeader next) {
            PartSections.Start before = current();
            boolean isBehind = next.key().equals(before.header().key()) && next.previousEnd() >= end() && length > before.logicalOffset();
            if (!isBehind || starts.size() > PartSections.MAX_SECTIONS) {
                throw new IllegalArgumentException("a section is of the same stream, begins at or behind the end of the one before, which has"
                        + " frames, and is one of at most " + PartSections.MAX_SECTIONS + ": sections=" + starts.size() + ", stream="
                        + next.key() + ", previousEnd=" + next.previousEnd() + ", end=" + end() + ", " + where());
            }
            SegmentHeader first = starts.get(0).header();
            starts.add(new PartSections.Start(length, PartSections.headerOf(first, next.window(), next.basePosition(), next.previousEnd(),
                    next.salt(), 0)));
        }

        private String where() {
            return "stream=" + starts.get(0).header().key() + ", position=" + end() + ", file=" + path;
        }
    }

    // ---------------------------------------------------------------- the end

    /**
     * Writes what is behind the parts, forces the file, gives it its name, and makes that durable. Where it throws, the pack isn't there, or,
     * where only the directory couldn't be forced, it is whole and its name may be lost.
     *
     * @param sources the files that the pack replaces
     */
    public PackFooter finish(List<PackSource> sources) throws IOException {
        check(State.OPEN);
        if (parts == 0) {
            throw new IllegalStateException("a pack has a part: file=" + path + "; close it");
        }
        state = State.BROKEN;
        endBlock();
        PackFooter footer = writeTable(sources);
        flush();
        ByteBuffer first = PackHeaderLayout.encode(header.withPositions(lowestBase, highestEnd));
        file.write(0, first);
        // once, for parts, table and footer alike: why that is enough stands above
        file.force();
        file.close();
        LogFile.rename(file.path(), path);
        file.renamed(path);
        state = State.FINISHED;
        DirectoryForce.force(Objects.requireNonNull(path.toAbsolutePath().getParent(), "a pack is in a directory"));
        return footer;
    }

    private PackFooter writeTable(List<PackSource> sources) throws IOException {
        ByteBuffer sourcesBytes = PackSources.encode(sources);
        int headerChecksum = PackHeaderLayout.encode(header.withPositions(lowestBase, highestEnd)).getInt(PackHeaderLayout.HEADER_CHECKSUM);
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
                PackChecksum.of(indexBytes, 0, indexBytes.limit()), sourcesBytes.limit(),
                PackChecksum.of(sourcesBytes, 0, sourcesBytes.limit()), parts, records, logicalBytes, smallest, largest,
                indexOffset + indexBytes.limit() + sourcesBytes.limit() + PackFooterLayout.BYTES, header.packNumber(), header.logId(),
                headerChecksum, header.featureFlags());
        write(indexBytes);
        write(sourcesBytes);
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
