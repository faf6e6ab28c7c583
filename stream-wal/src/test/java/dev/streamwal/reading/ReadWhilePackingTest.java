package dev.streamwal.reading;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.StreamInfo;
import dev.streamwal.reader.WalReader;
import dev.streamwal.simulation.SimulatedDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A log that is read goes on, and is packed, merged and swept again and again meanwhile. */
class ReadWhilePackingTest {

    private static final String KEY = "k";
    private static final Duration WINDOW = Duration.ofMinutes(10);

    private final SimulatedDisk disk = new SimulatedDisk();
    private final Path root = disk.path("/log");
    private Instant now = Instant.parse("2026-03-01T12:00:00Z");

    @Test
    void scanMerged_nextRecordsAreJoinedWithThoseThatItHasRead_givesThem() {
        try (StreamWal wal = open(); WalReader reader = WalReader.open(root)) {
            long first = appendAndPack(wal);
            try (EntryCursor cursor = reader.scanMerged(Keys.of(List.of(KEY)), Instant.EPOCH, Instant.MAX)) {
                assertThat(positions(cursor)).containsExactly(first);
                assertThat(appendMoreAndMerge(wal)).isEqualTo(positions(cursor));
            }
        }
    }

    @Test
    void follow_fromATimeBehindWhatIsPacked_nextRecordsAreJoinedWithThat_givesThem() {
        try (StreamWal wal = open(); WalReader reader = WalReader.open(root)) {
            long unused = appendAndPack(wal);
            now = now.plusMillis(1);
            try (EntryCursor cursor = reader.follow(KEY, ReadFrom.time(now))) {
                assertThat(positions(cursor)).isEmpty();
                assertThat(appendMoreAndMerge(wal)).isEqualTo(positions(cursor));
            }
        }
    }

    /** While its newest records are read, a stream gets more, in new windows, and those before are packed. */
    @ParameterizedTest
    @ValueSource(ints = {80, 160, 320})
    void scanLast_takesLongerThanFromOnePackingToTheNext_givesThem(int calls) {
        try (StreamWal wal = open(); WalReader reader = WalReader.open(root)) {
            appendWindows(wal, 60);
            again(calls, () -> {
                appendWindows(wal, 1);
                int unused = wal.pack();
            });
            try (EntryCursor cursor = reader.scanLast(KEY, 50)) {
                assertThat(positions(cursor)).hasSize(50);
            } finally {
                disk.meanwhile(0, null);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 12, 30})
    void describe_aSweepOvertakesItAgainAndAgain_describesWhatIsLeft(int calls) throws IOException {
        try (StreamWal wal = open(100); WalReader reader = WalReader.open(root)) {
            appendWindows(wal, 120);
            Deque<Path> files = ownFiles();
            Path newest = files.removeLast();
            again(calls, () -> {
                if (!files.isEmpty()) {
                    delete(files.removeFirst());
                }
            });
            StreamInfo info = reader.describe(KEY).orElseThrow();
            disk.meanwhile(0, null);
            assertThat(info.endPosition()).isEqualTo(wal.stream(KEY).endPosition());
            assertThat(info.segments()).isBetween(1, 120);
            assertThat(Files.exists(newest)).isTrue();
        }
    }

    /** Runs something before every so-manieth call of the file system. */
    private void again(int calls, Runnable what) {
        disk.meanwhile(calls, () -> {
            what.run();
            again(calls, what);
        });
    }

    private void appendWindows(StreamWal wal, int windows) {
        for (int i = 0; i < windows; i++) {
            long unused = append(wal);
            SimulatedLog.runBackground(wal);
            now = now.plus(WINDOW);
        }
    }

    private Deque<Path> ownFiles() throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            return all.filter(file -> file.toString().contains("/" + KEY) && file.toString().endsWith(".seg")).sorted()
                    .collect(Collectors.toCollection(ArrayDeque::new));
        }
    }

    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private StreamWal open() {
        return open(0);
    }

    private StreamWal open(int ownSegments) {
        WalOptions options = WalOptions.builder().clock(() -> now).window(WINDOW).retention(Duration.ofDays(10)).segmentBytes(4 << 10)
                .maxRecordBytes(1_000).ownSegments(ownSegments).sweepInterval(Duration.ZERO).build();
        return SimulatedLog.open(root, options, "boot", false, new Random(1)::nextLong);
    }

    /** Fills some shared segments, which are packed before the window is over. */
    private long appendAndPack(StreamWal wal) {
        long position = append(wal);
        for (int i = 0; i < 10; i++) {
            EntryRef unused = wal.stream("filler").append(now.toEpochMilli(), new byte[900]);
        }
        SimulatedLog.runBackground(wal);
        wal.sweep();
        return position;
    }

    private long append(StreamWal wal) {
        return wal.stream(KEY).append(now.toEpochMilli(), new byte[10]).position();
    }

    /** Appends a record to the same window, and one to a later window; all is packed, and the packs of a window are merged. */
    private List<Long> appendMoreAndMerge(StreamWal wal) {
        List<Long> written = new ArrayList<>(List.of(appendAndPack(wal)));
        now = now.plus(WINDOW.multipliedBy(3));
        written.add(append(wal));
        for (int i = 0; i < 3; i++) {
            now = now.plus(WINDOW);
            SimulatedLog.runBackground(wal);
            int unused = wal.pack();
        }
        return written;
    }

    private static List<Long> positions(EntryCursor cursor) {
        List<Long> positions = new ArrayList<>();
        while (cursor.next()) {
            positions.add(cursor.position());
        }
        return positions;
    }
}
