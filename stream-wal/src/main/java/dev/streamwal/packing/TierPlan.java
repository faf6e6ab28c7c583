package dev.streamwal.packing;

import dev.streamwal.manifest.ListedPack;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Plans which packs go to the tier. Pure: the same input gives the same list.
 *
 * <p>A pack in the tier is never merged again. So a pack that is old enough waits until its {@link MergePlan longest span} is over and no merge is
 * planned for it, which takes a 32nd of the retention; if merges don't come about, for example for want of room, it waits for two more such spans. If
 * the tier already has packs of a span, a late pack of the span stays unless it has a fourth of their bytes. So the number of packs stays small: with
 * each of them the tier has a fourth more of the span.
 */
final class TierPlan {

    /** For how many spans' lengths after the end of its span a pack waits for merges at most. */
    private static final int MAX_SPANS_OF_WAITING = 2;

    private TierPlan() {}

    /**
     * The packs that go.
     *
     * @param here packs in the log's directory
     * @param inTier packs in the tier
     * @param afterMillis how long after the end of its window a pack stays in the log's directory
     * @return in the order of the packs given
     */
    static List<ListedPack> of(List<ListedPack> here, List<ListedPack> inTier, long nowMillis, long afterMillis, MergePlan.Limits limits) {
        Set<ListedPack> merged = new HashSet<>();
        MergePlan.of(here, nowMillis, limits).forEach(merge -> merged.addAll(merge.packs()));
        Map<MergePlan.Span, Long> bytesThere = new HashMap<>();
        inTier.forEach(pack -> bytesThere.merge(MergePlan.Span.longest(pack), pack.bytes(), Long::sum));
        List<ListedPack> going = new ArrayList<>();
        for (ListedPack pack : here) {
            MergePlan.Span span = MergePlan.Span.longest(pack);
            long end = span.window().endMillis();
            boolean isOld = pack.window().endMillis() + afterMillis <= nowMillis && pack.expirationMillis() > nowMillis;
            boolean isFinal = MergePlan.isOver(span.window(), nowMillis, limits) && !merged.contains(pack);
            boolean hasWaited = end + afterMillis + MAX_SPANS_OF_WAITING * (end - span.window().startMillis()) <= nowMillis;
            boolean isWorthIt = MergePlan.MAX_RATIO * pack.bytes() >= bytesThere.getOrDefault(span, 0L);
            if (isOld && (isFinal || hasWaited) && isWorthIt) {
                going.add(pack);
                bytesThere.merge(span, pack.bytes(), Long::sum);
            }
        }
        return going;
    }
}
