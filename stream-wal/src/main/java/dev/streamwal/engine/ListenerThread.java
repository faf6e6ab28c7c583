package dev.streamwal.engine;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Tells the program's listener what happened, one thing after the other, on a thread of its own: so a listener may call the log, whose
 * locks the thread that something happened on may hold, and nobody waits for it. The thread begins with the first event. Thread-safe.
 */
public final class ListenerThread<L> {

    /** A listener that is behind by this much isn't coming back; what happens then is counted, and told as one failure. */
    private static final int MAX_WAITING = 10_000;
    /** A listener that takes longer for what is left when the log closes isn't waited for. */
    private static final long CLOSE_WAIT_MILLIS = TimeUnit.SECONDS.toMillis(10);

    private static final Consumer<Object> LAST = listener -> {};

    private final L listener;
    private final BiConsumer<L, Exception> behind;
    private final LinkedBlockingQueue<Consumer<? super L>> waiting = new LinkedBlockingQueue<>(MAX_WAITING);
    private final AtomicLong lost = new AtomicLong();
    private final Thread thread;
    private final boolean nobodyListens;
    private final boolean onCaller;
    private boolean begun;
    private boolean ended;

    /**
     * @param listener never throws
     * @param nobodyListens whether it does nothing, so that no thread is needed
     * @param ownThread false: whoever tells calls the listener
     * @param behind tells the listener that it has missed events
     */
    public ListenerThread(L listener, boolean nobodyListens, boolean ownThread, BiConsumer<L, Exception> behind) {
        this.onCaller = !ownThread;
        this.listener = listener;
        this.behind = behind;
        this.nobodyListens = nobodyListens;
        this.thread = new Thread(this::run, "stream-wal-listen");
        thread.setDaemon(true);
    }

    /** Returns at once. Nothing is told after {@link #end()}. */
    public synchronized void tell(Consumer<? super L> event) {
        if (ended || nobodyListens) {
            return;
        }
        if (onCaller) {
            event.accept(listener);
            return;
        }
        if (!begun) {
            begun = true;
            thread.start();
        }
        if (!waiting.offer(event)) {
            lost.incrementAndGet();
        }
    }

    private void run() {
        while (true) {
            try {
                Consumer<? super L> event = waiting.take();
                if (event.equals(LAST)) {
                    return;
                }
                event.accept(listener);
                tellOfLost();
            } catch (InterruptedException e) {
                // end() says so in another way
            }
        }
    }

    private void tellOfLost() {
        long count = lost.getAndSet(0);
        if (count > 0) {
            behind.accept(listener, new IllegalStateException(
                    "listener is too slow: events waiting=" + MAX_WAITING + ", events dropped=" + count));
        }
    }

    /** Returns when all that was told before has been heard, or will not be. */
    public void await() {
        CountDownLatch heard = new CountDownLatch(1);
        tell(told -> heard.countDown());
        try {
            while (thread.isAlive() && !heard.await(10, TimeUnit.MILLISECONDS)) {
                // until it is, or the thread has ended
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    public boolean isCurrent() {
        return thread.equals(Thread.currentThread());
    }

    /** Lets the listener hear what is left, and ends the thread; a listener that closes the log isn't waited for. */
    public void end() {
        synchronized (this) {
            ended = true;
            if (!begun) {
                return;
            }
        }
        boolean interrupted = false;
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CLOSE_WAIT_MILLIS);
        boolean told = false;
        while (thread.isAlive() && System.nanoTime() - deadline < 0 && !(told && isCurrent())) {
            try {
                told = told || waiting.offer(LAST, 1, TimeUnit.MILLISECONDS);
                if (told && !isCurrent()) {
                    thread.join(10);
                }
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
