package dev.streamwal.measure;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;

/** How often something happened, how long it took in all, and how long at most lately. Thread-safe, without locks. */
public final class Timing {

    /** The longest is that of the current window and of the one before: of the last minute at least, and of two at most. */
    private static final long WINDOW_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final LongAdder count = new LongAdder();
    private final LongAdder totalNanos = new LongAdder();
    private final AtomicReference<Window> window;

    private record Window(long begun, long longestBefore, LongAccumulator longest) {

        static Window begin(long nowNanos, long longestBefore) {
            return new Window(nowNanos, longestBefore, new LongAccumulator(Math::max, 0));
        }

        Window next(long nowNanos) {
            return begin(nowNanos, nowNanos - begun < 2 * WINDOW_NANOS ? longest.get() : 0);
        }
    }

    /** Nothing has happened yet. */
    public Timing() {
        this(System.nanoTime());
    }

    Timing(long nowNanos) {
        this.window = new AtomicReference<>(Window.begin(nowNanos, 0));
    }

    /** It has happened once more. */
    public void add(long nanos) {
        add(nanos, System.nanoTime());
    }

    void add(long nanos, long nowNanos) {
        count.increment();
        totalNanos.add(nanos);
        at(nowNanos).longest().accumulate(nanos);
    }

    private Window at(long nowNanos) {
        Window current = window.get();
        while (nowNanos - current.begun() >= WINDOW_NANOS) {
            Window next = current.next(nowNanos);
            current = window.compareAndSet(current, next) ? next : window.get();
        }
        return current;
    }

    /** How often. */
    public long count() {
        return count.sum();
    }

    /** How long in all. */
    public long totalNanos() {
        return totalNanos.sum();
    }

    /** How long at most, in the last minute or two; 0 if nothing has happened in that time. */
    public long longestNanos() {
        return longestNanos(System.nanoTime());
    }

    long longestNanos(long nowNanos) {
        Window current = at(nowNanos);
        return Math.max(current.longestBefore(), current.longest().get());
    }
}
