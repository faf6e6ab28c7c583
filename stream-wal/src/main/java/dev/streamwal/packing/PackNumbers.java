package dev.streamwal.packing;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.manifest.Manifest;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/** The numbers of packs: none is given twice, and each tells how old the pack's content is at least. Thread-safe. */
final class PackNumbers {

    private final LongSupplier sharedEnd;
    /** Where the shared stream ended when a pack's number was given: everything in the pack was appended before. */
    private final Map<Long, Long> givenAt = new ConcurrentHashMap<>();
    @GuardedBy("this")
    private long last;
    /** The number that was given to a merge last. */
    @GuardedBy("this")
    private long merging;

    /** @param sharedEnd the end of what is reserved in the shared stream */
    PackNumbers(LongSupplier sharedEnd) {
        this.sharedEnd = sharedEnd;
    }

    /** A pack or a file has this number: only higher ones are given. */
    synchronized void isTaken(long number) {
        last = Math.max(last, number);
    }

    /** A number for a new pack, which no listed pack has ever had. */
    long next() {
        // without the lock: it may wait for the shared stream's
        return next(sharedEnd.getAsLong());
    }

    private synchronized long next(long end) {
        long number = ++last;
        givenAt.put(number, end);
        return number;
    }

    /** A number for a merge; one merge runs at a time. Other packs, with higher numbers, may be listed before the merged pack. */
    long nextMerging() {
        long end = sharedEnd.getAsLong();
        synchronized (this) {
            merging = next(end);
            return merging;
        }
    }

    /**
     * Whether everything in packs was appended before a position of the shared stream.
     *
     * @param inheritedEnd where the shared stream ended when the log was opened: what packs of earlier writers have was appended before
     */
    boolean areBefore(long position, List<Long> numbers, long inheritedEnd) {
        return numbers.stream().allMatch(number -> position >= givenAt.getOrDefault(number, inheritedEnd));
    }

    /**
     * Forgets packs that have gone. A number that is given meanwhile is higher than all that the manifest has.
     *
     * @return tells which have gone
     */
    Predicate<Long> keepOnly(Manifest now) {
        long merged;
        synchronized (this) {
            merged = merging;
        }
        Predicate<Long> isGone = number -> number <= now.highestNumber() && number != merged && now.pack(number).isEmpty();
        givenAt.keySet().removeIf(isGone);
        return isGone;
    }
}
