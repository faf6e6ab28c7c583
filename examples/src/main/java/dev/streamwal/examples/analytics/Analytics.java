package dev.streamwal.examples.analytics;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.examples.FailingLog;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalReader;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Follows the log from a minute ago on, and keeps what it needs of the last minute. Nothing of it is stored: after a restart it is all read again.
 * Thread-safe.
 */
final class Analytics implements AutoCloseable {
    private static final Duration REST = Duration.ofSeconds(1);

    private final PrintStream out;
    private final EntryTail tail;
    private final Map<String, RollingMinute> minutes = new TreeMap<>();
    private final Thread follower = new Thread(this::follow, "analytics");
    private volatile boolean closed;

    /**
     * A service in the last minute.
     *
     * @param minute all of it
     * @param seconds each of its seconds, the oldest first
     */
    record ServiceView(String name, RollingMinute.Summary minute, List<RollingMinute.Summary> seconds) {}

    /** Returns when it has what is there already; the rest comes in a thread of its own. */
    Analytics(WalReader reader, PrintStream out) throws InterruptedException {
        this.out = out;
        tail = reader.follow(Source.KEYS, ReadFrom.time(Instant.now().minusSeconds(RollingMinute.SECONDS)));
        while (next(Duration.ZERO)) {
            add();
        }
        follower.start();
    }

    private void follow() {
        try (tail) {
            while (!closed) {
                if (next(REST)) {
                    add();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A damaged record is left out: the call after goes on behind it. Where the log fails there is none for now. */
    private boolean next(Duration wait) throws InterruptedException {
        while (true) {
            try {
                return tail.next(wait);
            } catch (CorruptSegmentException e) {
                out.println("left out of the analytics: " + e.getMessage());
            } catch (WalIOException e) {
                FailingLog.tellAndRest(e, out);
                return false;
            }
        }
    }

    /** The record that the tail stands on. */
    private synchronized void add() {
        minutes.computeIfAbsent(tail.key(), any -> new RollingMinute()).add(tail.timestampMillis(), tail.sampleValue());
    }

    /** Up to the last second that is over. */
    synchronized List<ServiceView> services() {
        long lastSecond = Instant.now().getEpochSecond() - 1;
        List<ServiceView> services = new ArrayList<>();
        minutes.forEach((key, minute) -> services.add(new ServiceView(
                key.substring(key.indexOf('/') + 1), minute.whole(lastSecond), minute.bySecond(lastSecond))));
        return services;
    }

    /** Returns when the tail is closed. */
    @Override
    public void close() {
        closed = true;
        tail.wakeup();
        try {
            follower.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
