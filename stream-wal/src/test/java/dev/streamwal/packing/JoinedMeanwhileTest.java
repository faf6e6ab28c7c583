package dev.streamwal.packing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.format.StreamKey;
import dev.streamwal.pack.PackEntry;
import dev.streamwal.segment.TimeRange;
import dev.streamwal.storage.FreeSpace;
import dev.streamwal.storage.PositionsWriter;
import dev.streamwal.storage.WriterFence;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A merge joins segments of a stream that follow each other; meanwhile one of them goes. */
class JoinedMeanwhileTest {

    private static final StreamKey A = StreamKey.of("a");
    private static final Duration WINDOW = Duration.ofHours(1);
    private static final int RECORD_BYTES = 40;
    private static final int WINDOWS = 4;

    @TempDir
    Path root;

    private long nowMillis = 1_772_366_400_000L;
    private PackStore store;

    /** A record in each of four windows, all in one shared segment. */
    @BeforeEach
    void pack() throws IOException {
        WalOptions options = WalOptions.builder().clock(() -> Instant.ofEpochMilli(nowMillis)).window(WINDOW).retention(Duration.ofDays(30))
                .sweepInterval(Duration.ZERO).ownSegments(0).build();
        try (StreamWal wal = StreamWal.open(root, options)) {
            for (int window = 0; window < WINDOWS; window++) {
                assertThat(wal.stream("a").append(("part " + window).getBytes(UTF_8)).position()).isEqualTo(window * (long) RECORD_BYTES);
                nowMillis += WINDOW.toMillis();
            }
        }
        try (StreamWal wal = StreamWal.open(root, options)) {
            int unused = wal.pack();
        }
        nowMillis += Duration.ofDays(2).toMillis();
        store = PackStore.open(root, FreeSpace.UNKNOWN, true, false, WriterFence.NONE, PositionsWriter.load(root, () -> false), () -> 0);
        assertThat(store.packs()).hasSize(WINDOWS);
    }

    @AfterEach
    void close() {
        store.close();
    }

    private interface Step {
        void run() throws IOException, InterruptedException;
    }

    private Merger merger() {
        return new Merger(store, stub(Packer.PackedLog.class), stub(Packer.Events.class),
                new MergePlan.Limits(64, 1 << 20, 0, true, store::tableBytes));
    }

    private boolean isMerged(Step meanwhile) throws IOException {
        return isMerged(merger(), meanwhile);
    }

    /** Merges all, and does something when the merge has begun. */
    private static boolean isMerged(Merger merger, Step meanwhile) throws IOException {
        int[] asked = {0};
        return merger.step(() -> {
            // before the merge, and then before each segment
            if (++asked[0] == WINDOWS) {
                try {
                    meanwhile.run();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
            return false;
        });
    }

    private <T> T stub(Class<T> type) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type},
                (proxy, method, arguments) -> method.getName().equals("nowMillis") ? (Object) nowMillis : method.getReturnType() == long.class ? (Object) 0L : null));
    }

    private List<PackEntry> entries() throws IOException {
        return store.places.find(A).stream().map(StreamPlaces.Place::entry).toList();
    }

    @Test
    void step_nothingHappensMeanwhile_joinsThem() throws IOException {
        assertThat(isMerged(() -> {})).isTrue();
        assertThat(entries()).singleElement().satisfies(entry -> assertThat(entry.endPosition()).isEqualTo(WINDOWS * RECORD_BYTES));
    }

    @Test
    void step_theBeginningIsPurgedMeanwhile_theRestStays() throws IOException {
        boolean isMerged = isMerged(() -> store.forgetBelow(Map.of(A, 2L * RECORD_BYTES), List.of()));
        assertThat(entries()).as("merged=%s", isMerged).isNotEmpty();
        assertThat(entries().get(0).basePosition()).isEqualTo(2L * RECORD_BYTES);
        assertThat(entries().get(entries().size() - 1).endPosition()).isEqualTo(WINDOWS * RECORD_BYTES);
        while (isMerged(() -> {})) {
            assertThat(entries().get(0).basePosition()).isEqualTo(2L * RECORD_BYTES);
        }
        assertThat(entries()).as("merged by a later step").hasSize(1);
    }

    @Test
    void step_theEndIsCutOffMeanwhile_staysCutOff() throws IOException {
        boolean isMerged = isMerged(() -> store.cut(A, 2L * RECORD_BYTES, WINDOWS * RECORD_BYTES));
        assertThat(entries()).as("merged=%s", isMerged).isNotEmpty();
        assertThat(entries().get(entries().size() - 1).endPosition()).isEqualTo(2L * RECORD_BYTES);
        while (isMerged(() -> {})) {
            assertThat(entries().get(entries().size() - 1).endPosition()).isEqualTo(2L * RECORD_BYTES);
        }
        assertThat(entries()).as("merged by a later step").hasSize(1);
    }

    @Test
    @Timeout(60)
    void step_recordsAreErasedMeanwhile_leavesNoFileWithThemWhenThatReturns() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch erased = new CountDownLatch(1);
        Merger merger = merger();
        CompletableFuture<Boolean> merge = CompletableFuture.supplyAsync(() -> {
            try {
                return isMerged(merger, () -> {
                    begun.countDown();
                    erased.await();
                });
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        begun.await();
        new PackErasure(store, key -> true, TimeRange.ALL, (key, file, what) -> { }, why -> {
            throw why;
        }, failure -> false).run();
        assertThat(unlisted()).as("before the merge has come to it").hasSize(1);
        erased.countDown();
        merger.awaitVain();
        assertThat(unlisted()).isEmpty();
        assertThat(merge.get()).isFalse();
    }

    private List<Path> unlisted() throws IOException {
        try (Stream<Path> files = Files.list(root.resolve("packs"))) {
            return files.filter(file -> file.getFileName().toString().endsWith(".tmp") || (file.getFileName().toString().endsWith(".pack")
                    && store.packs().stream().noneMatch(pack -> store.file(pack).equals(file)))).toList();
        }
    }
}
