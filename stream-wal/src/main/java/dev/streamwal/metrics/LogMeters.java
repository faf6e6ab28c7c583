package dev.streamwal.metrics;

import dev.streamwal.DeletedSegment;
import dev.streamwal.Durability;
import dev.streamwal.OperationStats;
import dev.streamwal.StreamWal;
import dev.streamwal.WalActivity;
import dev.streamwal.WalHealth;
import dev.streamwal.measure.Tag;
import dev.streamwal.metrics.LogReadings.Reading;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** Registers the meters of one log in one registry. The registry refers to the log weakly. */
final class LogMeters {

    /** Tasks with a meter of their own, in the words of {@code WalListener.onFailure}; the rest are {@code other}. */
    private static final List<String> TASKS = List.of("seal", "prepare", "sweep", "pack", "pack shared segments", "merge", "tier", "list keys", "recover",
            "checkpoint", "flush", "commit");

    private static final String BYTES = "bytes";

    private final MeterRegistry registry;
    private final StreamWal wal;
    private final LogReadings readings;
    private final Tags tags;
    private final List<Meter> meters = new ArrayList<>();

    LogMeters(MeterRegistry registry, StreamWal wal, LogReadings readings, Tags tags) {
        this.registry = registry;
        this.wal = wal;
        this.readings = readings;
        this.tags = tags;
    }

    List<Meter> register() {
        counters();
        timers();
        gauges();
        return List.copyOf(meters);
    }

    // ---------------------------------------------------------------- counters

    private void counters() {
        counter("streamwal.appends", "Records appended", null, tags, read -> read.stats().appends());
        counter("streamwal.append.bytes", "Size of the appended records with their frames", BYTES, tags, read -> read.stats().appendedBytes());
        keys(WalActivity::rejectedAppends).forEach(reason -> counter("streamwal.append.rejected", "Calls that append which threw", null,
                tags.and("reason", reason), read -> of(read.activity().rejectedAppends(), reason)));
        keys(WalActivity::flushes).forEach(cause -> counter("streamwal.flushes", "Flushes of segments, directories and the commit journal", null,
                tags.and("cause", cause), read -> of(read, activity -> activity.flushes().get(cause), OperationStats::count)));
        counter("streamwal.segments.sealed", "Segments that got their footers", null, tags, read -> read.activity().sealedSegments());
        for (DeletedSegment.Reason reason : DeletedSegment.Reason.values()) {
            counter("streamwal.segments.deleted", "Segments deleted", null, tags.and("reason", Tag.of(reason)),
                    read -> of(read.activity().deletedSegments(), reason));
        }
        counter("streamwal.packs", "Packs written", null, tags, read -> read.activity().writtenPacks());
        TASKS.forEach(task -> counter("streamwal.background.failures", "Failures of background tasks", null,
                tags.and("task", task.replace(' ', '_')), read -> of(read.activity().failures(), task)));
        counter("streamwal.background.failures", "Failures of background tasks", null, tags.and("task", "other"), read -> otherFailures(read.activity()));
        counter("streamwal.corruptions", "Damaged places that opening, recovering and packing found", null, tags, read -> read.activity().corruptions());
    }

    private static double otherFailures(WalActivity activity) {
        return activity.failures().entrySet().stream().filter(each -> !TASKS.contains(each.getKey())).mapToLong(Map.Entry::getValue).sum();
    }

    private void counter(String name, String description, @Nullable String unit, Tags all, ToDoubleFunction<Reading> value) {
        LogReadings from = readings;
        meters.add(FunctionCounter.builder(name, wal, log -> from.last(log).map(value::applyAsDouble).orElse(0.0))
                .description(description).baseUnit(unit).tags(all).register(registry));
    }

    // ---------------------------------------------------------------- timers

    private void timers() {
        for (Durability durability : Durability.values()) {
            timer("streamwal.append.duration", "Calls that append: all immediate ones, a sample of the others", tags.and("durability", Tag.of(durability)),
                    activity -> activity.appends().get(durability));
        }
        keys(WalActivity::stalls).forEach(cause -> timer("streamwal.append.stall", "Waits of appends, besides their own flush",
                tags.and("cause", cause), activity -> activity.stalls().get(cause)));
        keys(WalActivity::flushes).forEach(cause -> timer("streamwal.flush.duration", "Flushes of segments, directories and the commit journal",
                tags.and("cause", cause), activity -> activity.flushes().get(cause)));
        keys(WalActivity::packing).forEach(task -> timer("streamwal.pack.duration", "Steps that wrote packs",
                tags.and("task", task), activity -> activity.packing().get(task)));
        timer("streamwal.sweep.duration", "Sweeps", tags, WalActivity::sweeps);
        timer("streamwal.recovery.duration", "Recoveries of streams, and of the commit journal", tags, WalActivity::recoveries);
    }

