package dev.streamwal.commit;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
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

    public static String text(ByteBuffer bytes) {
        return StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
    }
}
