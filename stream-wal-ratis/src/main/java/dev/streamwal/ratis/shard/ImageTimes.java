package dev.streamwal.ratis.shard;

import java.util.concurrent.atomic.AtomicLong;

/** How many images a shard has made since it was started, and for how long nothing was applied, at the longest, while it made one. Thread-safe. */
public final class ImageTimes {

    private final AtomicLong images = new AtomicLong();
    private final AtomicLong longestNanos = new AtomicLong();

    void made(long tookNanos) {
        images.incrementAndGet();
        longestNanos.accumulateAndGet(tookNanos, Math::max);
    }

    public long images() {
        return images.get();
    }

    public long longestNanos() {
        return longestNanos.get();
    }
}
