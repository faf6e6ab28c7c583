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

    private final List<ByteBuf> owned = new ArrayList<>(1);
    private final List<ByteBuffer> written = new ArrayList<>(1);

    /** Takes memory for one record, or for a batch. */
    void allocate(List<Draft> drafts, int totalBytes) {
        if (drafts.size() == 1) {
            ByteBuffer unused = allocate(totalBytes);
            return;
        }
        int at = BatchLayout.FRAME_BYTES;
        ByteBuffer buffer = allocate(Math.max(at, Math.min(totalBytes, BUFFER_BYTES)));
        int left = totalBytes - at;
        for (Draft member : drafts) {
            int frame = (int) member.frameBytes();
            if (frame > buffer.limit() - at) {
                buffer.limit(at);
                buffer = allocate(Math.max(frame, Math.min(left, BUFFER_BYTES)));
                at = 0;
            }
            at += frame;
            left -= frame;
        }
        buffer.limit(at);
    }

    private ByteBuffer allocate(int bytes) {
        ByteBuf buf = PooledByteBufAllocator.DEFAULT.directBuffer(bytes, bytes);
        owned.add(buf);
        ByteBuffer buffer = buf.nioBuffer(0, bytes).order(ByteOrder.LITTLE_ENDIAN);
        written.add(buffer);
        return buffer;
    }

    /** Encodes the record or the batch for which there is memory. */
    void fill(AppendScratch scratch, List<Draft> drafts, int previousSize, long salt, long position) {
        if (drafts.size() == 1) {
            int unused = put(scratch, 0, 0, drafts.get(0), 0, previousSize, salt, position);
            return;
        }
        int batchBytes = written.stream().mapToInt(ByteBuffer::limit).sum();
        int at = put(scratch, 0, 0, Frames.lead(drafts.size(), batchBytes), RecordLayout.BATCH, previousSize, salt, position);
        long memberPosition = position + at;
        int previous = at;
        int buffer = 0;
        for (Draft member : drafts) {
            if (at == written.get(buffer).limit()) {
                buffer++;
                at = 0;
            }
            int frame = put(scratch, buffer, at, member, RecordLayout.MEMBER, previous, salt, memberPosition);
            at += frame;
            memberPosition += frame;
            previous = frame;
        }
    }

    /** @return the bytes of the frame */
    private int put(AppendScratch scratch, int buffer, int index, Draft draft, int flags, int previousSize, long salt, long position) {
        ByteBuffer target = written.get(buffer);
        int frameBytes = (int) draft.frameBytes();
        // pooled memory is not zeroed: the padding is somewhere in the frame's last 8 bytes
        target.putLong(index + frameBytes - Long.BYTES, 0);
        target.putLong(index, Frames.fill(scratch, target, index, draft, flags, previousSize, salt, position));
        return frameBytes;
    }

    /** From the first frame's start to the last one's end. */
    ByteBuffer[] buffers() {
        return written.toArray(ByteBuffer[]::new);
    }

    void release() {
        owned.forEach(ByteBuf::release);
    }
}
