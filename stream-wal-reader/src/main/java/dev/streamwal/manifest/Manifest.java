package dev.streamwal.manifest;

import dev.streamwal.format.StreamKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The packs of a log at one moment, the ranges in them that don't count, and which of them are in the log's tier. Immutable; equality is identity.
 */
public final class Manifest {

    /** Most packs of one log: at 100 bytes each, a manifest is small enough to be rewritten as a whole. */
    public static final int MAX_PACKS = 1 << 16;

    /** Most void ranges of all streams together. */
    public static final int MAX_VOID_RANGES = 1 << 20;

    /** The manifest of a log that has never had a pack. */
    public static final Manifest EMPTY = new Manifest(0, 0, 0, List.of(), List.of(), null, Map.of());

    private final long edits;
    private final long highestNumber;
    private final long sharedBelow;
    private final List<ListedPack> packs;
    private final Map<Long, ListedPack> byNumber;
    private final VoidRanges voids;
    private final @Nullable LogTier tier;
    private final Map<Long, TierObject> objects;
    private final Object token = new Object();

    /**
     * A manifest as written.
     *
     * @param edits how many changes there were
     * @param highestNumber that a pack was ever listed with; 0 if none was
     * @param sharedBelow see {@link #sharedBelow()}
     * @param tier null if the log has none
     * @param objects in the tier, by the numbers of the packs that they hold
     * @throws IllegalArgumentException if numbers of packs contradict each other, or there are too many packs or ranges
     */
    Manifest(long edits, long highestNumber, long sharedBelow, Collection<ListedPack> packs, Collection<VoidRange> ranges, @Nullable LogTier tier,
            Map<Long, TierObject> objects) {
        this(edits, highestNumber, sharedBelow, packs, VoidRanges.of(ranges), tier, objects);
    }

    private Manifest(long edits, long highestNumber, long sharedBelow, Collection<ListedPack> packs, VoidRanges ranges, @Nullable LogTier tier,
            Map<Long, TierObject> objects) {
        this.edits = edits;
        this.highestNumber = highestNumber;
        this.sharedBelow = sharedBelow;
        List<ListedPack> sorted = new ArrayList<>(packs);
        sorted.sort(Manifest::byWindow);
        this.packs = List.copyOf(sorted);
        this.byNumber = new HashMap<>();
        this.voids = ranges;
        // loops, here and elsewhere where a log is listed: the first use of java.util.stream and of lambdas took "stream-wal ls" a fifth of its time
        long highest = 0;
        for (ListedPack pack : sorted) {
            byNumber.put(pack.number(), pack);
            highest = Math.max(highest, pack.number());
        }
        this.tier = tier;
        this.objects = Map.copyOf(objects);
        boolean isNumbered = byNumber.size() == packs.size() && highest <= highestNumber;
        if (packs.size() > MAX_PACKS) {
            throw new IllegalArgumentException("manifest has too many packs: packs=" + packs.size() + ", max=" + MAX_PACKS
                    + "; choose longer windows or a shorter retention");
        }
        if (ranges.count() > MAX_VOID_RANGES) {
            throw new IllegalArgumentException("manifest has too many deletions in packs: deletions=" + ranges.count() + ", max=" + MAX_VOID_RANGES
                    + "; let the log merge and sweep the packs that have them");
        }
        if (!isNumbered) {
            throw new IllegalArgumentException("manifest has packs with the same number, or a number above the highest one: packs=" + packs.size()
                    + ", numbers=" + byNumber.size() + ", highestNumber=" + highestNumber);
        }
        if (!byNumber.keySet().containsAll(objects.keySet()) || (tier == null && !objects.isEmpty())) {
            throw new IllegalArgumentException("manifest has packs in a tier that it doesn't list, or no tier: inTier=" + objects.keySet() + ", tier=" + tier);
        }
    }

    private static int byWindow(ListedPack one, ListedPack other) {
        int windows = Long.compare(one.window().startMillis(), other.window().startMillis());
        return windows != 0 ? windows : Long.compare(one.number(), other.number());
    }

    /** Stands for this manifest in comparisons, so that the comparing object needn't keep the manifest in memory. Each manifest has another token. */
    public Object token() {
        return token;
    }

