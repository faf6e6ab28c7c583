package dev.streamwal.samples;

import dev.streamwal.format.RecordChecksum;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.journal.JournalBlock;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;

/** Headers, frames and blocks for tests of the journal. */
public final class JournalSamples {

    public static final long WINDOW_START = 1_767_225_600_000L;
    public static final long JOURNAL_ID = 0x0123_4567_89AB_CDEFL;

    private JournalSamples() {}

    public static SegmentHeader header(String key, long basePosition, long salt) {
        return new SegmentHeader(StreamKey.of(key), new Window(WINDOW_START, WINDOW_START + 3_600_000), WINDOW_START + 7_200_000,
                basePosition, basePosition, 1, salt, WINDOW_START + 5, 1 << 20, 0, 0);
    }

    /** Some bytes for a segment; they need not be frames. */
    public static byte[] frames(long seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** A record as it stands at the offset of the segment. */
    public static byte[] record(SegmentHeader header, int offset, int previousSize, byte[] content) {
        long commitWord = RecordLayout.commitWord(0);
        RecordChecksum checksum = new RecordChecksum();
        checksum.reset();
        checksum.update(content, 0, content.length);
        int crc = checksum.finish(header.salt(), header.positionAt(offset), commitWord, content.length, 0, previousSize, WINDOW_START);
        ByteBuffer out = ByteBuffer.allocate((int) RecordLayout.frameBytes(0, content.length)).order(ByteOrder.LITTLE_ENDIAN);
        RecordLayout.encodePrefix(out, 0, content.length, 0, crc, previousSize, WINDOW_START);
        out.put(RecordLayout.PREFIX_BYTES, content);
        out.putLong(RecordLayout.COMMIT_WORD, commitWord);
        return out.array();
    }

    public static void segment(JournalBlock block, int number, SegmentHeader header) {
        block.segment(number, SegmentHeaderLayout.encode(header));
    }

    public static void bytes(JournalBlock block, int number, int offset, byte[] frames) {
        block.bytes(number, offset, frames.length).put(frames);
    }

    /** A copy of the finished block. */
    public static byte[] finish(JournalBlock block, long sequence) {
        ByteBuffer finished = block.finish(JOURNAL_ID, sequence);
        byte[] bytes = new byte[finished.remaining()];
        finished.get(bytes);
        return bytes;
    }
}
