package dev.streamwal.reader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.segment.SegmentWriterForTests;
import dev.streamwal.walk.MergedScan;
import io.netty.util.ResourceLeakDetector;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Several streams as one, by timestamp. */
class ScanMergedTest {

    private static final Instant FIRST = Instant.EPOCH;
    private static final Instant LAST = Instant.ofEpochMilli(Long.MAX_VALUE);

    private static final int RECORDS = 3_000;

    private final FileSystem memory = Jimfs.newFileSystem(Configuration.unix());
    private Path root;

    @BeforeEach
    void createRoot() throws IOException {
        root = Files.createDirectory(memory.getPath("/log"));
    }

    @AfterEach
    void closeMemory() throws IOException {
        memory.close();
    }

    private SegmentWriterForTests stream(String key, long... timestamps) {
        SegmentWriterForTests segment = SegmentWriterForTests.first(root, key);
        for (long timestamp : timestamps) {
            segment.append(timestamp, key + timestamp);
        }
        return segment.prepare(64).write();
    }

    private static List<String> rest(EntryCursor cursor) {
        List<String> contents = new ArrayList<>();
        while (cursor.next()) {
            contents.add(cursor.content().toString(StandardCharsets.UTF_8));
        }
        return contents;
    }

    private static List<String> all(EntryCursor cursor) {
        try (cursor) {
            return rest(cursor);
        }
    }

    @Test
    void next_lateRecords_comeAsSoonAsTheyHeadTheirStream() {
        stream("a/1", 10, 30, 20, 40);
        stream("a/2", 15, 25, 30, 35);
        stream("b", 0);
        try (WalReader reader = WalReader.open(root)) {
            assertThat(all(reader.scanMerged(Keys.prefix("a/"), FIRST, LAST)))
                    .containsExactly("a/110", "a/215", "a/225", "a/130", "a/120", "a/230", "a/235", "a/140");
            assertThat(all(reader.scanMerged(Keys.of(List.of("b", "a/2", "b", "nobody")), FIRST, Instant.ofEpochMilli(30))))
                    .containsExactly("b0", "a/215", "a/225");
            assertThat(all(reader.scanMerged(Keys.prefix("nobody"), FIRST, LAST))).isEmpty();
            assertThat(all(reader.scanMerged(Keys.of(List.of()), FIRST, LAST))).isEmpty();
        }
    }

    @Test
    void scanMerged_argumentsThatCanNeverBeRight_areRefused() {
        try (WalReader reader = WalReader.open(root)) {
            assertThatThrownBy(() -> reader.scanMerged(Keys.all(), LAST, FIRST)).isInstanceOf(IllegalArgumentException.class);
            EntryCursor cursor = reader.scanMerged(Keys.all(), FIRST, LAST);
            assertThatThrownBy(cursor::position).isInstanceOf(IllegalStateException.class);
            cursor.close();
            assertThatThrownBy(cursor::next).isInstanceOf(WalClosedException.class);
        }
    }

    /** More streams than may be open, of several segments each, with late records and batches. */
    @Test
    void next_randomStreams_isTheOrderOfTheGreatestTimestampSoFar() {
        record Placed(EntryRef ref, long greatestSoFar) {}
        Random random = new Random(7);
        for (int streams : new int[] {1, 5, 200}) {
            List<Placed> expected = new ArrayList<>();
            for (int i = 0; i < streams; i++) {
                SegmentWriterForTests segment = SegmentWriterForTests.first(root, streams + "/" + i);
                long greatest = 0;
                for (int n = 0; n < 3; n++) {
                    for (int r = random.nextInt(20); r >= 0; r--) {
                        segment.append(n * 100L + random.nextInt(200), new byte[0], new byte[random.nextInt(3_000)]);
                    }
                    segment.appendBatch(n * 100L, "x", "y");
                    for (SegmentWriterForTests.Written written : segment.written()) {
                        greatest = Math.max(greatest, written.timestampMillis());
                        expected.add(new Placed(written.ref(), greatest));
                    }
                    segment = random.nextBoolean() ? segment.seal().write().successor() : segment.prepare(64).write().successor();
                }
            }
            expected.sort(Comparator.comparingLong(Placed::greatestSoFar).thenComparing(Placed::ref));
            try (WalReader reader = WalReader.open(root); EntryCursor cursor = reader.scanMerged(Keys.prefix(streams + "/"), FIRST, LAST)) {
                for (Placed placed : expected) {
                    assertThat(cursor.next()).isTrue();
                    assertThat(cursor.ref()).isEqualTo(placed.ref);
                    assertThat(cursor.nextPosition()).isGreaterThanOrEqualTo(placed.ref.end());
                }
                assertThat(cursor.next()).isFalse();
            }
        }
    }

    @Test
    void next_partOfTheTime_isWhatEachScanGives() {
        Random random = new Random(8);
        for (int i = 0; i < 100; i++) {
            SegmentWriterForTests segment = SegmentWriterForTests.first(root, "s" + i);
            for (int r = 0; r < 1_000; r++) {
                segment.append(r + random.nextInt(50), new byte[0], new byte[200]);
            }
            segment.seal().write();
        }
        try (WalReader reader = WalReader.open(root)) {
            Instant from = Instant.ofEpochMilli(500);
            Instant to = Instant.ofEpochMilli(530);
            Map<String, List<EntryRef>> found = new HashMap<>();
            try (EntryCursor cursor = reader.scanMerged(Keys.all(), from, to)) {
                while (cursor.next()) {
                    found.computeIfAbsent(cursor.key(), key -> new ArrayList<>()).add(cursor.ref());
                }
            }
            for (String key : reader.keys()) {
                List<EntryRef> alone = new ArrayList<>();
                try (EntryCursor cursor = reader.scan(key, from, to)) {
                    while (cursor.next()) {
                        alone.add(cursor.ref());
                    }
                }
                assertThat(found.get(key)).isEqualTo(alone);
            }
        }
    }

