package dev.streamwal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Logs that the version before packs and shared segments has left, checked in as they were: three windows of five streams, the first two with records that were
 * made durable, one of the logs closed, the other one killed.
 */
class UpgradeTest {

    private static final long START_MILLIS = 1_772_366_400_000L;
    private static final Duration WINDOW = Duration.ofMinutes(10);
    private static final int WINDOWS = 3;

    @TempDir
    Path directory;

    private final ManualClock clock = new ManualClock(START_MILLIS + WINDOW.multipliedBy(WINDOWS).toMillis());

    private record Found(EntryRef ref, long timestampMillis, String content) {}

    private WalOptions.Builder options(Segments segments) {
        return WalOptions.builder().clock(clock).window(WINDOW).retention(Duration.ofDays(10)).ownSegments(0).sweepInterval(Duration.ZERO)
                .streams("*", StreamOptions.builder().segments(segments).build());
    }

    private Path unpacked(String how) throws IOException {
        Path root = directory.resolve(how);
        String name = "/logs/before-packs-" + how + ".zip";
        try (InputStream in = Objects.requireNonNull(UpgradeTest.class.getResourceAsStream(name), name); ZipInputStream zip = new ZipInputStream(in)) {
            for (ZipEntry each = zip.getNextEntry(); each != null; each = zip.getNextEntry()) {
                Path file = root.resolve(each.getName());
                if (each.isDirectory()) {
                    Files.createDirectories(file);
                } else {
                    Files.createDirectories(Objects.requireNonNull(file.getParent()));
                    Files.copy(zip, file);
                }
            }
        }
        return root;
    }

    /** What the version that wrote it appended. */
    private static Map<String, List<String>> written() {
        Map<String, List<String>> written = new TreeMap<>();
        for (int window = 0; window < WINDOWS; window++) {
            for (int key = 0; key < 4; key++) {
                for (int i = 0; i < 6; i++) {
                    written.computeIfAbsent("meter/" + key, any -> new ArrayList<>()).add("meter/" + key + " " + window + " " + i + " "
                            + "x".repeat(40 * key));
                }
            }
            for (int i = 0; i < 3; i++) {
                written.computeIfAbsent("batches", any -> new ArrayList<>()).add("batch " + window + " " + i);
            }
        }
        return written;
    }

    private static List<Found> scanned(WalReader reader, String key) {
        List<Found> found = new ArrayList<>();
        try (EntryCursor cursor = reader.scan(key)) {
            while (cursor.next()) {
                found.add(new Found(cursor.ref(), cursor.timestampMillis(), cursor.content().toString(UTF_8)));
            }
        }
        return found;
    }

    private static void assertHolds(WalReader reader, Map<String, List<String>> written) {
        assertThat(reader.keys("")).containsExactlyElementsOf(written.keySet());
        written.forEach((key, contents) -> {
            List<Found> found = scanned(reader, key);
            assertThat(found).extracting(Found::content).as(key).isEqualTo(contents);
            try (EntryBatch batch = reader.readBatch(found.stream().map(Found::ref).toList())) {
                for (int i = 0; i < found.size(); i++) {
                    Entry entry = batch.get(i);
                    assertThat(entry.content().toString(UTF_8)).isEqualTo(contents.get(i));
                }
            }
        });
    }

    private static void assertHolds(StreamWal wal, Path root, Map<String, List<String>> written) {
        try (WalReader within = wal.reader(); WalReader without = WalReader.open(root)) {
            assertHolds(within, written);
            assertHolds(without, written);
        }
    }

    private static long segments(Path root) {
        try (Stream<Path> files = Files.walk(root.resolve("streams"))) {
            return files.filter(file -> file.toString().endsWith(".seg")).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @CsvSource({"closed, SHARED", "closed, OWN", "closed, AUTO", "killed, SHARED", "killed, OWN", "killed, AUTO"})
    void log_ofTheVersionBeforePacks_isReadGoesOnAndIsPacked(String how, Segments segments) throws IOException {
        Path root = unpacked(how);
        Map<String, List<String>> written = written();
        try (WalReader reader = WalReader.open(root)) {
            assertHolds(reader, written);
        }
        Map<String, List<Found>> before = new TreeMap<>();
        try (StreamWal wal = StreamWal.open(root, options(segments).build())) {
            assertHolds(wal, root, written);
            try (WalReader reader = wal.reader()) {
                written.keySet().forEach(key -> before.put(key, scanned(reader, key)));
            }
            append(wal, written, "later");
            assertHolds(wal, root, written);
            clock.advance(WINDOW);
            append(wal, written, "last");
            LogContract.await("what the old version has written is in packs", () -> {
                int unused = wal.pack();
                return segments(root) <= written.size();
            });
            assertHolds(wal, root, written);
        }
        try (StreamWal wal = StreamWal.open(root, options(segments).build())) {
            append(wal, written, "again");
            assertHolds(wal, root, written);
            try (WalReader reader = wal.reader()) {
                before.forEach((key, found) -> assertThat(scanned(reader, key).subList(0, found.size())).as("refs stay good").isEqualTo(found));
            }
            // all but the first window of the old ones
            assertThat(wal.sweep(Instant.ofEpochMilli(START_MILLIS).plus(Duration.ofDays(10)).plus(WINDOW)).deletedSegments()).isEqualTo(written.size());
            written.forEach((key, contents) -> contents.subList(0, key.equals("batches") ? 3 : 6).clear());
            assertHolds(wal, root, written);
        }
    }

    private void append(StreamWal wal, Map<String, List<String>> written, String what) {
        written.forEach((key, contents) -> {
            EntryRef unused = wal.stream(key).append(clock.millis(), what.getBytes(UTF_8));
            contents.add(what);
        });
    }
}
