package dev.streamwal.engine;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * What an asynchronous append is answered with. Who commits says what the answer is ({@link #answer}) and runs nobody's code; who delivers it
 * ({@link #deliver}) completes the future, and so runs what hangs on it.
 *
 * <p>Who waits with {@code get} or {@code join} for an answer that is there already delivers it himself. So an append that is waited for by
 * what hangs on another one needs no thread but that which waits: however many do that at once, none waits for a thread that the others have.
 */
public final class AsyncAnswer<T> extends CompletableFuture<T> {

    /** Completed behind the two fields below by who commits, or behind this one where the program completes that. Only for those who wait. */
    private final CompletableFuture<Void> answered = new CompletableFuture<>();

    private final boolean deliveredByWhoWaits;
    private @Nullable T value;
    private @Nullable Throwable failure;

    /** @param deliveredByWhoWaits false where the program has said which threads run its code */
    AsyncAnswer(boolean deliveredByWhoWaits) {
        this.deliveredByWhoWaits = deliveredByWhoWaits;
    }

    /** What hangs on it makes plain futures: they are completed by whatever completes this one. */
    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
        return new CompletableFuture<>();
    }

    /**
     * Once, before it is delivered.
     *
     * @param newFailure null where there is none
     */
    public void answer(@Nullable T newValue, @Nullable Throwable newFailure) {
        value = newValue;
        failure = newFailure;
        answered.complete(null);
    }

    /** Completes it, if nobody has: the program may have, too. */
    @SuppressWarnings("NullAway") // a Void is completed with null
    public void deliver() {
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
