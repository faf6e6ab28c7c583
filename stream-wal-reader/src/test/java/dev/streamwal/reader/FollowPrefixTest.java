package dev.streamwal.reader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.segment.SegmentWriterForTests;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Following many streams, whose files are made by hand. */
@Timeout(300)
class FollowPrefixTest {

    private static final Duration LONG = Duration.ofSeconds(50);
    private static final Duration SHORT = Duration.ofMillis(20);

    @TempDir
    private Path root;

    private WalReader reader;
    private final Map<String, SegmentWriterForTests> segments = new TreeMap<>();

    @BeforeEach
    void open() {
        reader = WalReader.open(root, ReaderOptions.builder().maxOpenFiles(64 + 64).build());
    }

    @AfterEach
    void close() {
        reader.close();
    }

    private SegmentWriterForTests append(String key, long timestampMillis, String content) {
        SegmentWriterForTests segment = segments.computeIfAbsent(key, k -> SegmentWriterForTests.first(root, k).prepare(4_096));
        segment.append(timestampMillis, content);
        return segment.write();
    }

    private static String next(EntryTail tail) throws InterruptedException {
        assertThat(tail.next(LONG)).isTrue();
        return tail.key() + "=" + tail.content().toString(StandardCharsets.UTF_8);
    }

    private static List<String> all(EntryTail tail) {
        List<String> all = new ArrayList<>();
        while (tail.next()) {
            all.add(tail.key() + "=" + tail.content().toString(StandardCharsets.UTF_8));
        }
        return all;
    }

    @Test
    void next_whatIsThere_isMergedByTime() throws Exception {
        for (int i = 0; i < 10; i++) {
            append("p/a", 100L * i, "a" + i);
            append("p/b", 100L * i + 50, "b" + i);
            append("q", i, "no");
        }
        List<String> expected = IntStream.range(0, 20).mapToObj(i -> (i % 2 == 0 ? "p/a=a" : "p/b=b") + i / 2).toList();
        try (EntryTail tail = reader.follow(Keys.prefix("p/"), ReadFrom.first())) {
            assertThat(all(tail)).isEqualTo(expected);
            assertThat(tail.next(SHORT)).isFalse();
            append("p/b", 2_000, "late");
            append("p/a", 1_999, "early");
            List<String> two = new ArrayList<>(List.of(next(tail), next(tail)));
            assertThat(two).containsExactlyInAnyOrder("p/a=early", "p/b=late");
        }
    }

    @Test
    void next_streamsThatCome_areFoundAndTheirKeysRead() throws Exception {
        String longKey = "p/" + "x".repeat(500);
        try (EntryTail tail = reader.follow(Keys.prefix("p/"), ReadFrom.first())) {
            assertThat(tail.next(SHORT)).isFalse();
            append("p/a", 1, "1");
            assertThat(next(tail)).isEqualTo("p/a=1");
            append("other", 1, "1");
            append(longKey, 1, "2");
            assertThat(next(tail)).isEqualTo(longKey + "=2");
            Files.createDirectory(segments.get("p/a").file().getParent().resolveSibling("p%2fb"));
            assertThat(tail.next(SHORT)).isFalse();
            append("p/b", 1, "3");
            assertThat(next(tail)).isEqualTo("p/b=3");
            assertThat(tail.positions().keySet()).containsExactlyInAnyOrder("p/a", "p/b", longKey);
        }
    }

    @Test
    void positions_givenToTheNext_resumeEachStream() throws Exception {
        for (int i = 0; i < 6; i++) {
            append("a", i, "a" + i);
            append("b", i, "b" + i);
        }
        List<String> all = new ArrayList<>();
        Map<String, Long> from = new HashMap<>();
        for (int i = 0; i < 12; i++) {
            try (EntryTail tail = reader.follow(Keys.all(), ReadFrom.positions(from))) {
                all.add(next(tail));
                from.put(tail.key(), tail.nextPosition());
                from.keySet().forEach(key -> assertThat(tail.positions().get(key)).isEqualTo(from.get(key)));
            }
        }
        assertThat(all).doesNotHaveDuplicates().hasSize(12);
        assertThat(all.stream().filter(entry -> entry.startsWith("a"))).isSorted().hasSize(6);
        try (EntryTail tail = reader.follow(Keys.all(), ReadFrom.positions(from))) {
            assertThat(tail.next(SHORT)).isFalse();
        }
    }

