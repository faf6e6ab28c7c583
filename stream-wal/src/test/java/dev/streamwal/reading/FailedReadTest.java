package dev.streamwal.reading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.Segments;
import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.SweepResult;
import dev.streamwal.WalOptions;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import dev.streamwal.simulation.Call;
import dev.streamwal.simulation.FaultPlan;
import dev.streamwal.simulation.SimulatedDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One call to the disk fails while a log is asked something: the answer is the same as without, or the failure is thrown. It is never "unknown". */
class FailedReadTest {

    private static final Duration WINDOW = Duration.ofMinutes(10);
    private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
    private static final int WINDOWS = 3;
    private static final int RECORDS = 4;
    private static final int MAX_CALLS = 1_000;
    private static final String FILES = "seg$|cursor$|/segments";
    private static final String CONSUMER = "c";
    private static final String KEY = "k";
    private static final String MANY = "many";
    private static final int MANY_RECORDS = 40;
    private static final int RECORD_BYTES = 900;
    /** A tail of many streams tries one that couldn't be read again at a later look. */
    private static final Duration LOOKS = Duration.ofMillis(100);

    /** What is asked. */
    private enum Question {
        LAGS(reader -> reader.consumerLags(CONSUMER)),
        CONSUMER_INFO(reader -> reader.describeConsumer(CONSUMER)),
        DESCRIBE(reader -> reader.describe(KEY)),
        VERIFY(reader -> reader.verify(KEY)),
        KEYS(WalReader::keys),
        COMMIT_BEYOND_THE_END(reader -> {
            try (WalConsumer consumer = reader.consumer("another", Keys.key(KEY))) {
                consumer.commit(KEY, 1 << 30);
                return "committed";
            } catch (IllegalArgumentException e) {
                return e.getMessage();
            }
        });

        @SuppressWarnings("ImmutableEnumChecker") // a lambda
        private final Function<WalReader, Object> asking;

        Question(Function<WalReader, Object> asking) {
            this.asking = asking;
        }

        Object ask(WalReader reader) {
            return asking.apply(reader);
        }
    }

    private final SimulatedDisk disk = new SimulatedDisk();
    private final Path root = disk.path("/log");
    private StreamWal wal;

    @BeforeEach
    void write() {
        Instant[] now = {START};
        WalOptions options = WalOptions.builder().clock(() -> now[0]).window(WINDOW).retention(Duration.ofDays(1)).segmentBytes(64 << 10)
                .maxRecordBytes(1_000).ownSegments(100).sweepInterval(Duration.ZERO).build();
        wal = SimulatedLog.open(root, options, "boot", false, new Random(1)::nextLong);
        for (int window = 0; window < WINDOWS; window++) {
            for (int i = 0; i < RECORDS; i++) {
                EntryRef unused = wal.stream(KEY).append(now[0].toEpochMilli(), Content.of(i));
            }
            SimulatedLog.runBackground(wal);
            now[0] = now[0].plus(WINDOW);
        }
        wal.reader().consumer(CONSUMER, Keys.all()).close();
    }

    @AfterEach
    void close() {
        disk.failing(FaultPlan.NONE);
        wal.close();
    }

    @ParameterizedTest
    @EnumSource
    void ask_oneCallFails_theAnswerIsTheSameOrTheFailureIsThrown(Question question) {
        Object expected = question.ask(wal.reader());
        int thrown = 0;
        for (int nth = 1; ; nth++) {
            assertThat(nth).isLessThan(MAX_CALLS);
            // a reader that knows nothing yet
            try (WalReader reader = WalReader.open(root)) {
                int before = disk.failures().size();
                disk.failing(new FaultPlan(0, EnumSet.of(Call.READ, Call.OPEN, Call.LIST), FILES, nth, 1, FaultPlan.Failure.IO_ERROR));
                try {
                    assertThat(question.ask(reader)).as("call %d fails", nth).isEqualTo(expected);
                } catch (WalIOException e) {
                    assertThat(e).hasMessageContaining("Input/output error").hasMessageContaining("file=/log");
                    thrown++;
                }
                if (disk.failures().size() == before) {
                    break;
                }
            } finally {
                disk.failing(FaultPlan.NONE);
            }
        }
        assertThat(thrown).isPositive();
    }

