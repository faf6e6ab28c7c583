package dev.streamwal.measure;

import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/** What a log has measured since it was opened. Thread-safe, without locks. */
public class LogMeasures implements Measurements {

    private final Timings<StallCause> stalls = new Timings<>(StallCause.class);
    private final Timings<FlushCause> flushes = new Timings<>(FlushCause.class);
    private final Timings<PackTask> packing = new Timings<>(PackTask.class);
    private final LongAdder packs = new LongAdder();
    private final Timing sweeps = new Timing();
    private final Timing recoveries = new Timing();
    private volatile int heldSegments;

    @Override
    public void stallTook(StallCause cause, long nanos) {
        stalls.of(cause).add(nanos);
    }

    @Override
    public void flushTook(FlushCause cause, long nanos) {
        flushes.of(cause).add(nanos);
    }

    @Override
    public void packingTook(PackTask task, int written, long nanos) {
        packing.of(task).add(nanos);
        packs.add(written);
    }

    @Override
    public void sweepTook(int held, long nanos) {
        sweeps.add(nanos);
        heldSegments = held;
    }

    @Override
    public void recoveryTook(long nanos) {
        recoveries.add(nanos);
    }

    /** Waits of appends. */
    public Timing stalls(StallCause cause) {
        return stalls.of(cause);
    }

    /** Flushes of segments, directories and the commit journal. */
    public Timing flushes(FlushCause cause) {
        return flushes.of(cause);
    }

    /** How many flushes there were, for any cause. */
    public long flushes() {
        return Stream.of(FlushCause.values()).mapToLong(cause -> flushes(cause).count()).sum();
    }

    /** Steps of packing that wrote a pack. */
    public Timing packing(PackTask task) {
        return packing.of(task);
    }

    public long packs() {
        return packs.sum();
    }

    public Timing sweeps() {
        return sweeps;
    }

    /** Recoveries of streams, and of the commit journal. */
    public Timing recoveries() {
        return recoveries;
    }

    /** Segments that had expired at the last sweep and stay for consumers. */
    public int heldSegments() {
        return heldSegments;
    }
}
