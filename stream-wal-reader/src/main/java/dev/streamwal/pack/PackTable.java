package dev.streamwal.pack;

import static dev.streamwal.pack.PackHeaderLayout.check;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.format.StreamKey;
import java.util.ArrayList;
import java.util.List;

/**
 * What a table block, which is a {@link KeyBlockLayout block of keys}, says of a stream: how many segments it has in the pack, at least 1 and at
 * most {@value #MAX_SEGMENTS}, and of each, in order of position, the following. Numbers are varints; where a difference is stored it is to the
 * segment before, be it the same stream's, and to 0 at a restart.
 *
 * <pre>
 *   base             signed difference
 *   gap              base − previous end
 *   data bytes       of the frames
 *   offset           difference to where the segment before ends
 *   incarnation      signed difference
 *   created          epoch ms, signed difference
 *   feature flags
 *   salt             8 bytes
 *   last frame       its bytes; 0 where there is none
 *   records          data records; what follows only where there are any
 *   first record     bytes before it
 *   smallest         timestamp, signed difference to that of the last segment with records
 *   range            largest − smallest timestamp
 *   index bytes      of the index that follows the frames; 0 for none
 * </pre>
 */
final class PackTable {

    /** Segments of one stream in one pack. */
    static final int MAX_SEGMENTS = 16;

    /** A block gets no further stream that might make it longer. */
    static final int MAX_BLOCK_BYTES = 4 << 10;
    /** More than a block has room for. */
    static final int MAX_BLOCK_ENTRIES = 512;
    /** Of all blocks, which the writer has in memory: some six million segments. */
    static final long MAX_BYTES = 256L << 20;

    /** More than a segment takes: fourteen numbers of at most ten bytes. */
    static final int MAX_FACTS_BYTES = 140;
    /** Beside its segments a key takes two lengths, a count and a restart. */
    private static final int MAX_KEY_FACTS_BYTES = 24;

    private PackTable() {}

    /** What differences are to. */
    private static final class Before {
        long base;
        long end;
        long incarnation;
        long created;
        long smallest;

        void reset() {
            base = 0;
            end = 0;
            incarnation = 0;
            created = 0;
            smallest = 0;
        }

        void is(PackEntry entry) {
            base = entry.basePosition();
            end = entry.offset() + entry.storedBytes();
            incarnation = entry.incarnation();
            created = entry.createdMillis();
            smallest = entry.records() > 0 ? entry.smallestMillis() : smallest;
        }
    }

    /** Writes table blocks. */
    static final class Builder {
        private final KeyBlockBuilder block = new KeyBlockBuilder(MAX_BLOCK_BYTES);
        private final Before before = new Before();

        boolean isEmpty() {
            return block.entries() == 0;
        }

        boolean hasRoomFor(byte[] key, int segments) {
            return block.bytes() + key.length + MAX_KEY_FACTS_BYTES + segments * MAX_FACTS_BYTES <= MAX_BLOCK_BYTES
                    && block.entries() < MAX_BLOCK_ENTRIES;
        }

        /** @param segments of one stream, in order of position */
        void add(byte[] key, List<PackEntry> segments) {
            if (block.isRestart()) {
                before.reset();
            }
            GrowingBytes out = block.add(key);
            out.putVarint(segments.size());
            for (PackEntry entry : segments) {
                out.putSigned(entry.basePosition() - before.base);
                out.putVarint(entry.basePosition() - entry.previousEnd());
                out.putVarint(entry.dataBytes());
                out.putVarint(entry.offset() - before.end);
                out.putSigned(entry.incarnation() - before.incarnation);
                out.putSigned(entry.createdMillis() - before.created);
                out.putVarint(Integer.toUnsignedLong(entry.featureFlags()));
                out.putLong(entry.salt());
                out.putVarint(entry.lastRecordSize());
                out.putVarint(entry.records());
                if (entry.records() > 0) {
                    out.putVarint(entry.firstRecord());
                    out.putSigned(entry.smallestMillis() - before.smallest);
                    out.putVarint(entry.largestMillis() - entry.smallestMillis());
                    out.putVarint(entry.indexBytes());
                }
                before.is(entry);
            }
        }

        byte[] finish() {
            return block.finish();
        }
    }

    /** Goes through the streams of a block. */
    static final class Cursor extends KeyCursor {
        private final long framesEnd;
        private final Before before = new Before();
        private final List<Facts> segments = new ArrayList<>();

