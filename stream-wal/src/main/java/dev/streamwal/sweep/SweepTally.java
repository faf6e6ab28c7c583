package dev.streamwal.sweep;

import dev.streamwal.manifest.ListedPack;
import dev.streamwal.packing.SweptSegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Counts what a pass does, and tells the caller and the log's listener. */
final class SweepTally {

    /** Limit of a pack's segments in one event: one event each would overflow a listener's queue. */
    private static final int TOLD_AT_ONCE = 4_096;

    private final SweepEvents report;
    private final Consumer<SweptSegment> each;
    private int deleted;
    private int failed;
    private long reclaimed;
    /** Deleted segments of packs that the listener wasn't told of yet. */
    private final List<SweptSegment> untold = new ArrayList<>();

    /** @param each receives each deleted segment */
    SweepTally(SweepEvents report, Consumer<SweptSegment> each) {
        this.report = report;
        this.each = each;
    }

    void deletedFile(SweptSegment segment) {
        count(segment);
        report.swept(List.of(segment));
        each.accept(segment);
    }

    /** The listener learns of it by {@link #tellListener} at the latest. */
    void deletedFromPack(SweptSegment segment) {
        count(segment);
        untold.add(segment);
        if (untold.size() == TOLD_AT_ONCE) {
            tellListener();
        }
        each.accept(segment);
    }

    /** A pack was deleted that can't be read: its segments can't be told one by one. */
    void deletedUnread(ListedPack pack) {
        deleted += (int) Math.min(Integer.MAX_VALUE - deleted, pack.segments());
        reclaimed += pack.bytes();
    }

    private void count(SweptSegment segment) {
        deleted++;
        reclaimed += segment.gone().bytes();
    }

    void tellListener() {
        if (!untold.isEmpty()) {
            report.swept(List.copyOf(untold));
            untold.clear();
        }
    }

    void failed(Exception failure) {
        failed(null, failure);
    }

    /** @param key of the stream concerned; null if there is none */
    void failed(@Nullable String key, Exception failure) {
        failed++;
        report.sweepFailed(key, failure);
    }

    /** @param streams how many of them it concerns */
    void failed(int streams, Exception failure) {
        failed += streams;
        report.sweepFailed(null, failure);
    }

    boolean isAnyDeleted() {
        return deleted > 0;
    }

    boolean isAnyFailed() {
        return failed > 0;
    }

    /**
     * @param segments how many there were
     * @param refused how many have expired, but stay because the clock isn't believed
     */
    Sweeper.Result result(long segments, int heldSegments, long heldBytes, int refused) {
        return new Sweeper.Result(deleted, failed, (int) Math.min(Integer.MAX_VALUE, segments - deleted), reclaimed, heldSegments, heldBytes, refused);
    }
}
