package dev.streamwal.packing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.engine.OpenFailures;
import dev.streamwal.error.TierUnavailableException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.objectstore.ObjectStore;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.pack.PackTableFile;
import dev.streamwal.simulation.SimulatedDisk;
import dev.streamwal.storage.FreeSpace;
import dev.streamwal.storage.PositionsWriter;
import dev.streamwal.storage.WriterFence;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TieringTest {

    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");
    private static final Duration WINDOW = Duration.ofHours(1);
    private static final Duration RETENTION = Duration.ofDays(30);
    private static final int WINDOWS = 4;
    /** Smaller than two packs. */
    private static final int SMALL_DISK_BYTES = 512;
    /** So many looks, 1 ms apart, for what comes at once. */
    private static final int MAX_LOOKS = 60_000;

    @TempDir
    Path root;

    @TempDir
    Path tier;

    /**
     * The change of the manifest by which a pack came lists it before it is over, and ends with deleting tables of packs that aren't in the tier. Here that
     * end comes when the pass has copied the pack, and waits for the lock of packing.
     */
    @Test
    void pass_theChangeThatListedThePackEndsMeanwhile_thePackHasItsTable() throws Exception {
        writeLog();
        PackStore store = PackStore.open(root, FreeSpace.UNKNOWN, true, false, WriterFence.NONE, PositionsWriter.load(root, () -> true), () -> 0);
        List<ListedPack> packs = store.manifest().packsInOrder();
        assertThat(packs).isNotEmpty();
        // behind all waiting for merges, and before anything expires
        long now = BEGIN.plus(RETENTION.dividedBy(3)).toEpochMilli();
        Tiering tiering = new Tiering(store, stub(Packer.PackedLog.class, now), stub(Packer.Events.class, 0), new Tiering.Settings(tier, 0, 1), () -> 7, () -> 0);
        AtomicReference<Thread> passing = new AtomicReference<>();
        ExecutorService other = Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task);
            passing.set(thread);
            return thread;
        });
        try {
            Future<Integer> pass = store.whilePacking(() -> {
                Future<Integer> begun = other.submit(tiering::pass);
                awaitWaiting(passing, begun);
                for (ListedPack pack : packs) {
                    store.changes.discard(pack.number());
                }
                return begun;
            });
            assertThat(pass.get(1, TimeUnit.MINUTES)).isEqualTo(packs.size());
        } finally {
            other.shutdownNow();
        }
        for (ListedPack pack : packs) {
            assertThat(store.manifest().isInTier(pack)).isTrue();
            assertThat(PackTableFile.isWhole(root, pack.number(), pack.bytes())).as("table of pack %d", pack.number()).isTrue();
        }
        assertThat(names()).noneMatch(name -> name.endsWith(".tmp") || name.endsWith(".pack"));
    }

    /** Else each would be listed until all packs in the tier expire, and there is a limit for that. */
    @Test
    void pass_manyWereDeletedInPacksInTheTier_thesePacksAreFetchedOneByOneAndWrittenAnew() throws IOException {
        writeLog("gone", "meter");
        PackStore store = store(FreeSpace.UNKNOWN);
        long now = BEGIN.plus(RETENTION.dividedBy(3)).toEpochMilli();
        Tiering tiering = new Tiering(store, stub(Packer.PackedLog.class, now), stub(Packer.Events.class, 0), new Tiering.Settings(tier, 0, 1), () -> 7,
                () -> 0);
        int packs = tiering.pass();
        assertThat(packs).isPositive().isEqualTo(store.manifest().objects().size());
        store.forgetBelow(Map.of(StreamKey.of("gone"), Long.MAX_VALUE), List.of());
        PackSweep sweep = new PackSweep(store, new ManyVoids(1));
        List<Exception> failures = new ArrayList<>();
        int rewritten = 0;
        for (int pass = 0; pass <= packs; pass++) {
            rewritten += sweep.reclaim(failures::add);
            int unused = tiering.pass();
            assertThat(store.manifest().objects().size()).as("in the tier, all but one or two").isGreaterThanOrEqualTo(packs - 2);
        }
        assertThat(failures).isEmpty();
        assertThat(rewritten).isEqualTo(packs);
        assertThat(store.manifest().voidCount()).isZero();
        assertThat(store.places.find(StreamKey.of("gone"))).isEmpty();
        assertThat(store.places.find(StreamKey.of("meter"))).hasSize(WINDOWS);
        store.close();
    }

    private Tiering tiering(PackStore store, ObjectStore objects) {
        // behind all waiting for merges, and before anything expires
        long now = BEGIN.plus(RETENTION.dividedBy(3)).toEpochMilli();
        AtomicLong random = new AtomicLong(7);
        return new Tiering(store, stub(Packer.PackedLog.class, now), stub(Packer.Events.class, 0), new Tiering.Settings(objects.folder(), 0, 1),
                random::incrementAndGet, () -> 0);
    }

    private PackStore store(FreeSpace freeSpace) throws IOException {
        return PackStore.open(root, freeSpace, true, false, WriterFence.NONE, PositionsWriter.load(root, () -> true), () -> 0);
    }

    /** As where the disk is full. */
    @Test
    void pass_tableCannotBeWritten_uploadsNothing() throws IOException {
        writeLog();
        PackStore store = store(FreeSpace.UNKNOWN);
        for (ListedPack pack : store.manifest().packsInOrder()) {
            // a directory stands where the file would be
            Files.createDirectories(PackFiles.temporaryTable(root, pack.number()).resolve("full"));
        }
        ObjectStore objects = new ObjectStore();
        assertThatThrownBy(() -> tiering(store, objects).pass()).isInstanceOf(IOException.class);
        assertThat(objects.calls()).isNotEmpty().noneMatch(call -> call.contains(".pack"));
    }

    @Test
    void pass_uploadFails_leavesNoTable() throws IOException {
        writeLog();
        PackStore store = store(FreeSpace.UNKNOWN);
        ObjectStore objects = new ObjectStore();
        objects.weather(new ObjectStore.Weather() {
            @Override
            public void before(ObjectStore.Call call, String object) throws IOException {
                if (object.endsWith(".pack")) {
                    throw new IOException("refused");
                }
            }
        });
        assertThatThrownBy(() -> tiering(store, objects).pass()).hasMessageContaining("refused");
        assertThat(names()).noneMatch(name -> name.endsWith(".tmp"));
    }

    /** A pack is fetched to be written anew: a disk that the attempt fills takes no appends. */
    @Test
    void fetch_diskHasNoRoomForThePackAndWhatComesOfIt_readsNothing() throws IOException {
        writeLog();
        ObjectStore objects = new ObjectStore();
        PackStore before = store(FreeSpace.UNKNOWN);
        assertThat(tiering(before, objects).pass()).isPositive();
        ListedPack pack = before.manifest().packsInOrder().get(0);
        before.close();
        int calls = objects.calls().size();
        Tiering small = tiering(store(FreeSpace.of(new SimulatedDisk(SMALL_DISK_BYTES).path("/"))), objects);
        assertThatThrownBy(() -> small.fetch(pack)).hasMessageContaining("no space left").hasMessageContaining("bytes=" + pack.bytes());
        assertThat(objects.calls()).hasSize(calls);
        PackStore large = store(FreeSpace.UNKNOWN);
        tiering(large, objects).fetch(pack);
        assertThat(large.manifest().isInTier(pack)).isFalse();
    }

    /** A call that hangs throws nothing: the thread that packs tells of it, once, and the end of the pass settles it. */
    @Test
    void reportStuckPass_callHangs_reportsItOnceForEachCall() throws Exception {
        writeLog();
        PackStore store = PackStore.open(root, FreeSpace.UNKNOWN, true, false, WriterFence.NONE, PositionsWriter.load(root, () -> true), () -> 0);
        long now = BEGIN.plus(RETENTION.dividedBy(3)).toEpochMilli();
        AtomicLong steadyNanos = new AtomicLong();
        List<Throwable> failures = new CopyOnWriteArrayList<>();
        OpenFailures open = new OpenFailures(() -> BEGIN);
        Packer.Events events = proxy(Packer.Events.class, (name, arguments) -> {
            if (name.equals("failed")) {
                failures.add((Throwable) arguments[2]);
                open.failed((String) arguments[0], null, (Throwable) arguments[2]);
            } else if (name.equals("ended")) {
                open.endedForAll((String) arguments[0], (long) arguments[1]);
            }
            return open.begins();
        });
        ObjectStore objects = new ObjectStore();
        Semaphore hanging = new Semaphore(0);
        Semaphore free = new Semaphore(0);
        objects.weather(new ObjectStore.Weather() {
            @Override
            public void before(ObjectStore.Call call, String object) {
                if (call == ObjectStore.Call.LIST || call == ObjectStore.Call.WRITE) {
                    hanging.release();
                    free.acquireUninterruptibly();
                }
            }
        });
        Tiering tiering = new Tiering(store, stub(Packer.PackedLog.class, now), events, new Tiering.Settings(objects.folder(), 0, 1), () -> 7, steadyNanos::get);
        tiering.reportStuckPass();
        ExecutorService other = Executors.newSingleThreadExecutor();
        try {
            Future<Integer> pass = other.submit(tiering::pass);
            int calls = 2;
            for (int call = 0; call < calls; call++) {
                assertThat(hanging.tryAcquire(1, TimeUnit.MINUTES)).isTrue();
                steadyNanos.addAndGet(TierProgress.MAX_CALL_NANOS - 1);
                tiering.reportStuckPass();
                assertThat(failures).hasSize(call);
                steadyNanos.addAndGet(1);
                tiering.reportStuckPass();
                tiering.reportStuckPass();
                assertThat(failures).hasSize(call + 1);
                assertThat(failures.get(call)).isInstanceOf(TierUnavailableException.class).hasMessageContaining("seconds=300, tier=objects://store/");
                free.release();
            }
            assertThat(open.view().last()).isPresent();
            free.release(Integer.MAX_VALUE / 2);
            assertThat(pass.get(1, TimeUnit.MINUTES)).isPositive();
            assertThat(open.view().last()).as("failures that the pass has left").isEmpty();
        } finally {
            free.release(Integer.MAX_VALUE / 4);
            other.shutdownNow();
        }
        steadyNanos.addAndGet(TierProgress.MAX_CALL_NANOS);
        tiering.reportStuckPass();
        assertThat(failures).hasSize(2);
    }

    /** Until the pass has written a table, under whatever name, and waits. */
    private void awaitWaiting(AtomicReference<Thread> passing, Future<Integer> begun) throws IOException {
        for (int looks = 0; looks < MAX_LOOKS && !begun.isDone(); looks++) {
            Thread thread = passing.get();
            boolean isWaiting = thread != null && (thread.getState() == Thread.State.WAITING || thread.getState() == Thread.State.BLOCKED);
            if (isWaiting && names().stream().anyMatch(name -> name.contains(".table"))) {
                return;
            }
            try {
                Thread.sleep(1);
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
        throw new IOException("the pass doesn't wait: isDone=" + begun.isDone());
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(PackFiles.directory(root))) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    private void writeLog() {
        writeLog("meter");
    }

    private void writeLog(String... keys) {
        AtomicReference<Instant> now = new AtomicReference<>(BEGIN);
        WalOptions options = WalOptions.builder().window(WINDOW).retention(RETENTION).ownSegments(0).clock(now::get).build();
        try (StreamWal wal = StreamWal.open(root, options)) {
            for (int window = 0; window < WINDOWS; window++) {
                for (String key : keys) {
                    wal.stream(key).append("231.5".getBytes(StandardCharsets.UTF_8));
                }
                now.set(now.get().plus(WINDOW));
                int unused = wal.pack();
            }
        }
    }

    /** @param nowMillis the log's clock; its window is the one above */
    private static <T> T stub(Class<T> type, long nowMillis) {
        return proxy(type, (name, arguments) -> name.equals("shortestWindowMillis") ? WINDOW.toMillis() : nowMillis);
    }

    /** @param answer to each method, by its name; where it returns a number */
    private static <T> T proxy(Class<T> type, BiFunction<String, Object[], Long> answer) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
            Long number = answer.apply(method.getName(), arguments);
            return method.getReturnType() == long.class ? number : null;
        }));
    }
}
