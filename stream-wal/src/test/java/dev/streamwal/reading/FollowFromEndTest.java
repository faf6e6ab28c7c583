package dev.streamwal.reading;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.Durability;
import dev.streamwal.Segments;
import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import dev.streamwal.simulation.SimulatedDisk;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Many streams are followed from their ends: all that comes later is delivered once, in order, wherever it comes, and no loss is told. Something happens
 * between two calls to the disk that the follower makes from its opening to its first record, before every third of them in turn. One thread.
 */
class FollowFromEndTest {

    private static final Duration WINDOW = Duration.ofMinutes(1);
    private static final Duration RETENTION = Duration.ofMinutes(10);
    private static final Duration LONG = Duration.ofSeconds(20);
    /** Streams in places of their own: only in a pack, only in a shared segment, in both, and in a directory. */
    private static final List<String> SHARING = List.of("packed", "shared", "both");
    private static final List<String> KEYS = List.of("packed", "shared", "both", "own");
    /** Too large for a shared segment. */
    private static final int LARGE_BYTES = 30_000;
    /** Looking at a path is a call for each of its folders, and between these nothing is decided. */
    private static final int STEP = 3;
    private static final int FEW = 20;
    private static final int MORE = 2_000;
    /** Looking whether there is a catalogue of keys is a call for each folder of its path, too; opening and reading a stream makes fifty. */
    private static final int MAX_CALLS_PER_STREAM = 6;

    private Instant now = Instant.parse("2026-03-01T12:00:00Z");

    /** What happens meanwhile. */
    private enum Event {
        APPEND, APPEND_TO_DIRECTORIES, PACK, APPEND_AND_PACK
    }

    @ParameterizedTest
    @EnumSource
    void follow_somethingHappensMeanwhile_allThatComesLaterIsDelivered(Event event) throws Exception {
        boolean isLast = false;
        for (int call = 1 + event.ordinal() % STEP; !isLast; call += STEP) {
            try (Run run = new Run(); WalReader reader = WalReader.open(run.disk.besidePath("/log"))) {
                run.appended.clear();
                run.before(call, event);
                try (EntryTail tail = reader.follow(Keys.all(), ReadFrom.end())) {
                    isLast = !run.follow(tail);
                    run.assertDelivered("before call " + call);
                }
            }
            assertThat(call).as("calls are few").isLessThan(1_000);
        }
    }

    @ParameterizedTest
    @EnumSource
    void consumer_hasProcessedAll_goesOnWithWhatComesLater(Event event) throws Exception {
        boolean isLast = false;
        for (int call = 1 + event.ordinal() % STEP; !isLast; call += STEP) {
            try (Run run = new Run(); WalReader reader = WalReader.open(run.disk.besidePath("/log"))) {
                try (WalConsumer consumer = reader.consumer("c", Keys.all())) {
                    while (consumer.entries().next(Duration.ZERO)) {
                        consumer.commitDelivered();
                    }
                    consumer.commitDelivered();
                }
                run.appended.clear();
                run.before(call, event);
                try (WalConsumer consumer = reader.consumer("c", Keys.all())) {
                    // all that came is later than the commit, and is delivered before anything else comes
                    run.readToLast(consumer.entries());
                    isLast = !run.follow(consumer.entries());
                    run.assertAllDelivered("before call " + call);
                    assertThat(consumer.lost()).isEmpty();
                    assertThat(consumer.possiblyLost()).isEmpty();
                }
            }
            assertThat(call).as("calls are few").isLessThan(1_000);
        }
    }

    @Test
    void follow_allExpiresAndComesAgain_noLossIsTold() throws Exception {
        try (Run run = new Run(); WalReader reader = WalReader.open(run.disk.besidePath("/log"));
                EntryTail tail = reader.follow(Keys.of(SHARING), ReadFrom.end())) {
            assertThat(tail.next(Duration.ZERO)).isFalse();
            run.keys = SHARING;
            run.appended.clear();
            run.comeAgain();
            boolean unused = run.follow(tail);
            run.assertAllDelivered("after all had expired");
        }
    }

