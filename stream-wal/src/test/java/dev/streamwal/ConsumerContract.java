package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.streamwal.consumer.CursorFiles;
import dev.streamwal.error.ConsumerInUseException;
import dev.streamwal.error.ConsumerMismatchException;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.reader.ConsumerInfo;
import dev.streamwal.reader.ConsumerLag;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.LostRange;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.IllegalReferenceCountException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Named consumers: where they go on, what is kept for them, what they are told that they have lost. */
@Timeout(300)
abstract class ConsumerContract extends LogContract {

    private static final String KEY = "machine/cpu";
    private static final String NAME = "shipper";
    private static final Duration LONG = Duration.ofDays(1);
    private static final long MUCH = 1L << 40;

    private int sealedSoFar;

    ConsumerContract(LogHome home) {
        super(home);
    }

    private StreamWal openKeeping(long maxBytes, Duration maxTime) {
        return open(options().streams("*", StreamOptions.builder().retainFor(NAME, maxBytes, maxTime).build()));
    }

    private WalConsumer consumer() {
        return reader().consumer(NAME, Keys.key(KEY));
    }

    /** So many windows one after the other, and a last one, which isn't over; a list for each window. */
    private List<List<Written>> appendWindows(StreamWal wal, String key, int windows) {
        List<List<Written>> written = new ArrayList<>();
        for (int w = 0; w <= windows; w++) {
            written.add(appendSome(wal.stream(key), 3));
            if (w < windows) {
                clock.advance(WINDOW);
            }
        }
        sealedSoFar += windows;
        awaitSealed(sealedSoFar);
        return written;
    }

    /** When the segment of the n-th window expires, if the test has begun with it. */
    private static Instant expiration(int window) {
        return Instant.ofEpochMilli(NOW).plus(WINDOW.multipliedBy(window + 1)).plus(RETENTION);
    }

    private static void assertDelivers(WalConsumer consumer, List<Written> records) {
        EntryTail entries = consumer.entries();
        for (Written record : records) {
            assertThat(entries.next()).as("there is %s", record.ref()).isTrue();
            assertThat(entries.ref()).isEqualTo(record.ref());
        }
        assertThat(entries.next()).isFalse();
    }

    private static List<Written> flat(List<List<Written>> lists) {
        return lists.stream().flatMap(List::stream).toList();
    }

    private static long end(List<Written> records) {
        return records.get(records.size() - 1).ref().end();
    }

    private static long begin(List<Written> records) {
        return records.get(0).ref().position();
    }

    // ---------------------------------------------------------------- committing

    @Test
    void entries_openedAgain_goOnBehindTheCommit() {
        StreamWal wal = open();
        List<Written> records = appendSome(wal.stream(KEY), 10);
        try (WalConsumer consumer = consumer()) {
            assertDelivers(consumer, records);
            assertThat(consumer.entries()).as("the same tail").isSameAs(consumer.entries());
            consumer.commit(KEY, records.get(3).ref().end());
            assertThat(consumer.committed(KEY)).hasValue(records.get(3).ref().end());
            assertThat(consumer.lost()).isEmpty();
        }
        try (WalConsumer consumer = consumer()) {
            assertDelivers(consumer, records.subList(4, 10));
            consumer.commit(KEY, records.get(9).ref().end());
            List<Written> more = appendSome(wal.stream(KEY), 2);
            assertDelivers(consumer, more);
            assertThat(consumer.lost()).isEmpty();
        }
        try (WalConsumer consumer = wal.reader().consumer(NAME, Keys.key(KEY))) {
            assertThat(consumer.name()).isEqualTo(NAME);
            assertThat(consumer.entries().next()).isTrue();
        }
    }

    @Test
    void entries_closedAndAskedForAgain_goOnBehindTheCommit() {
        List<Written> records = appendSome(open().stream(KEY), 5);
        try (WalConsumer consumer = consumer()) {
            EntryTail first = consumer.entries();
            assertThat(first.next()).isTrue();
            consumer.commit(KEY, first.nextPosition());
            assertThat(first.next()).isTrue();
            first.close();
            assertThat(consumer.entries()).isNotSameAs(first);
            assertDelivers(consumer, records.subList(1, 5));
        }
    }

    @Test
    void commitDelivered_countsTheRecordThatTheTailStandsOn_andNoneBefore() {
        List<Written> records = appendSome(open().stream(KEY), 5);
        try (WalConsumer consumer = consumer()) {
            consumer.commitDelivered();
            assertThat(consumer.committed(KEY)).as("nothing was delivered").hasValue(begin(records));
            EntryTail entries = consumer.entries();
            assertThat(entries.next()).isTrue();
            assertThat(entries.next()).isTrue();
            assertThat(consumer.committed(KEY)).as("going on commits nothing").hasValue(begin(records));
            consumer.commitDelivered();
            assertThat(consumer.committed(KEY)).as("the one it stands on has been processed").hasValue(records.get(1).ref().end());
            assertThat(entries.next()).isTrue();
        }
        try (WalConsumer consumer = consumer()) {
            assertDelivers(consumer, records.subList(2, 5));
            consumer.commitDelivered();
        }
        try (WalConsumer consumer = consumer()) {
            assertDelivers(consumer, List.of());
        }
    }

    @Test
    void commitDelivered_afterACommitBack_leavesThatAsItIs() {
        List<Written> records = appendSome(open().stream(KEY), 4);
        try (WalConsumer consumer = consumer()) {
            assertDelivers(consumer, records);
            consumer.commit(KEY, begin(records));
            consumer.commitDelivered();
            assertThat(consumer.committed(KEY)).hasValue(begin(records));
            consumer.entries().close();
            assertThat(consumer.entries().next()).isTrue();
            consumer.commitDelivered();
            assertThat(consumer.committed(KEY)).hasValue(records.get(0).ref().end());
        }
    }

    @Test
    void commitDelivered_anotherTail_commitsNothingOfTheOneBefore() {
        List<Written> records = appendSome(open().stream(KEY), 4);
        try (WalConsumer consumer = consumer()) {
            assertDelivers(consumer, records);
            consumer.entries().close();
            assertThat(consumer.entries().next()).isTrue();
            consumer.commitDelivered();
            assertThat(consumer.committed(KEY)).hasValue(records.get(0).ref().end());
        }
    }

    @Test
    void commitDelivered_manyStreams_isOneWriteOfThoseThatWereDelivered() throws Exception {
        StreamWal wal = open();
        Map<String, List<Written>> written = new TreeMap<>();
        IntStream.range(0, 20).forEach(i -> written.put("machine/" + i, appendSome(wal.stream("machine/" + i), 2)));
        try (WalConsumer consumer = consumerOfAll()) {
            assertThat(deliver(consumer)).hasSize(20);
            long before = Files.size(root.resolve("cursors").resolve(NAME + ".cursor"));
            consumer.commitDelivered();
            written.forEach((key, records) -> assertThat(consumer.committed(key)).hasValue(end(records)));
            consumer.commitDelivered();
            long once = Files.size(root.resolve("cursors").resolve(NAME + ".cursor"));
            assertThat(once - before).as("an entry of each").isBetween(20 * 32L, 20 * 48L);
            appendSome(wal.stream("machine/7"), 1);
            assertThat(consumer.entries().next(Duration.ofSeconds(30))).isTrue();
            assertThat(consumer.entries().key()).isEqualTo("machine/7");
            consumer.commitDelivered();
            assertThat(Files.size(root.resolve("cursors").resolve(NAME + ".cursor")) - once).as("of that one").isLessThanOrEqualTo(48);
        }
        try (WalConsumer consumer = consumerOfAll()) {
            assertThat(deliver(consumer)).isEmpty();
        }
    }

