package dev.streamwal.engine;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.format.StreamKey;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Background tasks whose last attempt failed. Attempts are numbered: the end of an attempt settles failures from before it began; failures
 * during the attempt stay. Cheap while nothing has failed. Thread-safe.
 */
public final class OpenFailures {

    /** Limit of open failures. Beyond it, the oldest are dropped; the log hears of their tasks again if the next attempt fails. */
    static final int MAX_OPEN = 10_000;

    /**
     * For so many failures, the newest, the cause is kept, which takes some 5 KB with its stack trace. For the others only its class and message are
     * kept.
     */
    static final int MAX_CAUSES = 100;

    private static final int MAX_TEXT = 1_000;

    private final InstantSource clock;

    /** Failures without their causes, in the order in which they happened; all of them happened before those in {@link #newest}. */
    @GuardedBy("this")
    private final Map<Task, Failure> older = new LinkedHashMap<>();

    @GuardedBy("this")
    private final Map<Task, Failure> newest = new LinkedHashMap<>();

    @GuardedBy("this")
    private Instant since;

    @GuardedBy("this")
    private @Nullable Failure last;

    @GuardedBy("this")
    private boolean isFinal;

    private volatile long failures;
    private volatile boolean isAnyOpen;

    private record Task(String name, @Nullable String key) {}

    /**
     * A failed attempt.
     *
     * @param number how many failures there were before
     * @param key of the stream; null if the failure concerns the whole log
     */
    public record Failure(long number, String task, @Nullable String key, Throwable cause) {

        private Failure inBrief() {
            return new Failure(number, task, key, new CauseInBrief(cause));
        }
    }

    /** What is kept of a cause, without its stack trace. */
    private static final class CauseInBrief extends RuntimeException {
        private static final long serialVersionUID = 1L;

        CauseInBrief(Throwable cause) {
            super(shortened(String.valueOf(cause)), null, false, false);
        }

        private static String shortened(String text) {
            return text.substring(0, Math.min(text.length(), MAX_TEXT));
        }

        @Override
        public String toString() {
            return String.valueOf(getMessage());
        }
    }

    /**
     * What is known at one moment.
     *
     * @param isFinal whether the log takes no more appends
     * @param since when that began; otherwise when the first of the open failures happened, or when the last of them was over
     * @param last the most recent open failure
     */
    public record View(boolean isFinal, Instant since, Optional<Failure> last) {}

    /** The key of the program's stream that a failure concerns; empty if it concerns the whole log, or the log's own stream. */
    public static Optional<String> keyOf(@Nullable String stream) {
        return Optional.ofNullable(stream).filter(key -> !key.equals(StreamKey.SHARED.text()));
    }

    public OpenFailures(InstantSource clock) {
        this.clock = clock;
        this.since = clock.instant();
    }

    /** The number of an attempt that begins now, for {@link #ended}. */
    public long begins() {
        return failures;
    }

    /** A task failed. The failure stays until a later attempt succeeds, if there is one. */
    public synchronized void failed(String task, @Nullable String key, Throwable cause) {
        if (isFinal) {
            return;
        }
        if (!isAnyOpen) {
            sinceNow();
        }
        isAnyOpen = true;
        last = new Failure(failures++, task, key, cause);
        Task failed = new Task(task, key);
        Failure unusedOlder = older.remove(failed);
        Failure unusedNewest = newest.remove(failed);
        newest.put(failed, last);
        if (newest.size() > MAX_CAUSES) {
            Map.Entry<Task, Failure> first = removeFirst(newest);
            older.put(first.getKey(), first.getValue().inBrief());
        }
        if (older.size() > MAX_OPEN - MAX_CAUSES) {
            Map.Entry<Task, Failure> unusedFirst = removeFirst(older);
        }
    }

    private static Map.Entry<Task, Failure> removeFirst(Map<Task, Failure> failures) {
        Iterator<Map.Entry<Task, Failure>> all = failures.entrySet().iterator();
        Map.Entry<Task, Failure> first = all.next();
        Map.Entry<Task, Failure> copy = Map.entry(first.getKey(), first.getValue());
        all.remove();
        return copy;
    }

    /** The log takes no more appends. The first cause counts. */
    public synchronized void failedForGood(String task, @Nullable String key, Throwable cause) {
        if (!isFinal) {
            failed(task, key, cause);
            isFinal = true;
            sinceNow();
        }
    }

    /** An attempt for one stream, or for the whole log, has ended. */
    public void ended(String task, @Nullable String key, long begun) {
        if (isAnyOpen) {
            over(new Task(task, key), begun);
        }
    }

    /** An attempt for all streams has ended. */
    public void endedForAll(String task, long begun) {
        if (isAnyOpen) {
            overForAll(task, begun);
        }
    }

    /** Settles all failures of a stream, except those of one task. */
    public void endedForStream(String key, String exceptTask) {
        if (isAnyOpen) {
            overForStream(key, exceptTask);
        }
    }

    private synchronized void over(Task task, long begun) {
        Failure failure = newest.getOrDefault(task, older.get(task));
        if (failure != null && failure.number() < begun) {
            older.remove(task);
            newest.remove(task);
            look();
        }
    }

    private synchronized void overForAll(String task, long begun) {
        for (Map<Task, Failure> open : List.of(older, newest)) {
            open.values().removeIf(failure -> failure.task().equals(task) && failure.number() < begun);
        }
        look();
    }

    private synchronized void overForStream(String key, String exceptTask) {
        for (Map<Task, Failure> open : List.of(older, newest)) {
            open.keySet().removeIf(task -> Objects.equals(task.key(), key) && !task.name().equals(exceptTask));
        }
        look();
    }

    @GuardedBy("this")
    private void look() {
        if (isFinal) {
            return;
        }
        last = null;
        older.values().forEach(failure -> last = failure);
        newest.values().forEach(failure -> last = failure);
        if (isAnyOpen && last == null) {
            isAnyOpen = false;
            sinceNow();
        }
    }

    /** What has happened is known also if the program's clock doesn't say when: then the time before stays. */
    @GuardedBy("this")
    private void sinceNow() {
        try {
            since = clock.instant();
        } catch (RuntimeException e) {
            // the failure may be this one
        }
    }

    /** What is known now. */
    public synchronized View view() {
        return new View(isFinal, since, Optional.ofNullable(last));
    }
}
