package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.streamwal.commit.JournalSizes;
import dev.streamwal.engine.Environment;
import dev.streamwal.engine.Storages;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** All ways to make something durable, by many threads, while segments rotate, the journal is checkpointed, and streams are swept. */
class CommitStressTest {

    private static final JournalSizes SMALL_JOURNAL = new JournalSizes(64 << 10, 128 << 10, 512 << 10, 32 << 10, 8 << 10);
    private static final int STREAMS = 5;
    private static final int CONTENT_BYTES = 200;
    private static final long PATIENCE_SECONDS = 120;

    private final ConcurrentLinkedQueue<EntryRef> acknowledged = new ConcurrentLinkedQueue<>();
    private final AtomicLong asked = new AtomicLong();
    private final AtomicLong answered = new AtomicLong();
    private final Events events = new Events();
    private Path directory;

    @TempDir
    Path disk;

    @BeforeEach
    void create() throws Exception {
        directory = FastDirectory.create(disk, 64 << 20);
    }

    @AfterEach
    void delete() throws Exception {
        LogHome.deleteTree(directory);
    }

    private StreamWal open() {
        WalOptions options = WalOptions.builder().segmentBytes(16 << 10).listener(events).sweepInterval(Duration.ZERO)
                .streams("swept/*", StreamOptions.builder().maxBytesPerStream(48 << 10).build()).flushInterval(Duration.ofMillis(1)).build();
        return StreamWal.open(directory.resolve("log"), options, new Environment(() -> Optional.of("boot-1"), new Storages(options.storage().kind()),
                Environment.ofThisMachine(options.storage().kind()).salts(), true, SMALL_JOURNAL));
    }

    private static int scaled(int count) {
        return (int) Math.max(20, count * Scale.factor());
    }

    @Test
    void platformThreads_allLevels_allAreAnsweredAndAllIsThere() throws Exception {
        run(Executors.newFixedThreadPool(8), 8, scaled(5_000));
    }

    @Test
    void virtualThreads_allLevels_allAreAnsweredAndAllIsThere() throws Exception {
        assumeTrue(Runtime.version().feature() >= 21, "virtual threads are there from JDK 21 on");
        run((ExecutorService) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null), 256, scaled(200));
    }

    private void run(ExecutorService threads, int writers, int appendsOfEach) throws Exception {
        AtomicBoolean done = new AtomicBoolean();
        try (StreamWal wal = open()) {
            Thread sweeper = new Thread(() -> {
                while (!done.get()) {
                    SweepResult unused = wal.sweep();
                }
            });
            sweeper.start();
            List<Future<?>> writing = new ArrayList<>();
            for (int w = 0; w < writers; w++) {
                Random dice = new Random(w);
                writing.add(threads.submit(() -> write(wal, dice, appendsOfEach)));
            }
            try {
                for (Future<?> each : writing) {
                    each.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
                }
            } finally {
                done.set(true);
                sweeper.join();
                threads.shutdownNow();
            }
            LogContract.await("asynchronous appends", () -> answered.get() == asked.get());
            // a segment that gets its footer meanwhile may be counted twice
            LogContract.await("all appends are counted", () -> wal.stats().appends() == (long) writers * appendsOfEach);
            assertThat(wal.health().state()).isEqualTo(WalHealth.State.OK);
            try (var files = Files.list(directory.resolve("log").resolve("commit"))) {
                assertThat(files.count()).as("the journal's files").isLessThanOrEqualTo(10);
            }
            assertReadable(wal);
        }
        try (StreamWal reopened = open()) {
            assertReadable(reopened);
        }
        assertThat(events.failures).isEmpty();
    }

    private void write(StreamWal wal, Random dice, int appends) {
        for (int i = 0; i < appends; i++) {
            boolean swept = dice.nextInt(STREAMS) == 0;
            WalStream stream = wal.stream((swept ? "swept/" : "kept/") + dice.nextInt(STREAMS));
            WriteEntry entry = WriteEntry.of(new byte[dice.nextInt(CONTENT_BYTES)]);
            switch (dice.nextInt(6)) {
                case 0 -> {
                    asked.incrementAndGet();
                    stream.appendAsync(entry).whenComplete((ref, failure) -> {
                        if (failure == null) {
                            acknowledge(stream, ref, swept);
                        }
                        answered.incrementAndGet();
                    });
                }
                case 1 -> acknowledge(stream, stream.append(entry, Durability.PERIODIC), true);
                case 2 -> {
                    EntryRef ref = stream.append(entry, Durability.BUFFERED);
                    if (dice.nextInt(20) == 0) {
                        wal.sync();
                    } else {
                        stream.sync();
                    }
                    acknowledge(stream, ref, swept);
                }
                default -> acknowledge(stream, stream.append(entry, Durability.IMMEDIATE), swept);
            }
        }
    }

    private void acknowledge(WalStream stream, EntryRef ref, boolean mayBeGone) {
        if (!mayBeGone) {
            assertThat(stream.durablePosition()).isGreaterThanOrEqualTo(ref.end());
            acknowledged.add(ref);
        }
    }

    private void assertReadable(StreamWal wal) {
        List<EntryRef> refs = List.copyOf(acknowledged);
        assertThat(refs).isNotEmpty();
        try (WalReader reader = wal.reader()) {
            for (int from = 0; from < refs.size(); from += 1_000) {
                List<EntryRef> some = refs.subList(from, Math.min(refs.size(), from + 1_000));
                try (var batch = reader.readBatch(some)) {
                    assertThat(batch.found()).hasSameSizeAs(some);
                }
            }
        }
    }
}