    @Test
    void commit_severalStreams_areCommittedTogetherOrNone() {
        StreamWal wal = openInThisBoot();
        List<Written> cpu = appendSome(wal.stream(KEY), 4);
        List<Written> disk = appendSome(wal.stream("machine/disk"), 4);
        try (WalConsumer consumer = consumerOfAll()) {
            consumer.commit(Map.of(KEY, cpu.get(1).ref().end(), "machine/disk", disk.get(2).ref().end()));
            consumer.commit(Map.of());
            assertThatThrownBy(() -> consumer.commit(Map.of(KEY, end(cpu), "machine/disk", end(disk) + 8))).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("beyond the stream's end").hasMessageContaining("key=machine/disk");
            assertThatThrownBy(() -> consumer.commit(Map.of(KEY, end(cpu), "other", 8L))).isInstanceOf(IllegalArgumentException.class);
            assertThat(consumer.committed(KEY)).hasValue(cpu.get(1).ref().end());
            consumer.commit(Map.of(KEY, begin(cpu), "machine/disk", end(disk)));
        }
        try (WalConsumer consumer = consumerOfAll()) {
            assertThat(deliver(consumer)).isEqualTo(Map.of(KEY, positions(cpu)));
        }
    }

    @Test
    void commit_back_isDeliveredAgain() {
        List<Written> records = appendSome(open().stream(KEY), 5);
        try (WalConsumer consumer = consumer()) {
            consumer.commit(KEY, end(records));
            assertDelivers(consumer, List.of());
            consumer.commit(KEY, begin(records));
            assertDelivers(consumer, List.of());
            consumer.entries().close();
            assertDelivers(consumer, records);
        }
    }

    @Test
    void consumer_streamThatComesLater_isReadFromItsBeginning() {
        StreamWal wal = open();
        try (WalConsumer consumer = consumer()) {
            assertThat(consumer.entries().next()).isFalse();
            List<Written> records = appendSome(wal.stream(KEY), 3);
            assertDelivers(consumer, records);
        }
        try (WalConsumer consumer = consumer()) {
            assertThat(consumer.committed(KEY)).isEmpty();
            assertThat(consumer.entries().next()).isTrue();
        }
    }

