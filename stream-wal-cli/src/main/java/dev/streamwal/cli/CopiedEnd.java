package dev.streamwal.cli;

import dev.streamwal.format.FooterLayout;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.io.LogFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/**
 * What a segment's file has where its copy has the footer. A copy has one, as it is made when a segment that is still appended to is copied, or it is
 * damaged.
 *
 * <p>Only bytes tell, and not lengths: a file is at least a page long, so a small segment has the length of its copy also where more was appended.
 */
enum CopiedEnd {
    /** The copy's footer. */
    SAME_FOOTER,
    /** Another footer of the same length, as behind an erasure, or a damaged one. */
    OTHER_FOOTER,
    /** Nothing: it ends where the copy's records do, and was never sealed. */
    NO_FOOTER,
    /** It was appended to since it was copied, or cut, or a part of it was lost. */
    OTHER_END;

    /** Some 20 bytes for each 64 KiB of a segment, which has at most 2 GiB. */
    private static final long MAX_FOOTER_BYTES = 16 << 20;
    /** Commit word, length and flags: no record but a footer begins as one. */
    private static final int FRAME_BYTES = RecordLayout.CHECKSUM;

    static CopiedEnd of(Path segment, Path copy) throws IOException {
        try (LogFile file = LogFile.reading(segment); LogFile copied = LogFile.reading(copy)) {
            long size = copied.size();
            long footerBytes = size < FooterLayout.PAGE_BYTES ? 0 : read(copied, size - Long.BYTES, Long.BYTES).getLong(0);
            if (footerBytes < RecordLayout.PREFIX_BYTES || footerBytes > Math.min(size, MAX_FOOTER_BYTES)) {
                return OTHER_END;
            }
            long end = size - footerBytes;
            if (file.size() == size) {
                ByteBuffer mine = read(file, end, (int) footerBytes);
                ByteBuffer other = read(copied, end, (int) footerBytes);
                if (mine.equals(other)) {
                    return SAME_FOOTER;
                }
                if (isFooter(mine, other)) {
                    return OTHER_FOOTER;
                }
            }
            int lastRecord = read(copied, end, RecordLayout.PREFIX_BYTES).getInt(RecordLayout.PREVIOUS_SIZE);
            boolean isCut = file.size() < end || lastRecord < 0 || lastRecord > end || isZero(file, end - lastRecord, end);
            return !isCut && isZero(file, end, file.size()) ? NO_FOOTER : OTHER_END;
        }
    }

    /** One of its ends is enough, since the other one may be damaged. */
    private static boolean isFooter(ByteBuffer mine, ByteBuffer other) {
        int last = other.limit() - Long.BYTES;
        return mine.slice(0, FRAME_BYTES).equals(other.slice(0, FRAME_BYTES)) || mine.getLong(last) == other.getLong(last);
    }

    private static ByteBuffer read(LogFile file, long offset, int bytes) throws IOException {
        ByteBuffer read = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int unused = file.read(read, offset);
        return read.flip();
    }

    private static boolean isZero(LogFile file, long from, long to) throws IOException {
        ByteBuffer piece = ByteBuffer.allocate(LogFile.CHUNK_BYTES);
        for (long offset = from; offset < to; offset += piece.limit()) {
            piece.clear().limit((int) Math.min(piece.capacity(), to - offset));
            if (file.read(piece, offset) <= 0) {
                return true;
            }
            piece.flip();
            while (piece.hasRemaining()) {
                if (piece.get() != 0) {
                    return false;
                }
            }
        }
        return true;
    }
}
