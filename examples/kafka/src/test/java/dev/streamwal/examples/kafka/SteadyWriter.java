package dev.streamwal.examples.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.StreamWal;
import dev.streamwal.reader.EntryRef;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A thread that appends to some streams until it is ended, with a rest after every few records. */
final class SteadyWriter implements AutoCloseable {

    private static final int STREAMS = 100; // more than have segments of their own
    private static final int RECORDS_A_REST = 20;
    private static final long REST_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final StreamWal wal;
    private final Map<String, List<String>> appended = new HashMap<>();
    private final CompletableFuture<Map<String, List<String>>> result = new CompletableFuture<>();
    private volatile boolean isEnded;

    SteadyWriter(StreamWal wal) {
        this.wal = wal;
        new Thread(this::append, "steady writer").start();
    }

    private void append() {
        try {
            for (int number = 0; !isEnded; number++) {
                append(number);
                if (number % RECORDS_A_REST == 0) {
                    LockSupport.parkNanos(REST_NANOS);
                }
            }
            result.complete(appended);
        } catch (RuntimeException e) {
            result.completeExceptionally(e);
        }
    }

    private void append(int number) {
        String key = "meter/" + number % STREAMS;
        String content = "reading " + number;
        long millis = System.currentTimeMillis();
        EntryRef unused = wal.stream(key).append(millis, content.getBytes(UTF_8));
        appended.computeIfAbsent(key, any -> new ArrayList<>()).add(ArrivedRecords.text(content, millis));
    }

    /** {@return by key, what it has appended} */
    Map<String, List<String>> end() {
        isEnded = true;
        return result.join();
    }

    @Override
    public void close() {
        Map<String, List<String>> unused = end();
    }
}
