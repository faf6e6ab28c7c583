package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.WalReader;
import dev.streamwal.simulation.SimulatedDisk;
import io.netty.buffer.ByteBufUtil;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A log whose packs are written past the page cache, on a file system that can and on one that can't. */
class DirectPacksTest {

    private static final Duration WINDOW = Duration.ofMinutes(10);
    private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
    private static final int WINDOWS = 3;
    private static final int STREAMS = 10;
    private static final int RECORDS = 20;
    private static final int MANY_RECORDS = 1_500;

    @TempDir
    private Path folder;

    private final Instant[] now = {START};

    private WalOptions options(boolean direct) {
        return WalOptions.builder().clock(() -> now[0]).window(WINDOW).retention(Duration.ofDays(1)).segmentBytes(64 << 10)
                .maxRecordBytes(1_000).ownSegments(0).sweepInterval(Duration.ZERO).directPacks(direct).build();
    }

    private static byte[] content(int record) {
        byte[] content = new byte[500];
        new Random(record).nextBytes(content);
        return content;
    }

    private void fillAndPack(StreamWal wal) {
        fillAndPack(wal, RECORDS);
    }

    private void fillAndPack(StreamWal wal, int records) {
        for (int window = 0; window < WINDOWS; window++) {
            for (int i = 0; i < STREAMS * records; i++) {
                assertThat(wal.stream("s" + i % STREAMS).append(now[0].toEpochMilli(), content(i)).size()).isPositive();
            }
            now[0] = now[0].plus(WINDOW);
        }
        SimulatedLog.runBackground(wal);
        assertThat(wal.pack()).isPositive();
    }

    private static void assertAllThere(WalReader reader) {
        for (int stream = 0; stream < STREAMS; stream++) {
            try (EntryCursor cursor = reader.scan("s" + stream)) {
                for (int i = 0; i < WINDOWS * RECORDS; i++) {
                    assertThat(cursor.next()).isTrue();
                    assertThat(ByteBufUtil.getBytes(cursor.content())).isEqualTo(content(i % RECORDS * STREAMS + stream));
                }
                assertThat(cursor.next()).isFalse();
            }
        }
    }

    private StreamWal open(Path root, boolean direct) {
        return SimulatedLog.open(root, options(direct), "boot", false, new Random(1)::nextLong);
    }

    @Test
    void pack_direct_allIsThere() {
        try (StreamWal wal = open(folder, true)) {
            fillAndPack(wal);
            WalStats stats = wal.stats();
            assertThat(stats.packWrittenBytes()).isPositive();
            // 0 where the file system of this machine can't
            assertThat(stats.directBytes()).isBetween(0L, stats.packWrittenBytes());
            try (WalReader reader = wal.reader()) {
                assertAllThere(reader);
            }
        }
        try (WalReader reader = WalReader.open(folder)) {
            assertAllThere(reader);
        }
    }

    /** But of the ends of the files, which are read when the packs are opened. */
    @Test
    void pack_direct_leavesTheRecordsOutOfThePageCache() throws Exception {
        try (StreamWal wal = open(folder.resolve("direct"), true); StreamWal cached = open(folder.resolve("cached"), false)) {
            fillAndPack(wal, MANY_RECORDS);
            assumeThat(wal.stats().directBytes()).as("the file system can").isPositive();
            assertThat(PageCache.residentBytes(packs("direct"))).isLessThan(bytes(packs("direct")) / 4);
            fillAndPack(cached, MANY_RECORDS);
            assumeThat(PageCache.residentBytes(packs("cached"))).as("otherwise, where the system has the memory").isGreaterThan(bytes(packs("cached")) / 2);
        }
    }

    private static long bytes(Path... files) throws IOException {
        long bytes = 0;
        for (Path file : files) {
            bytes += Files.size(file);
        }
        return bytes;
    }

    private Path[] packs(String root) throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve(root).resolve("packs"))) {
            Path[] packs = files.filter(file -> file.toString().endsWith(".pack")).toArray(Path[]::new);
            assertThat(packs).isNotEmpty();
            return packs;
        }
    }

    @Test
    void pack_directWhereTheFileSystemCannot_allIsThereAndNothingIsDirect() {
        try (StreamWal wal = open(new SimulatedDisk().path("/log"), true); WalReader reader = wal.reader()) {
            fillAndPack(wal);
            assertThat(wal.stats().packWrittenBytes()).isPositive();
            assertThat(wal.stats().directBytes()).isZero();
            assertAllThere(reader);
        }
    }

    @Test
    void pack_notDirect_nothingIs() {
        try (StreamWal wal = open(folder, false)) {
            fillAndPack(wal);
            assertThat(wal.stats().packWrittenBytes()).isPositive();
            assertThat(wal.stats().directBytes()).isZero();
        }
    }
}
