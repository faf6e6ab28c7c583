package dev.streamwal.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A {@link RecordLayout#PADDING} record: a slot without a record. Its content is zero and doesn't tell which record the
 * slot was meant for.
 */
public final class PaddingLayout {

    private static final byte[] ZEROS = new byte[8 << 10];

    private PaddingLayout() {}

    /**
     * The prefix of a padding that fills a slot; its content is zero.
     *
     * @param frameBytes the slot: a multiple of 8, no less than a prefix
     */
    public static ByteBuffer encodePrefix(int frameBytes, int previousSize, long salt, long position) {
        if (frameBytes < RecordLayout.PREFIX_BYTES || frameBytes % RecordLayout.ALIGNMENT != 0) {
            throw new IllegalArgumentException("slot is not a multiple of " + RecordLayout.ALIGNMENT
                    + " bytes, or shorter than " + RecordLayout.PREFIX_BYTES + ": frameBytes=" + frameBytes);
        }
        ByteBuffer out = ByteBuffer.allocate(RecordLayout.PREFIX_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        int contentLength = frameBytes - RecordLayout.PREFIX_BYTES;
        RecordChecksum checksum = new RecordChecksum();
        checksum.reset();
        for (int left = contentLength; left > 0; left -= ZEROS.length) {
            checksum.update(ZEROS, 0, Math.min(left, ZEROS.length));
        }
        long commitWord = RecordLayout.commitWord(0);
        int crc = checksum.finish(salt, position, commitWord, contentLength, RecordLayout.PADDING, previousSize, 0);
        RecordLayout.encodePrefix(out, 0, contentLength, RecordLayout.PADDING, crc, previousSize, 0);
        out.putLong(RecordLayout.COMMIT_WORD, commitWord);
        return out;
    }
}
