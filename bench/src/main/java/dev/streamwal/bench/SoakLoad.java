package dev.streamwal.bench;

import dev.streamwal.DeletedSegment;
import dev.streamwal.Durability;
import dev.streamwal.PackedSegments;
import dev.streamwal.StreamWal;
import dev.streamwal.WalListener;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStream;
import dev.streamwal.WriteEntry;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A log under load, with all that it does beside appending: short windows that rotate, are packed, merged and swept; durable appends among the others; a
 * follower; a consumer that commits, and is closed and opened; readers that are opened and closed. The keys stay the same: a log has memory for each
 * stream that was appended to since it was opened.
 */
final class SoakLoad implements AutoCloseable {

    static final int KEYS = 2_000;
    static final Duration WINDOW = Duration.ofSeconds(5);
    static final Duration RETENTION = Duration.ofSeconds(10);
    static final int APPENDS_A_SECOND = 2_000;
    static final int DURABLE_ONE_OF = 200;

    private static final Duration SWEEP_INTERVAL = Duration.ofSeconds(1);
    private static final int CONTENT_BYTES = 96;
    private static final int BURST = 20;
    private static final int COMMIT_EVERY = 1_000;
    private static final int REOPEN_EVERY = 100_000;
    private static final Duration PATIENCE = Duration.ofMillis(100);
    private static final long QUERY_PAUSE_MILLIS = 50;

    final AtomicLong appended = new AtomicLong();
    final AtomicLong followed = new AtomicLong();
    final AtomicLong consumed = new AtomicLong();
    final AtomicLong lost = new AtomicLong();
    final AtomicLong queries = new AtomicLong();
    final AtomicInteger packs = new AtomicInteger();
    final AtomicInteger deleted = new AtomicInteger();

    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final List<Thread> threads = new ArrayList<>();
    private final Path root;
    private final StreamWal wal;
    private volatile boolean isStopped;
    private volatile List<EntryRef> newest = List.of();

    /** What each thread does until it is stopped. */
    private interface Work {
        void run() throws InterruptedException;
    }

    SoakLoad(Path root) {
        this.root = root;
        WalListener listener = new WalListener() {
            @Override
            public void onPacked(PackedSegments packed) {
                packs.incrementAndGet();
            }

            @Override
            public void onSwept(DeletedSegment segment) {
                deleted.incrementAndGet();
            }

            @Override
            public void onFailure(String task, Optional<String> stream, Throwable thrown) {
                failure.compareAndSet(null, thrown);
            }
        };
        this.wal = StreamWal.open(root, WalOptions.builder().window(WINDOW).retention(RETENTION).sweepInterval(SWEEP_INTERVAL).listener(listener).build());
        start("append", this::append);
        start("follow", this::follow);
        start("consume", this::consume);
        start("query", this::query);
    }

    private void start(String name, Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (RuntimeException | Error e) {
                failure.compareAndSet(null, e);
            }
        }, "soak " + name);
        threads.add(thread);
        thread.start();
    }

    /** Throws what a thread, or the log's background work, has thrown. */
    void check() {
        Throwable thrown = failure.get();
        if (thrown != null) {
            throw new IllegalStateException("the load has failed", thrown);
        }
    }

    private static String key(int number) {
        return "site-" + number % 50 + "/meter-" + number;
    }

    private void append() throws InterruptedException {
        WalStream[] streams = new WalStream[KEYS];
        for (int i = 0; i < KEYS; i++) {
            streams[i] = wal.stream(key(i));
        }
        Random random = new Random(1);
        byte[] content = new byte[CONTENT_BYTES];
        long due = System.nanoTime();
        for (long number = 0; !isStopped; ) {
            List<EntryRef> refs = new ArrayList<>();
            for (int i = 0; i < BURST; i++, number++) {
                content[random.nextInt(CONTENT_BYTES)] = (byte) random.nextInt();
                WalStream stream = streams[random.nextInt(KEYS)];
                Durability durability = number % DURABLE_ONE_OF == 0 ? Durability.IMMEDIATE : Durability.BUFFERED;
                refs.add(stream.append(WriteEntry.of(content), durability));
            }
            newest = refs;
            appended.addAndGet(BURST);
            long now = System.nanoTime();
            // what a busy machine has kept it from isn't made up for
            due = Math.max(due + BURST * TimeUnit.SECONDS.toNanos(1) / APPENDS_A_SECOND, now - TimeUnit.SECONDS.toNanos(1));
            if (due > now) {
                TimeUnit.NANOSECONDS.sleep(due - now);
            }
        }
    }

    private void follow() throws InterruptedException {
        try (WalReader reader = WalReader.open(root); EntryTail tail = reader.follow(Keys.all(), ReadFrom.end())) {
            while (!isStopped) {
                followed.addAndGet(isNext(tail) ? 1 : 0);
            }
        }
    }

    private boolean isNext(EntryTail tail) throws InterruptedException {
        try {
            return tail.next(PATIENCE);
        } catch (EntryExpiredException overtaken) {
            lost.incrementAndGet();
            return false;
        }
    }

    private void consume() throws InterruptedException {
        while (!isStopped) {
            try (WalReader reader = wal.reader(); WalConsumer consumer = reader.consumer("soak", Keys.all())) {
                EntryTail entries = consumer.entries();
                for (int i = 0; i < REOPEN_EVERY && !isStopped; i++) {
                    consumed.addAndGet(isNext(entries) ? 1 : 0);
                    if (i % COMMIT_EVERY == COMMIT_EVERY - 1) {
                        consumer.commitDelivered();
                    }
                }
                consumer.commitDelivered();
            }
        }
    }

    private void query() throws InterruptedException {
        for (int number = 0; !isStopped; number++) {
            try (WalReader reader = WalReader.open(root)) {
                try (EntryBatch batch = reader.readBatch(newest)) {
                    queries.addAndGet(batch.found().size());
                }
                queries.addAndGet(reader.latest(Keys.prefix("site-" + number % 50 + "/")).size());
                try (EntryCursor cursor = reader.scan(key(number % KEYS))) {
                    while (scans(cursor)) {
                        queries.incrementAndGet();
                    }
                }
            }
            TimeUnit.MILLISECONDS.sleep(QUERY_PAUSE_MILLIS);
        }
    }

    private boolean scans(EntryCursor cursor) {
        try {
            return cursor.next();
        } catch (EntryExpiredException swept) {
            return false;
        }
    }

    /** Ends the threads, and closes the log. */
    @Override
    public void close() {
        isStopped = true;
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        wal.close();
    }
}
