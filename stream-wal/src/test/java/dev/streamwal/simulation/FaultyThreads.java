package dev.streamwal.simulation;

import dev.streamwal.Durability;
import dev.streamwal.SmallLog;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStream;
import dev.streamwal.WriteEntry;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalFailedException;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBufUtil;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;

/** Threads that append durably to one log, which has threads of its own, until they are told that it has failed, or are done. */
final class FaultyThreads {

    static final int THREADS = 4;
    private static final List<String> KEYS = List.of("a", "b", "c");
    private static final int APPENDS = 120;
    private static final int SEGMENT_BYTES = 8_192;
    private static final int SYNC_EVERY = 25;
    /** Nobody waits for so long but for somebody who doesn't come. */
    private static final long LAST_RESORT_MILLIS = 60_000;

    private final boolean mapped;
    private final long seed;
    private final SimulatedDisk disk = new SimulatedDisk();
    private final Set<Long> durable = ConcurrentHashMap.newKeySet();
    private final List<CompletableFuture<EntryRef>> later = Collections.synchronizedList(new ArrayList<>());
    private final List<Throwable> wrong = Collections.synchronizedList(new ArrayList<>());
    private final List<WalFailedException> told = Collections.synchronizedList(new ArrayList<>());
    private StreamWal wal;

    FaultyThreads(boolean mapped, long seed) {
        this.mapped = mapped;
        this.seed = seed;
    }

    /** Threads that were told that the log has failed. */
    int told() {
        return told.size();
    }

    int failures() {
        return disk.failures().size();
    }

    int durable() {
        return durable.size();
    }

    void run(FaultPlan plan) throws InterruptedException {
        wal = open();
        disk.failing(plan);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            int number = i;
            Thread thread = new Thread(() -> append(number), "appends-" + i);
            thread.setDaemon(true);
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            awaitEnd(thread);
        }
        if (!told.isEmpty()) {
            KEYS.forEach(key -> checkStaysFailed(wal.stream(key)));
        }
        Thread closer = new Thread(this::close, "closes");
        closer.setDaemon(true);
        closer.start();
        awaitEnd(closer);
        checkAnswered();
        disk.failing(FaultPlan.NONE);
        checkCrash();
        if (!wrong.isEmpty()) {
            AssertionError all = new AssertionError("seed=" + seed + ", mapped=" + mapped + ", " + plan + ": " + wrong.get(0));
            wrong.forEach(all::addSuppressed);
            throw all;
        }
    }

    private static void awaitEnd(Thread thread) throws InterruptedException {
        thread.join(LAST_RESORT_MILLIS);
        if (thread.isAlive()) {
            AssertionError hangs = new AssertionError("nobody waits for ever: " + thread);
            hangs.setStackTrace(thread.getStackTrace());
            throw hangs;
        }
    }

    private StreamWal open() {
        Random salts = new Random(seed);
        return SmallLog.open(disk.path("/log"), options(), "boot-0", mapped, () -> {
            synchronized (salts) {
                return salts.nextLong();
            }
        }, true);
    }

    private static WalOptions options() {
        return WalOptions.builder().segmentBytes(SEGMENT_BYTES).flushInterval(Duration.ofMillis(1))
                .sweepInterval(Duration.ZERO).build();
    }

    private void append(int thread) {
        WalStream stream = wal.stream(KEYS.get(thread % KEYS.size()));
        Random random = new Random(seed * THREADS + thread);
        boolean failed = false;
        for (int i = 0; i < APPENDS && !failed; i++) {
            try {
                appendOne(stream, thread, i, 20 + random.nextInt(200), random.nextInt(3));
            } catch (WalFailedException e) {
                failed = true;
                told.add(e);
                checkStaysFailed(stream);
            } catch (WalException e) {
                // nothing was appended, or nobody knows whether it is durable; the next one may be
            } catch (RuntimeException | Error e) {
                wrong.add(e);
                return;
            }
        }
    }

    private void appendOne(WalStream stream, int thread, int number, int bytes, int how) {
        long id = (long) thread << Integer.SIZE | number;
        WriteEntry entry = WriteEntry.of(ByteBuffer.allocate(bytes).putLong(0, id).array());
        if (number % SYNC_EVERY == 0) {
            wal.sync();
        }
        switch (how) {
            case 0 -> later.add(stream.appendAsync(entry).thenApply(ref -> {
                durable.add(id);
                return ref;
            }));
            case 1 -> {
                EntryRef unused = stream.append(entry, Durability.PERIODIC);
            }
            default -> {
                EntryRef unused = stream.append(entry, Durability.IMMEDIATE);
                durable.add(id);
            }
        }
    }

    private void checkStaysFailed(WalStream stream) {
        try {
            EntryRef unused = stream.append(WriteEntry.of(new byte[Long.BYTES]), Durability.IMMEDIATE);
            wrong.add(new AssertionError("a log that has failed acknowledges nothing"));
        } catch (WalFailedException e) {
            // as it must
        } catch (RuntimeException | Error e) {
            wrong.add(e);
        }
        try {
            EntryRef unused = stream.append(WriteEntry.of(new byte[Long.BYTES]), Durability.BUFFERED);
            wrong.add(new AssertionError("a log that has failed acknowledges nothing, without a flush either"));
        } catch (WalFailedException e) {
            // as it must
        } catch (RuntimeException | Error e) {
            wrong.add(e);
        }
    }

    private void close() {
        try {
            wal.close();
        } catch (WalException e) {
            // it is closed all the same
        } catch (RuntimeException | Error e) {
            wrong.add(e);
        }
    }

    private void checkAnswered() {
        for (CompletableFuture<EntryRef> future : later) {
            if (!future.isDone()) {
                wrong.add(new AssertionError("who doesn't wait is told too"));
                return;
            }
            try {
                EntryRef unused = future.join();
            } catch (CompletionException e) {
                if (!(e.getCause() instanceof WalException)) {
                    wrong.add(e);
                }
            }
        }
    }

    private void checkCrash() {
        CrashPoint point = disk.crashPoint(disk.mark());
        SimulatedDisk left = point.state(point.allLost());
        try (StreamWal recovered =
                        SmallLog.open(left.path("/log"), options(), "boot-1", mapped, new Random(~seed)::nextLong, false);
                WalReader reader = recovered.reader()) {
            Set<Long> found = ConcurrentHashMap.newKeySet();
            for (String key : KEYS) {
                long unused = recovered.stream(key).endPosition();
                try (EntryCursor cursor = reader.scan(key)) {
                    while (cursor.next()) {
                        found.add(ByteBuffer.wrap(ByteBufUtil.getBytes(cursor.content())).getLong(0));
                    }
                }
            }
            for (Long id : durable) {
                if (!found.contains(id)) {
                    wrong.add(new AssertionError("what was acknowledged as durable is there: " + Long.toHexString(id)));
                }
            }
        } catch (RuntimeException e) {
            wrong.add(e);
        }
    }
}
