package dev.streamwal.packing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.format.StreamKey;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.pack.PackReader;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.storage.FreeSpace;
import dev.streamwal.storage.PositionsWriter;
import dev.streamwal.storage.WriterFence;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One merge, and what happens beside it. */
class MergerTest {

    private static final StreamKey A = StreamKey.of("a");
    private static final StreamKey B = StreamKey.of("b");
    private static final Duration WINDOW = Duration.ofHours(2);

    @TempDir
    private Path root;

    private long nowMillis = 1_772_366_400_000L;
    private PackStore store;

    /** Two windows, of which the second left several packs, with two streams each. */
    @BeforeEach
    void pack() throws IOException {
        WalOptions options = WalOptions.builder().clock(() -> Instant.ofEpochMilli(nowMillis)).window(WINDOW).retention(Duration.ofDays(30))
                .sweepInterval(Duration.ZERO).ownSegments(0).build();
        for (int part = 0; part < 8; part++) {
            // each opening packs what the one before has left
            try (StreamWal wal = StreamWal.open(root, options)) {
                for (StreamKey key : List.of(A, B)) {
                    EntryRef unused = wal.stream(key.text()).append(("part " + part).getBytes(UTF_8));
                }
                nowMillis += WINDOW.toMillis() / 4;
            }
            try (StreamWal wal = StreamWal.open(root, options)) {
                int unused = wal.pack();
            }
        }
        nowMillis += Duration.ofDays(1).toMillis();
        store = PackStore.open(root, FreeSpace.UNKNOWN, true, false, WriterFence.NONE, PositionsWriter.load(root, () -> false), () -> 0);
        assertThat(store.packs()).as("one of the first window, and four of the second").hasSize(5);
    }

    @AfterEach
    void close() {
        store.close();
    }

    private Merger merger() {
        Packer.PackedLog log = stub(Packer.PackedLog.class);
        return new Merger(store, log, stub(Packer.Events.class), new MergePlan.Limits(64, 1 << 20, 0, true, store::tableBytes));
    }

    private <T> T stub(Class<T> type) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type},
                (proxy, method, arguments) -> method.getName().equals("nowMillis") ? (Object) nowMillis : method.getReturnType() == long.class ? (Object) 0L : null));
    }

    private List<Long> bases(StreamKey key) throws IOException {
        return store.places.find(key).stream().map(place -> place.entry().basePosition()).toList();
    }

    /** A pack with a higher number, as packing lists them all the time, and a deletion. */
    private void listAndDelete() {
        try {
            ListedPack first = store.packs().get(0);
            PackReader reader = store.reader(first);
            store.add(store.writtenInPlaceOf(reader, writer -> writer.add(reader, reader.find(A).get(0))));
            store.forgetBelow(Map.of(B, Long.MAX_VALUE), List.of());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void step_packListedAndStreamDeletedMeanwhile_isListedWithoutThatStream() throws IOException {
        int before = store.packs().size();
        List<Long> ofA = bases(A);
        AtomicBoolean isDone = new AtomicBoolean();
        assertThat(merger().step(() -> {
            // asked before each segment; the first time before the merge begins
            if (store.packs().size() == before && isBegun() && isDone.compareAndSet(false, true)) {
                listAndDelete();
            }
            return false;
        })).isTrue();
        assertThat(isDone).isTrue();
        assertThat(store.packs()).as("the merged one, and the one that came").hasSize(2);
        assertThat(store.packs().get(0).number()).isLessThan(store.manifest().highestNumber());
        assertThat(bases(B)).isEmpty();
        assertThat(bases(A)).contains(ofA.get(0));
        store.close();
        store = PackStore.open(root, FreeSpace.UNKNOWN, true, false, WriterFence.NONE, PositionsWriter.load(root, () -> false), () -> 0);
        assertThat(bases(B)).isEmpty();
    }

    /** Whether a file that isn't listed is being written. */
    private boolean isBegun() {
        try (var files = Files.list(root.resolve("packs"))) {
            return files.anyMatch(file -> file.getFileName().toString().endsWith(".tmp") || !isListed(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean isListed(Path file) {
        return store.packs().stream().anyMatch(pack -> store.file(pack).getFileName().equals(file.getFileName()))
                || !file.getFileName().toString().endsWith(".pack");
    }

    /** One pack of a window can't be read: the others are merged, and it is tried again later only. */
    @Test
    void step_packCannotBeRead_othersAreMerged() throws IOException {
        Path bad = store.file(store.packs().get(1));
        store.close();
        Files.delete(bad);
        Files.createDirectory(bad);
        store = PackStore.open(root, FreeSpace.UNKNOWN, true, false, WriterFence.NONE, PositionsWriter.load(root, () -> false), () -> 0);
        Merger merger = merger();
        List<Exception> failures = new ArrayList<>();
        int merged = 0;
        for (int step = 0; step < 8; step++) {
            try {
                merged += merger.step(() -> false) ? 1 : 0;
            } catch (IOException | RuntimeException e) {
                failures.add(e);
            }
        }
        assertThat(failures).hasSize(1);
        assertThat(merged).isPositive();
        assertThat(store.packs()).as("the merged one, and the bad one").hasSize(2);
    }

    /** Only packs above some size are opened for their table's length. */
    @Test
    void tableBytes_largePackEndsEarly_isNoFailure() throws IOException {
        ListedPack pack = store.packs().get(0);
        ListedPack large = new ListedPack(pack.number(), pack.window(), pack.expirationMillis(), pack.optionsHash(), pack.level(), pack.isCompressed(), 1 << 20,
                pack.segments(), pack.records());
        try (FileChannel file = FileChannel.open(store.file(pack), StandardOpenOption.WRITE)) {
            FileChannel unused = file.truncate(file.size() - 16);
        }
        assertThat(store.tableBytes(large)).isZero();
    }

    /** What can't be looked at counts as it is listed, and no pack beside it: the log's figures are there nevertheless. */
    @Test
    void segments_packWithDeletionsCannotBeRead_countsAllThatIsListedOfIt() throws IOException {
        long all = store.places.segments();
        store.forgetBelow(Map.of(B, Long.MAX_VALUE), List.of());
        assertThat(store.places.segments()).isEqualTo(all / 2);
        ListedPack pack = store.packs().get(0);
        Path bad = store.file(pack);
        store.close();
        Files.delete(bad);
        Files.createDirectory(bad);
        store = PackStore.open(root, FreeSpace.UNKNOWN, true, false, WriterFence.NONE, PositionsWriter.load(root, () -> false), () -> 0);
        assertThat(store.places.segments()).isEqualTo(all / 2 + pack.segments() / 2);
    }
}