    /** It was closed while some streams stood on a record that wasn't delivered, and others rested. */
    @Test
    void positions_afterClose_areThoseBefore() throws Exception {
        for (int i = 0; i < 3; i++) {
            append("a", i, "a" + i);
            append("b", i, "b" + i);
        }
        append("c", 0, "c0");
        for (int delivered = 0; delivered <= 7; delivered++) {
            EntryTail tail = reader.follow(Keys.all(), ReadFrom.first());
            for (int i = 0; i < delivered; i++) {
                String unused = next(tail);
            }
            Map<String, Long> before = tail.positions();
            tail.close();
            assertThat(tail.positions()).isEqualTo(before);
            tail.close();
            assertThat(tail.positions()).isEqualTo(before);
            try (EntryTail later = reader.follow(Keys.all(), ReadFrom.positions(before))) {
                assertThat(all(later)).hasSize(7 - delivered);
            }
        }
    }

    /** The log had other streams before: so the first record isn't at 0, and nothing is missing before it. */
    @Test
    void positions_streamsNotReadYet_areLeftOutAndDeliveredByTheNext() throws Exception {
        long start = 1L << 36;
        int streams = 70;
        for (int i = 0; i < streams; i++) {
            String key = "p/" + i;
            segments.put(key, new SegmentWriterForTests(root, key, start, start).prepare(4_096));
            append(key, i, "1");
        }
        List<String> delivered = new ArrayList<>();
        Map<String, Long> from;
        try (EntryTail tail = reader.follow(Keys.prefix("p/"), ReadFrom.first())) {
            assertThat(tail.positions()).as("nothing is read").isEmpty();
            delivered.add(next(tail));
            from = tail.positions();
            assertThat(from).as("more than are read at a time").hasSizeLessThan(streams).containsEntry(tail.key(), tail.nextPosition());
        }
        try (EntryTail tail = reader.follow(Keys.prefix("p/"), ReadFrom.positions(from))) {
            delivered.addAll(all(tail));
            assertThat(tail.positions()).hasSize(streams);
        }
        assertThat(delivered).doesNotHaveDuplicates().hasSize(streams);
    }

    @Test
    void positions_streamsFollowedByTheirKeys_areNeverLeftOut() {
        append("a", 1, "1");
        try (EntryTail tail = reader.follow(Keys.of(List.of("a", "later")), ReadFrom.first())) {
            assertThat(tail.positions()).containsOnlyKeys("a", "later");
        }
        try (EntryTail tail = reader.follow(Keys.all(), Map.of("later", ReadFrom.position(0)))) {
            assertThat(tail.positions()).as("was told where to begin").containsExactly(Map.entry("later", 0L));
        }
    }

    @Test
    void follow_givenKeys_areFollowedAndNoOthers() throws Exception {
        append("a", 1, "1");
        append("b", 1, "1");
        append("c", 1, "1");
        try (EntryTail tail = reader.follow(Map.of("a", ReadFrom.first(), "b", ReadFrom.end(), "d", ReadFrom.first()))) {
            assertThat(all(tail)).containsExactly("a=1");
            append("b", 2, "2");
            append("c", 2, "2");
            assertThat(next(tail)).isEqualTo("b=2");
            append("d", 2, "2");
            assertThat(next(tail)).isEqualTo("d=2");
            assertThat(tail.next(SHORT)).isFalse();
        }
    }

    @Test
    void follow_theEndsOfAll_deliversWhatComesAndNewStreamsFromTheirFirst() throws Exception {
        append("a", 1, "1");
        append("b", 1, "1");
        try (EntryTail tail = reader.follow(Keys.glob("?"), ReadFrom.end())) {
            append("a", 2, "2");
            append("c", 2, "1");
            append("long", 2, "1");
            List<String> found = new ArrayList<>(List.of(next(tail), next(tail)));
            assertThat(found).containsExactlyInAnyOrder("a=2", "c=1");
            append("b", 3, "2");
            assertThat(next(tail)).isEqualTo("b=2");
            assertThat(tail.next(SHORT)).isFalse();
        }
    }

    @Test
    void follow_aTime_countsForEachStreamByItself() throws Exception {
        append("a", 10, "1");
        append("a", 30, "2");
        append("b", 10, "1");
        append("c", 40, "1");
        try (EntryTail tail = reader.follow(Keys.all(), ReadFrom.time(Instant.ofEpochMilli(20)))) {
            assertThat(all(tail)).containsExactly("a=2", "c=1");
            append("b", 11, "2");
            assertThat(next(tail)).isEqualTo("b=2");
        }
    }

