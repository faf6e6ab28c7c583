package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.engine.Environment;
import dev.streamwal.engine.Storages;
import dev.streamwal.format.StreamKey;
import dev.streamwal.reader.Keys;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A pass of packing ends, however much is appended meanwhile: what else it has to do is done, too. So does an erasure. */
class PackingUnderLoadTest {

    private static final Duration WINDOW = Duration.ofMinutes(1);
    private static final int MAX_FILLS = 50;

    @TempDir
    private Path folder;

    private final ManualClock clock = new ManualClock(LogContract.NOW);
    private final AtomicReference<StreamWal> log = new AtomicReference<>();
    private final AtomicInteger fills = new AtomicInteger();

    /** Without threads of its own, the log calls the listener between two packs. */
    private StreamWal open() {
        WalOptions options = WalOptions.builder().clock(clock).window(WINDOW).retention(Duration.ofHours(1)).ownSegments(1).segmentBytes(64 << 10)
                .listener(new WalListener() {
                    @Override
                    public void onPacked(PackedSegments packed) {
                        if (fills.get() < MAX_FILLS) {
                            fills.incrementAndGet();
                            fill();
                        }
                    }
                }).build();
        return StreamWal.open(folder.resolve("log"), options,
                new Environment(() -> Optional.of("boot-1"), new Storages(options.storage().kind()), new Random(1)::nextLong, false));
    }

    /** A shared segment, and a little of the next one. */
    private void fill() {
        for (int i = 0; i < 80; i++) {
            long unused = log.get().stream("shared").append(new byte[1_000]).position();
        }
        log.get().runBackground();
    }

    @Test
    void pack_whileSharedSegmentsFill_ends_andPacksOwnSegments() {
        try (StreamWal wal = open()) {
            log.set(wal);
            long unused = wal.stream("own").append(new byte[9]).position();
            fill();
            clock.advance(WINDOW.multipliedBy(2));
            unused = wal.stream("own").append(new byte[9]).position();
            fill();
            assertThat(wal.stats().segments()).as("one of each window").isGreaterThanOrEqualTo(2);
            assertThat(wal.pack()).isPositive();
            assertThat(fills.get()).as("packs of one pass").isBetween(2, 5);
            assertThat(LogContract.segmentsIn(folder.resolve("log/segments").resolve(StreamKey.of("own").directoryName()))).hasSize(1);
        }
    }

    @Test
    void erase_whileSharedSegmentsFill_ends_andErasesWhatWasBefore() {
        try (StreamWal wal = open()) {
            log.set(wal);
            long unused = wal.stream("own").append(new byte[9]).position();
            fill();
            fills.set(0);
            ErasureReport report = wal.erase(Keys.key("shared"), Instant.MIN, Instant.MAX);
            assertThat(report.records()).as("those that were there at the call").isGreaterThanOrEqualTo(80);
            assertThat(fills.get()).as("packs of the call").isBetween(1, 5);
        }
    }
}
