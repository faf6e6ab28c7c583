package dev.streamwal;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.DiskFullException;
import dev.streamwal.error.HeaderTooLargeException;
import dev.streamwal.error.RecordTooLargeException;
import dev.streamwal.error.TimestampOutOfRangeException;
import dev.streamwal.error.TooManyOpenFilesException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalFailedException;
import dev.streamwal.error.WalLockedException;
import dev.streamwal.measure.Tag;
import dev.streamwal.measure.Timings;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Counts what a log has done, refused and found since it was opened. Thread-safe, without locks. */
final class LogCounts {

    private final LongAdder sealed = new LongAdder();
    private final LongAdder corruptions = new LongAdder();
    private final Map<DeletedSegment.Reason, LongAdder> deleted = zeros(DeletedSegment.Reason.values());
    private final Map<String, LongAdder> failures = new ConcurrentHashMap<>();
    private final Timings<Durability> appends = new Timings<>(Durability.class);
    private final Map<Rejection, LongAdder> rejections = zeros(Rejection.values());

    /** Why an append throws. */
    private enum Rejection {
        SIZE, TIME, DISK_FULL, OPEN_FILES, DAMAGED, FAILED, IO;

        static Rejection of(WalException thrown) {
            if (thrown instanceof RecordTooLargeException || thrown instanceof HeaderTooLargeException) {
                return SIZE;
            }
            if (thrown instanceof CorruptSegmentException || thrown instanceof UnsupportedFormatException) {
                return DAMAGED;
            }
            return thrown instanceof TimestampOutOfRangeException ? TIME
                    : thrown instanceof DiskFullException ? DISK_FULL
                    : thrown instanceof TooManyOpenFilesException ? OPEN_FILES
                    : thrown instanceof WalFailedException || thrown instanceof WalLockedException ? FAILED
                    : IO;
        }
    }

    void sealed() {
        sealed.increment();
    }

    void damaged() {
        corruptions.increment();
    }

    void deleted(DeletedSegment.Reason reason) {
        Objects.requireNonNull(deleted.get(reason)).increment();
    }

    void failed(String task) {
        failures.computeIfAbsent(task, any -> new LongAdder()).increment();
    }

    void appended(Durability level, long nanos) {
        appends.of(level).add(nanos);
    }

    /** An append has thrown. An exception because the log was closed is the program's mistake, and isn't counted. */
    void rejected(WalException thrown) {
        if (!(thrown instanceof WalClosedException)) {
            Objects.requireNonNull(rejections.get(Rejection.of(thrown))).increment();
        }
    }

    long sealedSegments() {
        return sealed.sum();
    }

    long corruptions() {
        return corruptions.sum();
    }

    Map<DeletedSegment.Reason, Long> deletedSegments() {
        return sums(deleted, reason -> reason);
    }

    Map<String, Long> failures() {
        return sums(failures, task -> task);
    }

    Map<String, Long> rejectedAppends() {
        return sums(rejections, Tag::of);
    }

    Map<Durability, OperationStats> appends() {
        Map<Durability, OperationStats> stats = new EnumMap<>(Durability.class);
        for (Durability level : Durability.values()) {
            stats.put(level, OperationStats.of(appends.of(level)));
        }
        return stats;
    }

    private static <K> Map<K, LongAdder> zeros(K[] constants) {
        return Stream.of(constants).collect(Collectors.toMap(each -> each, each -> new LongAdder()));
    }

    private static <K, N> Map<N, Long> sums(Map<K, LongAdder> counts, Function<K, N> name) {
        return counts.entrySet().stream().collect(Collectors.toMap(each -> name.apply(each.getKey()), each -> each.getValue().sum()));
    }
}
