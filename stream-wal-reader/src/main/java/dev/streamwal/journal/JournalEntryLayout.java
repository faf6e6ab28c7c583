package dev.streamwal.journal;

import static dev.streamwal.format.FormatException.check;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * An entry of a {@link JournalBlockLayout block}, 8-byte aligned, little-endian.
 *
 * <pre>
 *   0  1  kind              1 to 4, see below; a later version's kinds are refused, not skipped
 *   1  3  zero
 *   4  4  payload length    without the padding behind it
 *   8     payload, zero padding to a multiple of 8
 * </pre>
 *
 * <p>The payloads. {@code number} is a u32 that means a segment in this journal file only: the one that the file's last SEGMENT entry with that
 * number has named.
 *
 * <pre>
 *   1 SEGMENT          u32 number, u32 zero, the segment's header
 *   2 BYTES            u32 number, u32 offset in the segment's file, frames as they stand there for good; no frames at all if the
 *                      segment was forced instead: everything in front of the offset is durable
 *   3 DELETED_BELOW    u64 position, key UTF-8: the stream's segments whose base position is lower are deleted, for ever
 *   4 TRUNCATED        u64 from, u64 to, key UTF-8: what stands at positions [from, to) is cut; the stream goes on at or above to
 * </pre>
 */
public final class JournalEntryLayout {

    static final int KIND = 0;
    public static final int PAYLOAD_LENGTH = 4;
    /** Bytes before the payload. */
    public static final int PREFIX_BYTES = 8;

    public static final byte SEGMENT = 1;
    static final byte BYTES = 2;
    static final byte DELETED_BELOW = 3;
    static final byte TRUNCATED = 4;

    private static final int NUMBER = 0;
    private static final int HEADER = 8;
    private static final int FRAMES_OFFSET = 4;
    private static final int FRAMES = 8;
    private static final int POSITION = 0;
    private static final int DELETED_KEY = 8;
    private static final int FROM = 0;
    private static final int TO = 8;
    private static final int TRUNCATED_KEY = 16;

    private JournalEntryLayout() {}

    /** Bytes of an entry in its block. */
    public static long entryBytes(int payloadBytes) {
        return PREFIX_BYTES + RecordLayout.align(payloadBytes);
    }

    public static int segmentPayloadBytes(int headerLength) {
        return HEADER + headerLength;
    }

    public static int bytesPayloadBytes(int length) {
        return FRAMES + length;
    }

    public static int deletedBelowPayloadBytes(StreamKey key) {
        return DELETED_KEY + key.utf8Length();
    }

    public static int truncatedPayloadBytes(StreamKey key) {
        return TRUNCATED_KEY + key.utf8Length();
    }

    /** Writes all of an entry except its payload; returns where the payload goes. */
    static int encode(ByteBuffer block, int index, byte kind, int payloadBytes) {
        block.putLong(index, 0);
        block.put(index + KIND, kind);
        block.putInt(index + PAYLOAD_LENGTH, payloadBytes);
        int payload = index + PREFIX_BYTES;
        int end = (int) (index + entryBytes(payloadBytes));
        // the buffer has been used before: the padding is the last bytes of the last eight
        block.putLong(end - Long.BYTES, 0);
        return payload;
    }

    static void encodeSegment(ByteBuffer block, int payload, int number, ByteBuffer header) {
        block.putInt(payload + NUMBER, number);
        block.putInt(payload + NUMBER + Integer.BYTES, 0);
        block.put(payload + HEADER, header, header.position(), header.remaining());
    }

    /** Returns where the frames go. */
    static int encodeBytes(ByteBuffer block, int payload, int number, int offset) {
        block.putInt(payload + NUMBER, number);
        block.putInt(payload + FRAMES_OFFSET, offset);
        return payload + FRAMES;
    }

    static void encodeDeletedBelow(ByteBuffer block, int payload, StreamKey key, long position) {
        block.putLong(payload + POSITION, position);
        block.put(payload + DELETED_KEY, key.utf8());
    }

    static void encodeTruncated(ByteBuffer block, int payload, StreamKey key, long from, long to) {
        block.putLong(payload + FROM, from);
        block.putLong(payload + TO, to);
        block.put(payload + TRUNCATED_KEY, key.utf8());
    }

