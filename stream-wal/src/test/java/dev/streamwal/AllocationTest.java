package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.bytes.WriteBytesMarshallable;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A mapped append makes no garbage but the ref it returns, and through Chronicle's bytes none at all: the mean over 100,000 appends, after
 * as many as it takes until the code is compiled. Rotations, one in tens of thousands of appends, make some.
 */
@EnabledOnOs(OS.LINUX)
class AllocationTest {

    private static final int MEASURED = 100_000;
    private static final int WARM_UPS = 5;
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
        assertThat(bytesAnAppend(segments, stream -> stream.append(TIMESTAMP, content).position())).isLessThanOrEqualTo(REF_BYTES + SLACK_BYTES);
    }

    @ParameterizedTest
    @EnumSource(value = Segments.class, names = {"OWN", "SHARED"})
    void append_arraysAtTheTimeOfTheClock_allocatesAtMostTheRef(Segments segments) throws Exception {
        assertThat(bytesAnAppend(segments, stream -> stream.append(content).position())).isLessThanOrEqualTo(REF_BYTES + SLACK_BYTES);
    }

    @ParameterizedTest
    @EnumSource(value = Segments.class, names = {"OWN", "SHARED"})
    void append_nativeBytes_allocatesNothing(Segments segments) throws Exception {
        Bytes<?> header = Bytes.allocateElasticDirect(8);
        Bytes<?> bytes = Bytes.allocateElasticDirect(CONTENT_BYTES);
        try {
            double allocated = bytesAnAppend(segments, stream -> {
                bytes.clear();
                bytes.write(content);
                return stream.appendBytes(TIMESTAMP, header, bytes);
            });
            assertThat(allocated).isLessThanOrEqualTo(SLACK_BYTES);
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
        double allocated = bytesAnAppend(segments, stream -> {
            bytes.clear();
            bytes.write(content);
            return stream.appendBytes(TIMESTAMP, header, bytes);
        });
        assertThat(allocated).isLessThanOrEqualTo(SLACK_BYTES);
    }

    @ParameterizedTest
    @EnumSource(value = Segments.class, names = {"OWN", "SHARED"})
    void append_typedRecord_allocatesNothing(Segments segments) throws Exception {
        WriteBytesMarshallable typed = bytes -> {
            for (int i = 0; i < CONTENT_BYTES / Long.BYTES; i++) {
                bytes.writeLong(i);
            }
        };
        assertThat(bytesAnAppend(segments, stream -> stream.appendTyped(TIMESTAMP, typed))).isLessThanOrEqualTo(SLACK_BYTES);
    }

    private double bytesAnAppend(Segments segments, Append append) throws ReflectiveOperationException {
        Instant now = Instant.ofEpochMilli(TIMESTAMP);
        WalOptions options = WalOptions.builder().storage(Storage.MAPPED).clock(() -> now).sweepInterval(Duration.ZERO)
                .streams("*", StreamOptions.builder().segments(segments).build()).build();
        try (StreamWal wal = StreamWal.open(directory, options)) {
            WalStream stream = wal.stream("measured");
            long end = 0;
            for (int i = 0; i < WARM_UPS; i++) {
                end = appendMany(append, stream);
            }
            assertThat(wal.stats().mappedSegments()).as("mapped, and perhaps one that waits for its footer").isPositive();
            AllocatedBytes counter = new AllocatedBytes();
            long before = counter.now();
            end = appendMany(append, stream) - end;
            long allocated = counter.now() - before;
            assertThat(end).isPositive();
            double mean = (double) allocated / MEASURED;
            System.out.printf("AllocationTest: %.3f bytes an append%n", mean);
            return mean;
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