    @Test
    void follow_someKeys_areFollowedAndNoOthers() throws Exception {
        append("a", 1, "1");
        append("b", 2, "1");
        try (EntryTail tail = reader.follow(Keys.of(List.of("a", "c")), ReadFrom.first());
                EntryTail one = reader.follow(Keys.key("a"), ReadFrom.position(0));
                EntryTail none = reader.follow(Keys.of(List.of()), ReadFrom.first());
                EntryTail partly = reader.follow(Keys.of(List.of("a", "c")), Map.of("a", ReadFrom.end()))) {
            assertThat(all(tail)).containsExactly("a=1");
            assertThat(all(one)).containsExactly("a=1");
            assertThat(all(partly)).isEmpty();
            append("b", 3, "2");
            append("c", 3, "1");
            assertThat(next(tail)).isEqualTo("c=1");
            assertThat(next(partly)).isEqualTo("c=1");
            assertThat(all(none)).isEmpty();
        }
    }

    @Test
    void follow_onePositionForSeveral_isRefused() {
        assertThatThrownBy(() -> reader.follow(Keys.prefix("a"), ReadFrom.position(0))).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("one position is given for several streams: keys=prefix(\"a\"), from=position(0); give a map with a position for each key");
    }

    @Test
    void follow_keysAndPositionsThatAreNone_areRefused() {
        append("a", 1, "1");
        assertThatThrownBy(() -> reader.follow(Keys.prefix("b"), Map.of("a", ReadFrom.first()))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> reader.follow(Keys.all(), Map.of("a", ReadFrom.position(-1)))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> reader.follow(Keys.all(), Map.of("", ReadFrom.first()))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> reader.follow(Keys.all(), Map.of("a", ReadFrom.position(8)))).isInstanceOf(EntryNotFoundException.class);
        assertThat(reader.openFiles()).isLessThanOrEqualTo(1);
    }

    @Test
    void next_moreStreamsThanAreReadAtATime_deliversAllOfEachInOrder() throws Exception {
        int streams = 300;
        for (int i = 0; i < streams; i++) {
            for (int j = 0; j < 3; j++) {
                append("s" + i, 10L * j + i % 7, String.valueOf(j));
            }
        }
        try (EntryTail tail = reader.follow(Keys.prefix("s"), ReadFrom.first())) {
            Map<String, String> delivered = new HashMap<>();
            while (tail.next()) {
                delivered.merge(tail.key(), tail.content().toString(StandardCharsets.UTF_8), String::concat);
                assertThat(reader.openFiles()).isLessThanOrEqualTo(64 + 64 + 1);
            }
            assertThat(delivered).hasSize(streams).allSatisfy((key, contents) -> assertThat(contents).isEqualTo("012"));
            assertThat(tail.next(Duration.ofMillis(150))).isFalse();
            append("s17", 100, "3");
            append("s250", 100, "3");
            assertThat(List.of(next(tail), next(tail))).containsExactlyInAnyOrder("s17=3", "s250=3");
        }
    }

    @Test
    void next_fewOpenFilesForManyStreams_keepsToThemAndDeliversAllOfEachInOrder() throws Exception {
        int streams = 300;
        for (int i = 0; i < streams; i++) {
            for (int j = 0; j < 3; j++) {
                append("s" + i, 10L * j + i % 7, String.valueOf(j));
            }
        }
        ReaderOptions few = ReaderOptions.builder().maxOpenFiles(4).build();
        try (WalReader sparing = WalReader.open(root, few); EntryTail tail = sparing.follow(Keys.prefix("s"), ReadFrom.first())) {
            Map<String, String> delivered = new HashMap<>();
            while (tail.next()) {
                delivered.merge(tail.key(), tail.content().toString(StandardCharsets.UTF_8), String::concat);
                assertThat(sparing.openFiles()).isLessThanOrEqualTo(4 + 1);
            }
            assertThat(delivered).hasSize(streams).allSatisfy((key, contents) -> assertThat(contents).isEqualTo("012"));
            append("s17", 100, "3");
            append("s250", 100, "3");
            assertThat(List.of(next(tail), next(tail))).containsExactlyInAnyOrder("s17=3", "s250=3");
        }
    }

    /** The limit is the reader's: what one cursor holds another one can't have, but for one file each. */
    @Test
    void next_tailsShareTheFilesOfAReader_eachMovesOn() throws Exception {
        for (int i = 0; i < 40; i++) {
            append("s" + i, i, "0");
            append("s" + i, i, "1");
        }
        ReaderOptions few = ReaderOptions.builder().maxOpenFiles(4).build();
        try (WalReader sparing = WalReader.open(root, few);
                EntryTail one = sparing.follow(Keys.prefix("s"), ReadFrom.first());
                EntryTail other = sparing.follow(Keys.prefix("s"), ReadFrom.first());
                EntryCursor merged = sparing.scanMerged(Keys.prefix("s"), Instant.MIN, Instant.MAX)) {
            for (int i = 0; i < 80; i++) {
                assertThat(one.next()).isTrue();
                assertThat(other.next()).isTrue();
                assertThat(merged.next()).isTrue();
                assertThat(sparing.openFiles()).isLessThanOrEqualTo(4 + 2);
            }
            assertThat(one.next()).isFalse();
            assertThat(other.next()).isFalse();
            assertThat(merged.next()).isFalse();
        }
    }

