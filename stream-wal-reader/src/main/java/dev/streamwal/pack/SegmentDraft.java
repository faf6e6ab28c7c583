package dev.streamwal.pack;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.Footer;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.RecordView;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.format.Window;
import dev.streamwal.io.BytesInMemory;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.segment.SegmentScan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;

/**
 * A segment to be written to a pack: its verified frames, in memory, and their index. Reused for one segment after the other, because most have few records.
 * One thread.
 *
 * <p><b>Joining.</b> For a stream that shares segments, each shared segment yields a segment of a few records. A segment that begins at the position where the
 * one before ends is joined to it: positions and salt stay the same. Only the first of the appended frames changes, because it holds the size of the frame
 * before it.
 */
final class SegmentDraft {

    private static final int FIRST_BYTES = 4 << 10;
    private static final byte[] NO_KEY = {};

    private final RecordView view = new RecordView();
    private SegmentHeader header;
    private byte[] key = NO_KEY;
    private int flags;
    /** Holds the frames from its beginning to its position. */
    private ByteBuffer frames = ByteBuffer.allocate(FIRST_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private int lastSize;
    private final SegmentIndex index = new SegmentIndex(SegmentIndex.PACKED_BLOCK_BYTES);
    /** Offsets of the data records, counted from the header's end. */
    private int[] offsets = new int[16];
    private long[] timestamps = new long[16];
    private int records;

    /** An empty draft; see {@link #read} and {@link #take}. */
    SegmentDraft(SegmentHeader header) {
        this.header = header;
    }

    /**
     * Reads and verifies a segment, which replaces the one before.
     *
     * @param dataEnd offset where its data ends
     * @throws CorruptSegmentException if a frame doesn't verify
     */
    void read(SegmentHeader newHeader, int dataEnd, SegmentBytes segment) throws IOException {
        int bytes = dataEnd - newHeader.headerLength();
        begin(newHeader, bytes);
        int read = segment.read(frames.limit(bytes), newHeader.headerLength());
        frames.limit(frames.capacity());
        if (read < bytes) {
            throw corrupt("segment ends before its data does: read=" + read, newHeader.headerLength() + (long) read, dataEnd, segment);
        }
        if (!isPlain(false)) {
            forgetRecords();
            verify();
        }
    }

    /**
     * Takes the frames of a segment, which replaces the one before.
     *
     * @param newFrames from the position to the limit; both stay
     * @param areRecords whether all of them are known to be records outside batches, and to verify; otherwise they are verified
     * @throws CorruptSegmentException if a frame doesn't verify
     */
    void take(SegmentHeader newHeader, ByteBuffer newFrames, boolean areRecords) throws IOException {
        begin(newHeader, newFrames.remaining());
        frames.put(0, newFrames, newFrames.position(), newFrames.remaining()).position(newFrames.remaining());
        if (!isPlain(areRecords)) {
            forgetRecords();
            verify();
        }
    }

    private void begin(SegmentHeader newHeader, int bytes) {
        header = newHeader;
        key = newHeader.key().utf8();
        flags = newHeader.featureFlags();
        forgetRecords();
        frames.clear();
        makeRoom(bytes);
    }

    private void forgetRecords() {
        lastSize = 0;
        records = 0;
        index.clear();
    }

    /** Makes room for more bytes behind the frames. */
    private void makeRoom(int bytes) {
        if (frames.remaining() < bytes) {
            int room = Math.min(PackWriter.MAX_SEGMENT_BYTES, Math.max(2 * frames.capacity(), frames.position() + bytes));
            frames = ByteBuffer.allocate(room).order(ByteOrder.LITTLE_ENDIAN).put(frames.flip());
        }
    }

    /**
     * Whether all frames are data records outside batches, and verify. Then they are indexed, and need no further check.
     *
     * @param areVerified whether they are known to verify
     */
    private boolean isPlain(boolean areVerified) {
        int end = frames.position();
        for (int at = 0; at < end; at += view.frameBytes()) {
            long position = header.basePosition() + at;
            RecordView.Verdict verdict = areVerified ? view.peek(frames, at, end - at, position)
                    : view.check(frames, at, end - at, position, header.salt());
            if (verdict != RecordView.Verdict.VALID || view.flags() != 0) {
                return false;
            }
            lastSize = view.frameBytes();
            add(at, view.timestampMillis());
        }
        return true;
    }

    /** Walks through all frames with the one parser. */
    private void verify() throws IOException {
        try (SegmentScan scan = new SegmentScan(new BytesInMemory(header.headerLength(), frames.duplicate().flip()), header)) {
            while (scan.next()) {
                lastSize = scan.frameBytes();
                if (!RecordLayout.isControl(scan.flags())) {
                    add((int) scan.offset() - header.headerLength(), scan.timestampMillis());
                }
            }
            if (scan.nextOffset() != dataEnd()) {
                throw corrupt("segment to pack is damaged: fault=" + scan.fault(), scan.nextOffset(), dataEnd(), scan);
            }
        }
    }

    private void add(int offset, long timestampMillis) {
        if (records == offsets.length) {
            offsets = Arrays.copyOf(offsets, 2 * records);
            timestamps = Arrays.copyOf(timestamps, 2 * records);
        }
        offsets[records] = offset;
        timestamps[records++] = timestampMillis;
        index.add(header.headerLength() + offset, timestampMillis);
    }

    /** @throws CorruptSegmentException if the footer contradicts the frames */
    void checkFooter(Footer footer) throws CorruptSegmentException {
        if (lastSize != footer.lastRecordSize() || !isSame(index.inBlocksOf(footer.index().blockBytes()), footer.index())) {
            throw corrupt("segment's footer contradicts its records: records=" + records + ", footerRecords=" + footer.index().records(),
                    header.headerLength(), dataEnd(), header.name());
        }
    }

    private static boolean isSame(SegmentIndex counted, SegmentIndex said) {
        boolean isSame = counted.records() == said.records() && counted.blocks() == said.blocks()
                && counted.smallestTimestampMillis() == said.smallestTimestampMillis()
                && counted.largestTimestampMillis() == said.largestTimestampMillis();
        for (int block = 0; isSame && block < counted.blocks(); block++) {
            isSame = counted.firstOffset(block) == said.firstOffset(block)
                    && counted.smallestTimestampMillis(block) == said.smallestTimestampMillis(block)
                    && counted.largestTimestampMillis(block) == said.largestTimestampMillis(block);
        }
        return isSame;
    }

    private CorruptSegmentException corrupt(String message, long offset, int dataEnd, Object where) {
        return new CorruptSegmentException(message + ", offset=" + offset + ", dataEnd=" + dataEnd + ", stream=" + header.key()
                + ", basePosition=" + header.basePosition() + ", in=" + where + "; leave the segment out of the pack", null,
                header.key().text(), header.positionAt(offset), offset, dataEnd - offset, null);
    }

    // ---------------------------------------------------------------- joining

    /**
     * Whether another segment, of the same window, can be joined to this one. Only segments that had no file of their own can be joined: a segment's own file
     * may still be found, and is known by the position at which it begins.
     */
    boolean goesOnWith(SegmentDraft next) {
        SegmentHeader other = next.header;
        return Arrays.equals(key, next.key)
                && header.salt() == header.key().salt() && other.salt() == header.salt()
                && other.incarnation() == header.incarnation()
                && other.basePosition() == endPosition() && other.previousEnd() == endPosition()
                && (flags & SegmentHeaderLayout.CUT) == 0 && (next.flags & SegmentHeaderLayout.FIRST) == 0
                && (flags & ~(SegmentHeaderLayout.FIRST | SegmentHeaderLayout.AFTER_DAMAGE))
                        == (next.flags & ~(SegmentHeaderLayout.CUT | SegmentHeaderLayout.AFTER_DAMAGE))
                && dataBytes() > 0 && next.dataBytes() > 0 && dataBytes() + next.dataBytes() <= PackWriter.MAX_SEGMENT_BYTES;
    }

    /** Joins a segment that begins where this one ends. */
    void append(SegmentDraft next) {
        int begin = dataBytes();
        makeRoom(next.dataBytes());
        frames.put(next.frames());
        frames.putInt(begin + RecordLayout.PREVIOUS_SIZE, lastSize);
        RecordView.Verdict verdict = view.peek(frames, begin, next.dataBytes(), endPositionAt(begin));
        if (verdict != RecordView.Verdict.VALID) {
            throw new IllegalStateException("first frame of a verified segment is no record: verdict=" + verdict + ", stream=" + header.key()
                    + ", position="
                    + endPositionAt(begin));
        }
        frames.putInt(begin + RecordLayout.CHECKSUM, view.checksum(header.salt()));
        lastSize = next.lastSize;
        // nothing is missing between the two
        flags |= next.flags & ~SegmentHeaderLayout.AFTER_DAMAGE;
        for (int i = 0; i < next.records; i++) {
            add(begin + next.offsets[i], next.timestamps[i]);
        }
    }

    // ---------------------------------------------------------------- content

    byte[] key() {
        return key;
    }

    SegmentIndex index() {
        return index;
    }

    /** Whether its index is worth a footer, which takes some 250 bytes beside it. */
    boolean hasFooter() {
        return index.hasSeveralBlocksOf(SegmentIndex.BLOCK_BYTES);
    }

    /** The frames, from the position to the limit of a new view. */
    ByteBuffer frames() {
        return frames.duplicate().order(ByteOrder.LITTLE_ENDIAN).flip();
    }

    /**
     * The frames in blocks; empty if they take less stored plain.
     *
     * @param ofSegment the frames, which are left as they are
     */
    Optional<FrameBlocks.Stored> inBlocks(FrameBlocks.Encoder encoder, ByteBuffer ofSegment) {
        return encoder.encode(ofSegment, header.basePosition(), header.salt());
    }

    private int dataBytes() {
        return frames.position();
    }

    private int dataEnd() {
        return header.headerLength() + dataBytes();
    }

    private long endPositionAt(int offset) {
        return header.basePosition() + offset;
    }

    long endPosition() {
        return endPositionAt(dataBytes());
    }

    private long spread(Window window) {
        if (records == 0 || (window.contains(index.smallestTimestampMillis()) && window.contains(index.largestTimestampMillis()))) {
            return TimeSpread.IN_WINDOW;
        }
        long spread = 0;
        for (int i = 0; i < records; i++) {
            spread |= TimeSpread.of(window, timestamps[i]);
        }
        return spread;
    }

    /**
     * Its entry in the pack's table.
     *
     * @param window of the pack
     */
    PackEntry entry(Window window, Extent extent, int indexBytes) {
        return new PackEntry(header.key(), header.basePosition(), header.previousEnd(), header.createdMillis(), header.incarnation(),
                header.salt(), flags, extent, dataBytes(), indexBytes, lastSize, records, records == 0 ? 0 : offsets[0],
                index.smallestTimestampMillis(), index.largestTimestampMillis(), spread(window));
    }
}
