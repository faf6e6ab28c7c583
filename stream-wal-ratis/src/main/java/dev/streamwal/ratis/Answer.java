package dev.streamwal.ratis;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The future of an append. What became of it is known ({@link #set}, {@link #tell}) before the future is complete ({@link #deliver}): the first runs nothing
 * of a program's, the second runs what hangs on the future.
 *
 * <p>A thread that waits by {@code get} or {@code join} for what is known delivers it itself. So what hangs on one append may wait for another one, though
 * the thread that would complete that is the one that waits.
 */
final class Answer<T> extends CompletableFuture<T> {

    /** One of the two is null. */
    private record Outcome<T>(@Nullable T value, @Nullable Throwable failure) {}

    /** Complete when the outcome is set, or the program has completed this future. Only waiting threads use it. */
    private final CompletableFuture<Void> known = new CompletableFuture<>();
    private final boolean isHeld;
    /** Still: until the outcome is set, or the thread that waits is interrupted. */
    private final AtomicBoolean isStillHeld;
    private volatile @Nullable Outcome<T> outcome;

    /** @param isHeld whether the thread that appends waits for the answer and delivers it, before anybody else has this future */
    Answer(boolean isHeld) {
        this.isHeld = isHeld;
        this.isStillHeld = new AtomicBoolean(isHeld);
    }

    boolean isHeld() {
        return isHeld;
    }

    /** Dependent futures are plain ones. */
    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
        return new CompletableFuture<>();
    }

    /** By one thread at a time. What was set before stays. */
    void set(@Nullable T value, @Nullable Throwable failure) {
        if (outcome == null) {
            outcome = new Outcome<>(value, failure);
        }
    }

    /** Whether the thread that appends is going to deliver this, and nobody else needs to. Called once, when the outcome is set. */
    boolean isLeftToWhoAppends() {
        return isStillHeld.compareAndSet(true, false);
    }

    /** Wakes who waits. */
    void tell() {
        known.complete(null);
    }

    /** Where this is held, waits for the outcome. A thread that is interrupted leaves the future to the thread for callbacks. */
    void awaitIfHeld() {
        if (!isHeld) {
            return;
        }
        try {
            Void unused = known.get();
            deliver();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            if (!isStillHeld.compareAndSet(true, false)) {
                deliver();
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException(e); // it never fails
        }
    }

    /** Completes the future, unless it is complete, or nothing is set. */
    void deliver() {
        Outcome<T> set = outcome;
        if (set != null && !isDone()) {
            deliver(set);
        }
    }

    @SuppressWarnings("NullAway") // without a failure there is a value
    private void deliver(Outcome<T> set) {
        if (set.failure() == null) {
            complete(set.value());
        } else {
            completeExceptionally(set.failure());
        }
    }

    @Override
    public boolean complete(T value) {
        boolean isFirst = super.complete(value);
        tell();
        return isFirst;
    }

    @Override
    public boolean completeExceptionally(Throwable failure) {
        boolean isFirst = super.completeExceptionally(failure);
        tell();
        return isFirst;
    }

    @Override
    public boolean cancel(boolean mayInterrupt) {
        boolean isCancelled = super.cancel(mayInterrupt);
        tell();
        return isCancelled;
    }

    @Override
    public T join() {
        Void unused = known.join();
        deliver();
        return super.join();
    }

    @Override
    public T get() throws InterruptedException, ExecutionException {
        Void unused = known.get();
        deliver();
        return super.get();
    }

    @Override
    public T get(long timeout, TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
        Void unused = known.get(timeout, unit);
        deliver();
        return super.get(timeout, unit);
    }
}
