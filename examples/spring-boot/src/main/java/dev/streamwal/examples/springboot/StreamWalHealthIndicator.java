package dev.streamwal.examples.springboot;

import dev.streamwal.StreamWal;
import dev.streamwal.WalHealth;
import org.springframework.boot.actuate.health.AbstractHealthIndicator;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.Status;

/**
 * The log's health. While something in the background fails the log still takes appends, and is up; the details say what fails. It is down when it
 * takes no more, or is closed.
 */
final class StreamWalHealthIndicator extends AbstractHealthIndicator {
    private final StreamWal wal;

    StreamWalHealthIndicator(StreamWal wal) {
        super("the log's health can't be told");
        this.wal = wal;
    }

    @Override
    protected void doHealthCheck(Health.Builder builder) {
        WalHealth health = wal.health();
        builder.status(status(health.state())).withDetail("state", health.state()).withDetail("since", health.since().toString());
        health.task().ifPresent(task -> builder.withDetail("task", task));
        health.key().ifPresent(key -> builder.withDetail("stream", key));
        health.cause().ifPresent(cause -> builder.withDetail("cause", cause.toString()));
    }

    static Status status(WalHealth.State state) {
        return state == WalHealth.State.FAILED ? Status.DOWN : Status.UP;
    }
}
