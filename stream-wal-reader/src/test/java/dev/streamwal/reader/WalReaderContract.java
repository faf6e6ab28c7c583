package dev.streamwal.reader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.Positions;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.reader.EntryBatch.Status;
import dev.streamwal.segment.SegmentWriterForTests;
import dev.streamwal.segment.SegmentWriterForTests.Written;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What reading does on any file system. */
abstract class WalReaderContract {

    private static final String KEY = "host/cpu";

    private Path root;
    private WalReader reader;

    abstract Path newRoot() throws IOException;

    ReaderOptions options() {
        return ReaderOptions.builder().build();
    }

    @BeforeEach
    void open() throws IOException {
        root = newRoot();
        reader = WalReader.open(root, options());
    }

    @AfterEach
    void close() {
        reader.close();
    }

    private SegmentWriterForTests first() {
        return SegmentWriterForTests.first(root, KEY);
    }

    private static List<String> contents(EntryCursor cursor) {
        List<String> contents = new ArrayList<>();
        while (cursor.next()) {
            contents.add(cursor.content().toString(StandardCharsets.UTF_8));
        }
        return contents;
    }

    private List<String> scanned(EntryCursor cursor) {
        try (cursor) {
            return contents(cursor);
        }
    }

    private static List<String> texts(List<Written> written) {
        return written.stream().map(record -> new String(record.content(), StandardCharsets.UTF_8)).toList();
    }

    private static void assertSame(Entry entry, Written written) {
        assertThat(entry.ref()).isEqualTo(written.ref());
        assertThat(entry.timestampMillis()).isEqualTo(written.timestampMillis());
        assertThat(entry.headerBytes()).isEqualTo(written.header());
        assertThat(entry.contentBytes()).isEqualTo(written.content());
        byte[] content = new byte[entry.content().readableBytes()];
        entry.content().getBytes(0, content);
        assertThat(content).isEqualTo(written.content());
        assertThat(entry.content().isReadOnly()).isTrue();
        assertThat(entry.header().readableBytes()).isEqualTo(written.header().length);
    }

    private static SegmentWriterForTests five(SegmentWriterForTests segment, int from) {
        for (int i = from; i < from + 5; i++) {
            segment.append(i, "r" + i);
        }
        return segment;
    }

    // ---- readBatch

    @Test
    void readBatch_anyOrderWithDuplicates_isInTheOrderAsked() {
        SegmentWriterForTests segment = first();
        for (int i = 0; i < 100; i++) {
            segment.append(i, new byte[i % 7], ("content " + i).getBytes(StandardCharsets.UTF_8));
        }
        segment.write();
        List<Written> asked = new ArrayList<>(segment.written());
        asked.addAll(segment.written().subList(0, 30));
        Collections.shuffle(asked, new Random(1));
        try (EntryBatch batch = reader.readBatch(asked.stream().map(Written::ref).toList())) {
            assertThat(batch.size()).isEqualTo(130);
            for (int i = 0; i < asked.size(); i++) {
                assertThat(batch.status(i)).isEqualTo(Status.FOUND);
                assertSame(batch.get(i), asked.get(i));
                assertThat(batch.get(i)).isSameAs(batch.get(i));
                assertThat(batch.get(i).content()).isSameAs(batch.get(i).content());
            }
            assertThat(batch.found()).hasSize(130);
        }
    }

    @Test
    void readBatch_severalStreamsAndSegments_findsAll() {
        List<Written> all = new ArrayList<>();
        for (String key : List.of("a", "b/c", "\uD83D\uDE00", "x".repeat(1_024))) {
            SegmentWriterForTests segment = SegmentWriterForTests.first(root, key);
            for (int n = 0; n < 3; n++) {
                all.addAll(five(segment, n * 5).seal().write().written());
                segment = segment.successor();
            }
        }
        Collections.shuffle(all, new Random(2));
        try (EntryBatch batch = reader.readBatch(all.stream().map(Written::ref).toList())) {
            for (int i = 0; i < all.size(); i++) {
                assertSame(batch.get(i), all.get(i));
            }
        }
    }

    @Test
    void readBatch_madeUpRefs_failAloneWithoutAllocating() {
        SegmentWriterForTests segment = five(first(), 0);
        segment.append(5, new byte[0], new byte[100_000]);
        segment.prepare(4_096).write();
        EntryRef good = segment.refs().get(0);
        List<EntryRef> refs = new ArrayList<>(List.of(
                good,
                new EntryRef("no such stream", 0, 32),
                new EntryRef(KEY, good.position() + 8, good.size()),
                new EntryRef(KEY, good.position() + 1, good.size()),
                new EntryRef(KEY, good.position(), good.size() + 8),
                new EntryRef(KEY, good.position(), good.size() + segment.refs().get(1).size()),
                new EntryRef(KEY, segment.end(), 32),
                new EntryRef(KEY, segment.end() + 100_000, 32),
                new EntryRef(KEY, Long.MAX_VALUE / 2, 32 << 10),
                new EntryRef(KEY, 0, RecordLayout.MAX_FRAME_BYTES)));
        for (int i = 0; i < 1_000; i++) {
            refs.add(new EntryRef(KEY, good.position() + 8L * i, 90_000));
        }
        try (EntryBatch batch = reader.readBatch(refs)) {
            assertThat(batch.status(0)).isEqualTo(Status.FOUND);
            for (int i = 1; i < refs.size(); i++) {
                assertThat(batch.status(i)).as("%s", refs.get(i)).isEqualTo(Status.NOT_FOUND);
                int index = i;
                assertThatThrownBy(() -> batch.get(index)).isInstanceOf(EntryNotFoundException.class);
            }
            assertThat(batch.bufferCount()).isEqualTo(1);
        }
    }

    @Test
    void readBatch_controlRecord_isNotFound() {
        SegmentWriterForTests segment = first();
        segment.append(1, "one");
        long at = segment.end();
        segment.padding(64).write();
        assertThat(reader.find(new EntryRef(KEY, at, 64))).isEmpty();
    }

    @Test
    void readBatch_memberOfABatch_isFoundByItself() {
        SegmentWriterForTests segment = first();
        segment.appendBatch(1, "one", "two");
        segment.write();
        assertSame(reader.find(segment.refs().get(1)).orElseThrow(), segment.written().get(1));
    }