    /** How records of one size are gone through, by several reads. */
    private enum Walk {
        FORWARDS(reader -> reader.scan(MANY)),
        OF_A_TIME(reader -> reader.scan(MANY, START, Instant.MAX)),
        BACKWARDS(reader -> reader.scanBackward(MANY, Long.MAX_VALUE)),
        MERGED(reader -> reader.scanMerged(Keys.key(MANY), Instant.MIN, Instant.MAX)),
        TAIL(reader -> reader.follow(MANY, ReadFrom.first())),
        TAIL_OF_MANY(reader -> reader.follow(Keys.prefix(MANY), ReadFrom.first()));

        @SuppressWarnings("ImmutableEnumChecker") // a lambda
        private final Function<WalReader, EntryCursor> opening;

        Walk(Function<WalReader, EntryCursor> opening) {
            this.opening = opening;
        }

        /** Positions, in the order in which they came; goes on after each failure, until all have come and no further one, or nothing comes for long. */
        List<Long> positions(WalReader reader) throws InterruptedException {
            List<Long> positions = new ArrayList<>();
            try (EntryCursor cursor = opening.apply(reader)) {
                int ends = 0;
                boolean isAll = false;
                while (ends < (isAll ? 1 : 3)) {
                    try {
                        if (cursor instanceof EntryTail tail ? tail.next(isAll ? Duration.ofMillis(1) : LOOKS) : cursor.next()) {
                            positions.add(cursor.position());
                            isAll = positions.size() >= MANY_RECORDS;
                        } else {
                            ends++;
                        }
                    } catch (WalIOException e) {
                        assertThat(e).hasMessageContaining("Input/output error");
                    }
                }
            }
            return positions;
        }
    }

    @ParameterizedTest
    @EnumSource
    void next_oneCallFailed_theNextGoesOnWhereItWas(Walk walk) throws InterruptedException {
        for (int i = 0; i < MANY_RECORDS; i++) {
            EntryRef unused = wal.stream(MANY).append(START.toEpochMilli(), new byte[RECORD_BYTES]);
        }
        List<Long> expected;
        try (WalReader reader = WalReader.open(root)) {
            expected = walk.positions(reader);
        }
        assertThat(expected).hasSize(MANY_RECORDS);
        boolean isFailed = true;
        for (int nth = 1; isFailed; nth++) {
            assertThat(nth).isLessThan(MAX_CALLS);
            try (WalReader reader = WalReader.open(root)) {
                int before = disk.failures().size();
                disk.failing(new FaultPlan(0, EnumSet.of(Call.READ), "seg$", nth, 1, FaultPlan.Failure.IO_ERROR));
                assertThat(walk.positions(reader)).as("read %d fails", nth).isEqualTo(expected);
                isFailed = disk.failures().size() > before;
            } catch (WalIOException e) {
                // it wasn't opened
                assertThat(e).hasMessageContaining("Input/output error");
            } finally {
                disk.failing(FaultPlan.NONE);
            }
        }
    }

    @Test
    @Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void scanLast_closedBetweenAnyTwoCalls_endsAndTellsThat() {
        int thrown = 0;
        for (int nth = 1; thrown == nth - 1; nth++) {
            assertThat(nth).isLessThan(MAX_CALLS);
            try (WalReader reader = WalReader.open(root)) {
                disk.meanwhile(nth, reader::close);
                reader.scanLast(KEY, WINDOWS * RECORDS).close();
            } catch (WalClosedException e) {
                thrown++;
            } finally {
                disk.meanwhile(0, null);
            }
        }
        assertThat(thrown).isGreaterThan(WINDOWS);
    }

