package dev.streamwal.sweep;

import dev.streamwal.manifest.Manifest;
import dev.streamwal.retention.ExpiryPlan;
import dev.streamwal.retention.PresentRetention;
import java.util.Map;
import java.util.Set;

/**
 * A pass in which packs were due, but nothing was deleted, with all that this depended on. While that is the same, the next pass would decide the
 * same, and needn't walk through these packs. Otherwise, while a consumer is away for which streams are kept, each pass would read the tables of all
 * packs that are kept.
 *
 * <p>A segment of a due pack stays because a consumer holds it, because it isn't due by its stream's retention, or because older data before it
 * stays. A consumer lets go of a segment with a commit, when the consumer's time is over, or when more of the stream is due than the consumer may
 * hold: then the plan has one more pack or file. The older data may go with its pack, by the plan, or by a deletion, which the manifest lists. A pass
 * isn't remembered if something stayed behind data outside of packs, or if anything could not be read. If this is wrong all the same, a segment is
 * deleted when the next one is due; none is deleted too early.
 *
 * @param plan what was due
 * @param retention by which it was due
 * @param manifest by which it was decided what stays
 * @param before packs that weren't due, and behind which something stayed
 * @param cursors of the consumers that were asked: {@link ConsumerHolds.Look#changes}
 * @param untilMillis when something may change by itself, epoch ms
 * @param heldSegments that stayed for consumers
 * @param heldBytes of these
 */
record FruitlessPass(Set<ExpiryPlan.Deletion> plan, PresentRetention retention, Manifest manifest, Set<Long> before, Map<String, Long> cursors,
        long untilMillis, int heldSegments, long heldBytes) {

    boolean isSame(long nowMillis, Set<ExpiryPlan.Deletion> otherPlan, PresentRetention otherRetention, Manifest now) {
        return nowMillis < untilMillis && plan.equals(otherPlan) && retention.equals(otherRetention)
                && before.stream().allMatch(number -> now.pack(number).isPresent()) && now.voidRangesSince(manifest).isEmpty();
    }
}
