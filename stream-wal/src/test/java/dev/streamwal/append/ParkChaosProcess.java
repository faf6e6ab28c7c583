package dev.streamwal.append;

import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.WalReader;
import dev.streamwal.storage.MappedStorage;
import dev.streamwal.storage.SegmentMapping;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Another JVM, because it may crash: appends to streams that are parked and mapped again all the time, with every append held up for as
 * long as that takes, before its reservation and behind it. Ends with 0 where every record is right, with {@link #WRONG} where one isn't.
 */
final class ParkChaosProcess {

    static final int WRONG = 3;

    private static final List<String> KEYS = List.of("one", "two", "three", "four");
    private static final int SEGMENT_BYTES = 256 << 10;
    private static final int OPEN_FILES = 64;
    /** An append takes half a millisecond here. */
    private static final int MAX_UNPUBLISHED_SECONDS = 3;

    private final SeamedLog log;
    private final boolean early;
    private final long deadline;
    private final Map<StreamLog, ActiveSegment> segments = new ConcurrentHashMap<>();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final int[] appended = new int[KEYS.size()];

    private ParkChaosProcess(Path root, boolean early, long seconds) throws IOException {
        this.early = early;
        this.deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        SeamedLog.create(root);
        this.log = new SeamedLog(root, new MappedStorage(), SEGMENT_BYTES, OPEN_FILES, KEYS.size(), new Pause());
    }

    /**
     * Starts one.
     *
     * @param early whether appends read the mapping before they have reserved
     */
    static Process start(Path root, boolean early, int seconds) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m", "-XX:+UseSerialGC", "-XX:-CreateCoredumpOnCrash",
                        "-XX:ErrorFile=" + root.resolveSibling("crash.log"),
                        "-cp", System.getProperty("java.class.path"), ParkChaosProcess.class.getName(),
                        root.toString(), Boolean.toString(early), Integer.toString(seconds))
                .redirectErrorStream(true)
                .redirectOutput(root.resolveSibling("output-" + early + ".txt").toFile())
                .start();
    }

    private final class Pause implements AppendSeam {

        @Override
        public @Nullable SegmentMapping beforeReserve(ActiveSegment segment) {
            segments.put(segment.owner(), segment);
            SegmentMapping mapping = segment.mappingNow();
            LockSupport.parkNanos(300_000);
            return early ? mapping : null;
        }

        @Override
        public void afterReserve() {
            LockSupport.parkNanos(100_000);
        }
    }

    public static void main(String[] args) throws Exception {
        ParkChaosProcess chaos = new ParkChaosProcess(Path.of(args[0]), Boolean.parseBoolean(args[1]), Long.parseLong(args[2]));
        try {
            chaos.run();
            System.out.println("right: appended=" + Arrays.toString(chaos.appended));
        } catch (Throwable e) {
            e.printStackTrace();
            // nothing is waited for: threads may wait for a slot that is never published
            Runtime.getRuntime().halt(WRONG);
        }
        Runtime.getRuntime().halt(0);
    }

    private void run() throws Exception {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < KEYS.size(); i++) {
            int stream = i;
            threads.add(new Thread(() -> guarded(() -> append(stream)), "append"));
        }
        threads.add(new Thread(() -> guarded(this::parkAndMap), "park"));
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                thread.join(50);
                if (failure.get() != null) {
                    throw new AssertionError(failure.get());
                }
            }
        }
        if (!log.closeAll() || !log.failures.isEmpty()) {
            throw new AssertionError("a slot was reserved and never published: " + log.failures);
        }
        readAll();
    }

    private interface Work {
        void run() throws Exception;
    }

    private void guarded(Work work) {
        try {
            work.run();
        } catch (Throwable e) {
            failure.compareAndSet(null, e);
        }
    }

    private boolean goesOn() {
        return System.nanoTime() < deadline && failure.get() == null;
    }

    private void append(int stream) {
        for (int i = 0; goesOn(); i++) {
            long unused = log.append(KEYS.get(stream), Source.of(StressRecords.header(0, i)), Source.of(StressRecords.content(0, i)));
            appended[stream] = i + 1;
        }
    }

    /** All are parked, and mapped again in another order, so that each is likely to stand where another one stood. */
    private void parkAndMap() {
        Evictor evictor = new Evictor(log.context.mappings());
        Random random = new Random(1);
        long parked = System.nanoTime();
        while (goesOn()) {
            evictor.take(KEYS.size());
            if (evictor.hasAll(KEYS.size())) {
                parked = System.nanoTime();
            } else if (System.nanoTime() - parked > TimeUnit.SECONDS.toNanos(MAX_UNPUBLISHED_SECONDS)) {
                throw new AssertionError("a slot was reserved and not published for seconds");
            }
            evictor.leave();
            List<ActiveSegment> shuffled = new ArrayList<>(segments.values());
            Collections.shuffle(shuffled, random);
            shuffled.forEach(ActiveSegment::mapNow);
            LockSupport.parkNanos(random.nextInt(200_000));
            if (!log.failures.isEmpty()) {
                throw new AssertionError(log.failures.toString());
            }
        }
    }

    private void readAll() throws IOException {
        try (WalReader reader = WalReader.open(log.root)) {
            for (int stream = 0; stream < KEYS.size(); stream++) {
                String key = KEYS.get(stream);
                StressRecords.Follower follower = new StressRecords.Follower(key, 1);
                try (EntryCursor cursor = reader.scan(key)) {
                    while (cursor.next()) {
                        follower.accept(cursor.header(), cursor.content(), cursor.position());
                    }
                }
                if (follower.records() != appended[stream]) {
                    throw new AssertionError("lost: stream=" + key + ", read=" + follower.records() + ", appended=" + appended[stream]);
                }
                StreamFiles.Findings unused = StreamFiles.check(log.directory(key), key);
            }
        }
    }
}
