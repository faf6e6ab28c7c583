package dev.streamwal.ratis.metrics;

import dev.streamwal.ratis.ReplicaStatus;
import dev.streamwal.ratis.ReplicaStatus.Role;
import dev.streamwal.ratis.ReplicatedWalServer;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * Shows how a replica is in a Micrometer registry. A program that uses this class depends on {@code io.micrometer:micrometer-core}.
 *
 * <pre>{@code
 * ReplicatedWalServer server = ReplicatedWalServer.start("n1", folder, options);
 * new ReplicaMetrics(server).bindTo(registry);
 * }</pre>
 *
 * <p>All meters have the tags {@code replica} and {@code shard}. Where a shard is closed, or is fetching a peer's log, {@code streamwal.replica.up} is 0, the
 * other gauges are NaN, and counters stay as they were.
 *
 * <ul>
 *   <li>{@code streamwal.replica.up}: 1 while the shard takes part
 *   <li>{@code streamwal.replica.leader}: 1 while this replica leads the shard: the sum over all replicas is 1, but for an election
 *   <li>{@code streamwal.replica.applied.index}: the last entry of the Raft log that was appended. The largest of all replicas less this one is how far it is
 *       behind
 *   <li>{@code streamwal.replica.image.index}: the entry that it would begin behind after a restart
 *   <li>{@code streamwal.replica.streams}: streams, as of the last image
 *   <li>{@code streamwal.replica.clock}: the replicated time, by which records expire, since 1970
 *   <li>{@code streamwal.replica.damaged}: 1 where its log was found damaged: the next start fetches a peer's
 *   <li>{@code streamwal.replica.clock.ahead}: 1 where its clock is too far ahead to be believed: appends are refused while it leads
 *   <li>{@code streamwal.replica.image.longest}: for how long nothing was applied at the longest while an image was made
 *   <li>{@code streamwal.replica.images} and {@code streamwal.replica.images.fetched}: counters of the images that were made, and fetched from peers
 * </ul>
 *
 * <p>All are functions, which the registry's own thread asks; a reading of the server is shared for a second. A registry holds the server until
 * {@link #close()}, which removes the meters.
 *
 * <p>Thread-safe.
 *
 * @since 1.0
 */
@SuppressWarnings("exports") // its users require micrometer.core, and other programs need not
public final class ReplicaMetrics implements MeterBinder, AutoCloseable {

    private static final long SHARED_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final String NAME = "streamwal.replica.";

    private final ReplicatedWalServer server;

    /** Guarded by this. */
    private final List<Registered> registered = new ArrayList<>();

    /** Guarded by this. */
    private List<ReplicaStatus> read = List.of();

    /** Guarded by this. */
    private long readNanos;

    private record Registered(MeterRegistry registry, Meter meter) {}

    /**
     * The metrics of a replica.
     *
     * @param server the replica, which runs
     */
    public ReplicaMetrics(ReplicatedWalServer server) {
        this.server = Objects.requireNonNull(server, "server");
    }

    /**
     * Registers the meters of all shards.
     *
     * @param registry where to; it may be one of several
     */
    @Override
    public synchronized void bindTo(MeterRegistry registry) {
        for (ReplicaStatus status : statuses()) {
            bind(registry, status.shard(), Tags.of("replica", status.replica(), "shard", Integer.toString(status.shard())));
        }
    }

    /** The caller holds the lock of this. */
    private void bind(MeterRegistry registry, int shard, Tags tags) {
        gauge(registry, tags, "up", "Whether the shard takes part", shard, status -> status.role() == Role.NO_ANSWER ? 0 : 1);
        gauge(registry, tags, "leader", "Whether this replica leads the shard", shard, known(status -> status.role() == Role.LEADER ? 1 : 0));
        gauge(registry, tags, "applied.index", "The last entry of the Raft log that was appended", shard, known(ReplicaStatus::appliedIndex));
        gauge(registry, tags, "image.index", "The entry that the replica would begin behind", shard, known(ReplicaStatus::imageIndex));
        gauge(registry, tags, "streams", "Streams, as of the last image", shard, known(ReplicaStatus::streams));
        gauge(registry, tags, "damaged", "Whether the log was found damaged", shard, known(status -> status.isDamaged() ? 1 : 0));
        gauge(registry, tags, "clock.ahead", "Whether the clock is too far ahead to be believed", shard, known(status -> status.isClockAhead() ? 1 : 0));
        time(registry, tags, "clock", "The replicated time, since 1970", shard, known(status -> status.clock().toEpochMilli()));
        time(registry, tags, "image.longest", "For how long nothing was applied at the longest", shard, known(status -> status.longestImage().toMillis()));
        counter(registry, tags, "images", "Images that were made", shard, ReplicaStatus::images);
        counter(registry, tags, "images.fetched", "Images that were fetched from peers", shard, ReplicaStatus::fetchedImages);
    }

    private static ToDoubleFunction<ReplicaStatus> known(ToDoubleFunction<ReplicaStatus> value) {
        return status -> status.role() == Role.NO_ANSWER ? Double.NaN : value.applyAsDouble(status);
    }

    /** The caller holds the lock of this. */
    private void gauge(MeterRegistry registry, Tags tags, String name, String description, int shard, ToDoubleFunction<ReplicaStatus> value) {
        registered.add(new Registered(registry, Gauge.builder(NAME + name, this, unused -> value.applyAsDouble(status(shard)))
                .tags(tags).description(description).register(registry)));
    }

    /** The caller holds the lock of this. */
    private void time(MeterRegistry registry, Tags tags, String name, String description, int shard, ToDoubleFunction<ReplicaStatus> millis) {
        registered.add(new Registered(registry, TimeGauge
                .builder(NAME + name, this, TimeUnit.MILLISECONDS, unused -> millis.applyAsDouble(status(shard)))
                .tags(tags).description(description).register(registry)));
    }

    /** The caller holds the lock of this. */
    private void counter(MeterRegistry registry, Tags tags, String name, String description, int shard, ToDoubleFunction<ReplicaStatus> count) {
        double[] last = new double[1];
        registered.add(new Registered(registry, FunctionCounter.builder(NAME + name, this, unused -> {
            ReplicaStatus status = status(shard);
            // one that doesn't answer has made none
            last[0] = Math.max(last[0], count.applyAsDouble(status));
            return last[0];
        }).tags(tags).description(description).register(registry)));
    }

    private synchronized ReplicaStatus status(int shard) {
        return statuses().get(shard);
    }

    /** The caller holds the lock of this. */
    private List<ReplicaStatus> statuses() {
        long now = System.nanoTime();
        if (read.isEmpty() || now - readNanos > SHARED_NANOS) {
            read = server.status();
            readNanos = now;
        }
        return read;
    }

    /** Removes the meters from the registries. The server isn't closed. A second call does nothing. */
    @Override
    public synchronized void close() {
        registered.forEach(each -> each.registry().remove(each.meter()));
        registered.clear();
    }
}