    /** Number of changes so far. */
    public long edits() {
        return edits;
    }

    /** The highest number that a pack was ever listed with; 0 if none was. */
    public long highestNumber() {
        return highestNumber;
    }

    /** Records of shared segments that begin below this position of the shared stream are in packs, or were deleted. */
    public long sharedBelow() {
        return sharedBelow;
    }

    /** The ranges of a stream that don't count, in packs or shared segments. */
    public List<VoidRange> voidRanges(StreamKey key) {
        return voids.of(key);
    }

    /** The void ranges that an earlier manifest doesn't have. */
    public List<VoidRange> voidRangesSince(Manifest earlier) {
        return voids.since(earlier.voids);
    }

    /** The keys of streams with void ranges, in the order of their unsigned bytes. */
    public List<StreamKey> voidKeys() {
        return voids.keys().stream().sorted(StreamKey::compare).toList();
    }

    /** The packs, those of older windows first. */
    public List<ListedPack> packsInOrder() {
        return packs;
    }

    /** Empty if no pack has this number. */
    public Optional<ListedPack> pack(long number) {
        return Optional.ofNullable(byNumber.get(number));
    }

    /** The log's tier; empty if no writer had one. */
    public Optional<LogTier> tier() {
        return Optional.ofNullable(tier);
    }

    /** Where a pack's frames are in the tier; empty if the pack is in the log's directory, or isn't listed. */
    public Optional<TierObject> object(long number) {
        return Optional.ofNullable(objects.get(number));
    }

    /** Whether a pack's frames are in the tier. */
    public boolean isInTier(ListedPack pack) {
        return objects.containsKey(pack.number());
    }

    /** Whether a segment in a pack doesn't count any more. */
    public boolean isVoid(StreamKey key, long basePosition, long packNumber) {
        return packNumber < voids.packsBelow() && voids.of(key).stream().anyMatch(range -> range.covers(basePosition, packNumber));
    }

    /** Whether a pack may have a segment that doesn't count any more. */
    public boolean mayHaveVoids(long packNumber) {
        return packNumber < voids.packsBelow();
    }

    public List<VoidRange> voidRanges() {
        return voids.all();
    }

    /**
     * With packs added whose records no pack had.
     *
     * @throws IllegalArgumentException if an added pack's number isn't above all that were listed
     */
    public Manifest with(List<ListedPack> added) {
        return replaced(added, List.of(), highestNumber, voids);
    }

    /**
     * With packs added that have the records of others, as far as these counted, and the others removed. Void ranges that concern none of the
     * remaining packs are dropped.
     *
     * @param copied the manifest by which the records were copied: ranges that came since concern the added packs too, because these have the records
     *     that the ranges cover. No pack with a lower number than the added ones may have come since: a cut lists a pack with the records that it
     *     leaves, which the cut's own range must not cover
     * @throws IllegalArgumentException if an added pack's number is listed, or isn't above those of the removed ones; if one of the removed packs
     *     isn't listed; or if ranges and a pack with a lower number have come since
     */
    public Manifest replaced(List<ListedPack> added, List<Long> removed, Manifest copied) {
        long highestRemoved = removed.stream().mapToLong(Long::longValue).max().orElse(0);
        List<VoidRange> since = added.isEmpty() ? List.of() : voidRangesSince(copied);
        if (since.isEmpty()) {
            return replaced(added, removed, highestRemoved, voids);
        }
        long packsBelow = 1 + added.stream().mapToLong(ListedPack::number).max().orElse(0);
        if (packs.stream().anyMatch(pack -> pack.number() < packsBelow && copied.pack(pack.number()).isEmpty())) {
            throw new IllegalArgumentException("a pack has come with a lower number: packs=" + byNumber.keySet() + ", below=" + packsBelow);
        }
        // each new range covers the range that it was made from, and so replaces it
        return replaced(added, removed, highestRemoved, voids.with(since.stream().map(range -> range.inPacksBelow(packsBelow)).toList()));
    }

