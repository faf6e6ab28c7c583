package dev.streamwal.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.Durability;
import dev.streamwal.ErasureReport;
import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.error.WalIOException;
import dev.streamwal.journal.JournalFiles;
import dev.streamwal.manifest.ManifestFile;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What killed processes have left in a log's directory, and what can't be deleted when the log is opened: it opens, and what is left goes later. */
@Tag("portable")
class LeftoversTest {

    private static final Duration WINDOW = Duration.ofHours(1);
    private static final String KEY = "s";

    private final SimulatedDisk disk = new SimulatedDisk();
    private final Path root = disk.path("/log");
    private Instant now = Instant.parse("2026-03-01T12:00:00Z");
    private int appended;

    private StreamWal open() {
        WalOptions.Builder options = WalOptions.builder().clock(() -> now).window(WINDOW).retention(WINDOW.multipliedBy(100)).ownSegments(0)
                .sweepInterval(Duration.ZERO);
        return SimulatedLog.open(root, options.build(), "boot", false, new Random(disk.operations())::nextLong);
    }

    private void appendAndPack(StreamWal wal) {
        wal.stream(KEY).append(WriteEntry.of(new byte[++appended]), Durability.IMMEDIATE);
        now = now.plus(WINDOW.multipliedBy(2));
        assertThat(wal.pack()).isPositive();
    }

    private void assertAllIsThere(StreamWal wal) {
        List<Integer> expected = new ArrayList<>();
        for (int i = 1; i <= appended; i++) {
            expected.add(i);
        }
        List<Integer> lengths = new ArrayList<>();
        try (WalReader reader = wal.reader(); EntryCursor cursor = reader.scan(KEY)) {
            while (cursor.next()) {
                lengths.add(cursor.content().readableBytes());
            }
        }
        assertThat(lengths).isEqualTo(expected);
    }

    @Test
    void open_whatIsLeftCannotBeDeleted_opensAndDeletesItLater() throws IOException {
        try (StreamWal wal = open()) {
            appendAndPack(wal);
        }
        // the numbers that would be given next, and others
        List<Path> packs = List.of(PackFiles.pack(root, 3), PackFiles.pack(root, 255), PackFiles.temporary(root, 256), PackFiles.temporary(root, 4),
                PackFiles.temporaryKeys(root));
        Path halfMade = JournalFiles.path(root, 7);
        Path links = root.resolve(".checkpoint-1");
        Files.createDirectory(links);
        List<Path> left = new ArrayList<>(packs);
        left.addAll(List.of(halfMade, links.resolve("positions")));
        for (Path file : left) {
            Files.write(file, new byte[5]);
        }
        disk.failing(new FaultPlan(0, EnumSet.of(Call.DELETE), "\\.pack|keys\\.tmp|\\.journal|checkpoint", 1, Integer.MAX_VALUE,
                FaultPlan.Failure.IO_ERROR));
        StreamWal wal = open();
        assertThat(left).allMatch(Files::exists);
        assertAllIsThere(wal);
        disk.failing(FaultPlan.NONE);
        appendAndPack(wal);
        assertThat(PackFiles.pack(root, 3)).as("goes with the next change of the packs").doesNotExist();
        assertThat(PackFiles.pack(root, 255)).doesNotExist();
        assertAllIsThere(wal);
        wal.close();

        try (StreamWal again = open()) {
            assertThat(left).noneMatch(Files::exists);
            assertThat(links).doesNotExist();
            appendAndPack(again);
            assertAllIsThere(again);
        }
    }

    @Test
    void erase_thePackThatHadTheRecordsCannotBeDeleted_saysSoUntilItCan() throws IOException {
        try (StreamWal wal = open()) {
            appendAndPack(wal);
            disk.failing(new FaultPlan(0, EnumSet.of(Call.DELETE), "\\.pack$", 1, Integer.MAX_VALUE, FaultPlan.Failure.IO_ERROR));
            assertThatThrownBy(() -> wal.erase(Keys.all(), Instant.MIN, Instant.MAX)).isInstanceOf(WalIOException.class).hasMessageContaining(".pack");
            assertThatThrownBy(() -> wal.erase(Keys.all(), Instant.MIN, Instant.MAX)).as("it is still there").isInstanceOf(WalIOException.class);
            disk.failing(FaultPlan.NONE);
            ErasureReport unused = wal.erase(Keys.all(), Instant.MIN, Instant.MAX);
            try (Stream<Path> files = Files.list(root.resolve(PackFiles.DIRECTORY))) {
                assertThat(files.filter(file -> file.toString().endsWith(".pack"))).hasSameSizeAs(ManifestFile.read(root).packsInOrder());
            }
        }
    }

    /** They stay for ever: nothing that the log writes meets them. */
    @Test
    void append_whatIsLeftStays_goesOnBesideIt() throws IOException {
        try (StreamWal wal = open()) {
            appendAndPack(wal);
        }
        long next = ManifestFile.read(root).highestNumber() + 1;
        List<Path> left = List.of(PackFiles.pack(root, next), PackFiles.temporary(root, next + 1), JournalFiles.path(root, 1));
        for (Path file : left) {
            Files.write(file, new byte[5]);
        }
        String names = "0*%x\\.pack|0*%x\\.pack\\.tmp|0*1\\.journal".formatted(next, next + 1);
        disk.failing(new FaultPlan(0, EnumSet.of(Call.DELETE, Call.WRITE), names, 1, Integer.MAX_VALUE, FaultPlan.Failure.IO_ERROR));
        for (int opening = 1; opening <= 3; opening++) {
            try (StreamWal wal = open()) {
                appendAndPack(wal);
                appendAndPack(wal);
                assertAllIsThere(wal);
            }
        }
        assertThat(left).allMatch(Files::exists);
        disk.failing(FaultPlan.NONE);
    }
}
