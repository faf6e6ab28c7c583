package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.TimestampOutOfRangeException;
import dev.streamwal.error.WalException;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What expires, what is purged and deleted, what limits of bytes take; and what readers and writers find afterwards. */
abstract class RetentionContract extends LogContract {

    private static final Duration YEAR = Duration.ofDays(365);

    RetentionContract(LogHome home) {
        super(home);
    }

    /** So many windows one after the other; the clock ends in the last one. A list for each window. */
    private List<List<Written>> appendWindows(WalStream stream, int windows, int each) {
        List<List<Written>> written = new ArrayList<>();
        for (int w = 0; w < windows; w++) {
            if (w > 0) {
                clock.advance(WINDOW);
            }
            written.add(appendSome(stream, each));
        }
        return written;
    }

    private static List<Written> flat(List<List<Written>> lists) {
        return lists.stream().flatMap(List::stream).toList();
    }

    private static Instant at(long millis) {
        return Instant.ofEpochMilli(millis);
    }

    /** When the n-th window's segment expires. */
    private static Instant expiration(int window) {
        return at(NOW).plus(WINDOW.multipliedBy(window + 1)).plus(RETENTION);
    }

    private static void assertAll(WalReader reader, List<Written> records, EntryBatch.Status status) {
        try (EntryBatch batch = reader.readBatch(Written.refs(records))) {
            for (int i = 0; i < batch.size(); i++) {
                assertThat(batch.status(i)).as(records.get(i).ref().toString()).isEqualTo(status);
            }
        }
    }

    private void assertExpired(StreamWal wal, List<Written> records) {
        try (WalReader within = wal.reader(); WalReader without = WalReader.open(root)) {
            for (WalReader reader : List.of(within, without)) {
                assertAll(reader, records, EntryBatch.Status.EXPIRED);
                assertThat(reader.find(records.get(0).ref())).isEmpty();
                try (EntryBatch batch = reader.readBatch(List.of(records.get(0).ref()))) {
                    assertThatThrownBy(() -> batch.get(0)).isInstanceOf(EntryExpiredException.class)
                            .hasMessageContaining("ref=" + records.get(0).ref());
                }
            }
        }
    }

    // ---------------------------------------------------------------- expiring

    @ParameterizedTest
    @ValueSource(ints = {2, MANY})
    void sweep_someHaveExpired_deletesExactlyThose(int each) throws IOException {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<List<Written>> written = appendWindows(stream, 4, each);
        awaitSealed(3);
        List<Path> files = segmentsOf("s");
        long bytes = Files.size(files.get(0)) + Files.size(files.get(1));

        assertThat(wal.sweep(expiration(0).minusMillis(1))).isEqualTo(result(0, 0, 4, 0));
        List<DeletedSegment> told = new ArrayList<>();
        SweepResult result = wal.sweep(expiration(1), segment -> {
            assertThat(segment.path()).doesNotExist();
            told.add(segment);
        });

        assertThat(result).isEqualTo(result(2, 0, 2, bytes));
        assertThat(told).extracting(DeletedSegment::path).isEqualTo(files.subList(0, 2));
        assertThat(told).extracting(DeletedSegment::expiration).containsExactly(expiration(0), expiration(1));
        assertThat(told).extracting(DeletedSegment::reason).containsOnly(DeletedSegment.Reason.EXPIRED);
        assertThat(told).extracting(DeletedSegment::key).containsOnly("s");
        assertThat(heard().swept).isEqualTo(told);
        assertThat(segmentsOf("s")).isEqualTo(files.subList(2, 4));
        assertExpired(wal, flat(written.subList(0, 2)));
        assertHoldsEverywhere(wal, "s", flat(written.subList(2, 4)));
    }

    /** The sweep's locks are held meanwhile, and closing waits for threads that may wait for them. */
    @Test
    void closePackAndCut_withinTheCallbackOfASweep_areRefused() {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<List<Written>> written = appendWindows(stream, 2, 2);
        awaitSealed(1);
        List<Throwable> thrown = new ArrayList<>();
        SweepResult result = wal.sweep(expiration(0), segment -> {
            thrown.add(catchThrowable(wal::close));
            thrown.add(catchThrowable(wal::pack));
            thrown.add(catchThrowable(() -> stream.truncateAfter(written.get(1).get(0).ref())));
        });
        assertThat(result.deletedSegments()).isEqualTo(1);
        assertThat(thrown).hasSize(3).allSatisfy(failure ->
                assertThat(failure).isInstanceOf(IllegalStateException.class).hasMessageContaining("within a callback about a deletion"));
        assertThat(thrown.get(2)).hasMessageContaining("cannot cut a stream");
        assertHoldsNow(wal, "s", joined(written.get(1), appendSome(stream, 1)));
    }

    // ---------------------------------------------------------------- another retention

    /** A window has expired by a retention of a window when the one behind it is over. */
    private static final int WINDOWS = 6;
    private static final int KEPT_WINDOWS = 2;

    private static WalOptions.Builder with(WalOptions.Builder options, Segments segments) {
        return options.streams("kept/*", StreamOptions.builder().segments(segments).retention(YEAR).build())
                .streams("*", StreamOptions.builder().segments(segments).build());
    }

    /** In each window something of each stream, which is packed if it is in shared segments. */
    private Map<String, List<List<Written>>> appendInWindows(Segments segments, String... keys) {
        Map<String, List<List<Written>>> written = new HashMap<>();
        try (StreamWal wal = open(with(options(), segments))) {
            for (int w = 0; w < WINDOWS; w++) {
                if (w > 0) {
                    clock.advance(WINDOW);
                }
                for (String key : keys) {
                    written.computeIfAbsent(key, unused -> new ArrayList<>()).add(appendSome(wal.stream(key), 3));
                }
                int unused = wal.pack();
            }
        }
        return written;
    }