    @Test
    void next_damagedStreams_tellOnceAndTheOthersGoOn() {
        SegmentWriterForTests torn = stream("torn", 1, 2, 3);
        torn.flip((int) torn.header().offsetOf(torn.refs().get(1).position()) + 33, 1).write();
        SegmentWriterForTests marked = stream("marked", 1, 2);
        marked.flip((int) marked.header().offsetOf(marked.refs().get(1).position()) + 33, 1).markLast().write();
        stream("header", 1).flip(40, 1).write();
        stream("sound", 1, 2, 3, 4);
        try (WalReader reader = WalReader.open(root); EntryCursor cursor = reader.scanMerged(Keys.all(), FIRST, LAST)) {
            List<String> found = new ArrayList<>();
            List<String> damaged = new ArrayList<>();
            for (int rounds = 0; rounds < 3;) {
                try {
                    if (cursor.next()) {
                        found.add(cursor.key() + cursor.timestampMillis());
                    } else {
                        rounds++;
                    }
                } catch (CorruptSegmentException e) {
                    damaged.add(e.key());
                }
            }
            assertThat(found).containsExactly("marked1", "sound1", "torn1", "sound2", "sound3", "torn3", "sound4");
            assertThat(damaged).containsExactlyInAnyOrder("torn", "marked", "header");
        }
    }

    @Test
    void next_keysAndRecordsThatComeAndGo_areFoundInTheNextRound() {
        SegmentWriterForTests a = stream("a", 1, 2);
        SegmentWriterForTests gone = stream("gone", 3);
        try (WalReader reader = WalReader.open(root); EntryCursor cursor = reader.scanMerged(Keys.all(), FIRST, LAST)) {
            assertThat(cursor.next()).isTrue();
            stream("b", 0);
            assertThat(rest(cursor)).containsExactly("a2", "gone3");
            a.append(4, "a4");
            a.write();
            gone.delete();
            stream("c", 9);
            assertThat(rest(cursor)).containsExactly("b0", "a4", "c9");
            assertThat(rest(cursor)).isEmpty();
        }
    }

    @Test
    void next_segmentDeletedWhileItsStreamRests_isToldOnceAndTheOthersGoOn() {
        int streams = 100;
        SegmentWriterForTests first = null;
        for (int i = 0; i < streams; i++) {
            SegmentWriterForTests segment = SegmentWriterForTests.first(root, "s" + i);
            segment.append(i, "x");
            // too large for a resting stream to take a copy of it along
            segment.append(1_000 - i, new byte[0], new byte[(int) (MergedScan.MAX_HELD_BYTES / streams)]);
            segment.prepare(64).write();
            first = i == 0 ? segment : first;
        }
        try (WalReader reader = WalReader.open(root); EntryCursor cursor = reader.scanMerged(Keys.all(), FIRST, LAST)) {
            for (int i = 0; i < streams; i++) {
                assertThat(cursor.next()).isTrue();
            }
            first.successor().prepare(64).write();
            first.delete();
            int found = streams;
            int expired = 0;
            while (true) {
                try {
                    if (!cursor.next()) {
                        break;
                    }
                    found++;
                } catch (EntryExpiredException e) {
                    assertThat(e.key()).isEqualTo("s0");
                    expired++;
                }
            }
            assertThat(found).isEqualTo(2 * streams - 1);
            assertThat(expired).isEqualTo(1);
        }
    }

    @Test
    void next_streamsThatAreOpen_makesNoGarbage() throws ReflectiveOperationException {
        ResourceLeakDetector.Level level = ResourceLeakDetector.getLevel();
        // which makes some garbage for each buffer
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
        try {
            assertThat(allocatedByRecords()).isLessThan(8 * RECORDS);
        } finally {
            ResourceLeakDetector.setLevel(level);
        }
    }

    private long allocatedByRecords() throws ReflectiveOperationException {
        for (int i = 0; i < 10; i++) {
            SegmentWriterForTests.first(root, "s" + i).fill(RECORDS, 100, i).seal().write();
        }
        AllocatedBytes thread = new AllocatedBytes();
        long allocated = Long.MAX_VALUE;
        for (int round = 0; round < 3; round++) {
            try (WalReader reader = WalReader.open(root); EntryCursor cursor = reader.scanMerged(Keys.all(), FIRST, LAST)) {
                long sum = 0;
                for (int i = 0; i < RECORDS; i++) {
                    cursor.next();
                    sum += cursor.content().getByte(0);
                }
                long before = thread.now();
                for (int i = 0; i < 8 * RECORDS; i++) {
                    cursor.next();
                    sum += cursor.content().readableBytes() + cursor.timestampMillis() + cursor.key().length();
                }
                allocated = Math.min(allocated, thread.now() - before);
                assertThat(sum).isPositive();
            }
        }
        return allocated;
    }
}
