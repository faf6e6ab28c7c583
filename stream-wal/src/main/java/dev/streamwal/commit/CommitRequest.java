package dev.streamwal.commit;

import org.jspecify.annotations.Nullable;

/**
 * Something that is to be durable: a stream up to a position, or a deletion. Made by whoever asks, answered by a leader.
 *
 * <p>{@code answered} is written after {@code failure}, and read before it.
 */
final class CommitRequest {

    /** The stream; null where it is about {@link #deletion}. */
    final @Nullable CommitCursor cursor;

    final long end;
    final @Nullable Deletion deletion;
    private final @Nullable Thread waiter;
    private final @Nullable CommitCompletion completion;
    private final boolean countsAsLater;

    /** The file that holds the deletion, which must not be used again before it is carried out. Written by the leader before the answer. */
    @Nullable OpenJournalFile pinned;

    /** The one behind it in the queue. */
    @Nullable CommitRequest next;

    private @Nullable Throwable failure;
    private volatile boolean answered;

    private CommitRequest(
            @Nullable CommitCursor cursor, long end, @Nullable Deletion deletion, @Nullable Thread waiter,
            @Nullable CommitCompletion completion, boolean countsAsLater) {
        this.cursor = cursor;
        this.end = end;
        this.deletion = deletion;
        this.waiter = waiter;
        this.completion = completion;
        this.countsAsLater = countsAsLater;
    }

    /** For a thread that waits. */
    static CommitRequest waiting(CommitCursor cursor, long end) {
        return new CommitRequest(cursor, end, null, Thread.currentThread(), null, false);
    }

    /** For a thread that waits. */
    static CommitRequest waiting(Deletion deletion) {
        return new CommitRequest(null, 0, deletion, Thread.currentThread(), null, false);
    }

    /** For nobody in particular. */
    static CommitRequest later(CommitCursor cursor, long end, @Nullable CommitCompletion completion, boolean countsAsLater) {
        return new CommitRequest(cursor, end, null, null, completion, countsAsLater);
    }

    @Nullable Thread waiter() {
        return waiter;
    }

    /** Whether it has one of the places of {@link CommitQueue#MAX_LATER}. */
    boolean countsAsLater() {
        return countsAsLater;
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

    /** By whoever led, when he leads no more. */
    void tell() {
        if (completion != null) {
            completion.complete(failure);
        }
    }
}