    private void assertWindows(StreamWal wal, List<List<Written>> windows, int gone) {
        try (WalReader within = wal.reader(); WalReader without = WalReader.open(root)) {
            for (WalReader reader : List.of(within, without)) {
                assertAll(reader, flat(windows.subList(0, gone)), EntryBatch.Status.EXPIRED);
                assertAll(reader, flat(windows.subList(gone, windows.size())), EntryBatch.Status.FOUND);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"OWN", "SHARED"})
    void applyRetention_wasShortened_deletesWhatIsOlderOfThoseStreams(Segments segments) {
        Map<String, List<List<Written>>> written = appendInWindows(segments, "a/1", "b/1", "kept/1");
        try (StreamWal wal = open(with(options().retention(WINDOW), segments))) {
            assertThat(wal.sweep().deletedSegments()).isZero();
            assertWindows(wal, written.get("a/1"), 0);

            SweepResult first = wal.applyRetention(Keys.prefix("a/"));

            assertThat(first.deletedSegments()).isEqualTo(WINDOWS - KEPT_WINDOWS);
            assertThat(first.bytesReclaimed()).isPositive();
            assertWindows(wal, written.get("a/1"), WINDOWS - KEPT_WINDOWS);
            assertWindows(wal, written.get("b/1"), 0);

            assertThat(wal.applyRetention(Keys.all()).deletedSegments()).isEqualTo(WINDOWS - KEPT_WINDOWS);
            assertThat(wal.applyRetention(Keys.all()).deletedSegments()).isZero();
            assertWindows(wal, written.get("b/1"), WINDOWS - KEPT_WINDOWS);
            assertWindows(wal, written.get("kept/1"), 0);
        }
        try (StreamWal wal = open(with(options().retention(WINDOW), segments))) {
            assertWindows(wal, written.get("a/1"), WINDOWS - KEPT_WINDOWS);
            assertWindows(wal, written.get("kept/1"), 0);
        }
    }

    /** What was begun under the longer retention would else keep what comes behind it: for each stream its last windows, until they expire. */
    @ParameterizedTest
    @EnumSource(names = {"OWN", "SHARED"})
    void applyRetention_once_countsForAllLaterSweeps(Segments segments) {
        List<List<Written>> written = new ArrayList<>();
        try (StreamWal wal = open(with(options().retention(YEAR), segments))) {
            written.addAll(packedWindows(wal, 5));
        }
        try (StreamWal wal = open(with(options().retention(WINDOW), segments))) {
            int unused = wal.applyRetention(Keys.all()).deletedSegments();
            clock.advance(WINDOW);
            for (int window = 0; window < 10; window++) {
                clock.advance(window == 0 ? Duration.ZERO : WINDOW);
                written.add(appendSome(wal.stream("a/1"), 3));
                unused += wal.pack();
                unused += wal.sweep().deletedSegments();
            }
            assertWindows(wal, written, 5 + 8);
        }
    }

    private List<List<Written>> packedWindows(StreamWal wal, int windows) {
        List<List<Written>> written = new ArrayList<>();
        for (int window = 0; window < windows; window++) {
            clock.advance(window == 0 ? Duration.ZERO : WINDOW);
            written.add(appendSome(wal.stream("a/1"), 3));
            int unused = wal.pack();
        }
        return written;
    }

    @Test
    void applyRetention_ofOtherStreams_countsForThoseAlone() {
        Map<String, List<List<Written>>> written = appendInWindows(Segments.SHARED, "a/1", "b/1");
        try (StreamWal wal = open(with(options().retention(WINDOW), Segments.SHARED))) {
            assertThat(wal.applyRetention(Keys.key("a/1")).deletedSegments()).isEqualTo(WINDOWS - KEPT_WINDOWS);
            clock.advance(WINDOW);
            assertThat(wal.sweep().deletedSegments()).isEqualTo(1);
            assertWindows(wal, written.get("a/1"), WINDOWS - KEPT_WINDOWS + 1);
            assertWindows(wal, written.get("b/1"), 0);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"OWN", "SHARED"})
    void applyRetention_wasMadeLonger_changesNothing(Segments segments) {
        Map<String, List<List<Written>>> written = appendInWindows(segments, "a/1", "b/1");
        try (StreamWal wal = open(with(options().retention(YEAR), segments))) {
            assertThat(wal.applyRetention(Keys.all()).deletedSegments()).isZero();
            assertWindows(wal, written.get("a/1"), 0);
            clock.advance(RETENTION);

            assertThat(wal.applyRetention(Keys.all()).deletedSegments()).isEqualTo(2 * (WINDOWS - 1));
        }
    }

    /** What a consumer waits for stays as long as it would behind its expiration. */
    @ParameterizedTest
    @EnumSource(names = {"OWN", "SHARED"})
    void applyRetention_streamIsKeptForAConsumer_leavesIt(Segments segments) {
        Map<String, List<List<Written>>> written = appendInWindows(segments, "a/1", "b/1");
        WalOptions.Builder shorter = options().retention(WINDOW).streams("a/*", StreamOptions.builder().segments(segments)
                .retainFor("shipper", 1 << 20, YEAR).build()).streams("*", StreamOptions.builder().segments(segments).build());
        try (StreamWal wal = open(shorter)) {
            SweepResult result = wal.applyRetention(Keys.all());

            assertThat(result.deletedSegments()).isEqualTo(WINDOWS - KEPT_WINDOWS);
            assertThat(result.heldSegments()).isEqualTo(WINDOWS - KEPT_WINDOWS);
            assertWindows(wal, written.get("a/1"), 0);
            assertWindows(wal, written.get("b/1"), WINDOWS - KEPT_WINDOWS);
        }
    }

    /** How old the others are is known from the newest record. */
    @Test
    void applyRetention_clockIsAYearAhead_leavesWhatOnlyTheClockSaysAndSaysSo() {
        Map<String, List<List<Written>>> written = appendInWindows(Segments.SHARED, "a/1");
        try (StreamWal wal = open(with(options().retention(WINDOW), Segments.SHARED))) {
            clock.advance(YEAR);

            SweepResult result = wal.applyRetention(Keys.all());

            assertThat(result.deletedSegments()).isEqualTo(WINDOWS - KEPT_WINDOWS);
            assertThat(result.refusedSegments()).isEqualTo(KEPT_WINDOWS);
            assertWindows(wal, written.get("a/1"), WINDOWS - KEPT_WINDOWS);
        }
    }

    /** Packs have the oldest data of the stream, from before the limit was set, and expire much later. */
    @Test
    void sweep_limitOfBytesWasSetLater_takesWhatIsInPacksFirst() {
        List<List<Written>> packed = new ArrayList<>();
        List<Written> other;
        try (StreamWal wal = open(with(options().retention(YEAR), Segments.SHARED))) {
            other = appendSome(wal.stream("b/1"), 3);
            packed.addAll(packedWindows(wal, 5));
        }
        WalOptions.Builder limited = options().retention(YEAR).streams("a/*", StreamOptions.builder().maxBytesPerStream(SEGMENT_BYTES)
                .retainFor("shipper", Long.MAX_VALUE, YEAR).build());
        try (StreamWal wal = open(limited); WalReader reader = wal.reader(); WalConsumer shipper = reader.consumer("shipper", Keys.prefix("a/"))) {
            WalStream stream = wal.stream("a/1");
            appendSome(stream, 10, SEGMENT_BYTES - 8_192);
            int files = segmentsOf("a/1").size();
            assertThat(files).isGreaterThanOrEqualTo(10);
            assertThat(wal.sweep().deletedSegments()).as("the consumer has none of it").isZero();

            shipper.commit("a/1", flat(packed.subList(0, 2)).get(5).ref().end());
            assertThat(wal.sweep().deletedSegments()).as("the files wait for it").isZero();
            assertWindows(wal, packed, 0);

            shipper.commit("a/1", stream.endPosition());
            SweepResult rest = wal.sweep();
            assertThat(rest).extracting(SweepResult::deletedSegments, SweepResult::failedSegments).containsExactly(5 + files - 1, 0);
            assertThat(segmentsOf("a/1")).hasSize(1);
            assertWindows(wal, packed, 5);
            assertHoldsNow(wal, "b/1", other);
            assertThat(heard().swept).extracting(DeletedSegment::reason).containsOnly(DeletedSegment.Reason.STREAM_BYTES);
        }
        try (StreamWal wal = open(limited)) {
            assertWindows(wal, packed, 5);
            assertHoldsNow(wal, "b/1", other);
        }
    }

    @Test
    void sweep_byTheLogsClock_isTheSame() {
        StreamWal wal = open();
        appendWindows(wal.stream("s"), 3, 2);
        clock.set(expiration(0).toEpochMilli() - 1);
        assertThat(wal.sweep().deletedSegments()).isZero();
        clock.advance(Duration.ofMillis(1));
        assertThat(wal.sweep().deletedSegments()).isEqualTo(1);
    }

    @Test
    void sweep_clockIsAYearAhead_deletesNothingAndSaysSo() {
        StreamWal wal = open();
        List<List<Written>> written = appendWindows(wal.stream("s"), 4, 2);
        awaitSealed(3);
        long right = clock.millis();
        clock.advance(YEAR);
        for (int pass = 0; pass < 3; pass++) {
            SweepResult result = wal.sweep();
            assertThat(result).extracting(SweepResult::deletedSegments, SweepResult::liveSegments, SweepResult::refusedSegments)
                    .containsExactly(0, 4, 4);
        }
        assertThat(heard().refused).hasSize(1);
        RefusedSweep refused = events.refused.get(0);
        assertThat(refused.clock()).isEqualTo(at(right).plus(YEAR));
        assertThat(refused.known()).isBetween(at(NOW), at(right));
        assertThat(refused.segments()).isEqualTo(4);
        clock.set(right);
        assertThat(wal.sweep().refusedSegments()).isZero();
        assertHoldsEverywhere(wal, "s", flat(written));
    }

    @Test
    void sweep_recordWasAppendedWhileTheClockWasAhead_deletesNothingOfBefore() {
        StreamWal wal = open();
        List<List<Written>> written = appendWindows(wal.stream("s"), 4, 2);
        long right = clock.millis();
        clock.advance(YEAR);
        written.add(appendSome(wal.stream("s"), 2));
        assertThat(wal.sweep()).extracting(SweepResult::deletedSegments, SweepResult::refusedSegments).containsExactly(0, 4);
        clock.set(right);
        written.add(appendSome(wal.stream("s"), 2));
        assertThat(wal.sweep()).extracting(SweepResult::deletedSegments, SweepResult::refusedSegments).containsExactly(0, 0);
        assertHoldsEverywhere(wal, "s", flat(written));
    }

    @Test
    void sweep_segmentOfAClockThatWasAhead_goesWithWhatFollowsIt() {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        appendSome(stream, 2);
        clock.advance(YEAR);
        List<Written> ahead = appendSome(stream, 2);
        clock.set(NOW + MINUTE);
        appendSome(stream, 2);
        clock.set(NOW + 11 * MINUTE);
        List<Written> rest = appendSome(stream, 2);
        assertThat(segmentsOf("s")).hasSize(4);
        clock.set(expiration(0).toEpochMilli() - 1);
        assertThat(wal.sweep().deletedSegments()).isZero();
        clock.advance(Duration.ofMillis(1));
        assertThat(wal.sweep().deletedSegments()).isEqualTo(3);
        assertExpired(wal, ahead);
        assertHoldsEverywhere(wal, "s", rest);
    }

    @Test
    void sweep_clockWasBehindForAWhile_takesNothing() {
        StreamWal wal = open(options().maxClockSkew(Duration.ZERO));
        WalStream stream = wal.stream("s");
        List<Written> before = appendSome(stream, 2);
        clock.advance(Duration.ofHours(-5));
        List<Written> behind = appendSome(stream, 2);
        clock.set(NOW + MINUTE);
        List<Written> after = appendSome(stream, 2);
        assertThat(wal.sweep().deletedSegments()).isZero();
        assertHoldsEverywhere(wal, "s", joined(joined(before, behind), after));
    }

    @Test
    void reopen_clockIsAYearAhead_aSweepDeletesNothing() {
        StreamWal wal = open();
        List<List<Written>> written = appendWindows(wal.stream("s"), 4, 2);
        long right = clock.millis();
        wal.close();
        clock.advance(YEAR);
        for (int opened = 0; opened < 2; opened++) {
            try (StreamWal ahead = open()) {
                assertThat(ahead.sweep()).extracting(SweepResult::deletedSegments, SweepResult::refusedSegments).containsExactly(0, 4);
            }
        }
        clock.set(right);
        assertHoldsNow(open(), "s", flat(written));
    }

    @Test
    void reopen_afterStandingStillForAMonth_aSweepDeletes() {
        StreamWal wal = open();
        appendWindows(wal.stream("s"), 4, 2);
        wal.close();
        clock.advance(Duration.ofDays(31));
        SweepResult result = open().sweep();
        assertThat(result).extracting(SweepResult::deletedSegments, SweepResult::refusedSegments).containsExactly(4, 0);
    }

    @Test
    void sweep_somebodyVouchesForTheClock_deletes() {
        StreamWal wal = open();
        appendWindows(wal.stream("s"), 4, 2);
        clock.advance(YEAR);
        assertThat(wal.sweep().refusedSegments()).isEqualTo(4);
        assertThat(wal.sweep(clock.instant())).extracting(SweepResult::deletedSegments, SweepResult::refusedSegments).containsExactly(4, 0);
        assertThat(segmentsOf("s")).isEmpty();
    }

    @Test
    void sweep_optionAllowsForIt_deletes() {
        StreamWal wal = open(options().maxClockAdvance(YEAR.plusHours(1)));
        appendWindows(wal.stream("s"), 4, 2);
        clock.advance(YEAR);
        assertThat(wal.sweep().deletedSegments()).isEqualTo(4);
    }

    @Test
    void sweep_clockIsAYearAhead_limitsOfBytesHold() throws IOException {
        StreamWal wal = open(options().maxBytesPerStream(1));
        appendWindows(wal.stream("s"), 4, 2);
        awaitSealed(3);
        clock.advance(YEAR);
        SweepResult result = wal.sweep();
        assertThat(result.refusedSegments()).isEqualTo(4);
        assertThat(result.deletedSegments()).isBetween(3, 4);
        assertThat(heard().swept).extracting(DeletedSegment::reason).containsOnly(DeletedSegment.Reason.STREAM_BYTES);
    }

    /** What is appended after the jump goes by the clock; what was there before, when its time has passed, which it never does here. */
    @Test
    void sweep_clockStaysAhead_streamsOfAfterTheJumpExpire() {
        StreamWal wal = open();
        appendSome(wal.stream("before"), 2);
        clock.advance(YEAR);
        assertThat(wal.sweep().refusedSegments()).isOne();
        appendSome(wal.stream("after"), 2);
        clock.advance(RETENTION.plus(WINDOW));
        assertThat(wal.sweep()).extracting(SweepResult::deletedSegments, SweepResult::refusedSegments).containsExactly(1, 1);
        assertThat(wal.keys()).containsExactly("before");
    }

    @ParameterizedTest
    @ValueSource(ints = {2, MANY})
    void sweep_idleStream_firstPassRemembersSecondSeals(int each) {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, each - 1);
        wal.sweep();
        wal.sweep();
        assertThat(heard().sealed).as("its window isn't over").isEmpty();
        written.addAll(appendSome(stream, 1));
        clock.advance(WINDOW);
        wal.sweep();
        written.add(late(stream));
        wal.sweep();
        assertThat(heard().sealed).as("it was appended to since the last pass").isEmpty();
        wal.sweep();
        awaitSealed(1);
        SealedSegment sealed = heard().sealed.get(0);
        assertThat(sealed.path()).isEqualTo(segmentsOf("s").get(0));
        assertThat(sealed.key()).isEqualTo("s");
        assertThat(sealed.firstPosition()).isZero();
        assertThat(sealed.endPosition()).isEqualTo(stream.endPosition());
        assertThat(sealed.expiration()).isEqualTo(expiration(0));
        assertThat(sealed.bytes()).isEqualTo(sizeOf(sealed.path()));
        assertThat(wal.stats().mappedSegments()).isZero();
        assertHoldsNow(wal, "s", written);
        long end = stream.endPosition();
        written.addAll(appendSome(stream, 2));
        assertThat(written.get(written.size() - 2).ref().position()).isEqualTo(end);
        assertThat(segmentsOf("s")).hasSize(2);
        assertHoldsEverywhere(wal, "s", written);
    }

