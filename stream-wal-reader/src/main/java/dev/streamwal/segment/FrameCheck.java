package dev.streamwal.segment;

import dev.streamwal.format.RecordChecksum;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.RecordView;
import dev.streamwal.format.SegmentHeader;
import java.io.IOException;

/** Checks single frames, regardless of the batch that they may belong to. {@link #view()} stands on the frame checked last. */
final class FrameCheck {

    private static final int PIECE_BYTES = 64 << 10;

    private final SegmentHeader header;
    private final ReadBuffer buffer;
    private final RecordView view = new RecordView();

    FrameCheck(SegmentHeader header, ReadBuffer buffer) {
        this.header = header;
        this.buffer = buffer;
    }

    RecordView view() {
        return view;
    }

    /** Reads the whole frame and checks it. */
    Finding look(long at) throws IOException {
        return look(at, false);
    }

    /** @param isBegin whether a frame is known to begin there: then its checksum is compared only if that wasn't done when its bytes were read */
    Finding look(long at, boolean isBegin) throws IOException {
        Finding peeked = peek(at);
        return peeked == Finding.RECORD ? verify(at, isBegin) : peeked;
    }

    /** Reads the prefix; returns {@code RECORD} if nothing is wrong so far. */
    Finding peek(long at) throws IOException {
        if (buffer.limit() - at < RecordLayout.PREFIX_BYTES || !buffer.ensure(at, RecordLayout.PREFIX_BYTES)) {
            return Finding.END;
        }
        return peekBuffered(at);
    }

    /** Checks the frame after a {@link #peek} that returned {@code RECORD}. */
    Finding verify(long at) throws IOException {
        return verify(at, false);
    }

    private Finding verify(long at, boolean isBegin) throws IOException {
        if (!buffer.reaches(at + view.frameBytes())) {
            if (view.frameBytes() > RecordLayout.MAX_FRAME_BYTES && view.flags() == RecordLayout.PADDING) {
                return verifyInPieces(at, view.frameBytes());
            }
            Finding loaded = load(at, view.frameBytes());
            if (loaded != Finding.RECORD) {
                return loaded;
            }
        }
        return (isBegin && buffer.isVerified()) || view.checksumMatches(header.salt()) ? Finding.RECORD : Finding.BAD_CHECKSUM;
    }

    /** Checks padding in place of a large damaged stretch: nobody needs its content, so it isn't held as a whole. */
    private Finding verifyInPieces(long at, int frame) throws IOException {
        RecordChecksum checksum = new RecordChecksum();
        checksum.reset();
        long end = at + RecordLayout.PREFIX_BYTES + view.headerLength() + view.contentLength();
        for (long from = at + RecordLayout.PREFIX_BYTES; from < end; from += PIECE_BYTES) {
            int length = (int) Math.min(PIECE_BYTES, end - from);
            if (!buffer.ensure(from, length)) {
                return Finding.TOO_LONG;
            }
            checksum.update(buffer.bytes().slice(buffer.index(from), length));
        }
        Finding peeked = peek(at);
        if (peeked != Finding.RECORD) {
            return peeked;
        }
        int computed = checksum.finish(header.salt(), view.position(), RecordLayout.commitWord(view.headerLength()), view.contentLength(), view.flags(),
                view.previousSize(), view.timestampMillis());
        boolean isSame = view.frameBytes() == frame && buffer.bytes().getInt(view.index() + RecordLayout.CHECKSUM) == computed;
        return isSame ? Finding.RECORD : Finding.BAD_CHECKSUM;
    }

    /** Reads a frame whose prefix is known, and checks the prefix again. */
    private Finding load(long at, int frame) throws IOException {
        // the only place where a length from the file decides how much is allocated: checked against the file first
        if (frame > buffer.fileSize() - at || !buffer.ensure(at, frame)) {
            return Finding.TOO_LONG;
        }
        Finding peeked = peekBuffered(at);
        return peeked == Finding.RECORD && view.frameBytes() != frame ? Finding.BAD_CHECKSUM : peeked;
    }

    private Finding peekBuffered(long at) {
        return switch (view.peek(buffer.bytes(), buffer.index(at), buffer.limit() - at, header.positionAt(at))) {
            case VALID -> Finding.RECORD;
            case EMPTY -> Finding.EMPTY;
            case TOO_LONG -> Finding.TOO_LONG;
            case NOT_A_RECORD, BAD_CHECKSUM -> Finding.NOT_A_RECORD;
        };
    }
}