    @Test
    void positions_nothingWasRead_areTheEnds() {
        try (Run run = new Run(); WalReader reader = WalReader.open(run.disk.besidePath("/log"));
                EntryTail tail = reader.follow(Keys.all(), ReadFrom.end())) {
            Map<String, Long> ends = new HashMap<>();
            run.appended.forEach((key, refs) -> ends.put(key, refs.get(refs.size() - 1).end()));
            assertThat(tail.positions()).isEqualTo(ends);
        }
    }

    @Test
    void follow_manyStreamsThatShare_opensNoneOfThem() throws Exception {
        assertThat(callsToFollow(FEW + MORE) - callsToFollow(FEW)).isLessThan(MORE * MAX_CALLS_PER_STREAM);
    }

    @Test
    void consumer_hasProcessedAllOfManyStreams_opensNoneOfThem() throws Exception {
        assertThat(callsToGoOn(FEW + MORE) - callsToGoOn(FEW)).isLessThan(MORE * MAX_CALLS_PER_STREAM);
    }

    @Test
    void consumer_isNewToManyStreamsThatShare_opensNoneOfThem() throws Exception {
        assertThat(callsToBegin(FEW + MORE) - callsToBegin(FEW)).isLessThan(MORE * MAX_CALLS_PER_STREAM);
    }

    @Test
    void consumerLags_ofManyStreamsThatShare_opensNoneOfThem() throws Exception {
        assertThat(callsForLags(FEW + MORE) - callsForLags(FEW)).isLessThan(MORE * MAX_CALLS_PER_STREAM);
    }

    private int callsToFollow(int streams) throws InterruptedException {
        try (Run run = new Run(); WalReader reader = WalReader.open(run.disk.besidePath("/log"))) {
            run.appendToMore(streams);
            int before = run.disk.calls();
            try (EntryTail tail = reader.follow(Keys.prefix("more/"), ReadFrom.end())) {
                assertThat(tail.next(Duration.ZERO)).isFalse();
                return run.disk.calls() - before;
            }
        }
    }

    private int callsToBegin(int streams) {
        try (Run run = new Run(); WalReader reader = WalReader.open(run.disk.besidePath("/log"))) {
            run.appendToMore(streams);
            int before = run.disk.calls();
            reader.consumer("new", Keys.prefix("more/")).close();
            return run.disk.calls() - before;
        }
    }

    private int callsToGoOn(int streams) throws InterruptedException {
        return callsWhenAllIsProcessed(streams, reader -> {
            try (WalConsumer consumer = reader.consumer("c", Keys.prefix("more/"))) {
                assertThat(consumer.entries().next(Duration.ZERO)).isFalse();
            }
        });
    }

    private int callsForLags(int streams) throws InterruptedException {
        return callsWhenAllIsProcessed(streams, reader ->
                assertThat(reader.consumerLags("c")).hasSize(streams).allMatch(lag -> lag.behindBytes() == 0 && lag.end() == lag.committed()));
    }

    private interface Reading {
        void by(WalReader reader) throws InterruptedException;
    }

    private int callsWhenAllIsProcessed(int streams, Reading reading) throws InterruptedException {
        try (Run run = new Run(); WalReader reader = WalReader.open(run.disk.besidePath("/log"))) {
            run.appendToMore(streams);
            try (WalConsumer consumer = reader.consumer("c", Keys.prefix("more/"))) {
                for (int i = 0; i < 2 * streams; i++) {
                    assertThat(consumer.entries().next(LONG)).isTrue();
                }
                consumer.commitDelivered();
            }
            try (WalReader other = WalReader.open(run.disk.besidePath("/log"))) {
                int before = run.disk.calls();
                reading.by(other);
                return run.disk.calls() - before;
            }
        }
    }

    private final class Run implements AutoCloseable {
        private final SimulatedDisk disk = new SimulatedDisk();
        private StreamWal wal = open();
        private final Map<String, List<EntryRef>> appended = new HashMap<>();
        private final Map<String, List<EntryRef>> delivered = new HashMap<>();
        private List<String> keys = KEYS;
        private boolean happened;