    private Written late(WalStream stream) {
        byte[] content = bytes("late");
        return Written.of(stream.append(NOW + 1, content), NOW + 1, content);
    }

    private static long sizeOf(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, MANY})
    void sweep_activeSegmentHasExpired_isSealedAndDeleted(int each) {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, each);
        clock.set(expiration(0).toEpochMilli());
        assertThat(wal.sweep()).extracting(SweepResult::deletedSegments, SweepResult::liveSegments).containsExactly(1, 0);
        assertThat(segmentsOf("s")).isEmpty();
        assertThat(root.resolve("segments/s")).doesNotExist();
        assertThat(wal.keys()).isEmpty();
        assertThat(wal.stats().mappedSegments()).isZero();
        assertThat(wal.stats().openFiles()).isZero();
        assertThat(readerOf(wal).describe("s")).isEmpty();
        assertExpired(wal, written);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, MANY})
    void append_activeSegmentHasExpiredAndIsNotSweptYet_goesToAnother(int each) {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> old = appendSome(stream, each);
        clock.set(expiration(0).toEpochMilli());
        byte[] content = bytes("new");
        // its window has not expired, and the one before has
        Written fresh = Written.of(stream.append(NOW + WINDOW.toMillis(), content), NOW + WINDOW.toMillis(), content);
        assertThat(wal.sweep().deletedSegments()).isEqualTo(1);
        assertExpired(wal, old);
        assertHoldsEverywhere(wal, "s", List.of(fresh));
    }

    @Test
    void sweep_lastSegmentGone_streamGoesOnAtPositionsNeverGiven() {
        StreamWal wal = open();
        List<Written> s = appendSome(wal.stream("s"), MANY);
        List<Written> t = appendSome(wal.stream("t"), 5);
        clock.set(expiration(0).toEpochMilli());
        long end = wal.stream("s").endPosition();
        wal.sweep();
        assertThat(wal.stream("s").endPosition()).isGreaterThanOrEqualTo(end);

        List<Written> more = appendSome(wal.stream("s"), 3);
        assertThat(more.get(0).ref().position()).isGreaterThanOrEqualTo(end);
        assertExpired(wal, s);
        assertHoldsNow(wal, "s", more);
        wal.close();

        StreamWal again = open();
        assertExpired(again, s);
        assertExpired(again, t);
        List<Written> ofT = appendSome(again.stream("t"), 3);
        assertThat(ofT.get(0).ref().position()).isGreaterThanOrEqualTo(t.get(4).ref().end());
        List<Written> ofS = appendSome(again.stream("s"), 3);
        assertThat(ofS.get(0).ref().position()).isEqualTo(more.get(2).ref().end());
        assertExpired(again, t);
        assertHoldsNow(again, "t", ofT);
        assertHoldsEverywhere(again, "s", joined(more, ofS));
    }

    @Test
    void sweep_streamOfWhichAllIsGoneManyTimes_neverTheSamePosition() {
        List<Written> gone = new ArrayList<>();
        long end = 0;
        for (int round = 0; round < 6; round++) {
            StreamWal wal = open();
            List<Written> some = appendSome(wal.stream("s"), 3);
            assertThat(some.get(0).ref().position()).isGreaterThanOrEqualTo(end);
            assertHoldsNow(wal, "s", some);
            gone.addAll(some);
            end = some.get(2).ref().end();
            clock.advance(WINDOW.plus(RETENTION));
            if (round % 2 == 0) {
                wal.close();
                wal = open();
            }
            assertThat(wal.sweep().deletedSegments()).isEqualTo(1);
            assertExpired(wal, gone);
            wal.close();
        }
    }

    @Test
    void sweep_afterReopeningAndBeforeAnythingWasTouched_deletesWhatHasExpired() {
        StreamWal wal = open();
        List<Written> gone = appendSome(wal.stream("gone"), MANY);
        List<List<Written>> partly = appendWindows(wal.stream("partly"), 2, 3);
        wal.close();
        StreamWal again = open();
        assertThat(again.sweep(expiration(0))).extracting(SweepResult::deletedSegments, SweepResult::liveSegments)
                .containsExactly(2, 1);
        assertExpired(again, gone);
        assertExpired(again, partly.get(0));
        List<Written> left = new ArrayList<>(partly.get(1));
        left.addAll(appendSome(again.stream("partly"), 1));
        assertContiguous(left);
        assertHoldsEverywhere(again, "partly", left);
    }

    @Test
    void sweep_retentionWasShortened_whatWasPromisedStays() {
        StreamWal wal = open();
        List<Written> old = appendSome(wal.stream("s"), 3);
        wal.close();
        StreamWal shorter = open(options().retention(Duration.ofMinutes(5)));
        clock.advance(WINDOW);
        List<Written> fresh = appendSome(shorter.stream("s"), 3);
        clock.advance(WINDOW.plusMinutes(5));
        shorter.sweep();
        // the newer one has expired and waits for the older: a stream loses its beginning and nothing else
        assertHoldsNow(shorter, "s", joined(old, fresh));
        clock.set(expiration(0).toEpochMilli());
        assertThat(shorter.sweep().deletedSegments()).isEqualTo(2);
        assertExpired(shorter, joined(old, fresh));
    }

    @Test
    void sweep_byTheLogsOwnThread_happensByItself() {
        StreamWal wal = open(options().sweepInterval(Duration.ofMillis(5)));
        appendWindows(wal.stream("s"), 2, 2);
        clock.set(expiration(1).toEpochMilli());
        await("both segments gone", () -> heard().swept.size() == 2);
        assertThat(wal.keys()).isEmpty();
    }

    @Test
    void sweep_foreignFilesAmongSegments_areLeftAlone() throws IOException {
        StreamWal wal = open();
        appendSome(wal.stream("s"), 3);
        Path foreign = Files.write(root.resolve("segments/s/notes.txt"), bytes("mine"));
        clock.set(expiration(0).toEpochMilli());
        assertThat(wal.sweep().deletedSegments()).isEqualTo(1);
        assertThat(foreign).hasContent("mine");
        assertThat(wal.keys()).isEmpty();
        assertThat(reader().keys()).isEmpty();
        List<Written> again = appendSome(wal.stream("s"), 1);
        assertHoldsEverywhere(wal, "s", again);
    }

    /** While this thread doesn't run, the others may take the time beyond what is kept. */
    private Written appendNow(WalStream stream, byte[] content) {
        while (true) {
            long timestamp = clock.millis();
            try {
                return Written.of(stream.append(timestamp, content), timestamp, content);
            } catch (TimestampOutOfRangeException e) {
                assertThat(clock.millis()).isGreaterThan(timestamp);
            }
        }
    }

    @Test
    void sweep_whileSeveralThreadsAppendAndRead_nothingIsWrongOrMissing() throws Exception {
        StreamWal wal = open(options().segmentBytes(16 << 10).window(Duration.ofSeconds(1)).retention(Duration.ofSeconds(2)));
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<List<Written>> written = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 2; t++) {
            List<Written> mine = Collections.synchronizedList(new ArrayList<>());
            written.add(mine);
            WalStream stream = wal.stream("s");
            int thread = t;
            threads.add(new Thread(() -> {
                try {
                    for (int i = 0; i < 4_000; i++) {
                        if (i % 20 == 0) {
                            clock.advance(Duration.ofMillis(50));
                        }
                        byte[] content = bytes("thread " + thread + " record " + i);
                        mine.add(appendNow(stream, content));
                        if (i % 100 == 0) {
                            assertReadOrExpired(wal, mine);
                        }
                    }
                } catch (Throwable e) {
                    failure.compareAndSet(null, e);
                }
            }, "test-appender"));
        }
        threads.forEach(Thread::start);
        while (threads.stream().anyMatch(Thread::isAlive)) {
            wal.sweep();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failure.get()).isNull();
        SweepResult unused = wal.sweep();
        assertThat(heard().swept).hasSizeGreaterThan(3);
        List<Written> all = new ArrayList<>(flat(written));
        all.sort((x, y) -> x.ref().compareTo(y.ref()));
        assertContiguous(all);
        long first = readerOf(wal).describe("s").orElseThrow().firstPosition();
        assertHoldsEverywhere(wal, "s", all.stream().filter(one -> one.ref().position() >= first).toList());
    }

    private static void assertReadOrExpired(StreamWal wal, List<Written> written) {
        try (WalReader reader = wal.reader(); EntryBatch batch = reader.readBatch(Written.refs(written))) {
            for (int i = 0; i < batch.size(); i++) {
                if (batch.status(i) == EntryBatch.Status.FOUND) {
                    assertThat(Written.of(batch.get(i))).isEqualTo(written.get(i));
                } else {
                    assertThat(batch.status(i)).isEqualTo(EntryBatch.Status.EXPIRED);
                }
            }
        }
    }

    // ---------------------------------------------------------------- readers that are overtaken

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void cursor_inTheMiddleOfASegmentThatIsSwept_finishesItOrSaysExpired(boolean within) {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> first = appendSome(stream, 50, 1_000);
        clock.advance(WINDOW);
        appendSome(stream, 50, 1_000);
        clock.advance(WINDOW);
        List<Written> third = appendSome(stream, 5, 1_000);
        awaitSealed(2);
        WalReader reader = closing(within ? wal.reader()
                : WalReader.open(root, ReaderOptions.builder().scanBufferBytes(4_096).maxOpenFiles(1).build()));
        EntryCursor cursor = closing(reader.scan("s"));
        List<Written> before = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            assertThat(cursor.next()).isTrue();
            before.add(Written.of(cursor));
        }
        wal.sweep(expiration(1));
        EntryExpiredException expired = null;
        while (expired == null) {
            try {
                assertThat(cursor.next()).as("what is gone is told of").isTrue();
                before.add(Written.of(cursor));
            } catch (EntryExpiredException e) {
                expired = e;
            }
        }
        assertThat(before).as("of the segment it was in").isEqualTo(first.subList(0, before.size()));
        assertThat(expired.from()).isEqualTo(before.get(before.size() - 1).ref().end());
        assertThat(expired.to()).isEqualTo(third.get(0).ref().position());
        assertThat(expired).hasMessageContaining("stream=s").hasMessageContaining("from=").hasMessageContaining("to=");
        assertThat(Written.drain(cursor)).isEqualTo(third);
    }

    @Test
    void cursor_atTheEndOfAStreamThatIsSweptAndGoesOn_findsWhatComesAfter() {
        StreamWal wal = open();
        List<Written> old = appendSome(wal.stream("s"), 3);
        EntryCursor cursor = closing(readerOf(wal).scan("s"));
        for (Written one : old) {
            assertThat(cursor.next()).isTrue();
            assertThat(Written.of(cursor)).isEqualTo(one);
        }
        assertThat(cursor.next()).isFalse();
        clock.set(expiration(0).toEpochMilli());
        wal.sweep();
        assertThat(cursor.next()).isFalse();
        List<Written> fresh = appendSome(wal.stream("s"), 3);
        List<Written> found = new ArrayList<>();
        while (cursor.next()) {
            found.add(Written.of(cursor));
        }
        assertThat(found).isEqualTo(fresh);
    }

    @Test
    void scanFrom_aPositionThatWasSwept_beginsAtWhatIsLeft() {
        StreamWal wal = open();
        List<List<Written>> written = appendWindows(wal.stream("s"), 3, 4);
        wal.sweep(expiration(1));
        for (Written gone : flat(written.subList(0, 2))) {
            assertThat(Written.drain(readerOf(wal).scanFrom("s", gone.ref().position()))).isEqualTo(written.get(2));
        }
    }

    // ---------------------------------------------------------------- purge and delete

    @Test
    void purge_beforeATime_deletesSealedSegmentsWhoseWindowEndsByThen() {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<List<Written>> written = appendWindows(stream, 4, MANY);
        List<Written> other = appendSome(wal.stream("other"), 3);
        awaitSealed(3);
        List<Path> files = segmentsOf("s");
        assertThat(wal.purge(Keys.key("s"), at(NOW + WINDOW.toMillis() - 1)).deletedSegments()).isZero();
        SweepResult result = wal.purge(Keys.key("s"), at(NOW + 2 * WINDOW.toMillis()));
        assertThat(result.deletedSegments()).isEqualTo(2);
        assertThat(result.liveSegments()).isEqualTo(2);
        assertThat(heard().swept).extracting(DeletedSegment::reason).containsOnly(DeletedSegment.Reason.PURGED);
        assertThat(result.bytesReclaimed()).isEqualTo(heard().swept.stream().mapToLong(DeletedSegment::bytes).sum()).isPositive();
        assertThat(segmentsOf("s")).isEqualTo(files.subList(2, 4));
        assertExpired(wal, flat(written.subList(0, 2)));
        assertHoldsNow(wal, "s", flat(written.subList(2, 4)));
        // the newest is appended to: it stays, whatever the time
        assertThat(wal.purge(Keys.key("s"), at(NOW + Duration.ofDays(1).toMillis())).deletedSegments()).isEqualTo(1);
        assertHoldsNow(wal, "other", other);
        assertHoldsEverywhere(wal, "s", written.get(3));
    }

    @Test
    void purge_afterReopening_opensWhatItNeeds() {
        StreamWal wal = open();
        List<List<Written>> written = appendWindows(wal.stream("s"), 3, 4);
        wal.close();
        StreamWal again = open();
        assertThat(again.purge(Keys.key("s"), at(NOW + WINDOW.toMillis())).deletedSegments()).isEqualTo(1);
        assertExpired(again, written.get(0));
        assertHoldsEverywhere(again, "s", flat(written.subList(1, 3)));
    }

    @Test
    void purge_idleStreamSealedBySweeping_takesTheLastSegmentToo() {
        StreamWal wal = open();
        List<Written> old = appendSome(wal.stream("s"), 3);
        clock.advance(WINDOW);
        wal.sweep();
        wal.sweep();
        assertThat(wal.purge(Keys.key("s"), at(NOW + WINDOW.toMillis())).deletedSegments()).isEqualTo(1);
        assertThat(wal.keys()).isEmpty();
        assertExpired(wal, old);
        List<Written> fresh = appendSome(wal.stream("s"), 2);
        assertThat(fresh.get(0).ref().position()).isGreaterThanOrEqualTo(old.get(2).ref().end());
        assertExpired(wal, old);
        assertHoldsEverywhere(wal, "s", fresh);
    }

    @Test
    void purge_manyStreams_isOneResultOfThoseThatAreChosen() {
        StreamWal wal = open();
        Map<String, List<List<Written>>> written = new TreeMap<>();
        for (int window = 0; window < 3; window++) {
            for (String key : List.of("a/1", "a/2", "b/1")) {
                written.computeIfAbsent(key, unused -> new ArrayList<>()).add(appendSome(wal.stream(key), 3));
            }
            clock.advance(WINDOW);
        }
        awaitSealed(6);
        SweepResult result = wal.purge(Keys.of(List.of("a/2", "none", "a/1")), at(NOW + WINDOW.toMillis()));
        assertThat(result).isEqualTo(result(2, 0, 4, heard().swept.stream().mapToLong(DeletedSegment::bytes).sum()));
        assertThat(heard().swept).extracting(DeletedSegment::key).containsExactly("a/1", "a/2");
        assertThat(wal.keys()).containsExactly("a/1", "a/2", "b/1");
        assertWindows(wal, written.get("a/1"), 1);
        assertWindows(wal, written.get("a/2"), 1);
        assertWindows(wal, written.get("b/1"), 0);
        assertThat(wal.purge(Keys.all(), at(NOW + 2 * WINDOW.toMillis())).deletedSegments()).isEqualTo(4);
        assertThat(wal.purge(Keys.prefix("c"), Instant.MAX)).isEqualTo(result(0, 0, 0, 0));
    }

    @Test
    void purge_oneStreamCannotBeOpened_theOthersAreAndItIsThrown() throws IOException {
        try (StreamWal wal = open()) {
            for (String key : List.of("a", "b", "c")) {
                appendSome(wal.stream(key), 3);
            }
            clock.advance(WINDOW);
            for (String key : List.of("a", "b", "c")) {
                appendSome(wal.stream(key), 3);
            }
        }
        Path damaged = segmentsOf("b").get(1);
        byte[] bytes = Files.readAllBytes(damaged);
        Arrays.fill(bytes, 0, 64, (byte) 0x55);
        Files.write(damaged, bytes);
        StreamWal wal = open();
        assertThatThrownBy(() -> wal.purge(Keys.all(), at(NOW + WINDOW.toMillis()))).isInstanceOf(WalException.class)
                .hasMessageContaining("stream=b");
        assertThat(segmentsOf("a")).hasSize(1);
        assertThat(segmentsOf("b")).hasSize(2);
        assertThat(segmentsOf("c")).hasSize(1);
    }

    @Test
    void purge_noSuchStream_doesNothing() {
        StreamWal wal = open();
        assertThat(wal.purge(Keys.key("s"), at(NOW))).isEqualTo(result(0, 0, 0, 0));
        assertThat(wal.keys()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {3, MANY})
    void delete_aStream_takesAllOfItAndNothingElse(int each) {
        StreamWal wal = open();
        List<Written> gone = flat(appendWindows(wal.stream("s"), 3, each));
        List<Written> other = appendSome(wal.stream("other"), 3);
        List<Path> files = segmentsOf("s");
        assertThat(wal.delete("s")).isTrue();
        assertThat(heard().swept).extracting(DeletedSegment::path).isEqualTo(files);
        assertThat(heard().swept).extracting(DeletedSegment::reason).containsOnly(DeletedSegment.Reason.STREAM_DELETED);
        assertThat(wal.delete("s")).isFalse();
        assertThat(wal.keys()).containsExactly("other");
        assertThat(wal.stats().mappedSegments()).as("the other one's").isEqualTo(home.isMapped() ? 1 : 0);
        assertThat(root.resolve("segments/s")).doesNotExist();
        assertExpired(wal, gone);

        List<Written> fresh = appendSome(wal.stream("s"), each);
        assertThat(fresh.get(0).ref().position()).isGreaterThanOrEqualTo(gone.get(gone.size() - 1).ref().end());
        assertExpired(wal, gone);
        assertHoldsNow(wal, "other", other);
        assertHoldsEverywhere(wal, "s", fresh);
    }

    @Test
    void delete_afterReopeningThenAppendAfterAnotherReopening_positionsAreNew() {
        StreamWal wal = open();
        List<Written> gone = appendSome(wal.stream("s"), MANY);
        wal.close();
        StreamWal again = open();
        assertThat(again.delete("nobody")).isFalse();
        assertThat(again.delete("s")).isTrue();
        again.close();
        StreamWal third = open();
        assertExpired(third, gone);
        List<Written> fresh = appendSome(third.stream("s"), 3);
        assertThat(fresh.get(0).ref().position()).isGreaterThanOrEqualTo(gone.get(MANY - 1).ref().end());
        assertExpired(third, gone);
        assertHoldsEverywhere(third, "s", fresh);
    }

    @Test
    void delete_whileAThreadAppends_itGoesOnAtNewPositions() throws Exception {
        StreamWal wal = open();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<Written> written = Collections.synchronizedList(new ArrayList<>());
        // it asks for a deletion now and then and doesn't wait for it: so there are as many, whoever is the faster
        Semaphore asked = new Semaphore(0);
        int asks = 100;
        Thread appender = new Thread(() -> {
            try {
                for (int i = 1; i <= 50 * asks; i++) {
                    written.addAll(appendSome(wal.stream("s"), 1));
                    if (i % 50 == 0) {
                        asked.release();
                    }
                }
            } catch (Throwable e) {
                failure.set(e);
                asked.release(asks);
            }
        }, "test-appender");
        appender.start();
        int deletions = 0;
        for (int i = 0; i < asks; i++) {
            asked.acquire();
            deletions += wal.delete("s") ? 1 : 0;
        }
        appender.join();
        assertThat(failure.get()).isNull();
        assertThat(deletions).isPositive();
        for (int i = 1; i < written.size(); i++) {
            assertThat(written.get(i).ref().position()).isGreaterThanOrEqualTo(written.get(i - 1).ref().end());
        }
        assertReadOrExpired(wal, written);
        wal.delete("s");
        await("nothing is left, nor made again", () -> Files.notExists(root.resolve("segments/s")) || isEmpty(root.resolve("segments/s")));
    }

    private static boolean isEmpty(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.findAny().isEmpty();
        } catch (IOException e) {
            return false;
        }
    }

    // ---------------------------------------------------------------- limits of bytes

    @Test
    void sweep_streamOverItsLimit_losesItsOldestSealedSegments() throws IOException {
        StreamWal wal = open(options().maxBytesPerStream(150_000)
                .streams("roomy/*", StreamOptions.builder().maxBytesPerStream(10_000_000).build()));
        List<Written> written = appendSome(wal.stream("s"), 300, 1_000);
        List<Written> roomy = appendSome(wal.stream("roomy/s"), 300, 1_000);
        awaitSealed(8);
        List<Path> files = segmentsOf("s");
        assertThat(files).hasSize(5);
        SweepResult result = wal.sweep();
        assertThat(heard().swept).extracting(DeletedSegment::path).isEqualTo(files.subList(0, result.deletedSegments()));
        assertThat(heard().swept).extracting(DeletedSegment::reason).containsOnly(DeletedSegment.Reason.STREAM_BYTES);
        long left = 0;
        for (Path file : segmentsOf("s")) {
            left += Files.size(file);
        }
        assertThat(left).isLessThanOrEqualTo(150_000);
        assertThat(left + heard().swept.get(heard().swept.size() - 1).bytes()).as("no more than needed").isGreaterThan(150_000);
        long first = readerOf(wal).describe("s").orElseThrow().firstPosition();
        assertHoldsNow(wal, "roomy/s", roomy);
        assertHoldsEverywhere(wal, "s", written.stream().filter(one -> one.ref().position() >= first).toList());
    }

    @Test
    void sweep_logOverItsLimit_losesTheOldestWindowsFirst() {
        // what is appended to takes up to 32 KiB a stream, as space is prepared ahead; no segment is so full that its successor is
        StreamWal wal = open(options().segmentBytes(1 << 20).maxTotalBytes(120_000));
        List<Written> oldest = appendSome(wal.stream("b"), 50, 1_000);
        clock.advance(WINDOW);
        List<Written> newer = appendSome(wal.stream("a"), 50, 1_000);
        clock.advance(WINDOW);
        List<Written> newest = joined(appendSome(wal.stream("a"), 10, 1_000), appendSome(wal.stream("b"), 10, 1_000));
        awaitSealed(2);
        assertThat(wal.sweep().deletedSegments()).isEqualTo(1);
        assertThat(heard().swept.get(0).reason()).isEqualTo(DeletedSegment.Reason.TOTAL_BYTES);
        assertExpired(wal, oldest);
        assertHoldsNow(wal, "a", joined(newer, newest.subList(0, 10)));
        assertHoldsNow(wal, "b", newest.subList(10, 20));
    }

    @Test
    void sweep_logOverItsLimit_losesTheOldestWindowsFirst_whateverTheRetentionWasOrIs() {
        StreamWal before = open(options().streams("b", StreamOptions.builder().retention(RETENTION.multipliedBy(10)).build()));
        List<Written> oldest = appendSome(before.stream("b"), 10, 1_000);
        clock.advance(WINDOW);
        List<Written> newer = appendSome(before.stream("a"), 10, 1_000);
        clock.advance(WINDOW);
        List<Written> newest = joined(appendSome(before.stream("a"), 10, 1_000), appendSome(before.stream("b"), 10, 1_000));
        awaitSealed(2);
        before.close();
        StreamWal wal = open(options().maxTotalBytes(40_000));
        assertThat(wal.sweep().deletedSegments()).isEqualTo(1);
        assertExpired(wal, oldest);
        assertHoldsNow(wal, "a", joined(newer, newest.subList(0, 10)));
        assertHoldsNow(wal, "b", newest.subList(10, 20));
    }

    @Test
    void sweep_limitSmallerThanWhatIsAppendedTo_keepsTheActiveSegment() {
        StreamWal wal = open(options().maxBytesPerStream(1).maxTotalBytes(1));
        List<Written> written = appendSome(wal.stream("s"), MANY);
        assertThat(wal.sweep()).extracting(SweepResult::deletedSegments, SweepResult::liveSegments).containsExactly(0, 1);
        assertHoldsEverywhere(wal, "s", written);
    }


    /** Put back on another machine, where no journal tells what was deleted before. */
    @Test
    void checkpoint_beginningWasSwept_isAllThereElsewhere() {
        StreamWal wal = open();
        List<List<Written>> windows = appendWindows(wal.stream("k"), 2, 5);
        awaitSealed(1);
        assertThat(wal.sweep(expiration(0)).deletedSegments()).isEqualTo(1);
        Path copy = root.resolveSibling("copy");

        wal.checkpoint(copy);

        try (StreamWal elsewhere = StreamWal.open(copy, options().build())) {
            try (WalReader reader = elsewhere.reader()) {
                Written.assertHolds(reader, "k", windows.get(1));
            }
            assertThat(elsewhere.recoveryReport().streams()).allSatisfy(stream -> assertThat(stream.findings()).isEmpty());
        }
    }
}
