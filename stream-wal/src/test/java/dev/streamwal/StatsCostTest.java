package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@link StreamWal#stats()}, and the rest of what a registry reads, costs the same with many streams as with few. Counted in what it allocates: a list, a
 * set or a stream object for each stream would show, and what shows is the same on every machine.
 */
@EnabledOnOs(OS.LINUX)
class StatsCostTest {

    private static final Instant NOW = Instant.parse("2026-05-01T00:00:00Z");
    private static final int OWN = 16;
    private static final int MANY = 20_000;
    private static final int CALLS = 200;

    @TempDir
    private Path directory;

    private WalOptions options() {
        return WalOptions.builder().clock(() -> NOW).sweepInterval(Duration.ZERO).ownSegments(OWN).build();
    }

    private static void append(StreamWal wal, int from, int to) {
        byte[] content = new byte[8];
        for (int i = from; i < to; i++) {
            wal.stream("stream/" + i).append(content);
        }
    }

    private static double allocatedBy(StreamWal wal) throws ReflectiveOperationException {
        return allocatedBy(() -> wal.stats().segments());
    }

    /** All that a registry asks for its meters. */
    private static double allocatedByAReading(StreamWal wal) throws ReflectiveOperationException {
        return allocatedBy(() -> wal.stats().segments() + wal.activity().flushes().size() + wal.health().state().ordinal());
    }

    /** Of one call, once it is compiled. */
    private static double allocatedBy(IntSupplier call) throws ReflectiveOperationException {
        int sum = 0;
        for (int i = 0; i < 20 * CALLS; i++) {
            sum += call.getAsInt();
        }
        AllocatedBytes counter = new AllocatedBytes();
        long before = counter.now();
        for (int i = 0; i < CALLS; i++) {
            sum += call.getAsInt();
        }
        long allocated = counter.now() - before;
        assertThat(sum).isPositive();
        return (double) allocated / CALLS;
    }

    @Test
    void stats_ofManyStreams_costWhatThoseOfFewDo() throws Exception {
        try (StreamWal wal = StreamWal.open(directory, options())) {
            append(wal, 0, 2 * OWN);
            double few = allocatedBy(wal);
            double fewRead = allocatedByAReading(wal);
            append(wal, 2 * OWN, MANY);
            double many = allocatedBy(wal);
            double manyRead = allocatedByAReading(wal);
            assertThat(wal.stats().streams()).isEqualTo(MANY);
            assertThat(wal.stats().appends()).isEqualTo(MANY);
            assertThat(many).as("bytes a call; with few streams: " + few).isLessThan(few + OWN * 64);
            assertThat(manyRead).as("bytes a reading; with few streams: " + fewRead).isLessThan(fewRead + OWN * 64);

            assertThat(wal.pack()).isZero();
            wal.sweep();
            assertThat(wal.stats().appends()).isEqualTo(MANY);
        }
    }

    @Test
    void stats_ofPacks_readThemOncePerChange() throws Exception {
        WalOptions.Builder options = WalOptions.builder().sweepInterval(Duration.ZERO).ownSegments(0);
        Instant[] now = {NOW};
        try (StreamWal wal = StreamWal.open(directory, options.clock(() -> now[0]).build())) {
            append(wal, 0, MANY);
            now[0] = NOW.plus(Duration.ofHours(1));
            assertThat(wal.pack()).isEqualTo(MANY);
            for (int i = 0; i < 100; i++) {
                boolean unused = wal.delete("stream/" + i);
            }
            assertThat(wal.stats().segments()).isEqualTo(MANY - 100);
            assertThat(allocatedBy(wal)).as("bytes a call").isLessThan(10_000);
        }
    }
}
