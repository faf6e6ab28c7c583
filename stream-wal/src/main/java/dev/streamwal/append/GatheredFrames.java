package dev.streamwal.append;

import dev.streamwal.format.BatchLayout;
import dev.streamwal.format.RecordLayout;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Complete frames in memory, for one gathering write by position. Copying frames into few buffers is faster than gathering one buffer per
 * record: 10 M against 7.5 M records of 128 bytes a second ({@code docs/decisions}).
 */
final class GatheredFrames {

    /** A batch's frames go into buffers of at most this size, or of one frame: no huge allocation for many small records. */
    private static final int BUFFER_BYTES = 1 << 20;

    private final long salt;
    private final List<ByteBuf> owned = new ArrayList<>(1);
    private final List<ByteBuffer> written = new ArrayList<>(1);

    GatheredFrames(long salt) {
        this.salt = salt;
    }

    void add(AppendScratch scratch, Draft draft, int previousSize, long position) {
        ByteBuffer buffer = allocate((int) draft.frameBytes());
        put(scratch, buffer, 0, draft, 0, previousSize, position);
    }

    void addBatch(AppendScratch scratch, List<Draft> members, int batchBytes, int previousSize, long position) {
        int left = batchBytes;
        int at = BatchLayout.FRAME_BYTES;
        ByteBuffer buffer = allocate(Math.max(at, Math.min(left, BUFFER_BYTES)));
        put(scratch, buffer, 0, Frames.lead(members.size(), batchBytes), RecordLayout.BATCH, previousSize, position);
        left -= at;
        long memberPosition = position + at;
        int previous = BatchLayout.FRAME_BYTES;
        for (Draft member : members) {
            int frame = (int) member.frameBytes();
            if (frame > buffer.limit() - at) {
                buffer.limit(at);
                buffer = allocate(Math.max(frame, Math.min(left, BUFFER_BYTES)));
                at = 0;
            }
            put(scratch, buffer, at, member, RecordLayout.MEMBER, previous, memberPosition);
            at += frame;
            left -= frame;
            memberPosition += frame;
            previous = frame;
        }
        buffer.limit(at);
    }

    private void put(AppendScratch scratch, ByteBuffer buffer, int index, Draft draft, int flags, int previousSize, long position) {
        // pooled memory is not zeroed: the padding is somewhere in the frame's last 8 bytes
        buffer.putLong(index + (int) draft.frameBytes() - Long.BYTES, 0);
        buffer.putLong(index, Frames.fill(scratch, buffer, index, draft, flags, previousSize, salt, position));
    }

    private ByteBuffer allocate(int bytes) {
        ByteBuf buf = PooledByteBufAllocator.DEFAULT.directBuffer(bytes, bytes);
        owned.add(buf);
        ByteBuffer buffer = buf.nioBuffer(0, bytes).order(ByteOrder.LITTLE_ENDIAN);
        written.add(buffer);
        return buffer;
    }

    /** From the first frame's start to the last one's end. */
    ByteBuffer[] buffers() {
        return written.toArray(ByteBuffer[]::new);
    }

    void release() {
        owned.forEach(ByteBuf::release);
    }
}