    /**
     * Hands out the entry at {@code index}.
     *
     * @param block a whole block, little-endian, limit its length
     * @return the entry's bytes, its padding included
     */
    static int decode(ByteBuffer block, int index, JournalEntries entries) throws FormatException, IOException {
        int available = block.limit() - index;
        check(available >= PREFIX_BYTES, "entry reaches beyond its block", available);
        int length = block.getInt(index + PAYLOAD_LENGTH);
        check(length >= 0 && entryBytes(length) <= available, "payload reaches beyond its block, which has " + available
                + " bytes more", length);
        int payload = index + PREFIX_BYTES;
        switch (block.get(index + KIND)) {
            case SEGMENT -> decodeSegment(block, payload, length, entries);
            case BYTES -> decodeBytes(block, payload, length, entries);
            case DELETED_BELOW -> decodeDeletedBelow(block, payload, length, entries);
            case TRUNCATED -> decodeTruncated(block, payload, length, entries);
            default -> throw FormatException.unsupported("journal has an entry of an unknown kind: kind="
                    + (block.get(index + KIND) & 0xFF) + ", known=1 to 4", "write the log with the version that wrote it, or a newer one");
        }
        return (int) entryBytes(length);
    }

    private static void decodeSegment(ByteBuffer block, int payload, int length, JournalEntries entries)
            throws FormatException, IOException {
        int headerLength = length - HEADER;
        check(headerLength >= SegmentHeaderLayout.MIN_BYTES && headerLength <= SegmentHeaderLayout.MAX_BYTES,
                "length of the header in a SEGMENT entry is impossible", headerLength);
        ByteBuffer header = block.slice(payload + HEADER, headerLength).order(ByteOrder.LITTLE_ENDIAN);
        SegmentHeader decoded = SegmentHeaderLayout.decode(header, headerLength);
        check(decoded.headerLength() == headerLength, "SEGMENT entry doesn't end with its header, which has " + decoded.headerLength()
                + " bytes", headerLength);
        entries.segment(block.getInt(payload + NUMBER), decoded);
    }

    private static void decodeBytes(ByteBuffer block, int payload, int length, JournalEntries entries) throws FormatException, IOException {
        int frames = length - FRAMES;
        int offset = length >= FRAMES ? block.getInt(payload + FRAMES_OFFSET) : 0;
        check(frames >= 0 && frames % RecordLayout.ALIGNMENT == 0, "frames are not a multiple of 8 bytes", frames);
        check(offset >= SegmentHeaderLayout.MIN_BYTES && offset % RecordLayout.ALIGNMENT == 0 && offset <= Integer.MAX_VALUE - frames,
                "frames are inside the header, not aligned to 8, or beyond 2 GiB with their " + frames + " bytes", offset);
        entries.bytes(block.getInt(payload + NUMBER), offset, block.slice(payload + FRAMES, frames).order(ByteOrder.LITTLE_ENDIAN));
    }

    private static void decodeDeletedBelow(ByteBuffer block, int payload, int length, JournalEntries entries)
            throws FormatException, IOException {
        StreamKey key = key(block, payload + DELETED_KEY, length - DELETED_KEY);
        long position = block.getLong(payload + POSITION);
        check(position >= 0, "position is negative", position);
        entries.deletedBelow(key, position);
    }

    private static void decodeTruncated(ByteBuffer block, int payload, int length, JournalEntries entries)
            throws FormatException, IOException {
        StreamKey key = key(block, payload + TRUNCATED_KEY, length - TRUNCATED_KEY);
        long from = block.getLong(payload + FROM);
        long to = block.getLong(payload + TO);
        check(from >= 0 && from <= to, "cut range is negative, or ends before it begins at " + from, to);
        entries.truncated(key, from, to);
    }

    private static StreamKey key(ByteBuffer block, int index, int length) throws FormatException {
        check(length >= 1 && length <= StreamKey.MAX_BYTES, "length of a key is outside 1 to 1,024 bytes", length);
        byte[] utf8 = new byte[length];
        block.get(index, utf8);
        return StreamKey.ofUtf8(utf8);
    }
}
