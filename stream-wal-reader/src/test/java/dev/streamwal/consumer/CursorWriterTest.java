package dev.streamwal.consumer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.CursorEntry;
import dev.streamwal.format.KeyScope;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ProcessLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of the commits of streams that have gone. */
class CursorWriterTest {

    private static final StreamKey NAME = StreamKey.of("c");
    private static final int MAX_GONE = 2;
    private static final long COMPACTED_ABOVE = 1_000;

    @TempDir
    private Path root;

    private final AtomicLong salts = new AtomicLong();
    /** Where each stream begins that is there. */
    private final Map<String, Long> there = new TreeMap<>();
    /** Those that are there and can't be listed. */
    private final Set<String> damaged = new HashSet<>();
    private long start;
    private boolean isUnreadable;
    private boolean isUnsupported;

    private final ConsumedStreams streams = new ConsumedStreams() {

        @Override
        public long start() {
            return start;
        }

        @Override
        public Set<String> keys() throws IOException {
            if (isUnreadable) {
                throw new IOException("can't be listed");
            }
            if (isUnsupported) {
                throw new UnsupportedFormatException("a pack is of a newer version", root, null, WalException.NO_POSITION, null);
            }
            return Set.copyOf(there.keySet());
        }

        @Override
        public Set<String> gone(Collection<String> keys) {
            return keys.stream().filter(key -> !there.containsKey(key) && !damaged.contains(key)).collect(Collectors.toSet());
        }

        @Override
        public Map<String, Long> begin(Collection<String> keys, long from) {
            Map<String, Long> beginnings = new HashMap<>(there);
            beginnings.keySet().retainAll(keys);
            return beginnings;
        }
    };

    private CursorWriter open() throws IOException, ProcessLock.HeldException {
        CursorSettings settings = new CursorSettings(salts::incrementAndGet, () -> Instant.EPOCH, COMPACTED_ABOVE, MAX_GONE);
        return CursorWriter.open(root, NAME, KeyScope.prefix(""), settings, streams);
    }

    private static void commit(CursorWriter writer, String key, long position, long atMillis) throws IOException {
        writer.commit(List.of(new CursorEntry(StreamKey.of(key), position, atMillis)));
    }

    @Test
    void open_commitsOfStreamsThatHaveGone_onlyTheLastOfThemStay() throws Exception {
        there.put("stays", 0L);
        try (CursorWriter writer = open()) {
            for (int i = 0; i < 5; i++) {
                commit(writer, "gone" + i, 8, i);
            }
            commit(writer, "stays", 16, 0);
        }
        there.put("late", 0L);
        start = 1L << 36;
        for (int i = 0; i < 2; i++) {
            try (CursorWriter writer = open()) {
                assertThat(writer.commits()).containsOnlyKeys("stays", "late", "gone3", "gone4");
                assertThat(writer.commits()).containsEntry("stays", new Committed(16, 0)).containsEntry("gone4", new Committed(8, 4));
                assertThat(writer.committed("late").orElseThrow().position()).as("it may have begun below the start").isZero();
                assertThat(writer.start()).as("where those that were left out come back at the earliest").isEqualTo(start);
            }
        }
    }

    @Test
    void open_commitsOfStreamsThatCannotBeListed_stay() throws Exception {
        try (CursorWriter writer = open()) {
            for (int i = 0; i < 6; i++) {
                commit(writer, "gone" + i, 8, i);
            }
        }
        start = 1L << 36;
        damaged.addAll(Set.of("gone0", "gone1", "gone2", "gone3", "gone4", "gone5"));
        try (CursorWriter writer = open()) {
            assertThat(writer.commits()).hasSize(6);
            assertThat(writer.start()).as("nothing was left out").isZero();
        }
        damaged.removeAll(Set.of("gone1", "gone3"));
        try (CursorWriter writer = open()) {
            assertThat(writer.commits()).containsOnlyKeys("gone0", "gone2", "gone4", "gone5");
        }
    }

    @Test
    void open_fewOfThem_nothingIsWritten() throws Exception {
        try (CursorWriter writer = open()) {
            commit(writer, "gone0", 8, 1);
            commit(writer, "gone1", 8, 2);
        }
        byte[] before = Files.readAllBytes(CursorFiles.cursor(root, NAME));
        start = 1L << 36;
        try (CursorWriter writer = open()) {
            assertThat(writer.start()).isZero();
        }
        assertThat(CursorFiles.cursor(root, NAME)).hasBinaryContent(before);
    }

    @Test
    void commit_moreThanTheBufferHolds_isReadBack() throws Exception {
        List<CursorEntry> entries = IntStream.range(0, 5_000).mapToObj(i -> new CursorEntry(StreamKey.of("key " + i), 8L * i, i)).toList();
        CursorSettings settings = new CursorSettings(salts::incrementAndGet, () -> Instant.EPOCH, 1 << 20, 10_000);
        try (CursorWriter writer = CursorWriter.open(root, NAME, KeyScope.prefix(""), settings, streams)) {
            writer.commit(entries);
            writer.commit(List.of());
        }
        CursorReader reader = new CursorReader(CursorFiles.cursor(root, NAME));
        assertThat(reader.refresh()).isTrue();
        assertThat(reader.commits()).hasSize(5_000).containsEntry("key 4999", new Committed(8L * 4_999, 4_999));
    }

    @Test
    void commit_keysThatComeAndGo_doNotMakeTheFileLonger() throws Exception {
        try (CursorWriter writer = open()) {
            for (int i = 0; i < 2_000; i++) {
                there.clear();
                there.put("job" + i, start);
                commit(writer, "job" + i, start + 8, i);
                there.clear();
                start += 1L << 20;
            }
            assertThat(writer.commits().size()).isLessThan(50);
            assertThat(writer.commits()).containsKey("job1999");
            assertThat(Files.size(CursorFiles.cursor(root, NAME))).isLessThan(2 * COMPACTED_ABOVE);
        }
    }

    /** A consumer of many keys that has one more of each for a while, and commits once in each. */
    @Test
    void commit_manyKeysThatHaveGone_areForgottenBeforeTheyAreMoreThanThoseThatAreThere() throws Exception {
        int keys = 100;
        try (CursorWriter writer = open()) {
            for (int day = 0; day < 20; day++) {
                there.clear();
                for (int i = 0; i < keys; i++) {
                    String key = "job" + day + "/" + i;
                    there.put(key, start);
                    commit(writer, key, start + 8, day);
                }
                start += 1L << 20;
                assertThat(writer.commits().size()).as("day %d", day).isLessThanOrEqualTo(3 * keys);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void streamsThatCannotBeListed_leaveItAsItIs(boolean isOfNewerVersion) throws Exception {
        try (CursorWriter writer = open()) {
            for (int i = 0; i < 5; i++) {
                commit(writer, "gone" + i, 8, i);
            }
        }
        isUnreadable = !isOfNewerVersion;
        isUnsupported = isOfNewerVersion;
        try (CursorWriter writer = open()) {
            assertThat(writer.commits()).hasSize(5);
            for (int i = 1; Files.size(CursorFiles.cursor(root, NAME)) < 4 * COMPACTED_ABOVE; i++) {
                commit(writer, "gone0", 8 + 8L * i, 9);
                assertThat(writer.committed("gone0")).contains(new Committed(8 + 8L * i, 9));
            }
        }
    }
}
