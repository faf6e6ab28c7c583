package dev.streamwal.pack;

import static dev.streamwal.format.FormatException.check;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.format.StreamKey;

/**
 * The facts about a packed segment in a table block, which is a {@link KeyBlockLayout block of keys}; the segments of a stream follow each other in
 * the order of their base positions. Numbers are varints. At a block's beginning a difference to the segment before is a difference to 0.
 *
 * <pre>
 *   base             signed difference to that of the segment before
 *   gap              base − previous end
 *   created          signed difference to that of the pack
 *   incarnation      signed difference to that of the pack
 *   feature flags    of the segment's header, its halves exchanged
 *   salt             exclusive or with that of the key
 *   offset           of what is stored of the frames, difference to where the segment before ends
 *   data bytes       of the frames
 *   stored bytes     of list and blocks of frames; 0 where the frames stand as they are
 *   list bytes       of the list; 0 where there is none; only where stored bytes isn't 0
 *   index bytes      of the footer behind the frames; 0 where the entry says all
 *   last record      size of the last frame; 0 where there is none
 *   records          data records; what follows only where there are any
 *   first record     bytes from the first frame to the first data record
 *   smallest         timestamp, signed difference to that of the last segment with records
 *   range            largest − smallest timestamp
 *   spread           of the timestamps; only where one of them is outside of the pack's window, and the pack's header says that there are spreads
 * </pre>
 */
final class PackTable {

    /** A block gets no segment that might make it longer than this. */
    static final int MAX_BLOCK_BYTES = 4 << 10;
    /** Limit of all blocks, which the writer has in memory: some 1.5 million segments. */
    static final long MAX_BYTES = 64L << 20;
    /** More than an entry takes without its key: nineteen numbers of at most ten bytes. */
    static final int MAX_FACTS_BYTES = 190;
    /** More than the footer of the largest segment takes. */
    static final int MAX_INDEX_BYTES = 16 << 10;

    private PackTable() {}

    /** The facts about the segment before, to which differences are stored. */
    private static final class Before {
        private long base;
        private long end;
        private long smallest;

        void is(long newBase, long newEnd, long newSmallest) {
            base = newBase;
            end = newEnd;
            smallest = newSmallest == SegmentIndex.NO_SMALLEST ? smallest : newSmallest;
        }
    }

    /** Writes table blocks. */
    static final class Builder {
        private final KeyBlockBuilder block = new KeyBlockBuilder(MAX_BLOCK_BYTES);
        private final PackHeader pack;
        private Before before = new Before();

        Builder(PackHeader pack) {
            this.pack = pack;
        }

        boolean isEmpty() {
            return block.entries() == 0;
        }

        boolean hasRoomFor(byte[] key) {
            return block.bytes() + key.length + MAX_FACTS_BYTES <= MAX_BLOCK_BYTES;
        }

        void add(byte[] key, PackEntry entry) {
            GrowingBytes out = block.add(key);
            out.putSigned(entry.basePosition() - before.base);
            out.putVarint(entry.basePosition() - entry.previousEnd());
            out.putSigned(entry.createdMillis() - pack.createdMillis());
            out.putSigned(entry.incarnation() - pack.incarnation());
            out.putVarint(Integer.toUnsignedLong(Integer.rotateLeft(entry.featureFlags(), Short.SIZE)));
            out.putVarint(entry.salt() ^ entry.key().salt());
            out.putVarint(entry.offset() - before.end);
            out.putVarint(entry.dataBytes());
            out.putVarint(entry.extent().storedBytes());
            if (!entry.extent().isAsTheyAre()) {
                out.putVarint(entry.extent().listBytes());
            }
            out.putVarint(entry.indexBytes());
            out.putVarint(entry.lastRecordSize());
            out.putVarint(entry.records());
            if (entry.records() > 0) {
                out.putVarint(entry.firstRecord());
                out.putSigned(entry.smallestMillis() - before.smallest);
                out.putVarint(entry.largestMillis() - entry.smallestMillis());
                if (entry.spread() != TimeSpread.IN_WINDOW && pack.hasSpreads()) {
                    out.putVarint(entry.spread());
                }
            }
            before.is(entry.basePosition(), entry.offset() + entry.storedBytes(), entry.smallestMillis());
        }

        byte[] finish() {
            before = new Before();
            return block.finish();
        }
    }

