package dev.streamwal.examples.tcp;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/** A frame of the server: an entry or its status, or why a request isn't served. */
sealed interface Answer permits Response, Answer.Refusal {

    /** Stands in the place of an entry's status. */
    int REFUSED = 0xFF;

    /**
     * Says that a request can't be served, or no longer; the connection stays usable for others. As a frame, big-endian: the length of what follows
     * (u32), 0xFF (u8), and the reason in UTF-8 to the frame's end.
     */
    record Refusal(String reason) implements Answer {

        ByteBuf encode(ByteBufAllocator allocator) {
            byte[] text = reason.getBytes(UTF_8);
            return allocator.buffer().writeInt(1 + text.length).writeByte(REFUSED).writeBytes(text);
        }
    }

    static Answer decode(ByteBuf frame) {
        if (frame.getUnsignedByte(frame.readerIndex()) == REFUSED) {
            return new Refusal(frame.skipBytes(1).readString(frame.readableBytes(), UTF_8));
        }
        return Response.decode(frame);
    }
}
