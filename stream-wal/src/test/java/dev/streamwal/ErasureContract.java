package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.streamwal.commit.JournalSizes;
import dev.streamwal.engine.Environment;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@link StreamWal#erase} leaves, and what those see who read meanwhile or later. */
abstract class ErasureContract extends LogContract {

    private static final String KEY = "person/1";
    private static final String OTHER = "person/2";
    private static final String MARKER = "at-the-doctors";
    private static final Keys PERSON = Keys.key(KEY);
    private static final long SECOND = 1_000;

    ErasureContract(LogHome home) {
        super(home);
    }

    private WalOptions.Builder own() {
        return options().streams("*", StreamOptions.builder().segments(Segments.OWN).build());
    }

    private WalOptions.Builder shared() {
        return options().streams("*", StreamOptions.builder().segments(Segments.SHARED).build());
    }

    /** A record a second. */
    private List<Written> appendSeconds(WalStream stream, int count) {
        List<Written> written = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            written.addAll(appendSome(stream, 1));
            clock.advance(Duration.ofMillis(SECOND));
        }
        return written;
    }

    private Written append(WalStream stream, String content) {
        byte[] bytes = bytes(content);
        return Written.of(stream.append(WriteEntry.of(new byte[0], bytes, clock.millis()), Durability.IMMEDIATE), clock.millis(), bytes);
    }

    private static ErasureReport erase(StreamWal wal, Written first, Written last) {
        return wal.erase(PERSON, Instant.ofEpochMilli(first.timestampMillis()), Instant.ofEpochMilli(last.timestampMillis() + 1));
    }

    private static ErasureReport eraseAll(StreamWal wal, Keys keys) {
        return wal.erase(keys, Instant.MIN, Instant.MAX);
    }

    private static List<Written> without(List<Written> records, List<Written> erased) {
        List<Written> left = new ArrayList<>(records);
        left.removeAll(erased);
        return left;
    }

    private static void assertNotFound(WalReader reader, List<Written> erased) {
        try (EntryBatch batch = reader.readBatch(Written.refs(erased))) {
            for (int i = 0; i < batch.size(); i++) {
                assertThat(batch.status(i)).isEqualTo(EntryBatch.Status.NOT_FOUND);
            }
        }
        erased.forEach(one -> assertThat(reader.find(one.ref())).isEmpty());
    }

    private List<Path> filesWith(String text) throws IOException {
        List<Path> found = new ArrayList<>();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(text)) {
                    found.add(file);
                }
            }
        }
        return found;
    }

    // ---------------------------------------------------------------- just opened

    @Test
    void erase_rightAfterOpening_waitsForWhatTheLastWriterLeft() {
        List<Written> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            // opening has the segments sealed that were left; a thread of its own does it
            StreamWal wal = open(shared());
            if (i > 0) {
                ErasureReport report = eraseAll(wal, Keys.key("nobody"));
                assertThat(report.records()).isZero();
            }
            all.addAll(appendSome(wal.stream(KEY), 3));
            wal.close();
        }
        StreamWal wal = open(shared());
        assertThat(eraseAll(wal, PERSON).records()).isEqualTo(all.size());
    }

    // ---------------------------------------------------------------- what is left

    @ParameterizedTest
    @CsvSource({"0, 4", "4, 9", "9, 12", "0, 12", "5, 6"})
    void erase_ownSegments_leavesTheOthersWhereTheyWere(int from, int to) {
        erasesIn(open(own()), from, to, 0);
    }

    @ParameterizedTest
    @CsvSource({"0, 4", "4, 9", "9, 12", "0, 12", "5, 6"})
    void erase_sharedSegments_leavesTheOthersWhereTheyWere(int from, int to) {
        erasesIn(open(shared()), from, to, 0);
    }

    @ParameterizedTest
    @CsvSource({"4, 9", "0, 12"})
    void erase_packedAndCompressed_leavesTheOthersWhereTheyWere(int from, int to) {
        erasesIn(open(shared().compression(Compression.COLUMNS)), from, to, 2);
    }

    /** @param packings after the first half, and after all */
    private void erasesIn(StreamWal wal, int from, int to, int packings) {
        List<Written> records = new ArrayList<>(appendSeconds(wal.stream(KEY), 6));
        List<Written> others = new ArrayList<>(appendSeconds(wal.stream(OTHER), 6));
        for (int i = 0; i < packings; i++) {
            clock.advance(WINDOW);
            assertThat(wal.pack()).isPositive();
            records.addAll(appendSeconds(wal.stream(KEY), 3));
            others.addAll(appendSeconds(wal.stream(OTHER), 3));
        }
        records.addAll(appendSeconds(wal.stream(KEY), 12 - records.size()));
        List<Written> erased = records.subList(from, to);
        WalReader before = reader();
        Written.assertHolds(before, KEY, records);

        ErasureReport report = erase(wal, erased.get(0), erased.get(erased.size() - 1));
        assertThat(report.streams()).isOne();
        assertThat(report.records()).isEqualTo(erased.size());
        assertThat(report.bytes()).isEqualTo(erased.stream().mapToLong(one -> one.ref().size()).sum());
        assertThat(report.rewritten()).isNotEmpty().allMatch(Files::exists);
        assertThat(report.quarantined()).isEmpty();
        List<Written> left = without(records, erased);
        Written.assertHolds(before, KEY, left);
        Written.assertHolds(before, OTHER, others);
        for (WalReader reader : List.of(before, readerOf(wal), reader())) {
            assertNotFound(reader, erased);
            assertThat(reader.keys()).contains(KEY, OTHER);
            assertThat(reader.latest(KEY).map(Written::of)).isEqualTo(left.stream().reduce((a, b) -> b));
        }
        clock.advance(Duration.ofMillis(SECOND));
        left.addAll(appendSeconds(wal.stream(KEY), 2));
        assertHoldsNow(wal, OTHER, others);
        assertHoldsEverywhere(wal, KEY, left);
    }

    @Test
    void erase_oftenAndOfNothing_changesNothingMore() throws IOException {
        StreamWal wal = open(own());
        List<Written> records = appendSeconds(wal.stream(KEY), 5);
        assertThat(erase(wal, records.get(1), records.get(2)).records()).isEqualTo(2);
        Path file = segmentsOf(KEY).get(0);
        byte[] content = Files.readAllBytes(file);
        ErasureReport again = erase(wal, records.get(1), records.get(2));
        assertThat(again.records()).isZero();
        assertThat(again.streams()).isZero();
        assertThat(again.rewritten()).isEmpty();
        assertThat(eraseAll(wal, Keys.key("nobody")).records()).isZero();
        assertThat(eraseAll(wal, Keys.of(List.of())).records()).isZero();
        Instant now = clock.instant();
        assertThat(wal.erase(PERSON, now, now).records()).isZero();
        assertThat(segmentsOf(KEY)).containsExactly(file);
        assertThat(Files.readAllBytes(file)).isEqualTo(content);
        assertHoldsEverywhere(wal, KEY, without(records, records.subList(1, 3)));
    }

    @Test
    void erase_someOfABatch_leavesTheOthersByThemselves() {
        StreamWal wal = open(own());
        List<WriteEntry> entries = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            entries.add(WriteEntry.of(new byte[0], bytes(40, i), clock.millis() + (i % 3) * SECOND));
        }
        clock.advance(Duration.ofSeconds(5));
        List<EntryRef> refs = wal.stream(KEY).appendBatch(entries);
        List<Written> records = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            records.add(Written.of(refs.get(i), entries.get(i).timestampMillis(), bytes(40, i)));
        }
        assertThat(erase(wal, records.get(1), records.get(1)).records()).isEqualTo(2);
        List<Written> left = without(records, List.of(records.get(1), records.get(4)));
        assertHoldsNow(wal, KEY, left);
        wal.stream(KEY).truncateAfter(left.get(1).ref());
        assertHoldsEverywhere(wal, KEY, left.subList(0, 2));
    }

    /** Nothing says any more that they were a batch. */
    @ParameterizedTest
    @CsvSource({"OWN, 1", "OWN, 4", "SHARED, 1", "SHARED, 4"})
    void erase_oneOfABatch_leavesRecordsThatACutTakesApart(Segments segments, int erased) {
        StreamWal wal = open(options().streams("*", StreamOptions.builder().segments(segments).build()));
        List<WriteEntry> entries = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            entries.add(WriteEntry.of(new byte[0], bytes(40, i), clock.millis() + i));
        }
        List<EntryRef> refs = wal.stream(KEY).appendBatch(entries);
        assertThatThrownBy(() -> wal.stream(KEY).truncateAfter(refs.get(0))).isInstanceOf(IllegalArgumentException.class);
        Written first = Written.of(refs.get(0), entries.get(0).timestampMillis(), bytes(40, 0));
        Written gone = Written.of(refs.get(erased), entries.get(erased).timestampMillis(), bytes(40, erased));
        assertThat(erase(wal, gone, gone).records()).isEqualTo(1);
        wal.stream(KEY).truncateAfter(first.ref());
        assertHoldsEverywhere(wal, KEY, List.of(first));
    }

    @Test
    void erase_recordsThatComeLater_stay() {
        StreamWal wal = open();
        List<Written> records = appendSeconds(wal.stream(KEY), 3);
        assertThat(eraseAll(wal, Keys.all()).records()).isEqualTo(3);
        byte[] late = bytes(40, 7);
        EntryRef ref = wal.stream(KEY).append(WriteEntry.of(new byte[0], late, records.get(1).timestampMillis()));
        assertHoldsEverywhere(wal, KEY, List.of(Written.of(ref, records.get(1).timestampMillis(), late)));
    }

    // ---------------------------------------------------------------- what is gone

    /** Own and shared segments, packs, those that were deleted before, and the journal. */
    @Test
    void erase_allPlaces_leavesTheContentInNoFile() throws IOException {
        StreamWal wal = open(options().streams("own*", StreamOptions.builder().segments(Segments.OWN).build())
                .streams("*", StreamOptions.builder().segments(Segments.SHARED).build()));
        List<String> keys = List.of("own", "shared", "packed", "gone");
        Map<String, Written> kept = new TreeMap<>();
        keys.forEach(key -> kept.put(key, append(wal.stream(key), "the first of " + key)));
        clock.advance(Duration.ofSeconds(1));
        long from = clock.millis();
        append(wal.stream("packed"), MARKER + " packed");
        append(wal.stream("gone"), MARKER + " gone");
        clock.advance(WINDOW);
        int unused = wal.pack();
        assertThat(wal.delete("gone")).isTrue();
        append(wal.stream("own"), MARKER + " own");
        append(wal.stream("shared"), MARKER + " shared");
        assertThat(filesWith(MARKER)).as("own segment, shared segment, pack, journal").hasSizeGreaterThanOrEqualTo(4);

        ErasureReport report = wal.erase(Keys.all(), Instant.ofEpochMilli(from), Instant.MAX);
        assertThat(report.records()).isEqualTo(3);
        assertThat(report.streams()).isEqualTo(3);
        assertThat(filesWith(MARKER)).isEmpty();
        Written durable = append(wal.stream("own"), "the journal goes on");
        for (String key : List.of("shared", "packed")) {
            assertHoldsNow(wal, key, List.of(kept.get(key)));
        }
        wal.close();
        assertThat(filesWith(MARKER)).isEmpty();
        try (StreamWal reopened = open()) {
            assertHoldsNow(reopened, "own", List.of(kept.get("own"), durable));
            assertThat(filesWith(MARKER)).isEmpty();
        }
    }

    /** The journal had its frames, and is redone by the next writer. */
    @Test
    void erase_thenAWriterThatFindsTheLogNotClosed_bringsNothingBack() {
        StreamWal wal = open(own());
        Written erased = append(wal.stream(KEY), MARKER);
        clock.advance(Duration.ofSeconds(1));
        Written kept = append(wal.stream(KEY), "kept");
        assertThat(erase(wal, erased, erased).records()).isOne();
        wal.close();
        forgetThatItWasClosed();
        try (StreamWal reopened = open(own(), NEXT_BOOT)) {
            assertThat(reopened.recoverAll(progress -> {}).streams()).isEmpty();
            assertHoldsNow(reopened, KEY, List.of(kept));
        }
    }

    @Test
    void erase_checkpointMadeBefore_hasThemStill() {
        StreamWal wal = open(own());
        List<Written> records = appendSeconds(wal.stream(KEY), 4);
        clock.advance(WINDOW);
        Written newest = append(wal.stream(KEY), "in the next window");
        awaitSealed(1);
        Path copy = root.resolveSibling("copy");
        wal.checkpoint(copy);
        assertThat(eraseAll(wal, PERSON).records()).isEqualTo(5);
        assertHoldsNow(wal, KEY, List.of());
        try (WalReader reader = WalReader.open(copy)) {
            Written.assertHolds(reader, KEY, joined(records, List.of(newest)));
        }
    }

    // ---------------------------------------------------------------- who reads

    /** It had read neither the erased records nor what is next to them. */
    @Test
    void erase_scansStandInTheSegment_passOverTheRecords() {
        StreamWal wal = open(own().segmentBytes(8 << 20));
        List<Written> records = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            records.addAll(appendSome(wal.stream(KEY), 1, 20_000));
            clock.advance(Duration.ofMillis(SECOND));
        }
        for (WalReader reader : List.of(reader(), readerOf(wal))) {
            List<Written> erased = List.copyOf(records.subList(100, 150));
            List<Written> left = without(records, erased);
            try (EntryCursor forwards = reader.scan(KEY); EntryCursor backwards = reader.scanBackward(KEY, Long.MAX_VALUE)) {
                assertThat(forwards.next()).isTrue();
                assertThat(backwards.next()).isTrue();
                ErasureReport unused = erase(wal, erased.get(0), erased.get(erased.size() - 1));
                for (Written each : left) {
                    assertThat(forwards.ref()).isEqualTo(each.ref());
                    assertThat(forwards.next()).isEqualTo(!each.equals(left.get(left.size() - 1)));
                }
                for (int i = left.size() - 1; i >= 0; i--) {
                    assertThat(backwards.ref()).isEqualTo(left.get(i).ref());
                    assertThat(backwards.next()).isEqualTo(i > 0);
                }
            }
            records = left;
        }
    }

    /** It comes to the end of the segment without another read, by the footer of the file from which nothing was erased. */
    @Test
    void erase_aScanHasReadTheSegmentAlready_laterReadsGoByTheNewFooter() {
        StreamWal wal = open(own());
        List<Written> records = appendSeconds(wal.stream(KEY), 5);
        assertThat(erase(wal, records.get(0), records.get(0)).records()).isOne();
        for (WalReader reader : List.of(reader(), readerOf(wal))) {
            List<Written> left = records.subList(1, records.size());
            Written last = left.get(left.size() - 1);
            try (EntryCursor scan = reader.scan(KEY)) {
                assertThat(scan.next()).isTrue();
                assertThat(erase(wal, last, last).records()).isOne();
                assertThat(reader.find(left.get(0).ref())).isPresent();
                for (Written each : left) {
                    assertThat(scan.ref()).isEqualTo(each.ref());
                    assertThat(scan.next()).isEqualTo(!each.equals(last));
                }
            }
            records = records.subList(0, records.size() - 1);
            assertThat(reader.latestByTimestamp(KEY).orElseThrow().ref()).isEqualTo(records.get(records.size() - 1).ref());
            assertThat(reader.verify(KEY).damage()).isEmpty();
        }
    }

    @Test
    void erase_followersAndConsumers_goOnWithoutALoss() {
        StreamWal wal = open(own());
        List<Written> records = appendSeconds(wal.stream(KEY), 8);
        WalReader reader = reader();
        try (EntryTail tail = reader.follow(KEY, ReadFrom.first()); WalConsumer consumer = reader.consumer("shipper", PERSON)) {
            for (int i = 0; i < 3; i++) {
                assertThat(tail.next()).isTrue();
                assertThat(consumer.entries().next()).isTrue();
            }
            consumer.commitDelivered();
        }
        try (EntryTail atEnd = reader.follow(KEY, ReadFrom.first())) {
            for (Written each : records) {
                assertThat(atEnd.next()).isTrue();
            }
            assertThat(atEnd.next()).isFalse();
            assertThat(erase(wal, records.get(2), records.get(4)).records()).isEqualTo(3);
            List<Written> more = appendSeconds(wal.stream(KEY), 2);
            try (WalConsumer consumer = reader.consumer("shipper", PERSON)) {
                for (Written each : joined(records.subList(5, 8), more)) {
                    assertThat(consumer.entries().next()).isTrue();
                    assertThat(consumer.entries().ref()).isEqualTo(each.ref());
                }
                assertThat(consumer.entries().next()).isFalse();
                assertThat(consumer.lost()).isEmpty();
            }
            for (Written each : more) {
                assertThat(atEnd.next()).isTrue();
                assertThat(atEnd.ref()).isEqualTo(each.ref());
            }
            assertThat(atEnd.next()).isFalse();
        }
    }

    @Test
    void erase_thenTheirSegmentExpiresUnread_countAsLost() {
        StreamWal wal = open(own());
        List<Written> read = appendSeconds(wal.stream(KEY), 3);
        clock.advance(WINDOW);
        List<Written> unread = appendSeconds(wal.stream(KEY), 5);
        try (WalConsumer consumer = reader().consumer("shipper", PERSON)) {
            for (Written each : read) {
                assertThat(consumer.entries().next()).isTrue();
                assertThat(consumer.entries().ref()).isEqualTo(each.ref());
            }
            consumer.commitDelivered();
            assertThat(erase(wal, unread.get(0), unread.get(4)).records()).isEqualTo(5);
            Written fresh = expireAll(wal);
            assertThatThrownBy(consumer.entries()::next).isInstanceOf(EntryExpiredException.class);
            assertLost(consumer, unread.get(0), unread.get(4));
            assertThat(consumer.entries().next()).isTrue();
            assertThat(consumer.entries().ref()).isEqualTo(fresh.ref());
        }
    }

    /** The consumer had come to the end, but what it committed is the end of a record that it was given. */
    @Test
    void erase_behindWhatIsCommitted_countAsLostAtTheNextOpening() {
        StreamWal wal = open(own());
        List<Written> records = appendSeconds(wal.stream(KEY), 5);
        assertThat(erase(wal, records.get(3), records.get(4)).records()).isEqualTo(2);
        try (WalConsumer consumer = reader().consumer("shipper", PERSON)) {
            for (int i = 0; i < 3; i++) {
                assertThat(consumer.entries().next()).isTrue();
            }
            assertThat(consumer.entries().next()).isFalse();
            consumer.commitDelivered();
            assertThat(consumer.lost()).isEmpty();
        }
        Written unused = expireAll(wal);
        try (WalConsumer consumer = reader().consumer("shipper", PERSON)) {
            assertLost(consumer, records.get(3), records.get(4));
        }
    }

    private Written expireAll(StreamWal wal) {
        clock.advance(RETENTION.plus(WINDOW).plus(WINDOW));
        Written fresh = append(wal.stream(KEY), "fresh");
        assertThat(wal.sweep().deletedSegments()).isPositive();
        return fresh;
    }

    private static void assertLost(WalConsumer consumer, Written first, Written last) {
        assertThat(consumer.lost()).singleElement().satisfies(range -> {
            assertThat(range.from()).isEqualTo(first.ref().position());
            assertThat(range.to()).isEqualTo(last.ref().end());
        });
    }

    // ---------------------------------------------------------------- what goes wrong

    @Test
    void erase_aFileIsDamaged_erasesTheRestAndSaysSo() throws IOException {
        StreamWal wal = open(own());
        assertThat(appendSeconds(wal.stream(KEY), 3)).isNotEmpty();
        List<Written> whole = appendSeconds(wal.stream(OTHER), 3);
        wal.close();
        Path file = segmentsOf(KEY).get(0);
        byte[] content = Files.readAllBytes(file);
        content[160] ^= 1;
        Files.write(file, content);
        try (StreamWal reopened = open(own())) {
            assertThatThrownBy(() -> eraseAll(reopened, Keys.all())).isInstanceOf(CorruptSegmentException.class).hasMessageContaining(KEY);
            assertNotFound(readerOf(reopened), whole);
            assertThat(Files.readAllBytes(file)).isEqualTo(content);
        }
    }

    /** In three windows. */
    private List<Written> appendInWindows(WalStream stream) {
        List<Written> records = new ArrayList<>();
        for (int window = 0; window < 3; window++) {
            records.addAll(appendSeconds(stream, 3));
            clock.advance(WINDOW);
        }
        return records;
    }

    @Test
    void erase_anOlderSegmentHasLostItsFooter_erasesInIt() throws IOException {
        StreamWal wal = open(own());
        List<Written> records = appendInWindows(wal.stream(KEY));
        wal.close();
        loseFooter(segmentsOf(KEY).get(0));
        try (StreamWal reopened = open(own())) {
            List<Written> erased = List.of(records.get(1));
            assertThat(erase(reopened, records.get(1), records.get(1)).records()).isOne();
            assertNotFound(readerOf(reopened), erased);
            assertHoldsEverywhere(reopened, KEY, without(records, erased));
        }
    }

    /** The next segment says where the data ended that stands between the two. */
    @Test
    void erase_anOlderSegmentHasLostItsFooter_beforeRecordsInASharedOne_erasesInIt() throws IOException {
        List<Written> records = new ArrayList<>();
        for (WalOptions.Builder options : List.of(own(), shared(), own())) {
            try (StreamWal wal = open(options)) {
                records.addAll(appendInWindows(wal.stream(KEY)));
            }
        }
        for (Path segment : segmentsOf(KEY).subList(0, 3)) {
            loseFooter(segment);
        }
        try (StreamWal reopened = open(own())) {
            List<Written> erased = List.of(records.get(1), records.get(8));
            erased.forEach(record -> assertThat(erase(reopened, record, record).records()).isOne());
            assertNotFound(readerOf(reopened), erased);
            assertHoldsEverywhere(reopened, KEY, without(records, erased));
        }
    }

    @Test
    void erase_anOlderSegmentHasLostItsFooterAndIsDamaged_saysSo() throws IOException {
        StreamWal wal = open(own());
        List<Written> records = appendInWindows(wal.stream(KEY));
        wal.close();
        Path file = segmentsOf(KEY).get(0);
        loseFooter(file);
        byte[] content = Files.readAllBytes(file);
        content[160] ^= 1;
        Files.write(file, content);
        try (StreamWal reopened = open(own())) {
            assertThatThrownBy(() -> erase(reopened, records.get(0), records.get(2))).isInstanceOf(CorruptSegmentException.class).hasMessageContaining(KEY);
            assertThat(Files.readAllBytes(file)).isEqualTo(content);
        }
    }

    /**
     * While the first segment is sealed for it, the stream fills another one, whose footer isn't written before the call has ended: nothing of that is
     * to be erased.
     */
    @Test
    @Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void erase_streamGoesOnThroughSegmentsMeanwhile_erasesWhatWasBefore() {
        AtomicBoolean isFirst = new AtomicBoolean();
        CountDownLatch ended = new CountDownLatch(1);
        List<Written> late = new ArrayList<>();
        AtomicReference<@Nullable StreamWal> opened = new AtomicReference<>();
        StreamWal wal = open(own(), (operation, path) -> {
            if (!operation.equals("force") || !path.toString().endsWith(".seg") || !path.toString().contains("busy")) {
                return;
            }
            if (isFirst.compareAndSet(true, false)) {
                late.addAll(appendSome(Objects.requireNonNull(opened.get()).stream("busy"), 2, SEGMENT_BYTES * 5 / 8));
                if (Thread.currentThread().getName().startsWith("stream-wal-")) {
                    // the sealer came before the call, which waits for it: it mustn't stand still at the next one
                    ended.countDown();
                }
            } else if (!late.isEmpty()) {
                // the next one, which is full
                awaitUninterruptibly(ended);
            }
        });
        opened.set(wal);
        List<Written> busy = appendSeconds(wal.stream("busy"), 3);
        List<Written> others = appendSeconds(wal.stream(OTHER), 3);
        isFirst.set(true);
        try {
            ErasureReport report = wal.erase(Keys.all(), Instant.ofEpochMilli(NOW), Instant.ofEpochMilli(NOW).plusSeconds(100));
            assertThat(report.records()).isEqualTo(6);
        } finally {
            ended.countDown();
        }
        assertThat(late).hasSize(2);
        assertNotFound(readerOf(wal), joined(busy, others));
        assertHoldsEverywhere(wal, "busy", late);
    }

    @Test
    void erase_filesOfTwoStreamsCannotBeWritten_erasesTheRestAndSaysSo() throws IOException {
        AtomicBoolean isFailing = new AtomicBoolean();
        StreamWal wal = open(options().streams("own*", StreamOptions.builder().segments(Segments.OWN).build())
                .streams("*", StreamOptions.builder().segments(Segments.SHARED).build()), (operation, path) -> {
            if (isFailing.get() && operation.equals("create") && (path.toString().contains("own-bad"))) {
                throw new IOException("made to fail: file=" + path);
            }
        });
        List<String> good = List.of("own-1", "own-2", "own-3", "shared", "packed");
        Map<String, Written> written = new TreeMap<>();
        written.put("packed", append(wal.stream("packed"), MARKER + " packed"));
        clock.advance(WINDOW);
        assertThat(wal.pack()).isPositive();
        for (String key : List.of("own-bad-1", "own-1", "own-2", "own-bad-2", "own-3", "shared")) {
            written.put(key, append(wal.stream(key), MARKER + ' ' + key));
        }
        isFailing.set(true);
        assertThatThrownBy(() -> eraseAll(wal, Keys.all())).isInstanceOf(WalIOException.class).hasMessageContaining("can't erase records")
                .hasMessageContaining("own-bad")
                .satisfies(failure -> assertThat(failure.getSuppressed()).singleElement().asInstanceOf(InstanceOfAssertFactories.THROWABLE)
                        .isInstanceOf(WalIOException.class).hasMessageContaining("own-bad"));
        isFailing.set(false);
        assertNotFound(readerOf(wal), good.stream().map(written::get).toList());
        assertThat(filesWith(MARKER)).as("neither in the journal nor anywhere else").hasSize(2)
                .allMatch(file -> file.toString().contains("own-bad"));
        assertHoldsNow(wal, "own-bad-1", List.of(written.get("own-bad-1")));
        assertThat(eraseAll(wal, Keys.all()).records()).isEqualTo(2);
        assertThat(filesWith(MARKER)).isEmpty();
    }

    /** What closing does to files says nothing of the disk. */
    @ParameterizedTest
    @ValueSource(strings = {"create", "delete"})
    void eraseOrDelete_logIsClosedMeanwhile_saysSo(String operation) throws InterruptedException {
        expectFailures();
        AtomicBoolean isFirst = new AtomicBoolean();
        List<Thread> closing = new ArrayList<>();
        AtomicReference<@Nullable StreamWal> opened = new AtomicReference<>();
        StreamWal wal = open(own(), (called, path) -> {
            if (called.equals(operation) && path.toString().contains("person") && isFirst.compareAndSet(true, false)) {
                StreamWal closed = Objects.requireNonNull(opened.get());
                // it waits for the sealer, which may wait for what this thread holds
                Thread other = new Thread(closed::close);
                closing.add(other);
                other.start();
                await("the log is closed", () -> catchThrowable(() -> closed.stream(KEY)) instanceof WalClosedException);
                throw new ClosedChannelException();
            }
        });
        opened.set(wal);
        List<Written> unused = appendSeconds(wal.stream(KEY), 3);
        isFirst.set(true);
        assertThatThrownBy(() -> {
            if (operation.equals("create")) {
                eraseAll(wal, PERSON);
            } else {
                wal.delete(KEY);
            }
        }).isInstanceOf(WalClosedException.class).hasMessage("the log is closed: root=" + root + "; open it again");
        for (Thread other : closing) {
            other.join(TimeUnit.MINUTES.toMillis(1));
            assertThat(other.isAlive()).isFalse();
        }
        assertThat(closing).hasSize(1);
    }

    private StreamWal open(WalOptions.Builder options, WatchedStorages.Watch watch) {
        WalOptions built = options.build();
        Environment machine = Environment.ofThisMachine(built.storage().kind());
        return closing(StreamWal.open(root, built, new Environment(THIS_BOOT, new WatchedStorages(built.storage().kind(), watch), machine.salts(), true,
                JournalSizes.DEFAULT)));
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        boolean interrupted = false;
        while (latch.getCount() > 0) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void erase_logIsClosed_orRangeEndsBeforeItBegins_throws() {
        StreamWal wal = open();
        Instant now = clock.instant();
        assertThatThrownBy(() -> wal.erase(PERSON, now, now.minusMillis(1))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("ends before its start");
        wal.close();
        assertThatThrownBy(() -> wal.erase(PERSON, now, now)).isInstanceOf(WalClosedException.class);
    }
}
