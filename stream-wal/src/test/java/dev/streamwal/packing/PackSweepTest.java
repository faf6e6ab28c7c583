package dev.streamwal.packing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.error.WalException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.storage.FreeSpace;
import dev.streamwal.storage.PositionsWriter;
import dev.streamwal.storage.SegmentStorage;
import dev.streamwal.storage.WriterFence;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How packs get rid of what was deleted in them, and what looking for that reads. */
class PackSweepTest {

    private static final Duration WINDOW = Duration.ofHours(2);
    private static final int WINDOWS = 3;
    /** So many that a table has several blocks. */
    private static final int KEYS = 2_000;

    @TempDir
    private Path root;

    private long nowMillis = 1_772_366_400_000L;
    private PackStore store;
    private final List<Exception> failures = new ArrayList<>();

    @BeforeEach
    void pack() throws IOException {
        WalOptions options = WalOptions.builder().clock(() -> Instant.ofEpochMilli(nowMillis)).window(WINDOW).retention(Duration.ofDays(1))
                .sweepInterval(Duration.ZERO).ownSegments(0).build();
        try (StreamWal wal = StreamWal.open(root, options)) {
            for (int window = 0; window < WINDOWS; window++) {
                for (int i = 0; i < KEYS; i++) {
                    EntryRef unused = wal.stream(key(i).text()).append(new byte[8]);
                }
                nowMillis += WINDOW.toMillis();
                assertThat(wal.pack()).isPositive();
            }
        }
        store = PackStore.open(root, FreeSpace.UNKNOWN, true, false, WriterFence.NONE, PositionsWriter.load(root, () -> false), () -> 0);
        assertThat(store.packs()).hasSize(WINDOWS);
    }

    @AfterEach
    void close() {
        store.close();
    }

    private static StreamKey key(int i) {
        return StreamKey.of("key/" + i);
    }

    private int reclaim() {
        int reclaimed = new PackSweep(store).reclaim(failures::add);
        assertThat(failures).isEmpty();
        return reclaimed;
    }

    private void forget(int from, int to) throws IOException {
        Map<StreamKey, Long> below = new HashMap<>();
        for (int i = from; i < to; i++) {
            below.put(key(i), Long.MAX_VALUE);
        }
        store.forgetBelow(below, List.of());
    }

    private long readWhile(Runnable action) {
        long before = store.channels.readBytes();
        action.run();
        return store.channels.readBytes() - before;
    }

    @Test
    void reclaim_oneStreamWasDeleted_readsItsPlaceOfEachTable_andThenNothing() throws IOException {
        long tables = 0;
        for (ListedPack pack : store.packs()) {
            tables += pack.bytes() - store.reader(pack).segmentBytes();
        }
        forget(7, 8);
        assertThat(readWhile(() -> assertThat(reclaim()).isZero())).isPositive().isLessThan(tables);
        assertThat(readWhile(() -> assertThat(reclaim()).isZero())).as("nothing was deleted since").isZero();
        assertThat(store.places.segments()).isEqualTo(WINDOWS * (KEYS - 1L));
        forget(9, 10);
        assertThat(readWhile(() -> assertThat(reclaim()).isZero())).as("looked for again").isPositive().isLessThan(tables);
        assertThat(store.places.segments()).isEqualTo(WINDOWS * (KEYS - 2L));
    }

    @Test
    void reclaim_littleByLittleMoreThanAThirdIsDeleted_rewritesThen() throws IOException {
        for (int i = 0; i < 6; i++) {
            forget(i * KEYS / 20, (i + 1) * KEYS / 20);
            assertThat(reclaim()).isZero();
        }
        forget(6 * KEYS / 20, 7 * KEYS / 20);
        long bytes = store.packs().stream().mapToLong(ListedPack::bytes).sum();
        assertThat(reclaim()).isEqualTo(WINDOWS);
        assertThat(store.packs()).allSatisfy(pack -> assertThat(pack.segments()).isEqualTo(13 * KEYS / 20));
        assertThat(store.packs().stream().mapToLong(ListedPack::bytes).sum()).isLessThan(bytes * 3 / 4);
        assertThat(store.places.segments()).isEqualTo(WINDOWS * 13L * KEYS / 20);
        assertThat(reclaim()).isZero();
        for (int i = 0; i < 7 * KEYS / 20; i++) {
            assertThat(store.places.find(key(i))).isEmpty();
        }
        assertThat(store.places.find(key(KEYS - 1))).hasSize(WINDOWS);
    }

