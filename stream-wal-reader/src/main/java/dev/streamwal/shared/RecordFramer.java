package dev.streamwal.shared;

import dev.streamwal.format.BatchLayout;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.RecordChecksum;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.RecordView;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/**
 * Frames records of shared segments as in a segment of their stream: verifies each record as it stands in its shared segment, and gives it the
 * checksum that it needs in the stream's segment. A record that doesn't verify gets a wrong checksum. Reused for one part after the other. One thread.
 */
final class RecordFramer {

    private final RecordView view = new RecordView();
    private final RecordChecksum checksum = new RecordChecksum();
    private final Slot slot = new Slot();

    private long salt;

    /** Begins framing for a stream. */
    void begin(StreamKey key) {
        salt = key.salt();
    }

    /** Upper bound of the bytes that a record takes in its shared segment, by the length of its frame and that of its stream's key. */
    static int storedBytes(int frameBytes, int keyLength) {
        return frameBytes + SlotLayout.MAX_BYTES_BESIDE_KEY + keyLength;
    }

    /**
     * Frames a record.
     *
     * @param stored over an array, little-endian, up to the limit; holds what stands at the record's place in the shared segment
     * @param from index in {@code stored} where the record begins
     * @param available {@link #storedBytes}, or as many as there are
     * @param header of the shared segment
     * @param offset of the record in the shared segment
     * @param bytes of the frame
     * @param position of the frame in the stream
     * @param previousSize of the frame before it in its part; 0 if there is none
     * @param following bytes of so many frames behind it in its part
     * @param target over an array, little-endian; its position doesn't change
     * @param at index in the target where the frame begins
     * @return whether it is a record outside batches that verifies
     */
    boolean frame(ByteBuffer stored, int from, int available, SegmentHeader header, int offset, int bytes, long position, int previousSize,
            IntUnaryOperator following, ByteBuffer target, int at) {
        // the padding, which is in the last 8 bytes
        target.putLong(at + bytes - Long.BYTES, 0);
        boolean isValid = view.check(stored, from, available, header.positionAt(offset), header.salt()) == RecordView.Verdict.VALID;
        int flags = view.flags();
        int headerLength = 0;
        int contentLength = bytes - RecordLayout.PREFIX_BYTES;
        boolean isFramed = isValid;
        if (flags == RecordLayout.BATCH) {
            contentLength = putLead(isValid ? BatchLayout.members(stored, view.contentIndex()) : 0, following, target, at);
        } else if (isValid) {
            try {
                headerLength = slot.read(stored.array(), stored.arrayOffset() + view.headerIndex(), view.headerLength()).headerLength();
                contentLength = view.contentLength() - headerLength;
                target.put(at + RecordLayout.PREFIX_BYTES, stored, view.contentIndex(), view.contentLength());
            } catch (FormatException e) {
                isFramed = false;
            }
        }
        if (!isFramed && flags != RecordLayout.BATCH) {
            Arrays.fill(target.array(), target.arrayOffset() + at, target.arrayOffset() + at + bytes, (byte) 0);
        }
        putPrefix(headerLength, contentLength, position, previousSize, isFramed, target, at);
        return isFramed && flags == 0;
    }

    private static int putLead(int members, IntUnaryOperator following, ByteBuffer target, int at) {
        byte[] content = new byte[BatchLayout.CONTENT_BYTES];
        BatchLayout.encode(content, members, following.applyAsInt(members));
        target.put(at + RecordLayout.PREFIX_BYTES, content);
        return content.length;
    }

    private void putPrefix(int headerLength, int contentLength, long position, int previousSize, boolean isValid, ByteBuffer target, int at) {
        int flags = view.flags();
        long commitWord = RecordLayout.commitWord(headerLength);
        checksum.reset();
        checksum.update(target.array(), target.arrayOffset() + at + RecordLayout.PREFIX_BYTES, headerLength + contentLength);
        long timestampMillis = flags == RecordLayout.BATCH ? 0 : view.timestampMillis();
        int crc = checksum.finish(salt, position, commitWord, contentLength, flags, previousSize, timestampMillis);
        RecordLayout.encodePrefix(target, at, contentLength, flags, isValid ? crc : ~crc, previousSize, timestampMillis);
        target.putLong(at + RecordLayout.COMMIT_WORD, commitWord);
    }
}
