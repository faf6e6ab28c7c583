package dev.streamwal.commit;

import org.jspecify.annotations.Nullable;

/**
 * A stream to make durable up to a position, or a deletion to make durable. Created by the requesting thread, answered by a leader.
 *
 * <p>{@code answered} is written after {@code failure}, and read before it.
 */
final class CommitRequest extends Linked<CommitRequest> {

    /** The stream; null if the request is a {@link #deletion}. */
    final @Nullable CommitCursor cursor;

    final long end;
    final @Nullable Deletion deletion;
    final @Nullable Thread waiter;
    private final @Nullable CommitCompletion completion;
    /** Whether the request has one of the places of {@link CommitQueue#MAX_LATER}. */
    final boolean countsAsLater;

    /** Whether it stands for its waiting thread in {@link Gathering}. Written before it is queued. */
    boolean isCounted;

    /** The file that holds the deletion, not to be reused before it is carried out. Written by the leader before it answers. */
    @Nullable OpenJournalFile pinned;

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

    static CommitRequest waiting(CommitCursor cursor, long end) {
        return new CommitRequest(cursor, end, null, Thread.currentThread(), null, false);
    }

    static CommitRequest waiting(Deletion deletion) {
        return new CommitRequest(null, 0, deletion, Thread.currentThread(), null, false);
    }

    /** Without a waiting thread. */
    static CommitRequest later(CommitCursor cursor, long end, @Nullable CommitCompletion completion, boolean countsAsLater) {
        return new CommitRequest(cursor, end, null, null, completion, countsAsLater);
    }

    /** The waiting thread of this request, or of one behind it; null if there is none. */
    static @Nullable Thread anyWaiter(@Nullable CommitRequest first) {
        CommitRequest request = first;
        while (request != null && request.waiter == null) {
            request = request.next;
        }
        return request == null ? null : request.waiter;
    }

    boolean isAnswered() {
        return answered;
    }

    /** Null if it is durable. Valid once the request is answered. */
    @Nullable Throwable failure() {
        return failure;
    }

    /** Called by the leader. */
    void answer(@Nullable Throwable newFailure) {
        failure = newFailure;
        answered = true;
    }

    /** Called by the former leader, once it no longer leads. */
    void tell() {
        if (completion != null) {
            completion.complete(failure);
        }
    }
}