    /** A turn is 1,024 records: of ten streams that have three of them and share two files none has to wait for another's end. */
    @Test
    void next_fewOpenFilesForStreamsWithMuchToRead_noneWaitsForLong() throws Exception {
        for (int i = 0; i < 10; i++) {
            SegmentWriterForTests.first(root, "s" + i).fill(3_000, 8, 1).write();
        }
        ReaderOptions few = ReaderOptions.builder().maxOpenFiles(2).build();
        try (WalReader sparing = WalReader.open(root, few); EntryTail tail = sparing.follow(Keys.prefix("s"), ReadFrom.first())) {
            Map<String, Integer> delivered = new HashMap<>();
            Map<String, Long> position = new HashMap<>();
            int mostBehind = 0;
            while (tail.next()) {
                delivered.merge(tail.key(), 1, Integer::sum);
                Long before = position.put(tail.key(), tail.position());
                assertThat(before == null || before < tail.position()).isTrue();
                mostBehind = delivered.size() < 10 ? Math.max(mostBehind, delivered.get(tail.key())) : mostBehind;
            }
            assertThat(delivered).hasSize(10).allSatisfy((key, records) -> assertThat(records).isEqualTo(3_000));
            assertThat(mostBehind).isLessThan(3_000);
        }
    }

    /** Of 70 streams only 64 are read at a time, and all but one have more than any turn. */
    @Test
    void next_manyStreamsWithMuchToRead_noneWaitsForLong() throws Exception {
        for (int i = 0; i < 70; i++) {
            SegmentWriterForTests segment = SegmentWriterForTests.first(root, "s" + i);
            segment.fill(i == 69 ? 1 : 3_000, 8, i == 69 ? 900_000 : 1).write();
        }
        try (EntryTail tail = reader.follow(Keys.prefix("s"), ReadFrom.first())) {
            Map<String, Integer> delivered = new HashMap<>();
            int newestWaited = 0;
            Map<String, Long> position = new HashMap<>();
            while (tail.next()) {
                delivered.merge(tail.key(), 1, Integer::sum);
                Long before = position.put(tail.key(), tail.position());
                assertThat(before == null || before < tail.position()).isTrue();
                newestWaited += delivered.containsKey("s69") ? 0 : 1;
            }
            assertThat(delivered).hasSize(70).containsEntry("s0", 3_000).containsEntry("s68", 3_000);
            assertThat(newestWaited).isLessThan(69 * 3_000 / 2);
        }
    }

    @Test
    void next_oneStreamAlwaysHasMore_theOthersAreLookedAt() throws Exception {
        append("busy", 1, "0");
        append("quiet", 1, "1");
        try (EntryTail tail = reader.follow(Keys.all(), ReadFrom.first())) {
            assertThat(all(tail)).hasSize(2);
            append("quiet", 2, "2");
            append("new", 2, "2");
            List<String> others = new ArrayList<>();
            while (others.size() < 2) {
                append("busy", 3, "more");
                String found = next(tail);
                if (!found.startsWith("busy")) {
                    others.add(found);
                }
            }
            assertThat(others).containsExactlyInAnyOrder("quiet=2", "new=2");
        }
    }

    @Test
    void next_oneStreamIsOvertakenAndOneDamaged_theOthersGoOn() throws Exception {
        append("a", 1, "1");
        SegmentWriterForTests b = append("b", 2, "1");
        SegmentWriterForTests c = append("c", 3, "1");
        try (EntryTail tail = reader.follow(Keys.all(), ReadFrom.first())) {
            assertThat(all(tail)).hasSize(3);
            b.append(4, "lost");
            SegmentWriterForTests later = b.successor();
            later.append(5, "2");
            long lostFrom = b.refs().get(1).position();
            b.delete();
            later.write();
            int damaged = c.tail() + 36;
            c.append(4, "damaged!");
            c.append(5, "2");
            c.flip(damaged, 1).write();
            append("a", 6, "2");
            List<String> entries = new ArrayList<>();
            List<WalException> failures = new ArrayList<>();
            while (entries.size() < 3) {
                try {
                    entries.add(next(tail));
                } catch (WalException e) {
                    failures.add(e);
                }
            }
            assertThat(entries).containsExactlyInAnyOrder("a=2", "b=2", "c=2");
            assertThat(failures).hasSize(2)
                    .anySatisfy(e -> assertThat(e).isInstanceOfSatisfying(EntryExpiredException.class, expired -> {
                        assertThat(expired.key()).isEqualTo("b");
                        assertThat(expired.from()).isEqualTo(lostFrom);
                        assertThat(expired.to()).isEqualTo(b.end());
                    }))
                    .anySatisfy(e -> assertThat(e).isInstanceOf(CorruptSegmentException.class)
                            .extracting(WalException::key).isEqualTo("c"));
            assertThat(tail.next(SHORT)).isFalse();
        }
    }

