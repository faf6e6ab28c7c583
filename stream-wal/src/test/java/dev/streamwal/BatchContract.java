package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.RecordTooLargeException;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Records that are appended together: of one stream all or none, of many streams with one call. */
abstract class BatchContract extends LogContract {

    /** What leads a batch: a frame with two counts. */
    private static final int LEAD_BYTES = 40;

    BatchContract(LogHome home) {
        super(home);
    }

    private static List<Written> expected(List<EntryRef> refs, List<WriteEntry> entries, long now) {
        List<Written> expected = new ArrayList<>();
        for (int i = 0; i < entries.size(); i++) {
            WriteEntry entry = entries.get(i);
            byte[] header = new byte[entry.header().remaining()];
            byte[] content = new byte[entry.content().remaining()];
            entry.header().get(entry.header().position(), header);
            entry.content().get(entry.content().position(), content);
            expected.add(Written.of(refs.get(i), entry.timestampMillis() == WriteEntry.NOW ? now : entry.timestampMillis(),
                    header, content));
        }
        return expected;
    }

    private static List<WriteEntry> entries(int count, int bytesEach) {
        List<WriteEntry> entries = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            entries.add(WriteEntry.of(bytes(i % 20, -i), bytes(bytesEach, i), NOW + i));
        }
        return entries;
    }

    // ---------------------------------------------------------------- one stream

    @ParameterizedTest
    @ValueSource(ints = {0, 1, MANY})
    void appendBatch_some_standInOrderOneBehindTheOther(int before) {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, before);
        for (int size : new int[] {2, 3, 17}) {
            long end = stream.endPosition();
            List<WriteEntry> entries = entries(size, 33);
            List<EntryRef> refs = stream.appendBatch(entries);
            List<Written> batch = expected(refs, entries, NOW);
            assertThat(refs.get(0).position()).isEqualTo(end + LEAD_BYTES);
            assertContiguous(batch);
            assertThat(stream.endPosition()).isEqualTo(refs.get(size - 1).end());
            written.addAll(batch);
            written.addAll(appendSome(stream, 1));
        }
        assertHoldsEverywhere(wal, "s", written);
    }

    @Test
    void appendBatch_none_appendsNothing() {
        StreamWal wal = open();
        assertThat(wal.stream("s").appendBatch(List.of())).isEmpty();
        assertThat(wal.keys()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, MANY})
    void appendBatch_one_isAnOrdinaryRecord(int before) {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, before);
        List<WriteEntry> entries = List.of(WriteEntry.of(bytes("h"), bytes("only"), WriteEntry.NOW));
        List<EntryRef> refs = stream.appendBatch(entries);
        written.addAll(expected(refs, entries, NOW));
        assertContiguous(written);
        assertHoldsEverywhere(wal, "s", written);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, MANY})
    void appendBatch_largeMembersAndManySmallOnes_allStand(int before) {
        StreamWal wal = open(options().segmentBytes(8 << 20));
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, before);
        for (int[] shape : new int[][] {{3, 700_000}, {3_000, 20}, {2, 1 << 20}}) {
            List<WriteEntry> entries = entries(shape[0], shape[1]);
            written.addAll(expected(stream.appendBatch(entries), entries, NOW));
        }
        assertHoldsEverywhere(wal, "s", written);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, MANY})
    void appendBatch_moreThanASegmentHolds_refusedAndNothingIsAppended(int before) {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, before);
        long end = stream.endPosition();
        assertThatThrownBy(() -> stream.appendBatch(entries(70, 1_000)))
                .isInstanceOf(RecordTooLargeException.class)
                .hasMessageContaining("batch doesn't fit a segment").hasMessageContaining("records=70")
                .hasMessageContaining("stream=s");
        assertThat(stream.endPosition()).isEqualTo(end);
        written.addAll(appendSome(stream, 2));
        assertContiguous(written);
        assertHoldsEverywhere(wal, "s", written);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, MANY})
    void appendBatch_asLargeAsASegment_fitsAndOneByteMoreDoesNot(int before) {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, before);
        int room = SEGMENT_BYTES - (98 + 1 + 7 & -8) - LEAD_BYTES;
        // two frames of a half each; the second is what is left
        int first = 30_000;
        int second = room - (32 + first) - 32;
        List<WriteEntry> fitting = List.of(WriteEntry.of(bytes(first, 1), NOW), WriteEntry.of(bytes(second, 2), NOW));
        written.addAll(expected(stream.appendBatch(fitting), fitting, NOW));
        assertThatThrownBy(() -> stream.appendBatch(List.of(
                WriteEntry.of(bytes(first, 1), NOW), WriteEntry.of(bytes(second + 1, 2), NOW))))
                .isInstanceOf(RecordTooLargeException.class);
        assertHoldsEverywhere(wal, "s", written);
    }

    @Test
    void appendBatch_restOfTheSegmentTooSmall_allOfItGoesToTheNext() {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, 60, 1_000);
        long end = stream.endPosition();
        List<WriteEntry> entries = entries(10, 1_000);
        List<Written> batch = expected(stream.appendBatch(entries), entries, NOW);
        assertThat(batch.get(0).ref().position()).isEqualTo(end + LEAD_BYTES);
        assertThat(segmentsOf("s")).hasSize(2);
        assertThat(segmentsOf("s").get(1).getFileName().toString()).startsWith(String.format("%016x", end));
        written.addAll(batch);
        assertHoldsEverywhere(wal, "s", written);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, MANY})
    void appendBatch_oneMemberRefused_noneIsAppended(int before) {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, before);
        long end = stream.endPosition();
        WriteEntry good = WriteEntry.of(bytes("good"), NOW);
        for (WriteEntry bad : List.of(
                WriteEntry.of(new byte[65_536], new byte[0], NOW),
                WriteEntry.of(new byte[SEGMENT_BYTES], NOW),
                WriteEntry.of(bytes("x"), NOW + 2 * 60 * MINUTE),
                WriteEntry.of(bytes("x"), NOW - 3 * 60 * MINUTE),
                WriteEntry.of(bytes("x"), Long.MAX_VALUE))) {
            assertThatThrownBy(() -> stream.appendBatch(List.of(good, good, bad))).hasMessageContaining("stream=s");
            assertThatThrownBy(() -> stream.appendBatch(List.of(bad, good))).hasMessageContaining("stream=s");
            assertThatThrownBy(() -> stream.appendBatch(List.of(bad))).hasMessageContaining("stream=s");
        }
        assertThatThrownBy(() -> stream.appendBatch(Arrays.asList(good, null))).isInstanceOf(NullPointerException.class);
        assertThat(stream.endPosition()).isEqualTo(end);
        assertHoldsNow(wal, "s", written);
    }

    @Test
    void appendBatch_membersOfSeveralWindows_goToTheNewestOnesSegment() {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, 3);
        List<WriteEntry> entries = List.of(
                WriteEntry.of(bytes("old"), NOW - 30 * MINUTE),
                WriteEntry.of(bytes("next window"), NOW + 10 * MINUTE),
                WriteEntry.of(bytes("now")));
        List<Written> batch = expected(stream.appendBatch(entries), entries, NOW);
        written.addAll(batch);
        List<WriteEntry> late = List.of(WriteEntry.of(bytes("late"), NOW - 20 * MINUTE), WriteEntry.of(bytes("later"), NOW));
        written.addAll(expected(stream.appendBatch(late), late, NOW));
        assertThat(segmentsOf("s")).hasSize(2);
        assertThat(segmentsOf("s").get(1).getFileName().toString())
                .isEqualTo(String.format("%016x_%d.seg", batch.get(0).ref().position() - LEAD_BYTES,
                        NOW + 20 * MINUTE + RETENTION.toMillis()));
        assertHoldsEverywhere(wal, "s", written);
    }

    @Test
    void appendBatch_whileOthersRead_theySeeAllOfItOrNothing() throws Exception {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        int members = 7;
        int batches = 600;
        AtomicBoolean done = new AtomicBoolean();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<Thread> readers = new ArrayList<>();
        for (WalReader reader : List.of(readerOf(wal), closing(wal.reader()))) {
            readers.add(reading(reader, members, done, failure));
        }
        stream.append(bytes("first"));
        readers.add(reading(reader(), members, done, failure));
        for (int b = 0; b < batches; b++) {
            List<WriteEntry> entries = new ArrayList<>();
            for (int m = 0; m < members; m++) {
                entries.add(WriteEntry.of(bytes(b + "/" + m + " ".repeat(b % 50))));
            }
            stream.appendBatch(entries);
        }
        done.set(true);
        for (Thread reader : readers) {
            reader.join();
        }
        assertThat(failure.get()).isNull();
    }

    private static Thread reading(WalReader reader, int members, AtomicBoolean done, AtomicReference<Throwable> failure) {
        Thread thread = new Thread(() -> {
            try {
                boolean last;
                do {
                    last = done.get();
                    List<Written> found = Written.drain(reader.scan("s"));
                    if (!found.isEmpty()) {
                        assertThat((found.size() - 1) % members).as("members of a batch in part, of " + found.size()).isZero();
                    }
                } while (!last && failure.get() == null);
            } catch (Throwable e) {
                failure.compareAndSet(null, e);
            }
        }, "test-reader");
        thread.start();
        return thread;
    }

    // ---------------------------------------------------------------- many streams

    @Test
    void append_batchOfManyStreams_refsInTheOrderOfAdding() {
        StreamWal wal = open();
        appendSome(wal.stream("busy"), MANY);
        long busyEnd = wal.stream("busy").endPosition();
        WriteBatch batch = new WriteBatch();
        List<String> keys = List.of("b", "a", "b", "busy", "single", "a", "b", "busy");
        for (int i = 0; i < keys.size(); i++) {
            batch.add(keys.get(i), WriteEntry.of(bytes("h" + i), bytes(keys.get(i) + i), NOW + i));
        }
        List<EntryRef> refs = wal.append(batch);
        assertThat(refs.stream().map(EntryRef::key)).isEqualTo(keys);
        List<Written> all = new ArrayList<>();
        for (int i = 0; i < keys.size(); i++) {
            all.add(Written.of(refs.get(i), NOW + i, bytes("h" + i), bytes(keys.get(i) + i)));
        }
        assertThat(closing(readerOf(wal).readBatch(refs)).found().stream().map(Written::of).toList()).isEqualTo(all);
        for (String key : List.of("a", "b", "single")) {
            assertHoldsNow(wal, key, all.stream().filter(one -> one.ref().key().equals(key)).toList());
        }
        assertThat(refs.get(3).position()).isEqualTo(busyEnd + LEAD_BYTES);
        assertThat(refs.get(7).position()).isEqualTo(refs.get(3).end());
        assertThat(refs.get(4).position()).as("a single record has no batch around it").isZero();
    }

    @Test
    void append_emptyBatch_appendsNothing() {
        StreamWal wal = open();
        assertThat(wal.append(new WriteBatch())).isEmpty();
        assertThat(wal.keys()).isEmpty();
    }

    @Test
    void append_sameBatchTwiceAndAfterClear_appendsWhatIsInIt() {
        StreamWal wal = open();
        WriteBatch batch = new WriteBatch().add("a", WriteEntry.of(bytes("1"))).add("b", WriteEntry.of(bytes("2")));
        wal.append(batch);
        wal.append(batch);
        assertThat(batch.size()).isEqualTo(2);
        batch.clear();
        assertThat(batch.size()).isZero();
        batch.add("b", WriteEntry.of(bytes("3")));
        wal.append(batch);
        assertThat(Written.drain(readerOf(wal).scan("a"))).extracting(Written::content).containsExactly("31", "31");
        assertThat(Written.drain(readerOf(wal).scan("b"))).extracting(Written::content).containsExactly("32", "32", "33");
    }

    @Test
    void append_batchWithOneRecordRefused_nothingIsAppendedToAnyStream() {
        StreamWal wal = open(options().streams("small/*", StreamOptions.builder().segmentBytes(8_192).build()));
        WriteEntry good = WriteEntry.of(bytes("good"), NOW);
        List<List<Object>> bads = List.of(
                List.of("z", WriteEntry.of(new byte[65_536], new byte[0], NOW)),
                List.of("z", WriteEntry.of(new byte[SEGMENT_BYTES], NOW)),
                List.of("small/z", WriteEntry.of(new byte[8_192], NOW)),
                List.of("z", WriteEntry.of(bytes("x"), NOW + 2 * 60 * MINUTE)),
                List.of("z", WriteEntry.of(bytes("x"), NOW - 3 * 60 * MINUTE)));
        for (List<Object> bad : bads) {
            WriteBatch batch = new WriteBatch().add("a", good).add("b", good).add("a", good)
                    .add((String) bad.get(0), (WriteEntry) bad.get(1));
            assertThatThrownBy(() -> wal.append(batch)).hasMessageContaining("stream=" + bad.get(0));
        }
        WriteBatch tooMuch = new WriteBatch().add("a", good);
        for (int i = 0; i < 10; i++) {
            tooMuch.add("small/z", WriteEntry.of(new byte[1_000], NOW));
        }
        assertThatThrownBy(() -> wal.append(tooMuch)).isInstanceOf(RecordTooLargeException.class)
                .hasMessageContaining("stream=small/z");
        assertThat(wal.keys()).isEmpty();
        assertThat(wal.stream("a").endPosition()).isZero();
    }

    /** As where streams take long to be brought in order at their first append. */
    @Test
    void append_batchDuringWhichTheRetentionPasses_isAppendedWhole() {
        Thread appending = Thread.currentThread();
        AtomicReference<Instant> time = new AtomicReference<>(Instant.ofEpochMilli(NOW));
        StreamWal wal = open(options().clock(() -> Thread.currentThread().equals(appending)
                ? time.updateAndGet(now -> now.plus(RETENTION).plus(WINDOW)) : time.get()));
        WriteBatch batch = new WriteBatch().add("a", WriteEntry.of(bytes("1"))).add("b", WriteEntry.of(bytes("2")));
        assertThat(wal.append(batch)).hasSize(2);
        assertThat(wal.keys()).containsExactly("a", "b");
    }
}
