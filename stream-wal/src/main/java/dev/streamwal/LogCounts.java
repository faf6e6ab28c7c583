package dev.streamwal;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Counts what a log's background work has done and found since the log was opened. Thread-safe. */
final class LogCounts {

    private final LongAdder sealed = new LongAdder();
    private final LongAdder corruptions = new LongAdder();
    private final Map<DeletedSegment.Reason, LongAdder> deleted = new EnumMap<>(DeletedSegment.Reason.class);
    private final Map<String, LongAdder> failures = new ConcurrentHashMap<>();

    LogCounts() {
        for (DeletedSegment.Reason reason : DeletedSegment.Reason.values()) {
            deleted.put(reason, new LongAdder());
        }
    }

    void sealed() {
        sealed.increment();
    }

    void damaged() {
        corruptions.increment();
    }

    void deleted(DeletedSegment.Reason reason) {
        of(reason).increment();
    }

    void failed(String task) {
        failures.computeIfAbsent(task, any -> new LongAdder()).increment();
    }

    private LongAdder of(DeletedSegment.Reason reason) {
        return Objects.requireNonNull(deleted.get(reason));
    }

    long sealedSegments() {
        return sealed.sum();
    }

    long corruptions() {
        return corruptions.sum();
    }

    long deletedSegments(DeletedSegment.Reason reason) {
        return of(reason).sum();
    }

    long failures(String task) {
        LongAdder count = failures.get(task);
        return count == null ? 0 : count.sum();
    }
}
