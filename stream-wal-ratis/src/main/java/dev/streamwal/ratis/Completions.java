package dev.streamwal.ratis;

import java.util.Collection;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Completes the futures of appends, by a thread of its own, which runs what programs hang on them.
 *
 * <p><b>Who waits for whom.</b> A client has two threads for answers:
 *
 * <ul>
 *   <li>The <i>accounting</i> takes the answers that come from Ratis: it makes room for appends, sends again what came too early, sets what became of each
 *       append, and hands over here. It takes locks for moments only, and runs nothing of a program's: a future has no dependents that it could run, as it
 *       doesn't complete any ({@link Answer}). So it never waits for a callback.
 *   <li>The thread for callbacks completes the futures. A callback may wait for whatever the accounting brings: for room, for the answer to another append
 *       ({@link Answer#get()} needs no thread), and for all answers, as closing does. Closing waits for this thread last, and not where it is this thread.
 * </ul>
 *
 * <p>So each wait ends by the accounting, which ends by Ratis. What a callback must not wait for is another callback, as there is one thread.
 *
 * <p><b>Bound.</b> What is answered waits here for the callbacks before it. If that becomes too much, an append waits for its own answer and completes its
 * future itself, before anybody could hang something on it: so it never waits for a callback, and nothing more comes here. Appends made by a callback may go
 * twice as far, so that chains of them don't become slow where other threads append faster than they run. Beyond the bound comes at most what was under way.
 */
final class Completions {

    /** Futures that are answered and not complete; each keeps some hundred bytes. More than a shard's requests in flight have, by default. */
    static final int MAX_BEHIND = 65_536;

    private final Executor thread;
    private final int most;
    private final AtomicLong behind = new AtomicLong();
    private volatile @Nullable Thread running;

    /** @param thread runs one thing at a time, in their order */
    Completions(Executor thread) {
        this(thread, MAX_BEHIND);
    }

    Completions(Executor thread, int most) {
        this.thread = thread;
        this.most = most;
    }

    /** Whether a callback calls this. */
    boolean isCurrent() {
        return Thread.currentThread().equals(running);
    }

    /**
     * The future of an append. When the append is on its way, {@link Answer#awaitIfHeld()} is to be called without a lock.
     *
     * @throws ReplicationException if the append would have to wait for its answer, and the thread is interrupted
     */
    <T> Answer<T> newAnswer(String key) {
        boolean isHeld = behind.get() >= (isCurrent() ? 2L * most : most);
        if (isHeld && Thread.currentThread().isInterrupted()) {
            throw new ReplicationException("thread was interrupted while callbacks are behind: key=" + key + ", answered=" + behind
                    + "; nothing was appended. Let callbacks take less time", key, null);
        }
        return new Answer<>(isHeld);
    }

    /** By the accounting: what is set is told to who waits, and callbacks run soon. Waits for nothing. */
    void deliver(Collection<? extends Answer<?>> set) {
        List<? extends Answer<?>> here = set.stream().filter(each -> !each.isLeftToWhoAppends()).toList();
        behind.addAndGet(here.size());
        set.forEach(Answer::tell);
        if (!here.isEmpty()) {
            try {
                thread.execute(() -> run(here));
            } catch (RejectedExecutionException e) {
                run(here); // the client is closed: nothing waits for the accounting any more
            }
        }
    }

    private void run(List<? extends Answer<?>> set) {
        Thread before = running;
        running = Thread.currentThread();
        try {
            for (Answer<?> each : set) {
                each.deliver();
                long unused = behind.decrementAndGet();
            }
        } finally {
            running = before;
        }
    }
}
