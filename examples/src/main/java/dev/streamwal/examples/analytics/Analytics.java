package dev.streamwal.examples.analytics;

import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalReader;
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
    Analytics(WalReader reader) {
        tail = reader.follow(Source.KEYS, ReadFrom.time(Instant.now().minusSeconds(RollingMinute.SECONDS)));
        while (tail.next()) {
            add();
        }
        follower.start();
    }

    private void follow() {
        try (tail) {
            while (!closed) {
                if (tail.next(REST)) {
                    add();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
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
