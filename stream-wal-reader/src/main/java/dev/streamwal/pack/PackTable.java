package dev.streamwal.pack;

import static dev.streamwal.pack.PackHeaderLayout.check;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;

/**
 * What a table block, which is a {@link KeyBlockLayout block of keys}, says of a part. Numbers are varints; where a difference is stored it is
 * to the part before, and to 0 at a restart.
 *
 * <pre>
 *   flags            bits 0 to 3: the codec; 0x10 SECTIONS, 0x20 DAMAGED
 *   base             signed difference
 *   gap              base − previous end
 *   logical bytes    of the frames
 *   offset           difference to where the part before ends
 *   sections bytes   only with SECTIONS
 *   records          data records; what follows only where there are any
 *   smallest         timestamp, signed difference to that of the last part with records
 *   range            largest − smallest timestamp
 *   last record      bytes from its start to the end of the frames
 * </pre>
 *
 * <p>A raw part's stored length follows: its header's, which follows from the key, the frames', the sections'.
 */
final class PackTable {

    /** Flag: sections follow the frames. */
    static final int SECTIONS = 0x10;
    /** Flag: the part has bytes that didn't verify. */
    static final int DAMAGED = 0x20;

    /** A block gets no further part that might make it longer. */
    static final int MAX_BLOCK_BYTES = 4 << 10;
    /** More than a block has room for. */
    static final int MAX_BLOCK_ENTRIES = 512;
    /** Of all blocks, which the writer has in memory: some six million parts. */
    static final long MAX_BYTES = 256L << 20;

    /** More than an entry takes beside its key: eleven numbers of at most ten bytes, and a restart. */
    static final int MAX_FACTS_BYTES = 128;

    private static final int CODEC_MASK = 0xF;
    private static final int KNOWN_FLAGS = CODEC_MASK | SECTIONS | DAMAGED;

    private PackTable() {}

    /** What differences are to. */
    private static final class Before {
        long base;
        long end;
        long smallest;

        void reset() {
            base = 0;
            end = 0;
            smallest = 0;
        }

        void is(PackEntry entry) {
            base = entry.basePosition();
            end = entry.offset() + entry.storedBytes();
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

        boolean hasRoomFor(byte[] key) {
            return block.bytes() + key.length + MAX_FACTS_BYTES <= MAX_BLOCK_BYTES && block.entries() < MAX_BLOCK_ENTRIES;
        }

        void add(byte[] key, PackEntry entry) {
            if (block.isRestart()) {
                before.reset();
            }
            GrowingBytes out = block.add(key);
            out.putVarint(entry.flags());
            out.putSigned(entry.basePosition() - before.base);
            out.putVarint(entry.basePosition() - entry.previousEnd());
            out.putVarint(entry.logicalBytes());
            out.putVarint(entry.offset() - before.end);
            if (entry.sectionsBytes() > 0) {
                out.putVarint(entry.sectionsBytes());
            }
            out.putVarint(entry.records());
            if (entry.records() > 0) {
                out.putSigned(entry.smallestMillis() - before.smallest);
                out.putVarint(entry.largestMillis() - entry.smallestMillis());
                out.putVarint(entry.lastRecordDistance());
            }
            before.is(entry);
        }

        byte[] finish() {
            return block.finish();
        }
    }

    /** Goes through the parts of a block. */
    static final class Cursor extends KeyCursor {
        private final long partsEnd;
        private final Before before = new Before();

        private int flags;
        private long base;
        private long gap;
        private long logicalBytes;
        private long offset;
        private int sectionsBytes;
        private long records;
        private long smallest;
        private long largest;
        private long lastRecord;

        /** @param partsEnd where the parts end in the file */
        Cursor(byte[] block, long partsEnd) {
            super(block);
            this.partsEnd = partsEnd;
        }

        @Override
        void readFacts(boolean isRestart) throws FormatException {
            if (isRestart) {
                before.reset();
            }
            flags = readFlags();
            base = before.base + signed();
            gap = varint();
            logicalBytes = varint();
            offset = before.end + varint();
            sectionsBytes = (flags & SECTIONS) != 0 ? length(PartSections.MAX_BYTES) : 0;
            records = varint();
            smallest = Long.MAX_VALUE;
            largest = Long.MIN_VALUE;
            lastRecord = 0;
            if (records != 0) {
                smallest = before.smallest + signed();
                largest = smallest + varint();
                lastRecord = varint();
                before.smallest = smallest;
            }
            checkFacts();
            before.base = base;
            before.end = offset + storedBytes();
        }

        private int readFlags() throws FormatException {
            int read = length(Integer.MAX_VALUE);
            int codec = read & CODEC_MASK;
            if (codec != PackEntry.RAW || (read & ~KNOWN_FLAGS) != 0) {
                String name = codec == PackEntry.COLUMNS ? " COLUMNS" : codec == PackEntry.COLUMNS_DEFLATE ? " COLUMNS_DEFLATE" : "";
                throw FormatException.unsupported("the part is stored in a way this version doesn't know:" + name + " codec=" + codec
                        + ", flags=0x" + Integer.toHexString(read) + "; read it with the version that wrote it, or a newer one");
            }
            return read;
        }

        private void checkFacts() throws FormatException {
            check(base >= 0 && gap >= 0 && gap <= base, "a part begins at or behind the end of what was before, by " + gap, base);
            check(logicalBytes >= 0 && logicalBytes < PackEntry.MAX_PART_BYTES && logicalBytes % RecordLayout.ALIGNMENT == 0
                    && base <= Long.MAX_VALUE - logicalBytes, "a part has fewer than 64 GiB", logicalBytes);
            check((flags & SECTIONS) == 0 || PartSections.isPossible(sectionsBytes), "sections have a possible length", sectionsBytes);
            check(offset >= before.end && offset >= PackHeaderLayout.BYTES && offset % RecordLayout.ALIGNMENT == 0
                    && offset <= partsEnd - storedBytes(), "a part stands before the table, at " + partsEnd, offset);
            check(records >= 0 && records <= logicalBytes / RecordLayout.PREFIX_BYTES, "a part holds its records, in " + logicalBytes, records);
            check(smallest <= largest || records == 0, "the largest timestamp isn't below the smallest, " + smallest, largest);
            check(records == 0 || (lastRecord >= RecordLayout.PREFIX_BYTES && lastRecord <= logicalBytes
                    && lastRecord % RecordLayout.ALIGNMENT == 0), "a part's last record is in the part, of " + logicalBytes, lastRecord);
        }

        private long storedBytes() {
            return SegmentHeaderLayout.headerLength(keyLength()) + logicalBytes + sectionsBytes;
        }

        /** The part that it stands on. */
        PackEntry entry() throws FormatException {
            return new PackEntry(StreamKey.ofUtf8(key()), flags, base, base - gap, logicalBytes, offset, records, smallest, largest, lastRecord,
                    sectionsBytes);
        }
    }
}
