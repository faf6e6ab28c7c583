package dev.streamwal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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
        assertThat(reader.keys()).containsExactlyElementsOf(written.keySet());
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
        try (Stream<Path> files = Files.walk(root.resolve("segments"))) {
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
        Map<String, List<Found>> before = new TreeMap<>();
        try (StreamWal wal = StreamWal.open(root, options(segments).build())) {
            assertOldVersionsRefuse(root);
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

    /** Adds what the tail delivers, which has to be all of these streams: what has just been appended it may see only at a later look. */
    private static void deliver(EntryTail tail, List<String> delivered, Map<String, List<String>> written) {
        LogContract.await("all is delivered", () -> {
            while (tail.next()) {
                delivered.add(tail.key() + " " + tail.content().toString(UTF_8));
            }
            return delivered.size() >= all(written).size();
        });
    }

    private static List<String> all(Map<String, List<String>> written) {
        return written.entrySet().stream().flatMap(each -> each.getValue().stream().map(content -> each.getKey() + " " + content)).toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"closed", "killed"})
    void reader_logNotUpgradedYet_writesNothingAndGoesOnWhenItIs(String how) throws IOException {
        Path root = unpacked(how);
        Map<String, List<String>> written = written();
        SortedMap<String, String> before = FileListing.of(root);
        try (WalReader reader = WalReader.open(root);
                EntryTail one = reader.follow("batches", ReadFrom.first());
                EntryTail many = reader.follow(Keys.all(), ReadFrom.first());
                EntryCursor scan = reader.scan("meter/3")) {
            assertHolds(reader, written);
            List<String> ofOne = new ArrayList<>();
            List<String> ofMany = new ArrayList<>();
            deliver(one, ofOne, Map.of("batches", written.get("batches")));
            deliver(many, ofMany, written);
            assertThat(scan.next()).isTrue();
            RecoveryReport unused = StreamWal.rehearseRecovery(root, RecoveryPolicy.STOP_AT_FIRST_ERROR, directory, progress -> { });
            assertThat(FileListing.of(root)).isEqualTo(before).hasSizeGreaterThan(10);

            int left = 1;
            for (Segments segments : List.of(Segments.OWN, Segments.SHARED)) {
                try (StreamWal wal = StreamWal.open(root, options(segments).build())) {
                    assertHolds(reader, written);
                    append(wal, written, "later");
                    assertHolds(reader, written);
                    deliver(one, ofOne, Map.of("batches", written.get("batches")));
                    deliver(many, ofMany, written);
                }
            }
            while (scan.next()) {
                left++;
            }
            assertThat(left).isEqualTo(written.get("meter/3").size());
            assertThat(ofOne).isEqualTo(all(Map.of("batches", written.get("batches"))));
            assertThat(ofMany).containsExactlyInAnyOrderElementsOf(all(written));
        }
    }

    /** What they do first in a log that they open, and in one that they read: they make the folder, and list it. */
    private static void assertOldVersionsRefuse(Path root) throws IOException {
        Path file = root.resolve("streams");
        assertThatThrownBy(() -> Files.createDirectories(file)).isInstanceOf(FileAlreadyExistsException.class);
        assertThatThrownBy(() -> Files.newDirectoryStream(file)).isInstanceOf(NotDirectoryException.class);
        // of a name below a file, the attributes say on newer JDKs that there is none; who lists it, or makes it, is refused on each
        Path stream = file.resolve("batches");
        assertThatThrownBy(() -> Files.newDirectoryStream(stream)).isInstanceOf(NotDirectoryException.class);
        assertThatThrownBy(() -> Files.createDirectory(stream)).isInstanceOf(FileSystemException.class).isNotInstanceOf(NoSuchFileException.class);
        assertThat(file).isRegularFile().content().contains("its segments are in the folder \"segments\"");
    }

    @Test
    void newLog_andItsCheckpoint_areRefusedByOldVersions() throws IOException {
        Path root = directory.resolve("new");
        Path copy = directory.resolve("copy");
        Map<String, List<String>> written = new TreeMap<>(Map.of("k", new ArrayList<>()));
        try (StreamWal wal = StreamWal.open(root, options(Segments.SHARED).build())) {
            assertOldVersionsRefuse(root);
            append(wal, written, "first");
            wal.checkpoint(copy);
        }
        assertOldVersionsRefuse(copy);
        try (StreamWal wal = StreamWal.open(copy, options(Segments.SHARED).build())) {
            assertHolds(wal, copy, written);
        }
    }

    private Path inBothFolders() throws IOException {
        Path root = unpacked("closed");
        try (StreamWal wal = StreamWal.open(root, options(Segments.OWN).build())) {
            append(wal, written(), "later");
        }
        Files.delete(root.resolve("streams"));
        Files.createDirectories(root.resolve("streams/batches"));
        return root;
    }

    @Test
    void open_segmentsInBothFolders_refusesAndSaysWhatToDo() throws IOException {
        Path root = inBothFolders();
        SortedMap<String, String> before = FileListing.of(root.resolve("segments"));
        for (ThrowingCallable open : List.<ThrowingCallable>of(() -> StreamWal.open(root, options(Segments.OWN).build()),
                () -> WalReader.open(root),
                () -> StreamWal.rehearseRecovery(root, RecoveryPolicy.STOP_AT_FIRST_ERROR, directory, progress -> { }))) {
            assertThatThrownBy(open).isInstanceOf(WalException.class).hasMessageContaining("root=" + root)
                    .hasMessageContaining("folder=segments, otherFolder=streams; an old version of stream-wal has written to it")
                    .hasMessageContaining("make two copies of the log, remove one of the folders in each");
        }
        assertThat(FileListing.of(root.resolve("segments"))).isEqualTo(before);
        // as the message says
        try (Stream<Path> files = Files.walk(root.resolve("streams")).sorted(Comparator.reverseOrder())) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Map<String, List<String>> written = written();
        written.values().forEach(contents -> contents.add("later"));
        try (WalReader reader = WalReader.open(root)) {
            assertHolds(reader, written);
        }
    }

    @Test
    void open_nothingInOneOfTwoFolders_usesTheOther() throws IOException {
        Path root = inBothFolders();
        Map<String, List<String>> written = written();
        written.values().forEach(contents -> contents.add("later"));
        Files.delete(root.resolve("streams/batches"));
        try (WalReader reader = WalReader.open(root); StreamWal wal = StreamWal.open(root, options(Segments.OWN).build())) {
            assertHolds(reader, written);
            assertHolds(wal, root, written);
            assertOldVersionsRefuse(root);
        }
        Files.delete(root.resolve("streams"));
        Path unused = Files.move(root.resolve("segments"), root.resolve("streams"));
        Files.createDirectory(root.resolve("segments"));
        try (WalReader reader = WalReader.open(root); StreamWal wal = StreamWal.open(root, options(Segments.OWN).build())) {
            assertHolds(reader, written);
            assertHolds(wal, root, written);
            assertOldVersionsRefuse(root);
        }
    }

    @Test
    void open_folderIsALink_isRenamedAsALink() throws IOException {
        Path root = unpacked("closed");
        Path elsewhere = Files.move(root.resolve("streams"), directory.resolve("elsewhere"));
        Path link = Files.createSymbolicLink(root.resolve("streams"), elsewhere);
        try (WalReader reader = WalReader.open(root)) {
            assertHolds(reader, written());
            try (StreamWal wal = StreamWal.open(root, options(Segments.OWN).build())) {
                assertHolds(wal, root, written());
                assertHolds(reader, written());
            }
        }
        assertThat(root.resolve("segments")).isSymbolicLink();
        assertOldVersionsRefuse(root);
        // as where what it leads to isn't mounted
        Path unused = Files.move(elsewhere, directory.resolve("unmounted"));
        assertThatThrownBy(() -> StreamWal.open(root, options(Segments.OWN).build())).isInstanceOf(WalIOException.class)
                .hasMessageContaining(root.resolve("segments").toString());
        Files.delete(link);
        Files.delete(root.resolve("segments"));
        Path unusedToo = Files.createSymbolicLink(link, elsewhere);
        assertThatThrownBy(() -> StreamWal.open(root, options(Segments.OWN).build())).isInstanceOf(WalIOException.class)
                .hasMessageContaining(root.resolve("segments").toString());
        unused = Files.move(directory.resolve("unmounted"), elsewhere);
        try (StreamWal wal = StreamWal.open(root, options(Segments.OWN).build())) {
            assertHolds(wal, root, written());
        }
    }

    private void append(StreamWal wal, Map<String, List<String>> written, String what) {
        written.forEach((key, contents) -> {
            EntryRef unused = wal.stream(key).append(clock.millis(), what.getBytes(UTF_8));
            contents.add(what);
        });
    }
}