    @Test
    void readBatch_oneDamagedRecord_failsAlone() {
        SegmentWriterForTests segment = five(first(), 0);
        segment.flip((int) segment.header().offsetOf(segment.refs().get(2).position()) + 33, 1);
        segment.prepare(100).write();
        try (EntryBatch batch = reader.readBatch(segment.refs())) {
            for (int i = 0; i < 5; i++) {
                assertThat(batch.status(i)).isEqualTo(i == 2 ? Status.CORRUPT : Status.FOUND);
            }
            assertThat(batch.found()).hasSize(4);
            assertThatThrownBy(() -> batch.get(2))
                    .isInstanceOfSatisfying(CorruptSegmentException.class, e -> {
                        assertThat(e.file()).isEqualTo(segment.file());
                        assertThat(e.key()).isEqualTo(KEY);
                        assertThat(e.position()).isEqualTo(segment.refs().get(2).position());
                    });
        }
        assertThatThrownBy(() -> reader.find(segment.refs().get(2))).isInstanceOf(CorruptSegmentException.class);
    }

    @Test
    void readBatch_recordOfALaterVersion_isCorruptAndSaysSo() {
        SegmentWriterForTests segment = first();
        segment.append(1, new byte[0], new byte[8], RecordLayout.COMPRESSED);
        segment.append(2, "two");
        segment.write();
        try (EntryBatch batch = reader.readBatch(segment.refs())) {
            assertThat(batch.status(0)).isEqualTo(Status.CORRUPT);
            assertThatThrownBy(() -> batch.get(0)).isInstanceOf(UnsupportedFormatException.class);
            assertThat(batch.status(1)).isEqualTo(Status.FOUND);
        }
    }

    @Test
    void readBatch_tooManyRefs_isRefused() {
        EntryRef ref = new EntryRef(KEY, 0, 32);
        try (WalReader small = WalReader.open(root, ReaderOptions.builder().maxBatchRefs(2).build())) {
            assertThatThrownBy(() -> small.readBatch(List.of(ref, ref, ref)))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("maxBatchRefs=2");
        }
    }