    private Manifest replaced(List<ListedPack> added, List<Long> removed, long above, VoidRanges ranges) {
        TreeMap<Long, ListedPack> left = new TreeMap<>(byNumber);
        for (long number : removed) {
            if (left.remove(number) == null) {
                throw new IllegalArgumentException("pack to remove is not listed: number=" + number);
            }
        }
        long highest = highestNumber;
        for (ListedPack pack : added) {
            if (pack.number() <= above || left.put(pack.number(), pack) != null) {
                throw new IllegalArgumentException("number of a pack was used before: number=" + pack.number() + ", highestNumber="
                        + highestNumber);
            }
            highest = Math.max(highest, pack.number());
        }
        return new Manifest(edits + 1, highest, sharedBelow, left.values(), stillMeant(ranges, left.values(), sharedBelow), tier, objectsOf(left));
    }

    /** With shared segments that begin below a position counted as packed. */
    public Manifest packedBelow(long position) {
        return new Manifest(edits + 1, highestNumber, position, packs, stillMeant(voids, packs, position), tier, objects);
    }

    /** With more ranges that don't count, in the packs listed now. */
    public Manifest voided(List<VoidRange> ranges) {
        return new Manifest(edits + 1, highestNumber, sharedBelow, packs, stillMeant(ranges, packs, sharedBelow), tier, objects);
    }

    /** Whether there is room for more ranges. */
    public boolean hasRoomFor(List<VoidRange> ranges) {
        int count = voids.count();
        if (count + ranges.size() <= MAX_VOID_RANGES) {
            return true;
        }
        long covered = ranges.stream().mapToLong(range -> voidRanges(range.key()).stream().filter(range::covers).count()).sum();
        return count + ranges.size() - covered <= MAX_VOID_RANGES;
    }

    /** Without ranges that cover nothing any more, in packs or in shared segments. */
    public Manifest without(Set<VoidRange> ranges) {
        VoidRanges left = voids.only(range -> !ranges.contains(range));
        return new Manifest(edits + 1, highestNumber, sharedBelow, packs, stillMeant(left, packs, sharedBelow), tier, objects);
    }

    /** With a tier, or with another place of the tier. */
    public Manifest with(LogTier newTier) {
        return new Manifest(edits + 1, highestNumber, sharedBelow, packs, voids, newTier, objects);
    }

    /**
     * With a pack's frames in the tier.
     *
     * @throws IllegalArgumentException if the pack isn't listed, or there is no tier
     */
    public Manifest inTier(long number, TierObject object) {
        Map<Long, TierObject> more = new HashMap<>(objects);
        more.put(number, object);
        return new Manifest(edits + 1, highestNumber, sharedBelow, packs, voids, tier, more);
    }

    /** With a pack in the log's directory again. */
    public Manifest fetched(long number) {
        Map<Long, TierObject> fewer = new HashMap<>(objects);
        fewer.remove(number);
        return new Manifest(edits + 1, highestNumber, sharedBelow, packs, voids, tier, fewer);
    }

    /** The manifest of a copy of the log that has all packs in its directory, and no tier. */
    public Manifest withoutTier() {
        return new Manifest(edits, highestNumber, sharedBelow, packs, voids, null, Map.of());
    }

    /** The manifest of the tier alone: its packs, and the ranges in them that don't count. */
    public Manifest ofTier() {
        TreeMap<Long, ListedPack> there = new TreeMap<>(byNumber);
        there.keySet().retainAll(objects.keySet());
        // in a log without shared segments a range counts as long as one of its packs does
        return new Manifest(edits, highestNumber, Long.MAX_VALUE, there.values(), stillMeant(voids, there.values(), Long.MAX_VALUE), tier, objects);
    }

    private Map<Long, TierObject> objectsOf(Map<Long, ListedPack> left) {
        Map<Long, TierObject> stay = new HashMap<>(objects);
        stay.keySet().retainAll(left.keySet());
        return stay;
    }

    /** With a change that was made to this one. */
    Manifest changed(ManifestChange change) {
        TreeMap<Long, ListedPack> left = new TreeMap<>(byNumber);
        change.gone().forEach(left::remove);
        change.come().forEach(pack -> left.put(pack.number(), pack));
        return new Manifest(change.edits(), change.highestNumber(), change.sharedBelow(), left.values(),
                stillMeant(change.ranges(), left.values(), change.sharedBelow()), tier, objectsOf(left));
    }

