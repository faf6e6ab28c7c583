package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Scans past the page cache have the answers of others, are of what isn't appended to any more only, and leave nothing in the page cache. */
class DirectScansTest {

    private static final Duration WINDOW = Duration.ofMinutes(10);
    private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
    private static final int STREAMS = 4;
    private static final int WINDOWS = 3;
    private static final ReaderOptions DIRECT = ReaderOptions.builder().directScans(true).keys(MasterKeysForTests.ring("a")).build();
    private static final ReaderOptions CACHED = ReaderOptions.builder().keys(MasterKeysForTests.ring("a")).build();

    @TempDir
    private Path folder;

    private final Instant[] now = {START};
    private final List<EntryRef> refs = new ArrayList<>();

    private WalOptions.Builder options() {
        return WalOptions.builder().clock(() -> now[0]).window(WINDOW).retention(Duration.ofDays(1)).segmentBytes(256 << 10).ownSegments(0)
                .sweepInterval(Duration.ZERO);
    }

    private StreamWal open(Path root, WalOptions options) {
        return SimulatedLog.open(root, options, "boot", false, new Random(1)::nextLong);
    }

    /** Windows of records; the last one is appended to. */
    private void fill(StreamWal wal, int records) {
        Random random = new Random(1);
        for (int window = 0; window < WINDOWS; window++) {
            now[0] = START.plus(WINDOW.multipliedBy(window));
            for (int i = 0; i < STREAMS * records; i++) {
                byte[] content = new byte[random.nextInt(1_000)];
                random.nextBytes(content);
                refs.add(wal.stream("s" + i % STREAMS).append(now[0].toEpochMilli() + i, content));
            }
        }
        SimulatedLog.runBackground(wal);
    }

    private static List<Entry> read(EntryCursor cursor) {
        List<Entry> found = new ArrayList<>();
        try (cursor) {
            while (cursor.next()) {
                found.add(cursor.copy());
            }
        }
        return found;
    }

    private static List<List<Entry>> scans(WalReader reader) {
        List<List<Entry>> found = new ArrayList<>();
        for (int stream = 0; stream < STREAMS; stream++) {
            String key = "s" + stream;
            found.add(read(reader.scan(key)));
            found.add(read(reader.scanBackward(key, Long.MAX_VALUE)));
            found.add(read(reader.scan(key, START.plusSeconds(1), START.plus(WINDOW).plusMillis(50))));
        }
        found.add(read(reader.scanMerged(Keys.prefix("s"), START.plusMillis(30), Instant.MAX)));
        return found;
    }

    private static void assertSame(List<List<Entry>> found, List<List<Entry>> expected) {
        for (int i = 0; i < expected.size(); i++) {
            assertThat(found.get(i)).as("scan %d", i).hasSameSizeAs(expected.get(i));
            for (int j = 0; j < expected.get(i).size(); j++) {
                Entry entry = found.get(i).get(j);
                assertThat(entry.ref()).isEqualTo(expected.get(i).get(j).ref());
                assertThat(entry.contentBytes()).isEqualTo(expected.get(i).get(j).contentBytes());
            }
        }
    }

    /** What all scans read, and that it is the same; how much of it past the page cache. */
    private long compare(Path root) {
        try (WalReader direct = WalReader.open(root, DIRECT); WalReader cached = WalReader.open(root, CACHED)) {
            assertSame(scans(direct), scans(cached));
            assertThat(cached.directReadBytes()).isZero();
            assertThat(direct.directReadBytes()).isLessThanOrEqualTo(direct.readBytes());
            return direct.directReadBytes();
        }
    }

    @ParameterizedTest
    @CsvSource({"NONE, false, false", "COLUMNS, false, false", "COLUMNS, true, false", "NONE, false, true"})
    void scans_packsAndSealedSegments_areAsThroughThePageCache(Compression compression, boolean encrypted, boolean own) {
        WalOptions.Builder options = options().compression(compression);
        if (encrypted) {
            options.encryption(MasterKeysForTests.ring("a"));
        }
        if (own) {
            options.streams("*", StreamOptions.builder().segments(Segments.OWN).build());
        }
        try (StreamWal wal = open(folder, options.build())) {
            fill(wal, 200);
            if (!own) {
                assertThat(wal.pack()).isPositive();
            }
            long direct = compare(folder);
            assumeThat(direct).as("the file system can").isPositive();
            assertThat(direct).isGreaterThan(100_000);
        }
    }

    @Test
    void scans_ofWhatIsAppendedTo_areNotDirect() {
        try (StreamWal wal = open(folder, options().streams("*", StreamOptions.builder().segments(Segments.OWN).build()).build())) {
            for (int i = 0; i < 100; i++) {
                refs.add(wal.stream("s" + i % STREAMS).append(new byte[500]));
            }
            assertThat(compare(folder)).isZero();
        }
    }

    @Test
    void recordsByReferenceAndLastRecords_areNotDirect() {
        try (StreamWal wal = open(folder, options().build())) {
            fill(wal, 100);
            assertThat(wal.pack()).isPositive();
            try (WalReader reader = WalReader.open(folder, DIRECT); EntryBatch batch = reader.readBatch(refs)) {
                assertThat(batch.found()).hasSameSizeAs(refs);
                assertThat(reader.find(refs.get(0))).isPresent();
                assertThat(reader.latest("s1")).isPresent();
                assertThat(reader.directReadBytes()).isZero();
            }
        }
    }

    @Test
    void scans_whereTheFileSystemCannot_areAsWithoutTheOption() throws IOException {
        try (FileSystem memory = Jimfs.newFileSystem(Configuration.unix())) {
            Path root = memory.getPath("/log");
            try (StreamWal wal = open(root, options().build())) {
                fill(wal, 100);
                assertThat(wal.pack()).isPositive();
                assertThat(compare(root)).isZero();
            }
        }
    }

    /** But of headers, tables and footers. */
    @Test
    void scan_direct_leavesTheRecordsOutOfThePageCache() throws Exception {
        try (StreamWal wal = open(folder, options().compression(Compression.NONE).directPacks(true).build())) {
            fill(wal, 2_000);
            assertThat(wal.pack()).isPositive();
            assumeThat(wal.stats().directBytes()).as("the file system can").isPositive();
        }
        Path[] packs = packs();
        long bytes = 0;
        for (Path pack : packs) {
            bytes += Files.size(pack);
        }
        assertThat(bytes).isGreaterThan(4 << 20);
        assertThat(scanned(DIRECT)).isPositive();
        assertThat(PageCache.residentBytes(packs)).isLessThan(bytes / 4);
        assertThat(scanned(CACHED)).isPositive();
        assumeThat(PageCache.residentBytes(packs)).as("otherwise, where the system has the memory").isGreaterThan(bytes / 2);
    }

    private int scanned(ReaderOptions options) {
        int records = 0;
        try (WalReader reader = WalReader.open(folder, options)) {
            for (int stream = 0; stream < STREAMS; stream++) {
                try (EntryCursor cursor = reader.scan("s" + stream)) {
                    while (cursor.next()) {
                        records++;
                    }
                }
            }
        }
        return records;
    }

    private Path[] packs() throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("packs"))) {
            return files.filter(file -> file.toString().endsWith(".pack")).toArray(Path[]::new);
        }
    }
}
