package dev.streamwal.engine;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.events.FlightRecording;
import dev.streamwal.events.ListenerOverflowEvent;
import dev.streamwal.io.LastingLoop;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Calls the program's listener with one event after the other, on a thread of its own. So a listener may call the log, whose locks the thread
 * that caused the event may hold, and no thread waits for the listener. The thread starts with the first event. Thread-safe.
 */
public final class ListenerThread<L> {

    /** Limit of waiting events. Further events are dropped and counted, and the listener is told the count as one failure. */
    private static final int MAX_WAITING = 10_000;
    /**
     * Limit of the things that waiting events tell of together, because one event may tell of as many segments as a log has. Events that come after
     * so many are dropped.
     */
    private static final long MAX_WAITING_PARTS = 100_000;
    /** How long closing the log waits for the listener. */
    private static final long CLOSE_WAIT_MILLIS = TimeUnit.SECONDS.toMillis(10);

    /** Ends a wait for the next event. */
    private static final Event<Object> LAST = new Event<>(listener -> {}, 0);

    private final L listener;
    private final BiConsumer<L, Exception> behind;
    private final LinkedBlockingQueue<Event<? super L>> waiting = new LinkedBlockingQueue<>(MAX_WAITING);
    /** The parts of the events that wait, and of the one that is being told. */
    private final AtomicLong waitingParts = new AtomicLong();
    private final AtomicLong lost = new AtomicLong();
    private final Thread thread;
    private final boolean nobodyListens;
    private final boolean onCaller;
    private final long closeWaitMillis;
    @GuardedBy("this")
    private boolean begun;

    /** Changes under this object's monitor. */
    private volatile boolean ended;

    /** @param parts of how many things it tells */
    private record Event<L>(Consumer<? super L> telling, int parts) {}

    /**
     * @param listener never throws
     * @param nobodyListens whether the listener does nothing, so that no thread is needed
     * @param ownThread false if the thread that causes an event calls the listener
     * @param behind tells the listener that it has missed events
     */
    public ListenerThread(L listener, boolean nobodyListens, boolean ownThread, BiConsumer<L, Exception> behind) {
        this(listener, nobodyListens, ownThread, behind, CLOSE_WAIT_MILLIS);
    }

    /** @param closeWaitMillis how long {@link #end} waits for the listener */
    ListenerThread(L listener, boolean nobodyListens, boolean ownThread, BiConsumer<L, Exception> behind, long closeWaitMillis) {
        this.closeWaitMillis = closeWaitMillis;
        this.onCaller = !ownThread;
        this.listener = listener;
        this.behind = behind;
        this.nobodyListens = nobodyListens;
        // where end() found no room for the last event, there is no need of it
        this.thread = new Thread(() -> LastingLoop.run(() -> ended && waiting.isEmpty(), this::tellNext), "stream-wal-listen");
        thread.setDaemon(true);
    }

    /** Returns at once. Events after {@link #end()} are dropped. */
    public void tell(Consumer<? super L> event) {
        tell(event, 1);
    }

    /**
     * Tells of several things as one event, which is told or dropped as a whole. An event that comes while few things wait is told, however many
     * things it has.
     *
     * @param parts how many
     */
    public synchronized void tell(Consumer<? super L> event, int parts) {
        if (ended || nobodyListens) {
            return;
        }
        if (onCaller) {
            event.accept(listener);
            return;
        }
        if ((parts == 0 || waitingParts.get() < MAX_WAITING_PARTS) && waiting.offer(new Event<>(event, parts))) {
            waitingParts.addAndGet(parts);
        } else if (lost.getAndAdd(parts) == 0 && FlightRecording.isOn()) {
            ListenerOverflowEvent.began(waiting.size());
        }
        if (!begun) {
            begin();
        }
    }

    @GuardedBy("this")
    private void begin() {
        try {
            thread.start();
            begun = true;
        } catch (OutOfMemoryError e) {
            // the process can start no thread: the next event tries again, and what waits isn't lost
        }
    }

    private void tellNext() throws InterruptedException {
        Event<? super L> event = waiting.take();
        boolean isTold = false;
        try {
            event.telling().accept(listener);
            isTold = true;
            tellOfLost();
        } finally {
            // the listener throws nothing; there was no memory to call it
            lost.addAndGet(isTold ? 0 : event.parts());
            waitingParts.addAndGet(-event.parts());
        }
    }

    private void tellOfLost() {
        long count = lost.get();
        if (count > 0) {
            behind.accept(listener, new IllegalStateException(
                    "listener is too slow, or the heap was full: waiting=" + waiting.size() + ", dropped=" + count
                            + "; let the listener return sooner, or give the process more heap"));
            lost.addAndGet(-count);
        }
    }

    /** Returns when the listener has received all earlier events, or the thread has ended. */
    public void await() {
        CountDownLatch heard = new CountDownLatch(1);
        tell(told -> heard.countDown(), 0);
        try {
            while (thread.isAlive() && !heard.await(10, TimeUnit.MILLISECONDS)) {
                // until it has, or the thread has ended
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    public boolean isCurrent() {
        return thread.equals(Thread.currentThread());
    }

    /** Delivers the waiting events and ends the thread. Doesn't wait for a listener that closes the log itself. */
    public void end() {
        synchronized (this) {
            ended = true;
            if (!begun) {
                return;
            }
        }
        if (!isCurrent()) {
            AtomicBoolean isSent = new AtomicBoolean();
            LastingLoop.awaitEnd(thread, TimeUnit.MILLISECONDS.toNanos(closeWaitMillis), () -> {
                if (!isSent.get()) {
                    isSent.set(waiting.offer(LAST));
                }
            });
        }
    }
}