    /**
     * With many changes, one after the other. Ranges are dropped at each change, as they were when it was made: a pack with a lower number may have
     * come after it.
     */
    Manifest changed(List<ManifestChange> changes) {
        if (changes.isEmpty()) {
            return this;
        }
        TreeMap<Long, ListedPack> left = new TreeMap<>(byNumber);
        VoidRanges.Draft ranges = new VoidRanges.Draft(voids);
        long lowestBefore = lowest(packs);
        long sharedBefore = sharedBelow;
        for (ManifestChange change : changes) {
            change.gone().forEach(left::remove);
            change.come().forEach(pack -> left.put(pack.number(), pack));
            long lowest = left.isEmpty() ? Long.MAX_VALUE : left.firstKey();
            ranges.add(meant(change.ranges(), lowest, change.sharedBelow()));
            // looking at all of them for each change would take time by the square of their number
            if ((lowest > lowestBefore || change.sharedBelow() > sharedBefore) && lowest >= ranges.leastPacksBelow()) {
                ranges.keep(range -> isMeant(range, lowest, change.sharedBelow()));
            }
            lowestBefore = lowest;
            sharedBefore = change.sharedBelow();
        }
        ManifestChange last = changes.get(changes.size() - 1);
        return new Manifest(last.edits(), last.highestNumber(), last.sharedBelow(), left.values(), ranges.all(), tier, objectsOf(left));
    }

    /** Whether another manifest says the same. Of void ranges only the count is compared, so one of the two must have all ranges of the other. */
    boolean isSame(Manifest other) {
        return edits == other.edits && highestNumber == other.highestNumber && sharedBelow == other.sharedBelow && packs.equals(other.packs)
                && voids.count() == other.voids.count() && objects.equals(other.objects) && Objects.equals(tier, other.tier);
    }

    /** How many void ranges there are. */
    public int voidCount() {
        return voids.count();
    }

    /** A copy with another number of changes. */
    Manifest numbered(long number) {
        return new Manifest(number, highestNumber, sharedBelow, packs, voids, tier, objects);
    }

    /** The objects in the tier, by the numbers of the packs that they hold. */
    public Map<Long, TierObject> objects() {
        return objects;
    }

    /**
     * The ranges, with more, that concern something after a change. The earlier ranges concerned something before it. Unless the pack with the lowest
     * number has gone, or more shared segments were packed, they still do, and only the new ranges are looked at. A new range that concerns nothing
     * covers none that does.
     */
    private VoidRanges stillMeant(List<VoidRange> more, Collection<ListedPack> packsThen, long sharedBelowThen) {
        long lowestThen = lowest(packsThen);
        return lowestThen <= lowest(packs) && sharedBelowThen <= sharedBelow ? voids.with(meant(more, lowestThen, sharedBelowThen))
                : stillMeant(voids.with(more), packsThen, sharedBelowThen);
    }

    private static List<VoidRange> meant(List<VoidRange> ranges, long lowestPack, long sharedBelow) {
        List<VoidRange> meant = new ArrayList<>(ranges.size());
        for (VoidRange range : ranges) {
            if (isMeant(range, lowestPack, sharedBelow)) {
                meant.add(range);
            }
        }
        return meant;
    }

    private static long lowest(Collection<ListedPack> packs) {
        long lowest = Long.MAX_VALUE;
        for (ListedPack pack : packs) {
            lowest = Math.min(lowest, pack.number());
        }
        return lowest;
    }

    private static VoidRanges stillMeant(VoidRanges ranges, Collection<ListedPack> packs, long sharedBelow) {
        long lowestPack = lowest(packs);
        // all ranges concern the lowest pack: the usual case, in which no range is looked at
        return lowestPack < ranges.leastPacksBelow() ? ranges : ranges.only(range -> isMeant(range, lowestPack, sharedBelow));
    }

    private static boolean isMeant(VoidRange range, long lowestPack, long sharedBelow) {
        return lowestPack < range.packsBelow() || range.sharedBelow() > sharedBelow;
    }

    @Override
    public String toString() {
        return "packs=" + packs.stream().map(ListedPack::number).toList() + ", voids=" + voidRanges() + ", edits=" + edits
                + (tier == null ? "" : ", tier=" + tier + ", inTier=" + new TreeMap<>(objects));
    }
}
