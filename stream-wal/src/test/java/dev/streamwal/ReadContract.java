package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.StreamInfo;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Looking at a log while it is written: keys, what streams are like, the newest records, statistics, cursors that go on. */
abstract class ReadContract extends LogContract {

    ReadContract(LogHome home) {
        super(home);
    }

    @Test
    void keys_streamsComeAndGo_areThoseWithASegment() {
        StreamWal wal = open();
        WalReader without = reader();
        for (String key : List.of("b/2", "a", "b/1", "c")) {
            wal.stream(key).append(bytes("x"));
        }
        wal.stream("never");
        wal.delete("c");
        for (var keys : List.of(wal.keys(), readerOf(wal).keys(), without.keys())) {
            assertThat(keys).containsExactly("a", "b/1", "b/2");
        }
        assertThat(without.keys(Keys.prefix("b/"))).containsExactly("b/1", "b/2");
        assertThat(without.keys(Keys.prefix("z"))).isEmpty();
        wal.close();
        StreamWal again = open();
        assertThat(again.keys()).containsExactly("a", "b/1", "b/2");
    }

    private long bytesOf(String key) {
        try {
            long bytes = 0;
            for (Path file : segmentsOf(key)) {
                bytes += Files.size(file);
            }
            return bytes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, MANY})
    void describe_streamOfSeveralSegments_saysWhatIsThere(int each) throws IOException {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        appendSome(stream, each);
        clock.advance(WINDOW);
        appendSome(stream, each);
        stream.append(NOW - 5 * MINUTE, bytes("late"));
        awaitSealed(1);
        for (int round = 0; round < 2; round++) {
            // brings the stream in order, if it was opened again, and seals what it has
            long end = stream.endPosition();
            awaitSealed(1 + round);
            for (WalReader reader : List.of(readerOf(wal), reader())) {
                assertThat(reader.describe("s").orElseThrow()).extracting(StreamInfo::key, StreamInfo::segments,
                                StreamInfo::firstPosition, StreamInfo::endPosition, StreamInfo::smallestTimestampMillis,
                                StreamInfo::largestTimestampMillis)
                        .containsExactly("s", 2, 0L, end, OptionalLong.of(NOW - 5 * MINUTE), OptionalLong.of(NOW + WINDOW.toMillis()));
                // space may be prepared in the newest between the two
                await("the bytes of the files are told", () -> reader.describe("s").orElseThrow().bytes() == bytesOf("s"));
            }
            wal.close();
            wal = open();
            stream = wal.stream("s");
        }
        assertThat(reader().describe("t")).isEmpty();
        wal.purge(Keys.key("s"), clock.instant());
        assertThat(reader().describe("s").orElseThrow())
                .extracting(StreamInfo::segments, StreamInfo::firstPosition, StreamInfo::smallestTimestampMillis)
                .containsExactly(1, (long) each * 88, OptionalLong.of(NOW - 5 * MINUTE));
    }

    @Test
    void latest_ofSeveralStreams_isTheOneAtTheGreatestPosition() {
        StreamWal wal = open();
        List<Written> s = appendSome(wal.stream("s"), MANY);
        wal.stream("t").append(NOW, bytes("newer"));
        EntryRef late = wal.stream("t").append(NOW - 1, bytes("late"));
        for (WalReader reader : List.of(readerOf(wal), reader())) {
            Map<String, Entry> latest = reader.latest(List.of("s", "nobody", "t"));
            assertThat(latest.keySet()).containsExactly("s", "t");
            assertThat(Written.of(latest.get("s"))).isEqualTo(s.get(MANY - 1));
            assertThat(latest.get("t").ref()).isEqualTo(late);
            assertThat(reader.latest("nobody")).isEmpty();
        }
    }

    /** The names of their directories don't tell such keys, or spell them otherwise. */
    @Test
    void latest_ofStreamsWithLongAndUnusualKeys_isThatOfEach() {
        StreamWal wal = open();
        List<String> keys = List.of("Upper/Case", "con", ".dot", "ü".repeat(300), "x".repeat(1_024), "x".repeat(1_023), "plain");
        Map<String, EntryRef> last = new HashMap<>();
        for (String key : keys) {
            last.put(key, wal.stream(key).append(NOW, bytes("last of " + key.length())));
        }
        for (WalReader reader : List.of(readerOf(wal), reader())) {
            Map<String, Entry> latest = reader.latest(keys);
            assertThat(latest.keySet()).containsExactlyElementsOf(keys);
            latest.forEach((key, entry) -> assertThat(entry.ref()).isEqualTo(last.get(key)));
        }
    }

