package dev.streamwal;

import dev.streamwal.codec.RecordCodec;
import dev.streamwal.reader.TypedCursor;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBuf;

/** What the package's documentation begins with: the lines between the two markers stand there too, and a test compares them. */
final class CodecPackageExample {

    private CodecPackageExample() {}

    // example
    record Reading(long sensor, double amount) {}

    static final class ReadingCodec implements RecordCodec<Reading> {

        @Override
        public int schemaId() {
            return 7;                       // the program's own number for readings
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
            return new Reading(content.readLongLE(), content.readDoubleLE());
        }
    }

    static double total(WalReader reader, String key) {
        double total = 0;
        try (TypedCursor<Reading> readings = reader.scan(key, new ReadingCodec())) {
            while (readings.next()) {
                total += readings.value().amount();
            }
        }
        return total;
    }
    // example
}
