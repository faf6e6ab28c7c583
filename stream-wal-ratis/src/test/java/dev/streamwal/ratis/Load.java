package dev.streamwal.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.WriteEntry;
import dev.streamwal.reader.EntryRef;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Appends records that are all different, reads where streams end, and remembers what it was told. It stops when it is closed; {@link #check} then says whether
 * a replica's files keep all promises.
 */
final class Load implements AutoCloseable {

    private static final String PREFIX = "key/";
    private static final int KEYS = 16;
    private static final long PATIENCE_SECONDS = 90;

    final History history = new History();
    private final ReplicatedWal wal;
    private final Map<Long, EntryRef> acknowledged = new ConcurrentHashMap<>();
    private final AtomicLong sent = new AtomicLong();
    private final AtomicInteger failed = new AtomicInteger();
    private final AtomicInteger unread = new AtomicInteger();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean isOver;

    Load(Replicas replicas) {
        this.wal = ReplicatedWal.connect(replicas, Batching.of(Duration.ofMillis(5), 20));
        threads.add(new Thread(this::append, "appends"));
        threads.add(new Thread(this::read, "reads"));
        threads.forEach(Thread::start);
    }

    private static String key(long number) {
        return PREFIX + number % KEYS;
    }

    private void append() {
        while (!isOver) {
            long number = sent.getAndIncrement();
            byte[] content = new byte[64 + (int) (number % 100)];
            ByteBuffer.wrap(content).putLong(number);
            long began = System.nanoTime();
            wal.append(key(number), WriteEntry.of(content)).whenComplete((ref, failure) -> {
                if (failure != null) {
                    failed.incrementAndGet();
                } else {
                    history.append(ref.key(), began, System.nanoTime(), ref.position(), ref.end());
                    acknowledged.put(number, ref);
                }
            });
            if (number % 4 == 0) {
                rest(1);
            }
        }
    }

    private void read() {
        for (long i = 0; !isOver; i++) {
            long began = System.nanoTime();
            try {
                long end = wal.endPosition(key(i), Consistency.LINEARIZABLE);
                history.read(key(i), began, System.nanoTime(), end);
            } catch (ReplicationException e) {
                unread.incrementAndGet();
            }
            rest(2);
        }
    }

    private static void rest(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    int failed() {
        return failed.get();
    }

    /** Waits until as many more are acknowledged, for as long as there are more. */
    void awaitMore(int records) throws InterruptedException {
        int goal = acknowledged.size() + records;
        int last = 0;
        long giveUpNanos = 0;
        while (acknowledged.size() < goal) {
            int now = acknowledged.size();
            if (now > last) {
                last = now;
                giveUpNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
            } else if (giveUpNanos != 0 && System.nanoTime() > giveUpNanos) {
                break;
            }
            Thread.sleep(10);
        }
        assertThat(acknowledged.size()).as("records acknowledged; failed: " + failed).isGreaterThanOrEqualTo(goal);
    }

    /** Ends; all that was sent is answered. */
    @Override
    public void close() {
        isOver = true;
        try {
            for (Thread each : threads) {
                each.join();
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        wal.close();
    }

    /** Whether everything acknowledged is there. */
    boolean isIn(ReplicaFiles files) {
        return new HashSet<>(files.refs()).containsAll(acknowledged.values());
    }

    /** Everything acknowledged is there, where it was acknowledged, and nothing is there twice. One client's records of a stream are in the order sent. */
    void check(ReplicaFiles files) {
        Map<Long, EntryRef> found = new HashMap<>();
        Set<Long> twice = new HashSet<>();
        List<String> disorder = new ArrayList<>();
        files.streams().forEach((key, records) -> {
            if (!key.startsWith(PREFIX)) {
                return; // another client's
            }
            long last = -1;
            for (ReplicaFiles.Stored each : records) {
                long number = ByteBuffer.wrap(Base64.getDecoder().decode(each.content())).getLong();
                if (found.put(number, each.ref()) != null) {
                    twice.add(number);
                }
                if (number <= last) {
                    disorder.add(key + ": " + number + " behind " + last + (acknowledged.containsKey(number) ? "" : ", not acknowledged"));
                }
                last = Math.max(last, number);
            }
        });
        assertThat(disorder).as("records that stand behind later ones").isEmpty();
        assertThat(twice).as("records that are there twice").isEmpty();
        Map<Long, EntryRef> there = new HashMap<>(found);
        there.keySet().retainAll(acknowledged.keySet());
        assertThat(there).as("what was acknowledged").isEqualTo(acknowledged);
        assertThat((long) found.size()).isLessThanOrEqualTo(sent.get());
    }
}
