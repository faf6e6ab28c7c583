package dev.streamwal.packing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.error.WalException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.retention.ExpiryPlan;
import dev.streamwal.retention.HeldBack;
import dev.streamwal.storage.FreeSpace;
import dev.streamwal.storage.PositionsWriter;
import dev.streamwal.storage.WriterFence;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a sweep does to packs, step by step, and what happens in between. */
class DuePacksTest {

    private static final StreamKey A = StreamKey.of("a");
    private static final StreamKey B = StreamKey.of("b");
    private static final StreamKey C = StreamKey.of("c");

    @TempDir
    private Path root;

    private long nowMillis = 1_772_366_400_000L;
    private final List<Exception> failures = new ArrayList<>();

    /** One pack with a record of each of three streams. */
    @BeforeEach
    void pack() {
        WalOptions options = WalOptions.builder().clock(() -> Instant.ofEpochMilli(nowMillis)).window(Duration.ofSeconds(10))
                .retention(Duration.ofHours(1)).sweepInterval(Duration.ZERO).ownSegments(0).build();
        try (StreamWal wal = StreamWal.open(root, options)) {
            for (StreamKey key : List.of(A, B, C)) {
                EntryRef unused = wal.stream(key.text()).append("one".getBytes(UTF_8));
            }
            nowMillis += 20_000;
            assertThat(wal.pack()).isPositive();
            assertThat(wal.stats().packs()).isEqualTo(1);
        }
    }

    private PackStore store() throws IOException {
        return PackStore.open(root, FreeSpace.UNKNOWN, true, false, WriterFence.NONE, PositionsWriter.load(root, () -> false), () -> 0);
    }

    private record Going(Set<StreamKey> keys) implements DuePacks.Rule {
        @Override
        public int going(StreamKey key, List<HeldBack.Due> dues) {
            return keys.contains(key) ? dues.size() : 0;
        }

        @Override
        public boolean isUnreadableGoing(ListedPack pack, ExpiryPlan.Cause cause) {
            return false;
        }
    }

    private DuePacks<Going> due(PackStore store, Set<StreamKey> going) {
        List<ExpiryPlan.Deletion> plan = store.packs().stream().map(pack -> new ExpiryPlan.Deletion(PackSweep.KEY,
                new ExpiryPlan.Segment(pack.number(), pack.expirationMillis(), pack.window().endMillis(), pack.bytes(), true),
                ExpiryPlan.Cause.EXPIRED)).toList();
        return new DuePacks<>(store, plan, () -> new Going(going), pack -> {}, failures::add);
    }

    @Test
    void carryOut_someStreamsStay_areInThePackInstead() throws IOException {
        PackStore store = store();
        DuePacks<Going> due = due(store, Set.of(A));
        assertThat(due.decide().keys()).containsExactly(A);
        List<String> gone = new ArrayList<>();
        assertThat(due.carryOut(each -> gone.add(each.key()))).isTrue();
        assertThat(gone).containsExactly(A.text());
        assertThat(store.places.find(A)).isEmpty();
        assertThat(store.places.find(B)).hasSize(1);
        assertThat(store.places.find(C)).hasSize(1);
        assertThat(failures).isEmpty();
        store.close();
    }

    @Test
    void carryOut_streamWasDeletedSinceThatWasDecided_staysDeleted() throws IOException {
        PackStore store = store();
        DuePacks<Going> due = due(store, Set.of(A));
        assertThat(due.decide().keys()).containsExactly(A);
        store.forgetBelow(Map.of(B, Long.MAX_VALUE), List.of());
        assertThat(due.carryOut(each -> {})).isTrue();
        assertThat(store.packs()).hasSize(1);
        assertThat(store.places.find(B)).isEmpty();
        assertThat(store.places.find(C)).hasSize(1);
        store.close();
        PackStore again = store();
        assertThat(again.places.find(B)).isEmpty();
        assertThat(again.places.find(C)).hasSize(1);
        assertThat(failures).isEmpty();
        again.close();
    }

