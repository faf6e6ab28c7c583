package dev.streamwal.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.Durability;
import dev.streamwal.Segments;
import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Packs may not be opened, say as they belong to somebody else, when a log is opened: streams are appended to all the same, no position is given twice, and
 * nothing is missing when they may be opened again.
 */
@Tag("portable")
class PackNotOpenedTest {

    private static final Duration WINDOW = Duration.ofHours(1);
    private static final int WINDOWS = 6;
    private static final List<String> KEYS = List.of("a", "b");
    private static final FaultPlan NO_PACK = new FaultPlan(0, EnumSet.of(Call.OPEN), "\\.pack", 1, Integer.MAX_VALUE, FaultPlan.Failure.IO_ERROR);

    private int consumers;
    private Instant now = Instant.parse("2026-03-01T12:00:00Z");
    /** Of each key, in order. */
    private final List<List<EntryRef>> given = List.of(new ArrayList<>(), new ArrayList<>());

    private StreamWal open(SimulatedDisk disk, Segments segments) {
        WalOptions.Builder options = WalOptions.builder().clock(() -> now).segmentBytes(16 << 10).maxRecordBytes(8 << 10).ownSegments(0)
                .streams("*", StreamOptions.builder().segments(segments).build())
                .window(WINDOW).retention(WINDOW.multipliedBy(100)).sweepInterval(Duration.ZERO);
        return SimulatedLog.open(disk.path("/log"), options.build(), "boot", false, new Random(disk.operations())::nextLong);
    }

    private void appendToAll(StreamWal wal) {
        for (int i = 0; i < KEYS.size(); i++) {
            given.get(i).add(wal.stream(KEYS.get(i)).append(WriteEntry.of(new byte[20]), Durability.IMMEDIATE));
        }
    }

    private static List<EntryRef> found(StreamWal wal, String key) {
        List<EntryRef> refs = new ArrayList<>();
        try (WalReader reader = wal.reader(); EntryCursor cursor = reader.scan(key)) {
            while (cursor.next()) {
                refs.add(cursor.ref());
            }
        }
        return refs;
    }

    /** A tail says what it may have missed, where a scan doesn't. */
    private static List<EntryRef> followed(StreamWal wal, String key) {
        List<EntryRef> refs = new ArrayList<>();
        try (WalReader reader = wal.reader(); EntryTail tail = reader.follow(key, ReadFrom.first())) {
            while (tail.next(Duration.ZERO)) {
                refs.add(tail.ref());
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        return refs;
    }

    /** Of who has read up to each of the records, one after the other, nothing is lost either. */
    private void assertNoneIsLostBehindAny(StreamWal wal, String key, List<EntryRef> refs) {
        for (int n = 0; n < refs.size(); n++) {
            String name = "c" + consumers++;
            try (WalReader reader = wal.reader()) {
                try (WalConsumer consumer = reader.consumer(name, Keys.key(key))) {
                    for (int i = 0; i <= n; i++) {
                        assertThat(consumer.entries().next(Duration.ZERO)).isTrue();
                    }
                    consumer.commitDelivered();
                }
                try (WalConsumer consumer = reader.consumer(name, Keys.key(key))) {
                    List<EntryRef> rest = new ArrayList<>();
                    while (consumer.entries().next(Duration.ZERO)) {
                        rest.add(consumer.entries().ref());
                    }
                    assertThat(rest).isEqualTo(refs.subList(n + 1, refs.size()));
                    assertThat(consumer.lost()).isEmpty();
                    assertThat(consumer.possiblyLost()).isEmpty();
                }
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private void assertAllIsThere(StreamWal wal) {
        for (int i = 0; i < KEYS.size(); i++) {
            List<EntryRef> refs = given.get(i);
            assertThat(found(wal, KEYS.get(i))).isEqualTo(refs);
            assertThat(followed(wal, KEYS.get(i))).isEqualTo(refs);
            assertNoneIsLostBehindAny(wal, KEYS.get(i), refs);
            for (int n = 1; n < refs.size(); n++) {
                assertThat(refs.get(n).position()).as("given, in order: %s", refs).isGreaterThanOrEqualTo(refs.get(n - 1).end());
            }
        }
    }

    /**
     * @param hasCatalogue whether the catalogue of keys says where streams end; the packs say in which window
     * @param isKilled whether the writer that had them was killed
     * @param segments in which streams go on
     */
    @ParameterizedTest
    @CsvSource({"false, false, SHARED", "false, true, OWN", "true, false, OWN", "true, true, SHARED"})
    void append_noPackCanBeOpened_goesOnAndGivesNoPositionAgain(boolean hasCatalogue, boolean isKilled, Segments segments) throws IOException {
        SimulatedDisk written = new SimulatedDisk();
        StreamWal before = open(written, Segments.SHARED);
        for (int window = 0; window < WINDOWS; window++) {
            appendToAll(before);
            now = now.plus(WINDOW.multipliedBy(2));
            assertThat(before.pack()).isPositive();
        }
        SimulatedDisk disk = written;
        if (isKilled) {
            CrashPoint point = written.crashPoint(written.mark());
            disk = point.state(point.allKept());
        }
        before.close();
        assertThat(Files.exists(PackFiles.keys(disk.path("/log")))).isTrue();
        if (!hasCatalogue) {
            Files.delete(PackFiles.keys(disk.path("/log")));
        }
        disk.failing(NO_PACK);
        StreamWal wal = open(disk, segments);
        EntryRef first = wal.stream("new").append(WriteEntry.of(new byte[1]), Durability.IMMEDIATE);
        appendToAll(wal);
        appendToAll(wal);
        assertThat(disk.failures()).isNotEmpty();
        disk.failing(FaultPlan.NONE);
        assertAllIsThere(wal);
        assertThat(found(wal, "new")).containsExactly(first);
        now = now.plus(WINDOW.multipliedBy(2));
        int unused = wal.pack();
        wal.close();

        StreamWal again = open(disk, segments);
        appendToAll(again);
        assertAllIsThere(again);
        again.close();
    }
}
