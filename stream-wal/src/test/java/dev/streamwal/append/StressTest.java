package dev.streamwal.append;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.Scale;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import dev.streamwal.storage.ChannelStorage;
import dev.streamwal.storage.MappedStorage;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Eight threads append to four streams while everything that can happen to a segment happens every few milliseconds: it is full, its space
 * runs out, it is sealed under the appenders' hands, and unmapped. Readers look on.
 */
class StressTest {

    private static final double SCALE = Scale.factor();
    private static final int THREADS = 8;
    private static final List<String> KEYS = List.of("one", "two", "three", "four");
    private static final long SEED = Long.getLong("seed", System.nanoTime());

    static {
        System.out.println("StressTest: -Dseed=" + SEED);
    }

    @TempDir
    Path root;

    @Test
    void appends_acrossRotationsAndGrowth_areAllThereInOrder() throws Exception {
        run(new Workload(root, new MappedStorage(), scaled(100_000), 1 << 20, null));
    }

    @Test
    void appends_heldUpBeforeAndAfterTheirReservation_areAllThereInOrder() throws Exception {
        run(new Workload(root, new MappedStorage(), scaled(8_000), 256 << 10, new Pauses()));
    }

    @Test
    void appends_toSegmentsThatAreFullAtOnce_areAllThereInOrder() throws Exception {
        run(new Workload(root, new MappedStorage(), scaled(10_000), 64 << 10, null));
    }

    @Test
    void appends_byPosition_areAllThereInOrder() throws Exception {
        run(new Workload(root, new ChannelStorage(), scaled(10_000), 64 << 10, null));
    }

    private static int scaled(int appends) {
        return Math.max(1_000, (int) (appends * SCALE));
    }

    private static void run(Workload workload) throws Exception {
        workload.run();
        System.out.println("StressTest: " + workload);
    }

    /** Holds an append up on either side of its reservation: mostly not, sometimes for a moment, seldom for as long as sealing takes. */
    private static final class Pauses implements AppendSeam {

        private final ThreadLocal<SplittableRandom> random =
                ThreadLocal.withInitial(() -> new SplittableRandom(SEED ^ Thread.currentThread().getId()));

        @Override
        public void beforeReserve() {
            pause();
        }

        @Override
        public void afterReserve() {
            pause();
        }

        private void pause() {
            int dice = random.get().nextInt(1_000);
            if (dice < 1) {
                LockSupport.parkNanos(1_000_000);
            } else if (dice < 5) {
                LockSupport.parkNanos(20_000);
            } else if (dice < 100) {
                Thread.yield();
            }
        }
    }

    private static final class Workload {

        private final Path root;
        private final int appendsEach;
        private final SeamedLog log;
        private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        private final long started = System.nanoTime();
        private volatile boolean appended;
        private long seals;

        Workload(Path root, SegmentStorage storage, int appendsEach, int segmentBytes, @Nullable AppendSeam seam) throws IOException {
            this.root = root;
            this.appendsEach = appendsEach;
            SeamedLog.create(root);
            this.log = new SeamedLog(root, storage, segmentBytes, seam);
        }

        void run() throws Exception {
            List<Thread> appenders = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                int thread = i;
                appenders.add(start("append " + i, () -> append(thread)));
            }
            List<Thread> others = new ArrayList<>();
            others.add(start("sweep", this::sweep));
            others.add(start("scan 0", () -> scan(0)));
            others.add(start("scan 2", () -> scan(2)));
            join(appenders);
            appended = true;
            join(others);
            log.close();
            Throwable failed = failure.get();
            if (failed != null) {
                throw new AssertionError("seed=" + SEED, failed);
            }
            assertThat(log.failures).isEmpty();
            readAll();
        }

        private interface Work {
            void run() throws Exception;
        }

        private Thread start(String name, Work work) {
            Thread thread = new Thread(() -> {
                try {
                    work.run();
                } catch (Throwable e) {
                    failure.compareAndSet(null, e);
                }
            }, name);
            thread.start();
            return thread;
        }

