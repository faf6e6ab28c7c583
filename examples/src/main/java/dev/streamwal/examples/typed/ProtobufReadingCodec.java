package dev.streamwal.examples.typed;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import dev.streamwal.codec.RecordCodec;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufInputStream;
import io.netty.buffer.ByteBufOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Readings as Protobuf has them:
 *
 * <pre>{@code
 * message Reading {
 *   int64 sensor = 1;
 *   double amount = 2;
 *   string unit = 3;
 * }
 * }</pre>
 *
 * <p>Of a class that {@code protoc} has generated it is shorter: {@code message.writeTo(out)} and {@code Reading.parseFrom(in)} take the same streams. Here
 * the fields are written and read one by one, so that the examples are built without a program for each machine.
 *
 * <p>Protobuf has rules of its own for how a message changes: a field that is not known is skipped, one that is missing has a default. So all versions
 * are read.
 */
public final class ProtobufReadingCodec implements RecordCodec<Reading> {
    private static final int SENSOR = 1;
    private static final int AMOUNT = 2;
    private static final int UNIT = 3;

    @Override
    public int schemaId() {
        return 8;
    }

    @Override
    public int version() {
        return 1;
    }

    @Override
    public boolean reads(int version) {
        return true;
    }

    @Override
    public void encode(Reading value, ByteBuf target) {
        try {
            CodedOutputStream out = CodedOutputStream.newInstance(new ByteBufOutputStream(target));
            out.writeInt64(SENSOR, value.sensor());
            out.writeDouble(AMOUNT, value.amount());
            out.writeString(UNIT, value.unit());
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Reading decode(ByteBuf content, int version) {
        try {
            return read(CodedInputStream.newInstance(new ByteBufInputStream(content)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Reading read(CodedInputStream in) throws IOException {
        long sensor = 0;
        double amount = 0;
        String unit = "";
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case SENSOR -> sensor = in.readInt64();
                case AMOUNT -> amount = in.readDouble();
                case UNIT -> unit = in.readString();
                default -> in.skipField(tag);
            }
        }
        return new Reading(sensor, amount, unit);
    }
}