    /** As where there are more streams than the list of packs has room for deletions. */
    @Test
    void purge_listHasNoRoomForMoreDeletions_removesWholePacks() throws IOException {
        PackStore store = store();
        Map<StreamKey, Long> others = new HashMap<>();
        for (int i = 0; i < Manifest.MAX_VOID_RANGES; i++) {
            others.put(StreamKey.of("k/" + i), Long.MAX_VALUE);
        }
        store.forgetBelow(others, List.of());
        assertThatThrownBy(() -> store.forget(A, 0, Long.MAX_VALUE)).isInstanceOf(WalException.class).hasMessageContaining("no room for more deletions");
        assertThatThrownBy(() -> store.forgetBelow(Map.of(A, Long.MAX_VALUE), List.of())).isInstanceOf(WalException.class)
                .hasMessageContaining("deletions=1048576, more=1");
        assertThat(store.places.find(A)).hasSize(1);

        List<StreamKey> gone = new ArrayList<>();
        PackedRemoval purge = new PackedRemoval(store, true, (key, segment) -> gone.add(key));
        for (StreamKey key : List.of(A, B, C)) {
            purge.putOff(key, Long.MAX_VALUE, store.places.find(key), false);
        }
        purge.finish();
        assertThat(gone).containsExactly(A, B, C);
        assertThat(store.packs()).isEmpty();
        assertThat(store.manifest().voidRanges()).isEmpty();
        store.close();
    }

    @Test
    void purge_ofSomeStreams_removesPacksOfWhichNothingElseCounts() throws IOException {
        PackStore store = store();
        PackedRemoval some = new PackedRemoval(store, true, (key, segment) -> {});
        some.putOff(A, Long.MAX_VALUE, store.places.find(A), false);
        some.finish();
        assertThat(store.packs()).hasSize(1);
        assertThat(store.places.find(A)).isEmpty();
        assertThat(store.places.find(B)).hasSize(1);

        PackedRemoval rest = new PackedRemoval(store, true, (key, segment) -> {});
        rest.putOff(B, Long.MAX_VALUE, store.places.find(B), true);
        rest.putOff(C, Long.MAX_VALUE, store.places.find(C), false);
        rest.finish();
        assertThat(store.packs()).isEmpty();
        store.close();
    }

    /** Beside a purge a stream may be deleted, whose segments it has found: what stays has to be found missing, not to be counted. */
    @Test
    void purge_oneOfItsStreamsWasDeletedMeanwhile_leavesTheOthers() throws IOException {
        PackStore store = store();
        PackedRemoval purge = new PackedRemoval(store, true, (key, segment) -> {});
        purge.putOff(A, Long.MAX_VALUE, store.places.find(A), false);
        purge.putOff(B, Long.MAX_VALUE, store.places.find(B), false);
        store.forget(A, 0, Long.MAX_VALUE);
        purge.finish();
        assertThat(store.places.find(A)).isEmpty();
        assertThat(store.places.find(B)).isEmpty();
        assertThat(store.places.find(C)).hasSize(1);
        store.close();
    }

    /** A damaged pack may come back from a backup, with what was deleted. */
    @Test
    void dropUnneededVoids_ofStreamsThatNothingListedHas_onlyWhereAllCanBeRead() throws IOException {
        PackStore store = store();
        store.forgetBelow(Map.of(B, Long.MAX_VALUE, StreamKey.of("never packed"), Long.MAX_VALUE), List.of());
        assertThat(store.dropUnneededVoids()).isEqualTo(1);
        assertThat(store.manifest().isVoid(B, 0, store.packs().get(0).number())).isTrue();
        store.forgetBelow(Map.of(StreamKey.of("never packed"), Long.MAX_VALUE), List.of());
        Path pack = store.file(store.packs().get(0));
        store.close();
        try (FileChannel file = FileChannel.open(pack, StandardOpenOption.WRITE)) {
            int unused = file.write(ByteBuffer.allocate(16), file.size() - 16);
        }
        PackStore again = store();
        assertThat(again.dropUnneededVoids()).isEqualTo(2);
        again.close();
    }
}
