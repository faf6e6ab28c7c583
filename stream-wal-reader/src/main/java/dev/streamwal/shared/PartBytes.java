package dev.streamwal.shared;

import dev.streamwal.format.BatchLayout;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.RecordChecksum;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.RecordView;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A part of a shared segment as if it were a file of its own: each record is verified where it stands, and framed as in a segment of its
 * stream. One that doesn't verify is framed with a checksum that doesn't either. One thread.
 */
final class PartBytes implements SegmentBytes, AutoCloseable {

    private static final int FIRST_ROOM = 4 << 10;

    private final SharedSegment shared;
    private final Part part;
    private final SegmentBytes file;
    private final SegmentHeader fileHeader;
    private final Runnable closing;
    private final Room room;
    /** Which frame is in the room; -1 for none. */
    private int framed = -1;
    private Part.Frames frames;

    /** What a record is read into and framed in. May be used for one part after the other. One thread. */
    static final class Room {
        private final RecordView view = new RecordView();
        private final RecordChecksum checksum = new RecordChecksum();
        private final Slot slot = new Slot();
        private ByteBuffer stored = ByteBuffer.allocate(FIRST_ROOM).order(ByteOrder.LITTLE_ENDIAN);
        private ByteBuffer frame = ByteBuffer.allocate(FIRST_ROOM).order(ByteOrder.LITTLE_ENDIAN);

        void atLeast(int storedBytes, int frameBytes) {
            stored = atLeast(stored, storedBytes);
            frame = atLeast(frame, frameBytes);
        }

        private static ByteBuffer atLeast(ByteBuffer buffer, int bytes) {
            return buffer.capacity() >= bytes ? buffer
                    : ByteBuffer.allocate(Math.max(bytes, 2 * buffer.capacity())).order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    /**
     * Of a part.
     *
     * @param file the shared segment's
     * @param closing gives the file back
     * @param room nobody else's, as long as this is used
     */
    PartBytes(SharedSegment shared, Part part, SegmentBytes file, Runnable closing, Room room) {
        this.shared = shared;
        this.part = part;
        this.file = file;
        this.fileHeader = part.fileHeader();
        this.closing = closing;
        this.room = room;
        this.frames = shared.frames(part);
    }

    @Override
    public int read(ByteBuffer target, long offset) throws IOException {
        int start = target.position();
        if (offset + target.remaining() > frames.end()) {
            frames = shared.newestFrames(part);
        }
        long at = offset;
        if (at < frames.offset(0)) {
            SegmentHeader header = part.header(frames);
            byte[] bytes = Arrays.copyOf(SegmentHeaderLayout.encode(header).array(), header.headerLength());
            int count = (int) Math.min(target.remaining(), bytes.length - at);
            target.put(bytes, (int) at, count);
            at += count;
        }
        for (int next = frames.at(at); next < frames.count() && target.hasRemaining(); next++) {
            load(next);
            int skipped = (int) (at - frames.offset(next));
            int count = Math.min(target.remaining(), frames.bytes(next) - skipped);
            target.put(target.position(), room.frame, skipped, count).position(target.position() + count);
            at += count;
        }
        return target.position() - start;
    }

    @Override
    public long size() throws IOException {
        frames = shared.newestFrames(part);
        return frames.end();
    }

    // ---------------------------------------------------------------- frames

    private void load(int index) throws IOException {
        if (framed == index) {
            return;
        }
        framed = -1;
        int bytes = frames.bytes(index);
        int storedBytes = bytes + SlotLayout.MAX_BYTES_BESIDE_KEY + part.key().utf8Length();
        room.atLeast(storedBytes, bytes);
        // what aligns the next frame
        room.frame.putLong(bytes - Long.BYTES, 0);
        boolean isValid = readStored(frames.places()[index], storedBytes);
        if (room.view.flags() == RecordLayout.BATCH) {
            frameLead(index, isValid);
        } else {
            frameRecord(index, isValid);
        }
        framed = index;
    }

    /** Whether the record verifies where it stands. */
    private boolean readStored(int place, int most) throws IOException {
        ByteBuffer stored = room.stored;
        stored.clear().limit(most);
        int unused = file.read(stored, place);
        return room.view.check(stored, 0, stored.position(), fileHeader.positionAt(place), fileHeader.salt()) == RecordView.Verdict.VALID;
    }

    private void frameLead(int index, boolean isValid) {
        int last = index;
        int members = isValid ? BatchLayout.members(room.stored, room.view.contentIndex()) : 0;
        int end = Math.min(frames.count(), last + 1 + members);
        byte[] content = new byte[BatchLayout.CONTENT_BYTES];
        BatchLayout.encode(content, members, frames.offsets()[end] - frames.offset(index + 1));
        room.frame.put(RecordLayout.PREFIX_BYTES, content);
        prefix(index, 0, content.length, RecordLayout.BATCH, isValid);
    }

    private void frameRecord(int index, boolean isValid) {
        RecordView view = room.view;
        int headerLength = 0;
        int contentLength = frames.bytes(index) - RecordLayout.PREFIX_BYTES;
        boolean isFramed = isValid;
        if (isValid) {
            try {
                headerLength = room.slot.read(room.stored.array(), view.headerIndex(), view.headerLength()).headerLength();
                contentLength = view.contentLength() - headerLength;
                room.frame.put(RecordLayout.PREFIX_BYTES, room.stored, view.contentIndex(), view.contentLength());
            } catch (FormatException e) {
                isFramed = false;
            }
        }
        if (!isFramed) {
            Arrays.fill(room.frame.array(), 0, frames.bytes(index), (byte) 0);
        }
        prefix(index, headerLength, contentLength, view.flags(), isFramed);
    }

    private void prefix(int index, int headerLength, int contentLength, int flags, boolean isValid) {
        ByteBuffer frame = room.frame;
        int previousSize = index == 0 ? 0 : frames.bytes(index - 1);
        long commitWord = RecordLayout.commitWord(headerLength);
        room.checksum.reset();
        room.checksum.update(frame.array(), RecordLayout.PREFIX_BYTES, headerLength + contentLength);
        long timestampMillis = flags == RecordLayout.BATCH ? 0 : room.view.timestampMillis();
        int crc = room.checksum.finish(part.salt(), part.positionAt(frames.offset(index)), commitWord, contentLength, flags, previousSize,
                timestampMillis);
        RecordLayout.encodePrefix(frame, 0, contentLength, flags, isValid ? crc : ~crc, previousSize, timestampMillis);
        frame.putLong(RecordLayout.COMMIT_WORD, commitWord);
    }

    @Override
    public void close() {
        closing.run();
    }
}
