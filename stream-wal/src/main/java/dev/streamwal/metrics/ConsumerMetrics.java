package dev.streamwal.metrics;

import dev.streamwal.error.TierUnavailableException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.SuppressForbidden;
import dev.streamwal.reader.ConsumerLag;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.WalReader;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.lang.ref.WeakReference;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Shows how far a consumer lags, in a Micrometer registry, from the writer's process or another one. A program that uses this class depends on {@code
 * io.micrometer:micrometer-core}.
 *
 * <pre>{@code
 * WalReader reader = wal.reader();
 * ConsumerMetrics metrics = new ConsumerMetrics(reader, "gateway", "billing");
 * metrics.bindTo(registry);
 * }</pre>
 *
 * <p>The meters have the tags {@code log} and {@code consumer}; {@code docs/metrics.md} lists them.
 *
 * <p><b>What it costs.</b> Each stream of the consumer is looked at, and of each stream that lags one record is read, on the registry's thread. That
 * takes longer the more streams there are, so it is done again only when 20 times as long has passed as it took, and at least a second: at most a
 * twentieth of a core. Until then the meters stay as they are.
 *
 * <p><b>The end.</b> This object and a registry refer to the reader weakly: it lives as long as the program holds it. When it is closed, or the consumer
 * was removed, gauges are NaN, and the counter stays. {@link #close()} removes them.
 *
 * <p>Thread-safe.
 *
 * @since 1.0
 */
@SuppressWarnings("exports") // its users require micrometer.core, and other programs need not
public final class ConsumerMetrics implements MeterBinder, AutoCloseable {

    private static final long MIN_AGE_NANOS = TimeUnit.SECONDS.toNanos(1);
    /** A reading stays for so many times as long as it took. */
    private static final int REST = 20;

    private final WeakReference<WalReader> reader;
    private final Tags tags;
    private final String consumer;
    private final InstantSource clock;

    /** Guarded by this. */
    private final List<Registered> registered = new ArrayList<>();

    /** Guarded by this. */
    private Optional<Reading> last = Optional.empty();

    /** When the next reading is due; {@link System#nanoTime()} of now at first. Guarded by this. */
    private long nextNanos = System.nanoTime();

    /** All that was lost, as far as it was read. Guarded by this. */
    private long lostBytes;

    /** Of each stream with a loss that the consumer hasn't gone on behind: where it ended when it was counted. Guarded by this. */
    private Map<String, Long> countedTo = Map.of();

    private record Registered(MeterRegistry registry, Meter meter) {}

    /** Over all streams of the consumer; {@code behindMillis} is NaN where it isn't known. */
    private record Reading(long behindBytes, double behindMillis, long behindStreams) {}

    /**
     * The metrics of a consumer, with the system's clock.
     *
     * @param reader of the consumer's log, which is open
     * @param name the value of the tag {@code log}: different for each log of a registry
     * @param consumer its name, which is the value of the tag {@code consumer}, too; it may be opened later
     */
    public ConsumerMetrics(WalReader reader, String name, String consumer) {
        this(reader, name, consumer, systemClock());
    }

    /**
     * The metrics of a consumer.
     *
     * @param reader of the consumer's log, which is open
     * @param name the value of the tag {@code log}: different for each log of a registry
     * @param consumer its name, which is the value of the tag {@code consumer}, too; it may be opened later
     * @param clock says how old a record is
     */
    public ConsumerMetrics(WalReader reader, String name, String consumer, InstantSource clock) {
        this.reader = new WeakReference<>(Objects.requireNonNull(reader, "reader"));
        this.consumer = Objects.requireNonNull(consumer, "consumer");
        this.clock = Objects.requireNonNull(clock, "clock");
        this.tags = Tags.of("log", Objects.requireNonNull(name, "name"), "consumer", consumer);
    }

    @SuppressForbidden("the default, which a program replaces")
    private static InstantSource systemClock() {
        return InstantSource.system();
    }

    /**
     * Registers the consumer's meters. Does nothing if the program has dropped the reader.
     *
     * @param registry where to; it may be one of several
     * @throws IllegalStateException if it has meters with these tags already
     */
    @Override
    public synchronized void bindTo(MeterRegistry registry) {
        WalReader read = reader.get();
        if (read == null) {
            return;
        }
        FormerMeters.checkNone(registry, "streamwal.consumer.lag", tags);
        gauge(registry, read, "streamwal.consumer.lag", "Records that the consumer hasn't committed", "bytes", Reading::behindBytes);
        add(registry, TimeGauge.builder("streamwal.consumer.lag.time", read, TimeUnit.MILLISECONDS, of -> value(of, Reading::behindMillis)).tags(tags)
                .description("Age of the oldest record that the consumer hasn't committed").register(registry));
        gauge(registry, read, "streamwal.consumer.streams.behind", "Streams with records that the consumer hasn't committed", null, Reading::behindStreams);
        add(registry, FunctionCounter.builder("streamwal.consumer.lost", read, this::lost).tags(tags).baseUnit("bytes")
                .description("Records that were deleted before the consumer committed them, at most").register(registry));
    }

    /** The caller holds the lock of this. */
    private void gauge(MeterRegistry registry, WalReader read, String name, String description, @Nullable String unit,
            ToDoubleFunction<Reading> value) {
        add(registry, Gauge.builder(name, read, of -> value(of, value)).tags(tags).description(description).baseUnit(unit).register(registry));
    }

    /** The caller holds the lock of this. */
    private void add(MeterRegistry registry, Meter meter) {
        registered.add(new Registered(registry, meter));
    }

    private synchronized double value(WalReader of, ToDoubleFunction<Reading> value) {
        readIfDue(of);
        return last.map(value::applyAsDouble).orElse(Double.NaN);
    }

    /** Stays where it was when the reader is closed, as a counter does. */
    private synchronized double lost(WalReader of) {
        readIfDue(of);
        return lostBytes;
    }

    /** The caller holds the lock of this. */
    private void readIfDue(WalReader of) {
        long begun = System.nanoTime();
        if (begun - nextNanos >= 0) {
            last = reading(of);
            long ended = System.nanoTime();
            nextNanos = ended + Math.max(MIN_AGE_NANOS, REST * (ended - begun));
        }
    }

    /** The caller holds the lock of this. Empty if there is no such consumer, or its log can't be read, which the program's own reads tell. */
    private Optional<Reading> reading(WalReader of) {
        try {
            if (of.describeConsumer(consumer).isEmpty()) {
                return Optional.empty();
            }
            long now = clock.millis();
            long bytes = 0;
            double millis = 0;
            long streams = 0;
            List<ConsumerLag> lags = of.consumerLags(consumer);
            countLost(lags);
            for (ConsumerLag lag : lags) {
                if (lag.behindBytes() > 0) {
                    bytes += lag.behindBytes();
                    // where the tier doesn't answer for one stream, it isn't asked for the others: each would wait as long
                    millis = Double.isNaN(millis) ? millis : Math.max(millis, behindMillis(of, lag, now));
                    streams++;
                }
            }
            return Optional.of(new Reading(bytes, millis, streams));
        } catch (WalException e) {
            return Optional.empty();
        }
    }

    /** A loss grows while the consumer doesn't go on, so only what is new of it counts. The caller holds the lock of this. */
    private void countLost(List<ConsumerLag> lags) {
        Map<String, Long> counted = new HashMap<>();
        for (ConsumerLag lag : lags) {
            lag.lost().ifPresent(range -> {
                long from = Math.max(range.from(), countedTo.getOrDefault(lag.key(), 0L));
                lostBytes += Math.max(0, range.to() - from);
                counted.put(lag.key(), Math.max(range.to(), from));
            });
        }
        countedTo = counted;
    }

    /**
     * The age of the first record that isn't committed; 0 where it is gone meanwhile, or is damaged: then the lag in bytes is what tells of it. NaN where the
     * log's tier is away.
     */
    private static double behindMillis(WalReader of, ConsumerLag lag, long now) {
        try (EntryCursor records = of.scanFrom(lag.key(), lag.committed())) {
            return records.next() ? now - records.timestampMillis() : 0;
        } catch (TierUnavailableException e) {
            return Double.NaN;
        } catch (WalException e) {
            return 0;
        }
    }

    /** Removes the meters from the registries. The reader isn't closed. A second call does nothing. */
    @Override
    public synchronized void close() {
        registered.forEach(each -> each.registry().remove(each.meter()));
        registered.clear();
    }
}
