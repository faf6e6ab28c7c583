package dev.streamwal.manifest;

import dev.streamwal.format.StreamKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Predicate;

/**
 * Void ranges, by stream. Immutable. An instance with a few more ranges shares nearly all memory with the one that it was made from, so a deletion
 * costs little, however many ranges there are. The newest ranges are in a small map, which is copied for each change. It is merged into the large map
 * when it is larger than the square root of the large map's size.
 */
final class VoidRanges {

    /** The small map isn't merged before it has more streams than this. */
    private static final int MIN_RECENT = 64;

    static final VoidRanges NONE = new VoidRanges(Map.of(), Map.of(), 0, 0, Long.MAX_VALUE);

    private final Map<StreamKey, List<VoidRange>> settled;
    /** The ranges of streams that have changed since: they replace the settled ranges of these streams. */
    private final Map<StreamKey, List<VoidRange>> recent;
    private final int count;
    private final long packsBelow;
    private final long leastPacksBelow;

    private VoidRanges(Map<StreamKey, List<VoidRange>> settled, Map<StreamKey, List<VoidRange>> recent, int count, long packsBelow, long leastPacksBelow) {
        this.settled = settled;
        this.recent = recent;
        this.count = count;
        this.packsBelow = packsBelow;
        this.leastPacksBelow = leastPacksBelow;
    }

    /** All of these ranges, including those that others cover. */
    static VoidRanges of(Collection<VoidRange> ranges) {
        Map<StreamKey, List<VoidRange>> byKey = new HashMap<>();
        long most = 0;
        long least = Long.MAX_VALUE;
        // a loop: see Manifest
        for (VoidRange range : ranges) {
            byKey.computeIfAbsent(range.key(), key -> new ArrayList<>(1)).add(range);
            most = Math.max(most, range.packsBelow());
            least = Math.min(least, range.packsBelow());
        }
        return byKey.isEmpty() ? NONE : new VoidRanges(byKey, Map.of(), ranges.size(), most, least);
    }

    List<VoidRange> of(StreamKey key) {
        List<VoidRange> known = recent.get(key);
        return known == null ? settled.getOrDefault(key, List.of()) : known;
    }

    int count() {
        return count;
    }

    /** No range covers a pack with this number or a higher one. */
    long packsBelow() {
        return packsBelow;
    }

    /** As far as numbers tell, each range covers the packs below this number. */
    long leastPacksBelow() {
        return leastPacksBelow;
    }

    /** With more ranges, which replace those that they cover. */
    VoidRanges with(Collection<VoidRange> more) {
        if (more.isEmpty()) {
            return this;
        }
        Map<StreamKey, List<VoidRange>> changed = new HashMap<>(recent);
        int newCount = count;
        long most = packsBelow;
        long least = leastPacksBelow;
        for (VoidRange range : more) {
            List<VoidRange> before = changed.containsKey(range.key()) ? changed.get(range.key()) : settled.getOrDefault(range.key(), List.of());
            List<VoidRange> after = joined(before, range);
            changed.put(range.key(), after);
            newCount += after.size() - before.size();
            most = Math.max(most, range.packsBelow());
            least = Math.min(least, range.packsBelow());
        }
        boolean isSmall = changed.size() <= MIN_RECENT || (long) changed.size() * changed.size() <= settled.size();
        if (isSmall) {
            return new VoidRanges(settled, changed, newCount, most, least);
        }
        Map<StreamKey, List<VoidRange>> all = new HashMap<>(settled);
        all.putAll(changed);
        return new VoidRanges(all, Map.of(), newCount, most, least);
    }

    private static List<VoidRange> joined(List<VoidRange> before, VoidRange range) {
        List<VoidRange> after = new ArrayList<>(before.size() + 1);
        for (VoidRange each : before) {
            if (!range.covers(each)) {
                after.add(each);
            }
        }
        after.add(range);
        return after;
    }

    /** With only the ranges that are to stay. */
    VoidRanges only(Predicate<VoidRange> stay) {
        List<VoidRange> left = new ArrayList<>();
        each((key, ranges) -> ranges.stream().filter(stay).forEach(left::add));
        if (left.size() < count) {
            return of(left);
        }
        long least = left.stream().mapToLong(VoidRange::packsBelow).min().orElse(Long.MAX_VALUE);
        // the known minimum may be that of a range that was replaced since, and so too low
        return least == leastPacksBelow ? this : new VoidRanges(settled, recent, count, packsBelow, least);
    }

    List<VoidRange> all() {
        List<VoidRange> all = new ArrayList<>(count);
        each((key, ranges) -> all.addAll(ranges));
        return all;
    }

    /** The keys of all streams that have some. */
    List<StreamKey> keys() {
        List<StreamKey> keys = new ArrayList<>();
        each((key, ranges) -> keys.add(key));
        return keys;
    }

    /** The ranges that {@code earlier}, from which this instance was made, doesn't have. */
    @SuppressWarnings("ReferenceEquality") // equal ones that aren't the same are compared stream by stream
    List<VoidRange> since(VoidRanges earlier) {
        List<VoidRange> more = new ArrayList<>();
        BiConsumer<StreamKey, List<VoidRange>> look = (key, ranges) -> {
            List<VoidRange> known = earlier.of(key);
            if (!known.equals(ranges)) {
                ranges.stream().filter(range -> !known.contains(range)).forEach(more::add);
            }
        };
        if (settled == earlier.settled) {
            recent.forEach(look);
        } else {
            each(look);
        }
        return more;
    }

    private void each(BiConsumer<StreamKey, List<VoidRange>> look) {
        settled.forEach((key, ranges) -> {
            if (!recent.containsKey(key)) {
                look.accept(key, ranges);
            }
        });
        recent.forEach(look);
    }

    /** Void ranges that are changed many times before they are used. */
    static final class Draft {

        private final Map<StreamKey, List<VoidRange>> byKey = new HashMap<>();
        private long least;

        Draft(VoidRanges from) {
            from.each(byKey::put);
            this.least = from.leastPacksBelow;
        }

        /** As {@link VoidRanges#with}. */
        void add(Collection<VoidRange> more) {
            for (VoidRange range : more) {
                byKey.put(range.key(), joined(byKey.getOrDefault(range.key(), List.of()), range));
                least = Math.min(least, range.packsBelow());
            }
        }

        /** As {@link VoidRanges#leastPacksBelow()}. */
        long leastPacksBelow() {
            return least;
        }

        /** As {@link VoidRanges#only}. */
        void keep(Predicate<VoidRange> stay) {
            List<VoidRange> left = new ArrayList<>();
            byKey.values().forEach(ranges -> ranges.stream().filter(stay).forEach(left::add));
            VoidRanges kept = of(left);
            byKey.clear();
            kept.each(byKey::put);
            least = kept.leastPacksBelow;
        }

        List<VoidRange> all() {
            List<VoidRange> all = new ArrayList<>();
            byKey.values().forEach(all::addAll);
            return all;
        }
    }
}
