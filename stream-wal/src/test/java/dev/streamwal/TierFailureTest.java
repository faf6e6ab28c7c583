package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.KeyUnavailableException;
import dev.streamwal.error.TierUnavailableException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalLockedException;
import dev.streamwal.keys.MasterKeys;
import dev.streamwal.manifest.ManifestFile;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalReader;
import dev.streamwal.simulation.SimulatedDisk;
import dev.streamwal.objectstore.ObjectStore;
import dev.streamwal.objectstore.ObjectStore.Call;
import dev.streamwal.objectstore.ObjectStore.Weather;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An object store as tier that fails, lies, hangs, or is another log's: nothing is lost, and nothing but what needs it waits for it. */
@Tag("portable")
class TierFailureTest extends LogContract {

    private static final Duration AFTER = WINDOW.multipliedBy(2);
    private static final Duration LONG_RETENTION = Duration.ofDays(1);
    private static final int STREAMS = 3;

    private ObjectStore store = new ObjectStore();
    private final Map<String, List<Written>> written = new LinkedHashMap<>();

    TierFailureTest() {
        super(LogHome.channel());
    }

    @Override
    WalOptions.Builder options() {
        return super.options().ownSegments(0).tier(store.folder()).tierAfter(AFTER);
    }

    private WalReader outside(long cacheBytes) {
        return WalReader.open(root, ReaderOptions.builder().tier(store.folder()).tierCacheBytes(cacheBytes).build());
    }

    private void append(StreamWal wal, int windows) {
        for (int window = 0; window < windows; window++) {
            for (int stream = 0; stream < STREAMS; stream++) {
                written.computeIfAbsent("meter/" + stream, key -> new ArrayList<>()).addAll(appendSome(wal.stream("meter/" + stream), 2, 300));
            }
            clock.advance(WINDOW);
            int unused = wal.pack();
        }
    }

    private void assertHolds(StreamWal wal) {
        try (WalReader within = wal.reader(); WalReader without = outside(1 << 20)) {
            for (WalReader reader : List.of(within, without)) {
                written.forEach((key, records) -> Written.assertHolds(reader, key, records));
            }
        }
    }

    /** That the tier has what the log has in it, and nothing else of packs. */
    private void assertTidy(StreamWal wal) {
        assertThat(store.packs()).hasSize(wal.stats().tieredPacks());
        assertThat(store.names().stream().filter(name -> name.startsWith("content-"))).hasSizeLessThanOrEqualTo(1);
    }

    private static TierUnavailableException unavailable(ThrowingCallable call) {
        Throwable thrown = catchThrowable(call);
        assertThat(thrown).isInstanceOf(TierUnavailableException.class);
        TierUnavailableException failure = (TierUnavailableException) thrown;
        assertThat(failure.tier()).isEqualTo("objects://store/");
        for (Throwable each = failure; each != null; each = each.getCause()) {
            assertThat(each.getMessage()).doesNotContain("secret");
        }
        return failure;
    }

    // ---------------------------------------------------------------- while packs move

    /** Fails the nth of all calls from now on. */
    private static final class Nth implements Weather {
        private final int nth;
        private final RuntimeException runtime;
        private int calls;

        Nth(int nth, RuntimeException runtime) {
            this.nth = nth;
            this.runtime = runtime;
        }

