package dev.streamwal.engine;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which background tasks failed at their last attempt. A task names its attempts: what failed before an attempt began is over when the attempt
 * has ended; what failed meanwhile stays. Cheap where nothing has failed. Thread-safe.
 */
public final class OpenFailures {

    /** Streams whose tasks fail at once; of more the log remembers only that there are some. */
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

    @GuardedBy("this")
    private boolean isOverfull;

    private volatile long failures;
    private volatile boolean isAnyOpen;

    private record Task(String name, @Nullable String key) {}

    /**
     * One that failed.
     *
     * @param number how many failures there were before
     * @param key of the stream; null where it concerns the whole log
     */
    public record Failure(long number, String task, @Nullable String key, Throwable cause) {}

    /**
     * What is known at one moment.
     *
     * @param isFinal whether the log takes nothing more
     * @param since when it became so, or when the first of the open failures happened, or when there was none any more
     * @param last the last of those that are open
     */
    public record View(boolean isFinal, Instant since, Optional<Failure> last) {}

    public OpenFailures(InstantSource clock) {
        this.clock = clock;
        this.since = clock.instant();
    }

    /** An attempt begins; for {@link #ended}. */
    public long begins() {
        return failures;
    }

    /** A task failed; it will be tried again, or it won't: then the failure stays. */
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
        } else {
            isOverfull = true;
        }
    }

    /** The log takes nothing more. The first cause counts. */
    public synchronized void failedForGood(String task, @Nullable String key, Throwable cause) {
        if (!isFinal) {
            failed(task, key, cause);
            isFinal = true;
            since = clock.instant();
        }
    }

    /** An attempt for one stream, or for the whole log, has come to its end. */
    public void ended(String task, @Nullable String key, long begun) {
        if (isAnyOpen) {
            over(new Task(task, key), begun);
        }
    }

    /** An attempt for all streams has come to its end. */
    public void endedForAll(String task, long begun) {
        if (isAnyOpen) {
            overForAll(task, begun);
        }
    }

    /** What failed for a stream is over, whatever it was; but for one task. */
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
        if (isFinal || isOverfull) {
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