    @Test
    void readBatch_duplicatesAndTooMany_asAskedAndRefused() {
        StreamWal wal = open();
        List<Written> written = appendSome(wal.stream("s"), 3);
        EntryRef ref = written.get(1).ref();
        try (EntryBatch batch = readerOf(wal).readBatch(List.of(ref, written.get(0).ref(), ref))) {
            assertThat(batch.found().stream().map(Written::of).toList())
                    .isEqualTo(List.of(written.get(1), written.get(0), written.get(1)));
        }
        WalReader few = closing(WalReader.open(root, ReaderOptions.builder().maxBatchRefs(2).build()));
        assertThatThrownBy(() -> few.readBatch(Written.refs(written))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("refs=3").hasMessageContaining("maxBatchRefs=2");
        try (EntryBatch batch = few.readBatch(List.of())) {
            assertThat(batch.size()).isZero();
        }
    }

    @Test
    void cursor_atItsEnd_goesOnWithWhatIsAppended() {
        StreamWal wal = open(options().segmentBytes(8_192));
        WalStream stream = wal.stream("s");
        stream.append(bytes("first"));
        List<EntryCursor> cursors = new ArrayList<>();
        List<List<Written>> found = new ArrayList<>();
        for (WalReader reader : List.of(readerOf(wal), reader())) {
            cursors.add(closing(reader.scan("s")));
            found.add(new ArrayList<>());
        }
        List<Written> written = new ArrayList<>(Written.drain(readerOf(wal).scan("s")));
        for (int round = 0; round < 30; round++) {
            written.addAll(appendSome(stream, round % 7, 300));
            for (int c = 0; c < cursors.size(); c++) {
                EntryCursor cursor = cursors.get(c);
                while (cursor.next()) {
                    found.get(c).add(Written.of(cursor));
                    assertThat(cursor.nextPosition()).isEqualTo(cursor.position() + cursor.size());
                }
                assertThat(found.get(c)).as("cursor " + c + ", round " + round).isEqualTo(written);
            }
        }
        assertThat(segmentsOf("s").size()).isGreaterThan(2);
    }

    @Test
    void scanFrom_aPositionThatNoStreamComesTo_isNotFoundThere() {
        StreamWal wal = open();
        appendSome(wal.stream("s"), 3);
        for (long position : new long[] {Long.MAX_VALUE - 7, Long.MAX_VALUE}) {
            assertThatThrownBy(() -> Written.drain(readerOf(wal).scanFrom("s", position))).isInstanceOf(EntryNotFoundException.class)
                    .hasMessageContaining("position=" + position).hasMessageNotContaining("=-");
        }
    }

    @Test
    void scanFrom_everyRecordAndItsEnd_resumesThere() {
        StreamWal wal = open(options().segmentBytes(8_192));
        List<Written> written = appendSome(wal.stream("s"), 60, 300);
        for (WalReader reader : List.of(readerOf(wal), reader())) {
            for (int i = 0; i < written.size(); i++) {
                assertThat(Written.drain(reader.scanFrom("s", written.get(i).ref().position())))
                        .isEqualTo(written.subList(i, written.size()));
                assertThat(Written.drain(reader.scanFrom("s", written.get(i).ref().end())))
                        .isEqualTo(written.subList(i + 1, written.size()));
            }
            for (int count : new int[] {0, 1, 20, 59, 60, 61, Integer.MAX_VALUE}) {
                assertThat(Written.drain(reader.scanLast("s", count)))
                        .isEqualTo(written.subList(Math.max(0, 60 - count), 60));
            }
        }
    }

    @Test
    void read_ownRecordsWhileOthersAppend_isAlwaysPossible() throws Exception {
        StreamWal wal = open();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        AtomicBoolean stop = new AtomicBoolean();
        AtomicInteger mine = new AtomicInteger();
        AtomicInteger theirs = new AtomicInteger();
        WalStream stream = wal.stream("s");
        Thread other = new Thread(() -> {
            try {
                while (!stop.get()) {
                    // no faster than what is read can be looked through again and again
                    if (theirs.get() < 200 * (mine.get() + 1)) {
                        stream.append(bytes("other " + theirs.incrementAndGet()));
                    } else {
                        Thread.onSpinWait();
                    }
                }
            } catch (Throwable e) {
                failure.set(e);
            }
        }, "test-appender");
        other.start();
        try (WalReader within = wal.reader(); WalReader without = WalReader.open(root)) {
            for (int i = 0; i < 100; i++) {
                byte[] content = bytes("mine " + mine.incrementAndGet());
                Written one = Written.of(stream.append(NOW, content), NOW, content);
                assertThat(within.find(one.ref()).map(Written::of)).contains(one);
                assertThat(without.find(one.ref()).map(Written::of)).contains(one);
                try (EntryCursor cursor = within.scanFrom("s", one.ref().position())) {
                    assertThat(cursor.next()).isTrue();
                    assertThat(Written.of(cursor)).isEqualTo(one);
                }
                assertThat(within.latest("s").orElseThrow().ref().position()).isGreaterThanOrEqualTo(one.ref().position());
                assertThat(Written.drain(within.scanLast("s", 5)).size()).isGreaterThanOrEqualTo(Math.min(5, i + 1));
            }
        } finally {
            stop.set(true);
            other.join();
        }
        assertThat(failure.get()).isNull();
        assertThat(readerOf(wal).verify("s").damage()).isEmpty();
    }

    @Test
    void read_behindASlotThatIsNotPublishedYet_findsWhatIsThere() throws Exception {
        assumeTrue(home.isMapped(), "appends by position publish one after the other");
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> before = appendSome(stream, MANY);
        byte[] content = bytes("held");
        HeldByteBuf held = new HeldByteBuf(content);
        AtomicReference<EntryRef> ref = new AtomicReference<>();
        Thread slow = new Thread(() -> ref.set(stream.append(NOW, Unpooled.EMPTY_BUFFER, held)), "test-appender");
        slow.start();
        held.awaitReached();
        List<Written> behind = appendSome(stream, 3);
        assertThat(behind.get(0).ref().position()).isEqualTo(before.get(MANY - 1).ref().end() + 40);
        WalReader within = readerOf(wal);
        WalReader without = reader();
        for (WalReader reader : List.of(within, without)) {
            for (int i = 0; i < behind.size(); i++) {
                assertThat(reader.find(behind.get(i).ref()).map(Written::of)).contains(behind.get(i));
                assertThat(Written.drain(reader.scanFrom("s", behind.get(i).ref().position()))).isEqualTo(behind.subList(i, 3));
            }
            assertThat(Written.drain(reader.scanFrom("s", behind.get(2).ref().end()))).isEmpty();
            assertThatThrownBy(() -> reader.scanFrom("s", behind.get(0).ref().position() + 8))
                    .isInstanceOf(EntryNotFoundException.class);
            assertThat(reader.find(new EntryRef("s", behind.get(0).ref().position() + 8, 40))).isEmpty();
            assertThat(reader.find(new EntryRef("s", before.get(MANY - 1).ref().end(), 40))).isEmpty();
        }
        assertThat(Written.drain(without.scan("s"))).as("as far as there is no gap").isEqualTo(before);
        assertThat(without.verify("s").damage()).isEmpty();
        EntryCursor waiting = closing(within.scanFrom("s", before.get(MANY - 1).ref().end()));
        held.letGo();
        List<Written> all = new ArrayList<>();
        while (waiting.next()) {
            all.add(Written.of(waiting));
        }
        slow.join();
        List<Written> rest = joined(List.of(Written.of(ref.get(), NOW, content)), behind);
        assertThat(all).as("a scan in the writing process waits").isEqualTo(rest);
        assertHoldsEverywhere(wal, "s", joined(before, rest));
    }

    @Test
    void stats_aLogInUse_sayWhatItIsAndHasDone() throws IOException {
        StreamWal wal = open();
        appendSome(wal.stream("busy"), MANY);
        appendSome(wal.stream("cold"), 3);
        clock.advance(WINDOW);
        appendSome(wal.stream("cold"), 2);
        wal.stream("cold").appendBatch(List.of(WriteEntry.of(bytes("a")), WriteEntry.of(bytes("b"))));
        awaitSealed(1);
        // space may be prepared in the newest between the two
        await("the bytes of the files are told", () -> wal.stats().bytes() == bytesOf("busy") + bytesOf("cold"));
        WalStats stats = wal.stats();
        assertThat(stats.streams()).isEqualTo(2);
        assertThat(stats.segments()).isEqualTo(3);
        assertThat(stats.mappedSegments()).isEqualTo(home.isMapped() ? 2 : 0);
        assertThat(stats.openFiles()).isEqualTo(home.isMapped() ? 0 : 2);
        assertThat(stats.appends()).isEqualTo(MANY + 3 + 2 + 2);
        assertThat(stats.appendedBytes()).isBetween(stats.appends() * 32, stats.bytes());
        assertThat(stats.packWrittenBytes()).isZero();
        assertThat(stats.writeAmplification()).isEqualTo(1);
        assertThat(stats.flushes()).isPositive();
        assertThat(stats.sweepFailures()).isZero();
        assertThat(wal.health().state()).isEqualTo(WalHealth.State.OK);
        wal.close();
        WalStats again = open().stats();
        assertThat(again).extracting(WalStats::streams, WalStats::segments, WalStats::appends).containsExactly(2, 3, 0L);
    }

    @Test
    void verify_aStream_countsItsRecordsAndFindsNothing() {
        StreamWal wal = open();
        List<Written> written = appendSome(wal.stream("s"), 1_000);
        wal.stream("s").appendBatch(List.of(WriteEntry.of(bytes("a")), WriteEntry.of(bytes("b"))));
        var report = readerOf(wal).verify("s");
        assertThat(report.records()).isEqualTo(1_002);
        assertThat(report.bytes()).isEqualTo(written.stream().mapToLong(one -> one.ref().size()).sum() + 80);
        assertThat(report.damage()).isEmpty();
        assertThat(report.truncated()).isFalse();
    }
}