        @Override
        public void before(Call call, String object) throws IOException {
            if (++calls == nth) {
                if (runtime != null) {
                    throw runtime;
                }
                throw new IOException("no space left on device");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void moveToTier_eachCallFailsOnce_losesNothingAndIsDoneByTheNext(boolean isRuntime) {
        int reached = 0;
        int failed = 0;
        try (StreamWal wal = open()) {
            append(wal, 3);
            for (int nth = 1; ; nth++) {
                append(wal, 1);
                Nth weather = new Nth(nth, isRuntime ? new IllegalStateException("of a client") : null);
                store.weather(weather);
                boolean isReached;
                if (nth % 2 == 0) {
                    // another writer, which knows nothing of what this one has put there
                    wal.sync();
                }
                Throwable thrown = catchThrowable(wal::moveToTier);
                isReached = weather.calls >= nth;
                reached += isReached ? 1 : 0;
                if (thrown != null) {
                    assertThat(isReached).isTrue();
                    unavailable(() -> {
                        throw thrown;
                    });
                    failed++;
                }
                store.weather(Weather.FINE);
                if (thrown == null) {
                    // nothing failed, or the pass itself has done it again
                    assertTidy(wal);
                }
                assertHolds(wal);
                int unused = wal.moveToTier();
                assertTidy(wal);
                assertHolds(wal);
                if (!isReached) {
                    break;
                }
                clock.advance(WINDOW);
                forgetWhatHasExpired(wal);
            }
        }
        assertThat(reached).as("calls that failed").isGreaterThan(15);
        assertThat(failed).as("calls whose failure was thrown").isGreaterThan(5);
    }

    private void forgetWhatHasExpired(StreamWal wal) {
        assertThat(wal.sweep().failedSegments()).isZero();
        try (WalReader reader = wal.reader()) {
            written.forEach((key, records) -> {
                List<Written> found = Written.drain(reader.scan(key));
                assertThat(found).isEqualTo(records.subList(records.size() - found.size(), records.size()));
                records.subList(0, records.size() - found.size()).clear();
            });
        }
    }

    /** What a process that was killed has left in the tier, the next one removes. */
    @Test
    void moveToTier_anEarlierUploadWasCutShort_isDeletedByTheNextWriter() {
        try (StreamWal wal = open()) {
            append(wal, 4);
            assertThat(wal.moveToTier()).isPositive();
        }
        store.put("00000000000000ff-0123456789abcdef.pack", new byte[100]);
        store.put("content-0000000000000000-0000000000000001", new byte[3]);
        store.put("somebody's notes", new byte[] {1});
        try (StreamWal wal = open()) {
            assertThat(wal.moveToTier()).isZero();
            assertTidy(wal);
            assertThat(store.names()).contains("somebody's notes");
            assertHolds(wal);
        }
    }

    static List<UnaryOperator<byte[]>> changes() {
        List<UnaryOperator<byte[]>> changes = new ArrayList<>();
        for (double at : new double[] {0, 0.1, 0.5, 0.9, 0.999}) {
            changes.add(content -> {
                byte[] changed = content.clone();
                changed[(int) (at * content.length)] ^= 4;
                return changed;
            });
            changes.add(content -> Arrays.copyOf(content, (int) (at * content.length)));
        }
        changes.add(content -> new byte[content.length]);
        changes.add(content -> "<html>please log in</html>".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        changes.add(content -> bytes(content.length, 7));
        return changes;
    }

    @Test
    void moveToTier_whatIsStoredIsntWhatWasGiven_staysHere() {
        try (StreamWal wal = open()) {
            append(wal, 4);
            for (UnaryOperator<byte[]> change : changes()) {
                store.weather(new Weather() {
                    @Override
                    public byte[] stored(String object, byte[] content) {
                        return object.endsWith(".pack") ? change.apply(content) : content;
                    }
                });
                unavailable(wal::moveToTier);
                store.weather(Weather.FINE);
                assertThat(wal.stats().tieredPacks()).isZero();
                assertHolds(wal);
            }
            assertThat(wal.moveToTier()).isPositive();
            assertTidy(wal);
            assertHolds(wal);
        }
    }

    // ---------------------------------------------------------------- while it is read

    private static final List<Consumer<WalReader>> READS = List.of(
            reader -> Written.drain(reader.scan("meter/0")),
            reader -> Written.drain(reader.scan("meter/0", Instant.ofEpochMilli(NOW), Instant.ofEpochMilli(NOW + 1))),
            reader -> Written.drain(reader.scanFrom("meter/0", 0)),
            reader -> Written.drain(reader.scanLast("meter/0", 100)),
            reader -> Written.drain(reader.scanBackward("meter/0", Long.MAX_VALUE)),
            reader -> Written.drain(reader.scanMerged(Keys.all(), Instant.ofEpochMilli(NOW), Instant.ofEpochMilli(NOW + 1))),
            reader -> reader.verify("meter/0"),
            reader -> first(reader.follow("meter/0", ReadFrom.first())),
            reader -> first(reader.follow(Keys.all(), ReadFrom.first())));

    private static void first(EntryTail tail) {
        try (tail) {
            boolean unused = tail.next(Duration.ZERO);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private void assertUnavailable(WalReader reader) {
        for (int i = 0; i < READS.size(); i++) {
            Consumer<WalReader> read = READS.get(i);
            TierUnavailableException failure = unavailable(() -> read.accept(reader));
            assertThat(failure.object()).as("read " + i).matches("[0-9a-f]{16}-[0-9a-f]{16}\\.pack");
            assertThat(failure).hasMessageContaining(failure.object()).hasMessageContaining("objects://store/");
        }
        unavailable(() -> reader.find(written.get("meter/0").get(0).ref()));
        unavailable(() -> {
            try (EntryBatch batch = reader.readBatch(Written.refs(written.get("meter/0")))) {
                assertThat(batch.size()).isPositive();
            }
        });
        // what needs no content
        assertThat(reader.keys()).isEqualTo(written.keySet());
        assertThat(reader.latest("meter/0").map(Written::of)).contains(written.get("meter/0").get(written.get("meter/0").size() - 1));
    }

    @Test
    void read_whatTheStoreDoesntAnswerOrAnswersWrongly_isNeverWrongDamagedOrExpired() {
        try (StreamWal wal = open()) {
            append(wal, 4);
            assertThat(wal.moveToTier()).isPositive();
            List<Weather> weathers = new ArrayList<>();
            weathers.add(new Weather() {
                @Override
                public void before(Call call, String object) throws IOException {
                    throw new IOException("connection refused");
                }
            });
            weathers.add(new Weather() {
                @Override
                public void before(Call call, String object) {
                    throw new IllegalStateException("of a client");
                }
            });
            for (UnaryOperator<byte[]> change : changes()) {
                weathers.add(new Weather() {
                    @Override
                    public byte[] answer(String object, byte[] content) {
                        return change.apply(content);
                    }
                });
            }
            for (Weather weather : weathers) {
                try (WalReader within = wal.reader(); WalReader without = outside(0)) {
                    for (WalReader reader : List.of(within, without)) {
                        store.weather(weather);
                        assertUnavailable(reader);
                        store.weather(Weather.FINE);
                        written.forEach((key, records) -> Written.assertHolds(reader, key, records));
                    }
                }
            }
        }
    }

    /** Each call of a read fails once: the same records come, in order, from the same cursor, with an exception between. */
    @Test
    void scan_eachCallFailsOnce_goesOnWhereItWas() {
        try (StreamWal wal = open()) {
            append(wal, 5);
            assertThat(wal.moveToTier()).isGreaterThan(1);
            int failed = 0;
            for (int nth = 1; ; nth++) {
                Nth weather = new Nth(nth, null);
                try (WalReader reader = outside(0)) {
                    store.weather(weather);
                    List<Written> found = new ArrayList<>();
                    int failures = 0;
                    try (EntryCursor cursor = reader.scan("meter/1")) {
                        for (boolean more = true; more; ) {
                            try {
                                more = cursor.next();
                                if (more) {
                                    found.add(Written.of(cursor));
                                }
                            } catch (TierUnavailableException e) {
                                failures++;
                            }
                        }
                    }
                    assertThat(found).isEqualTo(written.get("meter/1"));
                    assertThat(failures).isEqualTo(weather.calls >= nth ? 1 : 0);
                    failed += failures;
                }
                if (weather.calls < nth) {
                    break;
                }
            }
            assertThat(failed).isGreaterThan(3);
            store.weather(Weather.FINE);
        }
    }

    /** A wrong answer that isn't given again. */
    @Test
    void read_oneWrongAnswer_isAskedForAgain() {
        try (StreamWal wal = open()) {
            append(wal, 4);
            assertThat(wal.moveToTier()).isPositive();
            AtomicInteger wrong = new AtomicInteger();
            store.weather(new Weather() {
                @Override
                public byte[] answer(String object, byte[] content) {
                    return wrong.incrementAndGet() % 2 == 1 ? new byte[content.length] : content;
                }
            });
            try (WalReader reader = outside(0)) {
                assertThat(Written.drain(reader.scan("meter/0"))).isEqualTo(written.get("meter/0"));
            }
            assertThat(wrong.get()).isGreaterThan(2);
        }
    }

    @Test
    void read_anObjectIsGone_isUnavailableAndNotDamaged() {
        try (StreamWal wal = open()) {
            append(wal, 4);
            assertThat(wal.moveToTier()).isPositive();
            String gone = store.packs().get(0);
            byte[] content = store.content(gone);
            store.remove(gone);
            try (WalReader reader = outside(1 << 20)) {
                TierUnavailableException failure = unavailable(() -> Written.drain(reader.scan("meter/0")));
                assertThat(failure.object()).isEqualTo(gone);
                store.put(gone, content);
                assertThat(Written.drain(reader.scan("meter/0"))).isEqualTo(written.get("meter/0"));
            }
        }
    }

    /** Nobody has read it: the first pass of the next writer finds out, and so does each that moves or deletes something; until it is back. */
    @Test
    void moveToTier_anObjectIsGone_saysSoUntilItIsBack() {
        expectFailures();
        String gone;
        byte[] content;
        try (StreamWal wal = open()) {
            append(wal, 4);
            assertThat(wal.moveToTier()).isPositive();
            gone = store.packs().get(0);
            content = store.content(gone);
            store.remove(gone);
            append(wal, 2);
            TierUnavailableException failure = unavailable(wal::moveToTier);
            assertThat(failure.object()).isEqualTo(gone);
            assertThat(failure).hasMessageContaining("object was deleted there");
            assertThat(store.packs()).as("all else has moved").hasSize(wal.stats().tieredPacks() - 1);
            assertThat(unavailable(wal::moveToTier).object()).isEqualTo(gone);
        }
        try (StreamWal wal = open()) {
            assertThat(unavailable(wal::moveToTier).object()).isEqualTo(gone);
            store.put(gone, content);
            assertThat(wal.moveToTier()).isZero();
            int before = store.calls().size();
            assertThat(wal.moveToTier()).isZero();
            assertThat(store.calls()).as("a pass that has nothing to do asks nothing").hasSize(before);
            assertTidy(wal);
            assertHolds(wal);
        }
    }

    @Test
    void moveToTier_anObjectIsGoneAndManyPacksAreDue_allMove() {
        expectFailures();
        try (StreamWal wal = open(options().retention(LONG_RETENTION))) {
            appendSpans(wal, 6);
            assertThat(wal.moveToTier()).isPositive();
            store.remove(store.packs().get(0));
            appendSpans(wal, 20);
            int before = wal.stats().tieredPacks();
            assertThat(unavailable(wal::moveToTier)).hasMessageContaining("object was deleted there");
            assertThat(wal.stats().tieredPacks()).isGreaterThan(before + 16);
            written.clear();
        }
    }

    /** The answer was lost, and the store was late with what it was given. */
    @Test
    void erase_anUploadThatFailedAppearsLater_isDeleted() throws IOException {
        try (StreamWal wal = open()) {
            append(wal, 4);
            assertThat(wal.moveToTier()).isPositive();
            Instant from = clock.instant();
            append(wal, 2);
            clock.advance(AFTER);
            AtomicReference<String> late = new AtomicReference<>();
            failing(Call.CLOSE, name -> {
                if (name.endsWith(".pack")) {
                    late.set(name);
                }
                return name.endsWith(".pack");
            });
            expectFailures();
            assertThat(unavailable(wal::moveToTier)).hasMessageContaining("refused");
            store.weather(Weather.FINE);
            store.put(late.get(), new byte[100]);
            assertThat(wal.erase(Keys.all(), from, clock.instant()).records()).isPositive();
            assertThat(store.names()).doesNotContain(late.get());
            written.clear();
        }
    }

    /** Lists of some stores are late. */
    @Test
    void moveToTier_aListIsLate_isNotTakenForALoss() {
        try (StreamWal wal = open()) {
            append(wal, 4);
            assertThat(wal.moveToTier()).isPositive();
            append(wal, 2);
            store.hidden(store.packs().get(0));
            assertThat(wal.moveToTier()).isPositive();
            assertHolds(wal);
        }
    }

    /** One read for a chunk, and none for what was read before. */
    @Test
    void read_twice_asksTheTierOnce() {
        try (StreamWal wal = open()) {
            append(wal, 4);
            int moved = wal.moveToTier();
            try (WalReader reader = outside(1 << 20)) {
                int before = store.calls().size();
                assertThat(Written.drain(reader.scan("meter/0"))).isEqualTo(written.get("meter/0"));
                List<String> calls = store.calls().subList(before, store.calls().size());
                // of each pack its checksums, and its one chunk
                assertThat(calls.stream().filter(call -> call.startsWith("OPEN"))).hasSize(2 * moved);
                before = store.calls().size();
                written.forEach((key, records) -> Written.assertHolds(reader, key, records));
                assertThat(store.calls().size()).isEqualTo(before);
            }
            try (WalReader reader = outside(0)) {
                int before = store.calls().size();
                assertThat(reader.keys()).isEqualTo(written.keySet());
                assertThat(reader.latest("meter/2")).isPresent();
                assertThat(store.calls().size()).as("calls for what the log's directory says").isEqualTo(before);
            }
        }
    }

    // ---------------------------------------------------------------- nothing waits for it

    @Test
    void tierHangs_appendsFlushesSealingPackingAndClosingGoOn() throws Exception {
        expectFailures();
        CountDownLatch hanging = new CountDownLatch(1);
        CountDownLatch free = new CountDownLatch(1);
        StreamWal wal = open(options().sweepInterval(Duration.ofMillis(20)).durability(Durability.IMMEDIATE));
        append(wal, 2);
        store.weather(new Weather() {
            @Override
            public void before(Call call, String object) throws IOException {
                hanging.countDown();
                awaitUninterruptibly(free);
            }
        });
        append(wal, 1);
        hanging.await();
        append(wal, 2);
        assertThat(wal.sweep().failedSegments()).isZero();
        wal.sync();
        assertThat(wal.stats().tieredPacks()).isZero();
        assertThat(wal.purge(Keys.key("meter/2"), Instant.ofEpochMilli(NOW + 1)).failedSegments()).isZero();
        assertThat(wal.delete("meter/2")).isTrue();
        written.remove("meter/2");
        wal.checkpoint(home.place("copy"));
        try (WalReader reader = wal.reader()) {
            written.forEach((key, records) -> Written.assertHolds(reader, key, records));
        }
        wal.close();
        long edits = ManifestFile.read(root).edits();
        try (StreamWal next = open(super.options().ownSegments(0))) {
            // the thread of the log before goes on now, and records nothing
            free.countDown();
            LogContract.await("the thread ends", () -> Thread.getAllStackTraces().keySet().stream()
                    .noneMatch(thread -> thread.getName().equals("stream-wal-tier")));
            try (WalReader reader = next.reader()) {
                written.forEach((key, records) -> Written.assertHolds(reader, key, records));
            }
        }
        assertThat(ManifestFile.read(root).edits()).isEqualTo(edits);
        assertThat(ManifestFile.read(root).objects()).isEmpty();
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        while (true) {
            try {
                latch.await();
                return;
            } catch (InterruptedException e) {
                // a client that doesn't listen
            }
        }
    }

    private void refuseConnections() {
        store.weather(new Weather() {
            @Override
            public void before(Call call, String object) throws IOException {
                throw new IOException("connection refused");
            }
        });
    }

    @Test
    void tierFails_isToldByHealthAndListenerUntilItIsOver() {
        expectFailures();
        refuseConnections();
        try (StreamWal wal = open(options().sweepInterval(Duration.ofMillis(10)))) {
            append(wal, 4);
            LogContract.await("it is told", () -> wal.health().state() == WalHealth.State.DEGRADED);
            assertThat(wal.health().task()).contains("tier");
            assertThat(wal.health().cause().orElseThrow()).isInstanceOf(TierUnavailableException.class);
            assertThat(heard().failures).anyMatch(failure -> failure.task().equals("tier"));
            store.weather(Weather.FINE);
            LogContract.await("it is over", () -> wal.health().state() == WalHealth.State.OK && wal.stats().tieredPacks() > 0);
            assertHolds(wal);
        }
        assertThat(heard().tiered).isNotEmpty().allSatisfy(moved -> {
            assertThat(store.names()).contains(moved.object());
            assertThat(moved.tier()).isEqualTo("objects://store/");
            assertThat(moved.bytes()).isPositive();
            assertThat(moved.segments()).isEqualTo(STREAMS);
            assertThat(moved.windowEnd()).isEqualTo(moved.windowStart().plus(WINDOW));
            assertThat(moved.path()).doesNotExist();
        });
    }

    /** Passes in the background become rare while they fail; whoever has mended the tier doesn't wait for the next one. */
    @Test
    void moveToTier_succeedsBehindFailuresOfTheBackground_theyAreOver() {
        expectFailures();
        refuseConnections();
        try (StreamWal wal = open(options().sweepInterval(Duration.ofMillis(50)))) {
            append(wal, 4);
            LogContract.await("the background has failed again and again", () -> wal.activity().failures().getOrDefault("tier", 0L) >= 5);
            assertThat(wal.health().state()).isEqualTo(WalHealth.State.DEGRADED);
            store.weather(Weather.FINE);
            int unused = wal.moveToTier();
            // an attempt of before may be telling of its failure just now
            LogContract.await("they are over", () -> wal.health().state() == WalHealth.State.OK);
        }
    }

    // ---------------------------------------------------------------- what comes between

    /** Something that another thread of the log may do, at each call of the tier while packs move; the pass is in the middle of the call then. */
    private void meanwhile(Consumer<StreamWal> what) {
        int calls = 0;
        for (int nth = 1; nth <= Math.max(1, calls); nth += 3) {
            written.clear();
            try (StreamWal wal = open(options().sweepInterval(Duration.ZERO))) {
                append(wal, 3);
                int at = nth;
                int[] seen = {0};
                store.weather(new Weather() {
                    @Override
                    public void before(Call call, String object) {
                        if (++seen[0] == at) {
                            what.accept(wal);
                        }
                    }
                });
                int unused = wal.moveToTier();
                calls = seen[0];
                store.weather(Weather.FINE);
                assertHolds(wal);
                unused = wal.moveToTier();
                assertTidy(wal);
                assertHolds(wal);
                written.keySet().forEach(wal::delete);
            }
            written.clear();
            clock.advance(WINDOW);
        }
        assertThat(calls).isGreaterThan(10);
    }

    @Test
    void moveToTier_aStreamIsDeletedMeanwhile_staysDeleted() {
        meanwhile(wal -> {
            assertThat(wal.delete("meter/1")).isTrue();
            written.remove("meter/1");
        });
    }

    @Test
    void moveToTier_packsAreMadeMeanwhile_allIsThere() {
        meanwhile(wal -> append(wal, 1));
    }

    @Test
    void moveToTier_allExpiresMeanwhile_isGone() {
        meanwhile(wal -> {
            clock.advance(RETENTION.plus(WINDOW.multipliedBy(4)));
            assertThat(wal.sweep().failedSegments()).isZero();
            written.values().forEach(List::clear);
        });
    }

    @Test
    void moveToTier_aStreamIsCutMeanwhile_isCut() {
        meanwhile(wal -> {
            List<Written> records = written.get("meter/0");
            wal.stream("meter/0").truncateAfter(records.get(0).ref());
            records.subList(1, records.size()).clear();
        });
    }

    /** The pack goes to the tier behind the cut's look whether it is there, and before the cut has the lock that keeps it here. */
    @Test
    void truncate_thePackMovesRightBeforeTheCut_isCut() throws Exception {
        WalOptions.Builder withShortLived = options().sweepInterval(Duration.ZERO)
                .streams("short", StreamOptions.builder().segments(Segments.OWN).retention(Duration.ZERO).build());
        try (StreamWal wal = open(withShortLived)) {
            append(wal, 4);
            assertThat(wal.stream("short").append(bytes("expires with its window"))).isNotNull();
            List<Written> records = written.get("meter/0");
            Thread moving = new Thread(() -> {
                int unused = wal.moveToTier();
            }, "moves");
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            Thread cutting = new Thread(() -> thrown.set(catchThrowable(() -> wal.stream("meter/0").truncateAfter(records.get(0).ref()))), "cuts");
            // within the callback both wait for the lock, in this order
            SweepResult swept = wal.sweep(Instant.ofEpochMilli(clock.millis()).plus(WINDOW), deleted -> {
                moving.start();
                awaitPackingLock(moving);
                cutting.start();
                awaitPackingLock(cutting);
            });
            assertThat(swept.deletedSegments()).isEqualTo(1);
            moving.join();
            cutting.join();
            assertThat(thrown.get()).isNull();
            records.subList(1, records.size()).clear();
            assertHolds(wal);
        }
    }

    private static void awaitPackingLock(Thread thread) {
        LogContract.await("the thread waits", () -> thread.getState() == Thread.State.WAITING
                && Arrays.stream(thread.getStackTrace()).anyMatch(frame -> frame.getMethodName().equals("whilePacking")));
    }

    /** An erasure waits for the pass, and then takes what the pass has put there. */
    @Test
    void moveToTier_recordsAreErasedMeanwhile_areNowhere() throws Exception {
        byte[] content = bytes("a secret that is to be forgotten, and is long enough not to be there by chance");
        try (StreamWal wal = open(options().compression(Compression.NONE))) {
            assertThat(wal.stream("meter/1").append(content)).isNotNull();
            append(wal, 4);
            Thread[] erasing = {null};
            int[] calls = {0};
            store.weather(new Weather() {
                @Override
                public void before(Call call, String object) {
                    if (++calls[0] == 8) {
                        erasing[0] = new Thread(() -> {
                            ErasureReport unused = wal.erase(Keys.key("meter/1"), Instant.MIN, Instant.MAX);
                        }, "erases");
                        erasing[0].start();
                    }
                }
            });
            int unused = wal.moveToTier();
            erasing[0].join();
            assertThat(store.names().stream().filter(name -> contains(store.content(name), content))).isEmpty();
            assertTidy(wal);
            written.remove("meter/1");
            assertHolds(wal);
        }
    }

    private static final String SECRET = "a secret that is to be forgotten, and is long enough not to be there by chance";

    /** In each pack of the log, in segments, and in the journal. */
    private void appendSecrets(StreamWal wal, int windows) {
        for (int window = 0; window < windows; window++) {
            append(wal, 1);
            appendSecret(wal);
        }
        append(wal, 1);
        appendSecret(wal);
    }

    private void appendSecret(StreamWal wal) {
        EntryRef unused = wal.stream("person").append(WriteEntry.of(bytes(SECRET), clock.millis()), Durability.IMMEDIATE);
    }

    private List<String> objectsWithSecret() {
        return store.names().stream().filter(name -> contains(store.content(name), bytes(SECRET))).toList();
    }

    private void assertNoSecretHere() throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                assertThat(contains(Files.readAllBytes(file), bytes(SECRET))).as(file.toString()).isFalse();
            }
        }
    }

    private static ErasureReport eraseSecrets(StreamWal wal) {
        return wal.erase(Keys.key("person"), Instant.MIN, Instant.MAX);
    }

    @Test
    void erase_theTierIsAway_erasesAllThatIsHereAndThrows() throws IOException {
        expectFailures();
        try (StreamWal wal = open(options().compression(Compression.NONE))) {
            appendSecrets(wal, 5);
            assertThat(wal.moveToTier()).isPositive();
            List<String> before = objectsWithSecret();
            assertThat(before).isNotEmpty();
            store.weather(new Weather() {
                @Override
                public void before(Call call, String object) throws IOException {
                    throw new IOException("connection refused");
                }
            });
            assertThat(unavailable(() -> eraseSecrets(wal))).hasMessageContaining("connection refused");
            assertNoSecretHere();
            store.weather(Weather.FINE);
            assertThat(objectsWithSecret()).isEqualTo(before);
            assertThat(eraseSecrets(wal).records()).isPositive();
            assertThat(objectsWithSecret()).isEmpty();
            assertNoSecretHere();
            assertThat(wal.reader().latest("person")).isEmpty();
            assertHolds(wal);
        }
    }

    /** As one that is under a legal hold. */
    @Test
    void moveToTier_anObjectThatCannotBeDeleted_keepsNoOther() {
        try (StreamWal wal = open()) {
            append(wal, 4);
            clock.advance(AFTER);
            assertThat(wal.moveToTier()).isPositive();
            List<String> packs = store.packs();
            assertThat(packs).hasSizeGreaterThan(1);
            store.weather(new Weather() {
                @Override
                public void before(Call call, String object) throws IOException {
                    if (call == Call.DELETE && object.equals(packs.get(0))) {
                        throw new IOException("access denied");
                    }
                }
            });
            expectFailures();
            written.keySet().forEach(wal::delete);
            int unused = wal.pack(); // packs in which nothing counts go then
            assertThat(unavailable(wal::moveToTier)).hasMessageContaining("access denied");
            assertThat(store.packs()).containsExactly(packs.get(0));
            store.weather(Weather.FINE);
            unused = wal.moveToTier();
            assertThat(store.packs()).isEmpty();
            written.clear();
        }
    }

    @Test
    void erase_theTierIsAwayAndHasNothingOfIt_succeeds() throws IOException {
        try (StreamWal wal = open(options().compression(Compression.NONE))) {
            append(wal, 5);
            assertThat(wal.moveToTier()).isPositive();
            store.weather(new Weather() {
                @Override
                public void before(Call call, String object) throws IOException {
                    throw new IOException("connection refused");
                }
            });
            appendSecret(wal);
            assertThat(eraseSecrets(wal).records()).isEqualTo(1);
            assertNoSecretHere();
            assertThat(wal.erase(Keys.key("nobody"), Instant.MIN, Instant.MAX).records()).isZero();
        }
    }

    @Test
    void erase_anObjectIsGone_erasesAllOthersAndThrows() throws IOException {
        expectFailures();
        try (StreamWal wal = open(options().compression(Compression.NONE))) {
            appendSecrets(wal, 5);
            assertThat(wal.moveToTier()).isGreaterThan(1);
            List<String> before = objectsWithSecret();
            assertThat(before).hasSizeGreaterThan(1);
            byte[] gone = store.content(before.get(0));
            store.remove(before.get(0));
            assertThat(unavailable(() -> eraseSecrets(wal)).object()).isEqualTo(before.get(0));
            assertNoSecretHere();
            assertThat(objectsWithSecret()).isEmpty();
            store.put(before.get(0), gone);
            assertThat(eraseSecrets(wal).records()).isPositive();
            assertThat(objectsWithSecret()).isEmpty();
            assertHolds(wal);
        }
    }

    private static boolean contains(byte[] all, byte[] part) {
        for (int i = 0; i + part.length <= all.length; i++) {
            if (Arrays.equals(all, i, i + part.length, part, 0, part.length)) {
                return true;
            }
        }
        return false;
    }

    // ---------------------------------------------------------------- whose it is

    @Test
    void moveToTier_anotherLogsTier_isRefusedAndLeftAsItIs() {
        store.put("log-00112233445566778899aabbccddeeff", new byte[] {'\n'});
        store.put("0000000000000001-0123456789abcdef.pack", new byte[10]);
        List<String> before = store.names();
        try (StreamWal wal = open()) {
            append(wal, 4);
            assertThat(unavailable(wal::moveToTier)).hasMessageContaining("belongs to another log").hasMessageContaining("00112233445566778899aabbccddeeff");
            assertThat(store.names()).isEqualTo(before);
            assertHolds(wal);
            store.remove("log-00112233445566778899aabbccddeeff");
            assertThat(wal.moveToTier()).isPositive();
            assertTidy(wal);
        }
    }

    @Test
    void moveToTier_twoLogsAtOnce_oneAtLeastRefuses() throws Exception {
        StreamWal wal = open();
        append(wal, 4);
        Path other = home.place("other");
        try (StreamWal second = StreamWal.open(other, options().build())) {
            Map<String, List<Written>> first = new LinkedHashMap<>(written);
            written.clear();
            append(second, 4);
            written.clear();
            written.putAll(first);
            Throwable[] thrown = {null};
            boolean[] begun = {false};
            store.weather(new Weather() {
                @Override
                public void before(Call call, String object) {
                    if (call == Call.CREATE && !begun[0]) {
                        begun[0] = true;
                        // right before the first log makes its mark, the second does all of that
                        thrown[0] = catchThrowable(second::moveToTier);
                    }
                }
            });
            assertThat(unavailable(wal::moveToTier)).hasMessageContaining("belongs to another log");
            assertThat(thrown[0]).isNull();
            assertHolds(wal);
        }
    }

    /** A volume that isn't mounted is an empty folder. */
    @Test
    void moveToTier_aTierThatHasNothingOfWhatItHad_isRefused() {
        try (StreamWal wal = open()) {
            append(wal, 4);
            assertThat(wal.moveToTier()).isPositive();
            Map<String, byte[]> before = new LinkedHashMap<>();
            store.names().forEach(name -> before.put(name, store.content(name)));
            before.keySet().forEach(store::remove);
            append(wal, 1);
            assertThat(unavailable(wal::moveToTier)).hasMessageContaining("mounted");
            assertThat(store.names()).isEmpty();
            before.forEach(store::put);
            assertThat(wal.moveToTier()).isPositive();
            assertHolds(wal);
        }
    }

    /** A writer that has lost the log, and doesn't know yet, is in the middle of a pass while the next one moves the same packs. */
    @Test
    void moveToTier_ofAWriterThatWasDisplaced_recordsAndDeletesNothing() {
        expectFailures();
        int displaced = 0;
        boolean isReached = true;
        for (int nth = 1; isReached; nth++) {
            store.names().forEach(store::remove);
            written.clear();
            SimulatedDisk disk = new SimulatedDisk();
            StreamWal first = SimulatedLog.open(disk.path("/log"), options().build(), "boot", false, new Random(1)::nextLong);
            append(first, 4);
            first.sync();
            int at = nth;
            int[] calls = {0};
            StreamWal[] second = {null};
            store.weather(new Weather() {
                @Override
                public void before(Call call, String object) {
                    if (++calls[0] == at) {
                        second[0] = SimulatedLog.open(disk.besidePath("/log"), options().build(), "boot", false, new Random(2)::nextLong);
                        int unused = second[0].moveToTier();
                    }
                }
            });
            Throwable thrown = catchThrowable(first::moveToTier);
            store.weather(Weather.FINE);
            isReached = second[0] != null;
            if (isReached) {
                assertThat(thrown == null || thrown instanceof WalException).isTrue();
                displaced += thrown instanceof WalLockedException ? 1 : 0;
                second[0].close();
                Throwable unusedFailure = catchThrowable(first::close);
                try (StreamWal third = SimulatedLog.open(disk.besidePath("/log"), options().build(), "boot", false, new Random(3)::nextLong);
                        WalReader reader = third.reader()) {
                    int unused = third.moveToTier();
                    assertTidy(third);
                    written.forEach((key, records) -> Written.assertHolds(reader, key, records));
                }
            } else {
                first.close();
            }
        }
        assertThat(displaced).as("calls in which the first has lost the log, and noticed").isGreaterThan(10);
    }

    /** As {@code cp -r} does, which knows nothing of tiers. */
    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.write(target, Files.readAllBytes(file));
                }
            }
        }
    }

    @Test
    void moveToTier_ofACopyOfTheDirectory_changesNothingThatTheOtherOneHasPutThereSince() throws IOException {
        expectFailures();
        SimulatedDisk disk = new SimulatedDisk();
        Path root = disk.path("/log");
        Path copied = disk.path("/copy");
        try (StreamWal wal = SimulatedLog.open(root, options().build(), "boot", false, new Random(1)::nextLong)) {
            append(wal, 4);
            assertThat(wal.moveToTier()).isPositive();
            wal.sync();
            copy(root, copied);
            append(wal, 4);
            assertThat(wal.moveToTier()).isPositive();
            Set<String> before = Set.copyOf(store.names());
            try (StreamWal copy = SimulatedLog.open(copied, options().build(), "boot", false, new Random(2)::nextLong)) {
                assertThat(unavailable(copy::moveToTier)).hasMessageContaining("another copy of this log");
                EntryRef unused = copy.stream("of the copy").append(new byte[10]);
                clock.advance(WINDOW.multipliedBy(4));
                assertThat(unavailable(copy::moveToTier)).hasMessageContaining("another copy of this log");
            }
            assertThat(store.names()).containsExactlyInAnyOrderElementsOf(before);
            append(wal, 1);
            assertThat(wal.moveToTier()).isPositive();
            try (WalReader reader = wal.reader()) {
                written.forEach((key, records) -> Written.assertHolds(reader, key, records));
            }
        }
    }

    /** Before each call of the one's pass there is a whole pass of the other one: nobody's packs are deleted, and both logs are told, or one of them. */
    @Test
    void moveToTier_ofTwoCopiesOfTheDirectoryAtOnce_keepsAllThatIsListed() throws IOException {
        expectFailures();
        int refused = 0;
        boolean isReached = true;
        for (int nth = 1; isReached; nth++) {
            written.clear();
            store = new ObjectStore();
            SimulatedDisk disk = new SimulatedDisk();
            Path copied = disk.path("/copy");
            try (StreamWal wal = SimulatedLog.open(disk.path("/log"), options().build(), "boot", false, new Random(1)::nextLong)) {
                append(wal, 3);
                assertThat(wal.moveToTier()).isPositive();
                wal.sync();
            }
            copy(disk.path("/log"), copied);
            try (StreamWal one = SimulatedLog.open(disk.path("/log"), options().build(), "boot", false, new Random(2)::nextLong);
                    StreamWal other = SimulatedLog.open(copied, options().build(), "boot", false, new Random(3)::nextLong)) {
                Map<String, List<Written>> before = new LinkedHashMap<>();
                written.forEach((key, records) -> before.put(key, List.copyOf(records)));
                append(one, 3);
                Map<String, List<Written>> ofOne = new LinkedHashMap<>(written);
                written.clear();
                before.forEach((key, records) -> written.put(key, new ArrayList<>(records)));
                append(other, 3);
                int at = nth;
                int[] calls = {0};
                Throwable[] thrown = {null, null};
                store.weather(new Weather() {
                    @Override
                    public void before(Call call, String object) {
                        if (++calls[0] == at) {
                            thrown[1] = catchThrowable(other::moveToTier);
                        }
                    }
                });
                thrown[0] = catchThrowable(one::moveToTier);
                isReached = calls[0] >= at;
                store.weather(Weather.FINE);
                for (Throwable each : thrown) {
                    assertThat(each == null || (each instanceof TierUnavailableException && each.getMessage().contains("another copy of this log"))).as("%s", each).isTrue();
                    refused += each == null ? 0 : 1;
                }
                try (WalReader reader = one.reader(); WalReader ofOther = other.reader()) {
                    ofOne.forEach((key, records) -> Written.assertHolds(reader, key, records));
                    written.forEach((key, records) -> Written.assertHolds(ofOther, key, records));
                }
                written.clear();
            }
        }
        assertThat(refused).isGreaterThan(10);
    }

    @Test
    void moveToTier_ofADirectoryThatWasPutBack_changesNothing() throws IOException {
        expectFailures();
        SimulatedDisk disk = new SimulatedDisk();
        Path root = disk.path("/log");
        try (StreamWal wal = SimulatedLog.open(root, options().build(), "boot", false, new Random(1)::nextLong)) {
            append(wal, 4);
            assertThat(wal.moveToTier()).isPositive();
        }
        Path earlier = disk.path("/earlier");
        copy(root, earlier);
        try (StreamWal wal = SimulatedLog.open(root, options().build(), "boot", false, new Random(2)::nextLong)) {
            append(wal, 4);
            assertThat(wal.moveToTier()).isPositive();
        }
        Set<String> before = Set.copyOf(store.names());
        for (int opening = 0; opening < 3; opening++) {
            try (StreamWal wal = SimulatedLog.open(earlier, options().build(), "boot", false, new Random(3)::nextLong)) {
                assertThat(unavailable(wal::moveToTier)).hasMessageContaining("put back to an earlier state");
            }
        }
        assertThat(store.names()).containsExactlyInAnyOrderElementsOf(before);
    }

    // ---------------------------------------------------------------- without it

    /** Expiry needs no tier; what is in it can't be read, and says so. */
    @Test
    void open_withoutTheTier_allWorksThatNeedsNoContent() {
        expectFailures();
        try (StreamWal wal = open()) {
            append(wal, 4);
            assertThat(wal.moveToTier()).isPositive();
        }
        try (StreamWal wal = open(super.options().ownSegments(0)); WalReader reader = wal.reader()) {
            append(wal, 1);
            assertThat(reader.keys()).isEqualTo(written.keySet());
            assertThat(unavailable(() -> Written.drain(reader.scan("meter/0")))).hasMessageContaining("no tier was given");
            assertThatThrownBy(wal::moveToTier).isInstanceOf(IllegalStateException.class).hasMessageContaining("tier");
            assertThat(unavailable(() -> wal.erase(Keys.key("meter/0"), Instant.MIN, Instant.MAX))).hasMessageContaining("WalOptions.tier");
            assertThat(unavailable(() -> wal.stream("meter/0").truncateAfter(written.get("meter/0").get(0).ref()))).isNotNull();
            clock.advance(RETENTION.plus(WINDOW.multipliedBy(4)));
            SweepResult swept = wal.sweep();
            assertThat(swept.failedSegments()).isZero();
            assertThat(wal.stats().tieredPacks()).isZero();
            assertThat(store.packs()).isNotEmpty();
        }
        try (StreamWal wal = open()) {
            assertThat(wal.moveToTier()).isZero();
            assertThat(store.packs()).isEmpty();
        }
    }

    @Test
    void table_thatIsLost_isMadeAnewByTheNextWriter() throws IOException {
        try (StreamWal wal = open()) {
            append(wal, 5);
            assertThat(wal.moveToTier()).isGreaterThan(1);
        }
        long lost = ManifestFile.read(root).objects().keySet().iterator().next();
        Path table = PackFiles.table(root, lost);
        byte[] before = Files.readAllBytes(table);
        Files.delete(table);
        try (WalReader reader = outside(0)) {
            assertThat(unavailable(() -> Written.drain(reader.scan("meter/0")))).hasMessageContaining("table");
        }
        try (StreamWal wal = open()) {
            int unused = wal.moveToTier();
            assertThat(Files.readAllBytes(table)).isEqualTo(before);
            assertHolds(wal);
        }
    }

    @Test
    void append_aTableIsLostAndTheTierIsAway_goesOnAndGivesNoPositionAgain() throws IOException {
        expectFailures();
        try (StreamWal wal = open()) {
            append(wal, 5);
            assertThat(wal.moveToTier()).isGreaterThan(1);
        }
        for (long number : ManifestFile.read(root).objects().keySet()) {
            Files.delete(PackFiles.table(root, number));
        }
        Files.deleteIfExists(PackFiles.keys(root));
        store.weather(new Weather() {
            @Override
            public void before(Call call, String object) throws IOException {
                throw new IOException("connection refused");
            }
        });
        try (StreamWal wal = open()) {
            for (Map.Entry<String, List<Written>> stream : written.entrySet()) {
                List<Written> records = stream.getValue();
                long end = records.get(records.size() - 1).ref().end();
                records.addAll(appendSome(wal.stream(stream.getKey()), 2, 300));
                assertThat(records.get(records.size() - 2).ref().position()).as("not given again").isGreaterThanOrEqualTo(end);
            }
            store.weather(Weather.FINE);
            int unused = wal.moveToTier();
            assertHolds(wal);
        }
    }

    /** Where a table begins in a pack is told from its length: who has met one of another length goes on with the right one. */
    @ParameterizedTest
    @ValueSource(ints = {8, -8})
    void tables_ofAnotherLength_aReaderThatStaysOpenGoesOnWhenTheyAreMadeAnew(int longer) throws IOException {
        expectFailures();
        try (StreamWal wal = open()) {
            append(wal, 9);
            assertThat(wal.moveToTier()).isGreaterThan(1);
        }
        assertThat(PackFiles.keys(root)).exists();
        for (long number : ManifestFile.read(root).objects().keySet()) {
            Path table = PackFiles.table(root, number);
            byte[] before = Files.readAllBytes(table);
            Files.write(table, Arrays.copyOf(before, before.length + longer));
        }
        try (WalReader reader = outside(0)) {
            for (String key : written.keySet()) {
                assertThat(reader.verify(key).damage()).as(key).isNotEmpty();
            }
            try (StreamWal wal = open()) {
                int unused = wal.moveToTier();
                for (String key : written.keySet()) {
                    Written.assertHolds(reader, key, written.get(key));
                }
            }
        }
    }

    private static final Map<String, UnaryOperator<byte[]>> DAMAGES = Map.of(
            "header", table -> flipped(table, 5),
            "block", table -> flipped(table, table.length / 2),
            "footer", table -> flipped(table, table.length - 3),
            "second header", table -> flipped(table, table.length - 150),
            "short", table -> Arrays.copyOf(table, table.length - 1),
            "shorter", table -> Arrays.copyOf(table, 70),
            "long", table -> Arrays.copyOf(table, table.length * 100),
            "empty", table -> new byte[0]);

    private static byte[] flipped(byte[] table, int at) {
        byte[] flipped = table.clone();
        flipped[at] ^= 1;
        return flipped;
    }

    static Set<String> damages() {
        return DAMAGES.keySet();
    }

    /** The others: a pack's first header is read by who verifies the file, and by nobody else. */
    static Set<String> damagesThatAreMet() {
        Set<String> met = new TreeSet<>(DAMAGES.keySet());
        assertThat(met.remove("header")).isTrue();
        return met;
    }

    /** The tier has all of the pack, so nothing is lost; who meets the damage before is told what to do, and goes on with the other packs. */
    @ParameterizedTest
    @MethodSource("damages")
    void table_thatIsDamaged_isMadeAnewByTheNextWriter(String damage) throws IOException {
        expectFailures();
        try (StreamWal wal = open()) {
            append(wal, 5);
            assertThat(wal.moveToTier()).isGreaterThan(1);
        }
        Path table = PackFiles.table(root, ManifestFile.read(root).objects().keySet().iterator().next());
        byte[] before = Files.readAllBytes(table);
        Files.write(table, DAMAGES.get(damage).apply(before));
        Files.deleteIfExists(PackFiles.keys(root));
        try (WalReader reader = outside(0)) {
            for (String key : written.keySet()) {
                assertThat(reader.verify(key).damage()).as(key).singleElement().satisfies(each -> {
                    assertThat(each.file()).isEqualTo(table);
                    assertThat(each.reason()).contains("open the log for writing with its tier");
                });
            }
        }
        try (StreamWal wal = open()) {
            int unused = wal.moveToTier();
            assertThat(Files.readAllBytes(table)).isEqualTo(before);
            assertHolds(wal);
            for (String key : written.keySet()) {
                assertThat(wal.reader().verify(key).damage()).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("damagesThatAreMet")
    void table_thatIsDamagedWhileTheLogIsOpen_isMadeAnewByThePassBehindWhoeverMeetsIt(String damage) throws IOException {
        expectFailures();
        try (StreamWal wal = open()) {
            append(wal, 5);
            assertThat(wal.moveToTier()).isGreaterThan(1);
        }
        Path table = PackFiles.table(root, ManifestFile.read(root).objects().keySet().iterator().next());
        byte[] before = Files.readAllBytes(table);
        try (StreamWal wal = open()) {
            int unused = wal.moveToTier();
            Files.write(table, DAMAGES.get(damage).apply(before));
            assertThatThrownBy(() -> wal.erase(Keys.key("meter/1"), Instant.MIN, Instant.MAX)).isInstanceOfSatisfying(CorruptSegmentException.class,
                    e -> assertThat(e.file()).isEqualTo(table));
            written.get("meter/1").clear();
            unused = wal.moveToTier();
            ErasureReport unusedToo = wal.erase(Keys.key("meter/1"), Instant.MIN, Instant.MAX);
            assertHolds(wal);
        }
    }

    private boolean isReadByTierAlone(MasterKeys keys) {
        try (WalReader reader = WalReader.openTier(store.folder(), ReaderOptions.builder().keys(keys).build())) {
            return reader.latest("meter/0").isPresent();
        } catch (KeyUnavailableException e) {
            return false;
        }
    }

    @Test
    void rotateKeys_theTierAlone_needsTheNewKeyOnlyBehindThePassThatBegins() {
        try (StreamWal wal = open(options().encryption(MasterKeysForTests.ring("now")))) {
            append(wal, 4);
            assertThat(wal.moveToTier()).isPositive();
        }
        MasterKeys next = MasterKeysForTests.ring("next");
        assertThat(isReadByTierAlone(next)).isFalse();
        try (StreamWal wal = open(options().encryption(MasterKeysForTests.ring("next", "now")).sweepInterval(Duration.ofDays(1)))) {
            wal.rotateKeys();
            await("the tier has the keys", () -> isReadByTierAlone(next));
        }
    }

    @Test
    void manifestOfALogWithATier_hasNoCredentials_andIsRefusedByOlderVersions() throws IOException {
        try (StreamWal wal = open()) {
            append(wal, 4);
            assertThat(wal.moveToTier()).isPositive();
        }
        byte[] manifest = Files.readAllBytes(ManifestFile.path(root));
        assertThat(contains(manifest, bytes("secret"))).isFalse();
        assertThat(contains(manifest, bytes("objects://store/"))).isTrue();
        assertThat(manifest[7]).as("version, of which others know 1 alone").isEqualTo((byte) '2');
        for (String name : store.names()) {
            assertThat(contains(store.content(name), bytes("secret"))).as(name).isFalse();
        }
    }

    /** What random answers come to, whatever is asked. */
    @Test
    void read_randomWeather_givesTheRightRecordsOrSaysThatItCant() {
        try (StreamWal wal = open()) {
            append(wal, 5);
            assertThat(wal.moveToTier()).isPositive();
            Random random = new Random(5);
            List<UnaryOperator<byte[]>> changes = changes();
            store.weather(new Weather() {
                @Override
                public void before(Call call, String object) throws IOException {
                    if (random.nextInt(20) == 0) {
                        throw new IOException("connection reset");
                    }
                }

                @Override
                public byte[] answer(String object, byte[] content) {
                    return random.nextInt(3) == 0 ? changes.get(random.nextInt(changes.size())).apply(content) : content;
                }
            });
            int right = 0;
            int unavailable = 0;
            try (WalReader reader = outside(300 << 10)) {
                for (int round = 0; round < 300; round++) {
                    String key = "meter/" + random.nextInt(STREAMS);
                    List<Written> records = written.get(key);
                    Written wanted = records.get(random.nextInt(records.size()));
                    try {
                        if (random.nextBoolean()) {
                            assertThat(reader.find(wanted.ref()).map(Written::of)).contains(wanted);
                        } else {
                            assertThat(Written.drain(reader.scanFrom(key, wanted.ref().position())))
                                    .isEqualTo(records.subList(records.indexOf(wanted), records.size()));
                        }
                        right++;
                    } catch (TierUnavailableException e) {
                        unavailable++;
                    }
                }
            }
            assertThat(right).isPositive();
            assertThat(unavailable).isPositive();
            store.weather(Weather.FINE);
        }
    }

    // ---------------------------------------------------------------- opening and copying

    /** What a killed writer has left is recovered, appended to and packed; what is in the tier is there when the tier is. */
    @Test
    void open_behindAKillWithTheStoreUnreachable_recoversAndGoesOn() {
        expectFailures();
        try (StreamWal wal = open()) {
            append(wal, 4);
            assertThat(wal.moveToTier()).isPositive();
        }
        forgetThatItWasClosed();
        refuseConnections();
        int before = store.calls().size();
        try (StreamWal wal = open(options().durability(Durability.IMMEDIATE))) {
            assertThat(wal.recoverAll(progress -> { }).refusedStreams()).isZero();
            append(wal, 2);
            wal.sync();
            assertThat(wal.sweep().failedSegments()).isZero();
            assertThat(wal.keys()).isEqualTo(written.keySet());
            assertThat(store.calls().size()).as("calls of the store for all that").isEqualTo(before);
            unavailable(wal::moveToTier);
            try (WalReader reader = wal.reader()) {
                unavailable(() -> Written.drain(reader.scan("meter/0")));
                written.forEach((key, records) -> assertThat(Written.drain(reader.scanLast(key, 4))).isEqualTo(records.subList(records.size() - 4, records.size())));
            }
            store.weather(Weather.FINE);
            assertHolds(wal);
            assertThat(wal.moveToTier()).isPositive();
            assertTidy(wal);
            assertHolds(wal);
        }
    }

    @Test
    void checkpoint_eachCallFailsOnce_isWholeOrNoLog() throws IOException {
        try (StreamWal wal = open()) {
            append(wal, 4);
            assertThat(wal.moveToTier()).isGreaterThan(1);
            int failed = 0;
            for (int nth = 1; ; nth++) {
                Path target = home.place("copy-" + nth);
                Nth weather = new Nth(nth, nth % 2 == 0 ? new IllegalStateException("of a client") : null);
                store.weather(weather);
                Throwable thrown = catchThrowable(() -> wal.checkpoint(target));
                store.weather(Weather.FINE);
                assertThat(thrown == null).isEqualTo(weather.calls < nth);
                if (thrown == null) {
                    assertCopyHolds(target);
                    break;
                }
                unavailable(() -> {
                    throw thrown;
                });
                assertThat(target.resolve("segments")).doesNotExist();
                failed++;
            }
            assertThat(failed).isGreaterThan(3);
        }
    }

    private void assertCopyHolds(Path copy) {
        try (WalReader reader = WalReader.open(copy)) {
            assertThat(reader.keys()).isEqualTo(written.keySet());
            written.forEach((key, records) -> Written.assertHolds(reader, key, records));
        }
    }

    /** Packs that move, are deleted or are rewritten between two calls of a checkpoint. */
    @ParameterizedTest
    @ValueSource(strings = {"moves", "is deleted", "is erased", "expires"})
    void checkpoint_theTierChangesMeanwhile_isALogOfThatMoment(String what) throws IOException {
        int calls = 1;
        for (int nth = 1; nth <= calls; nth += Scale.isShortened() ? 5 : 2) {
            written.clear();
            try (StreamWal wal = open()) {
                append(wal, 4);
                assertThat(wal.moveToTier()).isPositive();
                append(wal, 2);
                int at = nth;
                int[] seen = {0};
                store.weather(new Weather() {
                    @Override
                    public void before(Call call, String object) {
                        if (++seen[0] == at) {
                            change(wal, what);
                        }
                    }
                });
                Path target = home.place("copy-" + nth);
                wal.checkpoint(target);
                calls = Math.max(calls, seen[0]);
                store.weather(Weather.FINE);
                assertCopyHolds(target);
                assertThat(ManifestFile.read(target).tier()).isEmpty();
                written.keySet().forEach(wal::delete);
                int unused = wal.pack() + wal.moveToTier();
            }
            clock.advance(WINDOW);
        }
        assertThat(calls).isGreaterThan(1);
    }

    private void change(StreamWal wal, String what) {
        switch (what) {
            case "moves" -> assertThat(wal.moveToTier()).isPositive();
            case "is deleted" -> {
                written.keySet().forEach(wal::delete);
                written.clear();
                int unused = wal.pack() + wal.moveToTier();
            }
            case "is erased" -> {
                assertThat(wal.erase(Keys.key("meter/1"), Instant.MIN, Instant.MAX).records()).isPositive();
                written.get("meter/1").clear();
            }
            default -> {
                clock.advance(RETENTION.plus(WINDOW.multipliedBy(4)));
                assertThat(wal.sweep().failedSegments()).isZero();
                int unused = wal.moveToTier();
                written.clear();
            }
        }
    }

    /** A full store takes nothing; what was there is read, and the log goes on in its own directory. */
    @Test
    void storeIsFull_movesNothingAndLosesNothing() {
        try (StreamWal wal = open()) {
            append(wal, 4);
            assertThat(wal.moveToTier()).isPositive();
            int there = store.packs().size();
            append(wal, 3);
            store.weather(new Weather() {
                private int written;

                @Override
                public void before(Call call, String object) throws IOException {
                    if ((call == Call.WRITE || call == Call.CLOSE) && written++ > 0) {
                        throw new IOException("quota exceeded");
                    }
                }
            });
            for (int attempt = 0; attempt < 3; attempt++) {
                assertThat(unavailable(wal::moveToTier)).hasMessageContaining("quota exceeded");
                append(wal, 1);
                assertHolds(wal);
                assertThat(store.packs()).hasSize(there);
            }
            store.weather(Weather.FINE);
            assertThat(wal.moveToTier()).isPositive();
            assertTidy(wal);
            assertHolds(wal);
        }
    }

    /** Only small objects have room yet: what has expired goes, and makes room. */
    @Test
    void storeIsFull_whatHasExpiredThereIsDeleted() {
        try (StreamWal wal = open()) {
            append(wal, 4);
            assertThat(wal.moveToTier()).isPositive();
            append(wal, 2);
            written.keySet().stream().limit(1).toList().forEach(key -> {
                wal.delete(key);
                written.remove(key);
            });
            clock.advance(WINDOW.multipliedBy(3));
            written.keySet().forEach(wal::delete);
            written.clear();
            append(wal, 3);
            int there = store.packs().size();
            failing(Call.WRITE, name -> name.endsWith(".pack"));
            expectFailures();
            assertThat(unavailable(wal::moveToTier)).hasMessageContaining("refused");
            assertThat(store.packs()).as("expired or deleted").hasSizeLessThan(there).hasSize(wal.stats().tieredPacks());
            store.weather(Weather.FINE);
            assertThat(wal.moveToTier()).isPositive();
            assertTidy(wal);
            assertHolds(wal);
        }
    }

    private void failing(Call failing, Predicate<String> object) {
        store.weather(new Weather() {
            @Override
            public void before(Call call, String name) throws IOException {
                if (call == failing && object.test(name)) {
                    throw new IOException("refused");
                }
            }
        });
    }

    /** As one that is larger than the store takes. */
    @Test
    void moveToTier_oldestPackIsRefused_othersMoveAndArePublished() {
        try (StreamWal wal = open()) {
            append(wal, 4);
            AtomicReference<String> refused = new AtomicReference<>();
            failing(Call.WRITE, name -> {
                boolean isPack = name.endsWith(".pack");
                if (isPack && refused.get() == null) {
                    refused.set(name.substring(0, name.indexOf('-')));
                }
                return isPack && name.startsWith(refused.get());
            });
            expectFailures();
            assertThat(unavailable(wal::moveToTier)).hasMessageContaining("refused");
            assertThat(wal.stats().tieredPacks()).isPositive();
            assertTidy(wal);
            try (WalReader alone = WalReader.openTier(store.folder())) {
                assertThat(alone.keys()).isEqualTo(written.keySet());
            }
            assertHolds(wal);
        }
    }

    /** Three ends a pass' uploads: those that are always refused don't come first for ever. */
    @Test
    void moveToTier_packsAreAlwaysRefused_keepNoneThatFailedOnce() {
        try (StreamWal wal = open(options().retention(LONG_RETENTION))) {
            appendSpans(wal, 12);
            Set<String> always = new LinkedHashSet<>();
            Set<String> once = new HashSet<>();
            failing(Call.CREATE, name -> {
                if (!name.endsWith(".pack")) {
                    return false;
                }
                String number = name.substring(0, name.indexOf('-'));
                boolean isAlways = always.contains(number) || (always.size() < 3 && always.add(number));
                return isAlways || (once.isEmpty() && once.add(number));
            });
            expectFailures();
            for (int attempt = 0; attempt < 4; attempt++) {
                assertThat(unavailable(wal::moveToTier)).hasMessageContaining("refused");
            }
            assertThat(once).hasSize(1);
            assertThat(store.packs().stream().map(name -> name.substring(0, name.indexOf('-')))).containsAll(once).doesNotContainAnyElementsOf(always);
            assertHolds(wal);
        }
    }

    /** So far apart that no packs are merged. */
    private void appendSpans(StreamWal wal, int spans) {
        for (int span = 0; span < spans; span++) {
            append(wal, 1);
            clock.advance(LONG_RETENTION.dividedBy(32));
        }
    }

    /** What has moved is in what the tier says before all has moved. */
    @Test
    void moveToTier_manyPacks_tellsTheTierInBetween() {
        try (StreamWal wal = open(options().retention(LONG_RETENTION))) {
            appendSpans(wal, 20);
            AtomicInteger contents = new AtomicInteger();
            store.weather(new Weather() {
                @Override
                public void before(Call call, String name) {
                    contents.addAndGet(call == Call.CLOSE && name.startsWith("content-") ? 1 : 0);
                }
            });
            int moved = wal.moveToTier();
            assertThat(moved).isGreaterThan(16);
            assertThat(contents.get()).as("before and behind each of three portions").isEqualTo(6);
            assertTidy(wal);
            assertHolds(wal);
        }
    }

    /** Ten are tried, and then no more: others come first. */
    @Test
    void moveToTier_manyObjectsThatCannotBeDeleted_keepNoOther() {
        try (StreamWal wal = open(options().retention(LONG_RETENTION))) {
            appendSpans(wal, 20);
            assertThat(wal.moveToTier()).isGreaterThan(14);
            List<String> held = store.packs().subList(0, 11);
            failing(Call.DELETE, held::contains);
            expectFailures();
            written.keySet().forEach(wal::delete);
            int unused = wal.pack();
            for (int attempt = 0; attempt < 2; attempt++) {
                assertThat(unavailable(wal::moveToTier)).hasMessageContaining("refused");
            }
            assertThat(store.packs()).isEqualTo(held);
            written.clear();
        }
    }

    /** A part of what the tier has was stored, and the answer was lost; then all is as it was before. */
    @Test
    void moveToTier_publishingFailedAndContentIsAsBefore_isPublishedAgain() {
        try (StreamWal wal = open()) {
            append(wal, 4);
            clock.advance(AFTER);
            assertThat(wal.moveToTier()).isPositive();
            Map<String, List<Written>> before = new LinkedHashMap<>();
            written.forEach((key, records) -> before.put(key, List.copyOf(records)));
            Instant from = clock.instant();
            append(wal, 2);
            clock.advance(AFTER);
            store.weather(new Weather() {
                @Override
                public void before(Call call, String name) throws IOException {
                    if (call == Call.CLOSE && name.startsWith("content-")) {
                        store.put(name, new byte[10]);
                        throw new IOException("connection reset");
                    }
                }
            });
            expectFailures();
            assertThat(unavailable(wal::moveToTier)).hasMessageContaining("connection reset");
            store.weather(Weather.FINE);
            assertThat(wal.erase(Keys.all(), from, clock.instant()).records()).isPositive();
            written.clear();
            written.putAll(before);
            assertTidy(wal);
            try (WalReader alone = WalReader.openTier(store.folder())) {
                assertThat(alone.keys()).isEqualTo(written.keySet());
            }
            assertHolds(wal);
        }
    }

    /** An object of what the tier has that isn't whole is passed over, and one that lies isn't believed. */
    @Test
    void openTier_contentThatIsNotWhole_isPassedOverOrRefused() {
        try (StreamWal wal = open()) {
            append(wal, 4);
            assertThat(wal.moveToTier()).isPositive();
        }
        String content = store.names().stream().filter(name -> name.startsWith("content-")).findFirst().orElseThrow();
        byte[] right = store.content(content);
        for (UnaryOperator<byte[]> change : changes()) {
            String later = "content-7000000000000000-0000000000000001";
            store.put(later, change.apply(right));
            try (WalReader alone = WalReader.openTier(store.folder())) {
                assertThat(alone.keys()).isEqualTo(written.keySet());
            }
            store.remove(later);
            store.put(content, change.apply(right));
            unavailable(() -> WalReader.openTier(store.folder()));
            store.put(content, right);
        }
    }

    /** The writer publishes what the tier has, and deletes what it said before, between the reader's listing and its reading. */
    @Test
    void openTier_contentThatIsReplacedBehindTheListing_readsTheNewerOne() {
        try (StreamWal wal = open()) {
            append(wal, 4);
            assertThat(wal.moveToTier()).isPositive();
        }
        String before = store.names().stream().filter(name -> name.startsWith("content-")).findFirst().orElseThrow();
        String later = "content-7000000000000000-0000000000000001";
        AtomicInteger readings = new AtomicInteger();
        store.weather(new Weather() {
            @Override
            public void before(Call call, String object) {
                if (object.equals(before)) {
                    readings.incrementAndGet();
                    byte[] content = store.content(before);
                    store.remove(before);
                    store.put(later, content);
                }
            }
        });
        try (WalReader alone = WalReader.openTier(store.folder())) {
            assertThat(alone.keys()).isEqualTo(written.keySet());
        }
        assertThat(readings).hasValue(1);
    }

    /** A listing of several calls that misses the old object, which is deleted already, and the new one, which is written behind it. */
    @Test
    void openTier_contentThatTheListingMisses_isNotAnEmptyTier() {
        try (StreamWal wal = open()) {
            append(wal, 4);
            assertThat(wal.moveToTier()).isPositive();
        }
        String before = store.names().stream().filter(name -> name.startsWith("content-")).findFirst().orElseThrow();
        byte[] content = store.content(before);
        store.remove(before);
        AtomicInteger listings = new AtomicInteger();
        store.weather(new Weather() {
            @Override
            public void before(Call call, String object) {
                // the first listing is the one that asks whether it is a tier at all
                if (call == Call.LIST && listings.incrementAndGet() == 3) {
                    store.put(before, content);
                }
            }
        });
        try (WalReader alone = WalReader.openTier(store.folder())) {
            assertThat(alone.keys()).isEqualTo(written.keySet());
        }
    }

    @Test
    void openTier_eachCallFailsOnce_isUnavailableAndNothingElse() {
        try (StreamWal wal = open()) {
            append(wal, 4);
            assertThat(wal.moveToTier()).isPositive();
        }
        int failed = 0;
        for (int nth = 1; ; nth++) {
            Nth weather = new Nth(nth, nth % 2 == 0 ? new IllegalStateException("of a client") : null);
            store.weather(weather);
            int failures = 0;
            List<Written> found = List.of();
            for (boolean isDone = false; !isDone; ) {
                try (WalReader alone = WalReader.openTier(store.folder())) {
                    found = Written.drain(alone.scan("meter/2"));
                    isDone = true;
                } catch (TierUnavailableException e) {
                    failures++;
                }
            }
            assertThat(failures).isEqualTo(weather.calls >= nth ? 1 : 0);
            assertThat(found).isNotEmpty().isEqualTo(written.get("meter/2").subList(0, found.size()));
            failed += failures;
            if (failures == 0) {
                break;
            }
        }
        assertThat(failed).isGreaterThan(4);
        store.weather(Weather.FINE);
    }
}