    @Test
    void next_streamsGoAndComeAgain_areFollowedAndLeaveNothingBehind() throws Exception {
        append("a", 1, "1");
        append("b", 1, "1");
        try (EntryTail tail = reader.follow(Keys.all(), ReadFrom.first())) {
            assertThat(all(tail)).hasSize(2);
            SegmentWriterForTests gone = segments.remove("a");
            gone.delete();
            Files.delete(gone.file().getParent());
            do {
                assertThat(tail.next(SHORT)).isFalse();
            } while (tail.positions().size() > 1);
            SegmentWriterForTests again = new SegmentWriterForTests(root, "a", 1 << 20, gone.end());
            again.append(1, "2");
            again.write();
            assertThat(next(tail)).isEqualTo("a=2");
            assertThat(tail.positions()).containsEntry("a", again.end());
        }
    }

    @Test
    void next_moreStreamsGoThanPositionsAreKept_allAreFollowedWhenTheyComeAgain() throws Exception {
        int streams = 1_050;
        for (int i = 0; i < streams; i++) {
            append("s" + i, 1, "1");
        }
        try (EntryTail tail = reader.follow(Keys.all(), ReadFrom.first())) {
            assertThat(all(tail)).hasSize(streams);
            Map<String, SegmentWriterForTests> gone = Map.copyOf(segments);
            segments.clear();
            for (SegmentWriterForTests segment : gone.values()) {
                segment.delete();
                Files.delete(segment.file().getParent());
            }
            do {
                assertThat(tail.next(SHORT)).isFalse();
            } while (!tail.positions().isEmpty());
            Set<String> expected = new TreeSet<>();
            for (int i = 0; i < streams; i += 50) {
                SegmentWriterForTests again = new SegmentWriterForTests(root, "s" + i, 1 << 20, gone.get("s" + i).end());
                again.append(1, "2");
                again.write();
                expected.add("s" + i + "=2");
            }
            Set<String> delivered = new TreeSet<>();
            while (delivered.size() < expected.size()) {
                delivered.add(next(tail));
            }
            assertThat(delivered).isEqualTo(expected);
        }
    }

    @Test
    void next_nothingComes_holdsNoFiles() throws Exception {
        for (int i = 0; i < 100; i++) {
            append("s" + i, 1, "1");
        }
        // so that what is open is what is read
        ReaderOptions few = ReaderOptions.builder().maxOpenFiles(1).build();
        try (WalReader sparing = WalReader.open(root, few); EntryTail tail = sparing.follow(Keys.all(), ReadFrom.first())) {
            assertThat(all(tail)).hasSize(100);
            assertThat(tail.next(Duration.ofMillis(150))).isFalse();
            assertThat(sparing.openFiles()).isLessThanOrEqualTo(1);
            for (SegmentWriterForTests segment : segments.values()) {
                segment.delete();
                Files.delete(segment.file().getParent());
            }
            do {
                assertThat(tail.next(SHORT)).isFalse();
            } while (!tail.positions().isEmpty());
            assertThat(sparing.openFiles()).isZero();
        }
    }

    @Test
    void next_closed_throws() {
        append("a", 1, "1");
        EntryTail tail = reader.follow(Keys.all(), ReadFrom.first());
        assertThat(tail.next()).isTrue();
        tail.close();
        tail.close();
        assertThatThrownBy(tail::next).isInstanceOf(WalClosedException.class);
        assertThatThrownBy(tail::key).isInstanceOf(WalClosedException.class);
        EntryTail other = reader.follow(Keys.all(), ReadFrom.first());
        assertThatThrownBy(other::key).isInstanceOf(IllegalStateException.class);
        reader.close();
        assertThatThrownBy(() -> other.next(LONG)).isInstanceOf(WalClosedException.class);
        other.close();
    }
}
