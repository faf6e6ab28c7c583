package dev.streamwal.journal;

import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Builds blocks of the journal, one after the other, in the same memory. Not thread-safe.
 *
 * <pre>
 *   block.start(maxBytes);
 *   if (block.hasRoomFor(JournalEntryLayout.bytesPayloadBytes(length))) { ByteBuffer frames = block.bytes(number, offset, length); … }
 *   write(block.finish(journalId, sequence));
 * </pre>
 */
public final class JournalBlock {

    /** Bytes of a block without entries. */
    public static final int PREFIX_BYTES = JournalBlockLayout.PREFIX_BYTES;

    private final ByteBuffer buffer;
    private int end = PREFIX_BYTES;
    private int limit;

    /** @param memory for one block; it belongs to the caller, which releases it after the last use of this object */
    public JournalBlock(ByteBuffer memory) {
        buffer = memory.order(ByteOrder.LITTLE_ENDIAN);
        limit = buffer.capacity();
        if (limit <= PREFIX_BYTES + JournalEntryLayout.PREFIX_BYTES || limit > JournalBlockLayout.MAX_BYTES || limit % RecordLayout.ALIGNMENT != 0) {
            throw new IllegalArgumentException("size of a journal block is too small for an entry, not a multiple of 8 bytes, or above "
                    + JournalBlockLayout.MAX_BYTES + ": maxBytes=" + limit);
        }
    }

    /** Forgets all entries; the next block has room for {@code newLimit} bytes, its prefix included. */
    public void start(int newLimit) {
        end = PREFIX_BYTES;
        limit = Math.min(newLimit, buffer.capacity());
    }

    /** Bytes left for entries, with their prefixes and padding. */
    public int room() {
        return limit - end;
    }

    /** Whether there is no entry yet. */
    public boolean isEmpty() {
        return end == PREFIX_BYTES;
    }

    /** Whether an entry with this payload fits. */
    public boolean hasRoomFor(int payloadBytes) {
        return JournalEntryLayout.entryBytes(payloadBytes) <= room();
    }

    /** A mark for {@link #reset}. */
    public int mark() {
        return end;
    }

    /** Removes the entries added since a {@link #mark}. */
    public void reset(int mark) {
        if (mark < PREFIX_BYTES || mark > end) {
            throw new IllegalArgumentException("mark is not from this block: mark=" + mark + ", bytes=" + end);
        }
        end = mark;
    }

    /**
     * Names a segment in this journal file.
     *
     * @param header from its position to its limit: the whole segment header
     */
    public void segment(int number, ByteBuffer header) {
        if (header.remaining() < SegmentHeaderLayout.MIN_BYTES || header.remaining() > SegmentHeaderLayout.MAX_BYTES) {
            throw new IllegalArgumentException("size of a segment header is outside " + SegmentHeaderLayout.MIN_BYTES + " to "
                    + SegmentHeaderLayout.MAX_BYTES + " bytes: bytes=" + header.remaining());
        }
        int payload = entry(JournalEntryLayout.SEGMENT, JournalEntryLayout.segmentPayloadBytes(header.remaining()));
        JournalEntryLayout.encodeSegment(buffer, payload, number, header);
    }

    /**
     * Makes room for frames that stand, or will stand, at {@code offset} of a segment's file.
     *
     * @param number of a segment that this journal file has named
     * @param length a multiple of 8; 0 says that the segment was forced up to the offset
     * @return a little-endian buffer to fill with the frames, from its position to its limit; valid until the block changes
     */
    public ByteBuffer bytes(int number, int offset, int length) {
        if (length < 0 || length % RecordLayout.ALIGNMENT != 0 || offset % RecordLayout.ALIGNMENT != 0) {
            throw misplaced("are not aligned to " + RecordLayout.ALIGNMENT + " bytes", offset, length);
        }
        if (offset < SegmentHeaderLayout.MIN_BYTES) {
            throw misplaced("are inside the segment's header", offset, length);
        }
        if (offset > Integer.MAX_VALUE - length) {
            throw misplaced("end beyond 2 GiB", offset, length);
        }
        int payload = entry(JournalEntryLayout.BYTES, JournalEntryLayout.bytesPayloadBytes(length));
        return buffer.slice(JournalEntryLayout.encodeBytes(buffer, payload, number, offset), length).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static IllegalArgumentException misplaced(String fault, int offset, int length) {
        return new IllegalArgumentException("frames " + fault + ": offset=" + offset + ", length=" + length);
    }

    /** Says that all of the stream's segments with a lower base position are deleted. */
    public void deletedBelow(StreamKey key, long position) {
        if (position < 0) {
            throw new IllegalArgumentException("position is negative: position=" + position + ", stream=" + key);
        }
        int payload = entry(JournalEntryLayout.DELETED_BELOW, JournalEntryLayout.deletedBelowPayloadBytes(key));
        JournalEntryLayout.encodeDeletedBelow(buffer, payload, key, position);
    }

    /** Says that positions {@code [from, to)} of the stream are cut; the stream continues at {@code to} or above. */
    public void truncated(StreamKey key, long from, long to) {
        if (from < 0 || from > to) {
            throw new IllegalArgumentException("range to cut is negative, or ends before it begins: from=" + from + ", to=" + to + ", stream="
                    + key);
        }
        int payload = entry(JournalEntryLayout.TRUNCATED, JournalEntryLayout.truncatedPayloadBytes(key));
        JournalEntryLayout.encodeTruncated(buffer, payload, key, from, to);
    }

    private int entry(byte kind, int payloadBytes) {
        if (!hasRoomFor(payloadBytes)) {
            throw new IllegalStateException("entry doesn't fit its block: payload=" + payloadBytes + ", bytes=" + end + ", maxBytes="
                    + buffer.capacity());
        }
        int payload = JournalEntryLayout.encode(buffer, end, kind, payloadBytes);
        end += (int) JournalEntryLayout.entryBytes(payloadBytes);
        return payload;
    }

    /**
     * The whole block, from position 0 to the limit; valid until the next {@link #start}.
     *
     * @param sequence one more than that of the block before
     */
    public ByteBuffer finish(long journalId, long sequence) {
        if (isEmpty() || sequence < JournalBlockLayout.FIRST_SEQUENCE) {
            throw new IllegalStateException("block has no entry, or no valid sequence: bytes=" + end + ", sequence=" + sequence);
        }
        JournalBlockLayout.encode(buffer, journalId, sequence, end);
        return buffer.slice(0, end).order(ByteOrder.LITTLE_ENDIAN);
    }
}
