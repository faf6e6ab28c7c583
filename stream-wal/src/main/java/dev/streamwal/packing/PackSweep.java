package dev.streamwal.packing;

import dev.streamwal.append.StreamLog;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.pack.PackEntry;
import dev.streamwal.pack.PackFooter;
import dev.streamwal.pack.PackHeader;
import dev.streamwal.pack.PackReader;
import dev.streamwal.pack.PackWalk;
import dev.streamwal.pack.PackWriter;
import dev.streamwal.retention.ExpiryPlan;
import dev.streamwal.retention.HeldBack;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * What a sweep does to packs. {@link ExpiryPlan} sees packs as segments of artificial streams, one for each span of windows and retention: so a pack
 * is due at its expiration, and the oldest packs are deleted first if the whole log is too large. Segments of streams that are held for consumers are
 * copied into another pack before a pack is deleted. One sweep at a time.
 */
public final class PackSweep {

    /** The key of packs in a plan; no stream has it, and it sorts before all keys. */
    public static final String KEY = "";

    /** A deleted segment of a pack. */
    public record Gone(StreamKey key, long basePosition, ListedPack pack, long bytes, ExpiryPlan.Cause cause) {}

    private record Kind(long windowMillis, long retentionMillis) {}

    private final PackStore store;
    private final long optionsHash;

    /** @param optionsHash of the options by which segments get their windows and expirations */
    public PackSweep(PackStore store, long optionsHash) {
        this.store = store;
        this.optionsHash = optionsHash;
    }

    /** The packs in the form of a plan's input. */
    public List<ExpiryPlan.Stream> views() {
        Map<Kind, List<ExpiryPlan.Segment>> byKind = new HashMap<>();
        for (ListedPack pack : store.packs()) {
            Window window = pack.window();
            Kind kind = new Kind(window.endMillis() - window.startMillis(), pack.expirationMillis() - window.endMillis());
            byKind.computeIfAbsent(kind, unused -> new ArrayList<>()).add(new ExpiryPlan.Segment(pack.number(), pack.expirationMillis(),
                    window.endMillis(), pack.bytes(), true));
        }
        return byKind.values().stream().map(segments -> new ExpiryPlan.Stream(KEY, Long.MAX_VALUE, segments)).toList();
    }

    /** The packs of a plan, by number, in the plan's order. */
    private static Map<Long, ExpiryPlan.Cause> due(List<ExpiryPlan.Deletion> plan) {
        Map<Long, ExpiryPlan.Cause> due = new TreeMap<>();
        plan.stream().filter(deletion -> deletion.key().equals(KEY))
                .forEach(deletion -> due.put(deletion.segment().basePosition(), deletion.cause()));
        return due;
    }

    private List<ListedPack> duePacks(Map<Long, ExpiryPlan.Cause> due) {
        return store.packs().stream().filter(pack -> due.containsKey(pack.number())).toList();
    }

    /**
     * The segments that would be deleted with the packs of a plan, for the streams that matter; for each stream in order of position.
     *
     * @param matters by key
     */
    public List<HeldBack.Due> dues(List<ExpiryPlan.Deletion> plan, Predicate<String> matters) {
        Map<Long, ExpiryPlan.Cause> due = due(plan);
        List<HeldBack.Due> dues = new ArrayList<>();
        for (ListedPack pack : duePacks(due)) {
            try {
                addDues(pack, due.getOrDefault(pack.number(), ExpiryPlan.Cause.EXPIRED), matters, dues);
            } catch (IOException | WalException e) {
                // held segments can't be copied out of a pack that can't be read; that is reported when the plan is carried out
            }
        }
        return dues;
    }

    private void addDues(ListedPack pack, ExpiryPlan.Cause cause, Predicate<String> matters, List<HeldBack.Due> dues) throws IOException {
        PackWalk walk = store.reader(pack).walk();
        for (Optional<PackEntry> next = walk.next(); next.isPresent(); next = walk.next()) {
            PackEntry entry = next.get();
            if (matters.test(entry.key().text()) && store.counts(pack, entry)) {
                dues.add(dueOf(entry, pack, cause));
            }
        }
    }

    private static HeldBack.Due dueOf(PackEntry entry, ListedPack pack, ExpiryPlan.Cause cause) {
        ExpiryPlan.Segment segment = new ExpiryPlan.Segment(entry.basePosition(), pack.expirationMillis(), pack.window().endMillis(),
                entry.dataBytes(), true);
        return new HeldBack.Due(new ExpiryPlan.Deletion(entry.key().text(), segment, cause), entry.endPosition());
    }

