package dev.streamwal;

import dev.streamwal.engine.OpenFailures;
import java.time.Instant;
import java.util.Optional;

/**
 * Whether the log's background work succeeds: sealing, sweeping, packing, merging, moving packs to the tier, preparing space, flushing at
 * intervals, recovering. Each task is tried again. The log is {@link State#DEGRADED} while a task's last attempt has failed. It is {@link State#OK} again when
 * the task succeeds, when the stream concerned is sealed or deleted, or when its segments that couldn't be sealed are swept. A failure that can't be
 * tried again, such as damage that recovery or packing has found, leaves it degraded until it is opened again.
 *
 * <p>An append that gets no room from the file system, mostly because the disk is full, also counts: the task is {@code append}, or {@code checkpoint}
 * if it was to be durable and the journal has no room. The log is well again when an append gets a new segment, or a segment or the journal grows.
 * A sweep that keeps what has expired, because the clock is too far {@linkplain WalOptions.Builder#maxClockAdvance ahead}, counts as failed, too.
 * Other failures that a caller received as an exception don't count, nor do failures of the program's own code: its listener and its continuations.
 * Immutable.
 *
 * @since 1.0
 */
public final class WalHealth extends Snapshot<WalHealth.Fields> {

    record Fields(State state, Instant since, Optional<String> task, Optional<String> key, Optional<Throwable> cause) {}

    WalHealth(Fields fields) {
        super(fields);
    }

    /** {@return the state} */
    public State state() {
        return fields().state();
    }

    /** {@return the time of the last change of state, by {@link WalOptions#clock()}; if nothing has failed, the time when the log was opened} */
    public Instant since() {
        return fields().since();
    }

    /** {@return the task that failed last, as {@link WalListener#onFailure} gets it, or {@code append}; empty if the state is {@link State#OK}} */
    public Optional<String> task() {
        return fields().task();
    }

    /** {@return the key of the stream concerned; empty if the failure concerns the whole log, or the state is {@link State#OK}} */
    public Optional<String> key() {
        return fields().key();
    }

    /**
     * {@return why it failed; empty if the state is {@link State#OK}} Where more than 100 tasks have failed, as for many streams, and this one wasn't
     * among the last 100: only the text of that, without its class and stack trace.
     */
    public Optional<Throwable> cause() {
        return fields().cause();
    }

    static WalHealth of(OpenFailures.View view) {
        State state = view.isFinal() ? State.FAILED : view.last().isPresent() ? State.DEGRADED : State.OK;
        return new WalHealth(new Fields(state, view.since(), view.last().map(OpenFailures.Failure::task),
                view.last().flatMap(failure -> OpenFailures.keyOf(failure.key())), view.last().map(OpenFailures.Failure::cause)));
    }

    /** The states of a log. */
    public enum State {

        /** Each background task succeeded at its last attempt. */
        OK,

        /** The log takes appends, but a background task failed at its last attempt, or an append got no room on the disk. */
        DEGRADED,

        /**
         * A flush failed, or another process has opened the log for writing: the log takes no more appends. Close it and open it again; see
         * {@link dev.streamwal.error.WalFailedException}.
         */
        FAILED
    }
}
