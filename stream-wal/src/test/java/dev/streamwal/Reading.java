package dev.streamwal;

import dev.streamwal.codec.RecordCodec;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/** A value of a program's own type. Version 2 has added the unit. */
record Reading(long sensor, double amount, String unit) {

    static final int SCHEMA_ID = 7;
    static final String OLD_UNIT = "W";

    static Reading number(int i) {
        return new Reading(i, i / 2.0, OLD_UNIT);
    }

    /** What the program used before there were units: 16 bytes. */
    static class Version1 implements RecordCodec<Reading> {

        @Override
        public int schemaId() {
            return SCHEMA_ID;
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
            return new Reading(content.readLongLE(), content.readDoubleLE(), OLD_UNIT);
        }

        @Override
        public String toString() {
            return "ReadingCodec";
        }
    }

    /** Reads what version 1 has written, and adds a field. */
    static final class Version2 extends Version1 {

        @Override
        public int version() {
            return 2;
        }

        @Override
        public void encode(Reading value, ByteBuf target) {
            super.encode(value, target);
            target.writeCharSequence(value.unit(), StandardCharsets.UTF_8);
        }

        @Override
        public Reading decode(ByteBuf content, int version) {
            Reading old = super.decode(content, version);
            return version == 1 ? old
                    : new Reading(old.sensor(), old.amount(), content.readCharSequence(content.readableBytes(), StandardCharsets.UTF_8).toString());
        }
    }

    /** Ignores what later versions add. */
    static final class Tolerant extends Version1 {
        @Override
        public boolean reads(int version) {
            return true;
        }
    }
}
