package dev.streamwal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each version's log is read, written on and packed by this one, and a format doesn't change without a log that has the new one. */
class LogCorpusTest {

    /** A multiple of the window. */
    private static final long START = Instant.parse("2026-03-01T12:00:00Z").toEpochMilli();
    private static final String WRITTEN_NOW = "corpus.version";

    @TempDir
    Path directory;

    static Stream<Arguments> logs() throws IOException {
        return CorpusEntry.all().stream().flatMap(entry -> Stream.of(CorpusEntry.CLOSED, CorpusEntry.KILLED)
                .map(state -> Arguments.of(entry.version(), state)));
    }

    private static void assertHolds(WalReader reader, Map<String, List<Written>> records) {
        assertThat(reader.keys()).containsExactlyElementsOf(records.keySet());
        records.forEach((key, ofKey) -> Written.assertHolds(reader, key, ofKey));
    }

    private static void assertHolds(StreamWal wal, Path root, Map<String, List<Written>> records) {
        try (WalReader within = wal.reader(); WalReader without = CorpusLog.reader(root)) {
            assertHolds(within, records);
            assertHolds(without, records);
        }
    }

    private static void append(StreamWal wal, ManualClock clock, Map<String, List<Written>> records, String what) {
        byte[] content = what.getBytes(UTF_8);
        records.forEach((key, ofKey) -> ofKey.add(Written.of(wal.stream(key).append(clock.millis(), content), clock.millis(), content)));
    }

    @ParameterizedTest
    @MethodSource("logs")
    void logOfEachVersion_isReadWrittenOnAndPacked(String version, String state) throws IOException {
        CorpusEntry entry = CorpusEntry.of(version);
        CorpusLog.Content content = entry.content();
        Map<String, List<Written>> records = content.records();
        Path root = directory.resolve("log");
        entry.unpack(state, root);
        SortedMap<String, String> before = FileListing.of(root);
        try (WalReader reader = CorpusLog.reader(root)) {
            assertHolds(reader, records);
            assertThat(reader.describeConsumer(CorpusLog.CONSUMER).orElseThrow().committed()).isEqualTo(content.committed());
        }
        assertThat(FileListing.of(root)).as("a reader writes nothing").isEqualTo(before).hasSizeGreaterThan(10);

        ManualClock clock = new ManualClock(content.endMillis());
        try (StreamWal wal = StreamWal.open(root, CorpusLog.options(clock).build())) {
            assertHolds(wal, root, records);
            append(wal, clock, records, "later");
            clock.advance(CorpusLog.WINDOW);
            append(wal, clock, records, "in the next window");
            LogContract.await("what that version has written is packed", () -> wal.pack() > 0);
            assertHolds(wal, root, records);
        }
        try (StreamWal wal = StreamWal.open(root, CorpusLog.options(clock).build())) {
            append(wal, clock, records, "opened again");
            assertHolds(wal, root, records);
            assertThat(root.resolve("quarantine")).doesNotExist();
        }
    }

    @Test
    void formats_areThoseOfTheNewestLog() throws IOException {
        List<CorpusEntry> entries = CorpusEntry.all();
        Path root = directory.resolve("now");
        CorpusLog.Content content = CorpusLog.write(root, START, () -> { });
        try (WalReader reader = CorpusLog.reader(root)) {
            assertHolds(reader, content.records());
        }
        assertThat(CorpusEntry.formatsOf(root))
                .as("this version writes other formats than the newest log in src/test/resources/corpus: add one, as docs/compatibility.md says")
                .isEqualTo(entries.get(entries.size() - 1).formats());
    }

    /** {@code -Dcorpus.version=<version>} adds this version's log, or replaces it. */
    @Test
    @EnabledIfSystemProperty(named = WRITTEN_NOW, matches = ".+")
    void write() throws IOException {
        CorpusEntry entry = CorpusEntry.of(System.getProperty(WRITTEN_NOW));
        Path root = directory.resolve("written");
        List<String> copied = new ArrayList<>();
        CorpusLog.Content content = CorpusLog.write(root, START, () -> {
            Path killed = directory.resolve("killed");
            copy(root, killed);
            entry.pack(CorpusEntry.KILLED, killed);
            copied.add(CorpusEntry.KILLED);
        });
        entry.pack(CorpusEntry.CLOSED, root);
        entry.describe(content, CorpusEntry.formatsOf(root));
        assertThat(copied).hasSize(1);
        assertThat(entry.content()).isEqualTo(content);
    }

    private static void copy(Path root, Path target) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path to = target.resolve(root.relativize(file).toString());
                Files.createDirectories(Objects.requireNonNull(to.getParent()));
                Files.copy(file, to);
            }
        }
    }
}
