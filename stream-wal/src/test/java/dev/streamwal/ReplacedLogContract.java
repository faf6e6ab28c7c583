package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.backup.BackupFolder;
import dev.streamwal.backup.BackupPoint;
import dev.streamwal.consumer.CursorFiles;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A log's directory is deleted, and made anew or restored, while readers that don't belong to its writer are open. */
abstract class ReplacedLogContract extends LogContract {

    private static final List<String> KEYS = List.of("meter/0", "meter/1", "meter/2");
    private static final String KEY = KEYS.get(0);
    private static final Keys METERS = Keys.prefix("meter/");
    private static final String NAME = "shipper";
    private static final Duration LONG = Duration.ofSeconds(30);

    ReplacedLogContract(LogHome home) {
        super(home);
    }

    /** Where records are. */
    enum Layout {
        OWN(false, false), SHARED(true, false), SHARED_PACKED(true, true);

        private final boolean isShared;
        private final boolean isPacked;

        Layout(boolean isShared, boolean isPacked) {
            this.isShared = isShared;
            this.isPacked = isPacked;
        }
    }

    private StreamWal open(Layout layout) {
        return open(layout.isShared ? options().ownSegments(0)
                : options().streams("*", StreamOptions.builder().segments(Segments.OWN).build()));
    }

