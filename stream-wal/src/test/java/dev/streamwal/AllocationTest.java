package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.codec.RecordCodec;
import dev.streamwal.codec.chronicle.BytesCodec;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.TypedCursor;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBuf;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.bytes.BytesIn;
import net.openhft.chronicle.bytes.BytesMarshallable;
import net.openhft.chronicle.bytes.BytesOut;
import net.openhft.chronicle.bytes.WriteBytesMarshallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A mapped append makes no garbage but the ref it returns, and through Chronicle's bytes, or of a sample, none at all: the mean over 100,000
 * appends. Rotations, one in tens of thousands of appends, make some. Reading a typed record makes none but its value, and of a sample none.
 *
 * <p>Only compiled code makes that little. So rounds are measured until one of them makes no more than it may, or {@link #MAX_ROUNDS} have made more:
 * when the compiler gets to it depends on what else the machine does.
 */
@EnabledOnOs(OS.LINUX)
class AllocationTest {

    private static final int MEASURED = 100_000;
    private static final int MAX_ROUNDS = 60;
    private static final int CONTENT_BYTES = 128;
    private static final long TIMESTAMP = Instant.parse("2026-05-01T00:00:00Z").toEpochMilli();
    /** An object's header, a reference, a long and an int, aligned. */
    private static final double REF_BYTES = 32;
    /** What rotations, and the JVM's own business, may make of it. */
    private static final double SLACK_BYTES = 1;

    @TempDir
    Path directory;

    private final byte[] content = new byte[CONTENT_BYTES];

    private interface Append {
        long to(WalStream stream);
    }

    @ParameterizedTest
    @EnumSource(value = Segments.class, names = {"OWN", "SHARED"})
    void append_array_allocatesAtMostTheRef(Segments segments) throws Exception {
        assertAppendAllocates(segments, REF_BYTES + SLACK_BYTES, stream -> stream.append(TIMESTAMP, content).position());
    }

    @ParameterizedTest
    @EnumSource(value = Segments.class, names = {"OWN", "SHARED"})
    void append_arraysAtTheTimeOfTheClock_allocatesAtMostTheRef(Segments segments) throws Exception {
        assertAppendAllocates(segments, REF_BYTES + SLACK_BYTES, stream -> stream.append(content).position());
    }

    @ParameterizedTest
    @EnumSource(value = Segments.class, names = {"OWN", "SHARED"})
    void append_nativeBytes_allocatesNothing(Segments segments) throws Exception {
        Bytes<?> header = Bytes.allocateElasticDirect(8);
        Bytes<?> bytes = Bytes.allocateElasticDirect(CONTENT_BYTES);
        try {
            assertAppendAllocates(segments, SLACK_BYTES, stream -> {
                bytes.clear();
                bytes.write(content);
                return stream.appendBytes(TIMESTAMP, header, bytes);
            });
        } finally {
            header.releaseLast();
            bytes.releaseLast();
        }
    }

    @ParameterizedTest
    @EnumSource(value = Segments.class, names = {"OWN", "SHARED"})
    void append_heapBytes_allocatesNothing(Segments segments) throws Exception {
        Bytes<?> header = Bytes.allocateElasticOnHeap(8);
        Bytes<?> bytes = Bytes.allocateElasticOnHeap(CONTENT_BYTES);
        assertAppendAllocates(segments, SLACK_BYTES, stream -> {
            bytes.clear();
            bytes.write(content);
            return stream.appendBytes(TIMESTAMP, header, bytes);
        });
    }

    @ParameterizedTest
    @EnumSource(value = Segments.class, names = {"OWN", "SHARED"})
    void append_typedRecord_allocatesNothing(Segments segments) throws Exception {
        WriteBytesMarshallable typed = bytes -> {
            for (int i = 0; i < CONTENT_BYTES / Long.BYTES; i++) {
                bytes.writeLong(i);
            }
        };
        assertAppendAllocates(segments, SLACK_BYTES, stream -> stream.appendTyped(TIMESTAMP, typed));
    }

    @ParameterizedTest
    @EnumSource(value = Segments.class, names = {"OWN", "SHARED"})
    void append_valueByACodec_allocatesAtMostTheRef(Segments segments) throws Exception {
        AtomicReference<TypedStream<Point>> typed = new AtomicReference<>();
        Point point = new Point(1, 2);
        assertAppendAllocates(segments, REF_BYTES + SLACK_BYTES, stream -> of(typed, stream).append(TIMESTAMP, point).position());
    }

    @ParameterizedTest
    @EnumSource(value = Segments.class, names = {"OWN", "SHARED"})
    void append_valueByChronicle_allocatesAtMostTheRef(Segments segments) throws Exception {
        AtomicReference<TypedStream<Point>> typed = new AtomicReference<>();
        Point point = new Point(1, 2);
        assertAppendAllocates(segments, REF_BYTES + SLACK_BYTES, stream -> {
            TypedStream<Point> known = typed.get();
            if (known == null) {
                known = new TypedStream<>(stream, BytesCodec.of(1, 1, () -> point));
                typed.set(known);
            }
            return known.append(TIMESTAMP, point).position();
        });
    }

    @ParameterizedTest
    @EnumSource(value = Segments.class, names = {"OWN", "SHARED"})
    void append_valueWithAHeader_allocatesAtMostTheRef(Segments segments) throws Exception {
        AtomicReference<TypedStream<Point>> typed = new AtomicReference<>();
        Point point = new Point(1, 2);
        byte[] header = new byte[12];
        assertAppendAllocates(segments, REF_BYTES + SLACK_BYTES, stream -> of(typed, stream).append(TIMESTAMP, header, point).position());
    }

    @ParameterizedTest
    @EnumSource(value = Segments.class, names = {"OWN", "SHARED"})
    void append_sample_allocatesNothing(Segments segments) throws Exception {
        AtomicReference<SampleStream> samples = new AtomicReference<>();
        assertAppendAllocates(segments, SLACK_BYTES, stream -> {
            SampleStream known = samples.get();
            if (known == null) {
                known = new SampleStream(stream);
                samples.set(known);
            }
            return known.append(TIMESTAMP, 1.5);
        });
    }

    private static TypedStream<Point> of(AtomicReference<TypedStream<Point>> typed, WalStream stream) {
        TypedStream<Point> known = typed.get();
        if (known == null) {
            known = new TypedStream<>(stream, new PointCodec());
            typed.set(known);
        }
        return known;
    }

    /** An object's header, and two fields of 8 bytes, aligned. */
    private static final double POINT_BYTES = 32;

    /** Written and read by the codec below, or by Chronicle. */
    private static final class Point implements BytesMarshallable {
        private long x;
        private double y;

        Point(long x, double y) {
            this.x = x;
            this.y = y;
        }

        @Override
        public void writeMarshallable(BytesOut<?> bytes) {
            bytes.writeLong(x).writeDouble(y);
        }

        @Override
        public void readMarshallable(BytesIn<?> bytes) {
            x = bytes.readLong();
            y = bytes.readDouble();
        }
    }

    private static class PointCodec implements RecordCodec<Point> {

        @Override
        public int schemaId() {
            return 1;
        }

        @Override
        public int version() {
            return 1;
        }

        @Override
        public void encode(Point value, ByteBuf target) {
            target.writeLongLE(value.x).writeDoubleLE(value.y);
        }

        @Override
        public Point decode(ByteBuf content, int version) {
            return new Point(content.readLongLE(), content.readDoubleLE());
        }
    }

    /** The same object for each record, of one cursor. */
    private static final class ReusingCodec extends PointCodec {
        private final Point point = new Point(0, 0);

        @Override
        public Point decode(ByteBuf content, int version) {
            point.x = content.readLongLE();
            point.y = content.readDoubleLE();
            return point;
        }
    }

    /** Kept, so that the compiler can't do without it. */
    private static volatile Point lastPoint = new Point(0, 0);

    @Test
    void read_value_allocatesAtMostTheValue() throws Exception {
        assertThat(bytesAValue(new PointCodec(), POINT_BYTES + SLACK_BYTES)).isBetween(POINT_BYTES / 2, POINT_BYTES + SLACK_BYTES);
    }

    @Test
    void read_valueIntoTheSameObject_allocatesNothing() throws Exception {
        assertThat(bytesAValue(new ReusingCodec(), SLACK_BYTES)).isLessThanOrEqualTo(SLACK_BYTES);
    }

    @Test
    void read_valueByChronicleIntoTheSameObject_allocatesNothing() throws Exception {
        Point point = new Point(0, 0);
        assertThat(bytesAValue(BytesCodec.of(1, 1, () -> point), SLACK_BYTES)).isLessThanOrEqualTo(SLACK_BYTES);
    }

    private double bytesAValue(RecordCodec<Point> codec, double allowed) throws ReflectiveOperationException {
        Instant now = Instant.ofEpochMilli(TIMESTAMP);
        try (StreamWal wal = StreamWal.open(directory, WalOptions.builder().clock(() -> now).sweepInterval(Duration.ZERO).build());
                WalReader reader = wal.reader()) {
            TypedStream<Point> stream = wal.stream("measured", codec);
            for (int i = 0; i < MEASURED; i++) {
                Point point = new Point(i, 1);
                stream.append(TIMESTAMP, new byte[i % 3], point);
            }
            return bytesAValue(reader, codec, allowed);
        }
    }

    private static double bytesAValue(WalReader reader, RecordCodec<Point> codec, double allowed) throws ReflectiveOperationException {
        return fewestBytes("value", allowed, () -> {
            try (TypedCursor<Point> cursor = reader.scan("measured", codec)) {
                double sum = 0;
                int records = 0;
                while (cursor.next()) {
                    lastPoint = cursor.value();
                    sum += lastPoint.x + cursor.header().readableBytes();
                    records++;
                }
                assertThat(records).isEqualTo(MEASURED);
                assertThat(sum).isGreaterThan(MEASURED * (MEASURED - 1.0) / 2);
            }
        });
    }

    /** Bytes allocated a record by the first round that allocates no more than allowed, else by the last one. */
    private static double fewestBytes(String what, double allowed, Runnable round) throws ReflectiveOperationException {
        AllocatedBytes counter = new AllocatedBytes();
        double mean = Double.MAX_VALUE;
        int rounds = 0;
        while (mean > allowed && rounds < MAX_ROUNDS) {
            long before = counter.now();
            round.run();
            mean = (double) (counter.now() - before) / MEASURED;
            rounds++;
        }
        System.out.printf("AllocationTest: %.3f bytes a %s in round %d%n", mean, what, rounds);
        return mean;
    }

    @Test
    void read_sample_allocatesNothing() throws Exception {
        Instant now = Instant.ofEpochMilli(TIMESTAMP);
        double mean;
        try (StreamWal wal = StreamWal.open(directory, WalOptions.builder().clock(() -> now).sweepInterval(Duration.ZERO).build());
                WalReader reader = wal.reader()) {
            SampleStream stream = wal.samples("measured");
            for (int i = 0; i < MEASURED; i++) {
                long unused = stream.append(TIMESTAMP, i);
            }
            mean = fewestBytes("sample", SLACK_BYTES, () -> {
                try (EntryCursor cursor = reader.scan("measured")) {
                    double sum = 0;
                    while (cursor.next()) {
                        sum += cursor.sampleValue() + (cursor.timestampMillis() - TIMESTAMP);
                    }
                    assertThat(sum).isEqualTo(MEASURED * (MEASURED - 1.0) / 2);
                }
            });
        }
        assertThat(mean).isLessThanOrEqualTo(SLACK_BYTES);
    }

    private void assertAppendAllocates(Segments segments, double allowed, Append append) throws ReflectiveOperationException {
        Instant now = Instant.ofEpochMilli(TIMESTAMP);
        WalOptions options = WalOptions.builder().storage(Storage.MAPPED).clock(() -> now).sweepInterval(Duration.ZERO)
                .streams("*", StreamOptions.builder().segments(segments).build()).build();
        try (StreamWal wal = StreamWal.open(directory, options)) {
            WalStream stream = wal.stream("measured");
            assertThat(fewestBytes("append", allowed, () -> assertThat(appendMany(append, stream)).isPositive())).isLessThanOrEqualTo(allowed);
            assertThat(wal.stats().mappedSegments()).as("mapped, and perhaps one that waits for its footer").isPositive();
        }
    }

    private static long appendMany(Append append, WalStream stream) {
        long last = 0;
        for (int i = 0; i < MEASURED; i++) {
            last = append.to(stream);
        }
        return last;
    }
}