    /**
     * Deletes the packs of a plan, and copies what stays of them.
     *
     * @param stays those of {@link #dues} that a consumer holds
     * @param elsewhere where a stream's segments outside of packs begin: what stands behind that stays while it is there
     * @param each receives every deleted segment
     * @param toFetch receives every pack that would have to be written anew, and stays as it is in the tier
     * @param failed receives every pack that could not be read or written, and stays
     */
    public void carryOut(List<ExpiryPlan.Deletion> plan, List<HeldBack.Due> stays, Beginnings elsewhere, Consumer<Gone> each,
            Consumer<ListedPack> toFetch, Consumer<Exception> failed) {
        Map<String, Set<Long>> kept = new HashMap<>();
        stays.forEach(due -> kept.computeIfAbsent(due.deletion().key(), unused -> new HashSet<>()).add(due.deletion().segment().basePosition()));
        Map<Long, ExpiryPlan.Cause> due = due(plan);
        List<Gone> gone = new ArrayList<>();
        List<ListedPack> going = new ArrayList<>();
        List<ListedPack> carried = new ArrayList<>();
        for (ListedPack pack : duePacks(due)) {
            ExpiryPlan.Cause cause = due.getOrDefault(pack.number(), ExpiryPlan.Cause.EXPIRED);
            try {
                Optional<Split> split = splitDue(pack, other -> due.containsKey(other.number()),
                        entry -> kept.getOrDefault(entry.key().text(), Set.of()).contains(entry.basePosition())
                                || elsewhere.of(entry.key()) < entry.basePosition());
                if (split.isPresent() && !split.get().kept.isEmpty() && store.manifest().isInTier(pack)) {
                    due.remove(pack.number());
                    toFetch.accept(pack);
                } else if (split.isPresent()) {
                    writeKept(pack, split.get()).ifPresent(carried::add);
                    going.add(pack);
                    split.get().gone.forEach(entry -> gone.add(new Gone(entry.key(), entry.basePosition(), pack, entry.storedBytes(), cause)));
                }
            } catch (CorruptSegmentException e) {
                drop(pack, stays, e, failed);
            } catch (IOException | UncheckedIOException | WalException e) {
                // it stays, and all behind it
                due.remove(pack.number());
                failed.accept(e);
            }
        }
        try {
            if (!going.isEmpty()) {
                // one change for all: a stream with segments in several of them must not lose a later one before an older one
                store.sweep(going, carried);
            }
        } catch (IOException | WalException e) {
            failed.accept(e);
            return;
        }
        gone.sort(Comparator.comparing((Gone segment) -> segment.key().text()).thenComparingLong(Gone::basePosition));
        gone.forEach(each);
    }

    /** Where a stream's oldest segment outside of packs begins. */
    @FunctionalInterface
    public interface Beginnings {

        /** {@link Long#MAX_VALUE} where it has none. */
        long of(StreamKey key);
    }

    /** Empty if nothing of the pack is to be deleted. */
    private Optional<Split> splitDue(ListedPack pack, Predicate<ListedPack> isDue, Predicate<PackEntry> isHeld) throws IOException {
        boolean isInOrder = store.packs().stream().allMatch(other -> other.equals(pack)
                || (other.isOfSameOptions(pack.optionsHash()) && !mayHaveOlderWindows(other, pack)));
        Split split = split(pack, entry -> isHeld.test(entry) || (!isInOrder && isBehindWhatStays(entry, isDue, isHeld)));
        return split.gone.isEmpty() && !split.kept.isEmpty() ? Optional.empty() : Optional.of(split);
    }

    /** For a stream that has something in both: a pack with several windows expires with the last of them. */
    private static boolean mayHaveOlderWindows(ListedPack other, ListedPack pack) {
        return other.expirationMillis() > pack.expirationMillis() && other.window().startMillis() < pack.window().endMillis();
    }