        private void join(List<Thread> threads) throws InterruptedException {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
            for (Thread thread : threads) {
                thread.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime())));
                if (thread.isAlive()) {
                    AssertionError hangs = new AssertionError("hangs: " + thread.getName());
                    hangs.setStackTrace(thread.getStackTrace());
                    failure.compareAndSet(null, hangs);
                }
            }
        }

        /** What a thread knows of its last appends. */
        private record Own(EntryRef ref, int sequence) {}

        private void append(int thread) {
            SplittableRandom random = new SplittableRandom(SEED + thread);
            int[] sequences = new int[KEYS.size()];
            Map<String, ArrayDeque<Own>> owns = new ConcurrentHashMap<>();
            int left = appendsEach * KEYS.size();
            try (WalReader reader = log.reader()) {
                while (left > 0 && failure.get() == null) {
                    int stream = random.nextInt(KEYS.size());
                    String key = KEYS.get(stream);
                    int count = Math.min(appendsEach - sequences[stream], random.nextInt(16) == 0 ? 2 + random.nextInt(9) : 1);
                    if (count == 0) {
                        continue;
                    }
                    ArrayDeque<Own> own = owns.computeIfAbsent(key, text -> new ArrayDeque<>());
                    append(key, thread, sequences[stream], count, own);
                    sequences[stream] += count;
                    left -= count;
                    if (random.nextInt(2_000) == 0) {
                        readOwn(reader, key, thread, own);
                    }
                }
            }
        }

        private void append(String key, int thread, int sequence, int count, ArrayDeque<Own> own) {
            List<Draft> drafts = new ArrayList<>(count);
            for (int i = sequence; i < sequence + count; i++) {
                // timestamps go up and down, so that the footers have something to get wrong
                drafts.add(Draft.of(Source.of(StressRecords.header(thread, i)), Source.of(StressRecords.content(thread, i)),
                        SeamedLog.NOW - i % 1_000));
            }
            StreamLog stream = log.stream(key);
            AppendScratch scratch = new AppendScratch();
            long position = count == 1
                    ? stream.append(scratch, drafts.get(0), (int) drafts.get(0).frameBytes(), SeamedLog.NOW, StreamLog.ANY_END)
                    : stream.appendBatch(scratch, drafts, (int) Draft.batchBytes(drafts), SeamedLog.NOW, SeamedLog.NOW);
            for (int i = 0; i < count; i++) {
                int size = (int) drafts.get(i).frameBytes();
                own.addLast(new Own(new EntryRef(key, position, size), sequence + i));
                position += size;
                if (own.size() > 200) {
                    own.removeFirst();
                }
            }
        }

        /** What a thread has appended it can read, at once, in every way. */
        private void readOwn(WalReader reader, String key, int thread, ArrayDeque<Own> own) {
            List<Own> mine = new ArrayList<>(own);
            try (EntryBatch batch = reader.readBatch(mine.stream().map(Own::ref).toList())) {
                for (int i = 0; i < mine.size(); i++) {
                    Entry entry = batch.get(i);
                    StressRecords.check(entry.header(), entry.content(), thread, mine.get(i).sequence());
                }
            }
            Own first = mine.get(Math.max(0, mine.size() - 20));
            int expected = first.sequence();
            int last = mine.get(mine.size() - 1).sequence();
            try (EntryCursor cursor = reader.scanFrom(key, first.ref().position())) {
                while (expected <= last) {
                    if (!cursor.next()) {
                        throw new AssertionError("a thread's own record isn't there: stream=" + key + ", thread=" + thread + ", sequence="
                                + expected + ", last=" + mine.get(mine.size() - 1) + ", stopped at=" + cursor.nextPosition());
                    }
                    if (StressRecords.thread(cursor.content()) == thread) {
                        StressRecords.check(cursor.header(), cursor.content(), thread, expected++);
                    }
                }
            }
            Entry latest = reader.latest(key).orElseThrow();
            StressRecords.check(latest.header(), latest.content(), StressRecords.thread(latest.content()),
                    StressRecords.sequence(latest.content()));
            assertThat(latest.ref().position()).isGreaterThanOrEqualTo(mine.get(mine.size() - 1).ref().position());
        }

        /** Seals what is being appended to, as if it had expired. */
        private void sweep() throws IOException {
            SplittableRandom random = new SplittableRandom(SEED - 2);
            while (!appended) {
                log.stream(KEYS.get(random.nextInt(KEYS.size()))).sealIfIdle(Long.MAX_VALUE);
                seals++;
                LockSupport.parkNanos(random.nextInt(10_000_000));
            }
        }

        /** Follows two streams from beginning to end. */
        private void scan(int from) {
            try (WalReader reader = log.reader()) {
                for (String key : KEYS.subList(from, from + 2)) {
                    StressRecords.Follower follower = new StressRecords.Follower(key, THREADS);
                    try (EntryCursor cursor = reader.scan(key)) {
                        boolean last;
                        do {
                            last = appended;
                            while (failure.get() == null && cursor.next()) {
                                follower.accept(cursor.header(), cursor.content(), cursor.position());
                            }
                            LockSupport.parkNanos(200_000);
                        } while (!last && failure.get() == null);
                    }
                    if (failure.get() == null) {
                        checkComplete(follower);
                    }
                }
            }
        }

        private void checkComplete(StressRecords.Follower follower) {
            int[] expected = new int[THREADS];
            Arrays.fill(expected, appendsEach);
            assertThat(follower.next()).containsExactly(expected);
        }

        private int segments;

        /** As another process would, after the log was closed. */
        private void readAll() throws IOException {
            try (WalReader reader = WalReader.open(root)) {
                for (String key : KEYS) {
                    StressRecords.Follower follower = new StressRecords.Follower(key, THREADS);
                    try (EntryCursor cursor = reader.scan(key)) {
                        while (cursor.next()) {
                            follower.accept(cursor.header(), cursor.content(), cursor.position());
                        }
                    }
                    checkComplete(follower);
                    StreamFiles.Findings findings = StreamFiles.check(log.directory(key), key);
                    assertThat(findings.data()).isEqualTo(follower.records());
                    assertThat(findings.padding()).isZero();
                    segments += findings.segments();
                }
            }
        }

        @Override
        public String toString() {
            return "records=" + (long) appendsEach * THREADS * KEYS.size() + ", segments=" + segments + ", seals=" + seals + ", ms=" + (System.nanoTime() - started) / 1_000_000;
        }
    }
}