    @Test
    void readBatch_recordsTakeTooMuchTogether_isRefusedBeforeAnythingIsRead() {
        SegmentWriterForTests segment = first();
        for (int i = 0; i < 10; i++) {
            segment.append(i, new byte[0], new byte[1_000]);
        }
        List<EntryRef> refs = segment.write().refs();
        int size = refs.get(0).size();
        try (WalReader small = WalReader.open(root, ReaderOptions.builder().maxBatchBytes(3L * size).build())) {
            assertThatThrownBy(() -> small.readBatch(refs.subList(0, 4)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("bytes=" + 4 * size).hasMessageContaining("maxBatchBytes=" + 3 * size)
                    .hasMessageContaining("fewer at a time");
            assertThat(small.openFiles()).isZero();
            List<EntryRef> twice = new ArrayList<>(refs.subList(4, 7));
            twice.addAll(refs.subList(4, 7));
            try (EntryBatch batch = small.readBatch(twice)) {
                assertThat(batch.found()).hasSize(6);
            }
        }
        try (WalReader least = WalReader.open(root, ReaderOptions.builder().maxBatchBytes(1).build());
                EntryBatch batch = least.readBatch(List.of(refs.get(3), refs.get(3)))) {
            assertThat(batch.found()).as("a single record").hasSize(2);
            assertThat(least.find(refs.get(9))).isPresent();
        }
    }

    /** What is between two records counts for nobody, so where it is too much it isn't read. */
    @Test
    void readBatch_gapsTakeTooMuch_areNotRead() {
        SegmentWriterForTests segment = first();
        for (int i = 0; i < 100; i++) {
            segment.append(i, new byte[0], new byte[10_000]);
        }
        List<EntryRef> refs = segment.write().refs();
        List<EntryRef> every = IntStream.range(0, 50).mapToObj(i -> refs.get(2 * i)).toList();
        int size = refs.get(0).size();
        ReaderOptions options = ReaderOptions.builder().maxBatchBytes(50L * size).mergeGapBytes(1 << 20).build();
        try (WalReader small = WalReader.open(root, options); EntryBatch batch = small.readBatch(every)) {
            assertThat(batch.found()).hasSize(50);
            assertThat(small.readBytes()).isBetween(50L * size, 60L * size);
        }
    }

    @Test
    void maxBatchBytes_none_isRefused() {
        assertThat(ReaderOptions.builder().build().maxBatchBytes()).isEqualTo(256 << 20);
        assertThatThrownBy(() -> ReaderOptions.builder().maxBatchBytes(0))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("maxBatchBytes=0");
    }

    @Test
    void readBatch_noRefs_isEmpty() {
        try (EntryBatch batch = reader.readBatch(List.of())) {
            assertThat(batch.size()).isZero();
            assertThat(batch.found()).isEmpty();
        }
    }

    /** The reader hasn't seen how long the file is: what refs say of that is no reason to leave the others. */
    @Test
    void readBatch_oneRefIsInvented_theOthersAreFound() {
        EntryRef ref = five(first(), 0).prepare(64).write().refs().get(0);
        for (long position : new long[] {Long.MAX_VALUE - 32, Long.MAX_VALUE / 32 * 32 - 64, 1L << 40, Integer.MAX_VALUE + 1L}) {
            try (WalReader anew = WalReader.open(root, options()); EntryBatch batch = anew.readBatch(List.of(ref, new EntryRef(KEY, position, 32)))) {
                assertThat(batch.status(0)).isEqualTo(Status.FOUND);
                assertThat(batch.status(1)).isEqualTo(Status.NOT_FOUND);
            }
        }
    }

    @Test
    void readBatch_65536DuplicatesOfALargeRecord_readsItOnce() {
        SegmentWriterForTests segment = first();
        segment.append(1, new byte[0], new byte[4 << 20]);
        segment.write();
        EntryRef ref = segment.refs().get(0);
        try (EntryBatch batch = reader.readBatch(Collections.nCopies(65_536, ref))) {
            assertThat(batch.bufferCount()).isEqualTo(1);
            assertThat(batch.get(65_535).content().readableBytes()).isEqualTo(4 << 20);
        }
    }

    @Test
    void close_ofABatch_endsIt() {
        SegmentWriterForTests segment = five(first(), 0).write();
        EntryBatch batch = reader.readBatch(segment.refs());
        ByteBuf kept = batch.get(0).content().retain();
        ByteBuf dropped = batch.get(1).content();
        batch.close();
        batch.close();
        assertThat(kept.toString(StandardCharsets.UTF_8)).isEqualTo("r0");
        assertThatThrownBy(() -> batch.get(2)).isInstanceOf(WalClosedException.class);
        assertThatThrownBy(() -> batch.status(2)).isInstanceOf(WalClosedException.class);
        kept.release();
        assertThat(kept.refCnt()).isZero();
        assertThat(dropped.refCnt()).isZero();
    }

    @Test
    void find_copy_outlivesEverything() {
        SegmentWriterForTests segment = first();
        segment.append(1, new byte[] {1, 2}, new byte[] {3});
        segment.write();
        Entry entry = reader.find(segment.refs().get(0)).orElseThrow();
        reader.close();
        assertSame(entry, segment.written().get(0));
        assertThat(entry.content()).isSameAs(entry.content());
    }

    @Test
    void readCalls_512AdjacentRefs_oneCall() {
        SegmentWriterForTests segment = first().fill(512, 128, 0).write();
        try (EntryBatch warm = reader.readBatch(segment.refs().subList(0, 1))) {
            assertThat(warm.status(0)).isEqualTo(Status.FOUND);
        }
        long before = reader.readCalls();
        try (EntryBatch batch = reader.readBatch(segment.refs())) {
            assertThat(batch.found()).hasSize(512);
        }
        assertThat(reader.readCalls() - before).isEqualTo(1);
    }

    @Test
    void readCalls_512RefsInAnyOrder_atMostLargeGapsAndRunsOfAMebibyte() {
        SegmentWriterForTests segment = first().fill(40_000, 128, 0).write();
        reader.find(segment.refs().get(0));
        Random random = new Random(3);
        for (int spread : new int[] {600, 5_000, 40_000}) {
            List<EntryRef> refs = new ArrayList<>(IntStream.range(0, 512)
                    .mapToObj(i -> segment.refs().get(random.nextInt(spread))).toList());
            long before = reader.readCalls();
            try (EntryBatch batch = reader.readBatch(refs)) {
                assertThat(batch.found()).hasSize(512);
            }
            Collections.sort(refs);
            long largeGaps = 0;
            for (int i = 1; i < refs.size(); i++) {
                largeGaps += refs.get(i).position() - refs.get(i - 1).end() > (4 << 10) ? 1 : 0;
            }
            long span = refs.get(511).end() - refs.get(0).position();
            assertThat(reader.readCalls() - before).isLessThanOrEqualTo(largeGaps + span / (1 << 20) + 1);
        }
    }

    // ---- expired, and not found

    @Test
    void readBatch_segmentsGone_expiredOrNotFoundByTheRules() {
        SegmentWriterForTests one = five(first(), 0).seal().write();
        SegmentWriterForTests two = five(one.successor(), 5).seal().write();
        SegmentWriterForTests three = five(two.successor(), 10).seal().write();
        // a new incarnation goes on far behind
        SegmentWriterForTests four = five(new SegmentWriterForTests(root, KEY, 1 << 20, three.end()), 15).prepare(64).write();
        assertThat(scanned(reader.scan(KEY))).hasSize(20);
        record Case(String what, EntryRef ref, Status status) {}
        two.delete();
        List<Case> cases = List.of(
                new Case("before the gap", one.refs().get(4), Status.FOUND),
                new Case("first in the gap", two.refs().get(0), Status.EXPIRED),
                new Case("last in the gap", two.refs().get(4), Status.EXPIRED),
                new Case("behind the gap", three.refs().get(0), Status.FOUND),
                new Case("between previous end and base", new EntryRef(KEY, three.end(), 32), Status.NOT_FOUND),
                new Case("just before base", new EntryRef(KEY, (1 << 20) - 32, 32), Status.NOT_FOUND),
                new Case("the newest", four.refs().get(4), Status.FOUND),
                new Case("behind the newest", new EntryRef(KEY, four.end(), 32), Status.NOT_FOUND));
        try (EntryBatch batch = reader.readBatch(cases.stream().map(Case::ref).toList())) {
            for (int i = 0; i < cases.size(); i++) {
                assertThat(batch.status(i)).as(cases.get(i).what).isEqualTo(cases.get(i).status);
            }
            assertThatThrownBy(() -> batch.get(1)).isInstanceOf(EntryExpiredException.class);
        }
        one.delete();
        assertThat(reader.find(one.refs().get(0))).isEmpty();
        try (EntryBatch batch = reader.readBatch(one.refs())) {
            assertThat(batch.status(0)).isEqualTo(Status.EXPIRED);
        }
    }

    @Test
    void readBatch_nothingLeft_expiredBelowStart() {
        SegmentWriterForTests segment = five(first(), 0).seal().write();
        reader.find(segment.refs().get(0));
        segment.delete();
        SegmentWriterForTests.writePositions(root, new Positions(1, 1 << 20, 1 << 20, 1, "boot", 1, 0, 0));
        try (EntryBatch batch = reader.readBatch(List.of(segment.refs().get(0), new EntryRef(KEY, 1 << 20, 32)))) {
            assertThat(batch.status(0)).isEqualTo(Status.EXPIRED);
            assertThat(batch.status(1)).isEqualTo(Status.NOT_FOUND);
        }
    }

    @Test
    void readBatch_segmentCreatedSinceTheListing_isFound() {
        SegmentWriterForTests one = five(first(), 0).write();
        reader.find(one.refs().get(0));
        SegmentWriterForTests two = five(one.seal().write().successor(), 5).write();
        assertThat(reader.find(two.refs().get(4))).isPresent();
        SegmentWriterForTests other = five(SegmentWriterForTests.first(root, "new"), 0).write();
        assertThat(reader.find(other.refs().get(0))).isPresent();
    }

    // ---- scans

    @Test
    void scan_severalSegments_isEverythingInOrder() {
        SegmentWriterForTests one = first();
        one.appendBatch(1, "a", "b");
        one.padding(48).append(1, "c");
        one.seal().write();
        SegmentWriterForTests two = one.successor();
        two.append(2, "d");
        two.prepare(4_096).write();
        try (EntryCursor cursor = reader.scan(KEY)) {
            assertThat(cursor.nextPosition()).isZero();
            assertThat(contents(cursor)).containsExactly("a", "b", "c", "d");
            assertThat(cursor.nextPosition()).isEqualTo(two.end());
        }
    }

    @Test
    void scan_unknownStream_isEmpty() {
        assertThat(scanned(reader.scan("nobody"))).isEmpty();
        assertThat(scanned(reader.scanFrom("nobody", 17))).isEmpty();
        assertThat(scanned(reader.scanLast("nobody", 17))).isEmpty();
        assertThat(reader.latest("nobody")).isEmpty();
        assertThat(reader.describe("nobody")).isEmpty();
        assertThat(reader.verify("nobody").records()).isZero();
    }

    @Test
    void cursor_onARecord_hasAllOfIt() {
        SegmentWriterForTests segment = first();
        Written written = segment.append(77, "head".getBytes(StandardCharsets.UTF_8), "body".getBytes(StandardCharsets.UTF_8));
        Written bare = segment.append(78, new byte[0], new byte[0]);
        segment.write();
        EntryCursor cursor = reader.scan(KEY);
        assertThatThrownBy(cursor::position).isInstanceOf(IllegalStateException.class);
        assertThat(cursor.next()).isTrue();
        assertThat(cursor.key()).isEqualTo(KEY);
        assertThat(cursor.ref()).isEqualTo(written.ref());
        assertThat(cursor.timestampMillis()).isEqualTo(77);
        assertThat(cursor.header().toString(StandardCharsets.UTF_8)).isEqualTo("head");
        ByteBuf content = cursor.content();
        assertThat(content.getByte(0)).isEqualTo((byte) 'b');
        content.skipBytes(2);
        assertThat(cursor.content()).isSameAs(content);
        assertThat(cursor.content().readableBytes()).isEqualTo(2);
        assertThat(content.isReadOnly()).isTrue();
        Entry copy = cursor.copy();
        assertThat(cursor.nextPosition()).isEqualTo(written.ref().end());
        assertThat(cursor.next()).isTrue();
        assertThat(cursor.ref()).isEqualTo(bare.ref());
        assertThat(cursor.content().readableBytes()).isZero();
        assertThat(cursor.header().readableBytes()).isZero();
        assertThat(cursor.next()).isFalse();
        cursor.close();
        cursor.close();
        assertThatThrownBy(cursor::next).isInstanceOf(WalClosedException.class);
        assertThatThrownBy(cursor::content).isInstanceOf(WalClosedException.class);
        assertSame(copy, written);
    }

    @Test
    void cursor_atTheEnd_seesWhatIsAppendedLater() {
        SegmentWriterForTests one = first();
        one.append(1, "a");
        one.prepare(4_096).write();
        try (EntryCursor cursor = reader.scan(KEY)) {
            assertThat(contents(cursor)).containsExactly("a");
            one.append(1, "b");
            one.write();
            assertThat(contents(cursor)).containsExactly("b");
            one.append(1, "c");
            one.prepare(0).seal().write();
            SegmentWriterForTests two = one.successor();
            two.append(2, "d");
            two.write();
            assertThat(contents(cursor)).containsExactly("c", "d");
            two.append(2, "e");
            two.write();
            assertThat(contents(cursor)).containsExactly("e");
        }
    }

    @Test
    void cursor_sealedWithoutAFooterYet_leavesAtThePreviousEnd() {
        SegmentWriterForTests one = five(first(), 0).prepare(4_096).write();
        five(one.successor(), 5).write();
        assertThat(scanned(reader.scan(KEY))).hasSize(10);
    }

    @Test
    void cursor_holeInAnotherProcess_stopsThereUntilItIsPublished() {
        SegmentWriterForTests one = first();
        one.append(1, "a");
        int hole = one.tail();
        one.hole(40).append(1, "c");
        one.prepare(64).write();
        try (EntryCursor cursor = reader.scan(KEY)) {
            assertThat(contents(cursor)).containsExactly("a");
            byte[] published = one.bytes();
            SegmentWriterForTests same = first();
            same.append(1, "a");
            same.append(1, "b");
            System.arraycopy(same.bytes(), hole, published, hole, same.tail() - hole);
            one.write(published);
            assertThat(contents(cursor)).containsExactly("b", "c");
        }
    }

    @Test
    void scan_byTime_isTheRecordsInTheRangeWhateverIsSealed() {
        for (boolean sealed : new boolean[] {true, false}) {
            String key = "sealed " + sealed;
            SegmentWriterForTests segment = new SegmentWriterForTests(root, key, 0, 0);
            List<Written> all = new ArrayList<>();
            Random random = new Random(4);
            for (int n = 0; n < 4; n++) {
                segment.window(n * 1_000L, n * 1_000L + 1_000);
                for (int i = 0; i < 1_000; i++) {
                    // some are late
                    long timestamp = Math.max(0, n * 1_000L + i - (random.nextInt(20) == 0 ? random.nextInt(1_500) : 0));
                    if (i % 100 == 17) {
                        segment.appendBatch(timestamp, "batch" + i, "of two");
                    } else {
                        segment.append(timestamp, new byte[0], new byte[random.nextInt(1_000)]);
                    }
                }
                all.addAll(segment.written());
                (sealed || (n < 3 && n != 1) ? segment.seal() : segment.prepare(100)).write();
                segment = segment.successor();
            }
            for (int i = 0; i < 40; i++) {
                long from = random.nextInt(4_100) - 50L;
                long to = from + random.nextInt(i < 30 ? 100 : 3_000);
                List<EntryRef> expected = all.stream()
                        .filter(record -> record.timestampMillis() >= from && record.timestampMillis() < to)
                        .map(Written::ref)
                        .toList();
                List<EntryRef> actual = new ArrayList<>();
                try (EntryCursor cursor = reader.scan(key, Instant.ofEpochMilli(from), Instant.ofEpochMilli(to))) {
                    while (cursor.next()) {
                        actual.add(cursor.ref());
                    }
                }
                assertThat(actual).as("sealed=%s from=%s to=%s", sealed, from, to).isEqualTo(expected);
            }
        }
    }

    @Test
    void scan_byTimeInSealedSegments_skipsWhatHasNone() {
        SegmentWriterForTests segment = first();
        for (int n = 0; n < 10; n++) {
            segment.window(n * 100_000L, n * 100_000L + 100_000).fill(20_000, 100, n * 100_000L).seal().write();
            segment = segment.successor();
        }
        scanned(reader.scan(KEY, Instant.ofEpochMilli(5), Instant.ofEpochMilli(6)));
        long before = reader.readCalls();
        try (EntryCursor cursor = reader.scan(KEY, Instant.ofEpochMilli(510_000), Instant.ofEpochMilli(510_100))) {
            int count = 0;
            while (cursor.next()) {
                count++;
            }
            assertThat(count).isEqualTo(100);
        }
        assertThat(reader.readCalls() - before).isLessThan(6);
    }

    @Test
    void scan_rangeThatEndsBeforeItStarts_isRefused() {
        assertThatThrownBy(() -> reader.scan(KEY, Instant.EPOCH, Instant.EPOCH.minusMillis(1)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void scanFrom_everyPosition_resumesOrRefuses() {
        SegmentWriterForTests one = five(first(), 0);
        one.appendBatch(9, "m1", "m2");
        one.seal().write();
        SegmentWriterForTests two = new SegmentWriterForTests(root, KEY, one.end() + 1_000, one.end());
        two.append(20, "last").ref();
        two.prepare(64).write();
        List<Written> all = new ArrayList<>(one.written());
        all.addAll(two.written());
        for (long position = 0; position <= two.end() + 16; position++) {
            long at = position;
            int index = 0;
            while (index < all.size() && all.get(index).position() < at) {
                index++;
            }
            boolean starts = all.stream().anyMatch(record -> record.position() == at || record.ref().end() == at)
                    || (at >= one.end() && at <= two.header().basePosition()) || at == two.end();
            if (starts) {
                List<String> rest = texts(all.subList(index, all.size()));
                assertThat(scanned(reader.scanFrom(KEY, at))).as("position %s", at).isEqualTo(rest);
            } else {
                assertThatThrownBy(() -> reader.scanFrom(KEY, at)).as("position %s", at).isInstanceOf(EntryNotFoundException.class);
            }
        }
    }

    @Test
    void scanFrom_belowWhatIsLeft_startsAtTheFirst() {
        SegmentWriterForTests one = five(first(), 0).seal().write();
        SegmentWriterForTests two = five(one.successor(), 5).seal().write();
        SegmentWriterForTests three = five(two.successor(), 10).write();
        two.delete();
        assertThat(scanned(reader.scanFrom(KEY, two.refs().get(3).position()))).containsExactly("r10", "r11", "r12", "r13", "r14");
        assertThat(scanned(reader.scan(KEY))).hasSize(10);
        one.delete();
        assertThat(scanned(reader.scanFrom(KEY, 0))).hasSize(5);
        assertThat(scanned(reader.scanFrom(KEY, three.end()))).isEmpty();
    }

    @Test
    void scanFrom_segmentOfAHeaderOnly_startsThere() {
        SegmentWriterForTests one = first().write();
        try (EntryCursor cursor = reader.scanFrom(KEY, 0)) {
            assertThat(cursor.next()).isFalse();
            five(one, 0).prepare(64).write();
            assertThat(contents(cursor)).hasSize(5);
        }
    }

    @Test
    void scanFrom_negative_isRefused() {
        assertThatThrownBy(() -> reader.scanFrom(KEY, -1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void scanLast_everyCount_isTheNewest() {
        SegmentWriterForTests one = five(first(), 0).seal().write();
        SegmentWriterForTests two = one.successor();
        two.append(5, "r5");
        two.appendBatch(6, "r6", "r7", "r8");
        two.padding(40).seal().write();
        SegmentWriterForTests empty = two.successor().seal().write();
        SegmentWriterForTests three = new SegmentWriterForTests(root, KEY, empty.end() + 64, empty.end());
        five(three, 9).padding(64).prepare(100).write();
        for (int count = 0; count <= 16; count++) {
            int from = Math.max(0, 14 - count);
            List<String> expected = IntStream.range(from, 14).mapToObj(i -> "r" + i).toList();
            assertThat(scanned(reader.scanLast(KEY, count))).as("count %s", count).isEqualTo(expected);
        }
        assertThat(scanned(reader.scanLast(KEY, Integer.MAX_VALUE))).hasSize(14);
        assertThatThrownBy(() -> reader.scanLast(KEY, -1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void scanLast_appendedLater_staysTheCount() {
        SegmentWriterForTests one = five(first(), 0).prepare(200).write();
        try (EntryCursor cursor = reader.scanLast(KEY, 2)) {
            one.append(9, "later");
            one.write();
            assertThat(contents(cursor)).containsExactly("r3", "r4");
        }
    }

    /** Records that take more than a scan's buffer aren't held: the cursor reads them as it goes. */
    @Test
    void scanLast_largerThanAScansBufferAndAppendedLater_staysTheNewestOfThen() {
        SegmentWriterForTests one = first();
        for (int i = 0; i < 10; i++) {
            one.append(i, "x".repeat(1_024));
        }
        one.prepare(4_096).write();
        try (WalReader small = WalReader.open(root, ReaderOptions.builder().scanBufferBytes(4_096).build());
                EntryCursor drained = small.scanLast(KEY, 100);
                EntryCursor begun = small.scanLast(KEY, 100)) {
            assertThat(contents(drained)).hasSize(10);
            assertThat(begun.next()).isTrue();
            long end = drained.nextPosition();
            one.append(10, "later");
            one.write();
            for (int i = 0; i < 2; i++) {
                assertThat(drained.next()).isFalse();
                assertThat(drained.nextPosition()).isEqualTo(end);
                assertThatThrownBy(drained::position).isInstanceOf(IllegalStateException.class);
            }
            assertThat(contents(begun)).hasSize(9);
            assertThat(begun.nextPosition()).isEqualTo(end);
        }
    }

    @Test
    void latest_sealedOpenMarkedAndEmptySegments_isTheLastRecord() {
        SegmentWriterForTests one = five(first(), 0).prepare(64).write();
        assertSame(reader.latest(KEY).orElseThrow(), one.written().get(4));
        one.markLast().write();
        assertSame(reader.latest(KEY).orElseThrow(), one.written().get(4));
        one.append(7, "after the mark");
        one.write();
        assertSame(reader.latest(KEY).orElseThrow(), one.written().get(5));
        one.padding(64).markLast().write();
        assertSame(reader.latest(KEY).orElseThrow(), one.written().get(5));
        one.seal().write();
        assertSame(reader.latest(KEY).orElseThrow(), one.written().get(5));
        one.successor().prepare(64).write();
        assertSame(reader.latest(KEY).orElseThrow(), one.written().get(5));
        assertThat(reader.latest(List.of("nobody", KEY)).keySet()).containsExactly(KEY);
        assertSame(reader.latest(Keys.of(List.of("nobody", KEY))).get(KEY), one.written().get(5));
        assertThat(reader.latest(Keys.glob(KEY.substring(0, 1) + "*")).keySet()).containsExactly(KEY);
        assertThat(reader.latest(Keys.prefix("nobody"))).isEmpty();
    }

    @Test
    void latestByTimestamp_lateRecordsSealedAndOpen_isTheGreatestAndOfSeveralTheLast() {
        assertThat(reader.latestByTimestamp(KEY)).isEmpty();
        SegmentWriterForTests one = first();
        one.write();
        assertThat(reader.latestByTimestamp(KEY)).isEmpty();
        one.append(30, "a");
        one.append(50, "b");
        one.append(50, "c");
        one.append(20, "d");
        one.write();
        assertSame(reader.latestByTimestamp(KEY).orElseThrow(), one.written().get(2));
        one.seal().write();
        assertSame(reader.latestByTimestamp(KEY).orElseThrow(), one.written().get(2));
        SegmentWriterForTests two = one.successor();
        two.append(49, "e");
        two.write();
        assertSame(reader.latestByTimestamp(KEY).orElseThrow(), one.written().get(2));
        two.append(50, "f");
        two.append(-5, "g");
        two.write();
        assertSame(reader.latestByTimestamp(KEY).orElseThrow(), two.written().get(1));
        two.seal().write();
        two.successor().write();
        assertSame(reader.latestByTimestamp(KEY).orElseThrow(), two.written().get(1));
        assertSame(reader.latest(KEY).orElseThrow(), two.written().get(2));
    }

    @Test
    void latestByTimestamp_damageAmongWhatHasToBeRead_isRefused() {
        SegmentWriterForTests one = five(first(), 0);
        int last = one.tail() - one.refs().get(4).size();
        one.seal().flip(last + 33, 1).write();
        assertThatThrownBy(() -> reader.latestByTimestamp(KEY)).isInstanceOf(CorruptSegmentException.class);
    }

    @Test
    void latest_damagedEnd_isRefusedRatherThanOlder() {
        SegmentWriterForTests one = five(first(), 0);
        int last = one.tail() - one.refs().get(4).size();
        one.seal().flip(last + 33, 1).write();
        assertThatThrownBy(() -> reader.latest(KEY)).isInstanceOf(CorruptSegmentException.class);
    }

    @Test
    void describe_aStream_saysHowItStands() {
        SegmentWriterForTests one = five(first(), 0).seal().write();
        SegmentWriterForTests two = five(one.successor(), 100).prepare(64).write();
        assertThat(reader.describe(KEY).orElseThrow()).isEqualTo(new StreamInfo(
                KEY, 2, one.bytes().length + two.bytes().length, two.end(), 0, two.end(),
                OptionalLong.of(0), OptionalLong.of(104)));
        one.delete();
        assertThat(reader.describe(KEY).orElseThrow().firstPosition()).isEqualTo(one.end());
    }

    @Test
    void describe_segmentWithoutRecords_hasNoTimestamps() {
        first().prepare(64).write();
        StreamInfo info = reader.describe(KEY).orElseThrow();
        assertThat(info.smallestTimestampMillis()).isEmpty();
        assertThat(info.endPosition()).isZero();
    }

    @Test
    void keys_streamsForeignFilesAndEmptyDirectories_areTheStreams() throws IOException {
        List<String> keys = List.of("a", "A", "a/b", "../../etc/passwd", ".", "CON", "con", "a.", " ", "\uD83D\uDE00", "y".repeat(1_024));
        for (String key : keys) {
            SegmentWriterForTests.first(root, key).write();
        }
        Path streams = root.resolve("segments");
        Files.createDirectory(streams.resolve("empty"));
        Files.createDirectory(streams.resolve("NOT-CANONICAL"));
        Files.write(streams.resolve("file"), new byte[1]);
        Files.write(streams.resolve("a").resolve("notes.txt"), new byte[1]);
        Files.createDirectory(streams.resolve("temporary"));
        Files.write(streams.resolve("temporary").resolve(".0000000000000000.seg.tmp"), new byte[1]);
        assertThat(reader.keys()).containsExactlyInAnyOrderElementsOf(keys);
        assertThat(reader.keys(Keys.prefix("a"))).containsExactly("a", "a.", "a/b");
        assertThat(reader.keys(Keys.glob("a?"))).containsExactly("a.");
        assertThat(reader.keys(Keys.of(List.of("nobody", "a/b", "a")))).containsExactly("a", "a/b");
        assertThat(scanned(reader.scan("a"))).isEmpty();
    }

    // ---- damage

    @Test
    void scan_damage_isToldOnceAndTheScanGoesOn() {
        SegmentWriterForTests one = five(first(), 0);
        int second = (int) one.header().offsetOf(one.refs().get(1).position());
        one.flip(second + 33, 1).prepare(64).write();
        try (EntryCursor cursor = reader.scan(KEY)) {
            assertThat(cursor.next()).isTrue();
            assertThatThrownBy(cursor::next).isInstanceOfSatisfying(CorruptSegmentException.class, e -> {
                assertThat(e.file()).isEqualTo(one.file());
                assertThat(e.key()).isEqualTo(KEY);
                assertThat(e.offset()).isEqualTo(second);
                assertThat(e.length()).isEqualTo(one.refs().get(1).size());
                assertThat(e.position()).isEqualTo(one.refs().get(1).position());
            });
            assertThat(contents(cursor)).containsExactly("r2", "r3", "r4");
        }
        VerifyReport report = reader.verify(KEY);
        assertThat(report.records()).isEqualTo(4);
        assertThat(report.damage()).singleElement()
                .satisfies(damage -> assertThat(damage.offset()).isEqualTo(second));
    }

    @Test
    void scan_damagedLastRecord_isToldWhereItIsKnownToHaveBeenWritten() {
        SegmentWriterForTests marked = SegmentWriterForTests.first(root, "marked");
        five(marked, 0).markLast().flip(marked.tail() - 1 - 7, 1).prepare(64).write();
        SegmentWriterForTests sealed = SegmentWriterForTests.first(root, "sealed");
        five(sealed, 0).seal().flip(sealed.tail() - 8, 1).write();
        SegmentWriterForTests followed = SegmentWriterForTests.first(root, "followed");
        five(followed, 0).flip(followed.tail() - 8, 1).prepare(64).write();
        five(followed.successor(), 5).write();
        SegmentWriterForTests torn = SegmentWriterForTests.first(root, "torn");
        five(torn, 0).flip(torn.tail() - 8, 1).prepare(64).write();
        for (String key : List.of("marked", "sealed", "followed")) {
            try (EntryCursor cursor = reader.scan(key)) {
                for (int i = 0; i < 4; i++) {
                    assertThat(cursor.next()).isTrue();
                }
                assertThatThrownBy(cursor::next).as(key).isInstanceOf(CorruptSegmentException.class);
                assertThat(contents(cursor)).as(key).hasSize(key.equals("followed") ? 5 : 0);
                assertThat(cursor.next()).isFalse();
            }
        }
        assertThat(scanned(reader.scan("torn"))).as("maybe it is being written").hasSize(4);
    }

    @Test
    void scan_segmentThatCantBeOpened_isToldOnceAndTheScanGoesOn() {
        SegmentWriterForTests one = five(first(), 0).seal().write();
        SegmentWriterForTests two = five(one.successor(), 5).seal();
        five(two.successor(), 10).write();
        two.write(new byte[0]);
        try (EntryCursor cursor = reader.scan(KEY)) {
            for (int i = 0; i < 5; i++) {
                assertThat(cursor.next()).isTrue();
            }
            assertThatThrownBy(cursor::next).isInstanceOfSatisfying(CorruptSegmentException.class,
                    e -> assertThat(e.file()).isEqualTo(two.file()));
            assertThat(contents(cursor)).containsExactly("r10", "r11", "r12", "r13", "r14");
        }
        try (EntryBatch batch = reader.readBatch(two.refs())) {
            assertThat(batch.status(0)).isEqualTo(Status.CORRUPT);
            assertThatThrownBy(() -> batch.get(0)).isInstanceOf(CorruptSegmentException.class);
        }
    }

    @Test
    void scan_segmentOfAnotherStream_isRefused() throws IOException {
        SegmentWriterForTests other = five(SegmentWriterForTests.first(root, "other"), 0).write();
        SegmentWriterForTests mine = first().write();
        Files.copy(other.file(), mine.file(), StandardCopyOption.REPLACE_EXISTING);
        try (EntryCursor cursor = reader.scan(KEY)) {
            assertThatThrownBy(cursor::next).isInstanceOf(CorruptSegmentException.class).hasMessageContaining("other");
        }
    }

    @Test
    void scan_recordOfALaterVersion_isToldOnceAndTheScanGoesOn() {
        SegmentWriterForTests one = first();
        one.append(1, new byte[0], new byte[8], RecordLayout.COMPRESSED);
        one.append(2, "two");
        one.write();
        try (EntryCursor cursor = reader.scan(KEY)) {
            assertThatThrownBy(cursor::next).isInstanceOf(UnsupportedFormatException.class);
            assertThat(contents(cursor)).containsExactly("two");
        }
    }

    @Test
    void scan_segmentSweptBeforeItWasOpened_isToldOnceAndTheScanGoesOn() {
        SegmentWriterForTests one = five(first(), 0).seal().write();
        SegmentWriterForTests two = five(one.successor(), 5).seal().write();
        SegmentWriterForTests three = five(two.successor(), 10).write();
        try (EntryCursor cursor = reader.scan(KEY)) {
            assertThat(cursor.next()).isTrue();
            one.delete();
            two.delete();
            for (int i = 1; i < 5; i++) {
                assertThat(cursor.next()).as("the open segment is finished").isTrue();
            }
            assertThatThrownBy(cursor::next).isInstanceOfSatisfying(EntryExpiredException.class, e -> {
                assertThat(e.from()).isEqualTo(one.end());
                assertThat(e.to()).isEqualTo(two.end());
            });
            assertThat(contents(cursor)).containsExactly("r10", "r11", "r12", "r13", "r14");
            assertThat(cursor.nextPosition()).isEqualTo(three.end());
        }
    }

    @Test
    void verify_soundStream_countsEverything() {
        SegmentWriterForTests one = five(first(), 0).seal().write();
        five(one.successor(), 5).prepare(64).write();
        VerifyReport report = reader.verify(KEY);
        assertThat(report.records()).isEqualTo(10);
        assertThat(report.bytes()).isEqualTo(10 * 40);
        assertThat(report.damage()).isEmpty();
        assertThat(report.truncated()).isFalse();
    }

    @Test
    void verify_moreDamageThanListed_saysSo() {
        SegmentWriterForTests one = first().fill(2_100, 8, 0);
        for (int i = 0; i < 2_100; i += 2) {
            one.flip((int) one.header().offsetOf(one.refs().get(i).position()) + 33, 1);
        }
        one.seal().write();
        VerifyReport report = reader.verify(KEY);
        assertThat(report.records()).isEqualTo(1_050);
        assertThat(report.damage()).hasSize(1_000);
        assertThat(report.truncated()).isTrue();
    }

    @Test
    void verify_footerThatCountsOtherwise_saysSo() {
        SegmentWriterForTests one = five(first(), 0);
        one.index().add(one.tail(), 9);
        one.seal().write();
        assertThat(reader.verify(KEY).damage()).singleElement()
                .satisfies(damage -> assertThat(damage.reason()).contains("footer=6", "records=5"));
    }

    @Test
    void scanFrom_nextSegmentDamaged_startsAtThePositionAllTheSame() {
        SegmentWriterForTests one = five(first(), 0).prepare(64).write();
        SegmentWriterForTests two = five(one.successor(), 5).write();
        five(two.successor(), 10).write();
        two.flip(60, 1).write();
        try (EntryCursor cursor = reader.scanFrom(KEY, one.refs().get(3).position())) {
            assertThat(cursor.next()).isTrue();
            assertThat(cursor.ref()).isEqualTo(one.refs().get(3));
            assertThat(cursor.next()).isTrue();
            assertThatThrownBy(cursor::next).isInstanceOfSatisfying(CorruptSegmentException.class,
                    e -> assertThat(e.file()).isEqualTo(two.file()));
            assertThat(contents(cursor)).hasSize(5);
        }
        try (EntryBatch batch = reader.readBatch(List.of(
                one.refs().get(4), new EntryRef(KEY, one.refs().get(4).position() + 8, 40), two.refs().get(0)))) {
            assertThat(batch.status(0)).isEqualTo(Status.FOUND);
            assertThat(batch.status(1)).isEqualTo(Status.NOT_FOUND);
            assertThat(batch.status(2)).isEqualTo(Status.CORRUPT);
        }
    }

    /** A stream's only segment, behind positions of a log that has seen others. */
    @Test
    void scan_segmentGivenUpEmptyWhileItIsEntered_losesNothing() {
        SegmentWriterForTests.writePositions(root, new Positions(1, 2 << 20, 1 << 20, 1, "boot", 1, 0, 0));
        SegmentWriterForTests empty = new SegmentWriterForTests(root, KEY, 1 << 20, 1 << 20).prepare(64).write();
        try (EntryCursor cursor = reader.scan(KEY)) {
            empty.delete();
            assertThat(cursor.next()).isFalse();
            five(new SegmentWriterForTests(root, KEY, (1 << 20) + 4_096, 1 << 20), 0).prepare(64).write();
            assertThat(contents(cursor)).hasSize(5);
        }
    }

    @Test
    void scan_onlySegmentExpiresWhileItIsEntered_isTold() {
        SegmentWriterForTests.writePositions(root, new Positions(1, 2 << 20, 1 << 20, 1, "boot", 1, 0, 0));
        SegmentWriterForTests segment = five(new SegmentWriterForTests(root, KEY, 1 << 20, 1 << 20), 0).seal().write();
        try (EntryCursor cursor = reader.scan(KEY)) {
            SegmentWriterForTests.writePositions(root, new Positions(2, 2 << 20, 2 << 20, 1, "boot", 1, 0, 0));
            segment.delete();
            assertThatThrownBy(cursor::next).isInstanceOf(EntryExpiredException.class);
            assertThat(cursor.next()).isFalse();
        }
    }

    /** The first and the third block have what is asked for, the second hasn't. */
    @Test
    void scan_byTimeWithDamageThatEndsInTheMiddleOfABlock_goesOnThere() {
        SegmentWriterForTests segment = first();
        while (segment.tail() < 3 * SegmentIndex.BLOCK_BYTES) {
            boolean isAsked = segment.tail() / SegmentIndex.BLOCK_BYTES != 1;
            segment.append(isAsked ? 100 : 500, new byte[0], new byte[1_000]);
        }
        segment.seal();
        int from = SegmentIndex.BLOCK_BYTES - 3_000;
        int to = 2 * SegmentIndex.BLOCK_BYTES + 30_000;
        for (int at = from; at < to; at++) {
            segment.flip(at, 0x55);
        }
        segment.write();
        List<EntryRef> expected = segment.written().stream().filter(record -> record.timestampMillis() == 100).map(Written::ref)
                .filter(ref -> segment.header().offsetOf(ref.end()) <= from || segment.header().offsetOf(ref.position()) >= to).toList();
        List<EntryRef> found = new ArrayList<>();
        try (EntryCursor cursor = reader.scan(KEY, Instant.ofEpochMilli(100), Instant.ofEpochMilli(101))) {
            assertThatThrownBy(() -> {
                while (cursor.next()) {
                    found.add(cursor.ref());
                }
            }).isInstanceOf(CorruptSegmentException.class);
            while (cursor.next()) {
                found.add(cursor.ref());
            }
        }
        assertThat(found).isEqualTo(expected);
    }

    @Test
    void scan_damageAfterARestartOfTheMachine_isNotRecoveredYet() {
        SegmentWriterForTests one = five(first(), 0);
        one.flip((int) one.header().offsetOf(one.refs().get(1).position()) + 33, 1).prepare(64).write();
        SegmentWriterForTests.writePositions(root, new Positions(1, 1 << 20, 1 << 20, 2, "another boot", 2, 0, 0));
        try (EntryCursor cursor = reader.scan(KEY)) {
            assertThatThrownBy(() -> contents(cursor)).isInstanceOf(CorruptSegmentException.class)
                    .hasMessageContaining("not recovered yet").hasMessageContaining(one.file().toString());
        }
    }

    @Test
    void cursor_steadyState_makesNoGarbage() throws ReflectiveOperationException {
        first().fill(30_000, 100, 0).seal().write();
        AllocatedBytes thread = new AllocatedBytes();
        long allocated = Long.MAX_VALUE;
        for (int round = 0; round < 3; round++) {
            try (EntryCursor cursor = reader.scan(KEY)) {
                long sum = 0;
                for (int i = 0; i < 1_000; i++) {
                    cursor.next();
                    sum += cursor.content().getByte(0);
                }
                long before = thread.now();
                int records = 0;
                while (cursor.next()) {
                    records++;
                    sum += cursor.content().readableBytes() + cursor.header().readableBytes() + cursor.position()
                            + cursor.timestampMillis() + cursor.size() + cursor.nextPosition();
                }
                allocated = Math.min(allocated, thread.now() - before);
                assertThat(records).isEqualTo(29_000);
                assertThat(sum).isPositive();
            }
        }
        // the last step looks for a footer, and for another segment wherever it may be
        assertThat(allocated).isLessThan(3 * 29_000);
    }

    // ---- misuse

    @Test
    void close_ofTheReader_endsEverythingButBatches() {
        SegmentWriterForTests segment = five(first(), 0).write();
        EntryCursor cursor = reader.scan(KEY);
        assertThat(cursor.next()).isTrue();
        EntryBatch batch = reader.readBatch(segment.refs());
        reader.close();
        reader.close();
        assertThatThrownBy(() -> reader.readBatch(segment.refs())).isInstanceOf(WalClosedException.class);
        assertThatThrownBy(() -> reader.find(segment.refs().get(0))).isInstanceOf(WalClosedException.class);
        assertThatThrownBy(() -> reader.scan(KEY)).isInstanceOf(WalClosedException.class);
        assertThatThrownBy(() -> reader.latest(KEY)).isInstanceOf(WalClosedException.class);
        assertThatThrownBy(() -> reader.keys()).isInstanceOf(WalClosedException.class);
        assertThatThrownBy(() -> reader.describe(KEY)).isInstanceOf(WalClosedException.class);
        assertThatThrownBy(() -> reader.verify(KEY)).isInstanceOf(WalClosedException.class);
        assertThatThrownBy(cursor::next).isInstanceOf(WalClosedException.class);
        cursor.close();
        assertThat(batch.get(0).content().toString(StandardCharsets.UTF_8)).isEqualTo("r0");
        batch.close();
    }

    @Test
    void anyMethod_interruptedThread_finishesAndKeepsTheFlag() {
        SegmentWriterForTests one = five(first(), 0).seal().write();
        five(one.successor(), 5).prepare(64).write();
        List<Runnable> calls = List.of(
                () -> assertThat(reader.keys()).hasSize(1),
                () -> assertThat(reader.describe(KEY)).isPresent(),
                () -> assertThat(reader.find(one.refs().get(0))).isPresent(),
                () -> assertThat(reader.find(new EntryRef("gone", 0, 32))).isEmpty(),
                () -> assertThat(reader.latest(KEY)).isPresent(),
                () -> assertThat(scanned(reader.scan(KEY))).hasSize(10),
                () -> assertThat(scanned(reader.scan(KEY, Instant.ofEpochMilli(1), Instant.ofEpochMilli(7)))).hasSize(6),
                () -> assertThat(scanned(reader.scanFrom(KEY, one.refs().get(2).position()))).hasSize(8),
                () -> assertThat(scanned(reader.scanLast(KEY, 7))).hasSize(7),
                () -> assertThat(reader.verify(KEY).records()).isEqualTo(10));
        for (Runnable call : calls) {
            Thread.currentThread().interrupt();
            try {
                call.run();
            } finally {
                assertThat(Thread.interrupted()).isTrue();
            }
        }
    }

    @Test
    void anyMethod_impossibleKey_isRefused() {
        for (String key : List.of("", "x".repeat(1_025), "\uD800")) {
            assertThatThrownBy(() -> reader.scan(key)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> reader.latest(key)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> reader.describe(key)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> reader.find(new EntryRef("\uD800", 0, 32))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> reader.scan(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> reader.find(null)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void open_rootThatIsNoDirectory_isRefused() throws IOException {
        Path file = Files.write(root.resolve("file"), new byte[0]);
        assertThatThrownBy(() -> WalReader.open(file)).isInstanceOf(WalIOException.class).hasMessageContaining("file");
        Path nothing = root.resolve("nothing");
        assertThatThrownBy(() -> WalReader.open(nothing)).isInstanceOf(WalIOException.class).hasMessageContaining("no such directory: root=" + nothing);
        Path link = Files.createSymbolicLink(root.resolve("link"), nothing);
        assertThatThrownBy(() -> WalReader.open(link)).isInstanceOf(WalIOException.class)
                .hasMessageContaining("symbolic link leads to nothing: root=" + link);
    }
}