    /** With the longest as a gauge: a function timer has none. */
    private void timer(String name, String description, Tags all, Function<WalActivity, @Nullable OperationStats> operation) {
        LogReadings from = readings;
        meters.add(FunctionTimer.builder(name, wal,
                        log -> from.last(log).map(read -> (long) of(read, operation, OperationStats::count)).orElse(0L),
                        log -> from.last(log).map(read -> of(read, operation, each -> each.total().toNanos())).orElse(0.0), TimeUnit.NANOSECONDS)
                .description(description).tags(all).register(registry));
        meters.add(TimeGauge.builder(name + ".max", wal, TimeUnit.NANOSECONDS,
                        log -> from.now(log).map(read -> of(read, operation, each -> each.longest().toNanos())).orElse(Double.NaN))
                .description("The longest of the last minute or two: " + description).tags(all).register(registry));
    }

    // ---------------------------------------------------------------- gauges

    private void gauges() {
        gauge("streamwal.streams", "Streams in memory", null, tags, read -> read.stats().streams());
        gauge("streamwal.segments", "Segments", null, tags.and("kind", "own"), read -> read.stats().segments() - read.stats().sharedSegments()
                - (double) read.stats().packedSegments());
        gauge("streamwal.segments", "Segments", null, tags.and("kind", "shared"), read -> read.stats().sharedSegments());
        gauge("streamwal.segments", "Segments", null, tags.and("kind", "packed"), read -> read.stats().packedSegments());
        gauge("streamwal.segments.mapped", "Segments that are mapped", null, tags, read -> read.stats().mappedSegments());
        gauge("streamwal.segments.held", "Segments that had expired at the last sweep and stay for consumers", null, tags,
                read -> read.activity().heldSegments());
        gauge("streamwal.size", "Size of the files", BYTES, tags.and("kind", "own"), read -> read.stats().bytes() - read.stats().sharedBytes()
                - (double) read.stats().packedBytes());
        gauge("streamwal.size", "Size of the files", BYTES, tags.and("kind", "shared"), read -> read.stats().sharedBytes());
        gauge("streamwal.size", "Size of the files", BYTES, tags.and("kind", "packed"), read -> read.stats().packedBytes());
        gauge("streamwal.pack.backlog", "Shared segments that wait to be packed", BYTES, tags, read -> read.activity().packBacklogBytes());
        gauge("streamwal.commit.waiters", "Threads that wait for a flush, and asynchronous appends without an answer", null, tags,
                read -> read.activity().commitWaiters());
        gauge("streamwal.journal.size", "Size of the commit journal", BYTES, tags, read -> read.activity().journalBytes());
        gauge("streamwal.files.open", "Descriptors of segments that are appended to without a mapping", null, tags, read -> read.stats().openFiles());
        gauge("streamwal.write.amplification", "Bytes written for each byte appended, without the commit journal", null, tags,
                read -> read.stats().writeAmplification());
        gauge("streamwal.failed", "1 if the log takes no more appends", null, tags, read -> read.state() == WalHealth.State.FAILED ? 1 : 0);
        gauge("streamwal.degraded", "1 if a background task failed at its last attempt", null, tags,
                read -> read.state() == WalHealth.State.DEGRADED ? 1 : 0);
    }

    private void gauge(String name, String description, @Nullable String unit, Tags all, ToDoubleFunction<Reading> value) {
        LogReadings from = readings;
        meters.add(Gauge.builder(name, wal, log -> from.now(log).map(value::applyAsDouble).orElse(Double.NaN))
                .description(description).baseUnit(unit).tags(all).register(registry));
    }

    // ---------------------------------------------------------------- tags

    /** All keys of a map that always has the same ones. */
    private Iterable<String> keys(Function<WalActivity, Map<String, ?>> map) {
        return new TreeSet<>(map.apply(wal.activity()).keySet());
    }

    private static double of(Map<?, Long> counts, Object key) {
        Long count = counts.get(key);
        return count == null ? 0 : count;
    }

    private static double of(Reading read, Function<WalActivity, @Nullable OperationStats> operation, ToDoubleFunction<OperationStats> value) {
        OperationStats stats = operation.apply(read.activity());
        return stats == null ? 0 : value.applyAsDouble(stats);
    }
}
