package dev.streamwal.packing;

import dev.streamwal.format.Window;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.shared.SharedRun;
import java.util.HashMap;
import java.util.Map;

/**
 * Which windows of a batch of shared segments are packed as one. Pure.
 *
 * <p>Mostly each window has a pack of its own, and {@link MergePlan} merges these packs when their span is over. But devices that were offline for a
 * week, with windows of a minute, bring ten thousand windows at once. That would be as many files, each of them forced within one step, for which
 * deletions wait. Merging waits as well, so a few such steps would make more packs than a manifest takes. So if there are more windows than one merge
 * takes packs, those that would be merged a moment later are written as the pack that the merge would make: with its window and expiration, and only
 * if its span is over.
 */
final class RunPlan {

    /** A batch of no more windows has a pack for each. */
    static final int MAX_APART = Packer.MAX_MERGED_PACKS;

    private final Map<SharedRun.Span, SharedRun.Span> packs;
    private final Map<SharedRun.Span, Long> hashes;

    private RunPlan(Map<SharedRun.Span, SharedRun.Span> packs, Map<SharedRun.Span, Long> hashes) {
        this.packs = packs;
        this.hashes = hashes;
    }

    /**
     * Plans a batch's packs.
     *
     * @param runs each window and expiration of the batch, with the hash of the options that give them, or {@link ListedPack#OTHER_OPTIONS}
     * @param settleMillis after the end of a window; records appended by then may still be on their way into packs
     */
    static RunPlan of(Map<SharedRun.Span, Long> runs, long nowMillis, long settleMillis) {
        if (runs.size() <= MAX_APART) {
            return new RunPlan(Map.of(), runs);
        }
        Map<SharedRun.Span, MergePlan.Span> spans = new HashMap<>();
        Map<MergePlan.Span, Long> starts = new HashMap<>();
        runs.forEach((run, hash) -> {
            MergePlan.Span span = MergePlan.Span.of(run.window(), run.expirationMillis(), hash, nowMillis, settleMillis);
            spans.put(run, span);
            // a window that ends in the span may begin before
            starts.merge(span, Math.min(run.window().startMillis(), span.window().startMillis()), Math::min);
        });
        Map<SharedRun.Span, SharedRun.Span> packs = new HashMap<>();
        Map<SharedRun.Span, Long> hashes = new HashMap<>();
        spans.forEach((run, span) -> {
            long start = starts.getOrDefault(span, span.window().startMillis());
            SharedRun.Span pack = new SharedRun.Span(new Window(start, span.window().endMillis()), span.expirationMillis());
            packs.put(run, pack);
            // under other options, a window may be as long as a span is under these
            hashes.merge(pack, span.optionsHash(), (one, other) -> one.equals(other) ? one : ListedPack.OTHER_OPTIONS);
        });
        return new RunPlan(packs, hashes);
    }

    /** Whether several windows are packed as one. */
    boolean joinsAny() {
        return !packs.isEmpty();
    }

    /** Window and expiration of the pack with a window's parts. */
    SharedRun.Span packOf(SharedRun.Span run) {
        return packs.getOrDefault(run, run);
    }

    /** The hash of the options of all of a pack's windows; {@link ListedPack#OTHER_OPTIONS} if they have none in common. */
    long optionsHash(SharedRun.Span pack) {
        return hashes.getOrDefault(pack, ListedPack.OTHER_OPTIONS);
    }
}
