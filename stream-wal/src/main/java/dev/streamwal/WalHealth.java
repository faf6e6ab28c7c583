package dev.streamwal;

import dev.streamwal.engine.OpenFailures;
import java.time.Instant;
import java.util.Optional;

/**
 * Whether a log's background work succeeds: sealing, sweeping, packing, merging, preparing space, flushing at intervals, recovering. Each
 * task is tried again; the log is {@link State#DEGRADED} while a task's last attempt has failed, and {@link State#OK} again when the task
 * succeeds, or the stream concerned is sealed or deleted. What can't be tried again, as damage that was found when the log was opened, leaves it
 * degraded until it is opened again. A failure that a caller was told of by an exception doesn't count, nor do a program's own: of its
 * listener, or of what it hung on an append. Immutable.
 *
 * @since 1.0
 */
public final class WalHealth extends Snapshot<WalHealth.Fields> {

    record Fields(State state, Instant since, Optional<String> task, Optional<String> key, Optional<Throwable> cause) {}

    WalHealth(Fields fields) {
        super(fields);
    }

    /**
     * How it is.
     *
     * @return the state
     */
    public State state() {
        return fields().state();
    }

    /**
     * Since when it is in this state.
     *
     * @return a time by {@link WalOptions#clock()}; where nothing has failed, when the log was opened
     */
    public Instant since() {
        return fields().since();
    }

    /**
     * What failed last.
     *
     * @return a word or two, as {@link WalListener#onFailure} is told; empty where the state is {@link State#OK}
     */
    public Optional<String> task() {
        return fields().task();
    }

    /**
     * Which stream it concerns.
     *
     * @return its key; empty where it concerns the whole log, or the state is {@link State#OK}
     */
    public Optional<String> key() {
        return fields().key();
    }

    /**
     * Why it failed.
     *
     * @return empty where the state is {@link State#OK}
     */
    public Optional<Throwable> cause() {
        return fields().cause();
    }

    static WalHealth of(OpenFailures.View view) {
        State state = view.isFinal() ? State.FAILED : view.last().isPresent() ? State.DEGRADED : State.OK;
        return new WalHealth(new Fields(state, view.since(), view.last().map(OpenFailures.Failure::task),
                view.last().flatMap(failure -> Optional.ofNullable(failure.key())), view.last().map(OpenFailures.Failure::cause)));
    }

    /** How a log is. */
    public enum State {

        /** Each background task succeeded at its last attempt. */
        OK,

        /** The log takes appends, and a background task failed at its last attempt. */
        DEGRADED,

        /**
         * A flush failed, or another process has taken the right to write: the log takes nothing more. Close it and open it again; see {@link
         * dev.streamwal.error.WalFailedException}.
         */
        FAILED
    }
}
