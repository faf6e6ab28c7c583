package dev.streamwal.commit;

import org.jspecify.annotations.Nullable;

/**
 * Something that is to be durable: a stream up to a position, or a deletion. Made by whoever asks, answered by a leader.
 *
 * <p>{@code answered} is written after {@code failure}, and read before it.
 */
final class CommitRequest {

    /** Told when the answer is there. Must not throw. */
    @FunctionalInterface
    public interface Completion {
        void complete(@Nullable Throwable failure);
    }

    /** The stream; null where it is about {@link #deletion}. */
    final @Nullable CommitCursor cursor;

    final long end;
    final @Nullable Deletion deletion;
    private final @Nullable Thread waiter;
    private final @Nullable Completion completion;

    /** The one behind it in the queue. */
    @Nullable CommitRequest next;

    private @Nullable Throwable failure;
    private volatile boolean answered;

    private CommitRequest(
            @Nullable CommitCursor cursor, long end, @Nullable Deletion deletion, @Nullable Thread waiter, @Nullable Completion completion) {
        this.cursor = cursor;
        this.end = end;
        this.deletion = deletion;
        this.waiter = waiter;
        this.completion = completion;
    }

    /** For a thread that waits. */
    static CommitRequest waiting(CommitCursor cursor, long end) {
        return new CommitRequest(cursor, end, null, Thread.currentThread(), null);
    }

    /** For a thread that waits. */
    static CommitRequest waiting(Deletion deletion) {
        return new CommitRequest(null, 0, deletion, Thread.currentThread(), null);
    }

    /** For nobody in particular. */
    static CommitRequest later(CommitCursor cursor, long end, @Nullable Completion completion) {
        return new CommitRequest(cursor, end, null, null, completion);
    }

    @Nullable Thread waiter() {
        return waiter;
    }

    boolean isAnswered() {
        return answered;
    }

    /** Null where it is durable. Asked when it is answered. */
    @Nullable Throwable failure() {
        return failure;
    }

    /** By the leader. */
    void answer(@Nullable Throwable newFailure) {
        failure = newFailure;
        answered = true;
    }

    /** By whoever led, when he leads no more: what is called here may commit something itself. */
    void tell() {
        if (completion != null) {
            completion.complete(failure);
        }
    }
}
