package dev.streamwal.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The content of a {@link RecordLayout#BATCH} record; its members' frames follow it directly, and its commit word is stored after theirs. So readers see all of
 * a batch or none: a member counts only if its batch record and all members of the batch verify.
 *
 * <pre>
 *   0  4  members           1 or more
 *   4  4  bytes             of the members' frames
 * </pre>
 */
public final class BatchLayout {

    public static final int MEMBERS = 0;
    public static final int BYTES = 4;
    public static final int CONTENT_BYTES = 8;
    /** The whole batch record. */
    public static final int FRAME_BYTES = RecordLayout.PREFIX_BYTES + CONTENT_BYTES;

    private BatchLayout() {}

    public static void encode(byte[] content, int members, int bytes) {
        ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).putInt(MEMBERS, members).putInt(BYTES, bytes);
    }

    public static int members(ByteBuffer buffer, int contentIndex) {
        return buffer.getInt(contentIndex + MEMBERS);
    }

    public static int bytes(ByteBuffer buffer, int contentIndex) {
        return buffer.getInt(contentIndex + BYTES);
    }

    /** Whether a batch record can lead {@code members} in {@code bytes}, of which {@code available} are there. */
    public static boolean plausible(int members, int bytes, long available) {
        return members > 0 && bytes > 0 && bytes % RecordLayout.ALIGNMENT == 0 && bytes <= available
                && members <= bytes / RecordLayout.PREFIX_BYTES;
    }
}