    /** Goes through the segments of a block. */
    static final class Cursor extends KeyCursor {
        private final PackHeader pack;
        private final long segmentsEnd;
        private final Before before = new Before();

        private long base;
        private long gap;
        private long created;
        private long incarnation;
        private int flags;
        private long salt;
        private long offset;
        private int dataBytes;
        private int storedBytes;
        private int listBytes;
        private int indexBytes;
        private int lastRecord;
        private long records;
        private int firstRecord;
        private long smallest;
        private long largest;
        private long spread;

        /** @param segmentsEnd where the segments end in the file */
        Cursor(byte[] block, PackHeader pack, long segmentsEnd) {
            super(block);
            this.pack = pack;
            this.segmentsEnd = segmentsEnd;
        }

        @Override
        void readFacts(boolean isSameKey) throws FormatException {
            base = before.base + signed();
            gap = varint();
            created = pack.createdMillis() + signed();
            incarnation = pack.incarnation() + signed();
            long exchanged = varint();
            check(exchanged >>> Integer.SIZE == 0, "feature flags have more than 32 bits", exchanged);
            flags = Integer.rotateLeft((int) exchanged, Short.SIZE);
            salt = varint();
            offset = before.end + varint();
            dataBytes = length(PackWriter.MAX_SEGMENT_BYTES);
            // blocks are shorter than the frames stored in them
            storedBytes = length(Math.max(0, dataBytes - 1));
            listBytes = storedBytes == 0 ? 0 : length(storedBytes);
            indexBytes = length(MAX_INDEX_BYTES);
            lastRecord = length(dataBytes);
            records = length(dataBytes / RecordLayout.PREFIX_BYTES);
            firstRecord = 0;
            smallest = SegmentIndex.NO_SMALLEST;
            largest = SegmentIndex.NO_LARGEST;
            spread = TimeSpread.IN_WINDOW;
            if (records > 0) {
                firstRecord = length(dataBytes - RecordLayout.PREFIX_BYTES);
                smallest = before.smallest + signed();
                largest = smallest + varint();
                if (!pack.window().contains(smallest) || !pack.window().contains(largest)) {
                    spread = pack.hasSpreads() ? varint() : TimeSpread.ANYWHERE;
                }
            }
            checkFacts(isSameKey);
            before.is(base, end(), smallest);
        }

        private long end() {
            return offset + (storedBytes == 0 ? dataBytes : storedBytes) + indexBytes;
        }

        private void checkFacts(boolean isSameKey) throws FormatException {
            int headerLength = SegmentHeaderLayout.headerLength(keyLength());
            check(gap >= 0 && gap <= base && base <= Long.MAX_VALUE - headerLength - dataBytes,
                    "segment begins before its predecessor's end, or its positions exceed 63 bits", base);
            check(!isSameKey || base > before.base, "segments of a stream are not sorted by base position", base);
            check((dataBytes | indexBytes | lastRecord | firstRecord) % RecordLayout.ALIGNMENT == 0, "frames are not aligned", dataBytes);
            check((lastRecord == 0) == (dataBytes == 0), "size of the last frame contradicts the data bytes", lastRecord);
            check(offset >= PackHeaderLayout.BYTES && offset >= before.end && offset <= segmentsEnd - (end() - offset),
                    "segment overlaps the one before it, or the table", offset);
            check(records == 0 || smallest <= largest, "largest timestamp is below the smallest", largest);
            long ends = records == 0 ? 0 : TimeSpread.of(pack.window(), smallest) | TimeSpread.of(pack.window(), largest);
            check((spread & ends) == ends, "spread lacks the smallest or the largest timestamp", spread);
        }

        long basePosition() {
            return base;
        }

        long endPosition() {
            return base + dataBytes;
        }

        /** As {@link PackEntry#storedBytes()}. */
        int storedBytes() {
            return (int) (end() - offset);
        }

        /** The {@link TimeSpread} of its timestamps. */
        long spread() {
            return spread;
        }

        /** The current segment. */
        PackEntry entry() throws FormatException {
            StreamKey key = StreamKey.ofUtf8(key());
            return new PackEntry(key, base, base - gap, created, incarnation, salt ^ key.salt(), flags,
                    new Extent(offset, storedBytes, listBytes), dataBytes, indexBytes,
                    lastRecord, records, firstRecord, smallest, largest, spread);
        }
    }
}
