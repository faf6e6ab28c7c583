package dev.streamwal.engine;

import dev.streamwal.commit.CommitCompletion;
import dev.streamwal.commit.CommitTarget;
import dev.streamwal.commit.FlushFailedException;
import dev.streamwal.commit.GroupCommitter;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.io.FileStep;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Tells callers that what they have appended is durable: by returning, or by a future. Thread-safe. */
public final class Acknowledgement {

    private final Path root;
    private final GroupCommitter commits;
    private final CompletionThreads completions;
    private final CallFailures failures;

    /** @param root of the log */
    public Acknowledgement(Path root, GroupCommitter commits, CompletionThreads completions, CallFailures failures) {
        this.root = root;
        this.commits = commits;
        this.completions = completions;
        this.failures = failures;
    }

    /**
     * Refuses an append that waits for no flush, before its record has a place: a failed log would neither seal nor sweep what it took, which might not
     * survive the process.
     *
     * @param key of the stream; null if there are several
     */
    public void checkNotFailed(@Nullable String key) {
        if (commits.hasFailed()) {
            waiting(commits::throwIfFailed, key);
        }
    }

    /**
     * Refuses a durable append before its record has a place.
     *
     * @param key of the stream; null if there are several
     */
    public void ready(@Nullable String key) {
        try {
            commits.ready();
        } catch (IOException e) {
            throw failures.notDone("make room in the commit journal", key == null ? "" : "nothing was appended, ", e, root, key, WalException.NO_POSITION);
        }
    }

    /** Returns when these are durable. */
    public void await(Collection<CommitTarget> targets, @Nullable String key) {
        waiting(() -> commits.await(targets), key);
    }

    /** Like {@link #await}, for what was appended without asking whether the journal has room. */
    public void sync(Collection<CommitTarget> targets, @Nullable String key) {
        waiting(() -> commits.sync(targets), key);
    }

    private void waiting(FileStep wait, @Nullable String key) {
        try {
            wait.run();
        } catch (IOException | WalClosedException e) {
            throw failures.notDurable(e, key);
        }
    }

    /** Like {@link #sync}, without waiting. */
    public CompletableFuture<Void> syncLater(List<CommitTarget> targets) {
        try {
            commits.throwIfFailed();
        } catch (FlushFailedException e) {
            return CompletableFuture.failedFuture(failures.notDurable(e, null));
        }
        commits.readyFor(targets.size());
        return later(targets, null, null);
    }

    /**
     * Like {@link #await}, without waiting, unless too many asynchronous appends are unanswered.
     *
     * @return completed with {@code result} when these are durable
     */
    public <T> CompletableFuture<T> later(List<CommitTarget> targets, @Nullable T result, @Nullable String key) {
        AsyncAnswer<T> answer = completions.newAnswer();
        if (targets.isEmpty()) {
            deliverHere(answer, result, null, key);
        }
        AtomicInteger left = new AtomicInteger(targets.size());
        AtomicReference<@Nullable Throwable> failed = new AtomicReference<>();
        // made before a flush is asked for: later there may be no memory for it
        Runnable delivery = () -> {
            try {
                answer.deliver();
            } finally {
                commits.delivered();
            }
        };
        CommitCompletion completion = failure -> {
            failed.compareAndSet(null, failure);
            if (left.decrementAndGet() > 0) {
                commits.delivered();
            } else {
                answer(answer, result, failed.get(), key);
                completions.execute(delivery);
            }
        };
        for (CommitTarget target : targets) {
            if (!commits.later(target.cursor(), target.end(), completion)) {
                // too many are unanswered: this caller waits itself, for the disk and not for a continuation, and nothing is queued
                failed.compareAndSet(null, failureOfWaiting(target));
                if (left.decrementAndGet() == 0) {
                    deliverHere(answer, result, failed.get(), key);
                }
            }
        }
        return answer;
    }

    private @Nullable Throwable failureOfWaiting(CommitTarget target) {
        try {
            commits.await(target.cursor(), target.end());
            return null;
        } catch (IOException | RuntimeException e) {
            return e;
        }
    }

    /** No other thread has the future yet, so it has no continuations. */
    private <T> void deliverHere(AsyncAnswer<T> answer, @Nullable T result, @Nullable Throwable failure, @Nullable String key) {
        answer(answer, result, failure, key);
        answer.deliver();
    }

    private <T> void answer(AsyncAnswer<T> answer, @Nullable T result, @Nullable Throwable failure, @Nullable String key) {
        answer.answer(result, failure == null ? null : described(failure, key));
    }

    private Throwable described(Throwable failure, @Nullable String key) {
        try {
            return failures.notDurable(failure, key);
        } catch (RuntimeException | Error e) {
            // no memory for a description: the bare failure is an answer too
            return failure;
        }
    }
}
