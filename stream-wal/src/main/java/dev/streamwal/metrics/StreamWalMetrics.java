package dev.streamwal.metrics;

import dev.streamwal.StreamWal;
import dev.streamwal.WalActivity;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Shows a log's metrics in a Micrometer registry. A program that uses this class depends on {@code io.micrometer:micrometer-core}.
 *
 * <pre>{@code
 * StreamWal wal = StreamWal.open(root);
 * StreamWalMetrics metrics = new StreamWalMetrics(wal, "gateway");
 * metrics.bindTo(registry);
 * }</pre>
 *
 * <p>All names begin with {@code streamwal.}, all meters have the tag {@code log}, and no tag is a stream's key; {@code docs/metrics.md} lists them.
 *
 * <p><b>What it costs.</b> The log counts for itself, where something waits, writes or flushes anyway, whether or not a registry is bound; it never
 * calls a registry. All meters are functions, which the registry's own thread asks. The first of them reads {@link StreamWal#stats()}, {@link
 * StreamWal#activity()} and {@link StreamWal#health()} for all; the others have the same reading for one second.
 *
 * <p><b>What is measured of appends.</b> {@code streamwal.append.duration} has each call that waits for its flush. Of the others, each thread measures
 * one of 1,024: the mean and the longest are those of the sample, and the count isn't the number of appends, which {@code streamwal.appends} is.
 *
 * <p><b>The end.</b> A registry refers to the log weakly, and so does this object: the log lives as long as the program holds it. When the log is
 * closed, gauges become NaN, and counters and timers stay as they were last read. {@link #close()} removes the meters.
 *
 * <p>Thread-safe.
 *
 * @since 1.0
 */
@SuppressWarnings("exports") // its users require micrometer.core, and other programs need not
public final class StreamWalMetrics implements MeterBinder, AutoCloseable {

    private final WeakReference<StreamWal> log;
    private final Tags tags;
    private final LogReadings readings = new LogReadings();

    /** Guarded by this. */
    private final List<Registered> registered = new ArrayList<>();

    private record Registered(MeterRegistry registry, List<Meter> meters) {}

    /**
     * The metrics of a log.
     *
     * @param wal the log, which is open
     * @param name the value of the tag {@code log}: different for each log of a registry
     */
    public StreamWalMetrics(StreamWal wal, String name) {
        this.log = new WeakReference<>(Objects.requireNonNull(wal, "wal"));
        this.tags = Tags.of("log", Objects.requireNonNull(name, "name"));
    }

    /**
     * Registers the log's meters. Does nothing if the program has dropped the log.
     *
     * @param registry where to; it may be one of several
     * @throws IllegalStateException if it has meters of a log with this name already
     * @throws dev.streamwal.error.WalClosedException if the log is closed
     */
    @Override
    public synchronized void bindTo(MeterRegistry registry) {
        StreamWal wal = log.get();
        if (wal != null) {
            // before anything is registered: of a closed log nothing may be
            WalActivity unused = wal.activity();
            FormerMeters.checkNone(registry, "streamwal.appends", tags);
            registered.add(new Registered(registry, new LogMeters(registry, wal, readings, tags).register()));
        }
    }

    /** Removes the meters from the registries. The log isn't closed. A second call does nothing. */
    @Override
    public synchronized void close() {
        registered.forEach(each -> each.meters().forEach(each.registry()::remove));
        registered.clear();
    }
}