    /** Each is listed, and there is a limit for that. */
    @Test
    void reclaim_manyAreDeletedAndLittleOfEachPack_rewritesEachOnce_andListsThemNoLonger() throws IOException {
        PackSweep sweep = new PackSweep(store, new ManyVoids(30));
        forget(0, 29);
        assertThat(sweep.reclaim(failures::add)).isZero();
        forget(29, 30);
        assertThat(sweep.reclaim(failures::add)).isEqualTo(WINDOWS);
        assertThat(store.manifest().voidCount()).isZero();
        assertThat(store.packs()).allSatisfy(pack -> assertThat(pack.segments()).isEqualTo(KEYS - 30));
        assertThat(store.places.find(key(0))).isEmpty();
        assertThat(store.places.find(key(29))).isEmpty();
        assertThat(store.places.find(key(30))).hasSize(WINDOWS);
        // and so on, without end
        for (int i = 1; i <= 5; i++) {
            forget(i * 30, i * 30 + 15);
            assertThat(sweep.reclaim(failures::add)).isZero();
            forget(i * 30 + 15, i * 30 + 30);
            assertThat(sweep.reclaim(failures::add)).isEqualTo(WINDOWS);
            assertThat(store.manifest().voidCount()).isZero();
        }
        assertThat(failures).isEmpty();
    }

    /** Deletions come faster than packing passes. */
    @Test
    void makeRoomForDeletion_listIsFull_isMadeByWhoDeletes() throws IOException {
        Map<StreamKey, Long> others = new HashMap<>();
        for (int i = 0; i < Manifest.MAX_VOID_RANGES; i++) {
            others.put(StreamKey.of("of no pack/" + i), Long.MAX_VALUE);
        }
        store.forgetBelow(others, List.of());
        assertThatThrownBy(() -> forget(0, 1)).isInstanceOf(WalException.class).hasMessageContaining("no room for more deletions");
        Packer packer = new Packer(store, new PackSweep(store), stub(SegmentStorage.class), stub(Packer.PackedLog.class), stub(Packer.Events.class), 1, 1);
        packer.makeRoomForDeletion();
        forget(0, 1);
        assertThat(store.manifest().voidCount()).isEqualTo(1);
        assertThat(store.places.find(key(0))).isEmpty();
        assertThat(store.places.find(key(1))).hasSize(WINDOWS);
    }

    private static <T> T stub(Class<T> type) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type},
                (proxy, method, arguments) -> method.getReturnType() == long.class ? 0L : null));
    }

    @Test
    void reclaim_allIsDeleted_removesThePacks() throws IOException {
        forget(0, KEYS - 1);
        forget(KEYS - 1, KEYS);
        assertThat(reclaim()).isEqualTo(WINDOWS);
        assertThat(store.packs()).isEmpty();
        assertThat(store.places.segments()).isZero();
    }

    @Test
    void segments_afterReopening_areCountedAgain() throws IOException {
        forget(0, 10);
        assertThat(store.places.segments()).isEqualTo(WINDOWS * (KEYS - 10L));
        store.close();
        store = PackStore.open(root, FreeSpace.UNKNOWN, true, false, WriterFence.NONE, PositionsWriter.load(root, () -> false), () -> 0);
        assertThat(store.places.segments()).isEqualTo(WINDOWS * (KEYS - 10L));
        assertThat(reclaim()).isZero();
    }
}
