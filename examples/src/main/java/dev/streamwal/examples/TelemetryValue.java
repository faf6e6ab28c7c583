package dev.streamwal.examples;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;

/** A record's content: one number, 8 bytes, big-endian, the default of Java's and Netty's buffers. */
final class TelemetryValue {
    private TelemetryValue() {}

    static byte[] encode(double value) {
        return ByteBuffer.allocate(Double.BYTES).putDouble(value).array();
    }

    /** Leaves the buffer's index unchanged: an entry returns the same buffer at every call. */
    static double decode(ByteBuf content) {
        return content.getDouble(content.readerIndex());
    }
}
