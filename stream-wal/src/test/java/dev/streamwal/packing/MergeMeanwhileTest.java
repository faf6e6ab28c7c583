package dev.streamwal.packing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.Durability;
import dev.streamwal.Segments;
import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.ManifestFile;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import dev.streamwal.simulation.SimulatedDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * What is packed, or deleted, while packs are merged: between any two calls of the merge to a simulated disk. A merge takes its number when it begins,
 * so what came meanwhile has a higher one. One thread.
 */
class MergeMeanwhileTest {

    private static final Duration WINDOW = Duration.ofMinutes(1);
    private static final int KEYS = 3;
    private static final int PACKS = 4;
    private static final Duration SHORT_WINDOW = Duration.ofSeconds(1);

    private Instant now = Instant.parse("2026-03-01T12:00:00Z");

    private final class Run implements AutoCloseable {
        private final SimulatedDisk disk = new SimulatedDisk();
        private final Path root = disk.path("/log");
        private final StreamWal wal;
        private final TreeMap<String, List<EntryRef>> expected = new TreeMap<>();

        Run() {
            StreamOptions shared = StreamOptions.builder().segments(Segments.SHARED).build();
            WalOptions options = WalOptions.builder().clock(() -> now).window(WINDOW).retention(Duration.ofDays(1)).segmentBytes(64 << 10)
                    .maxRecordBytes(1_000).streams("short-window/*", StreamOptions.builder().window(SHORT_WINDOW).build()).streams("*", shared)
                    .sweepInterval(Duration.ZERO).durability(Durability.BUFFERED).build();
            wal = SimulatedLog.open(root, options, "boot", false, new Random(1)::nextLong);
            for (int i = 0; i < PACKS; i++) {
                packAnother();
            }
            assertThat(numbers()).hasSize(PACKS);
        }

        private void packAnother() {
            for (int i = 0; i < KEYS; i++) {
                String key = "key-" + i;
                expected.computeIfAbsent(key, unused -> new ArrayList<>()).add(wal.stream(key).append(new byte[10]));
            }
            now = now.plus(SHORT_WINDOW);
            assertThat(wal.sweep().failedSegments()).isZero();
            SimulatedLog.runBackground(wal);
            assertThat(wal.sweep().failedSegments()).isZero();
        }

        List<Long> numbers() {
            try {
                return ManifestFile.read(root).packsInOrder().stream().map(ListedPack::number).toList();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Merges; at one of its reads, something else happens. Returns whether it did. */
        boolean mergeWhile(int read, Runnable what) {
            now = now.plus(WINDOW.multipliedBy(2));
            boolean[] happened = {false};
            disk.meanwhile(read, () -> {
                happened[0] = true;
                if (!holdsPackingLock()) {
                    what.run();
                }
            });
            int unused = wal.pack();
            disk.meanwhile(0, null);
            return happened[0];
        }

        /** Another thread would wait until the merge is listed. */
        private static boolean holdsPackingLock() {
            return StackWalker.getInstance().walk(frames -> frames.anyMatch(frame -> frame.getMethodName().equals("whilePacking")));
        }

        void assertRead() {
            expected.forEach((key, refs) -> {
                List<EntryRef> read = new ArrayList<>();
                try (WalReader reader = wal.reader(); EntryCursor cursor = reader.scan(key)) {
                    while (cursor.next()) {
                        read.add(cursor.ref());
                    }
                }
                assertThat(read).as(key).isEqualTo(refs);
            });
        }

        @Override
        public void close() {
            wal.close();
        }
    }

    @Test
    void pack_anotherPackComesMeanwhile_theMergeIsListedUnderItsLowerNumber() {
        int lower = 0;
        boolean happened = true;
        for (int read = 1; happened; read++) {
            try (Run run = new Run()) {
                happened = run.mergeWhile(read, run::packAnother);
                List<Long> numbers = run.numbers();
                // the oldest window is the merged one
                assertThat(numbers.get(0)).as("read %d: the merge isn't repeated: %s", read, numbers).isLessThanOrEqualTo(PACKS + 2);
                lower += happened && numbers.get(0) == PACKS + 1 && numbers.size() > 1 ? 1 : 0;
                run.assertRead();
            }
        }
        assertThat(lower).as("times the other pack came behind the merge's beginning").isGreaterThan(PACKS);
    }

    @Test
    void pack_aPackComesAndAStreamIsDeletedMeanwhile_theStreamDoesNotComeBack() {
        assertDeleted(true);
    }

    @Test
    void pack_aStreamIsDeletedMeanwhile_theStreamDoesNotComeBack() {
        assertDeleted(false);
    }

    private void assertDeleted(boolean anotherComes) {
        int times = 0;
        boolean happened = true;
        for (int read = 1; happened; read++) {
            try (Run run = new Run()) {
                happened = run.mergeWhile(read, () -> {
                    if (anotherComes) {
                        run.packAnother();
                    }
                    assertThat(run.wal.delete("key-1")).isTrue();
                    run.expected.put("key-1", List.of());
                });
                times += happened ? 1 : 0;
                run.assertRead();
            }
        }
        assertThat(times).isGreaterThan(PACKS);
    }
}
