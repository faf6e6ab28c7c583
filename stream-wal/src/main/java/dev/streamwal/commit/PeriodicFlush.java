package dev.streamwal.commit;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Makes streams durable together when the interval is over, and again those whose flush has failed. Thread-safe. */
final class PeriodicFlush {

    private final GroupCommitter committer;
    private final @Nullable CommitThread thread;
    private final Arrivals<CommitCursor> wanted = new Arrivals<>();

    /** Number of streams whose last flush failed. */
    private final AtomicInteger unflushed = new AtomicInteger();

    /** @param thread calls {@link #flush} when the interval is over; null in a log without threads */
    PeriodicFlush(GroupCommitter committer, @Nullable CommitThread thread) {
        this.committer = committer;
        this.thread = thread;
    }

    /** See {@link GroupCommitter#atNextFlush}. */
    void plan(CommitCursor cursor) {
        want(cursor);
        if (thread != null && !thread.isStarted()) {
            flushHere(cursor);
        }
    }

    private void want(CommitCursor cursor) {
        boolean isNew = cursor.wantFlush();
        if (isNew) {
            wanted.add(cursor);
        }
        if (thread != null && (isNew || !thread.isStarted())) {
            thread.startTimer();
        }
    }

    /** The flush stays planned: if this one fails, the next append's tries again. */
    private void flushHere(CommitCursor cursor) {
        CommitRequest request = CommitRequest.waiting(cursor, cursor.stream().appendedEnd());
        committer.awaitAnswer(request);
        flushed(cursor, request.failure());
    }

    /** The interval is over. */
    void flush() {
        CommitCursor first = wanted.takeAll();
        int count = 0;
        for (CommitCursor cursor = first; cursor != null; cursor = cursor.next) {
            count++;
        }
        committer.readyFor(count);
        CommitCursor next;
        for (CommitCursor cursor = first; cursor != null; cursor = next) {
            // before an append adds it again
            next = cursor.next;
            flush(cursor);
        }
    }

    private void flush(CommitCursor cursor) {
        // first, so that later appends request the next flush
        cursor.flushBegins();
        try {
            committer.request(CommitRequest.later(cursor, cursor.stream().appendedEnd(), problem -> flushed(cursor, problem), false));
        } catch (RuntimeException | Error e) {
            flushed(cursor, e);
        }
    }

    /** A flush that failed, for example for lack of a descriptor or of space, is tried again after the next interval. */
    private void flushed(CommitCursor cursor, @Nullable Throwable problem) {
        if (problem == null) {
            if (cursor.flushFailed(false) && unflushed.decrementAndGet() == 0) {
                committer.tellSuccess("flush");
            }
        } else if (committer.refusal() == null) {
            if (cursor.flushFailed(true)) {
                unflushed.incrementAndGet();
            }
            committer.tellFailure("flush", problem);
            want(cursor);
        }
    }
}
