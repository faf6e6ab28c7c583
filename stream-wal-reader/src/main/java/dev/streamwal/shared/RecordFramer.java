package dev.streamwal.shared;

import dev.streamwal.format.BatchLayout;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.RecordChecksum;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.RecordView;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Frames records of a shared segment as in a segment of their stream: verifies each record in the shared segment, and gives it the checksum that it
 * needs in the stream's segment. A record that doesn't verify gets a wrong checksum. Reused for one part after the other. One thread.
 */
final class RecordFramer {

    private static final int FIRST_ROOM = 4 << 10;

    private final RecordView view = new RecordView();
    private final RecordChecksum checksum = new RecordChecksum();
    private final Slot slot = new Slot();
    private ByteBuffer stored = ByteBuffer.allocate(FIRST_ROOM).order(ByteOrder.LITTLE_ENDIAN);

    private final SegmentBytes file;
    private final SegmentHeader fileHeader;
    private int keyLength;
    private long salt;

    /** Bytes of the frames that follow the current one in its part. */
    @FunctionalInterface
    interface Following {
        int bytes(int frames);
    }

    /**
     * A framer for a shared segment.
     *
     * @param file its bytes
     * @param fileHeader its header
     */
    RecordFramer(SegmentBytes file, SegmentHeader fileHeader) {
        this.file = file;
        this.fileHeader = fileHeader;
    }

    /** Begins framing for a stream. */
    void begin(StreamKey key) {
        keyLength = key.utf8Length();
        salt = key.salt();
    }

    /**
     * Frames a record.
     *
     * @param place offset of the record in the shared segment
     * @param bytes of the frame
     * @param position of the frame in the stream
     * @param previousSize of the frame before it in its part; 0 where there is none
     * @param following bytes of the frames behind it in its part
     * @param target over an array, little-endian; its position doesn't change
     * @param at index in the target where the frame begins
     */
    void frame(int place, int bytes, long position, int previousSize, Following following, ByteBuffer target, int at) throws IOException {
        // the padding, which is in the last 8 bytes
        target.putLong(at + bytes - Long.BYTES, 0);
        boolean isValid = readStored(place, bytes + SlotLayout.MAX_BYTES_BESIDE_KEY + keyLength);
        int headerLength = 0;
        int contentLength = bytes - RecordLayout.PREFIX_BYTES;
        boolean isFramed = isValid;
        if (view.flags() == RecordLayout.BATCH) {
            contentLength = putLead(isValid ? BatchLayout.members(stored, view.contentIndex()) : 0, following, target, at);
        } else if (isValid) {
            try {
                headerLength = slot.read(stored.array(), view.headerIndex(), view.headerLength()).headerLength();
                contentLength = view.contentLength() - headerLength;
                target.put(at + RecordLayout.PREFIX_BYTES, stored, view.contentIndex(), view.contentLength());
            } catch (FormatException e) {
                isFramed = false;
            }
        }
        if (!isFramed && view.flags() != RecordLayout.BATCH) {
            Arrays.fill(target.array(), target.arrayOffset() + at, target.arrayOffset() + at + bytes, (byte) 0);
        }
        putPrefix(headerLength, contentLength, position, previousSize, isFramed, target, at);
    }

    /** Reads the record; returns whether it verifies in the shared segment. */
    private boolean readStored(int place, int most) throws IOException {
        if (stored.capacity() < most) {
            stored = ByteBuffer.allocate(Math.max(most, 2 * stored.capacity())).order(ByteOrder.LITTLE_ENDIAN);
        }
        stored.clear().limit(most);
        int unused = file.read(stored, place);
        return view.check(stored, 0, stored.position(), fileHeader.positionAt(place), fileHeader.salt()) == RecordView.Verdict.VALID;
    }

    private static int putLead(int members, Following following, ByteBuffer target, int at) {
        byte[] content = new byte[BatchLayout.CONTENT_BYTES];
        BatchLayout.encode(content, members, following.bytes(members));
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