        Run() {
            append("packed", 10);
            append("both", 10);
            pack();
            append("shared", 10);
            append("both", 10);
            append("own", LARGE_BYTES);
        }

        private StreamWal open() {
            WalOptions options = WalOptions.builder().clock(() -> now).window(WINDOW).retention(RETENTION).segmentBytes(64 << 10)
                    .maxRecordBytes(LARGE_BYTES).streams("*", StreamOptions.builder().segments(Segments.AUTO).build()).ownSegments(0)
                    .sweepInterval(Duration.ZERO).durability(Durability.BUFFERED).build();
            return SimulatedLog.open(disk.path("/log"), options, "boot", false, new Random(1)::nextLong);
        }

        private void append(String key, int bytes) {
            appended.computeIfAbsent(key, absent -> new ArrayList<>()).add(wal.stream(key).append(new byte[bytes]));
        }

        private void pack() {
            now = now.plus(WINDOW.multipliedBy(2));
            assertThat(wal.pack()).isPositive();
        }

        void appendToMore(int streams) {
            for (int times = 0; times < 2; times++) {
                for (int i = 0; i < streams; i++) {
                    EntryRef unused = wal.stream("more/" + i).append(new byte[10]);
                }
                if (times == 0) {
                    pack();
                }
            }
        }

        void before(int call, Event event) {
            disk.meanwhile(call, () -> {
                happened = true;
                happens(event);
            });
        }

        private void happens(Event event) {
            switch (event) {
                case APPEND -> keys.forEach(key -> append(key, 10));
                case APPEND_TO_DIRECTORIES -> keys.forEach(key -> append(key, LARGE_BYTES));
                case PACK -> pack();
                case APPEND_AND_PACK -> {
                    keys.forEach(key -> append(key, 10));
                    pack();
                }
            }
        }

        /** Nothing came before all of it expired, so nothing was missed. */
        private void comeAgain() {
            wal.close();
            now = now.plus(RETENTION).plus(WINDOW.multipliedBy(2));
            wal = open();
            int unused = wal.pack();
            assertThat(wal.sweep().failedSegments()).isZero();
            assertThat(wal.keys()).isEmpty();
            keys.forEach(key -> append(key, 10));
        }

        /** @return whether it happened before the follower came to its first record */
        boolean follow(EntryTail tail) throws InterruptedException {
            read(tail, Duration.ZERO);
            boolean isMeanwhile = happened;
            disk.meanwhile(0, null);
            keys.forEach(key -> append(key, 10));
            readToLast(tail);
            read(tail, Duration.ZERO);
            return isMeanwhile;
        }

        void readToLast(EntryTail tail) throws InterruptedException {
            read(tail, Duration.ZERO);
            while (!isLastDelivered() && read(tail, LONG)) {
                // goes on
            }
        }

        private boolean isLastDelivered() {
            return appended.keySet().stream().allMatch(key -> delivered(key).contains(appended.get(key).get(appended.get(key).size() - 1)));
        }

        private boolean read(EntryTail tail, Duration timeout) throws InterruptedException {
            boolean any = false;
            for (Duration next = timeout; tail.next(next); next = Duration.ZERO) {
                delivered.computeIfAbsent(tail.key(), absent -> new ArrayList<>()).add(tail.ref());
                any = true;
            }
            return any;
        }

        private List<EntryRef> delivered(String key) {
            return delivered.getOrDefault(key, List.of());
        }

        /** What came while the tail was opened may be before its beginning. */
        void assertDelivered(String when) {
            for (String key : keys) {
                List<EntryRef> all = appended.get(key);
                int before = Math.max(0, all.size() - Math.max(1, delivered(key).size()));
                assertThat(delivered(key)).as("%s, of %s", when, key).isEqualTo(all.subList(before, all.size()));
            }
        }

        void assertAllDelivered(String when) {
            keys.forEach(key -> assertThat(delivered(key)).as("%s, of %s", when, key).isEqualTo(appended.get(key)));
        }

        @Override
        public void close() {
            wal.close();
        }
    }
}
