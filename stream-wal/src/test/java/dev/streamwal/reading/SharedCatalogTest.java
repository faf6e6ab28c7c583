package dev.streamwal.reading;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.Segments;
import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SharedCatalog;
import dev.streamwal.format.StreamKey;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalReader;
import dev.streamwal.segment.ReadSettings;
import dev.streamwal.shared.SharedSegment;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A shared segment that was asked for one stream has an index of that stream only, until it is asked for another one. */
class SharedCatalogTest {

    private static final StreamKey A = StreamKey.of("a");
    private static final StreamKey B = StreamKey.of("b");

    @TempDir
    Path root;

    private final AtomicReference<Instant> time = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));

    private WalOptions sharing() {
        return WalOptions.builder().clock(time::get).window(Duration.ofHours(1)).sweepInterval(Duration.ZERO)
                .streams("*", StreamOptions.builder().segments(Segments.SHARED).build()).build();
    }

    private LogSource source() throws IOException {
        return new LogSource(root, new ReadSettings(1 << 20, 16, 4 << 10, 64 << 10, 1 << 20, false, InstantSource.system()), null);
    }

    private static List<SharedSegment> published(LogSource log, @Nullable StreamKey stream) throws IOException {
        return log.shared().published(stream, log.packs().manifest());
    }

    private static void append(StreamWal wal, String... keys) throws IOException {
        for (String key : keys) {
            wal.stream(key).append(key.getBytes(UTF_8));
        }
    }

    private void packAll(StreamWal wal) {
        time.set(time.get().plus(Duration.ofHours(2)));
        assertThat(wal.pack()).isPositive();
    }

    @Test
    void published_forOneStream_findsThatOne_untilAnotherOneIsAskedFor() throws Exception {
        try (StreamWal wal = StreamWal.open(root, sharing()); LogSource log = source()) {
            append(wal, "b", "a", "c", "a", "b");

            SharedSegment ofOne = published(log, A).get(0);
            assertThat(ofOne.finds(A)).isTrue();
            assertThat(ofOne.finds(B)).isFalse();
            assertThat(ofOne.parts(B)).isEmpty();
            assertThat(ofOne.arrivals(0)).extracting(StreamKey::text).containsExactly("a");
            assertThat(ofOne.parts(A)).hasSize(1);
            append(wal, "a", "b");
            assertThat(published(log, A)).containsExactly(ofOne);

            SharedSegment ofAll = published(log, B).get(0);
            assertThat(ofAll.finds(null)).isTrue();
            assertThat(published(log, A)).containsExactly(ofAll);
            assertThat(published(log, null)).containsExactly(ofAll);
            for (StreamKey key : List.of(A, B)) {
                assertThat(SharedCatalog.end(ofAll, key, log.packs().manifest())).isEqualTo(wal.stream(key.text()).endPosition());
            }
            assertThat(SharedCatalog.end(ofOne, A, log.packs().manifest())).isEqualTo(wal.stream("a").endPosition());

            packAll(wal);
            append(wal, "a", "b");
            assertThat(published(log, A)).singleElement().matches(segment -> !segment.finds(B), "has an index of one stream");
        }
    }

    /** A batch is led by a record of its own, which has no stream. */
    @Test
    void published_forOneStream_betweenBatchesOfOthers_hasItsRecordsOnly() throws Exception {
        try (StreamWal wal = StreamWal.open(root, sharing()); WalReader reader = WalReader.open(root)) {
            List<String> expected = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                wal.stream("b").appendBatch(List.of(WriteEntry.of(new byte[8]), WriteEntry.of(new byte[8])));
                wal.stream("a").append(("single " + i).getBytes(UTF_8));
                wal.stream("a").appendBatch(List.of(WriteEntry.of(("first " + i).getBytes(UTF_8)), WriteEntry.of(("second " + i).getBytes(UTF_8))));
                expected.addAll(List.of("single " + i, "first " + i, "second " + i));
            }
            List<String> read = new ArrayList<>();
            try (EntryCursor cursor = reader.scan("a")) {
                while (cursor.next()) {
                    read.add(cursor.content().toString(UTF_8));
                }
            }
            assertThat(read).isEqualTo(expected);
        }
    }

    @Test
    void list_ofFilesOnly_leavesIndicesAlone() throws Exception {
        try (StreamWal wal = StreamWal.open(root, sharing()); LogSource log = source()) {
            append(wal, "a", "b");
            SharedSegment ofOne = published(log, A).get(0);
            assertThat(log.shared().unpacked(log.packs().manifest())).containsExactly(ofOne.file());
            assertThat(log.shared().oldest(log.packs().manifest())).isEqualTo(ofOne.file().basePosition());
            assertThat(published(log, A)).containsExactly(ofOne);
        }
    }

    @Test
    void arrivals_ofAllStreams_behindALookAtOne_missNothing() throws Exception {
        try (StreamWal wal = StreamWal.open(root, sharing()); WalReader reader = WalReader.open(root)) {
            append(wal, "a", "b");
            assertThat(reader.latest("a")).isPresent();
            try (EntryTail tail = reader.follow(Keys.all(), ReadFrom.first())) {
                List<String> keys = new ArrayList<>();
                while (keys.size() < 2 && tail.next(Duration.ofSeconds(30))) {
                    keys.add(tail.key());
                }
                append(wal, "c");
                assertThat(tail.next(Duration.ofSeconds(30))).isTrue();
                keys.add(tail.key());
                assertThat(keys).containsExactlyInAnyOrder("a", "b", "c");
            }
        }
    }

    @Test
    void whoReadsOneStream_whileAnotherIsAskedFor_goesOn_inTheWritersProcess() throws Exception {
        try (StreamWal wal = StreamWal.open(root, sharing()); WalReader reader = wal.reader()) {
            whoReadsOneStreamGoesOn(wal, reader);
        }
    }

    @Test
    void whoReadsOneStream_whileAnotherIsAskedFor_goesOn_inAnotherProcess() throws Exception {
        try (StreamWal wal = StreamWal.open(root, sharing()); WalReader reader = WalReader.open(root)) {
            whoReadsOneStreamGoesOn(wal, reader);
        }
    }

    /** A tail and a scan that stand in a part, of a segment with an index of one stream, while the segment gets one of all streams. */
    private void whoReadsOneStreamGoesOn(StreamWal wal, WalReader reader) throws Exception {
        append(wal, "a", "b", "a", "b", "a");
        try (EntryTail tail = reader.follow("a", ReadFrom.first()); EntryCursor scan = reader.scan("a")) {
            assertThat(tail.next(Duration.ofSeconds(30))).isTrue();
            assertThat(scan.next()).isTrue();
            assertThat(reader.latest("b")).isPresent();
            append(wal, "a", "b", "a");
            long before = tail.position();
            int rest = 0;
            while (rest < 4 && tail.next(Duration.ofSeconds(30))) {
                assertThat(tail.position()).isGreaterThan(before);
                before = tail.position();
                rest++;
            }
            assertThat(rest).isEqualTo(4);
            packAll(wal);
            append(wal, "b", "a");
            assertThat(reader.latest("b")).isPresent();
            assertThat(tail.next(Duration.ofSeconds(30))).isTrue();
            assertThat(tail.position()).isGreaterThan(before);
            int scanned = 1;
            while (scan.next()) {
                scanned++;
            }
            assertThat(scanned).isGreaterThanOrEqualTo(3);
        }
        assertThat(reader.latest("a")).isPresent();
        int records = 0;
        try (EntryCursor all = reader.scan("a")) {
            while (all.next()) {
                records++;
            }
        }
        assertThat(records).isEqualTo(6);
    }
}