    @Test
    void commit_whatCanNeverBe_isRefused() {
        open();
        try (WalConsumer consumer = consumer()) {
            assertThatThrownBy(() -> consumer.commit("other", 8)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("consumer doesn't read this stream: key=other, consumer=" + NAME
                            + ", boundTo=key(\"" + KEY + "\"); commit positions of its own streams");
            for (long position : new long[] {-8, -1, 7, Long.MAX_VALUE}) {
                assertThatThrownBy(() -> consumer.commit(KEY, position)).isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("position=" + position);
            }
            assertThatThrownBy(() -> consumer.commit(null, 8)).isInstanceOf(NullPointerException.class);
            assertThat(consumer.committed(KEY)).isEmpty();
        }
    }

    /** As other processes have it; elsewhere the tests' readers take the log for one of another boot, in which nothing is recovered yet. */
    private StreamWal openInThisBoot() {
        return closing(StreamWal.open(root, options().build()));
    }

    @Test
    void commit_behindTheEnd_isRefused() {
        StreamWal wal = openInThisBoot();
        try (WalConsumer consumer = consumer(); WalConsumer all = consumerOfAll("all")) {
            assertThatThrownBy(() -> consumer.commit(KEY, 8)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("position=8").hasMessageContaining("end=0").hasMessageContaining(KEY).hasMessageContaining(NAME);
            List<Written> records = appendSome(wal.stream(KEY), 3);
            long end = end(records);
            for (long behind : new long[] {end + 8, end + (1L << 40)}) {
                assertThatThrownBy(() -> consumer.commit(KEY, behind)).isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("end=" + end);
                assertThatThrownBy(() -> all.commit(KEY, behind)).isInstanceOf(IllegalArgumentException.class);
            }
            assertThat(consumer.committed(KEY)).isEmpty();
            consumer.commit(KEY, end);
            consumer.commit(KEY, begin(records));
            wal.stream(KEY).truncateAfter(records.get(1).ref());
            consumer.commit(KEY, end);
            assertThat(consumer.committed(KEY)).as("what was cut off is never given again").hasValue(end);
            wal.delete(KEY);
            all.commit(KEY, end);
        }
    }

    /** What the test is given says whether the log is closed in between. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void entries_committedBehindTheEnd_saysSoOnceAndGoesOnAtTheEnd(boolean isClosed) throws IOException {
        StreamWal wal = openInThisBoot();
        List<Written> records = appendSome(wal.stream(KEY), 3);
        Path earlier = home.place("earlier");
        wal.checkpoint(earlier);
        List<Written> later = appendSome(wal.stream(KEY), 3);
        appendSome(wal.stream("machine/disk"), 2);
        try (WalConsumer consumer = consumer(); WalConsumer all = consumerOfAll("all")) {
            assertDelivers(consumer, flat(List.of(records, later)));
            consumer.commit(KEY, end(later));
            all.commit(KEY, end(later));
        }
        wal.close();
        // put back from a copy that has no cursors
        try (Stream<Path> segments = Files.list(earlier.resolve("segments").resolve(StreamKey.of(KEY).directoryName()))) {
            for (Path segment : segments.toList()) {
                Files.copy(segment, segmentsOf(KEY).get(0).resolveSibling(segment.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        StreamWal again = openInThisBoot();
        long end = end(records);
        assertThat(again.stream(KEY).endPosition()).isEqualTo(end);
        if (isClosed) {
            again.close();
        }
        for (int i = 0; i < 2; i++) {
            try (WalConsumer consumer = consumer(); WalConsumer all = consumerOfAll("all")) {
                for (WalConsumer each : List.of(consumer, all)) {
                    assertThatThrownBy(() -> deliver(each)).isInstanceOf(EntryNotFoundException.class)
                            .hasMessageContaining("committed=" + end(later)).hasMessageContaining("end=" + end)
                            .hasMessageContaining("commit a position");
                    assertThat(deliver(each).getOrDefault(KEY, List.of())).isEmpty();
                }
            }
        }
        List<Written> more = appendSome((isClosed ? openInThisBoot() : again).stream(KEY), 2);
        try (WalConsumer consumer = consumer(); WalConsumer all = consumerOfAll("all")) {
            for (WalConsumer each : List.of(consumer, all)) {
                deliverPastWhatIsTold(each);
            }
            consumer.commit(KEY, end(more));
        }
        try (WalConsumer consumer = consumer()) {
            assertDelivers(consumer, List.of());
        }
    }

    private static void deliverPastWhatIsTold(WalConsumer consumer) {
        try {
            deliver(consumer);
        } catch (EntryNotFoundException toldOnce) {
            assertThat(toldOnce).hasMessageContaining("end=");
        }
    }

    @Test
    void consumer_whatCanNeverBe_isRefused() {
        open();
        WalReader reader = reader();
        for (String name : List.of("", "x".repeat(1_025), "\ud800")) {
            assertThatThrownBy(() -> reader.consumer(name, Keys.key(KEY))).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("invalid consumer name, which has to be like a stream's key");
            assertThatThrownBy(() -> reader.removeConsumer(name)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> StreamOptions.builder().retainFor(name, 1, LONG)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> StreamOptions.builder().retainFor(NAME, 0, LONG)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("maxBytes is too small: maxBytes=0, min=1; give Long.MAX_VALUE for no limit, or leave the consumer out");
        assertThatThrownBy(() -> reader.consumer(null, Keys.key(KEY))).isInstanceOf(NullPointerException.class).hasMessage("name");
        assertThatThrownBy(() -> reader.consumer(NAME, null)).isInstanceOf(NullPointerException.class);
        assertThat(reader.consumers()).isEmpty();
        assertThat(root.resolve("cursors")).doesNotExist();
    }

    @Test
    void consumer_ofSomethingElse_isRefused() {
        open();
        consumer().close();
        Path file = root.resolve("cursors").resolve(NAME + ".cursor");
        for (Keys other : List.of(Keys.key("other"), Keys.prefix(KEY), Keys.glob(KEY), Keys.of(List.of(KEY)), Keys.all())) {
            assertThatThrownBy(() -> reader().consumer(NAME, other)).isInstanceOfSatisfying(ConsumerMismatchException.class,
                            e -> assertThat(e.file()).isEqualTo(file))
                    .hasMessageStartingWith("consumer is bound to other keys: consumer=" + NAME
                            + ", boundTo=key(\"" + KEY + "\"), given=" + other + ", file=" + file);
        }
        consumer().close();
    }

    @Test
    void consumer_openAlready_isRefusedUntilItIsClosed() {
        appendSome(open().stream(KEY), 3);
        WalReader reader = reader();
        try (WalConsumer first = reader.consumer(NAME, Keys.key(KEY))) {
            for (WalReader any : List.of(reader, reader())) {
                assertThatThrownBy(() -> any.consumer(NAME, Keys.key(KEY))).isInstanceOf(ConsumerInUseException.class)
                        .hasMessageContaining("consumer=" + NAME).hasMessageContaining("this process").hasMessageContaining("close it");
                assertThatThrownBy(() -> any.removeConsumer(NAME)).isInstanceOf(ConsumerInUseException.class);
            }
            reader.consumer("another", Keys.key(KEY)).close();
            first.commit(KEY, 8);
        }
        consumer().close();
    }

    @Test
    void close_whateverComesLater_isRefused() {
        open();
        WalConsumer consumer = consumer();
        EntryTail entries = consumer.entries();
        consumer.close();
        consumer.close();
        assertThatThrownBy(() -> consumer.commit(KEY, 8)).isInstanceOf(WalClosedException.class);
        assertThatThrownBy(consumer::commitDelivered).isInstanceOf(WalClosedException.class);
        assertThatThrownBy(consumer::entries).isInstanceOf(WalClosedException.class);
        assertThatThrownBy(entries::next).isInstanceOf(WalClosedException.class);
        WalReader reader = reader();
        WalConsumer other = reader.consumer(NAME, Keys.key(KEY));
        reader.close();
        assertThatThrownBy(other::entries).isInstanceOf(WalClosedException.class);
        other.close();
    }

    @Test
    void commit_interruptedThread_countsAndKeepsTheFlag() {
        open().stream(KEY).append(new byte[1_000]);
        try (WalConsumer consumer = consumer()) {
            for (long position = 8; position < 800; position += 8) {
                Thread.currentThread().interrupt();
                consumer.commit(KEY, position);
                assertThat(Thread.interrupted()).isTrue();
            }
            Thread.currentThread().interrupt();
            consumer.commit(KEY, 0);
            assertThat(Thread.interrupted()).isTrue();
            consumer.commit(KEY, 16);
        }
        assertThat(reader().describeConsumer(NAME).orElseThrow().committed()).isEqualTo(Map.of(KEY, 16L));
    }

    @Test
    void consumers_some_areListedAndRemoved() {
        StreamWal wal = open();
        List<Written> records = appendSome(wal.stream(KEY), 3);
        WalReader reader = closing(WalReader.open(root, ReaderOptions.builder().clock(clock).build()));
        List<String> names = List.of("../evil", "UPPER", "a/b", "con", NAME, "ü".repeat(300));
        for (String name : names) {
            reader.consumer(name, Keys.key(KEY)).close();
        }
        assertThat(reader.consumers()).containsExactlyElementsOf(names);
        clock.advance(WINDOW);
        try (WalConsumer consumer = reader.consumer(NAME, Keys.key(KEY))) {
            assertCommitted(reader.describeConsumer(NAME), begin(records), NOW);
            consumer.commit(KEY, end(records));
            assertCommitted(reader.describeConsumer(NAME), end(records), clock.millis());
        }
        assertThat(reader.describeConsumer("nobody")).isEmpty();
        assertThat(reader.removeConsumer("nobody")).isFalse();
        for (String name : names) {
            assertThat(reader.removeConsumer(name)).isTrue();
            assertThat(reader.removeConsumer(name)).isFalse();
        }
        assertThat(reader.consumers()).isEmpty();
        try (WalConsumer consumer = consumer()) {
            assertDelivers(consumer, records);
        }
    }

    private static void assertCommitted(Optional<ConsumerInfo> described, long position, long atMillis) {
        ConsumerInfo info = described.orElseThrow();
        assertThat(info.name()).isEqualTo(NAME);
        assertThat(info.keys()).isEqualTo(Keys.key(KEY));
        assertThat(info.committed()).isEqualTo(Map.of(KEY, position));
        assertThat(info.lastCommitMillis()).hasValue(atMillis);
    }

    @Test
    void consumer_ofAPatternOrASet_readsThoseAndGoesOn() {
        StreamWal wal = open();
        List<Written> cpu = appendSome(wal.stream(KEY), 3);
        List<Written> disk = appendSome(wal.stream("machine/disk"), 3);
        appendSome(wal.stream("other"), 3);
        for (Keys keys : List.of(Keys.glob("machine/????"), Keys.glob("*c*"), Keys.of(List.of(KEY, "machine/disk", "later")), Keys.all())) {
            String name = keys.toString();
            boolean isDisk = keys.contains("machine/disk");
            try (WalConsumer consumer = reader().consumer(name, keys)) {
                Map<String, List<Long>> delivered = deliver(consumer);
                assertThat(delivered.containsKey(KEY)).isEqualTo(keys.contains(KEY));
                assertThat(delivered.get("machine/disk")).isEqualTo(isDisk ? positions(disk) : null);
                assertThat(delivered.containsKey("other")).isEqualTo(keys.contains("other"));
                consumer.commit(isDisk ? "machine/disk" : KEY, isDisk ? end(disk) : end(cpu));
            }
            try (WalConsumer consumer = reader().consumer(name, keys)) {
                assertThat(deliver(consumer)).doesNotContainKey(isDisk ? "machine/disk" : KEY);
            }
            assertThat(reader().describeConsumer(name).orElseThrow().keys()).isEqualTo(keys);
        }
    }

    @Test
    void consumer_ofASet_readsTheStreamThatComesLater() throws InterruptedException {
        StreamWal wal = open();
        try (WalConsumer consumer = reader().consumer(NAME, Keys.of(List.of("later", KEY)))) {
            assertThat(deliver(consumer)).isEmpty();
            List<Written> later = appendSome(wal.stream("later"), 2);
            appendSome(wal.stream("other"), 2);
            for (Written record : later) {
                assertThat(consumer.entries().next(Duration.ofSeconds(30))).isTrue();
                assertThat(consumer.entries().ref()).isEqualTo(record.ref());
            }
            assertThat(consumer.entries().next(Duration.ofMillis(20))).isFalse();
        }
    }

    @Test
    void consumer_ofManyKeys_isOpenedAgain() {
        appendSome(open().stream(KEY), 1);
        List<String> keys = new ArrayList<>(List.of(KEY));
        IntStream.range(0, 2_000).forEach(i -> keys.add("sensor/" + i));
        for (int i = 0; i < 2; i++) {
            try (WalConsumer consumer = reader().consumer(NAME, Keys.of(keys))) {
                assertThat(deliver(consumer)).containsOnlyKeys(KEY);
            }
        }
        IntStream.range(0, 2_000).forEach(i -> keys.add("sensors/" + i));
        assertThatThrownBy(() -> reader().consumer("other", Keys.of(keys))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("max=32768");
        assertThat(reader().consumers()).containsExactly(NAME);
    }

    // ---------------------------------------------------------------- of a prefix

    private WalConsumer consumerOfAll() {
        return consumerOfAll(NAME);
    }

    private WalConsumer consumerOfAll(String name) {
        return reader().consumer(name, Keys.prefix("machine/"));
    }

    /** What comes next, by stream, each in its order. */
    private static Map<String, List<Long>> deliver(WalConsumer consumer) {
        Map<String, List<Long>> delivered = new TreeMap<>();
        EntryTail entries = consumer.entries();
        while (entries.next()) {
            delivered.computeIfAbsent(entries.key(), any -> new ArrayList<>()).add(entries.position());
        }
        return delivered;
    }

    private static List<Long> positions(List<Written> records) {
        return records.stream().map(record -> record.ref().position()).toList();
    }

    @Test
    void consumer_ofAPrefix_openedAgain_goesOnInEachStream() {
        StreamWal wal = open();
        List<Written> cpu = appendSome(wal.stream(KEY), 5);
        List<Written> disk = appendSome(wal.stream("machine/disk"), 3);
        appendSome(wal.stream("other"), 3);
        try (WalConsumer consumer = consumerOfAll()) {
            assertThat(deliver(consumer)).isEqualTo(Map.of(KEY, positions(cpu), "machine/disk", positions(disk)));
            consumer.commit(KEY, cpu.get(2).ref().end());
            assertThatThrownBy(() -> consumer.commit("other", 8)).isInstanceOf(IllegalArgumentException.class);
            appendSome(wal.stream("machine/late"), 2);
            appendSome(wal.stream("machine/disk"), 1);
        }
        try (WalConsumer consumer = consumerOfAll()) {
            Map<String, List<Long>> delivered = deliver(consumer);
            assertThat(delivered.keySet()).containsExactly(KEY, "machine/disk", "machine/late");
            assertThat(delivered.get(KEY)).isEqualTo(positions(cpu.subList(3, 5)));
            assertThat(delivered.get("machine/disk")).hasSize(4);
            assertThat(delivered.get("machine/late")).hasSize(2);
            assertThat(consumer.lost()).isEmpty();
        }
        assertThat(reader().describeConsumer(NAME).orElseThrow().keys()).isEqualTo(Keys.prefix("machine/"));
    }

    @Test
    void sweep_streamThatCameAfterTheConsumer_isKeptAndWhatItLosesIsTold() {
        StreamWal wal = openKeeping(MUCH, WINDOW);
        appendSome(wal.stream("gone"), 1);
        wal.delete("gone");
        try (WalConsumer consumer = consumerOfAll()) {
            assertThat(deliver(consumer)).isEmpty();
        }
        List<List<Written>> written = appendWindows(wal, KEY, 4);
        assertThat(wal.sweep(expiration(0))).extracting(SweepResult::deletedSegments, SweepResult::heldSegments).containsExactly(0, 1);
        try (WalConsumer consumer = consumerOfAll()) {
            assertThat(consumer.lost()).isEmpty();
        }
        assertThat(wal.sweep(expiration(2)).deletedSegments()).isEqualTo(2);
        try (WalConsumer consumer = consumerOfAll()) {
            assertThat(Lost.all(consumer.lost())).containsExactly(new Lost(KEY, begin(written.get(0)), end(written.get(1))));
            assertThatThrownBy(consumer.entries()::next).isInstanceOf(EntryExpiredException.class);
            assertThat(consumer.lost()).hasSize(1);
            assertThat(deliver(consumer)).isEqualTo(Map.of(KEY, positions(flat(written.subList(2, 5)))));
        }
    }

    @Test
    void consumer_ofAPrefix_severalStreamsLose_eachIsTold() {
        StreamWal wal = openKeeping(MUCH, WINDOW);
        List<List<Written>> cpu = appendWindows(wal, KEY, 3);
        clock.set(NOW);
        List<List<Written>> disk = appendWindows(wal, "machine/disk", 3);
        try (WalConsumer consumer = consumerOfAll()) {
            consumer.commit(KEY, end(cpu.get(0)));
            consumer.commit("machine/disk", end(disk.get(2)));
            assertThat(wal.sweep(expiration(2)).deletedSegments()).isEqualTo(2 + 3);
            EntryTail entries = consumer.entries();
            assertThatThrownBy(() -> {
                while (entries.next()) {
                    assertThat(entries.key()).isEqualTo("machine/disk");
                }
            }).isInstanceOf(EntryExpiredException.class);
            assertThat(Lost.all(consumer.lost())).containsExactly(new Lost(KEY, begin(cpu.get(1)), end(cpu.get(1))));
        }
    }

    @Test
    void checkpoint_consumers_areWhereTheyHadCommitted() throws IOException {
        StreamWal wal = open();
        List<Written> records = appendSome(wal.stream(KEY), 5);
        Path copy = home.place("copy");
        try (WalConsumer consumer = consumer(); WalConsumer all = consumerOfAll("all")) {
            consumer.commit(KEY, records.get(1).ref().end());
            all.commit(KEY, records.get(2).ref().end());
            reader().consumer("gone", Keys.key(KEY)).close();
            assertThat(reader().removeConsumer("gone")).isTrue();
            wal.checkpoint(copy);
            consumer.commit(KEY, end(records));
        }
        try (Stream<Path> files = Files.list(copy)) {
            assertThat(files.map(file -> file.getFileName().toString())).containsExactlyInAnyOrder("cursors", "positions", "segments", "streams");
        }
        try (Stream<Path> files = Files.list(copy.resolve("cursors"))) {
            assertThat(files.map(file -> file.getFileName().toString())).containsExactlyInAnyOrder(NAME + ".cursor", "all.cursor");
        }
        try (WalReader reader = WalReader.open(copy)) {
            try (WalConsumer consumer = reader.consumer(NAME, Keys.key(KEY)); WalConsumer all = reader.consumer("all", Keys.prefix("machine/"))) {
                assertDelivers(consumer, records.subList(2, 5));
                assertThat(deliver(all)).isEqualTo(Map.of(KEY, positions(records.subList(3, 5))));
                consumer.commit(KEY, records.get(2).ref().end());
                assertThat(consumer.lost()).isEmpty();
            }
        }
        assertThat(reader().describeConsumer(NAME).orElseThrow().committed()).as("each goes its own way").containsEntry(KEY, end(records));
    }

    @Test
    void checkpoint_whileAConsumerCommits_isBehindNoRecordThatTheCopyLacks() throws Exception {
        StreamWal wal = open();
        WalStream stream = wal.stream(KEY);
        AtomicBoolean done = new AtomicBoolean();
        try (WalConsumer consumer = consumer()) {
            Thread shipper = new Thread(() -> {
                while (!done.get()) {
                    consumer.commit(KEY, stream.append(new byte[20]).end());
                }
            }, "test-shipper");
            shipper.start();
            try {
                for (int i = 0; i < 10; i++) {
                    Path copy = home.place("copy" + i);
                    wal.checkpoint(copy);
                    try (WalReader reader = WalReader.open(copy)) {
                        long end = reader.latest(KEY).map(Entry::ref).map(EntryRef::end).orElse(0L);
                        assertThat(reader.describeConsumer(NAME).orElseThrow().committed().getOrDefault(KEY, 0L)).isLessThanOrEqualTo(end);
                    }
                }
            } finally {
                done.set(true);
                shipper.join();
            }
        }
    }

    // ---------------------------------------------------------------- keeping

    @Test
    void sweep_notCommitted_isKeptUntilItIs() {
        StreamWal wal = openKeeping(MUCH, LONG);
        List<List<Written>> written = appendWindows(wal, KEY, 4);
        try (WalConsumer consumer = consumer()) {
            SweepResult held = wal.sweep(expiration(3));
            assertThat(held.deletedSegments()).isZero();
            assertThat(held.heldSegments()).isEqualTo(4);
            assertThat(held.heldBytes()).isPositive();

            consumer.commit(KEY, end(written.get(1)) - 8);
            assertThat(wal.sweep(expiration(3))).extracting(SweepResult::deletedSegments, SweepResult::heldSegments).containsExactly(1, 3);
            consumer.commit(KEY, end(written.get(2)));
            assertThat(wal.sweep(expiration(3))).extracting(SweepResult::deletedSegments, SweepResult::heldSegments).containsExactly(2, 1);
            assertThat(wal.sweep(expiration(3))).isEqualTo(new SweepResult(new SweepResult.Fields(0, 0, 2, 0, 1, held.heldBytes() / 4, 0)));
            assertDelivers(consumer, flat(written.subList(3, 5)));
            assertThat(consumer.lost()).isEmpty();
        }
    }

    @Test
    void sweep_paddingBehindTheLastRecord_isCommittedWithIt() {
        StreamWal wal = openKeeping(MUCH, LONG);
        List<Written> first = appendSome(wal.stream(KEY), MANY);
        appendPadding(wal);
        clock.advance(WINDOW);
        List<Written> second = appendSome(wal.stream(KEY), MANY);
        appendPadding(wal);
        try (WalConsumer consumer = consumer()) {
            consumer.commit(KEY, first.get(MANY - 1).ref().position());
            awaitSealed(1);
            assertThat(wal.sweep(expiration(1))).extracting(SweepResult::deletedSegments, SweepResult::heldSegments).containsExactly(0, 2);
            consumer.commit(KEY, end(first));
            assertThat(wal.sweep(expiration(1))).extracting(SweepResult::deletedSegments, SweepResult::heldSegments).containsExactly(1, 1);
            awaitSealed(2);
            consumer.commit(KEY, second.get(MANY - 1).ref().position());
            assertThat(wal.sweep(expiration(1)).deletedSegments()).isZero();
            consumer.commit(KEY, end(second));
            assertThat(wal.sweep(expiration(1)).deletedSegments()).isEqualTo(1);
            assertThat(consumer.lost()).isEmpty();
        }
    }

    /** A slot that nobody fills, where the stream is mapped. */
    private void appendPadding(StreamWal wal) {
        ByteBuf released = Unpooled.directBuffer(100).writeZero(100);
        released.release();
        assertThatThrownBy(() -> wal.stream(KEY).append(clock.millis(), Unpooled.EMPTY_BUFFER, released))
                .isInstanceOf(IllegalReferenceCountException.class);
    }

    @Test
    void sweep_consumerThatNeverCame_isKeptForItWithinLimits() {
        StreamWal wal = openKeeping(MUCH, Duration.ofMinutes(15));
        appendWindows(wal, KEY, 3);
        assertThat(wal.sweep(expiration(2))).extracting(SweepResult::deletedSegments, SweepResult::heldSegments).containsExactly(1, 2);
    }

    @Test
    void sweep_consumerOfOtherStreams_holdsNothing() {
        StreamWal wal = openKeeping(MUCH, LONG);
        appendWindows(wal, "other", 3);
        try (WalConsumer consumer = consumer()) {
            assertThat(wal.sweep(expiration(2))).extracting(SweepResult::deletedSegments, SweepResult::heldSegments).containsExactly(3, 0);
            assertThat(consumer.lost()).isEmpty();
        }
    }

    @Test
    void sweep_overTheLimitOfTime_goesAndTheConsumerIsTold() {
        StreamWal wal = openKeeping(MUCH, WINDOW);
        List<List<Written>> written = appendWindows(wal, KEY, 4);
        try (WalConsumer consumer = consumer()) {
            assertThat(wal.sweep(expiration(1).minusMillis(1)).deletedSegments()).isZero();
            assertThat(wal.sweep(expiration(1)).deletedSegments()).isEqualTo(1);
            assertThat(wal.sweep(expiration(2)).deletedSegments()).isEqualTo(1);

            Lost lost = new Lost(KEY, begin(written.get(0)), end(written.get(1)));
            EntryTail entries = consumer.entries();
            assertThatThrownBy(entries::next).isInstanceOfSatisfying(EntryExpiredException.class,
                    e -> assertThat(Lost.of(e)).isEqualTo(lost));
            assertThat(Lost.all(consumer.lost())).containsExactly(lost);
            assertDelivers(consumer, flat(written.subList(2, 5)));
            assertThat(Lost.all(consumer.lost())).containsExactly(lost);
            assertThat(consumer.isLostTruncated()).isFalse();
        }
        try (WalConsumer again = consumer()) {
            assertThat(Lost.all(again.lost())).as("still not committed").containsExactly(
                    new Lost(KEY, begin(written.get(0)), end(written.get(1))));
            assertThatThrownBy(again.entries()::next).isInstanceOf(EntryExpiredException.class);
            assertDelivers(again, flat(written.subList(2, 5)));
            assertThat(again.lost()).hasSize(1);
            again.commit(KEY, begin(written.get(2)));
        }
        try (WalConsumer again = consumer()) {
            assertThat(again.lost()).isEmpty();
        }
    }

    @Test
    void sweep_overTheLimitWhileTheTailIsInTheSegment_onlyTheRestIsLost() {
        StreamWal wal = openKeeping(MUCH, WINDOW);
        List<List<Written>> written = appendWindows(wal, KEY, 4);
        try (WalConsumer consumer = consumer()) {
            EntryTail entries = consumer.entries();
            assertThat(entries.next()).isTrue();
            assertThat(wal.sweep(expiration(2)).deletedSegments()).isEqualTo(2);
            assertThat(entries.next()).as("the file is open").isTrue();
            assertThat(entries.next()).isTrue();
            assertThatThrownBy(entries::next).isInstanceOf(EntryExpiredException.class);
            assertThat(Lost.all(consumer.lost())).containsExactly(new Lost(KEY, begin(written.get(1)), end(written.get(1))));
            assertDelivers(consumer, flat(written.subList(2, 5)));
        }
    }

    @Test
    void sweep_overTheLimitOfBytes_theOldestGo() throws IOException {
        StreamWal keeping = openKeeping(1, LONG);
        List<List<Written>> written = appendWindows(keeping, KEY, 4);
        consumer().close();
        long each = sizeOfFirst();
        assertThat(keeping.sweep(expiration(0))).extracting(SweepResult::deletedSegments, SweepResult::heldSegments).containsExactly(1, 0);
        keeping.close();

        StreamWal wal = openKeeping(2 * each, LONG);
        assertThat(wal.sweep(expiration(2))).extracting(SweepResult::deletedSegments, SweepResult::heldSegments, SweepResult::heldBytes)
                .containsExactly(0, 2, 2 * each);
        assertThat(wal.sweep(expiration(3))).extracting(SweepResult::deletedSegments, SweepResult::heldSegments, SweepResult::heldBytes)
                .containsExactly(1, 2, 2 * each);
        try (WalConsumer consumer = consumer()) {
            assertThat(Lost.all(consumer.lost())).containsExactly(new Lost(KEY, begin(written.get(0)), end(written.get(1))));
        }
    }

    private long sizeOfFirst() throws IOException {
        return Files.size(segmentsOf(KEY).get(0));
    }

    @Test
    void sweep_limitsOfBytesOfTheLog_takeNothingThatIsHeldAndNothingInItsPlace() {
        StreamWal wal = open(options().maxTotalBytes(1)
                .streams(KEY, StreamOptions.builder().retainFor(NAME, MUCH, LONG).build()));
        appendWindows(wal, KEY, 2);
        appendWindows(wal, "other", 2);
        assertThat(wal.sweep()).extracting(SweepResult::deletedSegments, SweepResult::heldSegments).containsExactly(2, 2);
        assertThat(segmentsOf(KEY)).hasSize(3);
        assertThat(segmentsOf("other")).hasSize(1);
        try (WalConsumer consumer = consumer()) {
            consumer.commit(KEY, wal.stream(KEY).endPosition());
        }
        assertThat(wal.sweep().deletedSegments()).isEqualTo(3);
    }

    @Test
    void sweep_limitOfBytesOfTheStream_holdsToo() {
        StreamWal wal = open(options().streams("*", StreamOptions.builder().maxBytesPerStream(1).retainFor(NAME, MUCH, WINDOW).build()));
        appendWindows(wal, KEY, 2);
        assertThat(wal.sweep()).extracting(SweepResult::deletedSegments, SweepResult::heldSegments).containsExactly(0, 2);
        assertThat(wal.sweep(expiration(0).plus(WINDOW)).deletedSegments()).isEqualTo(1);
    }

    @Test
    void sweep_twoConsumers_eachHoldsWithinItsLimits() {
        StreamWal wal = open(options().streams("*", StreamOptions.builder()
                .retainFor(NAME, MUCH, LONG).retainFor("slow", MUCH, WINDOW).build()));
        List<List<Written>> written = appendWindows(wal, KEY, 4);
        try (WalConsumer quick = consumer(); WalConsumer slow = reader().consumer("slow", Keys.key(KEY))) {
            quick.commit(KEY, end(written.get(3)));
            assertThat(wal.sweep(expiration(1))).extracting(SweepResult::deletedSegments, SweepResult::heldSegments).containsExactly(1, 1);
            assertThat(quick.lost()).isEmpty();
            assertThatThrownBy(slow.entries()::next).isInstanceOf(EntryExpiredException.class);
            assertThat(Lost.all(slow.lost())).containsExactly(new Lost(KEY, begin(written.get(0)), end(written.get(0))));
            slow.commit(KEY, end(written.get(3)));
            assertThat(wal.sweep(expiration(3)).deletedSegments()).isEqualTo(3);
        }
    }

    @Test
    void purgeAndDelete_uncommitted_doNotAsk() {
        StreamWal wal = openKeeping(MUCH, LONG);
        List<List<Written>> written = appendWindows(wal, KEY, 3);
        try (WalConsumer consumer = consumer()) {
            assertThat(wal.purge(Keys.key(KEY), Instant.ofEpochMilli(NOW).plus(WINDOW)).deletedSegments()).isEqualTo(1);
            assertThatThrownBy(consumer.entries()::next).isInstanceOf(EntryExpiredException.class);
            assertDelivers(consumer, flat(written.subList(1, 4)));
            assertThat(Lost.all(consumer.lost())).containsExactly(new Lost(KEY, begin(written.get(0)), end(written.get(0))));
            assertThat(wal.delete(KEY)).isTrue();
            List<Written> again = appendSome(wal.stream(KEY), 2);
            assertDelivers(consumer, again);
            assertThat(consumer.lost()).hasSize(1);
        }
        try (WalConsumer consumer = consumer()) {
            assertThat(consumer.lost()).hasSize(1);
            assertThat(consumer.lost().get(0).from()).isEqualTo(begin(written.get(0)));
            assertThat(consumer.lost().get(0).to()).isBetween(end(written.get(3)), wal.stream(KEY).endPosition());
        }
    }

    @Test
    void sweep_idleStreamThatIsCommitted_goesAltogether() {
        StreamWal wal = openKeeping(MUCH, LONG);
        // held: of a stream without segments that the program doesn't hold, the log forgets where it ended as soon as the collector runs
        WalStream stream = wal.stream(KEY);
        List<Written> records = appendSome(stream, 3);
        try (WalConsumer consumer = consumer()) {
            consumer.commit(KEY, records.get(2).ref().position());
            assertThat(wal.sweep(expiration(0))).extracting(SweepResult::deletedSegments, SweepResult::heldSegments).containsExactly(0, 1);
            // idle, and so sealed all the same
            awaitSealed(1);
            consumer.commit(KEY, end(records));
            assertThat(wal.sweep(expiration(0)).deletedSegments()).isEqualTo(1);
            assertThat(segmentsOf(KEY)).isEmpty();
        }
        try (WalConsumer consumer = consumer()) {
            assertThat(consumer.lost()).isEmpty();
            assertThat(consumer.entries().next()).isFalse();
            clock.set(expiration(0).toEpochMilli());
            List<Written> more = appendSome(stream, 1);
            assertDelivers(consumer, more);
            assertThat(consumer.lost()).isEmpty();
        }
    }

    /** What the test is given says whether the tail has been asked once before the sweep. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void sweep_allOfACommittedStream_isNoLoss(boolean isAskedBefore) {
        StreamWal wal = openKeeping(MUCH, LONG);
        List<Written> cpu = appendSome(wal.stream(KEY), 3);
        List<Written> disk = appendSome(wal.stream("machine/disk"), 3);
        try (WalConsumer one = consumer(); WalConsumer all = consumerOfAll("all")) {
            one.commit(KEY, end(cpu));
            all.commit(KEY, end(cpu));
            all.commit("machine/disk", end(disk));
        }
        try (WalConsumer one = consumer(); WalConsumer all = consumerOfAll("all")) {
            EntryTail ofOne = one.entries();
            EntryTail ofAll = all.entries();
            assertThat(isAskedBefore && (ofOne.next() || ofAll.next())).isFalse();
            wal.delete(KEY);
            wal.delete("machine/disk");

            assertDelivers(one, List.of());
            assertThat(deliver(all)).isEmpty();
            System.gc();
            List<Written> again = appendSome(wal.stream(KEY), 2);
            assertDelivers(one, again);
            assertThat(one.lost()).isEmpty();
            assertThat(all.lost()).isEmpty();
        }
        try (WalConsumer one = consumer(); WalConsumer all = consumerOfAll("all")) {
            assertThat(one.lost()).as("the stream says where it had ended").isEmpty();
            assertThat(one.possiblyLost()).isEmpty();
            assertThat(all.lost()).isEmpty();
            assertThat(deliver(one).get(KEY)).hasSize(2);
            assertThat(deliver(all).get(KEY)).hasSize(2);
        }
    }

    @Test
    void delete_allOfAStreamThatIsNotCommitted_isALossToWhomeverHadSeenIt() {
        StreamWal wal = open();
        List<Written> records = appendSome(wal.stream(KEY), 3);
        long committed = records.get(0).ref().end();
        try (WalConsumer consumer = consumer()) {
            consumer.commit(KEY, committed);
        }
        try (WalConsumer consumer = consumer()) {
            EntryTail entries = consumer.entries();
            wal.delete(KEY);
            assertThatThrownBy(entries::next).isInstanceOf(EntryExpiredException.class);
            assertThat(consumer.lost()).singleElement().satisfies(lost -> assertThat(lost.from()).isEqualTo(committed));
        }
        System.gc();
        appendSome(wal.stream(KEY), 1);
        try (WalConsumer consumer = consumer()) {
            assertThat(Lost.all(consumer.lost())).containsExactly(new Lost(KEY, committed, end(records)));
            assertThat(consumer.possiblyLost()).isEmpty();
        }
    }

    @Test
    void delete_allOfAStreamAndTheLogIsClosedBeforeItComesAgain_isPerhapsALoss() {
        StreamWal wal = open();
        List<Written> records = appendSome(wal.stream(KEY), 3);
        try (WalConsumer consumer = consumer(); WalConsumer all = consumerOfAll("all")) {
            consumer.commit(KEY, end(records));
            all.commit(KEY, end(records));
        }
        wal.delete(KEY);
        wal.close();
        List<Written> again = appendSome(open().stream(KEY), 2);
        Lost perhaps = new Lost(KEY, end(records), begin(again));
        try (WalConsumer consumer = consumer(); WalConsumer all = consumerOfAll("all")) {
            assertThat(consumer.lost()).isEmpty();
            assertThat(Lost.all(consumer.possiblyLost())).containsExactly(perhaps);
            assertThat(Lost.all(all.possiblyLost())).containsExactly(perhaps);
            assertDelivers(consumer, again);
            assertThat(deliver(all)).isEqualTo(Map.of(KEY, positions(again)));
            assertThat(consumer.lost()).isEmpty();
            consumer.commit(KEY, begin(again));
        }
        try (WalConsumer consumer = consumer()) {
            assertThat(consumer.possiblyLost()).isEmpty();
        }
    }

    @Test
    void delete_allOfAStreamAndTheLogIsClosedWhileTheConsumerIsOpen_isPerhapsALossToo() {
        StreamWal wal = open();
        List<Written> records = appendSome(wal.stream(KEY), 3);
        try (WalConsumer consumer = consumer(); WalConsumer all = consumerOfAll("all")) {
            assertDelivers(consumer, records);
            consumer.commitDelivered();
            assertThat(deliver(all)).isEqualTo(Map.of(KEY, positions(records)));
            all.commitDelivered();
            wal.delete(KEY);
            wal.close();
            List<Written> again = appendSome(open().stream(KEY), 2);
            Lost perhaps = new Lost(KEY, end(records), begin(again));
            assertTells(consumer, perhaps, false);
            assertThat(consumer.lost()).isEmpty();
            assertThat(Lost.all(consumer.possiblyLost())).containsExactly(perhaps);
            assertDelivers(consumer, again);
            assertTells(all, perhaps, false);
            assertThat(all.lost()).isEmpty();
            assertThat(Lost.all(all.possiblyLost())).containsExactly(perhaps);
            assertThat(deliver(all)).isEqualTo(Map.of(KEY, positions(again)));
        }
    }

    /** A writer that hasn't appended to a stream doesn't know where that ends. */
    @Test
    void delete_allOfAStreamOfAnEarlierWriter_onlyTheRecordThatTheTailHadSeenIsCertainlyLost() {
        StreamWal earlier = open();
        List<Written> records = appendSome(earlier.stream(KEY), 3);
        earlier.close();
        StreamWal wal = open();
        try (WalConsumer consumer = consumer()) {
            EntryTail unused = consumer.entries();
            wal.delete(KEY);
            List<Written> again = appendSome(wal.stream(KEY), 2);
            Lost certain = new Lost(KEY, begin(records), records.get(0).ref().end());
            Lost perhaps = new Lost(KEY, records.get(0).ref().end(), begin(again));
            assertTells(consumer, certain, true);
            assertTells(consumer, perhaps, false);
            assertThat(Lost.all(consumer.lost())).containsExactly(certain);
            assertThat(Lost.all(consumer.possiblyLost())).containsExactly(perhaps);
            assertDelivers(consumer, again);
        }
    }

    /** The consumer knew of the stream when it was opened; its tail comes when the stream has gone and come again. */
    @Test
    void entries_firstCalledAfterAStreamOfAnEarlierWriterHasGoneAndComeAgain_isTold() {
        StreamWal earlier = open();
        List<Written> records = appendSome(earlier.stream(KEY), 3);
        earlier.close();
        StreamWal wal = open();
        try (WalConsumer consumer = consumer(); WalConsumer all = consumerOfAll("all")) {
            wal.delete(KEY);
            List<Written> again = appendSome(wal.stream(KEY), 2);
            Lost perhaps = new Lost(KEY, begin(records), begin(again));
            for (WalConsumer each : List.of(consumer, all)) {
                assertTells(each, perhaps, false);
                assertThat(deliver(each)).isEqualTo(Map.of(KEY, positions(again)));
                assertThat(each.lost()).isEmpty();
                assertThat(Lost.all(each.possiblyLost())).containsExactly(perhaps);
                each.entries().close();
                assertThat(deliver(each)).as("told once").isEqualTo(Map.of(KEY, positions(again)));
            }
        }
    }

    /** What was listed when the consumer was opened isn't thrown; what goes after that is. */
    @Test
    void entries_firstCalledAfterAStreamHasGoneASecondTime_tellsOfTheSecondTime() {
        StreamWal first = open();
        List<Written> records = appendSome(first.stream(KEY), 3);
        try (WalConsumer consumer = consumer()) {
            consumer.commit(KEY, end(records));
        }
        first.delete(KEY);
        first.close();
        StreamWal second = open();
        List<Written> again = appendSome(second.stream(KEY), 2);
        second.close();
        StreamWal third = open();
        try (WalConsumer consumer = consumer()) {
            assertThat(Lost.all(consumer.possiblyLost())).containsExactly(new Lost(KEY, end(records), begin(again)));
            third.delete(KEY);
            List<Written> more = appendSome(third.stream(KEY), 1);
            assertTells(consumer, new Lost(KEY, begin(again), begin(more)), false);
            assertDelivers(consumer, more);
            assertThat(consumer.lost()).isEmpty();
            assertThat(Lost.all(consumer.possiblyLost())).containsExactly(new Lost(KEY, end(records), begin(more)));
        }
    }

    private static void assertTells(WalConsumer consumer, Lost range, boolean isCertain) {
        EntryTail entries = consumer.entries();
        assertThatThrownBy(() -> entries.next(Duration.ofSeconds(10))).isInstanceOfSatisfying(EntryExpiredException.class, e -> {
            assertThat(Lost.of(e)).isEqualTo(range);
            assertThat(e.isCertain()).isEqualTo(isCertain);
        });
    }

    @Test
    void consumerLags_streamThatGoesOnAtHigherPositions_countsNoBytesBetween() {
        StreamWal wal = open();
        List<Written> records = appendSome(wal.stream(KEY), 3);
        try (WalConsumer consumer = consumer(); WalConsumer all = consumerOfAll("all")) {
            consumer.commit(KEY, end(records));
            all.commit(KEY, records.get(1).ref().position());
        }
        wal.stream(KEY).truncateAfter(records.get(1).ref());
        List<Written> again = appendSome(wal.stream(KEY), 2);
        assertThat(begin(again) - end(records)).as("positions are left out").isGreaterThan(1L << 30);
        long ofAgain = end(again) - begin(again);
        assertThat(reader().consumerLags(NAME))
                .extracting(ConsumerLag::key, ConsumerLag::committed, ConsumerLag::end, ConsumerLag::behindBytes, ConsumerLag::lost)
                .containsExactly(tuple(KEY, end(records), end(again), ofAgain, Optional.empty()));
        assertThat(reader().consumerLags("all")).extracting(ConsumerLag::behindBytes)
                .containsExactly(ofAgain + records.get(1).ref().size());
        wal.delete(KEY);
        assertThat(reader().consumerLags(NAME)).isEmpty();
        System.gc();
        appendSome(wal.stream(KEY), 1);
        assertThat(reader().consumerLags("all")).extracting(lag -> lag.lost().map(Lost::of)).containsExactly(
                Optional.of(new Lost(KEY, records.get(1).ref().position(), end(again))));
        assertThat(reader().consumerLags("nobody")).isEmpty();
    }

    /** More than a cursor keeps of streams that have gone. */
    @Test
    void consumer_ofAPrefix_moreStreamsHaveGoneThanItKeeps_thoseThatComeBackAreReadOnceAndWhole() {
        int kept = 1_000;
        int streams = kept + 5;
        StreamWal wal = open();
        List<Written> stays = appendSome(wal.stream("machine/stays"), 1);
        WalReader clocked = closing(WalReader.open(root, ReaderOptions.builder().clock(clock).build()));
        try (WalConsumer consumer = clocked.consumer(NAME, Keys.prefix("machine/"))) {
            consumer.commit("machine/stays", end(stays));
            for (int i = 0; i < streams; i++) {
                EntryRef ref = wal.stream("machine/" + i).append(new byte[8]);
                clock.advance(Duration.ofMillis(1));
                consumer.commit(ref.key(), ref.end());
            }
        }
        List<Written> late = appendSome(wal.stream("machine/late"), 1);
        for (int i = 0; i < streams; i++) {
            wal.delete("machine/" + i);
        }
        try (WalConsumer consumer = consumerOfAll()) {
            assertThat(reader().describeConsumer(NAME).orElseThrow().committed()).hasSize(kept + 2)
                    .containsKeys("machine/stays", "machine/late", "machine/5").doesNotContainKeys("machine/0", "machine/4");
            assertThat(deliver(consumer)).isEqualTo(Map.of("machine/late", positions(late)));
        }
        List<Written> again = appendSome(wal.stream("machine/0"), 2);
        List<Written> other = appendSome(wal.stream("machine/5"), 2);
        try (WalConsumer consumer = consumerOfAll()) {
            assertThat(deliver(consumer)).isEqualTo(
                    Map.of("machine/0", positions(again), "machine/5", positions(other), "machine/late", positions(late)));
            assertThat(consumer.lost()).isEmpty();
            consumer.commit("machine/0", end(again));
        }
        try (WalConsumer consumer = consumerOfAll()) {
            assertThat(deliver(consumer)).containsOnlyKeys("machine/5", "machine/late");
        }
    }

    @Test
    void sweep_afterReopening_readsWhatWasCommittedBefore() {
        StreamWal wal = openKeeping(MUCH, LONG);
        List<List<Written>> written = appendWindows(wal, KEY, 3);
        try (WalConsumer consumer = consumer()) {
            consumer.commit(KEY, end(written.get(3)));
        }
        wal.close();
        StreamWal again = openKeeping(MUCH, LONG);
        assertThat(again.sweep(expiration(3)).deletedSegments()).isEqualTo(4);
    }

    @Test
    void sweep_cursorThatCannotBeRead_holdsAndReports() throws IOException {
        expectFailures();
        StreamWal wal = openKeeping(MUCH, WINDOW);
        List<List<Written>> written = appendWindows(wal, KEY, 3);
        try (WalConsumer consumer = consumer()) {
            consumer.commit(KEY, end(written.get(2)));
        }
        Path file = CursorFiles.cursor(root, CursorFiles.name(NAME));
        byte[] sound = Files.readAllBytes(file);
        byte[] damaged = sound.clone();
        damaged[20] ^= 1;
        Files.write(file, damaged);

        assertThat(wal.sweep(expiration(0))).extracting(SweepResult::deletedSegments, SweepResult::heldSegments).containsExactly(0, 1);
        assertThat(wal.stats().sweepFailures()).isEqualTo(1);
        assertThat(wal.health().cause().orElseThrow()).hasMessageContaining("consumer=" + NAME);
        assertThatThrownBy(this::consumer).isInstanceOf(CorruptSegmentException.class).hasMessageContaining(file.toString());
        assertThat(reader().consumers()).containsExactly(NAME);
        assertThatThrownBy(() -> reader().describeConsumer(NAME)).isInstanceOf(CorruptSegmentException.class);
        assertThat(wal.sweep(expiration(0).plus(WINDOW)).deletedSegments()).as("its limit wins all the same").isEqualTo(1);

        Files.write(file, sound);
        assertThat(wal.sweep(expiration(2)).deletedSegments()).isEqualTo(2);
        assertThat(reader().removeConsumer(NAME)).isTrue();
    }

    @Test
    void consumer_cursorFileChangedOrCut_hasAnEarlierCommitOrSaysWhy() throws IOException {
        appendSome(open().stream(KEY), 3);
        List<Long> commits = List.of(8L, 16L, 24L);
        try (WalConsumer consumer = consumer()) {
            commits.forEach(position -> consumer.commit(KEY, position));
        }
        Path file = CursorFiles.cursor(root, CursorFiles.name(NAME));
        byte[] sound = Files.readAllBytes(file);
        WalReader reader = reader();
        for (int at = 0; at < sound.length; at++) {
            byte[] changed = sound.clone();
            changed[at] ^= (byte) (1 << at % 8);
            assertEarlierOrRefused(reader, file, changed);
            assertEarlierOrRefused(reader, file, Arrays.copyOf(sound, at));
        }
        Files.write(file, sound);
        try (WalConsumer consumer = reader.consumer(NAME, Keys.key(KEY))) {
            assertThat(consumer.committed(KEY)).hasValue(24);
        }
    }

    private static void assertEarlierOrRefused(WalReader reader, Path file, byte[] content) throws IOException {
        Files.write(file, content);
        try (WalConsumer consumer = reader.consumer(NAME, Keys.key(KEY))) {
            assertThat(consumer.committed(KEY).orElse(0)).isIn(0L, 8L, 16L);
            consumer.commit(KEY, 32);
            assertThat(reader.describeConsumer(NAME).orElseThrow().committed()).containsEntry(KEY, 32L);
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            assertThat(e).hasMessageContaining(file.toString());
        }
    }

    @Test
    void retainFor_whatCannotBe_isRefused() {
        StreamOptions.Builder builder = StreamOptions.builder();
        assertThatThrownBy(() -> builder.retainFor(NAME, 0, LONG)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("maxBytes");
        assertThatThrownBy(() -> builder.retainFor(NAME, 1, Duration.ofMillis(-1))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("maxTime");
        assertThatThrownBy(() -> builder.retainFor(null, 1, LONG)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> builder.retainFor(NAME, 1, null)).isInstanceOf(NullPointerException.class);
        for (int i = 0; i < 64; i++) {
            builder.retainFor("c" + i, 1, LONG);
        }
        assertThatThrownBy(() -> builder.retainFor(NAME, 1, LONG)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("64");
        assertThat(builder.retainFor("c0", 2, LONG).build().retainedFor()).hasSize(64).first().isEqualTo(new RetainFor(new RetainFor.Fields("c0", 2, LONG)));
    }
}
