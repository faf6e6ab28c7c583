package dev.streamwal.examples.tcp;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.reader.EntryRef;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayList;
import java.util.List;

/**
 * A client's request. As a frame, big-endian: the length of what follows (u32), a kind (u8), and
 *
 * <pre>
 *   'B'  refs, as they encode themselves, to the frame's end
 *   'F'  a position (i64; 0: the stream's beginning), and a key in UTF-8 to the frame's end
 * </pre>
 */
sealed interface Request {

    /** The largest frame: 4,096 refs of long keys; a longer one ends the connection before anything is allocated for it. */
    int MAX_FRAME_BYTES = 1 << 22;

    /** These entries, in this order. */
    record Batch(List<EntryRef> refs) implements Request {}

    /** A stream from a position on, as it grows, until the client disconnects. */
    record Follow(String key, long position) implements Request {}

    /** A whole frame that isn't a request; it is answered in its turn. */
    record Unknown(String problem) implements Request {}

    static Request decode(ByteBuf frame) {
        try {
            return decodeKnown(frame);
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            return new Unknown(String.valueOf(e.getMessage()));
        }
    }

    private static Request decodeKnown(ByteBuf frame) {
        byte kind = frame.readByte();
        switch (kind) {
            case 'B' -> {
                List<EntryRef> refs = new ArrayList<>();
                while (frame.isReadable()) {
                    refs.add(EntryRef.decode(frame));
                }
                return new Batch(refs);
            }
            case 'F' -> {
                long position = frame.readLong();
                return new Follow(frame.readString(frame.readableBytes(), UTF_8), position);
            }
            default -> throw new IllegalArgumentException("unknown request, neither a batch (B) nor to follow a stream (F): kind=" + kind);
        }
    }

    /** Encodes the frame; the caller releases it. */
    default ByteBuf encode(ByteBufAllocator allocator) {
        ByteBuf frame = allocator.buffer().writeInt(0);
        if (this instanceof Batch batch) {
            frame.writeByte('B');
            batch.refs().forEach(ref -> ref.encode(frame));
        } else if (this instanceof Follow follow) {
            frame.writeByte('F').writeLong(follow.position()).writeCharSequence(follow.key(), UTF_8);
        }
        return frame.setInt(0, frame.readableBytes() - Integer.BYTES);
    }
}
