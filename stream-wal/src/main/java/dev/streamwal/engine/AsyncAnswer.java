package dev.streamwal.engine;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The future of an asynchronous append. The committing thread sets the result ({@link #answer}) and runs no continuations. A delivering
 * thread ({@link #deliver}) completes the future, and so runs its continuations.
 *
 * <p>A thread that waits with {@code get} or {@code join} for a result that is set delivers it itself. So when a continuation of one append
 * waits for another append, that takes no further thread: however many continuations wait at once, none waits for a thread that the others
 * occupy.
 */
public final class AsyncAnswer<T> extends CompletableFuture<T> {

    /**
     * Completing the future takes some bytes of memory. If the heap doesn't have them, it is tried so often, for 10 s, because no other thread will
     * complete it.
     */
    private static final int MAX_TRIES = 1_000;
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    /** Completed after {@link #value} and {@link #failure} are set, or after the program has completed this future. Only waiting threads use it. */
    private final CompletableFuture<Void> answered = new CompletableFuture<>();

    private final boolean deliveredByWhoWaits;
    private @Nullable T value;
    private @Nullable Throwable failure;

    /** @param deliveredByWhoWaits false if the program has set an executor, which alone runs its continuations */
    AsyncAnswer(boolean deliveredByWhoWaits) {
        this.deliveredByWhoWaits = deliveredByWhoWaits;
    }

    /** Dependent futures are plain ones: the completion of this future completes them. */
    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
        return new CompletableFuture<>();
    }

    /**
     * Sets the result; called once, before {@link #deliver}.
     *
     * @param newFailure null if there is none
     */
    public void answer(@Nullable T newValue, @Nullable Throwable newFailure) {
        value = newValue;
        failure = newFailure;
        answered.complete(null);
    }

    /** Completes the future, unless it is complete: the program may have completed it itself. */
    public void deliver() {
        for (int tries = 1; !isDone() && tries <= MAX_TRIES; tries++) {
            try {
                completeOnce();
            } catch (OutOfMemoryError e) {
                LockSupport.parkNanos(RETRY_NANOS);
            }
        }
    }

    @SuppressWarnings("NullAway") // a Void is completed with null
    private void completeOnce() {
        if (failure == null) {
            complete(value);
        } else {
            completeExceptionally(failure);
        }
    }

    @Override
    public boolean complete(@Nullable T newValue) {
        boolean first = super.complete(newValue);
        answered.complete(null);
        return first;
    }

    @Override
    public boolean completeExceptionally(Throwable newFailure) {
        boolean first = super.completeExceptionally(newFailure);
        answered.complete(null);
        return first;
    }

    @Override
    public boolean cancel(boolean mayInterrupt) {
        boolean cancelled = super.cancel(mayInterrupt);
        answered.complete(null);
        return cancelled;
    }

    private void deliverIfNobodyHas() {
        if (!isDone()) {
            deliver();
        }
    }

    @Override
    public T join() {
        if (deliveredByWhoWaits) {
            Void unused = answered.join();
            deliverIfNobodyHas();
        }
        return super.join();
    }

    @Override
    public T get() throws InterruptedException, ExecutionException {
        if (deliveredByWhoWaits) {
            Void unused = answered.get();
            deliverIfNobodyHas();
        }
        return super.get();
    }

    @Override
    public T get(long timeout, TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
        if (deliveredByWhoWaits) {
            Void unused = answered.get(timeout, unit);
            deliverIfNobodyHas();
        }
        return super.get(timeout, unit);
    }
}