    /** Records of the same size, and so at the same positions, whatever the log. */
    private Map<String, List<Written>> append(StreamWal wal, int log, int count) {
        Map<String, List<Written>> written = new TreeMap<>();
        for (String key : KEYS) {
            List<Written> records = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                byte[] content = bytes(50, log * 1_000 + i);
                records.add(Written.of(wal.stream(key).append(content), clock.millis(), content));
            }
            written.put(key, records);
        }
        return written;
    }

    private Map<String, List<Written>> make(Layout layout, int log, int count) {
        Map<String, List<Written>> written;
        try (StreamWal wal = open(layout)) {
            written = append(wal, log, count);
        }
        if (layout.isPacked) {
            // of another open: closing the log has sealed the segments
            try (StreamWal wal = open(layout)) {
                clock.advance(WINDOW.multipliedBy(2));
                await("packs", () -> wal.pack() > 0);
            }
        }
        return written;
    }

    private void delete() throws IOException {
        LogHome.deleteTree(root);
    }

    private static void assertHolds(WalReader reader, Map<String, List<Written>> expected) {
        assertThat(reader.keys()).containsExactlyElementsOf(expected.keySet());
        expected.forEach((key, records) -> Written.assertHolds(reader, key, records));
        List<Written> all = expected.values().stream().flatMap(List::stream).toList();
        assertThat(Written.drain(reader.scanMerged(METERS, Instant.EPOCH, Instant.MAX))).as("scanMerged").containsExactlyInAnyOrderElementsOf(all);
        assertThat(reader.describe(METERS)).containsOnlyKeys(expected.keySet());
        assertThat(reader.latest(METERS)).containsOnlyKeys(expected.keySet());
    }

    private static void deliver(EntryTail tail, Map<String, List<Written>> expected) {
        List<Written> found = new ArrayList<>();
        while (tail.next()) {
            found.add(Written.of(tail));
        }
        Comparator<Written> order = Comparator.comparing((Written record) -> record.ref().key()).thenComparingLong(record -> record.ref().position());
        found.sort(order);
        assertThat(found).isEqualTo(expected.values().stream().flatMap(List::stream).sorted(order).toList());
    }

    private static Map<String, List<Written>> ofOne(Map<String, List<Written>> all) {
        return Map.of(KEY, all.get(KEY));
    }

    private static void assertEnded(ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(WalClosedException.class).hasMessageContaining("another log is at the path now");
    }

    // ---------------------------------------------------------------- made anew

    @ParameterizedTest
    @EnumSource
    void madeAnew_operationsOfAnOpenReader_areOfTheNewLog(Layout layout) throws IOException {
        Map<String, List<Written>> former = make(layout, 1, 20);
        WalReader reader = reader();
        assertHolds(reader, former);
        WalConsumer consumer = closing(reader.consumer(NAME, METERS));
        EntryTail consumed = consumer.entries();
        EntryCursor unread = closing(reader.scan(KEY));
        EntryCursor begun = closing(reader.scan(KEY));
        EntryCursor backward = closing(reader.scanBackward(KEY, Long.MAX_VALUE));
        EntryCursor merged = closing(reader.scanMerged(METERS, Instant.EPOCH, Instant.MAX));
        List<EntryCursor> cursors = List.of(begun, backward, merged);
        cursors.forEach(cursor -> assertThat(cursor.next()).isTrue());
        EntryTail tail = closing(reader.follow(KEY, ReadFrom.first()));
        EntryTail tailOfMany = closing(reader.follow(METERS, ReadFrom.first()));
        deliver(tail, ofOne(former));
        deliver(tailOfMany, former);
        deliver(consumed, former);
        long calls = reader.readCalls();
        long bytes = reader.readBytes();

        delete();
        Map<String, List<Written>> now = make(layout, 2, 30);
        assertHolds(reader, now);
        assertThat(reader.readCalls()).isGreaterThan(calls);
        assertThat(reader.readBytes()).isGreaterThan(bytes);
        for (EntryCursor cursor : List.of(unread, begun, backward, merged, tail, tailOfMany, consumed)) {
            assertEnded(cursor::next);
            assertEnded(cursor::next);
        }
        assertHolds(reader, now);
        consumer.close();
        deliver(closing(reader.consumer(NAME, METERS)).entries(), now);
        deliver(closing(reader.follow(METERS, ReadFrom.first())), now);
    }

    @ParameterizedTest
    @EnumSource
    void madeAnew_eachOperationFirst_isOfTheNewLog(Layout layout) throws IOException {
        List<ReadsFirst> operations = List.of(
                (reader, now) -> assertThat(Written.drain(reader.scan(KEY))).isEqualTo(now),
                (reader, now) -> assertThat(reader.latest(KEY).map(Written::of)).contains(now.get(now.size() - 1)),
                (reader, now) -> assertThat(reader.find(now.get(3).ref()).map(Written::of)).contains(now.get(3)),
                (reader, now) -> {
                    try (EntryBatch batch = reader.readBatch(Written.refs(now))) {
                        assertThat(batch.found().stream().map(Written::of).toList()).isEqualTo(now);
                    }
                },
                (reader, now) -> assertThat(reader.verify(KEY).damage()).isEmpty(),
                (reader, now) -> assertThat(reader.describe(KEY).orElseThrow().endPosition()).isEqualTo(now.get(now.size() - 1).ref().end()),
                (reader, now) -> assertThat(Written.drain(reader.scanMerged(Keys.key(KEY), Instant.EPOCH, Instant.MAX))).isEqualTo(now));
        Map<String, List<Written>> former = make(layout, 1, 20);
        List<WalReader> readers = new ArrayList<>();
        for (int i = 0; i < operations.size(); i++) {
            readers.add(reader());
            assertHolds(readers.get(i), former);
        }
        delete();
        List<Written> now = make(layout, 2, 25).get(KEY);
        for (int i = 0; i < operations.size(); i++) {
            operations.get(i).check(readers.get(i), now);
        }
    }

    private interface ReadsFirst {
        void check(WalReader reader, List<Written> now);
    }

    @ParameterizedTest
    @EnumSource
    void madeAnew_tailsThatArePolledAlone_noticeAtTheirNextLook(Layout layout) throws IOException {
        Map<String, List<Written>> former = make(layout, 1, 20);
        // a reader each, so that nothing else notices
        EntryTail one = closing(reader().follow(KEY, ReadFrom.first()));
        EntryTail oneWaiting = closing(reader().follow(KEY, ReadFrom.first()));
        EntryTail many = closing(reader().follow(METERS, ReadFrom.first()));
        EntryTail manyWaiting = closing(reader().follow(METERS, ReadFrom.first()));
        WalConsumer consumer = closing(reader().consumer(NAME, METERS));
        WalConsumer ofOne = closing(reader().consumer("of one", Keys.key(KEY)));
        deliver(one, ofOne(former));
        deliver(oneWaiting, ofOne(former));
        deliver(many, former);
        deliver(manyWaiting, former);
        EntryTail consumed = consumer.entries();
        EntryTail ofOneConsumed = ofOne.entries();
        deliver(consumed, former);
        deliver(ofOneConsumed, ofOne(former));
        delete();
        Map<String, List<Written>> unused = make(layout, 2, 30);
        assertEnded(one::next);
        assertEnded(() -> oneWaiting.next(LONG));
        assertEnded(() -> manyWaiting.next(LONG));
        assertEnded(() -> consumed.next(LONG));
        assertEnded(() -> ofOneConsumed.next(LONG));
        assertEnded(() -> many.next(LONG));
        assertEnded(many::next);
    }

    @Test
    void madeAnew_consumerOfTheFormerLog_commitsNothingInTheNewOne() throws IOException {
        make(Layout.OWN, 1, 20);
        WalConsumer consumer = closing(reader().consumer(NAME, METERS));
        assertThat(consumer.entries().next()).isTrue();
        delete();
        make(Layout.OWN, 2, 20);
        assertEnded(consumer::commitDelivered);
        assertEnded(consumer::entries);
        assertThat(CursorFiles.directory(root)).doesNotExist();
    }

    @Test
    void deletedAndNotMadeAgain_consumer_isRefusedAndMakesNoDirectory() throws IOException {
        make(Layout.OWN, 1, 20);
        WalReader reader = reader();
        assertThat(reader.keys()).hasSize(KEYS.size());
        delete();
        assertThatThrownBy(() -> reader.consumer(NAME, METERS)).isInstanceOf(WalIOException.class).hasMessageContaining("no such directory");
        assertThat(root).doesNotExist();
    }

    /** The file by which logs are told apart goes first. */
    @Test
    void deletedPieceByPiece_whatIsReadMeanwhile_isNotTakenForTheNewLogs() throws IOException {
        make(Layout.SHARED, 1, 20);
        WalReader reader = reader();
        assertThat(reader.keys()).hasSize(KEYS.size());
        Files.delete(root.resolve("LOCK"));
        assertThat(reader.keys()).hasSize(KEYS.size());
        EntryTail meanwhile = closing(reader.follow(KEY, ReadFrom.first()));
        while (meanwhile.next()) {
            assertThat(meanwhile.key()).isEqualTo(KEY);
        }
        delete();
        Map<String, List<Written>> now = make(Layout.SHARED, 2, 30);
        assertEnded(() -> meanwhile.next(LONG));
        assertHolds(reader, now);
    }

    // ---------------------------------------------------------------- restored

    @ParameterizedTest
    @EnumSource
    void restored_openReader_readsTheRestoredLog(Layout layout) throws IOException {
        Map<String, List<Written>> restored = make(layout, 1, 20);
        BackupFolder folder = BackupFolder.at(home.place("backup"));
        BackupPoint point = folder.backUp(root).point();
        make(layout, 2, 10);
        WalReader reader = reader();
        assertThat(Written.drain(reader.scan(KEY))).hasSize(30);
        EntryTail tail = closing(reader().follow(METERS, ReadFrom.first()));
        while (tail.next()) {
            assertThat(KEYS).contains(tail.key());
        }
        WalConsumer consumer = closing(reader.consumer(NAME, METERS));
        while (consumer.entries().next()) {
            assertThat(KEYS).contains(consumer.entries().key());
        }
        consumer.commitDelivered();
        Path cursor = CursorFiles.cursor(root, CursorFiles.name(NAME));
        byte[] commits = Files.readAllBytes(cursor);

        delete();
        folder.restore(point, root);
        assertHolds(reader, restored);
        assertEnded(() -> tail.next(LONG));
        assertEnded(() -> consumer.entries().next(LONG));
        consumer.close();
        Files.createDirectories(cursor.getParent());
        Files.write(cursor, commits);
        WalConsumer again = closing(reader.consumer(NAME, METERS));
        for (int i = 0; i < KEYS.size(); i++) {
            assertThatThrownBy(() -> again.entries().next()).isInstanceOf(EntryNotFoundException.class);
        }
        assertThat(again.entries().next()).isFalse();
        again.close();

        EntryTail ofCopy = closing(reader().follow(KEY, ReadFrom.first()));
        deliver(ofCopy, ofOne(restored));
        Map<String, List<Written>> more = make(layout, 3, 5);
        Map<String, List<Written>> all = new TreeMap<>();
        KEYS.forEach(key -> all.put(key, joined(restored.get(key), more.get(key))));
        assertHolds(reader, all);
        deliver(ofCopy, ofOne(more));
    }

    @ParameterizedTest
    @EnumSource
    void copyThatNoWriterHasOpened_firstWriterOpensIt_readersGoOn(Layout layout) throws IOException {
        Map<String, List<Written>> before;
        Path copy = home.place("copy");
        try (StreamWal wal = open(layout)) {
            before = append(wal, 1, 20);
            wal.checkpoint(copy);
        }
        delete();
        Files.move(copy, root);
        assertThat(root.resolve("LOCK")).doesNotExist();
        WalReader reader = reader();
        EntryTail one = closing(reader.follow(KEY, ReadFrom.first()));
        EntryTail many = closing(reader.follow(METERS, ReadFrom.first()));
        WalConsumer consumer = closing(reader.consumer(NAME, METERS));
        deliver(one, ofOne(before));
        deliver(many, before);
        deliver(consumer.entries(), before);
        EntryCursor begun = closing(reader.scan(KEY));
        assertThat(begun.next()).isTrue();
        StreamWal wal = open(layout);
        Map<String, List<Written>> more = append(wal, 2, 5);
        for (EntryTail tail : List.of(one, many, consumer.entries())) {
            int expected = (tail == one ? 1 : KEYS.size()) * 5;
            for (int i = 0; i < expected; i++) {
                assertThat(waited(tail)).isTrue();
                assertThat(more.get(tail.key())).contains(Written.of(tail));
            }
            assertThat(tail.next()).isFalse();
        }
        assertThat(Written.drain(begun)).hasSize(24);
        consumer.commitDelivered();
    }

    private static boolean waited(EntryTail tail) {
        try {
            return tail.next(LONG);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
