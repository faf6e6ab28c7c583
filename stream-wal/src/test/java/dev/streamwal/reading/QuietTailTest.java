package dev.streamwal.reading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A tail that waits for the next record of a quiet stream keeps no shared segment from giving its space back. */
class QuietTailTest {

    private static final Path OPEN_FILES = Path.of("/proc/self/fd");
    private static final Duration WINDOW = Duration.ofHours(1);
    private static final int SEGMENT_BYTES = 256 << 10;
    private static final int ROUNDS = 3;
    private static final long PATIENCE_NANOS = 300_000_000_000L;

    @TempDir
    Path root;

    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));

    @ParameterizedTest
    @CsvSource({"false, 0", "false, 1", "true, 0", "true, 1"})
    void next_nothingComes_letsGoOfASharedSegmentThatIsPacked(boolean isWithin, long waitMillis) throws Exception {
        assumeThat(OPEN_FILES).exists();
        try (StreamWal wal = open()) {
            for (int round = 0; round < ROUNDS; round++) {
                checkFor(wal, isWithin, reader -> reader.follow("quiet", ReadFrom.first()), waitMillis);
                checkFor(wal, isWithin, reader -> reader.follow(Keys.prefix("quiet"), ReadFrom.first()), waitMillis);
            }
        }
    }

    private StreamWal open() {
        return StreamWal.open(root, WalOptions.builder().window(WINDOW).retention(Duration.ofDays(30)).clock(now::get)
                .maxClockAdvance(Duration.ofDays(1)).sweepInterval(Duration.ZERO).ownSegments(0).segmentBytes(SEGMENT_BYTES).build());
    }

    /** A stream that stood on a record when its segment was packed has no reason to look at that segment again. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void next_packedWhileARecordWaitsToBeDelivered_letsGoBehindIt(boolean isWithin) throws Exception {
        assumeThat(OPEN_FILES).exists();
        int records = 1_000;
        long start = now.get().toEpochMilli();
        try (StreamWal wal = open(); WalReader reader = isWithin ? wal.reader() : WalReader.open(root)) {
            for (int i = 0; i < records; i++) {
                var unused = wal.stream("quiet/first").append(start + i, new byte[8]);
            }
            var unused = wal.stream("quiet/last").append(start + records, new byte[8]);
            fillASegment(wal);
            try (EntryTail tail = reader.follow(Keys.prefix("quiet"), ReadFrom.first())) {
                for (int i = 0; i < records / 2; i++) {
                    assertThat(tail.next(Duration.ZERO)).isTrue();
                }
                pack(wal);
                for (int i = records / 2; i <= records; i++) {
                    // so that it looks at other streams meanwhile
                    Thread.sleep(i % 100 == 0 ? 10 : 0);
                    assertThat(tail.next(Duration.ZERO)).isTrue();
                }
                assertThat(tail.key()).isEqualTo("quiet/last");
                checkLetsGo(tail, Duration.ZERO);
            }
        }
    }

    private void checkFor(StreamWal wal, boolean isWithin, Function<WalReader, EntryTail> follow, long waitMillis) throws Exception {
        Duration wait = Duration.ofMillis(waitMillis);
        long last = wal.stream("quiet").append(new byte[8]).position();
        try (WalReader reader = isWithin ? wal.reader() : WalReader.open(root); EntryTail tail = follow.apply(reader)) {
            readTo(last, tail, wait);
            fillASegment(wal);
            assertThat(tail.next(wait)).isFalse();
            pack(wal);
            checkLetsGo(tail, wait);
            readTo(wal.stream("quiet").append(new byte[8]).position(), tail, wait);
        }
    }

    /** Once it has looked again, which it does as soon as it may. */
    private void checkLetsGo(EntryTail tail, Duration wait) throws Exception {
        assertThat(tail.next(wait)).isFalse();
        for (long start = System.nanoTime(); !deletedOpenSegments().isEmpty() && System.nanoTime() - start < PATIENCE_NANOS; ) {
            assertThat(tail.next(wait)).isFalse();
        }
        assertThat(deletedOpenSegments()).isEmpty();
    }

    /** Doesn't wait longer than that: a tail that waits for longer gives everything back. */
    private static void readTo(long position, EntryTail tail, Duration wait) throws InterruptedException {
        boolean isThere = false;
        for (long start = System.nanoTime(); !isThere && System.nanoTime() - start < PATIENCE_NANOS; ) {
            isThere = tail.next(wait) && tail.position() == position;
        }
        assertThat(isThere).isTrue();
        assertThat(tail.next(wait)).isFalse();
    }

    private static void fillASegment(StreamWal wal) {
        for (int bytes = 0; bytes < 2 * SEGMENT_BYTES; bytes += 1_000) {
            var unused = wal.stream("busy").append(new byte[1_000]);
        }
    }

    private void pack(StreamWal wal) throws InterruptedException {
        now.updateAndGet(before -> before.plus(WINDOW.multipliedBy(3)));
        var unused = wal.stream("busy").append(new byte[8]);
        // sealing happens in the background
        for (long start = System.nanoTime(); wal.stats().sharedSegments() > 0 && System.nanoTime() - start < PATIENCE_NANOS; ) {
            wal.pack();
            Thread.sleep(1);
        }
        assertThat(wal.stats().sharedSegments()).isZero();
    }

    private List<Path> deletedOpenSegments() throws IOException {
        List<Path> deleted = new ArrayList<>();
        try (var links = Files.newDirectoryStream(OPEN_FILES)) {
            for (Path link : links) {
                try {
                    Path file = Files.readSymbolicLink(link);
                    if (file.startsWith(root) && file.toString().endsWith(".seg (deleted)")) {
                        deleted.add(file);
                    }
                } catch (IOException e) {
                    // closed meanwhile, by whichever thread
                }
            }
        }
        return deleted;
    }
}