    /** A sector that has gone bad keeps no log from being opened. Where a stream ended there isn't known, and it goes on above that. */
    @Test
    void open_anEarlierSharedSegmentCantBeRead_takesAppends() throws IOException {
        WalOptions options = WalOptions.builder().clock(() -> START).ownSegments(0).sweepInterval(Duration.ZERO).build();
        WalOptions owning = WalOptions.builder().clock(() -> START).ownSegments(0).sweepInterval(Duration.ZERO)
                .streams("moved", StreamOptions.builder().segments(Segments.OWN).build()).build();
        // this one has a segment of its own before that, which says where it ended
        Map<String, Long> records = Map.of("first", 4L, "second", 2L, "third", 3L, "moved", 3L);
        for (int nth = 1; ; nth++) {
            assertThat(nth).isLessThan(MAX_CALLS);
            Path shared = disk.path("/shared" + nth);
            long end = 0;
            try (StreamWal writer = SimulatedLog.open(shared, owning, "boot", false, new Random(7)::nextLong)) {
                EntryRef unused = writer.stream("moved").append(Content.of(7));
            }
            for (int i = 0; i < 3; i++) {
                try (StreamWal writer = SimulatedLog.open(shared, options, "boot", false, new Random(i)::nextLong)) {
                    end = i > 0 ? end : writer.stream("moved").append(Content.of(i)).end();
                    end = Math.max(end, writer.stream("first").append(Content.of(i)).end());
                    end = Math.max(end, writer.stream(i == 0 ? "second" : "third").append(Content.of(i)).end());
                }
            }
            Path oldest;
            try (Stream<Path> files = Files.list(shared.resolve("segments").resolve(StreamKey.SHARED.directoryName()))) {
                oldest = files.sorted().findFirst().orElseThrow();
            }
            int before = disk.failures().size();
            disk.failing(FaultPlan.nthOf(Call.READ, shared + "/.*" + Pattern.quote(oldest.getFileName().toString()), nth, FaultPlan.Failure.IO_ERROR));
            try (StreamWal writer = SimulatedLog.open(shared, options, "boot", false, new Random(3)::nextLong)) {
                boolean hasFailed = disk.failures().size() > before;
                disk.failing(FaultPlan.NONE);
                for (String key : records.keySet()) {
                    assertThat(writer.stream(key).append(Content.of(1)).position()).as("%s, read %d fails", key, nth).isGreaterThanOrEqualTo(end);
                    assertThat(writer.reader().verify(key).records()).as("%s, read %d fails", key, nth).isEqualTo(records.get(key));
                }
                if (!hasFailed) {
                    assertThat(nth).as("reads").isGreaterThan(2);
                    return;
                }
            }
        }
    }

    @Test
    void open_oneStreamsFolderCantBeListed_theOthersAreAsEver() {
        Path listed = disk.path("/listed");
        Instant[] now = {START};
        WalOptions options = WalOptions.builder().clock(() -> now[0]).window(WINDOW).retention(WINDOW).ownSegments(100).sweepInterval(Duration.ZERO).build();
        try (StreamWal writer = SimulatedLog.open(listed, options, "boot", false, new Random(1)::nextLong)) {
            for (String key : List.of("a", "b", "c")) {
                EntryRef unused = writer.stream(key).append(Content.of(1));
            }
        }
        try (StreamWal writer = SimulatedLog.open(listed, options, "boot", false, new Random(2)::nextLong)) {
            disk.failing(new FaultPlan(0, EnumSet.of(Call.LIST), "/listed/segments/b$", 1, Integer.MAX_VALUE, FaultPlan.Failure.IO_ERROR));
            assertThat(writer.keys()).containsExactly("a", "b", "c");
            assertThat(writer.stats().segments()).isEqualTo(2);
            now[0] = now[0].plus(WINDOW.multipliedBy(3));
            SweepResult swept = writer.sweep(now[0]);
            assertThat(swept.deletedSegments()).isEqualTo(2);
            assertThat(swept.failedSegments()).isEqualTo(1);
            disk.failing(FaultPlan.NONE);
            assertThat(writer.sweep(now[0]).deletedSegments()).as("once it can be listed").isEqualTo(1);
        }
    }

    /** A folder that can't be listed isn't one with data. */
    @Test
    void open_aFolderBesideTheEarlierOneCantBeListed_tellsThat() throws IOException {
        Files.delete(root.resolve("streams"));
        Path unused = Files.createDirectory(root.resolve("streams"));
        WalReader.open(root).close();
        disk.failing(FaultPlan.nthOf(Call.LIST, "/streams$", 1, FaultPlan.Failure.IO_ERROR));
        assertThatThrownBy(() -> WalReader.open(root)).isInstanceOf(WalIOException.class)
                .hasMessageContaining("listing a folder of segments failed").hasMessageContaining("file=/log/streams");
        Files.delete(root.resolve("streams"));
    }
}
