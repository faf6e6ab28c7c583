package dev.streamwal.engine;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.format.StreamKey;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Background tasks whose last attempt failed. Attempts are numbered: the end of an attempt settles failures from before it began; failures
 * during the attempt stay. Cheap while nothing has failed. Thread-safe.
 */
public final class OpenFailures {

    /** Limit of open failures. A task beyond it is known again when its next attempt fails. */
    static final int MAX_OPEN = 10_000;

    private final InstantSource clock;

    @GuardedBy("this")
    private final Map<Task, Failure> open = new LinkedHashMap<>();

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
    public record Failure(long number, String task, @Nullable String key, Throwable cause) {}

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
            since = clock.instant();
        }
        isAnyOpen = true;
        last = new Failure(failures++, task, key, cause);
        Task failed = new Task(task, key);
        open.remove(failed);
        if (open.size() < MAX_OPEN) {
            open.put(failed, last);
        }
    }

    /** The log takes no more appends. The first cause counts. */
    public synchronized void failedForGood(String task, @Nullable String key, Throwable cause) {
        if (!isFinal) {
            failed(task, key, cause);
            isFinal = true;
            since = clock.instant();
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
        Failure failure = open.get(task);
        if (failure != null && failure.number() < begun) {
            open.remove(task);
            look();
        }
    }

    private synchronized void overForAll(String task, long begun) {
        open.values().removeIf(failure -> failure.task().equals(task) && failure.number() < begun);
        look();
    }

    private synchronized void overForStream(String key, String exceptTask) {
        open.keySet().removeIf(task -> Objects.equals(task.key(), key) && !task.name().equals(exceptTask));
        look();
    }

    @GuardedBy("this")
    private void look() {
        if (isFinal) {
            return;
        }
        last = null;
        open.values().forEach(failure -> last = failure);
        if (isAnyOpen && open.isEmpty()) {
            isAnyOpen = false;
            since = clock.instant();
        }
    }

    /** What is known now. */
    public synchronized View view() {
        return new View(isFinal, since, Optional.ofNullable(last));
    }
}
