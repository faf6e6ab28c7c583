package dev.streamwal.engine;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Failures that could not be reported, for example because there was no memory for it, until they are. Keeping one takes no memory. Cheap while there
 * are none. Thread-safe.
 */
public final class UntoldFailures {

    /** Limit of kept failures, some more than there are tasks of the whole log. A task beyond it is known when it fails again. */
    private static final int MAX_KEPT = 16;

    /** Reports a failure; may throw. */
    @FunctionalInterface
    public interface Report {
        void failed(String task, @Nullable String key, Throwable cause);
    }

    private final Report report;

    @GuardedBy("this")
    private final String[] tasks = new String[MAX_KEPT];

    @GuardedBy("this")
    private final @Nullable String[] keys = new String[MAX_KEPT];

    @GuardedBy("this")
    private final Throwable[] causes = new Throwable[MAX_KEPT];

    @GuardedBy("this")
    private int kept;

    @GuardedBy("this")
    private boolean isTelling;

    private volatile boolean isAny;

    public UntoldFailures(Report report) {
        this.report = report;
    }

    /** Reports a failure, or keeps it. */
    public void tell(String task, @Nullable String key, Throwable cause) {
        tellKept();
        try {
            report.failed(task, key, cause);
        } catch (RuntimeException | Error e) {
            keep(task, key, cause);
        }
    }

    /** Of a task's failures the last one counts. */
    private synchronized void keep(String task, @Nullable String key, Throwable cause) {
        int at = 0;
        while (at < kept && !(tasks[at].equals(task) && (key == null ? keys[at] == null : key.equals(keys[at])))) {
            at++;
        }
        if (at == MAX_KEPT) {
            return;
        }
        tasks[at] = task;
        keys[at] = key;
        causes[at] = cause;
        kept = Math.max(kept, at + 1);
        isAny = true;
    }

    /** Reports what was kept, as far as that is possible now. */
    public void tellKept() {
        if (isAny) {
            tellAll();
        }
    }

    private synchronized void tellAll() {
        if (isTelling) {
            // called by the receiver of a report
            return;
        }
        isTelling = true;
        try {
            while (kept > 0) {
                report.failed(tasks[0], keys[0], causes[0]);
                // only now, so that at every moment it is kept or told
                kept--;
                tasks[0] = tasks[kept];
                keys[0] = keys[kept];
                causes[0] = causes[kept];
            }
            isAny = false;
        } catch (RuntimeException | Error e) {
            // at the next chance
        } finally {
            isTelling = false;
        }
    }

    /** One that is still kept. */
    public synchronized Optional<OpenFailures.Failure> any() {
        return kept == 0 ? Optional.empty() : Optional.of(new OpenFailures.Failure(0, tasks[0], keys[0], causes[0]));
    }
}
