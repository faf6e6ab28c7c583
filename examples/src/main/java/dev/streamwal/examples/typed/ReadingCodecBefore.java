package dev.streamwal.examples.typed;

import dev.streamwal.codec.RecordCodec;
import io.netty.buffer.ByteBuf;

/** The codec as it was, in programs that haven't been changed yet: there are only watts. */
final class ReadingCodecBefore implements RecordCodec<Reading> {

    @Override
    public int schemaId() {
        return 7;
    }

    @Override
    public int version() {
        return 1;
    }

    @Override
    public void encode(Reading value, ByteBuf target) {
        target.writeLongLE(value.sensor()).writeDoubleLE(value.amount());
    }

    @Override
    public Reading decode(ByteBuf content, int version) {
        return new Reading(content.readLongLE(), content.readDoubleLE(), "W");
    }
}