    /**
     * Whether the stream has an older segment in a pack that stays: a stream loses only its beginning. Needn't be asked under the same options: older
     * windows then expire first, unless they were merged with later ones, and a consumer that holds some of them holds the later ones too.
     */
    private boolean isBehindWhatStays(PackEntry entry, Predicate<ListedPack> isDue, Predicate<PackEntry> isHeld) {
        try {
            return store.find(entry.key()).stream().takeWhile(place -> place.entry().basePosition() < entry.basePosition())
                    .anyMatch(place -> !isDue.test(place.pack()) || isHeld.test(place.entry()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Data that can't be read, and that no known consumer waits for, doesn't keep its space. */
    private void drop(ListedPack pack, List<HeldBack.Due> stays, CorruptSegmentException why, Consumer<Exception> failed) {
        failed.accept(why);
        if (stays.isEmpty()) {
            try {
                store.sweep(List.of(pack), List.of());
            } catch (IOException e) {
                failed.accept(e);
            }
        }
    }

    /**
     * Rewrites packs of which less than two thirds counts, which frees the rest. If a pack can't be read or written, the others are still done. A pack
     * in the tier stays while anything of it counts.
     *
     * @return the number of rewritten packs
     */
    public int reclaim(Consumer<Exception> failed) {
        int reclaimed = 0;
        for (ListedPack pack : store.packs()) {
            if (store.manifest().mayHaveVoids(pack.number())) {
                try {
                    Split split = split(pack, entry -> true);
                    boolean isFixed = !split.kept.isEmpty() && store.manifest().isInTier(pack);
                    if (!isFixed && split.leftBytes > split.keptBytes / 2) {
                        store.replace(List.of(pack), writeKept(pack, split).stream().toList());
                        reclaimed++;
                    }
                } catch (IOException | WalException e) {
                    failed.accept(e);
                }
            }
        }
        return reclaimed;
    }

    /** The entries of a pack that stay, and those that are deleted. */
    private static final class Split {
        final List<PackEntry> kept = new ArrayList<>();
        final List<PackEntry> gone = new ArrayList<>();
        long keptBytes;
        long leftBytes;
    }

    private Split split(ListedPack pack, Predicate<PackEntry> isKept) throws IOException {
        Split split = new Split();
        PackWalk walk = store.reader(pack).walk();
        for (Optional<PackEntry> next = walk.next(); next.isPresent(); next = walk.next()) {
            PackEntry entry = next.get();
            boolean counts = store.counts(pack, entry);
            if (counts && isKept.test(entry)) {
                split.kept.add(entry);
                split.keptBytes += entry.storedBytes();
            } else {
                split.leftBytes += entry.storedBytes();
                if (counts) {
                    split.gone.add(entry);
                }
            }
        }
        return split;
    }

    /** Writes a pack with what is kept of a pack; none where nothing is. */
    private Optional<ListedPack> writeKept(ListedPack pack, Split split) throws IOException {
        if (split.kept.isEmpty()) {
            return Optional.empty();
        }
        PackReader reader = store.reader(pack);
        PackHeader header = store.inPlaceOf(reader.header());
        try (PackWriter writer = store.write(header)) {
            for (PackEntry entry : split.kept) {
                writer.add(reader, entry);
            }
            return Optional.of(listed(header, writer.finish()));
        }
    }

    static ListedPack listed(PackHeader header, PackFooter footer) {
        return new ListedPack(header.number(), header.window(), header.expirationMillis(), header.optionsHash(), header.level(),
                header.isInBlocks(), footer.fileLength(), footer.segments(), footer.records());
    }

    /** Tells what the window is of a segment that is to be deleted. */
    @FunctionalInterface
    public interface Spans {
        Optional<StreamLog.Span> of(ExpiryPlan.Deletion deletion) throws IOException;
    }

    /**
     * Those of a plan's deletions of own files that may be carried out: a stream loses only its beginning, so no file is deleted while the stream has
     * an older segment in a pack. Only packs that can have one are searched: those with windows that begin before the segment's window ends, except
     * packs that were made under the same options and haven't expired, which can't hold anything of the stream that has.
     *
     * @param nowMillis of the plan
     */
    public List<ExpiryPlan.Deletion> withoutThoseBehindPacks(List<ExpiryPlan.Deletion> plan, long nowMillis, Spans spans) throws IOException {
        List<ListedPack> all = store.packs();
        if (all.isEmpty()) {
            return plan;
        }
        Set<String> left = new HashSet<>();
        List<ExpiryPlan.Deletion> going = new ArrayList<>();
        for (ExpiryPlan.Deletion deletion : plan) {
            // what is behind one that stays stays
            if (!left.contains(deletion.key()) && !isBehindAny(deletion, spans.of(deletion), all, nowMillis)) {
                going.add(deletion);
            } else {
                left.add(deletion.key());
            }
        }
        return going;
    }

    private boolean isBehindAny(ExpiryPlan.Deletion deletion, Optional<StreamLog.Span> span, List<ListedPack> packs, long nowMillis)
            throws IOException {
        StreamKey key = StreamKey.of(deletion.key());
        boolean isInOrder = deletion.cause() == ExpiryPlan.Cause.EXPIRED && span.isPresent() && span.get().isByPolicy();
        for (ListedPack pack : packs) {
            boolean isOlder = span.isEmpty() || pack.window().startMillis() < span.get().endMillis();
            // of the windows of one policy those that begin later expire later; a pack may have several
            boolean isExpected = isInOrder && pack.isOfSameOptions(optionsHash) && pack.expirationMillis() > nowMillis
                    && pack.window().startMillis() > span.get().startMillis();
            if (isOlder && !isExpected && store.reader(pack).find(key).stream()
                    .anyMatch(entry -> entry.basePosition() < deletion.segment().basePosition() && store.counts(pack, entry))) {
                return true;
            }
        }
        return false;
    }
}
