package dev.streamwal.examples.typed;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.codec.RecordCodec;
import io.netty.buffer.ByteBuf;

/** Readings by hand. Version 1 had no unit: what it has written is still read. */
public final class ReadingCodec implements RecordCodec<Reading> {

    @Override
    public int schemaId() {
        return 7;                                  // of readings, for ever
    }

    @Override
    public int version() {
        return 2;                                  // was 1 before there were units
    }

    @Override
    public void encode(Reading value, ByteBuf target) {
        target.writeLongLE(value.sensor()).writeDoubleLE(value.amount());
        target.writeCharSequence(value.unit(), UTF_8);
    }

    @Override
    public Reading decode(ByteBuf content, int version) {
        long sensor = content.readLongLE();
        double amount = content.readDoubleLE();
        return new Reading(sensor, amount, version == 1 ? "W" : content.toString(UTF_8));
    }
}
