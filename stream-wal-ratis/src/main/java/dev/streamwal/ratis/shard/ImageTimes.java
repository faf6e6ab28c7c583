package dev.streamwal.ratis.shard;

import java.util.concurrent.atomic.AtomicLong;

/** How many images a shard has made since it was started, and how long nothing was applied meanwhile. Thread-safe. */
public final class ImageTimes {

    private final AtomicLong images = new AtomicLong();
    private final AtomicLong nanos = new AtomicLong();
    private final AtomicLong longestNanos = new AtomicLong();

    void made(long tookNanos) {
        images.incrementAndGet();
        nanos.addAndGet(tookNanos);
        longestNanos.accumulateAndGet(tookNanos, Math::max);
    }

    public long images() {
        return images.get();
    }

    public long nanos() {
        return nanos.get();
    }

    public long longestNanos() {
        return longestNanos.get();
    }
}