        /** An entry but for its key, which needn't be made for every look. */
        private record Facts(long base, long gap, int dataBytes, long offset, long incarnation, long created, int flags, long salt,
                int lastRecordSize, long records, int firstRecord, long smallest, long largest, int indexBytes) {

            PackEntry of(StreamKey key) {
                return new PackEntry(key, base, base - gap, incarnation, salt, created, flags, offset, dataBytes, lastRecordSize, records,
                        firstRecord, smallest, largest, indexBytes);
            }
        }

        /** @param framesEnd where frames and indices end in the file */
        Cursor(byte[] block, long framesEnd) {
            super(block);
            this.framesEnd = framesEnd;
        }

        @Override
        void readFacts(boolean isRestart) throws FormatException {
            if (isRestart) {
                before.reset();
            }
            segments.clear();
            int count = length(MAX_SEGMENTS);
            check(count >= 1, "a stream in a table has a segment", count);
            long endBefore = 0;
            for (int i = 0; i < count; i++) {
                Facts facts = readSegment();
                checkFacts(facts, endBefore);
                endBefore = facts.base() + facts.dataBytes();
                segments.add(facts);
                before.base = facts.base();
                before.end = facts.offset() + facts.dataBytes() + facts.indexBytes();
                before.incarnation = facts.incarnation();
                before.created = facts.created();
                before.smallest = facts.records() > 0 ? facts.smallest() : before.smallest;
            }
        }

        private Facts readSegment() throws FormatException {
            long base = before.base + signed();
            long gap = varint();
            int dataBytes = length(PackWriter.MAX_SEGMENT_BYTES);
            long offset = before.end + varint();
            long incarnation = before.incarnation + signed();
            long created = before.created + signed();
            long flags = varint();
            check(flags >>> Integer.SIZE == 0, "feature flags have 32 bits", flags);
            long salt = fixedLong();
            int lastRecordSize = length(PackWriter.MAX_SEGMENT_BYTES);
            long records = varint();
            if (records == 0) {
                return new Facts(base, gap, dataBytes, offset, incarnation, created, (int) flags, salt, lastRecordSize, 0, 0,
                        SegmentIndex.NO_SMALLEST, SegmentIndex.NO_LARGEST, 0);
            }
            int firstRecord = length(PackWriter.MAX_SEGMENT_BYTES);
            long smallest = before.smallest + signed();
            long largest = smallest + varint();
            return new Facts(base, gap, dataBytes, offset, incarnation, created, (int) flags, salt, lastRecordSize, records, firstRecord, smallest,
                    largest, length(IndexLayout.MAX_BYTES));
        }

        private void checkFacts(Facts facts, long endBefore) throws FormatException {
            check(facts.gap() >= 0 && facts.base() - facts.gap() >= endBefore, "a segment begins at or behind the end of what was"
                    + " before, by " + facts.gap(), facts.base());
            check(facts.dataBytes() % RecordLayout.ALIGNMENT == 0
                    && facts.base() <= Long.MAX_VALUE - 2L * PackWriter.MAX_SEGMENT_BYTES, "frames are aligned", facts.dataBytes());
            check(facts.offset() >= before.end && facts.offset() >= PackHeaderLayout.BYTES
                    && facts.offset() % RecordLayout.ALIGNMENT == 0 && facts.indexBytes() % RecordLayout.ALIGNMENT == 0
                    && facts.offset() <= framesEnd - facts.dataBytes() - facts.indexBytes(), "a segment stands before the table, at " + framesEnd,
                    facts.offset());
            check(facts.records() >= 0 && facts.records() <= facts.dataBytes() / RecordLayout.PREFIX_BYTES,
                    "a segment holds its records, in " + facts.dataBytes(), facts.records());
            check(facts.smallest() <= facts.largest() || facts.records() == 0, "the largest timestamp isn't below the smallest, "
                    + facts.smallest(), facts.largest());
            check(facts.lastRecordSize() <= facts.dataBytes() && facts.firstRecord() <= facts.dataBytes()
                    && facts.lastRecordSize() % RecordLayout.ALIGNMENT == 0 && facts.firstRecord() % RecordLayout.ALIGNMENT == 0,
                    "a segment's records are in it, in " + facts.dataBytes(), facts.lastRecordSize());
        }

        /** The segments of the stream that it stands on. */
        List<PackEntry> entries(StreamKey key) {
            return segments.stream().map(facts -> facts.of(key)).toList();
        }

        /** The same, where the key isn't known yet. */
        List<PackEntry> entriesOfKey() throws FormatException {
            return entries(StreamKey.ofUtf8(key()));
        }
    }
}
