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

    Analytics(WalReader reader) {
        tail = reader.follow(Source.KEYS, ReadFrom.time(Instant.now().minusSeconds(RollingMinute.SECONDS)));
        follower.start();
    }

    private void follow() {
        try (tail) {
            while (!closed) {
                if (tail.next(REST)) {
                    add(tail.key(), tail.timestampMillis(), tail.sampleValue());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void add(String key, long timestampMillis, double millis) {
        minutes.computeIfAbsent(key, any -> new RollingMinute()).add(timestampMillis, millis);
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
